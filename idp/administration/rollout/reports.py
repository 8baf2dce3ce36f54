"""The report of a campaign for a day, as a page to sign and as files; made again it is the same.

Source: Decree 30/2020 (``rollout.report``); security checklist 38: an agency's report is about the agency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...audit import AuditEvent, Caller
from ...directory.ledger import UnitMirror
from ...errors import RefusedError
from ...pki.enrollment.working_days import WorkingDays
from ...pki.forms import Sheets
from ...roles import Administrator, Role
from ...rollout.chart import PAPER, Chart, draw
from ...rollout.coverage import Coverage
from ...rollout.reminders import ReminderStore, Reminding
from ...rollout.report import Issuer, Paper, member_rows, missing_rows, movement_rows, paper, reminding_rows, table
from ...rollout.steps import Step
from ..operation.files import ListFile, ListFiles, Tick, asked_for, asked_unit, check_only, text_of
from ..pages import Page, Place, turned
from .campaigns import RolloutAdministration
from .lists import MOVEMENTS, Shown, moved, wanted

_AT_ONCE: Final = 2000


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
        reminders: Who was reminded.
    """

    def __init__(self, rollout: RolloutAdministration, units: UnitMirror, files: ListFiles, sheets: Sheets,
                 calendar: WorkingDays, province: str, reminders: ReminderStore) -> None:
        self._rollout, self._units, self._files, self._sheets = rollout, units, files, sheets
        self._calendar, self._province, self._reminders = calendar, province, reminders

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

    def check_missing(self, who: Administrator, campaign_id: str, body: Mapping[str, Any]) -> None:
        """Refuse what ``missing_file`` refuses, and record nothing."""
        check_only(body, "purpose", "on", "unit", "file")
        asked_for(body)
        self._rollout.coverage(who, campaign_id, on=text_of(body, "on"), unit=asked_unit(body))

    def missing_file(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller,
                     tick: Tick | None = None) -> ListFile:
        """Give all who are missing as a file, which is recorded.

        Args:
            who: As ``RolloutAdministration.missing``; so ``campaign_id``.
            campaign_id: See ``who``.
            body: ``purpose``; ``on``, ``unit`` and ``file`` (``FILES``) as far as wanted.
            caller: Who asks.
            tick: Follows.

        Raises:
            RefusedError: as ``RolloutAdministration.one``; 422 as ``ListFiles.begin``.
            InvalidParameterError: as ``RolloutAdministration.one``.
        """
        check_only(body, "purpose", "on", "unit", "file")
        return self._list(who, campaign_id, body, caller, "con-thieu", missing_rows, tick)

    def members_file(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> ListFile:
        """Give everybody of the list with how they stand as a file, which is recorded.

        Args:
            who: As ``missing_file``; so ``campaign_id``.
            campaign_id: See ``who``.
            body: ``purpose``; ``on``, ``unit``, ``member_state``, ``step``, ``q`` and ``file`` as far as wanted.
            caller: Who asks.

        Raises:
            RefusedError: as ``missing_file``; 422 for no such state or step.
            InvalidParameterError: as ``missing_file``.
        """
        check_only(body, "purpose", "on", "unit", "file", "member_state", "step", "q")
        state, step, q = _one_of(body, "member_state", Shown), _one_of(body, "step", Step), text_of(body, "q")
        is_wanted = wanted(state=state, step=step, q=q)
        return self._list(who, campaign_id, body, caller, "danh-sach",
                          lambda coverage: member_rows(filter(is_wanted, coverage.people)), None,
                          **({"state": state} if state else {}), **({"step": step} if step else {}))

    def movements_file(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> ListFile:
        """Give how the list changed as a file, which is recorded: ``movement`` and ``q``; else as ``members_file``."""
        check_only(body, "purpose", "on", "unit", "file", "movement", "q")
        act, q = _one_of(body, "movement", MOVEMENTS), text_of(body, "q")
        return self._list(who, campaign_id, body, caller, "bien-dong",
                          lambda coverage: movement_rows(moved(coverage, act=act, q=q), coverage.names), None,
                          **({"movement": act} if act else {}))

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
        return Page([_shown_reminding(one) for _, one in kept], further, earlier)

    def reminders_file(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> ListFile:
        """Give the same as a file, which is recorded; arguments and errors as ``missing_file``."""
        check_only(body, "purpose", "on", "unit", "file")
        unit = asked_unit(body)
        campaign = self._rollout.seen(who, campaign_id)
        until = self._rollout.until(campaign, text_of(body, "on"))
        scope = who.narrowed(unit)

        def lines() -> Iterator[Reminding]:
            after: int | None = None
            while part := self._reminders.told(campaign_id, unit=scope, until=until, after=after, most=_AT_ONCE):
                yield from (one for _, one in part)
                after = part[-1][0]

        return self._files.begin(
            AuditEvent.CAMPAIGN_EXPORTED, who, body, caller, name=f"{campaign_id}-da-nhac", rows=reminding_rows(lines()),
            about={"campaign": campaign_id, "list": "da-nhac", **({"unit": scope} if scope else {})})

    def _list(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller, name: str,
              rows: Callable[[Coverage], Iterable[Sequence[str]]], tick: Tick | None, **about: str) -> ListFile:
        unit, on = asked_unit(body), text_of(body, "on")
        coverage = self._rollout.coverage(who, campaign_id, on=on, unit=unit)
        scope = who.narrowed(unit)
        return self._files.begin(
            AuditEvent.CAMPAIGN_EXPORTED, who, body, caller, name=f"{campaign_id}-{name}", rows=rows(coverage), tick=tick,
            about={"campaign": campaign_id, "list": name, "day": coverage.last.day.isoformat(),
                   **({"unit": scope} if scope else {}), **about})


def _shown_reminding(one: Reminding) -> dict[str, Any]:
    return {"subject": one.sub, "name": one.name, "title": one.title, "unit_code": one.unit_code, "unit_name": one.unit_name,
            "at": one.at, "step": one.step or None, "cases": one.cases, "nth": one.nth, "by": one.actor or None}


def _one_of(body: Mapping[str, Any], name: str, known: Iterable[str]) -> str:
    value, words = text_of(body, name), [str(one) for one in known]
    if value and value not in words:
        raise RefusedError(f"{name}: one of {', '.join(words)}.", code="invalid_body", status=422)
    return value
