"""Certificates that come for SIMs: the name of a SIM is longer than that of a request

Revision: 0087, after 0098.
"""

import sqlalchemy as sa
from alembic import op

revision = '0087'
down_revision = '0098'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widened(16, 32)


def downgrade() -> None:
    _widened(32, 16)


def _widened(before: int, after: int) -> None:
    # SQLite makes the table anew, and a script for it is written without looking at one: this is how it stands.
    table = sa.Table(
        'seen_certificate', sa.MetaData(),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('der', sa.LargeBinary(), nullable=False),
        sa.Column('issuer', sa.Text(), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('spki', sa.String(length=64), nullable=False),
        sa.Column('seen_at', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.String(length=before), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('verdict', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('sha256', name=op.f('pk_seen_certificate')),
        *(sa.Index(op.f(f'ix_seen_certificate_{column}'), column) for column in ('serial', 'spki', 'holder')))
    with op.batch_alter_table('seen_certificate', copy_from=table) as batch_op:
        batch_op.alter_column('number', existing_type=sa.String(length=before), type_=sa.String(length=after),
                              existing_nullable=False)
