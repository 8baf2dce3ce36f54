"""SIMs in doubt: what a carrier says of too many at once

Revision: 0093, after 0096.
"""

import sqlalchemy as sa
from alembic import op

revision = '0093'
down_revision = '0096'
branch_labels = None
depends_on = None

_DOUBTED = sa.text("doubt <> ''")
_UNDECIDED = sa.text("decision = ''")


def upgrade() -> None:
    op.create_table(
        'sim_doubt',
        sa.Column('doubt_id', sa.String(24), nullable=False),
        sa.Column('carrier', sa.String(32), nullable=False),
        sa.Column('began_at', sa.BigInteger(), nullable=False),
        sa.Column('decision', sa.String(8), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('doubt_id', name=op.f('pk_sim_doubt')),
    )
    op.create_index('uq_sim_doubt_open', 'sim_doubt', ['carrier'], unique=True, sqlite_where=_UNDECIDED,
                    postgresql_where=_UNDECIDED)
    op.create_table(
        'sim_brake',
        sa.Column('carrier', sa.String(32), nullable=False),
        sa.Column('began_at', sa.BigInteger(), nullable=False),
        sa.Column('ended', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('carrier', name=op.f('pk_sim_brake')),
    )
    op.add_column('sim', sa.Column('doubt', sa.String(24), server_default='', nullable=False))
    op.create_index('ix_sim_doubt', 'sim', ['doubt'], sqlite_where=_DOUBTED, postgresql_where=_DOUBTED)


def downgrade() -> None:
    op.drop_index('ix_sim_doubt', table_name='sim')
    op.drop_column('sim', 'doubt')
    op.drop_table('sim_brake')
    op.drop_table('sim_doubt')
