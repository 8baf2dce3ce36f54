"""Everybody of a campaign's list in columns: 100,000 people as objects of their own would take twice the memory.

Whoever looks at somebody gets a ``Member``, made for that look. The same few marks (who is present, who was taken out and why)
stand in very many, and are kept once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from functools import cached_property
from itertools import compress, islice
from typing import NamedTuple, overload

from .campaign import Standing
from .lines import Lines, spliced
from .members import Member, MemberState
from .steps import Step

Mark = tuple[bool, str, str, str]
"""What a ``Standing`` says beside its line: present, excluded, reason, note."""


class Columns(NamedTuple):
    """What is known of everybody, by their number, in the order of their places: the attributes of ``Member``."""

    lines: Lines
    marks: list[Mark]
    steps: list[Step]
    since: array[int]
    done: bytearray
    joined: array[int]

    def member(self, number: int) -> Member:
        """Give somebody."""
        return Member(Standing(self.lines[number], *self.marks[number]), self.steps[number], self.since[number],
                      bool(self.done[number]), self.joined[number])

    def exchanged(self, out: Container[str], more: Columns) -> Columns:
        """Give them without some subjects, and with others, who are in order too, at their places."""
        stay = bytes(subject not in out for subject in self.lines.subjects)
        kept = list(compress(range(len(stay)), stay))
        places = [bisect_left(kept, more.lines.place(number), key=self.lines.place) for number in range(len(more.lines))]
        return Columns(
            self.lines.spliced(stay, places, more.lines), spliced(self.marks, stay, places, more.marks),
            spliced(self.steps, stay, places, more.steps), array("q", spliced(self.since, stay, places, more.since)),
            bytearray(spliced(self.done, stay, places, more.done)), array("q", spliced(self.joined, stay, places, more.joined)))

    def state(self, number: int) -> MemberState:
        """Give how somebody stands."""
        if self.marks[number][0] and not self.marks[number][1]:
            return MemberState.DONE if self.done[number] else MemberState.MISSING
        return self.member(number).state


class Roll(Sequence[Member]):
    """A list of people by agency, name and subject.

    Args:
        columns: What is known of them.
        numbers: Who is in the list, in its order.
    """

    def __init__(self, columns: Columns, numbers: Sequence[int]) -> None:
        self.columns, self.numbers = columns, numbers

    @classmethod
    def whole(cls, columns: Columns) -> Roll:
        """Make one of everybody."""
        return cls(columns, range(len(columns.lines)))

    @classmethod
    def of(cls, people: Sequence[Member]) -> Roll:
        """Make one of people that there are."""
        marks = [one.place[1:] for one in people]
        return cls.whole(Columns(Lines(one.entry for one in people), marks, [one.step for one in people],
                           array("q", (one.since for one in people)), bytearray(one.done for one in people),
                                 array("q", (one.joined_at for one in people))))

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Member: ...

    @overload
    def __getitem__(self, place: slice) -> list[Member]: ...

    def __getitem__(self, place: int | slice) -> Member | list[Member]:
        if isinstance(place, slice):
            return list(map(self.columns.member, self.numbers[place]))
        return self.columns.member(self.numbers[place])

    def __iter__(self) -> Iterator[Member]:
        return map(self.columns.member, self.numbers)

    @cached_property
    def missing(self) -> Roll:
        """Those who count and have not reached the goal."""
        marks, done = self.columns.marks, self.columns.done
        return Roll(self.columns, array("I", (n for n in self.numbers if not done[n] and marks[n][0] and not marks[n][1])))

    @cached_property
    def excluded(self) -> Roll:
        """Those who do not count."""
        marks = self.columns.marks
        return Roll(self.columns, array("I", (n for n in self.numbers if not marks[n][0] or marks[n][1])))

    def only(self, is_wanted: Callable[[int], bool]) -> Roll:
        """Give those who are meant; asked for numbers of the columns."""
        return Roll(self.columns, array("I", filter(is_wanted, self.numbers)))

    def of_agency(self, code: str) -> Roll:
        """Give those of an agency, who stand together."""
        agency = self.columns.lines.agency
        first, last = (bisect(self.numbers, code, key=agency) for bisect in (bisect_left, bisect_right))
        return Roll(self.columns, self.numbers[first:last])

    @property
    def oldest(self) -> int:
        """When something last happened to whoever has waited longest; 0 where nobody is."""
        return min((self.columns.since[number] for number in self.numbers), default=0)

    def steps(self) -> Counter[Step]:
        """Count them by what is to be done next."""
        return Counter(map(self.columns.steps.__getitem__, self.numbers))

    def before(self, place: tuple[str, ...]) -> Iterator[int]:
        """Give the numbers of those who stand before a place (agency, name, subject), the last first."""
        return (self.numbers[n] for n in range(bisect_left(self.numbers, place, key=self.columns.lines.place) - 1, -1, -1))

    def after(self, place: tuple[str, ...] | None) -> Iterator[int]:
        """Give the numbers of those who stand behind a place, the first first; None for all."""
        first = bisect_right(self.numbers, place, key=self.columns.lines.place) if place is not None else 0
        return islice(self.numbers, first, None)

    @cached_property
    def _waiting(self) -> array[int]:
        """The same by since when and subject; kept, because it takes as long as a page may."""
        subjects, since = self.columns.lines.subjects, self.columns.since
        by_subject = sorted(self.numbers, key=subjects.__getitem__)
        return array("I", sorted(by_subject, key=since.__getitem__))

    def behind(self, place: tuple[int, str] | None) -> Iterator[int]:
        """Give the numbers of those who wait less long than at a place (since when, subject), the longest first; None: of all."""
        first = bisect_right(self._waiting, place, key=self._since) if place is not None else 0
        return islice(self._waiting, first, None)

    def ahead(self, place: tuple[int, str]) -> Iterator[int]:
        """Give the numbers of those who have waited for longer than at a place, the shortest first."""
        return (self._waiting[n] for n in range(bisect_left(self._waiting, place, key=self._since) - 1, -1, -1))

    def _since(self, number: int) -> tuple[int, str]:
        return self.columns.since[number], self.columns.lines.subjects[number]
