"""A program that reads one workbook (ECMA-376) from its input and writes the rows of its first sheet, as JSON, to its output.

The library makes a rectangle of all cells between the first and the last, so that a file of a few kilobytes may ask for more
memory than there is, and a compressed file may unpack to more than it says. Here that ends this program and nobody else's: it
runs by itself, with bounds on memory and time, and knows nothing of ours (security checklist 44).

A cell is text, a number or true or false; a day is ``{"day": "2026-11-27"}``. Exit status 0; 1 for what is no workbook, 3 for
a sheet of more rows than are read, 4 for one of more text than is taken; whatever else for what went beyond the bounds.
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
MOST_WRITTEN: Final = 16 * 2**20
LONGEST_CELL: Final = 4_000
NOT_A_WORKBOOK, TOO_LONG, TOO_LARGE = 1, 3, 4


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
    # One text may stand in many cells: what was short in the file may be long here.
    written = json.dumps([[_cell(value) for value in row[:most_columns]] for row in rows], ensure_ascii=False).encode()
    if len(written) > MOST_WRITTEN:
        return TOO_LARGE
    sys.stdout.buffer.write(written)
    return 0


def _cell(value: Any) -> Any:
    if isinstance(value, date):  # a moment is one too
        return {"day": (value.date() if isinstance(value, datetime) else value).isoformat()}
    return value if isinstance(value, (int, float)) else str(value)[:LONGEST_CELL]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
