"""Token signing keys: which one signs, which ones verify, and what the world is shown.

Spec: RFC 7517 (JWK Set), RFC 7638 (kid by thumbprint), RFC 7518 §3 (ES256, RS256).

A key is ``next`` (published, does not sign yet), ``active`` (signs), ``retired`` (verifies only; its private part is wiped) or
``removed`` (a tombstone: verifies nothing, published nowhere). So a relying party meets every key in the JWK Set before the first
token signed by it. Private parts rest sealed in the database and are parsed once per process; a version counter tells other
processes of a change within a second.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from joserfc.jwk import ECKey, JWKRegistry, KeySet, RSAKey

from ..audit import Caller
from ..clock import Clock
from ..errors import ConfigurationError, RefusedError, UnavailableError

ALGORITHMS: Final = ("ES256", "RS256")
"""One signing key each: ES256 for access and logout tokens, RS256 where a client's ID tokens ask for it."""

JWKS_MAX_AGE_SECONDS: Final = 3600
"""How long anybody may keep the JWK Set (Cache-Control of the document)."""

KEEP_RETIRED_SECONDS: Final = 48 * 3600
"""How long a retired key still verifies: the longest session (24 h) and the longest token (1 h) with room to spare."""

State = Literal["next", "active", "retired", "removed"]


