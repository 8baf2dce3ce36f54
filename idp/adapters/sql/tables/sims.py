"""Signing SIMs and their history; rows and lines are never deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject, Words

LIVE_STATES = ("requested", "number_verified", "agency_approved", "approved", "card_given", "bound", "active", "pin_blocked")
"""States of ``signing.sims.sim.LIVE``, as the indexes have them (tested)."""
_LIVE = text("state IN (" + ", ".join(f"'{state}'" for state in LIVE_STATES) + ")")
_CARD = text("iccid <> '' AND state IN (" + ", ".join(f"'{state}'" for state in LIVE_STATES) + ")")
_DOUBTED, _UNDECIDED = text("doubt <> ''"), text("decision = ''")


class SimRow(Base):
    """One SIM (``signing.sims.sim.Sim``)."""

    __tablename__ = "sim"
    sim_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sub: Mapped[Subject] = mapped_column(index=True)
    unit_code: Mapped[str] = mapped_column(String(64), index=True)
    unit_name: Mapped[Words]
    seal: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[Words]
    msisdn: Mapped[str] = mapped_column(String(16), index=True)
    carrier: Mapped[str] = mapped_column(String(32))
    iccid: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)
    since: Mapped[Epoch]
    created_at: Mapped[Epoch]
    requester: Mapped[str] = mapped_column(String(64))
    agency_approver: Mapped[str] = mapped_column(String(64))
    province_approver: Mapped[str] = mapped_column(String(64))
    owner_match: Mapped[bool | None] = mapped_column(Boolean)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    serial: Mapped[str] = mapped_column(String(40))
    authority: Mapped[str] = mapped_column(String(64))
    login_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    login_serial: Mapped[str | None] = mapped_column(String(40))
    login_authority: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[Words]
    code_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_until: Mapped[Epoch]
    code_tries: Mapped[int] = mapped_column(Integer)
    test_transaction: Mapped[str] = mapped_column(String(40))
    to_revoke: Mapped[str] = mapped_column(String(8), server_default="")
    checked_at: Mapped[Epoch]
    doubt: Mapped[str] = mapped_column(String(24), server_default="")
    """``sim_doubt.doubt_id``; empty where it is in none."""
    revision: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_sim_since", "since", "sim_id"),
                      Index("uq_sim_number", "msisdn", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
                      Index("ix_sim_to_revoke", "to_revoke", sqlite_where=text("to_revoke <> ''"),
                            postgresql_where=text("to_revoke <> ''")),
                      Index("ix_sim_doubt", "doubt", sqlite_where=_DOUBTED, postgresql_where=_DOUBTED),
                      Index("uq_sim_card", "iccid", unique=True, sqlite_where=_CARD, postgresql_where=_CARD))


class SimEntryRow(Base):
    """One line of a SIM's history (``signing.sims.sim.Entry``)."""

    __tablename__ = "sim_entry"
    id: Mapped[RowId]
    sim_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Epoch] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(64))
    detail: Mapped[Words]
    __table_args__ = (Index("uq_sim_entry_line", "sim_id", "number", unique=True),)


class SimDoubtRow(Base):
    """What a carrier says of too many SIMs at once (``signing.sims.brake.Doubt``)."""

    __tablename__ = "sim_doubt"
    doubt_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    carrier: Mapped[str] = mapped_column(String(32))
    began_at: Mapped[Epoch]
    decision: Mapped[str] = mapped_column(String(8))
    """Empty, ``confirm`` or ``dismiss``."""
    decided_at: Mapped[Epoch | None]
    __table_args__ = (Index("uq_sim_doubt_open", "carrier", unique=True, sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),)


class SimBrakeRow(Base):
    """How many SIMs of a carrier have ended as exchanged since its day began."""

    __tablename__ = "sim_brake"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    began_at: Mapped[Epoch]
    ended: Mapped[int] = mapped_column(Integer)
