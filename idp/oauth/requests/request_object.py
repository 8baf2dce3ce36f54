"""Request objects: an authorization request as a JWT that the application signed.

Spec: RFC 9101 §4-§6, §10; OpenID Connect Core §6.1; FAPI 2.0 Message Signing §5.3. What the application signed is all that is
asked: parameters that stand beside the object are passed over (RFC 9101 §6.3), so that nobody on the way adds anything. Departs
from OpenID Connect Core §6.1, which lets parameters outside fill in what the object leaves out, and from RFC 9101 §4 and OpenID
Connect Core §6.1, where iss, aud and every time are optional: a signed object names its client and us, and says by exp, nbf or
iat since when or until when it counts, which is an hour at most. The profile fapi2 wants exp and nbf both. What an application
publishes at an address that it registered (``published.py``) is fetched anew each time, so it need not say when it counts; and it
may be unsigned, unless the application registered how it signs or that it must: the address says whose it is, and the browser
could bring as much as plain parameters. An object that is not signed is refused everywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from ...clock import Clock
from ...errors import RefusedError
from ...jose import jwe, jwt
from ..client import Client
from ..clients.keys import ClientKeys

TYPES: Final = frozenset({"jwt", "oauth-authz-req+jwt"})
"""What an object may call itself (RFC 9101 §10.8); one that names no type is a JWT."""
ALGORITHMS: Final = ("ES256", "PS256", "RS256", "EdDSA")
"""Algorithms of signed request objects; discovery lists the same."""
UNSIGNED: Final = "none"
"""What an application registers that never signs what it publishes; on the list only where published ones are fetched."""
STRICT_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Those of the profile fapi2."""
NEEDED: Final = frozenset({"iss", "aud"})
STRICTLY_NEEDED: Final = frozenset({*NEEDED, "exp", "nbf"})
"""Claims that say for whom and when an object counts; the second for the profile fapi2."""
TIMES: Final = frozenset({"exp", "nbf", "iat"})
"""One of these there is in every object that a browser or an application brings."""
LONGEST_LIFE_SECONDS: Final = 3600
SKEW_SECONDS: Final = 10

_OF_THE_TOKEN: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
_NEVER_INSIDE: Final = frozenset({"request", "request_uri"})


class InvalidRequestObjectError(RefusedError):
    """The object asks for nothing; the message says why and quotes nothing of it.

    Codes: ``invalid_request_object``, ``request_not_supported`` (it is not signed), ``invalid_request``.
    """

    code = "invalid_request_object"


