"""Lists of revoked certificates, and signers of answers

Revision: 0043, after 0031.
"""

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'pki_list',
        sa.Column('authority', sa.String(length=32), nullable=False),
        sa.Column('shard', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.Column('next_update', sa.BigInteger(), nullable=False),
        sa.Column('content', sa.String(length=64), nullable=False),
        sa.Column('der', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('authority', 'shard', name=op.f('pk_pki_list')),
    )
    op.create_table(
        'pki_signer',
        sa.Column('authority', sa.String(length=32), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
        sa.Column('certificate', sa.LargeBinary(), nullable=False),
        sa.Column('not_after', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('authority', name=op.f('pk_pki_signer')),
    )


def downgrade() -> None:
    op.drop_table('pki_signer')
    op.drop_table('pki_list')
