"""The key of a SIM by which its holder signs in

Revision: 0075, after 0063.
"""

import sqlalchemy as sa
from alembic import op

revision = '0075'
down_revision = '0063'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('sim', sa.Column('login_certificate', sa.LargeBinary(), nullable=True))
    op.add_column('sim', sa.Column('login_serial', sa.String(length=40), nullable=True))
    op.add_column('sim', sa.Column('login_authority', sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column('sim', 'login_authority')
    op.drop_column('sim', 'login_serial')
    op.drop_column('sim', 'login_certificate')
