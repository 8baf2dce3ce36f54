"""Since when officers are in groups that make administrators, and who is in any group

Revision: 0092, after 0093. Of those who are in them already it is not known. On PostgreSQL the index is built beside running writers.
"""

import sqlalchemy as sa
from alembic import op

revision = '0092'
down_revision = '0093'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # A build that was cut off leaves an index that is not valid, under the same name. The column comes after it, in the
        # transaction that says that this step is done, so that the step can be begun again.
        with op.get_context().autocommit_block():
            op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix_officer_grouped')
            op.execute("CREATE INDEX CONCURRENTLY ix_officer_grouped ON officer (entry_uuid) WHERE groups <> '[]'")
    else:
        op.create_index('ix_officer_grouped', 'officer', ['entry_uuid'], sqlite_where=sa.text("groups <> '[]'"))
    op.add_column('officer', sa.Column('roles_since', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_index('ix_officer_grouped', table_name='officer')
    op.drop_column('officer', 'roles_since')
