"""Signatures are looked for by agency, by application, and by what officers say they never asked for

Revision: 0078, after 0085. On PostgreSQL they are built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0078'
down_revision = '0085'
branch_labels = None
depends_on = None

_INDEXES = (
    ('ix_sign_transaction_unit', ('unit_code', 'transaction_id'), ''),
    ('ix_sign_transaction_client', ('client_id', 'transaction_id'), ''),
    ('ix_sign_transaction_denied', ('transaction_id',), 'denied_at IS NOT NULL'),
    ('ix_sign_transaction_state', ('state', 'transaction_id'), "state <> 'released'"))


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            for name, columns, where in _INDEXES:
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON sign_transaction ({", ".join(columns)})'
                           + (f' WHERE {where}' if where else ''))
        return
    for name, columns, where in _INDEXES:
        op.create_index(name, 'sign_transaction', list(columns), sqlite_where=sa.text(where) if where else None)


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(name, table_name='sign_transaction')
