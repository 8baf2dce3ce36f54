"""Tables of dealings with the Government's authority; rows are never deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, Subject, Words


class CertificateBatchRow(Base):
    """A list of requests that went out (``pki.government.ports.Batch``)."""

    __tablename__ = "certificate_batch"
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    document: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Epoch] = mapped_column(index=True)
    made_by: Mapped[Subject]
    rows: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    signature: Mapped[Words]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SeenCertificateRow(Base):
    """A certificate of another authority's that came here (``pki.government.ports.Seen``)."""

    __tablename__ = "seen_certificate"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    issuer: Mapped[Words]
    serial: Mapped[str] = mapped_column(String(40), index=True)
    spki: Mapped[str] = mapped_column(String(64), index=True)
    seen_at: Mapped[Epoch]
    number: Mapped[str] = mapped_column(String(32))
    holder: Mapped[Subject] = mapped_column(index=True)
    verdict: Mapped[str] = mapped_column(String(64))
    """Empty where it was taken."""


class IssuerSerialRow(Base):
    """Which certificate has a serial number of another authority's."""

    __tablename__ = "issuer_serial"
    issuer: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the issuer's name, hexadecimal."""
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
