"""Who stands in for whom, and acts that wait for a second person."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, Subject, Words


class DeputyRow(Base):
    """Whose role an officer has until a day (``administration.people.deputies``): one at a time; the trail has those before."""

    __tablename__ = "deputy"
    deputy: Mapped[Subject] = mapped_column(primary_key=True)
    deputy_id: Mapped[str] = mapped_column(String(32), unique=True)
    giver: Mapped[Subject] = mapped_column(index=True)
    unit: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Words]
    made_by: Mapped[Subject]
    made_at: Mapped[Epoch]
    ends_at: Mapped[Epoch]
    ended_by: Mapped[Subject]
    ended_at: Mapped[Epoch | None]
    reminded_at: Mapped[Epoch | None]
    """When both were told that it ends soon."""


class AccessStopRow(Base):
    """That an administrator stopped an officer's account here (``administration.people.stops``): the last time."""

    __tablename__ = "access_stop"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    reason: Mapped[Words]
    unit: Mapped[str] = mapped_column(String(64))
    """What whoever stopped it looks after; empty for the province."""
    stopped_by: Mapped[Subject]
    stopped_for: Mapped[Subject]
    """For whom they stood in; empty for nobody."""
    stopped_at: Mapped[Epoch]
    lifted_by: Mapped[Subject]
    lifted_at: Mapped[Epoch | None]


class FactorResetRow(Base):
    """That an officer's factors are to be taken away (``administration.people.two_persons``): the last time it was asked."""

    __tablename__ = "factor_reset"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    proposal_id: Mapped[str] = mapped_column(String(32), unique=True)
    reason: Mapped[Words]
    asked_by: Mapped[Subject]
    asked_for: Mapped[Subject]
    asked_at: Mapped[Epoch]
    expires_at: Mapped[Epoch]
    state: Mapped[str] = mapped_column(String(16))
    """open | approved | refused."""
    decided_by: Mapped[Subject]
    decided_at: Mapped[Epoch | None]
    done_at: Mapped[Epoch | None]
    __table_args__ = (Index("ix_factor_reset_asked_at", "asked_at", "proposal_id"),)


class TemporaryPassRow(Base):
    """An officer's temporary pass (``administration.people.temporary_access``): the last time that one was asked for."""

    __tablename__ = "temporary_pass"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    proposal_id: Mapped[str] = mapped_column(String(32), unique=True)
    reason: Mapped[Words]
    asked_by: Mapped[Subject]
    asked_for: Mapped[Subject]
    asked_at: Mapped[Epoch]
    expires_at: Mapped[Epoch]
    """Of the proposal."""
    state: Mapped[str] = mapped_column(String(16))
    """open | approved | refused | withdrawn | ended."""
    decided_by: Mapped[Subject]
    decided_at: Mapped[Epoch | None]
    hours: Mapped[int]
    several: Mapped[int]
    """1: it may be used several times."""
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the code, keyed; None where there is none, or none any more."""
    until: Mapped[Epoch | None]
    uses: Mapped[int]
    used_at: Mapped[Epoch | None]
    ended_at: Mapped[Epoch | None]
    ended_by: Mapped[Subject]
    __table_args__ = (Index("ix_temporary_pass_asked_at", "asked_at", "proposal_id"),)
