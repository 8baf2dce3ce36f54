"""Who acts for the officer with an exchanged token

Revision: 0011, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is the server's, so that processes of the release before go on inserting without this column.
    with op.batch_alter_table('access_token', schema=None) as batch_op:
        batch_op.add_column(sa.Column('actors', sa.Text(), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('access_token', schema=None) as batch_op:
        batch_op.drop_column('actors')
