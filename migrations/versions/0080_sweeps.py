"""Indexes by which sweeps find what is over

Revision: 0080, after 0079. On PostgreSQL they are built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0080'
down_revision = '0079'
branch_labels = None
depends_on = None

_INDEXES = (
    ('ix_sso_session_ended_at', 'sso_session', 'ended_at', 'ended_at IS NOT NULL'),
    ('ix_session_client_first_used_at', 'session_client', 'first_used_at', ''),
    ('ix_post_choice_chosen_at', 'post_choice', 'chosen_at', ''),
    ('ix_outbox_finished_at', 'outbox', 'finished_at', 'finished_at IS NOT NULL'),
    ('ix_enrollment_leave_expires_at', 'enrollment_leave', 'expires_at', ''))


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            for name, table, column, where in _INDEXES:
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {table} ({column})' + (f' WHERE {where}' if where else ''))
        return
    for name, table, column, where in _INDEXES:
        op.create_index(name, table, [column], sqlite_where=sa.text(where) if where else None)


def downgrade() -> None:
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table_name=table)
