"""In which of several posts an officer acts, for each session and application

Revision: 0030, after 0023.
"""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('post_choice',
        sa.Column('sid', sa.String(length=64), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('unit_code', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('chosen_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sid', 'client_id', name=op.f('pk_post_choice')))


def downgrade() -> None:
    op.drop_table('post_choice')
