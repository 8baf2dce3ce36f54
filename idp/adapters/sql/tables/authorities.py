"""Tables of the internal certification authority and of its enrolment; rows are never deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Digest, Epoch, RowId, Subject, Words


class PkiAuthorityRow(Base):
    """An authority of ours (``pki.authority.ports.Authority``)."""

    __tablename__ = "pki_authority"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """root | issuing."""
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(String(128))
    issuer: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[Epoch]
    retired_at: Mapped[Epoch | None]
    crl_number: Mapped[int] = mapped_column(BigInteger)
    """Only grows."""


class PkiCertificateRow(Base):
    """A certificate of ours, from the intent on (``pki.authority.ports.Certificate``)."""

    __tablename__ = "pki_certificate"
    id: Mapped[RowId]
    authority: Mapped[str] = mapped_column(String(32))
    serial: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    """intended | issued | failed."""
    status: Mapped[str] = mapped_column(String(16))
    """good | revoked | suspended."""
    profile: Mapped[str] = mapped_column(String(32))
    holder: Mapped[Subject] = mapped_column(index=True)
    unit_code: Mapped[str] = mapped_column(String(64))
    subject: Mapped[Words]
    spki: Mapped[str] = mapped_column(String(64), index=True)
    not_before: Mapped[Epoch]
    not_after: Mapped[Epoch]
    intended_at: Mapped[Epoch]
    issued_at: Mapped[Epoch | None]
    shard: Mapped[int] = mapped_column(Integer)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    revoked_at: Mapped[Epoch | None]
    reason: Mapped[str] = mapped_column(String(32))
    __table_args__ = (UniqueConstraint("authority", "serial"),
                      Index("ix_pki_certificate_revoked", "authority", "shard", "status", "not_after"),
                      Index("ix_pki_certificate_state", "state", "intended_at"))


class EnrollmentLeaveRow(Base):
    """Leave to have one certificate (``pki.est.passwords.Leave``)."""

    __tablename__ = "enrollment_leave"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[Digest]
    profile: Mapped[str] = mapped_column(String(32))
    subject_name: Mapped[Words]
    hosts: Mapped[Words]
    holder: Mapped[Subject]
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    used_at: Mapped[Epoch | None]
