"""Why somebody does something: a line that is typed, kept and shown to whoever looks at the act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...errors import RefusedError

LONGEST_REASON: Final = 300
SHORTEST_PURPOSE: Final = 10
"""What somebody reads personal data for is said in words, not with a letter."""


def purpose_of(body: Mapping[str, Any]) -> str:
    """Give the purpose that a body holds, and nothing else. Raises RefusedError (422 ``bad_purpose``)."""
    purpose = body.get("purpose")
    if body.keys() != {"purpose"} or not isinstance(purpose, str) or (
            not SHORTEST_PURPOSE <= len(purpose.strip()) <= LONGEST_REASON) or not purpose.strip().isprintable():
        raise RefusedError(f"The body holds purpose: a line of {SHORTEST_PURPOSE} to {LONGEST_REASON} characters.",
                           code="bad_purpose", status=422)
    return purpose.strip()


def reason_of(body: Mapping[str, Any]) -> str:
    """Give the reason that a body holds, and nothing else. Raises RefusedError (422 ``invalid_body``)."""
    reason = body.get("reason")
    if body.keys() != {"reason"} or not isinstance(reason, str) or not 0 < len(reason.strip()) <= LONGEST_REASON or (
            not reason.strip().isprintable()):
        raise RefusedError(f"The body holds reason: a line of 1 to {LONGEST_REASON} characters.", code="invalid_body",
                           status=422)
    return reason.strip()
