"""Agencies of the province: the tree, its two forms of code, and from when to when each unit exists.

Sources: QĐ 20/2020/QĐ-TTg Articles 4-8 (codes from the left, ``H30.11.2``), QCVN 102:2016/BTTTT (codes from the right,
``000.02.11.H30``). The codes are the identity of an agency; names are not: two district units are called Long Mỹ. Both forms
are kept, because documents carry both, and the arithmetic below holds only for codes that were assigned from one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .officer import NOWHERE, Address, Post

_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,32}){0,4}\Z")
_CODE_2016 = re.compile(r"([0-9]{3})\.([0-9]{2})\.([0-9]{2})\.([A-Z][0-9]{2})\Z")
_MAX_CODE = 35


def is_unit_code(text: str) -> bool:
    """Tell whether this is a code in the form of 2020: groups of digits and A-Z, the province first, at most 35 characters."""
    return len(text) <= _MAX_CODE and _CODE.match(text) is not None


def to_code_2016(code: str) -> str:
    """Give the form of 2016 of a code in the form of 2020.

    Returns:
        For example ``000.02.11.H30`` for ``H30.11.2``; empty when the code has no such form (letters, numbers too large, more
        than four levels).
    """
    province, *groups = code.split(".")
    if not is_unit_code(code) or len(groups) > 3 or not all(group.isdigit() for group in groups):
        return ""
    two, three, four = [int(group) for group in groups] + [0] * (3 - len(groups))
    if two > 99 or three > 99 or four > 999:
        return ""
    return f"{four:03}.{three:02}.{two:02}.{province}"


def from_code_2016(code_2016: str) -> str:
    """Give the form of 2020 of a code in the form of 2016; empty when it is none."""
    found = _CODE_2016.match(code_2016)
    if found is None:
        return ""
    four, three, two = (int(found[n]) for n in (1, 2, 3))
    groups = [two, three, four]
    while groups and groups[-1] == 0:
        groups.pop()
    return "" if 0 in groups else ".".join([found[4], *map(str, groups)])


@dataclass(frozen=True, slots=True)
class Unit:
    """One agency, or a part of one.

    Attributes:
        code: Form of 2020; the identity.
        code_2016: Form of 2016; empty when none was assigned.
        name: Full name, NFC.
        kind: ``province``, ``department``, ``room``, ``district`` or ``commune``; empty when the directory does not say.
        valid_from: First day; None when the directory does not say.
        valid_to: Last day; None for units that go on.
        address: Where it is.
    """

    code: str
    code_2016: str
    name: str
    kind: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    address: Address = NOWHERE

    def exists_on(self, day: date) -> bool:
        """Tell whether the unit existed on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit's entry in the directory.

    Attributes:
        entry_uuid: The directory's stable identifier (RFC 4530), lower case.
        unit: What it says.
    """

    entry_uuid: str
    unit: Unit


class UnitTree:
    """All units by code. Parents follow from the codes, so there are no cycles to guard against."""

    def __init__(self, units: Iterable[Unit] = ()) -> None:
        self._units = {unit.code: unit for unit in units}

    def __len__(self) -> int:
        return len(self._units)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def unit(self, code: str) -> Unit | None:
        """Find by code, in either form."""
        return self._units.get(code) or self._units.get(from_code_2016(code))

    def post(self, code: str, title: str, *, fallback_name: str = "", ends_at: int = 0) -> Post:
        """Make a post in a unit; of a unit that the tree does not know, what the code and the fallback tell."""
        unit = self.unit(code)
        if unit is None:
            return Post(code, to_code_2016(code), fallback_name, title, ends_at)
        return Post(unit.code, unit.code_2016 or to_code_2016(unit.code), unit.name, title, ends_at)

    def address(self, code: str) -> Address:
        """Give the address of a unit; a room without one is where its agency is, and nobody else is where somebody above is."""
        unit = self.unit(code)
        if unit is None:
            return NOWHERE
        if unit.address == NOWHERE and unit.kind == "room":
            return self.address(unit.code.rpartition(".")[0])
        return unit.address

    def chain(self, code: str) -> Iterator[str]:
        """Give the code, then those above it, up to the province."""
        while code:
            yield code
            code = code.rpartition(".")[0]


def is_within(code: str, scope: str) -> bool:
    """Tell whether a unit is the scope itself or below it. ``H30.11`` is not within ``H30.1``."""
    return bool(scope) and (code == scope or code.startswith(scope + "."))
