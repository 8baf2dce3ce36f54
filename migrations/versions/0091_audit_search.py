"""Indexes by which the audit trail is looked through hold all that searches choose by

Revision: 0091, after 0078. On PostgreSQL they are built beside running writers, each before the one that it takes the place of
goes.
"""

from alembic import op

revision = '0091'
down_revision = '0078'
branch_labels = None
depends_on = None

_INDEXES = (('ix_audit_sub_at', ['sub', 'at'], ['id']), ('ix_audit_client_id_at', ['client_id', 'at'], ['id', 'event']),
            ('ix_audit_event_at', ['event', 'at'], ['id', 'client_id']))


def _change(made: str, columns: list[str], gone: str) -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {made}')
            op.execute(f"CREATE INDEX CONCURRENTLY {made} ON audit ({', '.join(columns)})")
            op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {gone}')
        return
    op.create_index(made, 'audit', columns)
    op.drop_index(gone, table_name='audit')


def upgrade() -> None:
    for name, columns, more in _INDEXES:
        _change(f'{name}_id', columns + more, name)


def downgrade() -> None:
    for name, columns, _ in _INDEXES:
        _change(name, columns, f'{name}_id')
