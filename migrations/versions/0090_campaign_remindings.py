"""Who was reminded of which campaign, when and how often

Revision: 0090, after 0086.
"""

import sqlalchemy as sa
from alembic import op

revision = '0090'
down_revision = '0086'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'campaign_reminding',
        sa.Column('id', ROW_ID, autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.String(16), nullable=False),
        sa.Column('sub', sa.String(64), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('step', sa.String(32), nullable=False),
        sa.Column('cases', sa.Integer(), nullable=False),
        sa.Column('nth', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('unit_code', sa.String(64), nullable=False),
        sa.Column('unit_name', sa.Text(), nullable=False),
        sa.Column('actor', sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_reminding')),
    )
    op.create_index('ix_campaign_reminding_campaign_id_id', 'campaign_reminding', ['campaign_id', 'id'])
    op.create_index('ix_campaign_reminding_sub_id', 'campaign_reminding', ['sub', 'id'])


def downgrade() -> None:
    op.drop_table('campaign_reminding')
