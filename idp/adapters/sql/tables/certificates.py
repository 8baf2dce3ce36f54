"""Certificates by which officers are known."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch


class OfficerCertificateRow(Base):
    """One certificate, by its SHA-256; it belongs to one officer."""

    __tablename__ = "officer_certificate"
    thumbprint: Mapped[str] = mapped_column(String(43), primary_key=True)
    entry_uuid: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(255))
    issuer: Mapped[str] = mapped_column(String(255))
    serial: Mapped[str] = mapped_column(String(64))
    not_after: Mapped[Epoch]
    registered_at: Mapped[Epoch]
    last_used_at: Mapped[Epoch | None]
    last_proof_at: Mapped[int] = mapped_column(BigInteger)
    """Milliseconds since the epoch; only grows."""
