"""Passkeys

Revision: 0021, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'passkey',
        sa.Column('passkey_id', sa.String(length=32), nullable=False),
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('credential_id', sa.LargeBinary(length=1023), nullable=False),
        sa.Column('public_key', sa.LargeBinary(), nullable=False),
        sa.Column('sign_count', sa.BigInteger(), nullable=False),
        sa.Column('synced', sa.Boolean(), nullable=False),
        sa.Column('transports', sa.String(length=128), nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('last_used_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('passkey_id', name=op.f('pk_passkey')),
        sa.UniqueConstraint('credential_id', name=op.f('uq_passkey_credential_id')),
    )
    op.create_index(op.f('ix_passkey_entry_uuid'), 'passkey', ['entry_uuid'])
    op.create_table(
        'passkey_user',
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('user_handle', sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint('entry_uuid', name=op.f('pk_passkey_user')),
        sa.UniqueConstraint('user_handle', name=op.f('uq_passkey_user_user_handle')),
    )
    op.create_table(
        'passkey_challenge',
        sa.Column('place', sa.LargeBinary(length=32), nullable=False),
        sa.Column('challenge', sa.LargeBinary(length=32), nullable=False),
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('place', name=op.f('pk_passkey_challenge')),
    )
    op.create_index(op.f('ix_passkey_challenge_expires_at'), 'passkey_challenge', ['expires_at'])


def downgrade() -> None:
    op.drop_table('passkey_challenge')
    op.drop_table('passkey_user')
    op.drop_table('passkey')
