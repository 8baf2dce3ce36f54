"""One-time passwords of enrolment (RFC 7030)

Revision: 0050, after 0044.
"""

import sqlalchemy as sa
from alembic import op

revision = '0050'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'enrollment_leave',
        sa.Column('name', sa.String(length=32), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('profile', sa.String(length=32), nullable=False),
        sa.Column('subject_name', sa.Text(), nullable=False),
        sa.Column('hosts', sa.Text(), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_enrollment_leave')),
    )


def downgrade() -> None:
    op.drop_table('enrollment_leave')
