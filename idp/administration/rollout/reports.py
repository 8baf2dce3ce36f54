"""The report of a campaign for a day, as a page to sign and as files; made again it is the same.

Source: Decree 30/2020 (``rollout.report``); security checklist 38: an agency's report is about the agency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...directory.ledger import UnitMirror
from ...pki.enrollment.working_days import WorkingDays
from ...pki.forms import Sheets
from ...roles import Administrator, Role
from ...rollout.chart import PAPER, Chart, draw
from ...rollout.reminders import ReminderStore, Reminding
from ...rollout.report import Issuer, Paper, paper, table
from ..audit.actors import Actors, Told
from ..pages import Page, Place, turned
from .campaigns import RolloutAdministration


@dataclass(frozen=True, slots=True)
class SignedPage:
    """The page that a leader signs, with its chart."""

    paper: Paper
    chart: Chart
    day: str


class RolloutReports:
    """Makes reports.

    Args:
        rollout: Gives the figures.
        units: What agencies are called.
        sheets: Files.
        calendar: Working days.
        province: What the province is called.
        reminders: Who was reminded.
        actors: Tells who is told of.
    """

    def __init__(self, rollout: RolloutAdministration, units: UnitMirror, sheets: Sheets,
                 calendar: WorkingDays, province: str, reminders: ReminderStore, actors: Actors) -> None:
        self._rollout, self._units, self._sheets = rollout, units, sheets
        self._calendar, self._province, self._reminders, self._actors = calendar, province, reminders, actors

    def page(self, who: Administrator, campaign_id: str, *, on: str = "") -> SignedPage:
        """Give the page for a day, the last that is over where none is named; errors as ``RolloutAdministration.one``."""
        campaign = self._rollout.seen(who, campaign_id)
        coverage = self._rollout.coverage(who, campaign_id, on=on or self._rollout.default_day(campaign).isoformat())
        # As agencies were called then; only one that stands in no list is called as it is now.
        names = {**{entry.unit.code: entry.unit.name for entry in self._units.units()}, **coverage.names}
        of = who.unit if who.role is Role.AGENCY else campaign.owner
        issuer = Issuer(self._province, names.get(of) or f"Ủy ban nhân dân {self._province[:1].lower()}{self._province[1:]}")
        return SignedPage(paper(coverage, issuer, self._calendar), draw(coverage, PAPER), coverage.last.day.isoformat())

    def file(self, who: Administrator, campaign_id: str, kind: str, *, on: str = "") -> bytes:
        """Give the figures of a day as a file of a kind (``FILES``); days and errors as ``page``."""
        campaign = self._rollout.seen(who, campaign_id)
        rows = table(self._rollout.coverage(who, campaign_id, on=on or self._rollout.default_day(campaign).isoformat()))
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, campaign.campaign_id)

    def reminders(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "", cursor: str = "", back: str = "",
                  limit: int) -> Page:
        """Give who was reminded of a campaign, of what, when and how often, the newest first.

        Args:
            who: As ``RolloutAdministration.missing``, and so the others; of an agency, who stands there or looks after it.
            campaign_id: See ``who``.
            on: Up to the end of this day.
            unit: See ``who``.
            cursor: See ``who``.
            back: See ``who``.
            limit: See ``who``.

        Raises:
            RefusedError: as ``RolloutAdministration.one``.
            InvalidParameterError: as ``RolloutAdministration.one``; a cursor that is none.
        """
        until = self._rollout.until(self._rollout.seen(who, campaign_id), on)

        def given(after: Place | None, before: Place | None, most: int) -> Sequence[tuple[int, Reminding]]:
            return self._reminders.told(campaign_id, unit=who.narrowed(unit), until=until, after=after[0] if after else None,
                                        before=before[0] if before else None, most=most)

        kept, further, earlier = turned(given, lambda one: (one[0],), (int,), cursor=cursor, back=back, limit=limit)
        told = self._actors.told(who)
        return Page([_shown_reminding(one, told) for _, one in kept], further, earlier)


def _shown_reminding(one: Reminding, told: Told) -> dict[str, Any]:
    return {"subject": one.sub, "name": one.name, "title": one.title, "unit_code": one.unit_code, "unit_name": one.unit_name,
            "at": one.at, "step": one.step or None, "cases": one.cases, "nth": one.nth, "by": told(one.actor) or None}
