"""Officers are listed by their last sign-in, and SIMs by how long they have been as they are

Revision: 0099, after 0095. On PostgreSQL the indexes are built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0099'
down_revision = '0095'
branch_labels = None
depends_on = None

INDEXES = (('ix_officer_last_sign_in', 'officer', ('coalesce(last_sign_in_at, 0)', 'entry_uuid')),
           ('ix_sim_since', 'sim', ('since', 'sim_id')))


def upgrade() -> None:
    for name, table, columns in INDEXES:
        if op.get_bind().dialect.name == 'postgresql':
            # A build that was cut off leaves an index that is not valid, under the same name.
            with op.get_context().autocommit_block():
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {table} ({", ".join(columns)})')
        else:
            op.create_index(name, table, [sa.text(column) for column in columns])


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
