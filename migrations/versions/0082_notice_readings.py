"""Who has read which notice about personal data; at which moment of a day it was told that certificates end

Revision: 0082, after 0081.
"""

import sqlalchemy as sa
from alembic import op

revision = '0082'
down_revision = '0081'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notice_reading',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('version', sa.String(length=32), nullable=False),
        sa.Column('read_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sub', 'version', name=op.f('pk_notice_reading')))
    for table in ('expiry_notice', 'expiry_digest'):
        op.add_column(table, sa.Column('told_at', sa.BigInteger(), server_default='0', nullable=False))


def downgrade() -> None:
    for table in ('expiry_digest', 'expiry_notice'):
        op.drop_column(table, 'told_at')
    op.drop_table('notice_reading')
