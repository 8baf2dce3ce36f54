"""Bytes as one JSON object, the same to every reader.

Spec: RFC 8259 §2-§8. Departs from RFC 8259 §4: a member that stands twice is refused, because two readers would each believe
another one; so are numbers and texts that are not the same on both sides of a store (§6, §8.2).
"""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_DEPTH = 20


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises ValueError with one sentence: not sound, not an object, or more than 20 levels."""
    try:
        value = orjson.loads(body)  # strict: UTF-8, no NaN, no number beyond a double, no half of a surrogate pair
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueError("The body is not well-formed JSON in which each member stands once.") from None
    if not isinstance(value, dict):
        raise ValueError("The body must be one JSON object.")
    if _is_deep(value):
        raise ValueError(f"The body has more than {MAX_DEPTH} levels.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
                 if isinstance(inner, dict | list)]
        if not level:
            return False
    return True
