"""A program that reads one workbook (ECMA-376) from its input and writes the rows of its first sheet, as JSON, to its output.

The library makes a rectangle of all cells between the first and the last, so that a file of a few kilobytes may ask for more
memory than there is, and a compressed file may unpack to more than it says. Here that ends this program and nobody else's: it
runs by itself, with bounds on memory and time, and knows nothing of ours (security checklist 44).

A cell is text, a number or true or false; a day is ``{"day": "2026-11-27"}``. Exit status 0; 1 for what is no workbook, 3 for
a sheet of more rows than are read; whatever else for what went beyond the bounds.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from datetime import date, datetime
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

MOST_MEMORY: Final = 768 * 2**20
MOST_SECONDS: Final = 20
NOT_A_WORKBOOK, TOO_LONG = 1, 3


def main(most_rows: int, most_columns: int) -> int:
    """Read, and give the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
        if sheet.total_height > most_rows:
            return TOO_LONG
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError):
        return NOT_A_WORKBOOK
    json.dump([[_cell(value) for value in row[:most_columns]] for row in rows], sys.stdout)
    return 0


def _cell(value: Any) -> Any:
    if isinstance(value, date):  # a moment is one too
        return {"day": (value.date() if isinstance(value, datetime) else value).isoformat()}
    return value if isinstance(value, (str, int, float)) else str(value)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
