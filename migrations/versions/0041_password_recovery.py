"""Requests of officers who have forgotten their password

Revision: 0041, after 0040.
"""

import sqlalchemy as sa
from alembic import op

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'password_recovery',
        sa.Column('recovery_id', sa.String(length=22), nullable=False),
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('browser_digest', sa.LargeBinary(length=32), nullable=True),
        sa.Column('proven_at', sa.BigInteger(), nullable=True),
        sa.Column('done_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('recovery_id', name=op.f('pk_password_recovery')),
    )
    op.create_index(op.f('ix_password_recovery_entry_uuid'), 'password_recovery', ['entry_uuid'])
    op.create_index(op.f('ix_password_recovery_expires_at'), 'password_recovery', ['expires_at'])


def downgrade() -> None:
    op.drop_table('password_recovery')
