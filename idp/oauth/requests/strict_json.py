"""JSON in a parameter, read strictly and within limits.

Spec: RFC 8259 §4, security checklist 44. A name that stands twice in one object is refused, because two readers would each
believe another value; depth and length are bounded before anything walks through the value.
"""

from __future__ import annotations

import json
from typing import Any


def read(text: str, *, levels: int, longest: int) -> Any:
    """Read one JSON text.

    Args:
        text: As received.
        levels: How deep objects and lists may be nested.
        longest: Characters.

    Raises:
        ValueError: it is none, or beyond the limits.
    """
    if len(text) > longest:
        raise ValueError
    try:
        value = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError from None
    if not _shallow(value, levels):
        raise ValueError
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(_name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(part, levels - 1) for part in inner)
