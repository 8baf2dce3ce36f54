"""What administrators were told of, beside when

Revision: 0060, after 0054.
"""

import sqlalchemy as sa
from alembic import op

revision = '0060'
down_revision = '0054'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('desk_digest', sa.Column('told_of', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('desk_digest', 'told_of')
