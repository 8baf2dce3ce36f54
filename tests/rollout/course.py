"""A campaign that was made up: so many reach its goal, evenly, in agencies of twenty."""

from __future__ import annotations

from datetime import date, timedelta

from idp.pki.enrollment.working_days import start_of
from idp.rollout.campaign import Campaign, CampaignEntry, Goal, MemberAct, MemberEntry, Population
from idp.rollout.coverage import Coverage, follow
from idp.rollout.crowd import Change

FIRST = date(2026, 10, 1)
DEADLINE = date(2026, 12, 15)


def course(done: int, *, people: int = 400, days: int = 53, goal: Goal = Goal.MAILBOX, deadline: date = DEADLINE,
           name: str = "Hộp thư cho QLVB", agency: str = "=Sở") -> Coverage:
    """Give a campaign in which so many reach the goal one by one from the second day on, in agencies of twenty."""
    at = start_of(FIRST) + 3600
    members = [MemberEntry(f"s{n:03}", at, MemberAct.INCLUDED, f"Nguyễn Văn Mẫu {n:03}", "Chuyên viên", f"H30.{n // 20 + 1}",
                           f"{agency} {n // 20 + 1}", f"H30.{n // 20 + 1}", f"{agency} {n // 20 + 1}") for n in range(people)]
    changes = [Change(f"s{n:03}", at + 86400 + n * (days - 1) * 86400 // max(done - 1, 1), "", "1") for n in range(done)]
    campaign = Campaign("CD-2026-0001", name, goal, Population(), "", at, "", (CampaignEntry(at, "created", "", deadline),))
    until = FIRST + timedelta(days=days)
    return follow(campaign, members, changes, until=until, now=start_of(until) + 86400)
