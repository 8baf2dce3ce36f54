"""Courses of long campaigns are kept, and lines are found by their moment

Revision: 0100, after 0099. On PostgreSQL the indexes are built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0100'
down_revision = '0099'
branch_labels = None
depends_on = None

INDEXES = (('ix_campaign_member_campaign_id_at', 'campaign_member', ['campaign_id', 'at']),
           ('ix_enrollment_entry_at', 'enrollment_entry', ['at']), ('ix_sim_entry_at', 'sim_entry', ['at']),
           ('ix_rollout_fact_kind_at', 'rollout_fact', ['kind', 'at']),
           ('ix_officer_first_sign_in_at', 'officer', ['first_sign_in_at']))


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name. The table comes after them, in the
        # transaction that says that this step is done, so that the step can be begun again.
        with op.get_context().autocommit_block():
            for name, table, columns in INDEXES:
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {table} ({", ".join(columns)})')
    else:
        for name, table, columns in INDEXES:
            op.create_index(name, table, columns)
    op.create_table(
        'campaign_course',
        sa.Column('campaign_id', sa.String(16), nullable=False),
        sa.Column('scope', sa.String(64), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('campaign_id', 'scope'))


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_table('campaign_course')
