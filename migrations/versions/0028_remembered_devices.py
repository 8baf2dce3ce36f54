"""Devices on which an officer is not asked for the second factor

Revision: 0028, after 0042.
"""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('remembered_device',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('device_digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('token_digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('browser', sa.String(length=64), nullable=False),
        sa.Column('system', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('sub', 'device_digest', name=op.f('pk_remembered_device')))
    op.create_index(op.f('ix_remembered_device_expires_at'), 'remembered_device', ['expires_at'])


def downgrade() -> None:
    op.drop_table('remembered_device')
