"""Tables of passkeys; declared like those of ``tables`` and found there under the same names."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Digest, Epoch


class PasskeyRow(Base):
    """A passkey of an officer: its public half, and what was last seen of it."""

    __tablename__ = "passkey"
    passkey_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    entry_uuid: Mapped[str] = mapped_column(String(64), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """COSE key."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    synced: Mapped[bool]
    """Backup eligible; never changes."""
    transports: Mapped[str] = mapped_column(String(128))
    """Space-separated, sorted."""
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Epoch]
    last_used_at: Mapped[Epoch | None]


class PasskeyUserRow(Base):
    """The handle by which authenticators know an officer: random, made once, no other identifier."""

    __tablename__ = "passkey_user"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64), unique=True)


class PasskeyChallengeRow(Base):
    """What an authenticator was asked to sign, for one purpose in one interaction or session; gone with the answer."""

    __tablename__ = "passkey_challenge"
    place: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of purpose and identifier."""
    challenge: Mapped[Digest]
    entry_uuid: Mapped[str] = mapped_column(String(64))
    """Whose answer is awaited; empty where anybody's is."""
    expires_at: Mapped[Epoch] = mapped_column(index=True)
