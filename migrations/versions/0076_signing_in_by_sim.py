"""Signing in by SIM: what a card is asked for, and who signs in so

Revision: 0076, after 0082.
"""

import sqlalchemy as sa
from alembic import op

revision = '0076'
down_revision = '0082'
branch_labels = None
depends_on = None

_OF_SIGN_INS = sa.text("transaction_id < 'm'")
_BOUND = sa.text("binding <> ''")


def upgrade() -> None:
    op.create_table(
        'sim_login',
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('enrolled_at', sa.BigInteger(), nullable=False),
        sa.Column('last_used_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('entry_uuid', name=op.f('pk_sim_login')))
    op.add_column('sign_transaction', sa.Column('purpose', sa.String(length=12), server_default='signature', nullable=False))
    op.add_column('sign_transaction', sa.Column('binding', sa.String(length=64), server_default='', nullable=False))
    op.create_index('ix_sign_transaction_binding', 'sign_transaction', ['binding', 'transaction_id'],
                    sqlite_where=_BOUND, postgresql_where=_BOUND)
    op.create_index('ix_sign_transaction_sign_in', 'sign_transaction', ['created_at'],
                    sqlite_where=_BOUND, postgresql_where=_BOUND)
    op.create_index('ix_sign_event_sign_in', 'sign_event', ['at_us'], sqlite_where=_OF_SIGN_INS, postgresql_where=_OF_SIGN_INS)


def downgrade() -> None:
    op.drop_index('ix_sign_event_sign_in', 'sign_event')
    op.drop_index('ix_sign_transaction_sign_in', 'sign_transaction')
    op.drop_index('ix_sign_transaction_binding', 'sign_transaction')
    op.drop_column('sign_transaction', 'binding')
    op.drop_column('sign_transaction', 'purpose')
    op.drop_table('sim_login')
