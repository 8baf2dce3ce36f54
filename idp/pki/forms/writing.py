"""A list is written: rows for a file that reads back as the same list, blank lists to fill, and what became of each row.

Source: OWASP "CSV Injection": a cell that a spreadsheet would take for a formula begins with an apostrophe (``spreadsheet``);
reading takes it off again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ...spreadsheet import harmless
from . import Problem, Row
from .catalogue import Column, Form, identity_card
from .cells import day
from .report import sentence


def rows(form: Form, records: Iterable[Mapping[str, str]], *, hidden: bool = False) -> list[list[str]]:
    """Write a list, its headings first.

    Args:
        form: Which list.
        records: Values by key, as ``reading`` gives them; what is missing stays empty.
        hidden: Whether our own columns (codes of agencies and entries) are written too.
    """
    columns = _written(form, hidden=hidden)
    written = [[column.heading for column in columns]]
    for number, record in enumerate(records, start=1):
        written.append([harmless(_cell(column, record)) if column.key else str(number) for column in columns])
    return written


def blank(form: Form) -> list[list[str]]:
    """Write a list of headings to fill."""
    return [[column.heading for column in _written(form)]]


def report(form: Form, bad: Sequence[Row]) -> list[list[str]]:
    """Write what is to be corrected: a row for each problem, with its line, its column, what stood there and what to do."""
    written = [["Dòng", "Họ và tên", "Cột", "Giá trị trong tệp", "Lý do và cách sửa"]]
    for row in bad:
        for problem in row.problems:
            name = row.values.get("name", row.values.get("unit_name", ""))
            written.append([str(row.line), harmless(name), heading(form, problem), harmless(problem.given), sentence(problem)])
    return written


def heading(form: Form, problem: Problem) -> str:
    """Give the heading of the column that a problem is about."""
    return form.column(problem.column).heading if problem.column else "Cả dòng"


def _written(form: Form, *, hidden: bool = False) -> list[Column]:
    return [column for column in form.columns if not column.spare and (hidden or not column.hidden)]


def _cell(column: Column, record: Mapping[str, str]) -> str:
    value = record.get(column.key, "")
    if not value:
        return ""
    if column.holds is identity_card:
        issued = [_day(record.get("identity_issued_on", "")), record.get("identity_issued_by", "")]
        return "; ".join([value, *issued]) if any(issued) else value
    if column.choices:
        return column.choices[value].split("|")[0]
    return _day(value) if column.read is day else value


def _day(value: str) -> str:
    return date.fromisoformat(value).strftime("%d/%m/%Y") if value else ""
