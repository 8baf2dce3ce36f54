"""Tables of what is told of our certificates: the newest lists, and who signs answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch


class PkiListRow(Base):
    """The newest list of a shard (``pki.status.ports.RevocationList``)."""

    __tablename__ = "pki_list"
    authority: Mapped[str] = mapped_column(String(32), primary_key=True)
    shard: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[Epoch]
    next_update: Mapped[Epoch]
    content: Mapped[str] = mapped_column(String(64))
    der: Mapped[bytes] = mapped_column(LargeBinary)


class PkiSignerRow(Base):
    """The signer of answers in use (``pki.status.ports.Signer``)."""

    __tablename__ = "pki_signer"
    authority: Mapped[str] = mapped_column(String(32), primary_key=True)
    serial: Mapped[str] = mapped_column(String(40))
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    not_after: Mapped[Epoch]
