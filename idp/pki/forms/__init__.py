"""Numbered lists that agencies fill: rows of a sheet in, checked values out, and the other way round.

Sources: Decree 68/2024 (the numbered forms), the working sheets that agencies really exchange. A list is read row by row: what is
wrong with one row is said of that row, with its column, and keeps no other row back. Nothing here looks anything up; whether an
officer, a unit or a device exists is asked by who takes the rows. Cells come from the port ``Sheets``; here nobody knows what a
file looks like inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from ...errors import RefusedError

Cell = str | int | float | date | None
"""What a cell holds: text, a number, a day, or nothing. A moment in time comes as its day."""

LONGEST_FILE = 8 * 2**20
"""Bytes of a file."""
MOST_ROWS = 20_000
"""Rows of one list; what has more is sent in parts."""


class Flaw(StrEnum):
    """Everything that can be wrong with a row or a list. Each has its sentence in ``report``."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    """Signs that no text of people holds (control characters, signs without meaning)."""
    NOT_A_DATE = "not_a_date"
    NO_SUCH_DAY = "no_such_day"
    IN_THE_FUTURE = "in_the_future"
    NOT_AN_IDENTITY_NUMBER = "not_an_identity_number"
    NOT_A_PHONE = "not_a_phone"
    NOT_A_MAIL = "not_a_mail"
    NOT_A_SERIAL = "not_a_serial"
    NOT_A_CARD_NUMBER = "not_a_card_number"
    NOT_A_UNIT_CODE = "not_a_unit_code"
    NOT_AN_ENTRY = "not_an_entry"
    NOT_A_TAX_CODE = "not_a_tax_code"
    DIGITS_LOST = "digits_lost"
    """The spreadsheet kept a long number as a number and rounded it."""
    UNKNOWN_CHOICE = "unknown_choice"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    TWICE = "twice"
    """The same person or thing as an earlier row of this list."""


class ListError(RefusedError):
    """A list that cannot be read as a whole; ``code`` says why."""

    def __init__(self, code: str, description: str, **facts: str) -> None:
        super().__init__(description, code=code)
        self.facts = facts


class Sheets(Protocol):
    """Files of spreadsheets."""

    def read(self, content: bytes) -> Sequence[Sequence[Cell]]:
        """Give the rows of the first sheet of a CSV or XLSX file, at most ``MOST_ROWS`` and a few lines of heading.

        Raises:
            ListError: ``empty``, ``too_large``, ``too_many_rows``, ``encoding``, ``old_format``, ``unreadable``.
        """
        ...

    def csv(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Write rows for programs and for spreadsheets: UTF-8 with BOM, CRLF, every cell quoted (RFC 4180)."""
        ...

    def xlsx(self, rows: Sequence[Sequence[str]], title: str) -> bytes:
        """Write rows as a workbook of one sheet, every cell as text, the first row as heading."""
        ...

    def long_csv(self, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
        """As ``csv``, piece by piece, so that memory does not grow with the list."""
        ...

    def long_xlsx(self, rows: Iterable[Sequence[str]], title: str) -> Iterator[bytes]:
        """As ``xlsx``, by way of a file that has no name, so that memory does not grow with the list."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a row.

    Attributes:
        flaw: What.
        column: Key of the column; empty for the whole row.
        given: What stood there, cut to 60 characters; for a repeated row, the line of the first one.
    """

    flaw: Flaw
    column: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list.

    Attributes:
        line: Line in the file, from 1.
        values: Checked values by key; keys of empty optional cells are absent.
        problems: What is wrong; empty for a good row.
    """

    line: int
    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A list as it was read.

    Attributes:
        headers: What each heading was taken for: the heading as it stands, and the column's key, empty where it is not used.
    """

    good: tuple[Row, ...]
    bad: tuple[Row, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
