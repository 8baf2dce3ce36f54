"""Notices to officers

Revision: 0019, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('source', sa.String(length=64), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.Column('read_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
        sqlite_autoincrement=True)
    op.create_index(op.f('ix_notice_at'), 'notice', ['at'])
    op.create_index('ix_notice_sub_id', 'notice', ['sub', 'id'])


def downgrade() -> None:
    op.drop_table('notice')
