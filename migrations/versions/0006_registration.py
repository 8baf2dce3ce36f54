"""Applications register themselves

Revision: 0006, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'initial_access',
        sa.Column('token_id', sa.String(length=32), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('terms', sa.Text(), nullable=False),
        sa.Column('quota', sa.Integer(), nullable=False),
        sa.Column('used', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=True),
        sa.Column('revoked_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('token_id', name=op.f('pk_initial_access')),
        sa.UniqueConstraint('digest', name=op.f('uq_initial_access_digest')))
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.add_column(sa.Column('registration_digest', sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column('registration_terms', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('initial_access_id', sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_column('initial_access_id')
        batch_op.drop_column('registration_terms')
        batch_op.drop_column('registration_digest')
    op.drop_table('initial_access')
