"""Authenticator apps that are being enrolled, and recovery codes

Revision: 0020, after 0022.
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'totp_enrolment',
        sa.Column('entry_uuid', sa.String(64), nullable=False),
        sa.Column('sealed_seed', sa.LargeBinary(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('entry_uuid', name='pk_totp_enrolment'))
    op.create_index('ix_totp_enrolment_expires_at', 'totp_enrolment', ['expires_at'])
    op.create_table(
        'recovery_codes',
        sa.Column('entry_uuid', sa.String(64), nullable=False),
        sa.Column('digests', sa.LargeBinary(), nullable=False),
        sa.Column('used', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('last_used_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('entry_uuid', name='pk_recovery_codes'))


def downgrade() -> None:
    op.drop_table('recovery_codes')
    op.drop_table('totp_enrolment')
