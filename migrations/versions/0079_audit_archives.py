"""Archived months of the audit trail, and where the database begins in the heads of days

Revision: 0079, after 0077.
"""

import sqlalchemy as sa
from alembic import op

revision = '0079'
down_revision = '0077'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'audit_archive',
        sa.Column('month', sa.String(length=7), nullable=False),
        sa.Column('manifest', sa.LargeBinary(), nullable=False),
        sa.Column('signature', sa.LargeBinary(), nullable=False),
        sa.Column('key_id', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('restored_until', sa.BigInteger(), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', sa.String(length=64), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('purpose', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('month', name=op.f('pk_audit_archive')))
    op.add_column('audit_day', sa.Column('purged_seal', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('audit_day', sa.Column('purged_hash', sa.LargeBinary(length=32), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('audit_day', 'purged_hash')
    op.drop_column('audit_day', 'purged_seal')
    op.drop_table('audit_archive')
