"""Spreadsheets, in and out (port ``pki.forms.Sheets``): CSV by RFC 4180 as spreadsheets really write it, XLSX by ECMA-376.

A file from outside is bounded before it is opened: its size, and what it says that it unpacks to. XLSX is read by calamine,
which knows no macros, links and entities, in a program of its own with bounds of its own (``workbook.py``), because what a
workbook asks for is not known before; formulas count as what they came to when the file was saved. CSV may be UTF-8 with or
without BOM or UTF-16 with one, cells parted by comma, semicolon or tab; other encodings are refused: guessing would write wrong
names.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import xlsxwriter

from ...pki.forms import LONGEST_FILE, MOST_ROWS, Cell, ListError
from .workbook import LONGEST_CELL, TOO_LARGE, TOO_LONG

_MOST_UNPACKED: Final = 96 * 2**20
_MOST_PARTS: Final = 500
_MOST_COLUMNS: Final = 60
_HEADING_LINES: Final = 100
_PIECE: Final = 500
"""Rows of CSV that are written at once."""
_MEASURED: Final = 200
"""Rows by which columns get their width."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_PARTED_BY: Final = (",", ";", "\t")
_READER: Final = Path(__file__).with_name("workbook.py")
_MOST_SECONDS: Final = 60
"""By the clock, on a machine that does other things too."""


class SheetFiles:
    """CSV and XLSX files."""

    def read(self, content: bytes) -> Sequence[Sequence[Cell]]:
        """As the port says."""
        if not content.strip():
            raise ListError("empty", "The file is empty")
        if len(content) > LONGEST_FILE:
            raise ListError("too_large", f"A file has at most {LONGEST_FILE} bytes")
        if content.startswith(_OLE):
            raise ListError("old_format", "XLS is not read; save the file as XLSX")
        rows = _workbook(content) if content.startswith(_ZIP) else _lines(content)
        while rows and not any(rows[-1]):
            rows.pop()
        if len(rows) > MOST_ROWS + _HEADING_LINES:
            raise ListError("too_many_rows", f"A list has at most {MOST_ROWS} rows")
        return rows

    def csv(self, rows: Sequence[Sequence[str]]) -> bytes:
        """As the port says."""
        return b"".join(self.long_csv(rows))

    def long_csv(self, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
        """As the port says."""
        yield b"\xef\xbb\xbf"
        waiting = iter(rows)
        while piece := list(islice(waiting, _PIECE)):
            written = io.StringIO(newline="")
            csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(piece)
            yield written.getvalue().encode()

    def xlsx(self, rows: Sequence[Sequence[str]], title: str) -> bytes:
        """As the port says."""
        written = io.BytesIO()
        _write(written, rows, title, {"in_memory": True})
        return written.getvalue()

    def long_xlsx(self, rows: Iterable[Sequence[str]], title: str) -> Iterator[bytes]:
        """As the port says."""
        with tempfile.TemporaryFile() as file:
            _write(file, rows, title, {"constant_memory": True})
            file.seek(0)
            while piece := file.read(65536):
                yield piece


def _write(file: IO[bytes], rows: Iterable[Sequence[str]], title: str, options: dict[str, Any]) -> None:
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("".join(sign for sign in title if sign not in "[]:*?/\\'")[:31])
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "num_format": "@", "bottom": 1})
        text = book.add_format({"num_format": "@", "valign": "top"})
        widths: dict[int, int] = {}
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(line, column, cell, text if line else heading)
                widths[column] = max(widths.get(column, 0), len(cell) if line < _MEASURED else 0)
        for column, longest in widths.items():
            # The columns below the rows are text as well, so that a number typed there keeps its zero.
            sheet.set_column(column, column, min(max(longest, 8), 44) + 2, text)
        sheet.freeze_panes(1, 0)


def _workbook(content: bytes) -> list[list[Cell]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            listed = parts.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as err:
        raise ListError("unreadable", "The workbook cannot be read") from err
    if len(listed) > _MOST_PARTS or sum(part.file_size for part in listed) > _MOST_UNPACKED:
        raise ListError("too_large", "The workbook unpacks to more than is read")
    try:
        read = subprocess.run(
            [sys.executable, "-I", str(_READER), str(MOST_ROWS + _HEADING_LINES), str(_MOST_COLUMNS)], input=content,
            capture_output=True, env={}, timeout=_MOST_SECONDS, check=True)
    except subprocess.CalledProcessError as err:
        if err.returncode == TOO_LONG:
            raise ListError("too_many_rows", f"A list has at most {MOST_ROWS} rows") from err
        if err.returncode == TOO_LARGE:
            raise ListError("too_large", "The workbook unpacks to more than is read") from err
        raise ListError("unreadable", "The workbook cannot be read") from err
    except subprocess.TimeoutExpired as err:
        raise ListError("unreadable", "The workbook cannot be read") from err
    return [[_cell(value) for value in row] for row in json.loads(read.stdout)]


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return date.fromisoformat(value["day"])
    return value[:LONGEST_CELL] if isinstance(value, str) else value


def _lines(content: bytes) -> list[list[Cell]]:
    try:
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as err:
        raise ListError("encoding", "The file is not UTF-8") from err
    if not text.strip():
        raise ListError("empty", "The file is empty")
    if "\0" in text:
        raise ListError("unreadable", "The file is neither CSV nor XLSX")
    said = text[:16].splitlines()[0].lower()
    if said.startswith("sep=") and len(said) == 5:
        return _parted(text.split("\n", 1)[1] if "\n" in text else "", said[4])
    # The separator is the one by which most lines have most cells: a cell of its own may hold any of the others.
    return max((_parted(text, by) for by in _PARTED_BY), key=_evenness)


def _parted(text: str, by: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=by):
            rows.append([cell[:LONGEST_CELL] for cell in row[:_MOST_COLUMNS]])
            if len(rows) > MOST_ROWS + _HEADING_LINES:
                break
    except csv.Error as err:
        raise ListError("unreadable", "The file cannot be read as CSV") from err
    return rows


def _evenness(rows: Sequence[Sequence[Cell]]) -> int:
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max((count * (width - 1) for width, count in widths.items()), default=0)
