"""Tables of what holds private keys, and who has it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject


class CustodyDeviceRow(Base):
    """One token, SIM or security module (``pki.custody.device.Device``); rows are never deleted."""

    __tablename__ = "custody_device"
    device_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    serial: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    holder: Mapped[Subject] = mapped_column(index=True)
    unit_code: Mapped[str] = mapped_column(String(64))
    enrollment_id: Mapped[str] = mapped_column(String(16))
    since: Mapped[Epoch]
    due_at: Mapped[Epoch | None] = mapped_column(index=True)
    record: Mapped[str] = mapped_column(String(64))
    reminded_at: Mapped[Epoch | None]
    revision: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("kind", "serial"), Index("ix_custody_device_unit_code", "unit_code", "device_id"))


class CustodyEntryRow(Base):
    """One line of a device's history; lines are only added."""

    __tablename__ = "custody_entry"
    id: Mapped[RowId]
    device_id: Mapped[str] = mapped_column(String(20), index=True)
    at: Mapped[Epoch]
    handling: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    actor: Mapped[Subject]
    giver: Mapped[Subject]
    receiver: Mapped[Subject]
    unit_code: Mapped[str] = mapped_column(String(64))
    enrollment_id: Mapped[str] = mapped_column(String(16))
    form: Mapped[str] = mapped_column(String(4))
    record: Mapped[str] = mapped_column(String(64))
