"""Who stands in for whom, and acts that wait for a second person."""

from __future__ import annotations

from sqlalchemy import Index, String
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
