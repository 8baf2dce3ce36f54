"""What columns are made of, and the base on which all rows are mapped.

Times are whole seconds since the epoch (BigInteger). Hot tables hold only integers, text, bytes and booleans, so that
compiled statements need no conversion (docs/decisions/0002).
"""

from __future__ import annotations

from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import UserDefinedType


class Base(DeclarativeBase):
    """Declarative base with the naming convention that migrations rely on."""

    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    })


class TransactionId(UserDefinedType[str]):
    """PostgreSQL's xid8 (the writing transaction); a plain integer on SQLite, where id order is commit order."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """Give the column type of PostgreSQL; migrations use INTEGER on SQLite."""
        return "xid8"


db = SQLAlchemy(model_class=Base)
"""The Flask-SQLAlchemy handle: schema, migrations and the ORM session of pages that list things. Rows are mapped on its base."""

Epoch = Annotated[int, mapped_column(BigInteger)]
Digest = Annotated[bytes, mapped_column(LargeBinary(32))]
RowId = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)]
Words = Annotated[str, mapped_column(Text)]
ClientId = Annotated[str, mapped_column(String(255))]
Subject = Annotated[str, mapped_column(String(64))]
