"""Audit records in the database: the insert that every act carries. The trail for what belongs to no other act: ``trail/``.

A store adds ``audit_insert()`` to its Write and ``audit_values(record)`` to the parameters; the record then stands or falls
with the act (security checklist 61). The transaction number ``xact`` is given by the database; ``epoch`` is read in the same
statement, so that a sealer that raises it is never overtaken by an old value in some process's memory.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sqlalchemy import func, insert, literal_column, select
from sqlalchemy.sql.dml import Insert

from ...audit import AuditRecord
from .database import insert_row, parameter
from .tables import AuditRow, VersionRow

EPOCH = "audit_epoch"
"""Row of ``version`` that holds the epoch of new records; absent means 1."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LIMITS = (("event", 32), ("sub", 64), ("client_id", 255), ("sid", 64), ("source", 64), ("request_id", 64))


@cache
def current_epoch() -> Any:
    """Make the expression that gives the epoch of new records."""
    current = select(VersionRow.value).where(VersionRow.name == literal_column(f"'{EPOCH}'")).scalar_subquery()
    return func.coalesce(current, literal_column("1"))


@cache
def audit_insert(prefix: str = "audit_") -> Insert:
    """Make the act that writes one record; its parameters come from ``audit_values`` with the same prefix.

    Args:
        prefix: Tells two records in one Write apart.
    """
    return insert_row(AuditRow, **_columns(prefix))


def audit_insert_for(source: Any, *conditions: Any, prefix: str, **columns: Any) -> Insert:
    """Make the act that writes a record for each row of a source that meets the conditions; parameters as ``audit_insert``.

    Args:
        source: Table or join that is looked through; None writes one record, if the conditions hold.
        conditions: What each row must meet.
        prefix: As for ``audit_insert``.
        columns: Columns of the record that the source's rows tell.
    """
    values = {**_columns(prefix), **columns}
    chosen = select(*values.values()).where(*conditions)
    return insert(AuditRow).inline().from_select(list(values), chosen if source is None else chosen.select_from(source))


def _columns(prefix: str) -> dict[str, Any]:
    table: Any = AuditRow.__table__
    names = ("at", "event", "sub", "client_id", "sid", "source", "request_id", "detail")
    return {"epoch": current_epoch(), **{name: parameter(table.c[name], prefix + name) for name in names}}


def audit_values(record: AuditRecord, prefix: str = "audit_") -> dict[str, Any]:
    """Give the parameters of ``audit_insert``: cut to the columns' lengths, one line each, storable on both databases."""
    detail = record.detail_json()
    if not (detail.isascii() and detail.isprintable()):
        detail = _storable(_UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", detail))
    values: dict[str, Any] = {prefix + "at": record.at, prefix + "detail": detail}
    for name, limit in _LIMITS:
        text: str = getattr(record, name)
        if text and not (text.isascii() and text.isprintable()):
            text = _storable(_UNPRINTABLE.sub(" ", text))
        values[prefix + name] = text[:limit]
    return values


def _storable(text: str) -> str:
    """Write lone surrogates as escapes; UTF-8 has no place for them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
