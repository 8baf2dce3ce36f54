"""People of a list while the days of a campaign pass.

In columns (``roll``), with few objects of their own for each: it is what a course of 100,000 people needs memory for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from .campaign import Goal, MemberEntry, Standing, standing
from .lines import Lines
from .roll import Columns, Mark
from .steps import next_step


class Change(NamedTuple):
    """One line of what happened; a tuple, because there are many.

    Attributes:
        subject: As in the list.
        at: When it was written, seconds since the epoch.
        item: What it is about, of several: the number of a request for a certificate; "" where there is one only.
        stage: Where it stands from then on: a state of the certificate desk, or ``1`` and ``0``.
    """

    subject: str
    at: int
    item: str
    stage: str


class Crowd:
    """Everybody who was ever in a list.

    Args:
        goal: Of the campaign.
        is_inside: Tells of a line whether it is of what is looked at; only they are in the sums.
    """

    def __init__(self, goal: Goal, is_inside: Callable[[MemberEntry], bool]) -> None:
        self._goal, self._reached, self._is_inside = goal, goal.reached, is_inside
        self.tallies: dict[str, list[int]] = {}
        """By the code of the agency: how many count, and how many of them are done."""
        self._numbers: dict[str, int] = {}
        self._lines = Lines()
        self._marks: list[Mark] = []
        self._stages: list[tuple[str, ...]] = []
        """Items with where they stand, one after the other; most have one."""
        self._since, self._placed, self._joined = array("q"), array("q"), array("q")
        self._done = bytearray()
        self._counting: list[list[int] | None] = []
        """The sums in which they are; None while they do not count."""
        self._early: dict[str, tuple[tuple[str, ...], int]] = {}
        """What stands of those who are not in the list yet, and since when."""
        self._same: dict[Mark, Mark] = {}

    def place(self, entry: MemberEntry) -> tuple[Standing | None, Standing]:
        """Take one more line of the list; gives where they stood before it, and stand after it."""
        number = self._numbers.get(entry.subject)
        before = None
        if number is None:
            number = self._numbers[entry.subject] = len(self._lines)
            self._come(entry)
        else:
            before = Standing(self._lines[number], *self._marks[number])
            self._placed[number] = entry.at
            if (sums := self._counting[number]) is not None:
                sums[0] -= 1
                sums[1] -= self._done[number]
        place = standing(before, entry)
        if before is not None and place.entry is entry:
            self._lines.replace(number, entry)
        mark = place[1:]
        self._marks[number] = self._same.setdefault(mark, mark)
        self._counting[number] = None
        if place.counts and self._is_inside(place.entry):
            sums = self._counting[number] = self.tallies.setdefault(place.entry.agency_code, [0, 0])
            sums[0] += 1
            sums[1] += self._done[number]
        return before, place

    def came(self, entry: MemberEntry) -> None:
        """Note that somebody came after the list was made."""
        self._joined[self._numbers[entry.subject]] = entry.at

    def note(self, line: Change) -> None:
        """Take one more line of what happened."""
        number = self._numbers.get(line.subject)
        if number is None:
            stages, _ = self._early.get(line.subject, ((), 0))
            self._early[line.subject] = _with(stages, line), line.at
            return
        stages = self._stages[number] = _with(self._stages[number], line)
        self._since[number] = line.at
        done = not self._reached.isdisjoint(stages[1::2])
        if done != self._done[number]:
            self._done[number] = done
            if (sums := self._counting[number]) is not None:
                sums[1] += 1 if done else -1

    def columns(self) -> Columns:
        """Give who is inside, by agency, name and subject; nothing more can be taken after that."""
        lines, marks = self._lines, self._marks
        order = [number for number, line in enumerate(lines) if self._is_inside(line)]
        # Three times by one text each: no key has to be made for anybody.
        order.sort(key=lines.subjects.__getitem__)
        order.sort(key=lines.names.__getitem__)
        order.sort(key=lines.agency)
        steps = [next_step(self._goal, self._stages[number][1::2]) for number in order]
        self._stages.clear()
        self._numbers.clear()
        since = array("q", (self._since[number] if _counts(marks[number]) else self._placed[number] for number in order))
        return Columns(lines.chosen(order), [marks[number] for number in order], steps, since,
                       bytearray(self._done[number] for number in order), array("q", (self._joined[number] for number in order)))

    def _come(self, entry: MemberEntry) -> None:
        stages, since = self._early.pop(entry.subject, ((), entry.at))
        self._lines.append(entry)
        self._marks.append((False, "", "", ""))
        self._stages.append(stages)
        self._since.append(since)
        self._placed.append(entry.at)
        self._joined.append(0)
        self._done.append(not self._reached.isdisjoint(stages[1::2]))
        self._counting.append(None)


def _with(stages: tuple[str, ...], line: Change) -> tuple[str, ...]:
    """Give where the items of somebody stand after one more line."""
    for place in range(0, len(stages), 2):
        if stages[place] == line.item:
            return (*stages[:place + 1], line.stage, *stages[place + 2:])
    return (*stages, line.item, line.stage)


def _counts(mark: Mark) -> bool:
    present, excluded, _, _ = mark
    return present and not excluded