class Sealer(Protocol):
    """Seals small secrets for the database under the key-encryption key."""

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate; only the same context opens it again."""
        ...

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt.

        Raises:
            ConfigurationError: sealed under another key, for another context, or altered.
        """
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that may sign now. ``key`` carries kid, alg and use."""

    kid: str
    alg: str
    key: ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the database has it.

    Attributes:
        public_jwk: JSON of the public JWK with kid, alg and use.
        sealed_private: PKCS #8 DER, sealed with the context ``signing_key:<kid>``; empty once retired.
    """

    kid: str
    alg: str
    state: str
    public_jwk: str
    sealed_private: bytes
    created_at: int
    activated_at: int | None = None
    retired_at: int | None = None


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
        """Exchange the keys of all algorithms at once: active to retired, next to active, ``new`` to next.

        In an emergency every key that ever signed, active and retired, becomes ``removed``. Private parts of keys that
        stop signing are wiped. ``detail`` holds, for the audit records ``out``, ``active`` and ``next``, the kid by algorithm.
        """
        ...

    def remove(self, *, retired_before: int, version: int, now: int, caller: Caller) -> bool:
        """Remove the keys that were retired before a time, atomically with an audit record."""
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
        keep_retired_seconds: How long a retired key verifies; at least the longest life of a token.
    """

    def __init__(self, store: KeyStore, sealer: Sealer, clock: Clock, *,
                 keep_retired_seconds: int = KEEP_RETIRED_SECONDS) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._keep_retired_seconds = keep_retired_seconds
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._checked_at = -1

    def signing(self, alg: str) -> SigningKey:
        """Give the active key of an algorithm.

        Raises:
            ConfigurationError: there is none (``ensure`` was not called).
        """
        key = self._current().signing.get(alg)
        if key is None:
            # A process that began before the first keys were made; perhaps another of its threads is loading them just now.
            self.reload()
            key = self._current().signing.get(alg)
        if key is None:
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
            else:
                self._store.add(self._make(alg, state), version=loaded.version, caller=caller)

    def rotate(self, *, emergency: bool = False, caller: Caller) -> tuple[StoredKey, ...]:
        """Let the next keys sign, keep the old ones for verification, publish new next ones; all algorithms at once.

        Args:
            emergency: The old keys are compromised: all that ever signed are removed at once, and what they signed verifies
                nowhere of ours any more. Others may keep the old JWK Set for an hour (``JWKS_MAX_AGE_SECONDS``).
            caller: Who asked, for the audit.

        Returns:
            All keys after the change.

        Raises:
            RefusedError: somebody else rotated at the same moment (code ``conflict``); nothing was done here.
        """
        self.ensure(caller)
        before = self._current()
        fresh = [self._make(alg, "next") for alg in ALGORITHMS]
        while True:
            loaded = self._current()
            if _kids(loaded, "active") != _kids(before, "active"):
                raise RefusedError("Somebody else rotated the keys at this moment; nothing was done. See: keys list",
                                   code="conflict", status=409)
            detail = {"out": _kids(loaded, "active"), "active": _kids(loaded, "next"),
                      "next": {key.alg: key.kid for key in fresh}}
            done = self._store.rotate(fresh, emergency=emergency, version=loaded.version, now=self._clock.now(),
                                      detail=detail, caller=caller)
            self.reload()
            if done:
                return self._current().stored

    def prune(self, caller: Caller) -> int:
        """Remove the keys that have been retired long enough; the worker calls this now and then. Gives how many."""
        loaded = self._current()
        before = self._clock.now() - self._keep_retired_seconds
        due = [key for key in loaded.stored if key.state == "retired" and (key.retired_at or 0) < before]
        if not due or not self._store.remove(retired_before=before, version=loaded.version, now=self._clock.now(), caller=caller):
            return 0
        self.reload()
        return len(due)

    def _current(self) -> _Loaded:
        self.refresh()
        assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        # The version is read first: keys newer than it are loaded once more at the next look, never missed; and a change
        # decided on them names the old version, so it does nothing and is decided again.
        version = self._store.version()
        stored = tuple(self._store.keys())
        known = dict(self._loaded.signing) if self._loaded else {}
        parsed = {key.kid: key for key in known.values()}
        signing = {key.alg: parsed.get(key.kid) or self._open(key) for key in stored if key.state == "active"}
        public = [JWKRegistry.import_key(json.loads(key.public_jwk)) for key in stored if key.state != "removed"]
        document = json.dumps({"keys": [key.as_dict(private=False) for key in public]}, separators=(",", ":")).encode("ascii")
        etag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
        self._loaded = _Loaded(version, stored, signing, KeySet(public), document, etag)
        self._checked_at = self._clock.now()

    def _missing(self, loaded: _Loaded) -> tuple[str, State] | None:
        for alg in ALGORITHMS:
            for state in cast(tuple[State, ...], ("active", "next")):
                if not any(key.alg == alg and key.state == state for key in loaded.stored):
                    return alg, state
        return None

    def _make(self, alg: str, state: State) -> StoredKey:
        private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if alg == "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        else:
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        key = _key_object(private, alg)
        kid = str(key.kid)
        now = self._clock.now()
        return StoredKey(
            kid=kid, alg=alg, state=state, public_jwk=json.dumps(key.as_dict(private=False), sort_keys=True),
            sealed_private=self._sealer.seal(der, context=f"signing_key:{kid}"),
            created_at=now, activated_at=now if state == "active" else None)

    def _open(self, stored: StoredKey) -> SigningKey:
        der = self._sealer.open(stored.sealed_private, context=f"signing_key:{stored.kid}")
        private = load_der_private_key(der, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ConfigurationError(f"The signing key {stored.kid} is of an unknown kind.",
                                     remedy="Run: flask --app wsgi keys rotate")
        key = _key_object(private, stored.alg)
        if key.kid != stored.kid:
            raise ConfigurationError(f"The signing key {stored.kid} does not fit its kid.",
                                     remedy="The table signing_key was altered; restore it from the backup.")
        return SigningKey(stored.kid, stored.alg, key)


def _key_object(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, alg: str) -> ECKey | RSAKey:
    """Wrap a private key with kid (RFC 7638 thumbprint), alg and use; made here once, never in a request."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return ECKey(private, None, {"kid": ECKey(private, None).thumbprint(), "alg": alg, "use": "sig"})
    return RSAKey(private, None, {"kid": RSAKey(private, None).thumbprint(), "alg": alg, "use": "sig"})


def _kids(loaded: _Loaded, state: State) -> dict[str, str]:
    return {key.alg: key.kid for key in loaded.stored if key.state == state}
