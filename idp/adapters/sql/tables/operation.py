"""Requests of programs that were answered, and may be sent again under the same name."""

from __future__ import annotations

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Digest, Epoch


class AnsweredRequestRow(Base):
    """A request of the administration API that had a name (``administration.operation.repeats``), and its answer."""

    __tablename__ = "answered_request"
    key: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of who asked, what, and the name."""
    content: Mapped[Digest]
    """SHA-256 of what was sent, so that the same name for something else shows."""
    status: Mapped[int] = mapped_column(Integer)
    """Of the answer; 0 where it was begun and how it ended is not known."""
    location: Mapped[str] = mapped_column(Text)
    etag: Mapped[str] = mapped_column(String(128))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON; none where it is not kept: what is shown once, and what is long."""
    until: Mapped[Epoch] = mapped_column(index=True)
    """When it is forgotten."""
