"""Tables of what officers are told, the devices they are known on, and refusals that are counted.

Found under the same names in the package.
"""

from __future__ import annotations

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Digest, Epoch, RowId, Subject, Words


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


class DeviceRow(Base):
    """A browser on which an officer has signed in; its cookie stands here only as a digest."""

    __tablename__ = "device"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    digest: Mapped[Digest] = mapped_column(primary_key=True, index=True)
    first_seen_at: Mapped[Epoch]
    last_seen_at: Mapped[Epoch] = mapped_column(index=True)


class RememberedDeviceRow(Base):
    """A browser on which an officer is not asked for the second factor; one per officer and browser, its cookie only a digest."""

    __tablename__ = "remembered_device"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    device_digest: Mapped[Digest] = mapped_column(primary_key=True)
    token_digest: Mapped[Digest]
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    browser: Mapped[str] = mapped_column(String(64))
    system: Mapped[str] = mapped_column(String(64))


class AuditRepeatRow(Base):
    """Repeats of a refusal within one minute, until the worker makes one audit record of them."""

    __tablename__ = "audit_repeat"
    key: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of what the refusals have in common, and the minute."""
    until: Mapped[Epoch] = mapped_column(index=True)
    last_at: Mapped[Epoch]
    count: Mapped[int] = mapped_column(Integer)
    """Further ones after the first, which has its record already."""
    template: Mapped[Words]
    """JSON: what their record says."""
