"""Ends of acting posts and of guests' accounts

Revision: 0023, after 0026.
"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('officer', sa.Column('guest', sa.String(length=64), server_default='', nullable=False))
    op.add_column('officer', sa.Column('sponsor', sa.Text(), server_default='', nullable=False))
    op.add_column('officer', sa.Column('ends_at', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('officer', sa.Column('next_end_at', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_officer_next_end_at'), 'officer', ['next_end_at'])


def downgrade() -> None:
    op.drop_index(op.f('ix_officer_next_end_at'), table_name='officer')
    for column in ('next_end_at', 'ends_at', 'sponsor', 'guest'):
        op.drop_column('officer', column)
