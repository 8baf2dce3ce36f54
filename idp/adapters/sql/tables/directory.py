"""Tables of the directory's mirror besides ``officer``: agencies, changes that wait for their consequences, state of the feed."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject, Words


class UnitRow(Base):
    """Local mirror of one agency, keyed by entryUUID like officers; the code is what everything else names it by."""

    __tablename__ = "unit"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), index=True)
    code_2016: Mapped[str] = mapped_column(String(64))
    name: Mapped[Words]
    kind: Mapped[str] = mapped_column(String(32))
    valid_from: Mapped[str] = mapped_column(String(10))
    """First day, YYYY-MM-DD; empty where the directory does not say."""
    valid_to: Mapped[str] = mapped_column(String(10))
    address: Mapped[Words]
    """JSON object: parts of the address; empty where nothing is known."""
    status: Mapped[str] = mapped_column(String(16))
    """active | gone."""
    updated_at: Mapped[Epoch]


class OfficerChangeRow(Base):
    """A change of an officer that was written, and whose consequences elsewhere are still to be drawn."""

    __tablename__ = "officer_change"
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(16))
    sub: Mapped[Subject]
    before: Mapped[Words]
    """JSON: status and facts as mirrored until then; empty for somebody who joined."""
    after: Mapped[Words]
    at: Mapped[Epoch]
    __table_args__ = ({"sqlite_autoincrement": True},)


class DirectoryFeedRow(Base):
    """What listens to the directory, how far it got, and whether it was stopped; one row by name."""

    __tablename__ = "directory_feed"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    """The worker that listens, and until when nobody else may; so the next one."""
    lease_until: Mapped[Epoch]
    source: Mapped[str] = mapped_column(String(16))
    """syncrepl | polling | off: how changes are heard of."""
    cookie: Mapped[Words]
    """Opaque: where in the directory's history everything before has been applied."""
    heard_at: Mapped[Epoch]
    """When the listener last had a living connection; 0 for never."""
    reconciled_at: Mapped[Epoch]
    """When the whole directory was last compared with the mirror; 0 for never, or when it is to be done at once."""
    braked_at: Mapped[Epoch]
    """0 where nothing is stopped; else what follows tells why."""
    brake_reason: Mapped[str] = mapped_column(String(16))
    """share | empty."""
    brake_losses: Mapped[int] = mapped_column(Integer)
    brake_active: Mapped[int] = mapped_column(Integer)
    allowance: Mapped[int] = mapped_column(Integer)
    """Losses that an administrator has let through, until the next reconciliation."""
    counted_from: Mapped[Epoch]
    """Losses before this moment count for nothing any more."""
