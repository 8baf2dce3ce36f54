"""Keys that sign and keys that applications encrypt to, for administrators: what there is, and the exchange of them.

Spec: RFC 7517 §4 (public parts only); rules of rotation: ``jose.rotation``. Keys belong to the province; agencies have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..audit import Caller
from ..clock import Clock
from ..jose.encryption_keys import EncryptionKeys
from ..jose.keyset import ALGORITHMS, ENCRYPTION_ALGORITHMS, JWKS_MAX_AGE_SECONDS, KeyRing, StoredKey
from ..roles import Administrator, ForbiddenError

KINDS: Final = (*ALGORITHMS, *ENCRYPTION_ALGORITHMS)
"""What can be rotated: keys that sign, then those to encrypt to."""
_ORDER: Final = ("active", "next", "retired", "removed")
HASTY: Final = ("Keys that sign now were published less than an hour ago. An application that kept the older"
                " JWK Set meets an unknown kid and must fetch the set again.")
COMPROMISED: Final = "Applications may keep the old JWK Set for up to an hour; tell their operators to restart them."


class KeyAdministration:
    """Shows and rotates the keys.

    Args:
        keys: The ring of this process.
        encryption_keys: Those to encrypt to.
        clock: Source of the time.
    """

    def __init__(self, keys: KeyRing, encryption_keys: EncryptionKeys, clock: Clock) -> None:
        self._keys = keys
        self._encryption_keys = encryption_keys
        self._clock = clock

    def listed(self, who: Administrator) -> dict[str, Any]:
        """Give every key that is not removed, and when each algorithm rotates next. Raises ForbiddenError to agencies."""
        _of_the_province(who)
        self._keys.reload()
        return self._shown(self._keys.stored())

    def rotate(self, who: Administrator, caller: Caller, *, alg: str = "", emergency: bool = False) -> dict[str, Any]:
        """Exchange keys, as ``exchange``; errors of it beside those here.

        Args:
            who: Of the province.
            caller: For the records.
            alg: One of ``KINDS``; "" for all.
            emergency: Remove every key that was ever used.

        Returns:
            The keys afterwards, with ``warnings``.

        Raises:
            ForbiddenError: an agency asks.
        """
        _of_the_province(who)
        warnings = exchange(self._keys, self._encryption_keys, (alg,) if alg else KINDS, emergency=emergency, caller=caller,
                            now=self._clock.now())
        return self._shown(self._keys.stored()) | {"warnings": warnings}

    def _shown(self, stored: Iterable[StoredKey]) -> dict[str, Any]:
        now = self._clock.now()
        return {"keys": [shown(key, now) | {"public_jwk": json.loads(key.public_jwk)}
                         for key in in_order(stored) if key.state != "removed"],
                "next_rotation_at": next_rotation_at(self._keys, self._encryption_keys)}


def exchange(keys: KeyRing, encryption_keys: EncryptionKeys, kinds: Sequence[str], *, emergency: bool, caller: Caller,
             now: int) -> list[str]:
    """Let the next keys sign, and publish new ones to encrypt to; gives what applications may notice of it.

    Args:
        keys: The ring of this process; it is current afterwards.
        encryption_keys: Those to encrypt to.
        kinds: Some of ``KINDS``.
        emergency: Remove every key that was ever used.
        caller: For the records.
        now: Seconds since the epoch.

    Raises:
        RefusedError: somebody else rotated at this moment (409).
        UnavailableError: the database, or the token with the keys, does not answer.
    """
    keys.ensure(caller)
    signing = [kind for kind in kinds if kind in ALGORITHMS]
    young = now - JWKS_MAX_AGE_SECONDS
    hasty = any(key.state == "next" and key.alg in signing and key.created_at > young for key in keys.stored())
    if signing:
        keys.rotate(*signing, emergency=emergency, caller=caller)
    for kind in kinds:
        if kind in ENCRYPTION_ALGORITHMS:
            encryption_keys.rotate(kind, emergency=emergency, caller=caller)
    keys.reload()
    return [HASTY] * hasty + [COMPROMISED] * emergency


def next_rotation_at(keys: KeyRing, encryption_keys: EncryptionKeys) -> dict[str, int | None]:
    """Give, for each of ``KINDS``, when the worker rotates it; None where nobody but an operator does."""
    return {kind: (keys if kind in ALGORITHMS else encryption_keys).next_rotation_at(kind) for kind in KINDS}


def in_order(stored: Iterable[StoredKey]) -> list[StoredKey]:
    """Give keys by algorithm, state, and the newest first."""
    return sorted(stored, key=lambda key: (KINDS.index(key.alg) if key.alg in KINDS else len(KINDS),
                                           _ORDER.index(key.state), -key.created_at))


def shown(key: StoredKey, now: int) -> dict[str, Any]:
    """Give a key as programs read it; times in seconds since the epoch."""
    return {"kid": key.kid, "alg": key.alg, "state": key.state, "created_at": key.created_at,
            "activated_at": key.activated_at, "retired_at": key.retired_at, "age_seconds": now - key.created_at,
            "private_part": key.place or None}


def _of_the_province(who: Administrator) -> None:
    if not who.of_the_province:
        raise ForbiddenError("Signing keys are the province's; an agency has none.")
