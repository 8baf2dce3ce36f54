"""The public keys of applications: registered by value (``jwks``), or fetched from where the application has them (``jwks_uri``).

Spec: RFC 7591 §2 (jwks, jwks_uri), RFC 7517, RFC 8725 §3.1-§3.5, OpenID Connect Core §10.1.1 (rotation: an unknown kid makes us
fetch again). Departs from RFC 7517 §5 (members that are not understood are ignored): a document that holds a private or symmetric
key is refused as a whole, because a secret that was published is none any more.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from ...jose import jwe

MOST_KEYS: Final = 20
MAX_BYTES: Final = 32 * 1024
SMALLEST_RSA_BITS: Final = 2048
LARGEST_RSA_BITS: Final = 8192
FRESH_SECONDS: Final = 300
"""How long a fetched document is taken without a look."""
REPEAT_SECONDS: Final = 10
"""How soon a document is fetched again because of a kid that it does not hold, or because it could not be had."""
STALE_SECONDS: Final = 3600
"""How long the last good document serves while its server does not answer."""

ClientKey = ECKey | RSAKey | OKPKey

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVES: Final[Mapping[str, frozenset[str]]] = {
    "EC": frozenset({"P-256", "P-384", "P-521"}), "OKP": frozenset({"Ed25519", "X25519"})}
_SHOWN: Final[tuple[str, ...]] = ("kty", "crv", "n", "e", "x", "y", "kid", "use", "alg")
_KID: Final = re.compile(r"[\x20-\x7e]{1,255}")
_FITTING: Final[Mapping[str, tuple[str, str]]] = {
    "RS256": ("RSA", ""), "PS256": ("RSA", ""), "RSA-OAEP-256": ("RSA", ""), "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519")}


class InvalidKeysError(RefusedError):
    """The document is not a set of public keys; the message is one sentence about it, without its content."""

    code = "invalid_client_metadata"


def read_jwks(document: Any) -> tuple[ClientKey, ...]:
    """Check a JWK Set and give its keys; those of types that we have no use for are left out.

    Args:
        document: The parsed JSON.

    Raises:
        InvalidKeysError: it is not a set of sound public keys.

    Source: RFC 7517 §4, §5.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise InvalidKeysError("a JWK Set is expected: an object with a list of keys.")
    if len(keys) > MOST_KEYS:
        raise InvalidKeysError(f"more than {MOST_KEYS} keys.")
    if any(not _PRIVATE.isdisjoint(key) or key.get("kty") == "oct" for key in keys):
        raise InvalidKeysError("it holds a private or symmetric key. Publish public keys only, and make a new key pair now.")
    found = tuple(key for key in map(_key, keys) if key is not None)
    kids = [key.kid for key in found if key.kid]
    if len(set(kids)) != len(kids):
        raise InvalidKeysError("two keys have the same kid.")
    return found


def _key(members: dict[str, Any]) -> ClientKey | None:
    kind = members.get("kty")
    if kind not in ("RSA", "EC", "OKP") or (kind in _CURVES and members.get("crv") not in _CURVES[str(kind)]):
        return None
    if not all(isinstance(members.get(name, ""), str) for name in ("kid", "use", "alg")):
        raise InvalidKeysError("kid, use and alg of a key are texts.")
    if "kid" in members and _KID.fullmatch(members["kid"]) is None:
        raise InvalidKeysError("a kid is longer than 255 characters or not printable ASCII.")
    # x5c and its kin never select or prove a key here; the library is not even shown them.
    kept: dict[str, Any] = {name: members[name] for name in _SHOWN if name in members}
    try:
        key = cast(ClientKey, JWKRegistry.import_key(kept))
        size = key.public_key.key_size if isinstance(key, RSAKey) else 0
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise InvalidKeysError("a key is not well formed.") from err
    if isinstance(key, RSAKey) and not SMALLEST_RSA_BITS <= size <= LARGEST_RSA_BITS:
        raise InvalidKeysError(f"an RSA key has fewer than {SMALLEST_RSA_BITS} or more than {LARGEST_RSA_BITS} bits.")
    return key


