"""What the worker does for people: lists that are taken in, files that are written

Revision: 0095, after 0088.
"""

import sqlalchemy as sa
from alembic import op

revision = '0095'
down_revision = '0088'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'job',
        sa.Column('job_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('source', sa.String(length=64), nullable=False),
        sa.Column('request_id', sa.String(length=64), nullable=False),
        sa.Column('asked', sa.Text(), nullable=False),
        sa.Column('purpose', sa.Text(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('turn', sa.Integer(), nullable=False),
        sa.Column('deaths', sa.Integer(), nullable=False),
        sa.Column('lease_until', sa.BigInteger(), nullable=False),
        sa.Column('done', sa.BigInteger(), nullable=False),
        sa.Column('total', sa.BigInteger(), nullable=True),
        sa.Column('reason', sa.String(length=32), nullable=False),
        sa.Column('message', sa.Text(), nullable=False),
        sa.Column('told', sa.Text(), nullable=False),
        sa.Column('name', sa.String(length=128), nullable=False),
        sa.Column('media_type', sa.String(length=128), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('started_at', sa.BigInteger(), nullable=True),
        sa.Column('finished_at', sa.BigInteger(), nullable=True),
        sa.Column('file_until', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('job_id', name=op.f('pk_job')))
    op.create_index('ix_job_sub_job_id', 'job', ['sub', 'job_id'])
    op.create_index('ix_job_state_lease_until', 'job', ['state', 'lease_until'])
    op.create_index(op.f('ix_job_finished_at'), 'job', ['finished_at'])
    op.create_table(
        'job_part',
        sa.Column('job_id', sa.String(length=32), nullable=False),
        sa.Column('side', sa.String(length=3), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('job_id', 'side', 'number', name=op.f('pk_job_part')))
    op.create_index(op.f('ix_job_part_until'), 'job_part', ['until'])


def downgrade() -> None:
    op.drop_table('job_part')
    op.drop_table('job')
