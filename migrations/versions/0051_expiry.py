"""Who was told that certificates end

Revision: 0051, after 0048.
"""

import sqlalchemy as sa
from alembic import op

revision = '0051'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'expiry_notice',
        sa.Column('enrollment_id', sa.String(length=16), nullable=False),
        sa.Column('days', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('told_on', sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint('enrollment_id', 'days', name=op.f('pk_expiry_notice')),
    )
    op.create_index(op.f('ix_expiry_notice_told_on'), 'expiry_notice', ['told_on'])
    op.create_table(
        'expiry_digest',
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('told_on', sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint('sub', name=op.f('pk_expiry_digest')),
    )
    op.create_index(op.f('ix_enrollment_replaces'), 'enrollment', ['replaces'])


def downgrade() -> None:
    op.drop_index(op.f('ix_enrollment_replaces'), table_name='enrollment')
    op.drop_table('expiry_digest')
    op.drop_table('expiry_notice')
