"""Authorizations that are waited for

Revision: 0012, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'deferred_authorization',
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('client_id', sa.String(length=255), nullable=False),
        sa.Column('user_code_digest', sa.LargeBinary(length=32), nullable=True),
        sa.Column('sub', sa.String(length=64), nullable=False),
        sa.Column('request', sa.Text(), nullable=False),
        sa.Column('source', sa.String(length=64), nullable=False),
        sa.Column('details', sa.Text(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('interval_seconds', sa.Integer(), nullable=False),
        sa.Column('last_polled_at', sa.BigInteger(), nullable=True),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('grant_id', sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_deferred_authorization')),
        sa.UniqueConstraint('user_code_digest', name=op.f('uq_deferred_authorization_user_code_digest')))
    with op.batch_alter_table('deferred_authorization', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deferred_authorization_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('ix_deferred_authorization_sub_expires_at', ['sub', 'expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('deferred_authorization')
