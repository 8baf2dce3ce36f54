"""Devices that hold private keys, and their history

Revision: 0048, after 0050.
"""

import sqlalchemy as sa
from alembic import op

revision = '0048'
down_revision = '0050'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'custody_device',
        sa.Column('device_id', sa.String(length=20), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('serial', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('enrollment_id', sa.String(length=16), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('due_at', sa.BigInteger(), nullable=True),
        sa.Column('record', sa.String(length=64), nullable=False),
        sa.Column('reminded_at', sa.BigInteger(), nullable=True),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('device_id', name=op.f('pk_custody_device')),
        sa.UniqueConstraint('kind', 'serial', name=op.f('uq_custody_device_kind_serial')),
    )
    op.create_index(op.f('ix_custody_device_holder'), 'custody_device', ['holder'])
    op.create_index(op.f('ix_custody_device_due_at'), 'custody_device', ['due_at'])
    op.create_index('ix_custody_device_unit_code', 'custody_device', ['unit_code', 'device_id'])
    op.create_table(
        'custody_entry',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('device_id', sa.String(length=20), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('handling', sa.String(length=16), nullable=False),
        sa.Column('before', sa.String(length=16), nullable=False),
        sa.Column('after', sa.String(length=16), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('giver', sa.String(length=64), nullable=False),
        sa.Column('receiver', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('enrollment_id', sa.String(length=16), nullable=False),
        sa.Column('form', sa.String(length=4), nullable=False),
        sa.Column('record', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_entry')),
    )
    op.create_index(op.f('ix_custody_entry_device_id'), 'custody_entry', ['device_id'])


def downgrade() -> None:
    op.drop_table('custody_entry')
    op.drop_table('custody_device')
