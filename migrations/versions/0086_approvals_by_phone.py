"""Approvals on the officer's phone, and refusals that are found by an index

Revision: 0086, after 0087. On PostgreSQL the indexes of signatures are built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0086'
down_revision = '0087'
branch_labels = None
depends_on = None

_BY_PHONE = sa.text('phone_at IS NOT NULL')
_REFUSED = (('ix_sign_transaction_not_me', 'sub, purpose, denied_at', 'denied_at IS NOT NULL'),
            ('ix_sign_transaction_cancelled', 'sub, purpose, ended_at', "outcome = 'cancelled' AND denied_at IS NULL"))


def upgrade() -> None:
    # These first: they may be built once more, should what follows not come about.
    for name, columns, where in _REFUSED:
        if op.get_bind().dialect.name == 'postgresql':
            # A build that was cut off leaves an index that is not valid, under the same name.
            with op.get_context().autocommit_block():
                op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
                op.execute(f'CREATE INDEX CONCURRENTLY {name} ON sign_transaction ({columns}) WHERE {where}')
            continue
        op.create_index(name, 'sign_transaction', columns.split(', '), sqlite_where=sa.text(where))
    op.add_column('sim_login', sa.Column('approves_since', sa.BigInteger(), nullable=True))
    op.add_column('deferred_authorization', sa.Column('phone_at', sa.BigInteger(), nullable=True))
    op.create_index('ix_deferred_authorization_phone_at', 'deferred_authorization', ['phone_at'],
                    sqlite_where=_BY_PHONE, postgresql_where=_BY_PHONE)


def downgrade() -> None:
    for name, _, _ in _REFUSED:
        op.drop_index(name, 'sign_transaction')
    op.drop_index('ix_deferred_authorization_phone_at', 'deferred_authorization')
    op.drop_column('deferred_authorization', 'phone_at')
    op.drop_column('sim_login', 'approves_since')
