"""Signatures by SIM: transactions, their history, and the octets that prove it

Revision: 0052, after 0053.
"""

import sqlalchemy as sa
from alembic import op

revision = '0052'
down_revision = '0053'
branch_labels = None
depends_on = None


def upgrade() -> None:
    occupied = sa.text('occupies')
    op.create_table(
        'sign_transaction',
        sa.Column('transaction_id', sa.String(length=40), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('idempotency_key', sa.String(length=255), nullable=False),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('unit_code', sa.String(length=64), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('msisdn', sa.String(length=16), nullable=False),
        sa.Column('iccid', sa.String(length=20), nullable=False),
        sa.Column('carrier', sa.String(length=32), nullable=False),
        sa.Column('certificate', sa.LargeBinary(length=32), nullable=False),
        sa.Column('digest_name', sa.String(length=8), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=64), nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('code', sa.String(length=4), nullable=False),
        sa.Column('timeout_seconds', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('outcome', sa.String(length=24), nullable=False),
        sa.Column('service_transaction', sa.String(length=64), nullable=False),
        sa.Column('signature', sa.LargeBinary(), nullable=True),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('deadline_at', sa.BigInteger(), nullable=False),
        sa.Column('next_try_at', sa.BigInteger(), nullable=True),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('signed_at', sa.BigInteger(), nullable=True),
        sa.Column('denied_at', sa.BigInteger(), nullable=True),
        sa.Column('occupies', sa.Boolean(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('sid', sa.String(length=64), nullable=False),
        sa.Column('acr', sa.String(length=128), nullable=False),
        sa.Column('amr', sa.String(length=128), nullable=False),
        sa.Column('auth_time', sa.BigInteger(), nullable=False),
        sa.Column('source', sa.String(length=64), nullable=False),
        sa.Column('user_agent', sa.String(length=255), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('transaction_id', name=op.f('pk_sign_transaction')),
        sa.UniqueConstraint('client_id', 'idempotency_key', name=op.f('uq_sign_transaction_client_id_idempotency_key')),
    )
    op.create_index('ix_sign_transaction_due', 'sign_transaction', ['carrier', 'next_try_at'])
    op.create_index('ix_sign_transaction_sub', 'sign_transaction', ['sub', 'transaction_id'])
    op.create_index('uq_sign_transaction_card', 'sign_transaction', ['iccid'], unique=True, sqlite_where=occupied,
                    postgresql_where=occupied)
    op.create_table(
        'sign_event',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('transaction_id', sa.String(length=40), nullable=False),
        sa.Column('at_us', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('outcome', sa.String(length=24), nullable=False),
        sa.Column('code', sa.Integer(), nullable=False),
        sa.Column('finer', sa.Integer(), nullable=False),
        sa.Column('proofs', sa.Text(), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_event')),
    )
    op.create_index(op.f('ix_sign_event_transaction_id'), 'sign_event', ['transaction_id'])
    op.create_table(
        'evidence_blob',
        sa.Column('sha256', sa.LargeBinary(length=32), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('sha256', name=op.f('pk_evidence_blob')),
    )


def downgrade() -> None:
    op.drop_table('evidence_blob')
    op.drop_table('sign_event')
    op.drop_table('sign_transaction')
