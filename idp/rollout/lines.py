"""Lines of a list in columns: of 100,000 lines most say the same but for who it is, and that is kept once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, TypeVar, overload

from ..directory.mirror import search_key, search_keys
from .campaign import MemberEntry

Rest = tuple[Any, ...]
"""The act, then what stands in a ``MemberEntry`` behind the name."""
_TITLE, _UNIT_CODE, _UNIT, _AGENCY = 1, 2, 3, 4
Value = TypeVar("Value")


class Lines(Sequence[MemberEntry]):
    """Lines, each made when it is looked at."""

    def __init__(self, lines: Iterable[MemberEntry] = ()) -> None:
        self.subjects: list[str] = []
        self.names: list[str] = []
        self.moments = array("q")
        self.rests: list[Rest] = []
        self._same: dict[Rest, Rest] = {}
        for line in lines:
            self.append(line)

    def append(self, line: MemberEntry) -> None:
        """Add a line."""
        subject, at, act, name, *rest = line
        self.add(subject, at, name, (act, *rest))

    def add(self, subject: str, at: int, name: str, rest: Rest) -> None:
        """Add a line by its parts."""
        self.subjects.append(subject)
        self.moments.append(at)
        self.names.append(name)
        self.rests.append(self._same.setdefault(rest, rest))

    def replace(self, number: int, line: MemberEntry) -> None:
        """Put a line in the place of another."""
        subject, at, act, name, *more = line
        rest: Rest = (act, *more)
        self.subjects[number], self.moments[number], self.names[number] = subject, at, name
        self.rests[number] = self._same.setdefault(rest, rest)

    def chosen(self, numbers: Sequence[int]) -> Lines:
        """Give some of them, in another order."""
        found = Lines()
        found.subjects = [self.subjects[number] for number in numbers]
        found.names = [self.names[number] for number in numbers]
        found.moments = array("q", (self.moments[number] for number in numbers))
        found.rests = [self.rests[number] for number in numbers]
        return found

    def spliced(self, stay: bytes, places: Sequence[int], more: Lines) -> Lines:
        """Give some of them, with others that come in among them (``spliced``)."""
        found = Lines()
        found.subjects = spliced(self.subjects, stay, places, more.subjects)
        found.names = spliced(self.names, stay, places, more.names)
        found.moments = array("q", spliced(self.moments, stay, places, more.moments))
        found.rests = spliced(self.rests, stay, places, more.rests)
        return found

    def place(self, number: int) -> tuple[str, str, str]:
        """Give where a line stands in lists: by agency, name and subject."""
        return self.agency(number), self.names[number], self.subjects[number]

    @cached_property
    def keys(self) -> Sequence[str]:
        """What searches look at (``directory.mirror.search_key``), by line: name, title and agency. Kept for the next search."""
        of = {rest: search_key(rest[_TITLE], rest[_UNIT]) for rest in set(self.rests)}
        return [f"{name} {of[rest]}" for name, rest in zip(search_keys(self.names), self.rests, strict=True)]

    def agency(self, number: int) -> str:
        """Give the code of the agency of a line."""
        return str(self.rests[number][_AGENCY])

    def unit(self, number: int) -> str:
        """Give the code of the unit of a line, which may be one below the agency."""
        return str(self.rests[number][_UNIT_CODE])

    def __len__(self) -> int:
        return len(self.subjects)

    @overload
    def __getitem__(self, number: int) -> MemberEntry: ...

    @overload
    def __getitem__(self, number: slice) -> list[MemberEntry]: ...

    def __getitem__(self, number: int | slice) -> MemberEntry | list[MemberEntry]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        act, *rest = self.rests[number]
        return MemberEntry(self.subjects[number], self.moments[number], act, self.names[number], *rest)


def spliced(column: Sequence[Value], stay: bytes, places: Sequence[int], more: Sequence[Value]) -> list[Value]:
    """Give some values of a column, with others that come in among them.

    Args:
        column: The values.
        stay: 1 for each of them that stays, 0 for each that does not.
        places: Behind how many of those that stay each of the others comes, in order.
        more: The others.
    """
    kept = list(compress(column, stay))
    found: list[Value] = []
    last = 0
    for value, place in zip(more, places, strict=True):
        found += kept[last:place]
        found.append(value)
        last = place
    return found + kept[last:]
