"""First signatures of SIMs are asked under a name that no application can have

Revision: 0077, after 0083.
"""

from alembic import op

revision = '0077'
down_revision = '0083'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE sign_transaction SET client_id = 'sim:test' WHERE client_id = 'sim-test'")


def downgrade() -> None:
    op.execute("UPDATE sign_transaction SET client_id = 'sim-test' WHERE client_id = 'sim:test'")
