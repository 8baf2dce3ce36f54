"""Lists of a campaign as files: who is missing, everybody, how the list changed, and who was reminded (``operation.files``).

Source: security checklist 38, 41. Each is the list that its page shows, of the day and the agency asked for; whoever looks after
an agency gets the agency's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...audit import AuditEvent, Caller
from ...errors import RefusedError
from ...pki.enrollment.working_days import ZONE
from ...roles import Administrator
from ...rollout.coverage import Coverage
from ...rollout.reminders import ReminderStore, Reminding
from ...rollout.report import member_rows, missing_rows, movement_rows, reminding_rows
from ...rollout.steps import Step
from ..operation.files import ListFile, ListFiles, Tick, asked_for, asked_unit, check_only, text_of
from .campaigns import RolloutAdministration
from .lists import MOVEMENTS, Shown, moved, wanted

LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "missing": (), "members": ("member_state", "step", "q"), "movements": ("movement", "q"), "reminders": ()}
"""Lists, and what else than day and agency each is narrowed by."""
_NAMES: Final = {"missing": "con-thieu", "members": "danh-sach", "movements": "bien-dong", "reminders": "da-nhac"}
_KNOWN: Final[Mapping[str, Sequence[str]]] = {"member_state": tuple(Shown), "step": tuple(Step), "movement": MOVEMENTS}
_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class _List:
    """A list before it is written.

    Attributes:
        rows: With headings.
        count: How many without them.
        about: For the records.
        as_of: Of when it is, as the name of the file has it: figures of a long list are up to ten minutes old.
    """

    rows: Iterable[Sequence[str]]
    count: int
    about: Mapping[str, str]
    as_of: str = ""


class CampaignFiles:
    """Gives them away.

    Args:
        rollout: Gives lists.
        reminders: Who was reminded.
        files: Gives lists of people away.
    """

    def __init__(self, rollout: RolloutAdministration, reminders: ReminderStore, files: ListFiles) -> None:
        self._rollout, self._reminders, self._files = rollout, reminders, files

    def count(self, who: Administrator, which: str, campaign_id: str, body: Mapping[str, Any]) -> int:
        """Tell how many rows a file would have; refuses what ``file`` refuses, and records nothing."""
        asked_for(body)
        return self._list(who, which, campaign_id, body).count

    def file(self, who: Administrator, which: str, campaign_id: str, body: Mapping[str, Any], caller: Caller,
             tick: Tick | None = None) -> ListFile:
        """Give a list as a file, which is recorded.

        Args:
            who: As ``RolloutAdministration.missing``; so ``campaign_id``.
            which: One of ``LISTS``.
            campaign_id: See ``who``.
            body: ``purpose``; ``on``, ``unit``, ``file`` (``operation.files.FILES``) and what ``LISTS`` has, as far as wanted.
            caller: Who asks.
            tick: Follows.

        Raises:
            RefusedError: as ``RolloutAdministration.one``; 422 as ``ListFiles.begin``, and for no such state, step or movement.
            InvalidParameterError: as ``RolloutAdministration.one``.
        """
        found = self._list(who, which, campaign_id, body)
        return self._files.begin(AuditEvent.CAMPAIGN_EXPORTED, who, body, caller,
                                 name=f"{campaign_id}-{_NAMES[which]}{found.as_of}",
                                 rows=found.rows, about=found.about, tick=tick, total=found.count)

    def _list(self, who: Administrator, which: str, campaign_id: str, body: Mapping[str, Any]) -> _List:
        check_only(body, "purpose", "on", "unit", "file", *LISTS[which])
        unit, on, narrowed = asked_unit(body), text_of(body, "on"), _narrowed(which, body)
        scope = who.narrowed(unit)
        told = {"campaign": campaign_id, "list": _NAMES[which], **({"unit": scope} if scope else {}),
                **{name: value for name, value in narrowed.items() if value and name != "q"}}
        if which == "reminders":
            return self._reminded(who, campaign_id, on, scope, told)
        coverage = self._rollout.coverage(who, campaign_id, on=on, unit=unit)
        count, rows = _WAYS[which](coverage, narrowed)
        day, at = coverage.last.day, datetime.fromtimestamp(coverage.at, ZONE)
        return _List(rows, count, told | {"day": day.isoformat()},
                     f"-den-{day:%Y%m%d}{at:-%Hh%M}" if at.date() == day else f"-den-{day:%Y%m%d}")

    def _reminded(self, who: Administrator, campaign_id: str, on: str, scope: str, told: Mapping[str, str]) -> _List:
        until = self._rollout.until(self._rollout.seen(who, campaign_id), on)

        def lines() -> Iterator[Reminding]:
            after: int | None = None
            while part := self._reminders.told(campaign_id, unit=scope, until=until, after=after, most=_AT_ONCE):
                yield from (one for _, one in part)
                after = part[-1][0]

        return _List(reminding_rows(lines()), self._reminders.count(campaign_id, unit=scope, until=until), told)


def _missing(coverage: Coverage, _narrowed: Mapping[str, str]) -> tuple[int, Iterable[Sequence[str]]]:
    return len(coverage.missing), missing_rows(coverage)


def _members(coverage: Coverage, narrowed: Mapping[str, str]) -> tuple[int, Iterable[Sequence[str]]]:
    people = coverage.people
    people = people.only(wanted(people, state=narrowed["member_state"], step=narrowed["step"], q=narrowed["q"]))
    return len(people), member_rows(people)


def _movements(coverage: Coverage, narrowed: Mapping[str, str]) -> tuple[int, Iterable[Sequence[str]]]:
    asked = {"act": narrowed["movement"], "q": narrowed["q"]}
    return sum(1 for _ in moved(coverage, **asked)), movement_rows(moved(coverage, **asked), coverage.names)


_WAYS: Final[Mapping[str, Callable[[Coverage, Mapping[str, str]], tuple[int, Iterable[Sequence[str]]]]]] = {
    "missing": _missing, "members": _members, "movements": _movements}


def _narrowed(which: str, body: Mapping[str, Any]) -> dict[str, str]:
    found = {name: text_of(body, name) for name in LISTS[which]}
    for name, value in found.items():
        if name in _KNOWN and value and value not in [str(one) for one in _KNOWN[name]]:
            raise RefusedError(f"{name}: one of {', '.join(map(str, _KNOWN[name]))}.", code="invalid_body", status=422)
    return found
