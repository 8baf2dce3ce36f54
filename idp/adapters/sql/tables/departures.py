"""Tables of what follows an officer's departure."""

from __future__ import annotations

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, Subject, Words


class DepartureRow(Base):
    """The last time that an officer lost their access: since when, until when, and whether the factors work again."""

    __tablename__ = "departure"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))
    """disabled | removed."""
    left_at: Mapped[Epoch]
    returned_at: Mapped[Epoch | None]
    released_at: Mapped[Epoch | None]
    """When an administrator released the factors; frozen before."""


class TaskRow(Base):
    """Something that people have to do about an officer."""

    __tablename__ = "task"
    task_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """A value of ``directory.tasks.TaskKind``."""
    sub: Mapped[Subject]
    cause: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[Epoch]
    due_at: Mapped[Epoch]
    state: Mapped[str] = mapped_column(String(16))
    """open | done."""
    done_at: Mapped[Epoch | None]
    done_by: Mapped[Subject]
    proof: Mapped[Words]
    __table_args__ = (UniqueConstraint("sub", "kind", "cause"), Index("ix_task_state_due_at", "state", "due_at", "task_id"))


A_GUEST = text("guest <> ''")
"""Condition of the index by which guests are found; few officers are."""
NOT_ACTIVE = text("status <> 'active'")
"""Condition of the index by which officers are found who may not sign in; most may."""
