"""Tables of the registration desk for certificates, and of who was told what waits and what ends."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject, Words


class EnrollmentRow(Base):
    """One certificate from its request on (``pki.enrollment.record.Enrollment``); rows are never deleted."""

    __tablename__ = "enrollment"
    enrollment_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    holder: Mapped[Subject] = mapped_column(index=True)
    unit_code: Mapped[str] = mapped_column(String(64))
    unit_name: Mapped[Words]
    name: Mapped[Words]
    title: Mapped[Words]
    mail: Mapped[str] = mapped_column(String(255), index=True)
    personal: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed JSON; empty bytes for nothing."""
    identity_digest: Mapped[str] = mapped_column(String(64), index=True)
    device_kind: Mapped[str] = mapped_column(String(16))
    replaces: Mapped[str] = mapped_column(String(16), index=True)
    wet_ink: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(32))
    since: Mapped[Epoch]
    due_at: Mapped[Epoch | None]
    requester: Mapped[Subject]
    agency_approver: Mapped[Subject]
    province_approver: Mapped[Subject]
    document: Mapped[str] = mapped_column(String(64))
    batch: Mapped[str] = mapped_column(String(32), index=True)
    reason: Mapped[Words]
    issuer: Mapped[Words]
    serial: Mapped[str] = mapped_column(String(40), index=True)
    not_before: Mapped[Epoch | None]
    not_after: Mapped[Epoch | None] = mapped_column(index=True)
    request: Mapped[bytes | None] = mapped_column(LargeBinary)
    """PKCS #10 in DER, where the key was there before the certificate."""
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    device_serial: Mapped[str] = mapped_column(String(64))
    handed_over_by: Mapped[Subject]
    record: Mapped[str] = mapped_column(String(64))
    challenge: Mapped[str] = mapped_column(String(64))
    open_key: Mapped[str | None] = mapped_column(String(400), unique=True)
    """Set while the request is on its way: there is one of a kind."""
    active_key: Mapped[str | None] = mapped_column(String(400), index=True)
    """Set while the certificate is in use; that there is one of a kind is held by the statements."""
    search_key: Mapped[Words]
    """Name and mailbox without accents, small letters."""
    revision: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_enrollment_state_unit_code", "state", "unit_code", "enrollment_id"),
                      Index("ix_enrollment_unit_code", "unit_code", "enrollment_id"),
                      Index("ix_enrollment_device_serial", text("upper(device_serial)")))


class EnrollmentEntryRow(Base):
    """One line of an enrollment's history; lines are only added."""

    __tablename__ = "enrollment_entry"
    id: Mapped[RowId]
    enrollment_id: Mapped[str] = mapped_column(String(16), index=True)
    at: Mapped[Epoch] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(32))
    before: Mapped[str] = mapped_column(String(32))
    after: Mapped[str] = mapped_column(String(32))
    actor: Mapped[Subject]
    part: Mapped[str] = mapped_column(String(16))
    detail: Mapped[Words]
    """JSON object of strings."""


class ExpiryNoticeRow(Base):
    """A holder was told that a certificate ends; once for each certificate and threshold."""

    __tablename__ = "expiry_notice"
    enrollment_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """The threshold: 60, 30 or 7 days before the end."""
    unit_code: Mapped[str] = mapped_column(String(64))
    told_on: Mapped[str] = mapped_column(String(10), index=True)
    """Day, YYYY-MM-DD."""
    told_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Moment; 0 of what was told before it was kept."""


class ExpiryDigestRow(Base):
    """When an agency's administrator was last told how many certificates end."""

    __tablename__ = "expiry_digest"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    told_on: Mapped[str] = mapped_column(String(10))
    """Day, YYYY-MM-DD."""
    told_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Moment: what holders were told after it is news."""


class KeeperDigestRow(Base):
    """When a holder was last told of several things in one notice: certificates that end, devices that are overdue."""

    __tablename__ = "keeper_digest"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    """``certificate.expiring`` or ``device.overdue``, of however many the notice tells."""
    told_at: Mapped[Epoch]


class DeskDigestRow(Base):
    """When an administrator was last told what waits at a step, and of what."""

    __tablename__ = "desk_digest"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Of the notice."""
    told_at: Mapped[Epoch]
    told_of: Mapped[str | None] = mapped_column(Text)
    """Keys of what waited then, separated by blanks (``pki.enrollment.waiting.Group``); NULL where it was not kept."""
