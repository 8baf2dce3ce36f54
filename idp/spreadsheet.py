"""Cells that leave in files: none is taken for a formula.

Source: OWASP "CSV Injection", security checklist 41. A cell that a spreadsheet would compute begins with an apostrophe; one that
begins with a line's end or a tab is one too, because spreadsheets take those off first.
"""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
