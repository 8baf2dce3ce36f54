"""One-time passwords, and what a sign-in was told of a password's end

Revision: 0022, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'one_time_password',
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('entry_uuid', sa.String(length=64), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_one_time_password')))
    op.create_index(op.f('ix_one_time_password_entry_uuid'), 'one_time_password', ['entry_uuid'])
    op.add_column('interaction', sa.Column('password_expires_at', sa.BigInteger(), nullable=True))
    op.add_column('interaction', sa.Column('grace_left', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('interaction') as batch_op:
        batch_op.drop_column('grace_left')
        batch_op.drop_column('password_expires_at')
    op.drop_table('one_time_password')
