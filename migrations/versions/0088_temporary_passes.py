"""Temporary passes that stand in for a second factor

Revision: 0088, after 0090.
"""

import sqlalchemy as sa
from alembic import op

revision = '0088'
down_revision = '0090'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'temporary_pass',
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
        sa.Column('hours', sa.Integer(), nullable=False),
        sa.Column('several', sa.Integer(), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=True),
        sa.Column('until', sa.BigInteger(), nullable=True),
        sa.Column('uses', sa.Integer(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=True),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('ended_by', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('sub', name=op.f('pk_temporary_pass')),
        sa.UniqueConstraint('proposal_id', name=op.f('uq_temporary_pass_proposal_id')))
    op.create_index('ix_temporary_pass_asked_at', 'temporary_pass', ['asked_at', 'proposal_id'])


def downgrade() -> None:
    op.drop_table('temporary_pass')
