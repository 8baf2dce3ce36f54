"""What an access token allows beyond scopes

Revision: 0010, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is the server's, so that processes of the release before go on inserting without this column.
    with op.batch_alter_table('access_token', schema=None) as batch_op:
        batch_op.add_column(sa.Column('details', sa.Text(), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('access_token', schema=None) as batch_op:
        batch_op.drop_column('details')
