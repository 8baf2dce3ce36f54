"""Campaigns, their lists, and what was seen of officers

Revision: 0068, after 0074.
"""

import sqlalchemy as sa
from alembic import op

revision = '0068'
down_revision = '0074'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'campaign',
        sa.Column('campaign_id', sa.String(16), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('goal', sa.String(32), nullable=False),
        sa.Column('population', sa.Text(), nullable=False),
        sa.Column('owner', sa.String(64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('created_by', sa.String(64), nullable=False),
        sa.Column('open_name', sa.String(400), nullable=True),
        sa.Column('entries', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_campaign')),
        sa.UniqueConstraint('open_name', name=op.f('uq_campaign_open_name')),
    )
    op.create_table(
        'campaign_entry',
        sa.Column('id', ROW_ID, autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.String(16), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('act', sa.String(16), nullable=False),
        sa.Column('actor', sa.String(64), nullable=False),
        sa.Column('deadline', sa.String(10), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_entry')),
    )
    op.create_index(op.f('ix_campaign_entry_campaign_id'), 'campaign_entry', ['campaign_id'])
    op.create_table(
        'campaign_member',
        sa.Column('id', ROW_ID, autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.String(16), nullable=False),
        sa.Column('subject', sa.String(255), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('act', sa.String(16), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('unit_code', sa.String(64), nullable=False),
        sa.Column('unit_name', sa.Text(), nullable=False),
        sa.Column('agency_code', sa.String(64), nullable=False),
        sa.Column('agency_name', sa.Text(), nullable=False),
        sa.Column('reason', sa.String(32), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('actor', sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_member')),
    )
    op.create_index(op.f('ix_campaign_member_campaign_id_subject'), 'campaign_member', ['campaign_id', 'subject'])
    op.create_table(
        'rollout_fact',
        sa.Column('id', ROW_ID, autoincrement=True, nullable=False),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('subject', sa.String(255), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('value', sa.String(1), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rollout_fact')),
    )
    op.create_index(op.f('ix_rollout_fact_kind_subject_id'), 'rollout_fact', ['kind', 'subject', 'id'])
    for name in ('campaign_reminder', 'campaign_digest'):
        op.create_table(
            name,
            sa.Column('sub', sa.String(64), nullable=False),
            sa.Column('told_on', sa.String(10), nullable=False),
            sa.PrimaryKeyConstraint('sub', name=op.f(f'pk_{name}')),
        )


def downgrade() -> None:
    for name in ('campaign_digest', 'campaign_reminder', 'rollout_fact', 'campaign_member', 'campaign_entry', 'campaign'):
        op.drop_table(name)
