"""Signing SIMs and their history

Revision: 0062, after 0072.
"""

import sqlalchemy as sa
from alembic import op

revision = '0062'
down_revision = '0072'
branch_labels = None
depends_on = None

_LIVE = ("state IN ('requested', 'number_verified', 'agency_approved', 'approved', 'card_given', 'bound', 'active',"
         " 'pin_blocked')")


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')
    op.create_table(
        'sim',
        sa.Column('sim_id', sa.String(length=32), nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('unit_name', sa.Text(), nullable=False),
        sa.Column('seal', sa.Boolean(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('msisdn', sa.String(length=16), nullable=False),
        sa.Column('carrier', sa.String(length=32), nullable=False),
        sa.Column('iccid', sa.String(length=20), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('requester', sa.String(length=64), nullable=False),
        sa.Column('agency_approver', sa.String(length=64), nullable=False),
        sa.Column('province_approver', sa.String(length=64), nullable=False),
        sa.Column('owner_match', sa.Boolean(), nullable=True),
        sa.Column('certificate', sa.LargeBinary(), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('authority', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('code_digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('code_until', sa.BigInteger(), nullable=False),
        sa.Column('code_tries', sa.Integer(), nullable=False),
        sa.Column('test_transaction', sa.String(length=40), nullable=False),
        sa.Column('checked_at', sa.BigInteger(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sim_id', name=op.f('pk_sim')))
    for column in ('sub', 'unit_code', 'msisdn', 'state'):
        op.create_index(op.f(f'ix_sim_{column}'), 'sim', [column])
    for name, column, where in (('uq_sim_number', 'msisdn', _LIVE), ('uq_sim_card', 'iccid', f"iccid <> '' AND {_LIVE}")):
        op.create_index(name, 'sim', [column], unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        'sim_entry',
        sa.Column('id', row_id, autoincrement=True, nullable=False),
        sa.Column('sim_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('act', sa.String(length=24), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sim_entry')))
    op.create_index('uq_sim_entry_line', 'sim_entry', ['sim_id', 'number'], unique=True)


def downgrade() -> None:
    op.drop_table('sim_entry')
    op.drop_table('sim')
