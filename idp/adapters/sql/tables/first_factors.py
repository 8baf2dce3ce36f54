"""Tables of first factors; ``tables`` has them under the same names."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch


class FactorDemandRow(Base):
    """When a second factor was first demanded of an officer, and since when no time is granted any more."""

    __tablename__ = "factor_demand"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked_at: Mapped[Epoch]
    ended_at: Mapped[Epoch | None]


class EnrolmentCodeRow(Base):
    """An officer's enrolment code (``authn.enrolment.codes``): one at a time, used or not."""

    __tablename__ = "enrolment_code"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    place: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """SHA-256 of the sign-in that it opened; None before it is used."""
    open_until: Mapped[Epoch | None]
