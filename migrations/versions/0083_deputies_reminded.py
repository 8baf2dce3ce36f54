"""Deputies and givers are reminded before the last day

Revision: 0083, after 0075.
"""

import sqlalchemy as sa
from alembic import op

revision = '0083'
down_revision = '0075'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('deputy') as table:
        table.add_column(sa.Column('reminded_at', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('deputy') as table:
        table.drop_column('reminded_at')