class KeyHolder(Protocol):
    """Whoever has registered public keys: an application, or an issuer of assertions."""

    @property
    def client_id(self) -> str:
        """Its name, which nobody else has."""
        ...

    @property
    def jwks(self) -> str:
        """JSON of its keys; "" where it has none or publishes them."""
        ...

    @property
    def jwks_uri(self) -> str:
        """Where it publishes them; "" where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: tuple[ClientKey, ...]
    good_at: int
    tried_at: int


class ClientKeys:
    """Gives the keys of applications; parsed once, fetched seldom.

    Args:
        fetch: Gets the bytes of a ``jwks_uri``: the guarded fetcher (security checklist 19). Raises RefusedError or
            UnavailableError.
        clock: Source of the time.
    """

    def __init__(self, fetch: Callable[[str], bytes], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._parsed: dict[str, tuple[str, tuple[ClientKey, ...]]] = {}
        self._fetched: dict[str, _Fetched] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def verifying(self, client: KeyHolder, *, alg: str, kid: str | None) -> tuple[ClientKey, ...]:
        """Give the keys that may have signed: those of the algorithm's type, and of the kid where one is named.

        Raises:
            UnavailableError: the application's keys cannot be fetched now.
        """
        return self._fitting(client, alg, kid, use="sig")

    def all(self, client: KeyHolder) -> tuple[ClientKey, ...]:
        """Give all keys of a client, whatever they are for. Raises as ``verifying``."""
        return self._keys(client)

    def encrypting(self, client: KeyHolder, *, alg: str) -> ClientKey | None:
        """Give the key to encrypt to; None where the application has none of that type. Raises as ``verifying``."""
        fitting = self._fitting(client, alg, None, use="enc")
        return fitting[0] if fitting else None

    def encrypted(self, client: KeyHolder, content: str, *, alg: str, enc: str, cty: str) -> str:
        """Encrypt a text to a client (arguments as ``jwe.encrypt``).

        Raises:
            UnavailableError: the application has no key for it now.
        """
        key = self.encrypting(client, alg=alg)
        if key is None:
            raise UnavailableError("The application has no key to encrypt to.", dependency="client keys",
                                   debug=f"{client.client_id} publishes no key for {alg}")
        return jwe.encrypt(content, key, alg=alg, enc=enc, cty=cty)

    def _fitting(self, client: KeyHolder, alg: str, kid: str | None, *, use: str) -> tuple[ClientKey, ...]:
        found = _choose(self._keys(client), alg, kid, use)
        if not found and client.jwks_uri:
            # Rotation as OpenID Connect Core §10.1.1 has it: the application began to use a key that we have not seen.
            found = _choose(self._keys(client, again=True), alg, kid, use)
        return found

    def _keys(self, client: KeyHolder, *, again: bool = False) -> tuple[ClientKey, ...]:
        if client.jwks_uri:
            return self._of_uri(client.jwks_uri, again=again)
        known = self._parsed.get(client.client_id)
        if known is None or known[0] != client.jwks:
            known = (client.jwks, read_jwks(json.loads(client.jwks)) if client.jwks else ())
            self._parsed[client.client_id] = known
        return known[1]

    def _of_uri(self, uri: str, *, again: bool) -> tuple[ClientKey, ...]:
        with self._lock:
            lock = self._locks.setdefault(uri, threading.Lock())
        with lock:  # one fetch at a time for each application; the others wait for what it brings
            known = self._fetched.get(uri)
            now = self._clock.now()
            if known is not None:
                due = now - known.tried_at >= REPEAT_SECONDS and (again or now - known.good_at >= FRESH_SECONDS)
                if not due:
                    return self._still_good(known, now)
            try:
                keys = read_jwks(_parse(self._fetch(uri)))
            except (RefusedError, UnavailableError) as err:
                kept = _Fetched((), -STALE_SECONDS, now) if known is None else _Fetched(known.keys, known.good_at, now)
                self._fetched[uri] = kept
                return self._still_good(kept, now, err)
            self._fetched[uri] = _Fetched(keys, now, now)
            return keys

    @staticmethod
    def _still_good(known: _Fetched, now: int, err: Exception | None = None) -> tuple[ClientKey, ...]:
        if now - known.good_at < STALE_SECONDS:
            return known.keys
        raise UnavailableError("The application's keys (jwks_uri) cannot be fetched now.", dependency="jwks_uri",
                               retry_after_seconds=REPEAT_SECONDS, debug=str(err or "")) from err


def can_encrypt(jwks: str, alg: str) -> bool:
    """Tell whether a set that is registered by value holds a key to encrypt to."""
    return bool(_choose(read_jwks(json.loads(jwks)), alg, None, "enc"))


def _choose(keys: tuple[ClientKey, ...], alg: str, kid: str | None, use: str) -> tuple[ClientKey, ...]:
    kind, curve = ("", "") if alg.startswith("ECDH-ES") else _FITTING.get(alg, ("none", ""))

    def fits(key: ClientKey) -> bool:
        members = key.as_dict(private=False)
        if members.get("use", use) != use or members.get("alg", alg) != alg or (kid is not None and key.kid != kid):
            return False
        if not kind:
            return members["kty"] == "EC" or members.get("crv") == "X25519"
        return members["kty"] == kind and (not curve or members.get("crv") == curve)

    return tuple(key for key in keys if fits(key))


def _parse(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise InvalidKeysError(f"it is longer than {MAX_BYTES} bytes.")
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidKeysError("it is not JSON.") from None
