"""Certificates of officers

Revision: 0026, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'officer_certificate',
        sa.Column('thumbprint', sa.String(length=43), nullable=False),
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('subject', sa.String(length=255), nullable=False),
        sa.Column('issuer', sa.String(length=255), nullable=False),
        sa.Column('serial', sa.String(length=64), nullable=False),
        sa.Column('not_after', sa.BigInteger(), nullable=False),
        sa.Column('registered_at', sa.BigInteger(), nullable=False),
        sa.Column('last_used_at', sa.BigInteger(), nullable=True),
        sa.Column('last_proof_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('thumbprint', name=op.f('pk_officer_certificate')),
    )
    op.create_index(op.f('ix_officer_certificate_entry_uuid'), 'officer_certificate', ['entry_uuid'])


def downgrade() -> None:
    op.drop_table('officer_certificate')
