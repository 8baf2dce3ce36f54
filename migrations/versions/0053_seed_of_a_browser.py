"""Which browser an app is being enrolled in

Revision: 0053, after 0051.
"""

import sqlalchemy as sa
from alembic import op

revision = '0053'
down_revision = '0051'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('totp_enrolment', sa.Column('browser', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('totp_enrolment', 'browser')
