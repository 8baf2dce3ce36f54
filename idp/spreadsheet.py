"""Cells that leave in files: none is taken for a formula.

Source: OWASP "CSV Injection", security checklist 41. A cell that a spreadsheet would compute begins with an apostrophe; one that
begins with a line's end or a tab is one too, because spreadsheets take those off first, and one that begins with a full-width
sign, which East Asian settings take for the ordinary one.
"""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def as_written(text: str) -> str:
    """Give what a cell held before ``harmless``."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
