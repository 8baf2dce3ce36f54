"""For which agency a job was done: its file is given to who looks after all of that

Revision: 0103, after 0100.
"""

import sqlalchemy as sa
from alembic import op

revision = '0103'
down_revision = '0100'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('job', sa.Column('reach', sa.String(length=64), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('job') as table:
        table.drop_column('reach')
