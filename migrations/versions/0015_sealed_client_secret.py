"""The secret of applications that sign with it

Revision: 0015, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so that processes of the release before go on inserting without it.
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sealed_secret', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_column('sealed_secret')
