"""The mirror follows the directory: agencies, changes that wait, state of the feed

Revision: 0017, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0021'
branch_labels = None
depends_on = None

TRIGRAMS = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ix_officer_trigrams ON officer USING gin (search_key gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE NOTICE 'pg_trgm is not to be had; searches read an index through';
END $$
"""
"""The extension needs CREATE on the database, and the package of PostgreSQL's own extensions; searches do without (docs/operations)."""
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'unit',
        sa.Column('entry_uuid', sa.String(64), nullable=False),
        sa.Column('code', sa.String(64), nullable=False),
        sa.Column('code_2016', sa.String(64), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('kind', sa.String(32), nullable=False),
        sa.Column('valid_from', sa.String(10), nullable=False),
        sa.Column('valid_to', sa.String(10), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('status', sa.String(16), nullable=False),
        sa.Column('updated_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('entry_uuid', name='pk_unit'))
    op.create_index('ix_unit_code', 'unit', ['code'])
    op.create_table(
        'officer_change',
        sa.Column('id', ROW_ID, nullable=False, autoincrement=True),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('sub', sa.String(64), nullable=False),
        sa.Column('before', sa.Text(), nullable=False),
        sa.Column('after', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_officer_change'),
        sqlite_autoincrement=True)
    op.create_table(
        'directory_feed',
        sa.Column('name', sa.String(32), nullable=False),
        sa.Column('holder', sa.String(64), nullable=False),
        sa.Column('lease_until', sa.BigInteger(), nullable=False),
        sa.Column('source', sa.String(16), nullable=False),
        sa.Column('cookie', sa.Text(), nullable=False),
        sa.Column('heard_at', sa.BigInteger(), nullable=False),
        sa.Column('reconciled_at', sa.BigInteger(), nullable=False),
        sa.Column('braked_at', sa.BigInteger(), nullable=False),
        sa.Column('brake_reason', sa.String(16), nullable=False),
        sa.Column('brake_losses', sa.Integer(), nullable=False),
        sa.Column('brake_active', sa.Integer(), nullable=False),
        sa.Column('allowance', sa.Integer(), nullable=False),
        sa.Column('counted_from', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_directory_feed'))
    op.add_column('officer', sa.Column('revision', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('officer', sa.Column('left_at', sa.BigInteger(), nullable=True))
    op.create_index('ix_officer_left_at', 'officer', ['left_at'])
    op.execute("UPDATE officer SET search_key = ' ' || substr(search_key, 1, 600)")
    op.create_index('ix_officer_search', 'officer', ['search_key', 'entry_uuid', 'unit_code', 'status'])
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(TRIGRAMS)


def downgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_officer_trigrams')
    op.drop_index('ix_officer_search', table_name='officer')
    op.drop_index('ix_officer_left_at', table_name='officer')
    op.drop_column('officer', 'left_at')
    op.drop_column('officer', 'revision')
    op.drop_table('directory_feed')
    op.drop_table('officer_change')
    op.drop_index('ix_unit_code', table_name='unit')
    op.drop_table('unit')
