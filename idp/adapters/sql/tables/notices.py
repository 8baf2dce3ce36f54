"""Tables of what officers are told; declared like those of ``tables.py`` and found there under the same names."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject, Words


class NoticeRow(Base):
    """Something an officer was told; the text is made from the kind and the detail when it is read."""

    __tablename__ = "notice"
    id: Mapped[RowId]
    sub: Mapped[Subject]
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[Epoch] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(64))
    detail: Mapped[Words]
    """JSON object of short texts."""
    read_at: Mapped[Epoch | None]
    __table_args__ = (Index("ix_notice_sub_id", "sub", "id"), {"sqlite_autoincrement": True})
