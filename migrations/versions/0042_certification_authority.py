"""Internal certification authority

Revision: 0042, after 0041.
"""

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'pki_authority',
        sa.Column('name', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('certificate', sa.LargeBinary(), nullable=False),
        sa.Column('key', sa.String(length=128), nullable=False),
        sa.Column('issuer', sa.String(length=32), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('retired_at', sa.BigInteger(), nullable=True),
        sa.Column('crl_number', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_pki_authority')),
    )
    op.create_table(
        'pki_certificate',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('authority', sa.String(length=32), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('profile', sa.String(length=32), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('spki', sa.String(length=64), nullable=False),
        sa.Column('not_before', sa.BigInteger(), nullable=False),
        sa.Column('not_after', sa.BigInteger(), nullable=False),
        sa.Column('intended_at', sa.BigInteger(), nullable=False),
        sa.Column('issued_at', sa.BigInteger(), nullable=True),
        sa.Column('shard', sa.Integer(), nullable=False),
        sa.Column('der', sa.LargeBinary(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('revoked_at', sa.BigInteger(), nullable=True),
        sa.Column('reason', sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_pki_certificate')),
        sa.UniqueConstraint('authority', 'serial', name=op.f('uq_pki_certificate_authority_serial')),
    )
    for column in ('holder', 'spki', 'sha256'):
        op.create_index(op.f(f'ix_pki_certificate_{column}'), 'pki_certificate', [column])
    op.create_index('ix_pki_certificate_revoked', 'pki_certificate', ['authority', 'shard', 'status', 'not_after'])
    op.create_index('ix_pki_certificate_state', 'pki_certificate', ['state', 'intended_at'])


def downgrade() -> None:
    op.drop_table('pki_certificate')
    op.drop_table('pki_authority')
