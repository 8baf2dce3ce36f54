"""How far applications are on their way to single sign-on."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, ClientId, Epoch


class ClientStepRow(Base):
    """A step that an application has taken (``administration.applications.onboarding.Done``)."""

    __tablename__ = "client_step"
    client_id: Mapped[ClientId] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[Epoch]
    about: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column("by_sub", String(64))
    note: Mapped[str] = mapped_column(Text)
