"""Tables of what the province says to everybody, and of who has read what everybody must."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, Subject, Words


class AnnouncementRow(Base):
    """An announcement on the sign-in page or in the portal (``notices.announcements``)."""

    __tablename__ = "announcement"
    announcement_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    level: Mapped[str] = mapped_column(String(16))
    """info | warning."""
    places: Mapped[str] = mapped_column(String(32))
    """sign_in | portal | both, separated by a space."""
    text_vi: Mapped[Words]
    text_en: Mapped[Words]
    from_at: Mapped[Epoch]
    until_at: Mapped[Epoch] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(Integer)
    made_by: Mapped[Subject]
    made_at: Mapped[Epoch]
    __table_args__ = (Index("ix_announcement_from_at", "from_at", "announcement_id"),)


class NoticeReadingRow(Base):
    """That an officer has read a version of the notice about personal data (``notices.personal_data``)."""

    __tablename__ = "notice_reading"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    read_at: Mapped[Epoch]
