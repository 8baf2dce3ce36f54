"""Requests of programs that were answered, and may be sent again under the same name

Revision: 0089, after 0084.
"""

import sqlalchemy as sa
from alembic import op

revision = '0089'
down_revision = '0084'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'answered_request',
        sa.Column('key', sa.LargeBinary(length=32), nullable=False),
        sa.Column('content', sa.LargeBinary(length=32), nullable=False),
        sa.Column('status', sa.Integer(), nullable=False),
        sa.Column('location', sa.Text(), nullable=False),
        sa.Column('etag', sa.String(length=128), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=True),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_answered_request')))
    op.create_index(op.f('ix_answered_request_until'), 'answered_request', ['until'])


def downgrade() -> None:
    op.drop_table('answered_request')
