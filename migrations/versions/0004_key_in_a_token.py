"""Where a private part is that lies in a token

Revision: 0004, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is for the release before: it inserts rows without this column, all of them sealed.
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.add_column(sa.Column('token_uri', sa.Text(), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.drop_column('token_uri')
