"""When administrators were told what waits for them

Revision: 0056, after 0052.
"""

import sqlalchemy as sa
from alembic import op

revision = '0056'
down_revision = '0052'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'desk_digest',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sub', 'kind', name=op.f('pk_desk_digest')),
    )


def downgrade() -> None:
    op.drop_table('desk_digest')
