"""What tokens and codes are bound to

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

COLUMNS = (('access_token', 'confirmation'), ('refresh_token', 'confirmation'), ('authorization_code', 'dpop_jkt'))


def upgrade() -> None:
    # The default is the server's, so that processes of the release before go on inserting without these columns.
    for table, column in COLUMNS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.String(length=64), nullable=False, server_default=''))


def downgrade() -> None:
    for table, column in COLUMNS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
