"""Registration desk for certificates

Revision: 0040, after 0030.
"""

import sqlalchemy as sa
from alembic import op

revision = '0040'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'enrollment',
        sa.Column('enrollment_id', sa.String(length=16), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('purpose', sa.String(length=16), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('unit_name', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('mail', sa.String(length=255), nullable=False),
        sa.Column('personal', sa.LargeBinary(), nullable=False),
        sa.Column('identity_digest', sa.String(length=64), nullable=False),
        sa.Column('device_kind', sa.String(length=16), nullable=False),
        sa.Column('replaces', sa.String(length=16), nullable=False),
        sa.Column('wet_ink', sa.Boolean(), nullable=False),
        sa.Column('state', sa.String(length=32), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('due_at', sa.BigInteger(), nullable=True),
        sa.Column('requester', sa.String(length=64), nullable=False),
        sa.Column('agency_approver', sa.String(length=64), nullable=False),
        sa.Column('province_approver', sa.String(length=64), nullable=False),
        sa.Column('document', sa.String(length=64), nullable=False),
        sa.Column('batch', sa.String(length=32), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('issuer', sa.Text(), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('not_before', sa.BigInteger(), nullable=True),
        sa.Column('not_after', sa.BigInteger(), nullable=True),
        sa.Column('certificate', sa.LargeBinary(), nullable=False),
        sa.Column('device_serial', sa.String(length=64), nullable=False),
        sa.Column('handed_over_by', sa.String(length=64), nullable=False),
        sa.Column('record', sa.String(length=64), nullable=False),
        sa.Column('challenge', sa.String(length=64), nullable=False),
        sa.Column('open_key', sa.String(length=400), nullable=True),
        sa.Column('active_key', sa.String(length=400), nullable=True),
        sa.Column('search_key', sa.Text(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('enrollment_id', name=op.f('pk_enrollment')),
        sa.UniqueConstraint('open_key', name=op.f('uq_enrollment_open_key')),
    )
    for column in ('holder', 'mail', 'identity_digest', 'batch', 'serial', 'not_after', 'active_key'):
        op.create_index(op.f(f'ix_enrollment_{column}'), 'enrollment', [column])
    op.create_index('ix_enrollment_state_unit_code', 'enrollment', ['state', 'unit_code', 'enrollment_id'])
    op.create_index('ix_enrollment_unit_code', 'enrollment', ['unit_code', 'enrollment_id'])
    op.create_table(
        'enrollment_entry',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('enrollment_id', sa.String(length=16), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('act', sa.String(length=32), nullable=False),
        sa.Column('before', sa.String(length=32), nullable=False),
        sa.Column('after', sa.String(length=32), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('part', sa.String(length=16), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_enrollment_entry')),
    )
    op.create_index(op.f('ix_enrollment_entry_enrollment_id'), 'enrollment_entry', ['enrollment_id'])


def downgrade() -> None:
    op.drop_table('enrollment_entry')
    op.drop_table('enrollment')
