"""Grants of one client, by time

Revision: 0016, after 0010.
"""

from alembic import op

revision = '0016'
down_revision = '0010'
branch_labels = None
depends_on = None

NAME = 'ix_oauth_grant_client_id_created_at'


def upgrade() -> None:
    op.create_index(NAME, 'oauth_grant', ['client_id', 'created_at'])


def downgrade() -> None:
    op.drop_index(NAME, table_name='oauth_grant')
