"""Which SIMs have a certificate that is to be revoked

Revision: 0063, after 0071.
"""

import sqlalchemy as sa
from alembic import op

revision = '0063'
down_revision = '0071'
branch_labels = None
depends_on = None

_SOME = sa.text("to_revoke <> ''")


def upgrade() -> None:
    op.add_column('sim', sa.Column('to_revoke', sa.String(length=8), server_default='', nullable=False))
    op.create_index('ix_sim_to_revoke', 'sim', ['to_revoke'], sqlite_where=_SOME, postgresql_where=_SOME)


def downgrade() -> None:
    op.drop_index('ix_sim_to_revoke', 'sim')
    op.drop_column('sim', 'to_revoke')
