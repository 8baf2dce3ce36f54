"""Tables of what proves who an officer is; ``tables`` has them under the same names."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Digest, Epoch


class TotpRow(Base):
    """An officer's authenticator app: sealed seed and the last accepted time step."""

    __tablename__ = "totp"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_seed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Epoch]


class TotpEnrolmentRow(Base):
    """An authenticator app that its officer is enrolling, and that counts for nothing before a code of it has come."""

    __tablename__ = "totp_enrolment"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_seed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    browser: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the identifier of the browser that began; NULL, which is none, in rows from before there was this column."""


class RecoveryCodesRow(Base):
    """An officer's recovery codes: one set at a time, in one row, so that a new set is the end of the old one."""

    __tablename__ = "recovery_codes"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    digests: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed digests of 32 bytes each, one after another."""
    used: Mapped[int] = mapped_column(Integer)
    """Bit n is set when code n was used."""
    created_at: Mapped[Epoch]
    last_used_at: Mapped[Epoch | None]


class OneTimePasswordRow(Base):
    """A password that an administrator made for an officer: until when it is good."""

    __tablename__ = "one_time_password"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of entryUUID and password, which was made at random."""
    entry_uuid: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[Epoch]


class SimLoginRow(Base):
    """That an officer signs in by SIM; which SIM it is, is asked each time (``signing.ports.Sims``)."""

    __tablename__ = "sim_login"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    enrolled_at: Mapped[Epoch]
    last_used_at: Mapped[Epoch | None]
    approves_since: Mapped[Epoch | None]
    """Since when the phone is asked what applications ask the officer by name; empty where the officer has not chosen that."""


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
