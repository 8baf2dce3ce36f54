"""The report of a campaign for a day, as a page to sign and as files; made again it is the same.

Source: Decree 30/2020 (``rollout.report``); security checklist 38: an agency's report is about the agency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...audit import AuditEvent, Caller
from ...directory.ledger import UnitMirror
from ...pki.enrollment.working_days import WorkingDays
from ...pki.forms import Sheets
from ...roles import Administrator, Role
from ...rollout.chart import PAPER, Chart, draw
from ...rollout.report import Issuer, Paper, missing_rows, paper, table
from .campaigns import RolloutAdministration
from .files import ListFile, ListFiles, asked_unit, check_only


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
        files: Gives lists of people away.
        sheets: Files.
        calendar: Working days.
        province: What the province is called.
    """

    def __init__(self, rollout: RolloutAdministration, units: UnitMirror, files: ListFiles, sheets: Sheets,
                 calendar: WorkingDays, province: str) -> None:
        self._rollout, self._units, self._files, self._sheets = rollout, units, files, sheets
        self._calendar, self._province = calendar, province

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

    def missing_file(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> ListFile:
        """Give all who are missing as a file, which is recorded.

        Args:
            who: As ``RolloutAdministration.missing``; so ``campaign_id``.
            campaign_id: See ``who``.
            body: ``purpose``; ``on``, ``unit`` and ``file`` (``FILES``) as far as wanted.
            caller: Who asks.

        Raises:
            RefusedError: as ``RolloutAdministration.one``; 422 as ``ListFiles.begin``.
            InvalidParameterError: as ``RolloutAdministration.one``.
        """
        check_only(body, "purpose", "on", "unit", "file")
        unit, on = asked_unit(body), body.get("on", "")
        coverage = self._rollout.coverage(who, campaign_id, on=on if isinstance(on, str) else "?", unit=unit)
        about = {"campaign": campaign_id, "day": coverage.last.day.isoformat()}
        return self._files.begin(
            AuditEvent.CAMPAIGN_EXPORTED, who, body, caller, name=f"{campaign_id}-con-thieu",
            about={**about, **({"unit": scope} if (scope := who.narrowed(unit)) else {})}, rows=missing_rows(coverage))
