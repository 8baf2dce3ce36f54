"""Guests are found among all officers

Revision: 0054, after 0056.
"""

import sqlalchemy as sa
from alembic import op

revision = '0054'
down_revision = '0056'
branch_labels = None
depends_on = None


def upgrade() -> None:
    guests = sa.text("guest <> ''")
    op.create_index('ix_officer_guest', 'officer', ['sub'], postgresql_where=guests, sqlite_where=guests)


def downgrade() -> None:
    op.drop_index('ix_officer_guest', table_name='officer')
