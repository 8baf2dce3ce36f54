"""Requests of officers who have forgotten their password."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch


class PasswordRecoveryRow(Base):
    """One request (``authn.sign_in.forgotten.Recovery``); the link to it stands nowhere."""

    __tablename__ = "password_recovery"
    recovery_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    entry_uuid: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    proven_at: Mapped[Epoch | None]
    done_at: Mapped[Epoch | None]
