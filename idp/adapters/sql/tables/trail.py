"""Tables of the audit trail: records, and the signed chain over them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, ClientId, Digest, Epoch, RowId, Subject, TransactionId, Words


class AuditRow(Base):
    """One audit record. Written with what it tells of; sealed later by the worker."""

    __tablename__ = "audit"
    id: Mapped[RowId]
    xact: Mapped[str] = mapped_column(TransactionId())
    epoch: Mapped[int] = mapped_column(Integer)
    at: Mapped[Epoch] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(32))
    sub: Mapped[Subject]
    client_id: Mapped[ClientId]
    sid: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    detail: Mapped[Words]
    # What searches choose by is in an index whole, so that they read the rows that they show and no others.
    __table_args__ = (Index("ix_audit_epoch_xact_id", "epoch", "xact", "id"), Index("ix_audit_sub_at_id", "sub", "at", "id"),
                      Index("ix_audit_client_id_at_id", "client_id", "at", "id", "event"),
                      Index("ix_audit_source_at", "source", "at"),
                      Index("ix_audit_event_at_id", "event", "at", "id", "client_id"), {"sqlite_autoincrement": True})


class AuditSealRow(Base):
    """A signed link of the chain over a run of audit records."""

    __tablename__ = "audit_seal"
    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    last_xact: Mapped[str] = mapped_column(String(32))
    last_id: Mapped[int] = mapped_column(BigInteger)
    record_count: Mapped[int] = mapped_column(Integer)
    record_marks: Mapped[bytes] = mapped_column(LargeBinary)
    """Per record its id and a quarter of its digest (8 bytes each), so that a broken seal can name the record."""
    previous_hash: Mapped[Digest]
    hash: Mapped[Digest]
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    """ES256, raw r||s, over the hash; key ``keys/audit-seal.pem``."""
    key_id: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[Epoch]


class AuditDayRow(Base):
    """The head of a day: the chain's newest seal when the day had ended."""

    __tablename__ = "audit_day"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """YYYY-MM-DD, in Vietnam."""
    chain: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[Digest]
    taken_at: Mapped[Epoch]
    time_stamp: Mapped[bytes] = mapped_column(LargeBinary)
    """RFC 3161 TimeStampResp, DER; empty where there is none yet."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    """waiting | sent | dead | kept."""
    attempts: Mapped[int] = mapped_column(Integer)
    next_attempt_at: Mapped[Epoch]
    sent_at: Mapped[Epoch]
    last_error: Mapped[str] = mapped_column(String(255))
    purged_seal: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Number of the seal on which what was in the database then hangs; 0 where nothing was purged."""
    purged_hash: Mapped[bytes] = mapped_column(LargeBinary(32), server_default="")


class AuditArchiveRow(Base):
    """A month of the trail that was archived (``audit.archive.month.Kept``); rows are never deleted."""

    __tablename__ = "audit_archive"
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """YYYY-MM, in Vietnam."""
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    """Over the manifest, DER; key ``keys/audit-seal.pem``."""
    key_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    """archived | purging | purged | restoring | restored | discarded."""
    restored_until: Mapped[Epoch]
    told_at: Mapped[Epoch]
    asked_by: Mapped[Subject]
    asked_at: Mapped[Epoch]
    purpose: Mapped[Words]
