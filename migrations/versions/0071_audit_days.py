"""The head of each day of the audit trail

Revision: 0071, after 0062.
"""

import sqlalchemy as sa
from alembic import op

revision = '0071'
down_revision = '0062'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'audit_day',
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('chain', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('taken_at', sa.BigInteger(), nullable=False),
        sa.Column('time_stamp', sa.LargeBinary(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('next_attempt_at', sa.BigInteger(), nullable=False),
        sa.Column('sent_at', sa.BigInteger(), nullable=False),
        sa.Column('last_error', sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_audit_day')),
    )
    op.create_index(op.f('ix_audit_day_state'), 'audit_day', ['state'])


def downgrade() -> None:
    op.drop_table('audit_day')
