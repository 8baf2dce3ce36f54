"""Applications' keys in tests: pairs, assertions signed by them, and what may come once in memory."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from idp.oauth.client_authentication import Checks
from idp.oauth.clients.assertion import TYPE, ClientAssertions
from idp.oauth.clients.client_secret import ClientSecrets
from idp.oauth.clients.keys import ClientKeys
from idp.oauth.proof.dpop import Nonces, Proofs
from idp.oidc.encryption import ResponseEncryption
from idp.pki.path_validation import CertificateAuthorities
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer

AnyKey = ECKey | RSAKey | OKPKey | OctKey
SECRETS = ClientSecrets(FakeSealer())
"""Gives a client in tests the secret that it signs with."""


class FakeSeenOnce:
    """Satisfies SeenOnce under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], int] = {}

    def take(self, kind: str, value: str, *, now: int, expires_at: int) -> bool:
        with self._lock:
            if self._until.get((kind, value), now) > now:
                return False
            self._until[kind, value] = expires_at
            return True


@functools.cache
def pair(alg: str, number: int = 0) -> AnyKey:
    """A key pair for an algorithm; made once per test process, and every number is another one."""
    encrypts = alg.startswith(("RSA-OAEP", "ECDH"))
    members: Any = {"kid": f"{alg}-{number}", "alg": alg, "use": "enc" if encrypts else "sig"}
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519", members)
    if alg.startswith(("ES", "ECDH")):
        return ECKey.generate_key("P-256", members)
    return RSAKey.generate_key(2048, members)


def secret_key(secret: str) -> OctKey:
    """The key of an application that signs with its secret (OpenID Connect Core §10.1)."""
    return OctKey.import_key(secret, {"alg": "HS256"})


def jwks_of(*keys: AnyKey) -> str:
    """The public JWK Set of some pairs, as text."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


def signed(claims: dict[str, Any], key: AnyKey, *, alg: str | None = None, **header: Any) -> str:
    """A compact JWS; ``name=None`` leaves a claim or a header member out."""
    alg = alg or str(key.as_dict(private=False).get("alg", "ES256"))
    members = {"alg": alg, "kid": key.kid, "typ": "JWT", **header}
    payload = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    members = {name: value for name, value in members.items() if value is not None}
    if alg != key.alg and not isinstance(key, OctKey):  # what an honest library would not sign
        key = type(key).import_key({name: value for name, value in key.as_dict(private=True).items() if name != "alg"})
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    registry.header_registry = {}
    return jws.serialize_compact(members, payload, key, registry=registry)


def assertion_of(client_id: str, audience: Any, now: int, key: AnyKey | None = None, *, header: dict[str, Any] | None = None,
                 alg: str | None = None, **changes: Any) -> dict[str, str]:
    """The two form fields of a client assertion (RFC 7523 §2.2)."""
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(12)}
    return {"client_assertion_type": TYPE,
            "client_assertion": signed(claims | changes, key or pair("ES256"), alg=alg, **(header or {}))}


def _nothing(url: str) -> bytes:
    raise AssertionError(f"{url} is not fetched here")


def client_assertions(issuer: str, clock: FakeClock) -> ClientAssertions:
    """A checker for applications whose keys are registered by value."""
    return ClientAssertions(issuer=issuer, token_endpoint=f"{issuer}/token", keys=keys_by_value(clock), secrets=SECRETS,
                            seen=FakeSeenOnce(), clock=clock)


def keys_by_value(clock: FakeClock) -> ClientKeys:
    """Keys of applications that publish none."""
    return ClientKeys(_nothing, clock)


def response_encryption(clock: FakeClock) -> ResponseEncryption:
    """Encrypts to applications whose keys are registered by value."""
    return ResponseEncryption(keys_by_value(clock))


def checks(issuer: str, clock: FakeClock) -> Checks:
    """Everything that client authentication asks, without mutual TLS."""
    return Checks(client_assertions(issuer, clock), keys_by_value(clock), CertificateAuthorities(), False, clock)


def proofs(clock: FakeClock) -> Proofs:
    """A checker of DPoP proofs with nothing behind it."""
    return Proofs(FakeSeenOnce(), Nonces(b"n" * 32, clock), clock)


def proof_of(method: str, address: str, now: int, key: AnyKey | None = None, *, access_token: str | None = None,
             header: dict[str, Any] | None = None, alg: str | None = None, **changes: Any) -> str:
    """A DPoP proof (RFC 9449 §4.2); ``name=None`` leaves a claim or a header member out."""
    key = key or pair("ES256")
    claims = {"htm": method, "htu": address, "iat": now, "jti": secrets.token_urlsafe(12)}
    if access_token is not None:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=").decode()
    public = {name: value for name, value in key.as_dict(private=False).items() if name not in {"kid", "use", "alg"}}
    return signed(claims | changes, key, alg=alg, **({"typ": "dpop+jwt", "jwk": public, "kid": None} | (header or {})))
