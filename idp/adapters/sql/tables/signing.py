"""Signatures by SIM: transactions, their history, and the octets that prove it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, ClientId, Digest, Epoch, RowId, Subject, Words

_OCCUPIED, _OPEN, _BOUND = text("occupies"), text("is_open"), text("binding <> ''")
_OF_SIGN_INS = text("transaction_id < 'm'")
"""What is asked for sign-ins is called l..., for approvals a..., signatures are s... (``signing.signing``)."""
_DENIED, _SELDOM = text("denied_at IS NOT NULL"), text("state <> 'released'")
_CANCELLED = text("outcome = 'cancelled' AND denied_at IS NULL")


class SignTransactionRow(Base):
    """One signature that was asked for (``signing.transaction.Transaction``); never deleted, but for sign-ins, after a month."""

    __tablename__ = "sign_transaction"
    transaction_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[ClientId]
    idempotency_key: Mapped[str] = mapped_column(String(255))
    sub: Mapped[Subject]
    unit_code: Mapped[str] = mapped_column(String(64))
    title: Mapped[Words]
    msisdn: Mapped[str] = mapped_column(String(16))
    iccid: Mapped[str] = mapped_column(String(20))
    carrier: Mapped[str] = mapped_column(String(32))
    certificate: Mapped[Digest]
    digest_name: Mapped[str] = mapped_column(String(8))
    digest: Mapped[bytes] = mapped_column(LargeBinary(64))
    document: Mapped[Words]
    subject: Mapped[Words]
    text: Mapped[Words]
    code: Mapped[str] = mapped_column(String(4))
    timeout_seconds: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(24))
    service_transaction: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Epoch]
    deadline_at: Mapped[Epoch]
    next_try_at: Mapped[Epoch | None]
    ended_at: Mapped[Epoch | None]
    signed_at: Mapped[Epoch | None]
    denied_at: Mapped[Epoch | None]
    occupies: Mapped[bool] = mapped_column(Boolean)
    tries: Mapped[int] = mapped_column(Integer)
    sid: Mapped[str] = mapped_column(String(64))
    acr: Mapped[str] = mapped_column(String(128))
    amr: Mapped[str] = mapped_column(String(128))
    auth_time: Mapped[Epoch]
    purpose: Mapped[str] = mapped_column(String(12), server_default="signature")
    binding: Mapped[str] = mapped_column(String(64), server_default="")
    source: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(255))
    revision: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("client_id", "idempotency_key"), Index("ix_sign_transaction_sub", "sub", "transaction_id"),
                      Index("ix_sign_transaction_unit", "unit_code", "transaction_id"),
                      Index("ix_sign_transaction_client", "client_id", "transaction_id"),
                      Index("ix_sign_transaction_denied", "transaction_id", sqlite_where=_DENIED, postgresql_where=_DENIED),
                      Index("ix_sign_transaction_not_me", "sub", "purpose", "denied_at", sqlite_where=_DENIED,
                            postgresql_where=_DENIED),
                      Index("ix_sign_transaction_cancelled", "sub", "purpose", "ended_at", sqlite_where=_CANCELLED,
                            postgresql_where=_CANCELLED),
                      Index("ix_sign_transaction_state", "state", "transaction_id", sqlite_where=_SELDOM,
                            postgresql_where=_SELDOM),
                      Index("ix_sign_transaction_due", "carrier", "next_try_at"),
                      Index("ix_sign_transaction_binding", "binding", "transaction_id", sqlite_where=_BOUND,
                            postgresql_where=_BOUND),
                      Index("ix_sign_transaction_sign_in", "created_at", sqlite_where=_BOUND, postgresql_where=_BOUND),
                      Index("uq_sign_transaction_card", "iccid", unique=True, sqlite_where=_OCCUPIED, postgresql_where=_OCCUPIED))


class SignEventRow(Base):
    """One line of a transaction's history; lines are only added."""

    __tablename__ = "sign_event"
    id: Mapped[RowId]
    transaction_id: Mapped[str] = mapped_column(String(40), index=True)
    at_us: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(24))
    code: Mapped[int] = mapped_column(Integer)
    finer: Mapped[int] = mapped_column(Integer)
    proofs: Mapped[Words]
    """JSON object: what it is -> SHA-256 (hexadecimal) of an ``evidence_blob``."""
    note: Mapped[Words]
    __table_args__ = (Index("ix_sign_event_sign_in", "at_us", sqlite_where=_OF_SIGN_INS, postgresql_where=_OF_SIGN_INS),)


class EvidenceBlobRow(Base):
    """Octets by their SHA-256; rows are never changed or deleted."""

    __tablename__ = "evidence_blob"
    sha256: Mapped[Digest] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CscAuthorizationRow(Base):
    """An officer's leave to have hashes signed (``signing.csc.authorization.Authorization``)."""

    __tablename__ = "csc_authorization"
    authorization_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sad_digest: Mapped[Digest] = mapped_column(unique=True)
    fingerprint: Mapped[Digest]
    is_open: Mapped[bool] = mapped_column(Boolean)
    """Whether somebody who asks for the same is given this one."""
    client_id: Mapped[ClientId]
    sub: Mapped[Subject]
    unit_code: Mapped[str] = mapped_column(String(64))
    title: Mapped[Words]
    sid: Mapped[str] = mapped_column(String(64))
    acr: Mapped[str] = mapped_column(String(128))
    amr: Mapped[str] = mapped_column(String(128))
    auth_time: Mapped[Epoch]
    credential_id: Mapped[str] = mapped_column(String(160))
    digest_name: Mapped[str] = mapped_column(String(8))
    total: Mapped[int] = mapped_column(Integer)
    hashes: Mapped[Words]
    """JSON list, for each hash: hexadecimal, name and subject of the document."""
    before: Mapped[str] = mapped_column(String(32))
    earlier: Mapped[int] = mapped_column(Integer)
    extended_by: Mapped[Digest | None]
    created_at: Mapped[Epoch]
    open_until: Mapped[Epoch] = mapped_column(index=True)
    ready_at: Mapped[Epoch | None]
    used_at: Mapped[Epoch | None]
    outcome: Mapped[str] = mapped_column(String(24))
    __table_args__ = (Index("uq_csc_authorization_open", "fingerprint", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),)
