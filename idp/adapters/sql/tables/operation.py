"""Requests of programs that were answered, and may be sent again under the same name; and what the worker does for people."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, ClientId, Digest, Epoch, Subject, Words


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


class JobRow(Base):
    """What the worker does for somebody (``administration.operation.jobs``)."""

    __tablename__ = "job"
    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Begins with when it was asked for."""
    kind: Mapped[str] = mapped_column(String(16))
    sub: Mapped[Subject]
    client_id: Mapped[ClientId]
    source: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    asked: Mapped[Words]
    """JSON."""
    purpose: Mapped[Words]
    state: Mapped[str] = mapped_column(String(16))
    """waiting | running | done | failed | cancelled."""
    turn: Mapped[int] = mapped_column(Integer)
    deaths: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[Epoch]
    """Of one that waits: when it is due."""
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    message: Mapped[Words]
    told: Mapped[Words]
    """JSON of counts; empty until it ended."""
    name: Mapped[str] = mapped_column(String(128))
    media_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Epoch]
    started_at: Mapped[Epoch | None]
    finished_at: Mapped[Epoch | None] = mapped_column(index=True)
    file_until: Mapped[Epoch | None]
    reach: Mapped[str] = mapped_column(String(64), server_default="")
    """Of the agency for which it was done; empty for the province."""
    __table_args__ = (Index("ix_job_sub_job_id", "sub", "job_id"), Index("ix_job_state_lease_until", "state", "lease_until"))


class JobPartRow(Base):
    """A part of what was sent with a job (``in``), or of the file that it made (``out``), sealed."""

    __tablename__ = "job_part"
    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    side: Mapped[str] = mapped_column(String(3), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    until: Mapped[Epoch] = mapped_column(index=True)
    """When it goes, whatever became of the job."""
