"""First factors: since when one is demanded, and codes to enrol it

Revision: 0044, after 0049.
"""

import sqlalchemy as sa
from alembic import op

revision = '0044'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'factor_demand',
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('entry_uuid', name=op.f('pk_factor_demand')),
    )
    op.create_table(
        'enrolment_code',
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('place', sa.LargeBinary(length=32), nullable=True),
        sa.Column('open_until', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('entry_uuid', name=op.f('pk_enrolment_code')),
    )
    op.create_index(op.f('ix_enrolment_code_expires_at'), 'enrolment_code', ['expires_at'])


def downgrade() -> None:
    op.drop_table('enrolment_code')
    op.drop_table('factor_demand')
