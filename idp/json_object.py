"""JSON that others wrote, the same to every reader: bodies, parameters, headers and payloads of tokens.

Spec: RFC 8259 §2-§8. Departs from RFC 8259 §4: a member that stands twice is refused, because two readers would each believe
another one; so are numbers and texts that are not the same on both sides of a store (§6, §8.2). Depth is bounded before anything
walks through the value (security checklist 44); length is the caller's to bound.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_DEPTH = 20


def parse(text: str | bytes, *, levels: int = MAX_DEPTH) -> Any:
    """Read one JSON text.

    Args:
        text: As received, bounded in length.
        levels: How deep objects and lists may be nested.

    Raises:
        ValueError: with one sentence: it is not sound, or deeper.
    """
    try:
        value = orjson.loads(text)  # strict: UTF-8, no NaN, no number beyond a double, no half of a surrogate pair
        json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueError("The body is not well-formed JSON in which each member stands once.") from None
    if _is_deep(value, levels):
        raise ValueError(f"The body has more than {levels} levels.")
    return value


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Read a JSON object; errors as ``parse``, and for anything else than an object."""
    value = parse(text)
    if not isinstance(value, dict):
        raise ValueError("The body must be one JSON object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _is_deep(value: Any, levels: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
                 if isinstance(inner, dict | list)]
        if not level:
            return False
    return bool(level)
