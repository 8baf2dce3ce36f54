"""How far applications are, and when a machine was last given a token

Revision: 0074, after 0066.
"""

import sqlalchemy as sa
from alembic import op

revision = '0074'
down_revision = '0066'
branch_labels = None
depends_on = None

_MACHINES = sa.text("grant_id = ''")


def upgrade() -> None:
    op.create_table(
        'client_step',
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('step', sa.String(length=16), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('about', sa.Text(), nullable=False),
        sa.Column('by_sub', sa.String(length=64), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('client_id', 'step', name=op.f('pk_client_step')))
    op.create_index('ix_access_token_machine', 'access_token', ['client_id', 'issued_at'],
                    sqlite_where=_MACHINES, postgresql_where=_MACHINES)


def downgrade() -> None:
    op.drop_index('ix_access_token_machine', 'access_token')
    op.drop_table('client_step')
