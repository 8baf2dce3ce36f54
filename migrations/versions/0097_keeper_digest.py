"""A holder has one notice a day for all certificates that end, and one for all devices that are overdue

Revision: 0097, after 0089.
"""

import sqlalchemy as sa
from alembic import op

revision = '0097'
down_revision = '0089'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'keeper_digest',
        sa.Column('sub', sa.String(64), nullable=False),
        sa.Column('kind', sa.String(32), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sub', 'kind', name=op.f('pk_keeper_digest')))


def downgrade() -> None:
    op.drop_table('keeper_digest')
