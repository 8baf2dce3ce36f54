"""Token signing keys, for administrators: what there is, and the exchange of them.

Spec: RFC 7517 §4 (public parts only); rules of rotation: ``jose.rotation``. Keys belong to the province; agencies have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from ..audit import Caller
from ..clock import Clock
from ..jose.keyset import ALGORITHMS, JWKS_MAX_AGE_SECONDS, KeyRing, StoredKey
from ..roles import Administrator
from .access import ForbiddenError

_ORDER: Final = ("active", "next", "retired", "removed")
HASTY: Final = ("Keys that sign now were published less than an hour ago. An application that kept the older"
                " JWK Set meets an unknown kid and must fetch the set again.")
COMPROMISED: Final = "Applications may keep the old JWK Set for up to an hour; tell their operators to restart them."


class KeyAdministration:
    """Shows and rotates the signing keys.

    Args:
        keys: The ring of this process.
        clock: Source of the time.
    """

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def listed(self, who: Administrator) -> dict[str, Any]:
        """Give every key that is not removed, and when each algorithm rotates next. Raises ForbiddenError to agencies."""
        _of_the_province(who)
        self._keys.reload()
        return self._shown(self._keys.stored())

    def rotate(self, who: Administrator, caller: Caller, *, alg: str = "", emergency: bool = False) -> dict[str, Any]:
        """Let the next keys sign, as ``KeyRing.rotate``.

        Args:
            who: Of the province.
            caller: For the records.
            alg: One algorithm; "" for all.
            emergency: Remove every key that ever signed.

        Returns:
            The keys afterwards, with ``warnings``.

        Raises:
            ForbiddenError: an agency asks.
            RefusedError: somebody else rotated at this moment (409).
        """
        _of_the_province(who)
        algs = (alg,) if alg else ALGORITHMS
        self._keys.ensure(caller)
        hasty = is_hasty(self._keys.stored(), algs, self._clock.now())
        stored = self._keys.rotate(*algs, emergency=emergency, caller=caller)
        warnings = [HASTY] * hasty + [COMPROMISED] * emergency
        return self._shown(stored) | {"warnings": warnings}

    def _shown(self, stored: Iterable[StoredKey]) -> dict[str, Any]:
        now = self._clock.now()
        return {"keys": [shown(key, now) | {"public_jwk": json.loads(key.public_jwk)}
                         for key in in_order(stored) if key.state != "removed"],
                "next_rotation_at": {alg: self._keys.next_rotation_at(alg) for alg in ALGORITHMS}}


def is_hasty(stored: Iterable[StoredKey], algs: Iterable[str], now: int) -> bool:
    """Tell whether keys that would sign now are younger than a JWK Set that somebody may have kept."""
    young, meant = now - JWKS_MAX_AGE_SECONDS, set(algs)
    return any(key.state == "next" and key.alg in meant and key.created_at > young for key in stored)


def in_order(stored: Iterable[StoredKey]) -> list[StoredKey]:
    """Give keys by algorithm, state, and the newest first."""
    return sorted(stored, key=lambda key: (ALGORITHMS.index(key.alg) if key.alg in ALGORITHMS else len(ALGORITHMS),
                                           _ORDER.index(key.state), -key.created_at))


def shown(key: StoredKey, now: int) -> dict[str, Any]:
    """Give a key as programs read it; times in seconds since the epoch."""
    return {"kid": key.kid, "alg": key.alg, "state": key.state, "created_at": key.created_at,
            "activated_at": key.activated_at, "retired_at": key.retired_at, "age_seconds": now - key.created_at,
            "private_part": key.place or None}


def _of_the_province(who: Administrator) -> None:
    if not who.of_the_province:
        raise ForbiddenError("Signing keys are the province's; an agency has none.")
