"""Token signing keys: which one signs, which ones verify, and what the world is shown.

Spec: RFC 7517 §5 (JWK Set), RFC 7638 (kid by thumbprint).

A key is ``next`` (published, does not sign yet), ``active`` (signs), ``retired`` (verifies only; its private part is wiped) or
``removed`` (a tombstone: verifies nothing, published nowhere). So a relying party meets every key in the JWK Set before the first
token signed by it. Each algorithm has keys and a time of its own (``rotation.py``). Where private parts rest:
``signing_key.py``; they are opened once per process, and a version counter tells other processes of a change within a second.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from joserfc.jwk import JWKRegistry, KeySet

from ..audit import Caller
from ..clock import Clock
from ..errors import ConfigurationError, IdpError, RefusedError, UnavailableError
from . import jwt
from .rotation import (
    DESTROY_AFTER_SECONDS,
    JWKS_MAX_AGE_SECONDS,
    KEEP_RETIRED_SECONDS,
    ROTATION_SECONDS,
    next_rotation_at,
)
from .signing_key import ALGORITHMS, ENCRYPTION_ALGORITHMS, KeyToken, Sealer, SigningKey, State, StoredKey, make_key, open_key

__all__ = ["ALGORITHMS", "ENCRYPTION_ALGORITHMS", "JWKS_MAX_AGE_SECONDS", "KeyRing", "KeyStore", "KeyToken", "Sealer",
           "SigningKey", "StoredKey"]


class KeyStore(Protocol):
    """Where keys rest. Every change names the version it was decided on and does nothing, giving False, when that has passed."""

    def version(self) -> int:
        """Give a number that every change raises."""
        ...

    def keys(self) -> Sequence[StoredKey]:
        """Give all keys, tombstones too, oldest first."""
        ...

    def add(self, key: StoredKey, *, version: int, caller: Caller) -> bool:
        """Add one key, atomically with its audit record."""
        ...

    def promote(self, kid: str, *, version: int, now: int, caller: Caller) -> bool:
        """Make one ``next`` key active, atomically with its audit record."""
        ...

    def rotate(
        self, new: Sequence[StoredKey], *, emergency: bool, version: int, now: int,
        detail: Mapping[str, Mapping[str, str]], caller: Caller,
    ) -> bool:
        """Exchange the keys of the algorithms of ``new`` at once: active to retired, next to active, ``new`` to next.

        ``new`` holds one key of one algorithm, or one of each. In an emergency every key of these that ever signed, active and
        retired, becomes ``removed``. Sealed private parts of keys that stop signing are wiped. ``detail`` holds, for the audit
        records ``out``, ``active`` and ``next``, the kid by algorithm.
        """
        ...

    def remove(self, *, retired_before: int, version: int, now: int, caller: Caller) -> bool:
        """Remove the keys that were retired before a time, atomically with an audit record."""
        ...

    def forget(self, kid: str, *, now: int, caller: Caller) -> bool:
        """Note that the private part of a retired or removed key was destroyed in its token, with an audit record.

        False when that was noted already. It changes nothing that others decide on, so it names no version and raises none.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Loaded:
    version: int
    stored: tuple[StoredKey, ...]
    signing: Mapping[str, SigningKey]
    verification: KeySet
    jwks: bytes
    etag: str


