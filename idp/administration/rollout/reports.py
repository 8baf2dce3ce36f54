"""The report of a campaign for a day, as a page to sign and as files; made again it is the same.

Source: Decree 30/2020 (``rollout.report``); security checklist 38: an agency's report is about the agency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...directory.ledger import UnitMirror
from ...pki.enrollment.working_days import WorkingDays
from ...pki.forms import Sheets
from ...roles import Administrator, Role
from ...rollout.chart import PAPER, Chart, draw
from ...rollout.report import Issuer, Paper, missing_table, paper, table
from .campaigns import RolloutAdministration

FILES: Final = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""Media types of files, by the end of their names."""


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
    """

    def __init__(self, rollout: RolloutAdministration, units: UnitMirror, sheets: Sheets, calendar: WorkingDays,
                 province: str) -> None:
        self._rollout, self._units, self._sheets = rollout, units, sheets
        self._calendar, self._province = calendar, province

    def page(self, who: Administrator, campaign_id: str, *, on: str = "") -> SignedPage:
        """Give the page for a day, the last that is over where none is named; errors as ``RolloutAdministration.one``."""
        campaign = self._rollout.seen(who, campaign_id)
        coverage = self._rollout.coverage(who, campaign_id, on=on or self._rollout.default_day(campaign).isoformat())
        names = {entry.unit.code: entry.unit.name for entry in self._units.units()}
        of = who.unit if who.role is Role.AGENCY else campaign.owner
        issuer = Issuer(self._province, names.get(of) or f"Ủy ban nhân dân {self._province[:1].lower()}{self._province[1:]}")
        return SignedPage(paper(coverage, issuer, self._calendar), draw(coverage, PAPER), coverage.last.day.isoformat())

    def file(self, who: Administrator, campaign_id: str, kind: str, *, on: str = "") -> bytes:
        """Give the figures of a day as a file of a kind (``FILES``); days and errors as ``page``."""
        campaign = self._rollout.seen(who, campaign_id)
        rows = table(self._rollout.coverage(who, campaign_id, on=on or self._rollout.default_day(campaign).isoformat()))
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, campaign.campaign_id)

    def missing_file(self, who: Administrator, campaign_id: str, kind: str, *, on: str = "", unit: str = "") -> bytes:
        """Give all who are missing as a file of a kind; arguments and errors as ``RolloutAdministration.missing``."""
        rows = missing_table(self._rollout.coverage(who, campaign_id, on=on, unit=unit))
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, campaign_id)
