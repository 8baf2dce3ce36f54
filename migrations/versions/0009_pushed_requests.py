"""Pushed authorization requests

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'pushed_request',
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('request', sa.Text(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_pushed_request')))
    with op.batch_alter_table('pushed_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pushed_request_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('pushed_request')
