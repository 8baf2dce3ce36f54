"""Officers by name in the order of bytes, from any place on

Revision: 0085, after 0080.
"""

from alembic import op

revision = '0085'
down_revision = '0080'
branch_labels = None
depends_on = None

COLUMNS = ('search_key', 'entry_uuid', 'unit_code', 'status')


def upgrade() -> None:
    if op.get_context().dialect.name == 'postgresql':
        op.execute('CREATE INDEX ix_officer_by_name ON officer'
                   ' (search_key COLLATE "C", entry_uuid COLLATE "C", unit_code, status)')
    else:
        op.create_index('ix_officer_by_name', 'officer', list(COLUMNS))


def downgrade() -> None:
    op.drop_index('ix_officer_by_name', table_name='officer')
