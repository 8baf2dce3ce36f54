"""Everybody of a campaign's list in columns: 100,000 people as objects of their own would take twice the memory.

Whoever looks at somebody gets a ``Member``, made for that look. The same few marks (who is present, who was taken out and why)
stand in very many, and are kept once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, overload

from .campaign import Standing
from .lines import Lines
from .members import Member
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


class Roll(Sequence[Member]):
    """A list of people by agency, name and subject.

    Args:
        columns: What is known of them.
        numbers: Who is in the list, in its order.
    """

    def __init__(self, columns: Columns, numbers: Sequence[int]) -> None:
        self.columns, self.numbers = columns, numbers

    @classmethod
    def of(cls, people: Sequence[Member]) -> Roll:
        """Make one of people that there are."""
        marks = [one.place[1:] for one in people]
        return cls(Columns(Lines(one.entry for one in people), marks, [one.step for one in people],
                           array("q", (one.since for one in people)), bytearray(one.done for one in people),
                           array("q", (one.joined_at for one in people))), range(len(people)))

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
    def _waiting(self) -> array[int]:
        """The same by since when and subject; kept, because it takes as long as a page may."""
        subjects, since = self.columns.lines.subjects, self.columns.since
        by_subject = sorted(self.numbers, key=subjects.__getitem__)
        return array("I", sorted(by_subject, key=since.__getitem__))

    def behind(self, place: tuple[int, str] | None) -> Iterator[Member]:
        """Give those who wait less long than at a place (since when, subject), the longest first; None for all."""
        first = bisect_right(self._waiting, place, key=self._since) if place is not None else 0
        return (self.columns.member(self._waiting[n]) for n in range(first, len(self)))

    def ahead(self, place: tuple[int, str]) -> Iterator[Member]:
        """Give those who have waited for longer than at a place, the shortest first."""
        upto = bisect_left(self._waiting, place, key=self._since)
        return (self.columns.member(self._waiting[n]) for n in range(upto - 1, -1, -1))

    def _since(self, number: int) -> tuple[int, str]:
        return self.columns.since[number], self.columns.lines.subjects[number]
