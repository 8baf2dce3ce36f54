"""Officers of an agency are searched in an index that begins with the agency; it holds all that the one before held

Revision: 0031, after 0028.
"""

from alembic import op

revision = '0031'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_officer_within', 'officer', ['unit_code', 'search_key', 'entry_uuid', 'status'],
                    postgresql_ops={'unit_code': 'varchar_pattern_ops'})
    op.drop_index('ix_officer_search', table_name='officer')


def downgrade() -> None:
    op.create_index('ix_officer_search', 'officer', ['search_key', 'entry_uuid', 'unit_code', 'status'])
    op.drop_index('ix_officer_within', table_name='officer')
