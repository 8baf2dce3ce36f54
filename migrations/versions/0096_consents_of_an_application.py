"""The agreements that an application has are found by it, the newest first

Revision: 0096, after 0103. On PostgreSQL the index is built beside running writers.
"""

from alembic import op

revision = '0096'
down_revision = '0103'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix_consent_client_id_given_at')
            op.execute('CREATE INDEX CONCURRENTLY ix_consent_client_id_given_at ON consent (client_id, given_at)')
        return
    op.create_index('ix_consent_client_id_given_at', 'consent', ['client_id', 'given_at'])


def downgrade() -> None:
    op.drop_index('ix_consent_client_id_given_at', table_name='consent')