class RequestObjects:
    """Checks request objects.

    Args:
        issuer: The provider's issuer identifier: the audience.
        keys: The applications' keys.
        clock: Source of the time.
        decrypt: Reads what applications encrypted to us (``EncryptionKeys.decrypt``).
    """

    def __init__(self, issuer: str, keys: ClientKeys, clock: Clock, decrypt: Callable[[str], str]) -> None:
        self._decrypt = decrypt
        self._issuer = issuer
        self._keys = keys
        self._clock = clock

    def verify(self, token: str, client: Client, *, registered_alg: str = "", needed: Collection[str] = NEEDED) -> dict[str, Any]:
        """Check that a client signed a request for us, and that it counts now.

        Args:
            token: As received.
            client: Who sent it; nothing in the token chooses another.
            registered_alg: The only algorithm that the client registered for this kind of request; "" for any that is offered.
            needed: Claims that must be there, of those that every JWT may have.

        Returns:
            All claims.

        Raises:
            InvalidRequestObjectError: it is not signed by this client, not for us, not valid now or for longer than an hour.
            UnavailableError: the client's keys cannot be had now.

        Source: RFC 9101 §6.1-§6.2, §10.8; FAPI 2.0 Message Signing §5.3.1 (an hour).
        """
        now = self._clock.now()
        claims = self._signed(token, client, registered_alg, now, must_expire="exp" in needed)
        missing = sorted(name for name in needed if name not in claims)
        if missing:
            raise InvalidRequestObjectError(f"{missing[0]} of the request object is missing.")
        self._check_life(claims, client)
        return claims

    def _check_life(self, claims: Mapping[str, Any], client: Client) -> None:
        """Refuse an object that counts for longer than an hour, or that could be taken for an assertion.

        Source: FAPI 2.0 Message Signing §5.3.1 for the second condition; the first bounds what others leave open.
        """
        now = self._clock.now()
        latest, earliest = claims.get("exp", now), claims.get("nbf", claims.get("iat", now))
        if latest > now + LONGEST_LIFE_SECONDS + SKEW_SECONDS or earliest < now - LONGEST_LIFE_SECONDS - SKEW_SECONDS:
            raise InvalidRequestObjectError("The request object is older, or is valid for longer, than an hour.")
        if client.fapi2 and latest - earliest > LONGEST_LIFE_SECONDS:
            raise InvalidRequestObjectError("Between nbf and exp of the request object lies more than an hour.")
        if claims.get("sub") == client.client_id:
            raise InvalidRequestObjectError("sub of a request object must not be the client_id, as in a client assertion.")

    def unfold(self, parameters: Mapping[str, Sequence[str]], client: Client, *,
               published: bool = False) -> Mapping[str, Sequence[str]]:
        """Give the parameters inside the object of a request, or those of a request without one as they are.

        Args:
            parameters: As sent.
            client: Who sent them.
            published: Whether the object was fetched from an address that the client registered.

        Raises:
            InvalidRequestObjectError, UnavailableError: as ``verify``; also where there is none and the client must sign.
        """
        sent = [value for value in parameters.get("request", ()) if value]
        if len(sent) > 1:
            return parameters  # refused for that by whoever reads them
        if not sent:
            if client.require_signed_request_object:
                raise InvalidRequestObjectError("This application must sign its requests (RFC 9101).", code="invalid_request")
            return parameters
        if any(parameters.get("request_uri", ())):
            raise InvalidRequestObjectError("request and request_uri exclude each other.", code="invalid_request")
        return self._inside(sent[0], client, published=published)

    def _inside(self, token: str, client: Client, *, published: bool) -> dict[str, list[str]]:
        registered = client.request_object_signing_alg
        encrypted = token.count(".") == 4
        if encrypted:
            token = self._opened(token, client)
        if token.endswith(".") and token.count(".") == 2:
            if not published or encrypted or not _may_be_unsigned(client):
                expected = registered not in {"", UNSIGNED} or client.require_signed_request_object
                raise InvalidRequestObjectError("The request object is not signed.",
                                                code="invalid_request_object" if expected else "request_not_supported")
            claims = self._unsigned(token, client)
        else:
            claims = self.verify(token, client, registered_alg=registered,
                                 needed=STRICTLY_NEEDED if client.fapi2 else NEEDED)
            if not published and TIMES.isdisjoint(claims):
                raise InvalidRequestObjectError("exp of the request object is missing, and so are nbf and iat.")
        if claims.get("client_id", client.client_id) != client.client_id:
            raise InvalidRequestObjectError("client_id inside the request object is another one than outside.")
        if not _NEVER_INSIDE.isdisjoint(claims):
            raise InvalidRequestObjectError("A request object holds no other request object.")
        return parameters_of(claims) | {"client_id": [client.client_id]}

    def _opened(self, token: str, client: Client) -> str:
        """Give what stands inside an encrypted object: another signed one (RFC 9101 §4, §6.1; RFC 7519 §5.2)."""
        try:
            header = jwe.header_of(token)
            registered = client.request_object_encryption_alg, client.request_object_encryption_enc
            if client.request_object_encryption_alg and registered != (header["alg"], header["enc"]):
                raise InvalidRequestObjectError("The request object is encrypted with other algorithms than those registered.")
            return self._decrypt(token)
        except jwe.DecryptionError as err:
            raise InvalidRequestObjectError(err.message.replace("The token", "The request object", 1)) from None

    def _unsigned(self, token: str, client: Client) -> dict[str, Any]:
        """Read an object that nobody signed; who may use it was decided before."""
        try:
            claims = jwt.unsigned_claims(token, types=TYPES, issuer=client.client_id, audience=self._issuer,
                                         now=self._clock.now(), leeway=SKEW_SECONDS)
        except jwt.InvalidTokenError as err:
            raise InvalidRequestObjectError(err.message.replace("The token", "The request object", 1)) from None
        self._check_life(claims, client)
        return claims

    def _signed(self, token: str, client: Client, registered: str, now: int, *, must_expire: bool) -> dict[str, Any]:
        offered = STRICT_ALGORITHMS if client.fapi2 else ALGORITHMS
        try:
            header = jwt.header_of(token)
            alg, typ = header["alg"], header.get("typ", "JWT")
            if alg not in offered or (registered and alg != registered):
                raise InvalidRequestObjectError("The algorithm of the request object is not accepted.")
            if not isinstance(typ, str) or jwt.media_type(typ) not in TYPES:
                raise InvalidRequestObjectError("typ of the request object is oauth-authz-req+jwt, JWT or left out.")
            for key in self._keys.verifying(client, alg=alg, kid=header.get("kid")):
                try:
                    return jwt.verify(token, key, algorithms=(alg,), typ=typ, issuer=client.client_id, audience=self._issuer,
                                      now=now, leeway=SKEW_SECONDS, must_expire=must_expire)
                except jwt.BadSignatureError:
                    continue
        except jwt.InvalidTokenError as err:
            raise InvalidRequestObjectError(err.message.replace("The token", "The request object", 1)) from None
        raise InvalidRequestObjectError("The request object is not signed by a key of this client.")


def _may_be_unsigned(client: Client) -> bool:
    """Tell whether a client may publish objects that are not signed: unless it said that it signs, or the profile has it sign.

    Source: OpenID Connect Core §6.1-§6.2, Registration §2 (whoever registers no algorithm may use any), RFC 9101 §10.5.
    """
    return client.request_object_signing_alg in {"", UNSIGNED} and not client.require_signed_request_object and not client.fapi2


def parameters_of(claims: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the claims of a request object as parameters of a request.

    Args:
        claims: Verified. Texts stand for themselves, numbers and objects for the JSON that they are outside; ``resource`` may be
            a list of texts. Claims of the JWT itself are none of the request's.

    Raises:
        InvalidRequestObjectError: a value is none that could stand outside.

    Source: RFC 9101 §4.
    """
    try:
        return {name: _values(name, value) for name, value in claims.items() if name not in _OF_THE_TOKEN and value is not None}
    except (ValueError, RecursionError):
        raise InvalidRequestObjectError("A claim of the request object holds what no parameter can carry.") from None


def _values(name: str, value: Any) -> list[str]:
    if name == "resource" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        found = list(value)
    else:
        found = [value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)]
    for text in (name, *found):
        text.encode("utf-8")  # half of a surrogate pair, which JSON can name, never goes any further
    return found
