"""Texts that an application wrote and an officer decides by: its name, a message, the name of a document.

Spec: security checklist 41 and 57; Unicode Standard Annex 9 (direction) and chapter 5.21 (default ignorable code points).
What leaves no trace on the page, or shows the rest in another order, or paints over other lines, would let an application have
another text read than the one that is agreed to.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_MARKS: Final = 4
"""Marks on one letter; Vietnamese has two."""

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters, marks and a symbol that are drawn as nothing; those of category Cf are found by their category."""


def misleads(text: str) -> bool:
    """Tell whether a text holds a sign that hides, breaks the line or turns the order round, or too many marks on one letter."""
    if _INVISIBLE.search(text):
        return True
    marks = 0
    for sign in text:
        category = unicodedata.category(sign)
        if category in _CATEGORIES:
            return True
        marks = marks + 1 if category[0] == "M" else 0
        if marks > MOST_MARKS:
            return True
    return False
