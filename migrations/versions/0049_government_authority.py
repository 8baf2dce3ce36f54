"""Lists of requests that went out, certificates that came, and the key of a request

Revision: 0049, after 0043.
"""

import sqlalchemy as sa
from alembic import op

revision = '0049'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'certificate_batch',
        sa.Column('number', sa.String(length=32), nullable=False),
        sa.Column('document', sa.String(length=64), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.Column('made_by', sa.String(length=64), nullable=False),
        sa.Column('rows', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('signature', sa.Text(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_certificate_batch')),
    )
    op.create_index(op.f('ix_certificate_batch_made_at'), 'certificate_batch', ['made_at'])
    op.create_table(
        'seen_certificate',
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('der', sa.LargeBinary(), nullable=False),
        sa.Column('issuer', sa.Text(), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('spki', sa.String(length=64), nullable=False),
        sa.Column('seen_at', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('holder', sa.String(length=64), nullable=False),
        sa.Column('verdict', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('sha256', name=op.f('pk_seen_certificate')),
    )
    for column in ('serial', 'spki', 'holder'):
        op.create_index(op.f(f'ix_seen_certificate_{column}'), 'seen_certificate', [column])
    op.create_table(
        'issuer_serial',
        sa.Column('issuer', sa.String(length=64), nullable=False),
        sa.Column('serial', sa.String(length=40), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('issuer', 'serial', name=op.f('pk_issuer_serial')),
    )
    op.add_column('enrollment', sa.Column('request', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('enrollment', 'request')
    op.drop_table('issuer_serial')
    op.drop_table('seen_certificate')
    op.drop_table('certificate_batch')
