"""What may come once

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'seen_once',
        sa.Column('key', sa.LargeBinary(length=32), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_seen_once')))
    with op.batch_alter_table('seen_once', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seen_once_until'), ['until'], unique=False)


def downgrade() -> None:
    op.drop_table('seen_once')
