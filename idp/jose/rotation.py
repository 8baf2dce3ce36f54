"""When a signing key gives way to the next one.

Spec: OpenID Connect Core §10.1.1 (rotation of signing keys), RFC 7517 §5. Three rules: a key signs for a set time; the one after
it was published longer than anybody may keep an older JWK Set; and it verifies after that until the last token it signed has
expired. So a relying party that keeps the JWK Set as long as it may never meets an unknown kid.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .signing_key import StoredKey

JWKS_MAX_AGE_SECONDS: Final = 3600
"""How long anybody may keep the JWK Set (Cache-Control of the document)."""

PUBLISHED_FIRST_SECONDS: Final = JWKS_MAX_AGE_SECONDS + 300
"""How long a key is published before it signs: the time above, and five minutes for processes that learned of it late and for
clocks that differ."""

ROTATION_SECONDS: Final = 90 * 86400
"""How long a key signs unless a deployment says otherwise."""

KEEP_RETIRED_SECONDS: Final = 48 * 3600
"""How long a retired key still verifies: the longest session (24 h) and the longest token (1 h) with room to spare."""

DESTROY_AFTER_SECONDS: Final = 60
"""When the private part of a key that signs no more is destroyed in its token: every process has learned of it by then."""

OVERDUE_SECONDS: Final = 86400
"""A rotation this late is worth an operator's look."""


def next_rotation_at(keys: Iterable[StoredKey], alg: str, *, period_seconds: int, misplaced: bool = False) -> int | None:
    """Tell when the active key of an algorithm is to give way.

    Args:
        keys: All keys.
        alg: Whose.
        period_seconds: How long a key signs; 0 when nobody but an operator rotates.
        misplaced: Its private part is not where new ones are made: the key gives way as soon as the next one may sign.

    Returns:
        Seconds since the epoch, perhaps in the past; None while nothing can be said.
    """
    found = {key.state: key for key in keys if key.alg == alg and key.state in ("active", "next")}
    if not period_seconds or len(found) < 2:
        return None
    active, waiting = found["active"], found["next"]
    signed_since = active.created_at if active.activated_at is None else active.activated_at
    wanted = 0 if misplaced else signed_since + period_seconds
    return max(wanted, waiting.created_at + PUBLISHED_FIRST_SECONDS)
