"""Deputies, and factors that two persons take away

Revision: 0072, after 0070.
"""

import sqlalchemy as sa
from alembic import op

revision = '0072'
down_revision = '0070'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'deputy',
        sa.Column('deputy', sa.String(length=64), nullable=False),
        sa.Column('deputy_id', sa.String(length=32), nullable=False),
        sa.Column('giver', sa.String(length=64), nullable=False),
        sa.Column('unit', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('made_by', sa.String(length=64), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.Column('ends_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_by', sa.String(length=64), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('deputy', name=op.f('pk_deputy')),
        sa.UniqueConstraint('deputy_id', name=op.f('uq_deputy_deputy_id')))
    op.create_index(op.f('ix_deputy_giver'), 'deputy', ['giver'])
    op.create_table(
        'factor_reset',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('proposal_id', sa.String(length=32), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('asked_by', sa.String(length=64), nullable=False),
        sa.Column('asked_for', sa.String(length=64), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('decided_by', sa.String(length=64), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('done_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('sub', name=op.f('pk_factor_reset')),
        sa.UniqueConstraint('proposal_id', name=op.f('uq_factor_reset_proposal_id')))
    op.create_index('ix_factor_reset_asked_at', 'factor_reset', ['asked_at', 'proposal_id'])


def downgrade() -> None:
    op.drop_table('factor_reset')
    op.drop_table('deputy')
