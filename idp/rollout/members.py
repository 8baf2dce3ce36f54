"""Everybody of a campaign's list with how they stand, how the list changed, and the numbers that say why another number counts.

Source: Decree 30/2020: a report whose denominator is another than last week's says who came and who went (``coverage``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .campaign import MemberAct, MemberEntry, Standing
from .steps import Step


class MemberState(StrEnum):
    """How somebody of a list stands."""

    DONE = "done"
    MISSING = "missing"
    EXCLUDED = "excluded"
    """An administrator took them out, or they were barred when the list was made."""
    LEFT = "left"


class Member(NamedTuple):
    """Somebody of a list; a tuple as its lines are.

    Attributes:
        place: Where they stand in the list.
        step: What is to be done next for who has not reached the goal; of others it says nothing.
        since: When something last happened: to them, or, of those who do not count, to their place in the list.
        done: They have reached it, whether they count or not.
        joined_at: When they came, of those who came after the list was made; 0 of all others.
    """

    place: Standing
    step: Step
    since: int
    done: bool
    joined_at: int = 0

    @property
    def entry(self) -> MemberEntry:
        """The line that says who and where they are."""
        return self.place.entry

    @property
    def state(self) -> MemberState:
        """How they stand."""
        if self.place.counts:
            return MemberState.DONE if self.done else MemberState.MISSING
        was_in = not self.place.present and self.place.entry.act is not MemberAct.LEFT_OUT
        return MemberState.LEFT if was_in else MemberState.EXCLUDED

    @property
    def reason(self) -> str:
        """Why they do not count (``Reason``); "" of those who do."""
        return "" if self.place.counts else self.place.reason if self.state is MemberState.LEFT else (
            self.place.excluded or self.place.reason)


class Movement(NamedTuple):
    """One change of the list after it was made, by which somebody counts now, counts no longer, or counts elsewhere.

    Attributes:
        entry: The line.
        act: ``JOINED``, ``LEFT``, ``MOVED`` (from one agency to another), ``EXCLUDED`` or ``RESTORED``. To whoever sees a part
            of the list only, who comes from elsewhere has joined it.
        origin: Code of the agency where they were; "" of those who joined.
    """

    entry: MemberEntry
    act: MemberAct
    origin: str


@dataclass(frozen=True, slots=True)
class Flow:
    """How the number of those who count in an agency came about; the six together give it.

    Attributes:
        listed: Counted when the list was made.
        joined: Came since then, and so on; who comes twice is counted twice.
        excluded: Are there now, and an administrator took them out.
    """

    listed: int = 0
    joined: int = 0
    moved_in: int = 0
    left: int = 0
    moved_out: int = 0
    excluded: int = 0

    @property
    def counted(self) -> int:
        """How many count now."""
        return self.listed + self.joined + self.moved_in - self.left - self.moved_out - self.excluded

    @property
    def numbers(self) -> tuple[int, int, int, int, int, int]:
        """Listed, joined, moved in, left, moved out and excluded: the order in which tables have them."""
        return self.listed, self.joined, self.moved_in, self.left, self.moved_out, self.excluded


class Ledger:
    """Writes down how a list changes."""

    def __init__(self) -> None:
        self.movements: list[Movement] = []
        self._sums: dict[str, Counter[str]] = {}

    def note(self, entry: MemberEntry, before: str | None, after: str | None, *, inside: bool) -> None:
        """Write a line down.

        Args:
            entry: The line.
            before: Code of the agency where they were present; None for none that is looked at.
            after: The same after the line.
            inside: They stand in what is looked at, present or not.
        """
        if entry.act is MemberAct.INCLUDED:
            self._add(after, "listed")
        elif entry.act in (MemberAct.EXCLUDED, MemberAct.RESTORED):
            if inside:
                self.movements.append(Movement(entry, entry.act, before or ""))
        elif before != after:
            act = MemberAct.JOINED if before is None else MemberAct.LEFT if after is None else MemberAct.MOVED
            self.movements.append(Movement(entry, act, before or ""))
            self._add(before, "left" if after is None else "moved_out")
            self._add(after, "joined" if before is None else "moved_in")

    def flows(self, places: Iterable[Standing]) -> dict[str, Flow]:
        """Give the numbers of agencies, with those who stand there and were taken out."""
        for place in places:
            if place.present and place.excluded:
                self._add(place.entry.agency_code, "excluded")
        return {code: Flow(**sums) for code, sums in sorted(self._sums.items())}

    def _add(self, code: str | None, name: str) -> None:
        if code is not None:
            self._sums.setdefault(code, Counter())[name] += 1


def place_of(entry: MemberEntry) -> tuple[str, str, str]:
    """Give where somebody stands in lists: by agency, name and subject."""
    return entry.agency_code, entry.name, entry.subject
