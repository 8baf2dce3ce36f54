"""Departures of officers, and the tasks that follow

Revision: 0018, after 0025.
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'departure',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.String(length=32), nullable=False),
        sa.Column('left_at', sa.BigInteger(), nullable=False),
        sa.Column('returned_at', sa.BigInteger(), nullable=True),
        sa.Column('released_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('sub', name=op.f('pk_departure')))
    op.create_table(
        'task',
        sa.Column('task_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('cause', sa.String(length=64), nullable=False),
        sa.Column('opened_at', sa.BigInteger(), nullable=False),
        sa.Column('due_at', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('done_at', sa.BigInteger(), nullable=True),
        sa.Column('done_by', sa.String(length=64), nullable=False),
        sa.Column('proof', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task')),
        sa.UniqueConstraint('sub', 'kind', 'cause', name=op.f('uq_task_sub_kind_cause')))
    op.create_index('ix_task_state_due_at', 'task', ['state', 'due_at', 'task_id'])
    not_active, proven = sa.text("status <> 'active'"), sa.text('proven_at IS NOT NULL')
    op.create_index('ix_officer_not_active', 'officer', ['sub'], postgresql_where=not_active, sqlite_where=not_active)
    op.create_index('ix_interaction_proven', 'interaction', ['entry_uuid'], postgresql_where=proven, sqlite_where=proven)


def downgrade() -> None:
    op.drop_index('ix_interaction_proven', table_name='interaction')
    op.drop_index('ix_officer_not_active', table_name='officer')
    op.drop_table('task')
    op.drop_table('departure')
