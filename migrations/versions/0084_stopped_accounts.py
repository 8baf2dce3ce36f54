"""Accounts that an administrator stopped

Revision: 0084, after 0076.
"""

import sqlalchemy as sa
from alembic import op

revision = '0084'
down_revision = '0076'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('officer', sa.Column('stopped_at', sa.BigInteger(), nullable=True))
    op.create_table(
        'access_stop',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('unit', sa.String(length=64), nullable=False),
        sa.Column('stopped_by', sa.String(length=64), nullable=False),
        sa.Column('stopped_for', sa.String(length=64), nullable=False),
        sa.Column('stopped_at', sa.BigInteger(), nullable=False),
        sa.Column('lifted_by', sa.String(length=64), nullable=False),
        sa.Column('lifted_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('sub', name=op.f('pk_access_stop')))


def downgrade() -> None:
    op.drop_table('access_stop')
    op.drop_column('officer', 'stopped_at')
