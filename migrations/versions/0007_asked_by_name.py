"""What was asked for beyond scopes, and where an officer works

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults, so that a release that does not know the columns goes on writing rows.
    op.add_column('oauth_grant', sa.Column('details', sa.Text(), server_default='', nullable=False))
    op.add_column('officer', sa.Column('address', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('officer', schema=None) as batch_op:
        batch_op.drop_column('address')
    with op.batch_alter_table('oauth_grant', schema=None) as batch_op:
        batch_op.drop_column('details')
