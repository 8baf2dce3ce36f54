"""A list is read: the headings found wherever they stand, every row taken or refused for itself.

Above the headings a list may have the letterhead, a title and empty lines; below the rows the place, the day and who signed. A
line counts as a row when a cell under a required heading is filled, or two cells at all. Columns in another order, missing
optional columns and columns of somebody else's are no mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from . import MOST_ROWS, Cell, Flaw, ListError, Problem, Reading, Row
from .catalogue import FORMS, Column, Form
from .cells import CellError, folded, plain

_LOOKED_AT = 30
"""Lines from the top among which the headings are."""
_GIVEN_CHARACTERS = 60
_BRACKETS = "("


def read(form: Form, rows: Sequence[Sequence[Cell]], today: date) -> Reading:
    """Read a list.

    Args:
        form: Which list it is.
        rows: As they stand in the file.
        today: Days after it are in the future.

    Raises:
        ListError: ``no_heading``, ``missing_columns`` (fact ``columns``), ``heading_twice`` (fact ``heading``), ``no_rows``,
            ``too_many_rows``.
    """
    at, columns = _heading(form, rows)
    found: list[Row] = []
    seen: dict[tuple[str, str], int] = {}
    for line, cells in enumerate(rows[at + 1:], start=at + 2):
        if _is_row(cells, columns):
            found.append(_once(form, _row(form, line, cells, columns, today), seen))
    if not found:
        raise ListError("no_rows", "The list has headings and no rows")
    if len(found) > MOST_ROWS:
        raise ListError("too_many_rows", f"A list has at most {MOST_ROWS} rows")
    headers = {plain(heading): (columns[n].key if n in columns else "") for n, heading in enumerate(rows[at]) if plain(heading)}
    return Reading(good=tuple(row for row in found if not row.problems), bad=tuple(row for row in found if row.problems),
                   headers=headers)


def one(form: Form, cells: Mapping[str, Cell], today: date) -> Row:
    """Read one row whose cells are given by the keys of their columns, as ``read`` reads the rows of a list.

    Args:
        form: Which list it would be a row of.
        cells: What was typed; whatever is not given is an empty cell.
        today: Days after it are in the future.
    """
    columns = [column for column in form.columns if column.key]
    return _row(form, 1, [cells.get(column.key) for column in columns], dict(enumerate(columns)), today)


def form_of(rows: Sequence[Sequence[Cell]]) -> Form | None:
    """Tell which list this is by its headings; None when it is none of ours, or could be two."""
    fits: dict[str, int] = {}
    for name, form in FORMS.items():
        try:
            fits[name] = len(_heading(form, rows)[1])
        except ListError:
            continue
    best = [name for name, count in fits.items() if count == max(fits.values())]
    return FORMS[best[0]] if len(best) == 1 else None


def _heading(form: Form, rows: Sequence[Sequence[Cell]]) -> tuple[int, Mapping[int, Column]]:
    """Give the line of the headings and which column stands where."""
    names = _names(form)
    lines = [[names.get(folded(plain(cell).split(_BRACKETS)[0]) if isinstance(cell, str) else "") for cell in row]
             for row in rows[:_LOOKED_AT]]
    best = max(range(len(lines)), key=lambda n: (sum(column is not None for column in lines[n]), -n), default=None)
    if best is None or sum(column is not None and column.required for column in lines[best]) < 2:
        raise ListError("no_heading", "None of the first lines holds the headings of this list")
    columns: dict[int, Column] = {}
    for n, column in enumerate(lines[best]):
        if column is None or not column.key:
            continue
        if any(other.key == column.key for other in columns.values()):
            raise ListError("heading_twice", "Two columns have headings of the same meaning", heading=column.heading)
        columns[n] = column
    there = {column.key for column in columns.values()}
    lacking = [column.heading for column in form.columns if column.required and column.key not in there]
    if form.one_of and not there & set(form.one_of):
        lacking.append(" / ".join(form.column(key).heading for key in form.one_of))
    if lacking:
        raise ListError("missing_columns", "Columns are missing: " + "; ".join(lacking), columns="; ".join(lacking))
    return best, columns


def _names(form: Form) -> dict[str, Column]:
    """Give the columns by every heading that they answer to; the heading itself wins over another column's alias."""
    names: dict[str, Column] = {}
    for column in form.columns:
        names[folded(column.heading.split(_BRACKETS)[0])] = column
    for column in form.columns:
        for alias in (*column.aliases, column.key.replace("_", " ")):
            if alias:
                names.setdefault(folded(alias), column)
    return names


def _is_row(cells: Sequence[Cell], columns: Mapping[int, Column]) -> bool:
    filled = [n for n in columns if n < len(cells) and plain(cells[n])]
    return len(filled) >= 2 or any(columns[n].required and columns[n].key != "name" for n in filled)


def _row(form: Form, line: int, cells: Sequence[Cell], columns: Mapping[int, Column], today: date) -> Row:
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for n, column in columns.items():
        cell = cells[n] if n < len(cells) else None
        if not plain(cell):
            if column.required:
                problems.append(Problem(Flaw.MISSING, column.key))
            continue
        try:
            # A cell of several values does not overrule what has a column of its own.
            taken = column.taken(cell)
        except CellError as err:
            problems.append(Problem(err.flaw, column.key, plain(cell)[:_GIVEN_CHARACTERS]))
            continue
        values = {**taken, **values} if column.holds else {**values, **taken}
    given = {problem.column for problem in problems}
    problems += [Problem(Flaw.IN_THE_FUTURE, column.key, values[column.key]) for column in form.columns
                 if column.past and values.get(column.key, "") > today.isoformat()]
    problems += [Problem(Flaw.ENDS_BEFORE_IT_BEGINS, last, values[last]) for first, last in form.orders
                 if first in values and last in values and values[last] <= values[first]]
    if form.one_of and not any(key in values or key in given for key in form.one_of):
        problems.append(Problem(Flaw.MISSING, form.one_of[0]))
    return Row(line, values, tuple(problems))


def _once(form: Form, row: Row, seen: dict[tuple[str, str], int]) -> Row:
    """Give the row, marked when an earlier one is about the same person or thing in any of the ways that tell."""
    marks = [(key, row.values[key]) for key in form.same if key in row.values]
    earlier = min((seen[mark] for mark in marks if mark in seen), default=None)
    if earlier is not None:
        return Row(row.line, row.values, (*row.problems, Problem(Flaw.TWICE, "", str(earlier))))
    seen.update(dict.fromkeys(marks, row.line))
    return row
