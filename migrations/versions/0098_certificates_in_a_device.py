"""The certificates in a device are found by its number

Revision: 0098, after 0097. On PostgreSQL the index is built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0098'
down_revision = '0097'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name.
        with op.get_context().autocommit_block():
            op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix_enrollment_device_serial')
            op.execute('CREATE INDEX CONCURRENTLY ix_enrollment_device_serial ON enrollment (upper(device_serial))')
        return
    op.create_index('ix_enrollment_device_serial', 'enrollment', [sa.text('upper(device_serial)')])


def downgrade() -> None:
    op.drop_index('ix_enrollment_device_serial', table_name='enrollment')
