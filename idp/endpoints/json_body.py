"""A request's body as one JSON object, read once within limits.

Spec: RFC 8259 §2-§8, RFC 7591 §3.1. Departs from RFC 8259 §4: a member that stands twice is refused, because two readers would
each believe another one; so are numbers and texts that are not the same on both sides of a store (§6, §8.2). 64 kB and 20 levels
(security checklist 44).
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from .wsgi import EndpointRequest, MalformedRequestError, is_media_type

JSON_TYPE = "application/json"
MAX_DEPTH = 20


def read_object(request: EndpointRequest) -> dict[str, Any]:
    """Read the body.

    Raises:
        MalformedRequestError: another content type, more than 64 kB, or anything but one sound JSON object.
    """
    if not is_media_type(request.content_type, JSON_TYPE):
        raise MalformedRequestError("The content type must be application/json in UTF-8.")
    return parse_object(request.body())


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; errors as ``read_object``."""
    try:
        value = orjson.loads(body)  # strict: UTF-8, no NaN, no number beyond a double, no half of a surrogate pair
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MalformedRequestError("The body is not well-formed JSON in which each member stands once.") from None
    if not isinstance(value, dict):
        raise MalformedRequestError("The body must be one JSON object.")
    if _is_deep(value):
        raise MalformedRequestError(f"The body has more than {MAX_DEPTH} levels.")
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
