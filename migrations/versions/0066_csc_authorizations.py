"""Leaves to have hashes signed through the CSC API

Revision: 0066, after 0060.
"""

import sqlalchemy as sa
from alembic import op

revision = '0066'
down_revision = '0060'
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_open = sa.text('is_open')
    op.create_table(
        'csc_authorization',
        sa.Column('authorization_id', sa.String(length=32), nullable=False),
        sa.Column('sad_digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('fingerprint', sa.LargeBinary(length=32), nullable=False),
        sa.Column('is_open', sa.Boolean(), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('sid', sa.String(length=64), nullable=False),
        sa.Column('acr', sa.String(length=128), nullable=False),
        sa.Column('amr', sa.String(length=128), nullable=False),
        sa.Column('auth_time', sa.BigInteger(), nullable=False),
        sa.Column('credential_id', sa.String(length=160), nullable=False),
        sa.Column('digest_name', sa.String(length=8), nullable=False),
        sa.Column('total', sa.Integer(), nullable=False),
        sa.Column('hashes', sa.Text(), nullable=False),
        sa.Column('before', sa.String(length=32), nullable=False),
        sa.Column('earlier', sa.Integer(), nullable=False),
        sa.Column('extended_by', sa.LargeBinary(length=32), nullable=True),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('open_until', sa.BigInteger(), nullable=False),
        sa.Column('ready_at', sa.BigInteger(), nullable=True),
        sa.Column('used_at', sa.BigInteger(), nullable=True),
        sa.Column('outcome', sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint('authorization_id', name=op.f('pk_csc_authorization')),
        sa.UniqueConstraint('sad_digest', name=op.f('uq_csc_authorization_sad_digest')),
    )
    op.create_index(op.f('ix_csc_authorization_open_until'), 'csc_authorization', ['open_until'])
    op.create_index('uq_csc_authorization_open', 'csc_authorization', ['fingerprint'], unique=True, sqlite_where=is_open,
                    postgresql_where=is_open)


def downgrade() -> None:
    op.drop_table('csc_authorization')
