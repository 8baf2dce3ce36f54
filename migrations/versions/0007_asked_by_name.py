"""What was asked for beyond scopes

Revision: 0007, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A default, so that a release that does not know the column goes on writing rows.
    op.add_column('oauth_grant', sa.Column('details', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('oauth_grant', schema=None) as batch_op:
        batch_op.drop_column('details')
