"""Devices that officers signed in on, and refusals that are counted

Revision: 0025, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('device',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('first_seen_at', sa.BigInteger(), nullable=False),
        sa.Column('last_seen_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sub', 'digest', name=op.f('pk_device')))
    op.create_index(op.f('ix_device_digest'), 'device', ['digest'])
    op.create_index(op.f('ix_device_last_seen_at'), 'device', ['last_seen_at'])
    op.create_table('audit_repeat',
        sa.Column('key', sa.LargeBinary(length=32), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.Column('last_at', sa.BigInteger(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('template', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_audit_repeat')))
    op.create_index(op.f('ix_audit_repeat_until'), 'audit_repeat', ['until'])


def downgrade() -> None:
    op.drop_table('audit_repeat')
    op.drop_table('device')