class KeyRing:
    """The keys of this process: objects in memory, exchanged as a whole when another process changed them.

    Args:
        store: Where keys rest.
        sealer: Seals private parts for it.
        clock: Source of the time.
        token: A device that keeps private parts; needed as long as a key lies in it.
        new_in_token: Whether it makes the new keys of those algorithms that it can make; the others are sealed.
        rotation_seconds: How long a key signs before ``rotate_due`` exchanges it; 0 leaves that to operators.
        keep_retired_seconds: How long a retired key verifies; at least the longest life of a token.
        algorithms: Whose keys these are; those of others it leaves alone.
    """

    def __init__(self, store: KeyStore, sealer: Sealer, clock: Clock, *, token: KeyToken | None = None,
                 new_in_token: bool = False, rotation_seconds: int = ROTATION_SECONDS,
                 keep_retired_seconds: int = KEEP_RETIRED_SECONDS, algorithms: Sequence[str] = ALGORITHMS) -> None:
        self.token = token
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._new_in_token = new_in_token
        self._rotation_seconds = rotation_seconds
        self._keep_retired_seconds = keep_retired_seconds
        self._algorithms = algorithms
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._checked_at = -1

    def signing(self, alg: str) -> SigningKey:
        """Give the active key of an algorithm.

        Raises:
            ConfigurationError: there is none (``ensure`` was not called), or it lies in a token that is not configured.
        """
        key = self._current().signing.get(alg)
        if key is None:
            # A process that began before the first keys were made; perhaps another of its threads is loading them just now.
            self.reload()
            key = self._current().signing.get(alg)
        if key is None:
            for stored in self._current().stored:
                if stored.alg == alg and stored.state == "active":
                    return open_key(stored, sealer=self._sealer, token=self.token)  # and says why it cannot
            raise ConfigurationError(f"There is no active {alg} key.",
                                     remedy="Start the provider again; it makes what is missing.")
        return key

    def verification(self) -> KeySet:
        """Give the public keys that verify: next, active and retired."""
        return self._current().verification

    def jwks(self) -> bytes:
        """Give the JWK Set document: public keys only, rendered when they changed."""
        return self._current().jwks

    def published(self) -> tuple[bytes, str]:
        """Give the JWK Set document and its entity tag (in quotes), of one moment."""
        loaded = self._current()
        return loaded.jwks, loaded.etag

    def stored(self) -> tuple[StoredKey, ...]:
        """Give all keys with their states, tombstones too, oldest first."""
        return self._current().stored

    def next_rotation_at(self, alg: str) -> int | None:
        """Tell when the worker exchanges the active key of an algorithm; None when nobody but an operator does."""
        return self._due_at(self._current(), alg)

    def prove(self, alg: str) -> None:
        """Sign with the active key of an algorithm and verify that, for operators.

        Raises:
            UnavailableError: the token that has it does not answer.
            ConfigurationError: it cannot sign.
        """
        now = self._clock.now()
        probe = jwt.sign({"exp": now + 60}, self.signing(alg), typ="probe")
        jwt.verify(probe, self.verification(), algorithms=(alg,), typ="probe", issuer=None, audience=None, now=now)

    def refresh(self) -> None:
        """Look at the version if this second has not done so; load when it changed.

        Raises:
            UnavailableError: only while nothing was ever loaded; later the keys last seen stay.
        """
        now = self._clock.now()
        if now == self._checked_at:
            return
        if self._loaded is None:
            self.reload()
        elif self._lock.acquire(blocking=False):
            try:
                self._checked_at = now
                if self._store.version() != self._loaded.version:
                    self._load()
            except UnavailableError:
                return
            finally:
                self._lock.release()

    def reload(self) -> None:
        """Load now, whatever the version says."""
        with self._lock:
            self._load()

    def ensure(self, caller: Caller) -> None:
        """Make what is missing so that every algorithm has an active and a next key; safe in many processes at once."""
        while True:
            self.reload()
            loaded = self._current()
            missing = self._missing(loaded)
            if missing is None:
                return
            alg, state = missing
            waiting = [key for key in loaded.stored if key.alg == alg and key.state == "next"]
            if state == "active" and waiting:
                self._store.promote(waiting[0].kid, version=loaded.version, now=self._clock.now(), caller=caller)
                continue
            made = self._make(alg, state)
            if not self._store.add(made, version=loaded.version, caller=caller):
                self._discard([made])

    def rotate(self, *algs: str, emergency: bool = False, caller: Caller) -> tuple[StoredKey, ...]:
        """Let the next keys sign, keep the old ones for verification, publish new next ones; of several algorithms at once.

        Args:
            algs: One algorithm; none at all means every one.
            emergency: The old keys are compromised: all that ever signed are removed at once, and what they signed verifies
                nowhere of ours any more. Others may keep the old JWK Set for an hour (``JWKS_MAX_AGE_SECONDS``).
            caller: Who asked, for the audit.

        Returns:
            All keys after the change.

        Raises:
            RefusedError: somebody else rotated at the same moment (code ``conflict``); nothing was done here.
            UnavailableError: the database or the token does not answer.
        """
        self.ensure(caller)
        if not self._rotate(self._current(), algs or self._algorithms, emergency=emergency, caller=caller):
            raise RefusedError("Somebody else rotated the keys at this moment; nothing was done. See: keys list",
                               code="conflict", status=409)
        return self._current().stored

    def rotate_due(self, caller: Caller) -> str | None:
        """Rotate the algorithm whose time came first; the worker calls this now and then, and takes the others in turn.

        Several workers that find the same make one rotation between them.

        Returns:
            The algorithm; None when no key is due, or another process was faster.

        Raises:
            UnavailableError: the database or the token does not answer; the old key goes on signing.
        """
        self.ensure(caller)
        loaded = self._current()
        due = [(at, alg) for alg in self._algorithms if (at := self._due_at(loaded, alg)) is not None and at <= self._clock.now()]
        if not due:
            return None
        _at, alg = min(due)
        return alg if self._rotate(loaded, (alg,), emergency=False, caller=caller) else None

    def prune(self, caller: Caller) -> int:
        """Remove the keys that have been retired long enough; the worker calls this now and then. Gives how many."""
        loaded = self._current()
        before = self._clock.now() - self._keep_retired_seconds
        due = [key for key in loaded.stored if key.state == "retired" and (key.retired_at or 0) < before]
        if not due or not self._store.remove(retired_before=before, version=loaded.version, now=self._clock.now(), caller=caller):
            return 0
        self.reload()
        return len(due)

    def destroy_spent(self, caller: Caller) -> int:
        """Destroy private parts in the token that sign no more; the worker calls this now and then. Gives how many.

        Raises:
            UnavailableError: the token does not answer; what is left is destroyed at a later call.
        """
        before, destroyed = self._clock.now() - DESTROY_AFTER_SECONDS, 0
        for key in self._current().stored:
            if key.state in ("retired", "removed") and key.token_uri and self.token and (key.retired_at or 0) < before:
                self.token.destroy(key.token_uri)
                destroyed += self._store.forget(key.kid, now=self._clock.now(), caller=caller)
        if destroyed:
            self.reload()
        return destroyed

    def _rotate(self, before: _Loaded, algs: Sequence[str], *, emergency: bool, caller: Caller) -> bool:
        """Exchange keys on what was seen before; False when somebody else has exchanged one of them since."""
        fresh: list[StoredKey] = []
        try:
            fresh.extend(self._make(alg, "next") for alg in algs)
            loaded = self._current()
            while _kids(loaded, "active", algs) == _kids(before, "active", algs):
                detail = {"out": _kids(loaded, "active", algs), "active": _kids(loaded, "next", algs),
                          "next": {key.alg: key.kid for key in fresh}}
                done = self._store.rotate(fresh, emergency=emergency, version=loaded.version, now=self._clock.now(),
                                          detail=detail, caller=caller)
                self.reload()
                if done:
                    fresh = []
                    return True
                loaded = self._current()
            return False
        finally:
            self._discard(fresh)

    def _current(self) -> _Loaded:
        self.refresh()
        assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        # The version is read first: keys newer than it are loaded once more at the next look, never missed; and a change
        # decided on them names the old version, so it does nothing and is decided again.
        version = self._store.version()
        stored = tuple(self._store.keys())
        opened = {key.kid: key for key in self._loaded.signing.values()} if self._loaded else {}
        # A later release may have put keys of further algorithms there; those are published and otherwise left alone.
        signing = {key.alg: opened.get(key.kid) or open_key(key, sealer=self._sealer, token=self.token) for key in stored
                   if key.state == "active" and key.alg in self._algorithms and (self.token or not key.token_uri)}
        shown = [(key.alg, json.loads(key.public_jwk)) for key in stored if key.state == "next" or (
            key.state != "removed" and key.alg not in ENCRYPTION_ALGORITHMS)]  # the newest to encrypt to (encryption_keys.py)
        document = json.dumps({"keys": [jwk for _alg, jwk in shown]}, separators=(",", ":")).encode("ascii")
        etag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
        verification = KeySet([JWKRegistry.import_key(jwk) for alg, jwk in shown if alg in self._algorithms])
        self._loaded = _Loaded(version, stored, signing, verification, document, etag)
        self._checked_at = self._clock.now()

    def _missing(self, loaded: _Loaded) -> tuple[str, State] | None:
        for alg in self._algorithms:
            for state in cast(tuple[State, ...], ("active", "next")):
                if not any(key.alg == alg and key.state == state for key in loaded.stored):
                    return alg, state
        return None

    def _due_at(self, loaded: _Loaded, alg: str) -> int | None:
        misplaced = any(key.alg == alg and key.state == "active" and self._is_misplaced(key) for key in loaded.stored)
        return next_rotation_at(loaded.stored, alg, period_seconds=self._rotation_seconds, misplaced=misplaced)

    def _is_misplaced(self, key: StoredKey) -> bool:
        """Tell whether a private part is elsewhere than a new one would be; while the token cannot say, it may stay."""
        try:
            return bool(key.token_uri) != (self._maker(key.alg) is not None)
        except IdpError:
            return False

    def _maker(self, alg: str) -> KeyToken | None:
        return self.token if self._new_in_token and self.token is not None and self.token.makes(alg) else None

    def _make(self, alg: str, state: State) -> StoredKey:
        return make_key(alg, state, now=self._clock.now(), sealer=self._sealer, token=self._maker(alg))

    def _discard(self, made: Sequence[StoredKey]) -> None:
        """Destroy what was made in the token and came too late to be stored."""
        for key in made:
            if key.token_uri and self.token is not None:
                self.token.destroy(key.token_uri)


def _kids(loaded: _Loaded, state: State, algs: Sequence[str]) -> dict[str, str]:
    return {key.alg: key.kid for key in loaded.stored if key.state == state and key.alg in algs}
