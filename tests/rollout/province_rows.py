"""Rows of the tables as they are, for counts that share nothing with the product's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from idp.adapters.sql.database import Database, parameter
from idp.adapters.sql.tables import CampaignMemberRow, EnrollmentEntryRow, EnrollmentRow

MEMBER: Any = CampaignMemberRow.__table__
ENTRY: Any = EnrollmentEntryRow.__table__
ENROLLMENT: Any = EnrollmentRow.__table__


def rows_of(database: Database, campaign_id: str) -> tuple[list[Any], list[Any]]:
    """Give the lines of a list, and all lines of the desk's history with their holders (``world.recount``)."""
    members = database.read(select(MEMBER.c.subject, MEMBER.c.at, MEMBER.c.act, MEMBER.c.agency_code).where(
        MEMBER.c.campaign_id == parameter(MEMBER.c.campaign_id)).order_by(MEMBER.c.id)).all(campaign_id=campaign_id)
    entries = database.read(select(ENROLLMENT.c.holder, ENTRY.c.enrollment_id, ENTRY.c.at, ENTRY.c.after).where(
        ENROLLMENT.c.enrollment_id == ENTRY.c.enrollment_id).order_by(ENTRY.c.id)).all()
    return members, entries
