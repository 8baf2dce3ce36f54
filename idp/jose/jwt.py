"""JSON Web Tokens: sign with a key of ours, verify with an explicit list of algorithms, and nothing between.

Spec: RFC 7515, RFC 7519, RFC 8725. Departs from RFC 7515 §4.1: a token whose header carries a key or points at one (jwk, jku,
x5u, x5c), or that asks for extensions (crit, b64, zip), is refused rather than read past; so is a header or payload in which a
member stands twice (RFC 7519 §4 leaves that open), or which is beyond the limits of ``json_object``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from ..errors import RefusedError
from ..json_object import parse_object
from .signing_key import SigningKey

MAX_TOKEN_BYTES: Final = 16 * 1024
MAX_HEADER_BYTES: Final = 2 * 1024
ALGORITHMS: Final = frozenset({"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"})
"""Asymmetric signatures; ``verify`` takes no shared-secret or empty algorithm from any caller."""
MAC_ALGORITHMS: Final = ("HS256",)
"""Those of ``verify_mac``, which takes no public key: what verifies the one can never verify the other (RFC 8725 §3.1)."""

PublicKey = ECKey | RSAKey | OKPKey

_FORBIDDEN: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_UNSECURED: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.")
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class InvalidTokenError(RefusedError):
    """The token is not one of ours, not for us, or not valid now. The message never quotes the token."""

    code = "invalid_token"
    status = 401


class BadSignatureError(InvalidTokenError):
    """The key that was tried did not sign it; another one of the same owner may have."""


class _Registry(jws.JWSRegistry):
    max_header_length = MAX_HEADER_BYTES
    max_payload_length = MAX_TOKEN_BYTES

    def get_alg(self, name: str) -> Any:
        """Give an algorithm of the list; what joserfc thinks of its name (EdDSA: docs/divergences.md) is not said per token."""
        if name not in (self.allowed or ()):
            raise KeyError(name)
        return self.algorithms[name]


_SIGNING: Final = {alg: _Registry(algorithms=[alg]).get_alg(alg) for alg in ALGORITHMS}
"""What signs, by algorithm. The compact form is put together here: joserfc looks at a header that came from elsewhere, and that
costs as much as the signature; ours has three members, the same for every token of a key and a type."""


def sign(claims: Mapping[str, Any], key: SigningKey, *, typ: str) -> str:
    """Make a signed token in compact form.

    Args:
        claims: JSON members; times are whole seconds since the epoch.
        key: The active key of one algorithm; its kid and alg go into the header.
        typ: ``JWT`` (ID tokens), ``at+jwt`` (RFC 9068), ``logout+jwt`` (Back-Channel Logout §2.4).

    Source: RFC 7515 §5.1, §7.1.
    """
    algorithm = _SIGNING[key.alg]
    algorithm.check_key(key.key)
    signed = _header(key.alg, key.kid, typ) + b"." + urlsafe_b64encode(_encode(claims).encode("utf-8"))
    return (signed + b"." + urlsafe_b64encode(algorithm.sign(signed, key.key))).decode("ascii")


@lru_cache(maxsize=64)
def _header(alg: str, kid: str, typ: str) -> bytes:
    """Give the first part of the compact form."""
    return urlsafe_b64encode(_encode({"alg": alg, "kid": kid, "typ": typ}).encode("utf-8"))


def header_of(token: str) -> dict[str, Any]:
    """Read the header of a compact token that is not verified yet: for choosing the key, and for nothing else.

    Raises:
        InvalidTokenError: it is too long, not a compact JWS, or its header is not one that ``verify`` could accept.
    """
    header = _object(_compact(token).partition(".")[0], limit=MAX_HEADER_BYTES)
    if not _FORBIDDEN.isdisjoint(header):
        raise InvalidTokenError("The token's header holds a member that is never accepted.")
    if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid", ""), str):
        raise InvalidTokenError("The token's header is not well formed.")
    return header


def header_with_key(token: str) -> dict[str, Any]:
    """Read the header of a token that may carry its own key (``embedded_key``); everything else that is forbidden stays so.

    Raises:
        InvalidTokenError: as ``header_of``.
    """
    header = _object(_compact(token).partition(".")[0], limit=MAX_HEADER_BYTES)
    if not (_FORBIDDEN - {"jwk"}).isdisjoint(header):
        raise InvalidTokenError("The token's header holds a member that is never accepted.")
    return header


def signed_claims(token: str, key: PublicKey, alg: str) -> dict[str, Any]:
    """Check nothing but the signature, and give the claims; the header was looked at by the caller.

    Raises:
        BadSignatureError: this key did not sign it.
        InvalidTokenError: the payload is not a JSON object.
    """
    try:
        signed = jws.deserialize_compact(token, key, registry=_Registry(algorithms=[alg]))
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise BadSignatureError("The token's signature is not valid.", debug=type(err).__name__) from None
    return _parse(signed.payload or b"")


def unverified_claims(token: str) -> dict[str, Any]:
    """Read the claims of a compact token before anything is verified: for finding out whose it claims to be, no more.

    Raises:
        InvalidTokenError: it is too long or not well formed.
    """
    return _object(_compact(token).split(".")[1], limit=MAX_TOKEN_BYTES)


def unsigned_claims(token: str, *, types: Collection[str], issuer: str, audience: str, now: int, leeway: int) -> dict[str, Any]:
    """Read a token that says of itself that nobody signed it; for the one caller that may (``request_object``).

    Args:
        token: As received; at most 16 kB, the third part empty.
        types: Media types in short form that it may name; one that names none is a ``jwt``.
        issuer: What ``iss`` must be where it is there.
        audience: What must be in ``aud`` where it is there.
        now: Seconds since the epoch.
        leeway: Seconds of clock difference to bear.

    Raises:
        InvalidTokenError: it is not well formed, says that it is signed, or says that it is not for us or not valid now.

    Source: RFC 7519 §6.1 (unsecured JWTs).
    """
    if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES:
        raise InvalidTokenError("The token is too long.")
    parts = _UNSECURED.fullmatch(token)
    if parts is None:
        raise InvalidTokenError("The token is not an unsecured JWT in compact form.")
    header = _object(parts[1], limit=MAX_HEADER_BYTES)
    typ = header.get("typ", "JWT")
    if not _FORBIDDEN.isdisjoint(header) or header.get("alg") != "none" or "kid" in header:
        raise InvalidTokenError("The token's header is not that of an unsecured JWT.")
    if not isinstance(typ, str) or media_type(typ) not in types:
        raise InvalidTokenError("The token is of another type.")
    claims = _object(parts[2], limit=MAX_TOKEN_BYTES)
    _check_claims(claims, issuer=issuer if "iss" in claims else None, audience=audience if "aud" in claims else None,
                  now=now, leeway=leeway, allow_expired=False, must_expire=False)
    return claims


def verify(
    token: str, keys: KeySet | PublicKey, *, algorithms: Collection[str], typ: str | None, issuer: str | None,
    audience: str | Collection[str] | None, now: int, leeway: int = 0, allow_expired: bool = False, must_expire: bool = True,
) -> dict[str, Any]:
    """Check a compact token and give its claims.

    Args:
        token: As received; at most 16 kB.
        keys: The set to choose from by ``kid``, or the only key that may have signed. Nothing in the token adds to it.
        algorithms: Algorithms this caller takes; never empty, all asymmetric.
        typ: Exact media type, with or without ``application/``. ``JWT`` and None take tokens that name no type or ``JWT``,
            so that no access or logout token passes as an ID token.
        issuer: What ``iss`` must be; None where the caller checks it.
        audience: One value, or several of which one must be in ``aud``; None where the caller checks it.
        now: Seconds since the epoch.
        leeway: Seconds of clock difference to bear.
        allow_expired: True for an ID token that only hints who somebody is (OpenID Connect RP-Initiated Logout §2).
        must_expire: False where a token need not say when it expires (a request object, OpenID Connect Core §6.1).

    Raises:
        InvalidTokenError: for whatever is wrong with it.

    Source: RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725 §3.
    """
    if not algorithms or not ALGORITHMS.issuperset(algorithms):
        raise ValueError("verify() needs a list of asymmetric algorithms")
    claims = _authentic(token, keys, algorithms, typ)
    _check_claims(claims, issuer=issuer, audience=audience, now=now, leeway=leeway, allow_expired=allow_expired,
                  must_expire=must_expire)
    return claims


def verify_mac(token: str, key: OctKey, *, now: int, leeway: int = 0) -> dict[str, Any]:
    """Check a compact token of type ``JWT`` that was signed with a shared secret, and give its claims.

    Issuer and audience are the caller's to check.

    Args:
        token: As received; at most 16 kB.
        key: The secret; a key of another kind is refused, whatever the token says.
        now: Seconds since the epoch.
        leeway: Seconds of clock difference to bear.

    Raises:
        InvalidTokenError: for whatever is wrong with it.

    Source: RFC 7515 §5.2, RFC 7518 §3.2, RFC 8725 §3.1.
    """
    if not isinstance(key, OctKey):
        raise ValueError("verify_mac() needs a shared secret")
    claims = _authentic(token, key, MAC_ALGORITHMS, None)
    _check_claims(claims, issuer=None, audience=None, now=now, leeway=leeway, allow_expired=False, must_expire=True)
    return claims


def _authentic(token: str, keys: KeySet | PublicKey | OctKey, algorithms: Collection[str], typ: str | None) -> dict[str, Any]:
    """Check the header and the signature, and give the claims."""
    _check_header(_object(_compact(token).partition(".")[0], limit=MAX_HEADER_BYTES), keys, algorithms, typ)
    try:
        signed = jws.deserialize_compact(token, keys, registry=_Registry(algorithms=list(algorithms)))
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise BadSignatureError("The token's signature is not valid.", debug=type(err).__name__) from None
    return _parse(signed.payload or b"")


def _compact(token: str) -> str:
    if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES:
        raise InvalidTokenError("The token is too long.")
    if _COMPACT.fullmatch(token) is None:
        raise InvalidTokenError("The token is not a signed JWT in compact form.")
    return token


def _check_header(header: dict[str, Any], keys: KeySet | PublicKey | OctKey, algorithms: Collection[str],
                  typ: str | None) -> None:
    if not _FORBIDDEN.isdisjoint(header):
        raise InvalidTokenError("The token's header holds a member that is never accepted.")
    if not isinstance(header.get("alg"), str) or header["alg"] not in algorithms:
        raise InvalidTokenError("The token's algorithm is not accepted.")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise InvalidTokenError("The token's kid is not a string.")
    if kid is None and isinstance(keys, KeySet):
        raise InvalidTokenError("The token does not name its key.")
    found = header.get("typ", "JWT")
    if not isinstance(found, str) or media_type(found) != media_type(typ or "JWT"):
        raise InvalidTokenError("The token is of another type.")


def media_type(typ: str) -> str:
    """Give the short form in which types are compared (RFC 7515 §4.1.9)."""
    return typ.lower().removeprefix("application/")


def _object(segment: str, *, limit: int) -> dict[str, Any]:
    if len(segment) > limit:
        raise InvalidTokenError("The token's header is too long.")
    try:
        return _parse(urlsafe_b64decode(segment.encode("ascii")))
    except ValueError:
        raise InvalidTokenError("The token is not well formed.") from None


def _parse(text: bytes) -> dict[str, Any]:
    try:
        return parse_object(text)
    except ValueError:
        raise InvalidTokenError("The token is not well formed.") from None


def _check_claims(
    claims: dict[str, Any], *, issuer: str | None, audience: str | Collection[str] | None, now: int, leeway: int,
    allow_expired: bool, must_expire: bool,
) -> None:
    if issuer is not None and claims.get("iss") != issuer:
        raise InvalidTokenError("The token is from another issuer.")
    if audience is not None:
        wanted = {audience} if isinstance(audience, str) else set(audience)
        found = claims.get("aud")
        named = [found] if isinstance(found, str) else found
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named) or wanted.isdisjoint(named):
            raise InvalidTokenError("The token is for another audience.")
    if "sub" in claims and not isinstance(claims["sub"], str):
        raise InvalidTokenError("The token's subject is not a string.")
    expires = _time(claims, "exp")
    if expires is None and must_expire:
        raise InvalidTokenError("The token does not say when it expires.")
    if expires is not None and not allow_expired and now >= expires + leeway:
        raise InvalidTokenError("The token has expired.")
    for name in ("nbf", "iat"):
        moment = _time(claims, name)
        if moment is not None and moment > now + leeway:
            raise InvalidTokenError("The token is not valid yet.")


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if name in claims and (isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12):
        raise InvalidTokenError(f"The token's {name} is not a time.")
    return value
