"""Indexes by which the audit trail is looked through

Revision: 0070, after 0068. On PostgreSQL they are built beside running writers.
"""

from alembic import op

revision = '0070'
down_revision = '0068'
branch_labels = None
depends_on = None

_INDEXES = (('ix_audit_client_id_at', 'client_id'), ('ix_audit_source_at', 'source'), ('ix_audit_event_at', 'event'))


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            for name, column in _INDEXES:
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON audit ({column}, at)')
        return
    for name, column in _INDEXES:
        op.create_index(name, 'audit', [column, 'at'])


def downgrade() -> None:
    for name, _ in _INDEXES:
        op.drop_index(name, table_name='audit')
