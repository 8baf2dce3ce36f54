"""What the province says to everybody, on the sign-in page and in the portal

Revision: 0081, after 0091.
"""

import sqlalchemy as sa
from alembic import op

revision = '0081'
down_revision = '0091'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'announcement',
        sa.Column('announcement_id', sa.String(length=32), nullable=False),
        sa.Column('level', sa.String(length=16), nullable=False),
        sa.Column('places', sa.String(length=32), nullable=False),
        sa.Column('text_vi', sa.Text(), nullable=False),
        sa.Column('text_en', sa.Text(), nullable=False),
        sa.Column('from_at', sa.BigInteger(), nullable=False),
        sa.Column('until_at', sa.BigInteger(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('made_by', sa.String(length=64), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('announcement_id', name=op.f('pk_announcement')))
    op.create_index(op.f('ix_announcement_until_at'), 'announcement', ['until_at'])
    op.create_index('ix_announcement_from_at', 'announcement', ['from_at', 'announcement_id'])


def downgrade() -> None:
    op.drop_index('ix_announcement_from_at', 'announcement')
    op.drop_index(op.f('ix_announcement_until_at'), 'announcement')
    op.drop_table('announcement')
