"""What both versions of the API have in common: the rooms, how errors are written, and what is told of a credential.

Spec: CSC API 1.0.4.0 §10 (errors), §11.5; 2.0.0.2 §10, §11.5. Beside ``error`` and ``error_description`` a refusal of the phone
carries ``outcome``, one word for programs that speak with officers in their own words.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from ...authn.lockout import Limits, Lockout, Rule, ThrottledError
from ...errors import RefusedError
from ...oauth.provider_request import ProviderRequest
from ...oauth.server import Provider
from ...oauth.tokens.access_token import TokenRefusedError
from ...oauth.tokens.revocation import Revocation
from ...pki.timestamp.service import TimeStamps
from ...services import RemoteSigning, Services
from ...signing.csc.authorization import Authorization
from ...signing.csc.credential import Credential
from ...signing.csc.hash_signing import HashSigning, NotSignedError
from ..bearer import challenge
from ..json_body import read_object
from ..wsgi import NO_STORE, EndpointRequest, Response, error, json
from .admission import SERVICE, Admission, Admitted

AUTHORIZE_LIMITS: Final = Limits(pair=Rule(60), account=Rule(120), source=Rule(3600))
"""Questions to one officer by one application in half an hour, from one address and altogether."""
REALM: Final = "csc"
_PICTURES: Final = "/static/0/"
"""Where static files are found, whatever their digest (``web.assets``)."""
LOCALES: Final = {"vi": "vi-VN", "en": "en-US"}
Method = Callable[[EndpointRequest], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the API stands on.

    Attributes:
        authorizations: Counts questions (``AUTHORIZE_LIMITS``).
        stamp_requests: Counts time-stamps.
        issuer: Of this deployment.
        name: Of the province.
        logo: Address of its picture.
        login: Gives an application that authenticates by HTTP Basic ``access_token`` and ``expires_in``; nothing to any other.
        revoke: Ends a token of the application that names it (token, client_id, caller); unknown ones change nothing.
    """

    signing: HashSigning
    admission: Admission
    authorizations: Lockout
    time_stamps: TimeStamps
    stamp_requests: Lockout
    issuer: str
    name: str
    logo: str
    login: Callable[[EndpointRequest], dict[str, Any]]
    revoke: Callable[[str, str, EndpointRequest], None]


class CscEndpoint:
    """Answers everything below one address.

    Args:
        prefix: The address, with the slash at its end.
        methods: By their names.
        unoffered: Methods of the standard that are not offered here.
    """

    METHODS = ("POST",)

    def __init__(self, prefix: str, methods: Mapping[str, Method], unoffered: Mapping[str, str]) -> None:
        self._prefix, self._methods, self._unoffered = prefix, methods, unoffered

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer one request."""
        name = request.path.removeprefix(self._prefix)
        method = self._methods.get(name)
        if method is None:
            why = self._unoffered.get(name)
            return error(501, "invalid_request", why) if why else error(404, "invalid_request", "There is no such method.")
        try:
            return method(request)
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        except NotSignedError as refused:
            return json(refused.status, {"error": refused.code, "error_description": refused.message, "outcome": refused.outcome},
                        error=refused.code)
        except RefusedError as refused:
            return _refused(refused)


def _refused(refused: RefusedError) -> Response:
    code = "temporarily_unavailable" if isinstance(refused, ThrottledError) else refused.code
    answer = error(refused.status, code, refused.message)
    if refused.retry_after_seconds is None:
        return answer
    return Response(answer.status, answer.body, (*NO_STORE, ("Retry-After", str(refused.retry_after_seconds))), answer.error)


class OAuthAuthorize:
    """``oauth2/authorize`` below our own address (§8.3.1): leads to the authorization endpoint with the same parameters.

    Args:
        address: Of the authorization endpoint.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def __call__(self, request: EndpointRequest) -> Response:
        """Lead on; nothing is read here."""
        query = request.query.replace("\r", "").replace("\n", "")
        location = f"{self._address}?{query}" if query else self._address
        return Response(303, b"", (("Location", location), ("Cache-Control", "no-store")))


def body_of(request: EndpointRequest) -> dict[str, Any]:
    """Read the body; one that is empty is an object without members."""
    if not request.content_type and not request.header("transfer-encoding") and not request.body():
        return {}
    return read_object(request)


def language_of(asked: str) -> str:
    """Give the language of an answer: the one asked for where we speak it, else Vietnamese."""
    return next((one for one in LOCALES if asked.lower().partition("-")[0] == one), "vi")


def take_question(rooms: Rooms, admitted: Admitted, request: EndpointRequest) -> None:
    """Count a question to an officer. Raises ThrottledError."""
    rooms.authorizations.take(f"{admitted.requester.client_id} {admitted.requester.sub}", request.caller.source)


def activated(rooms: Rooms, one: Authorization) -> Response:
    """Give the activation data of an authorization that is ready."""
    sad, seconds = rooms.signing.sad(one)
    return json(200, {"SAD": sad, "expiresIn": seconds})


def signs_as(rooms: Rooms, request: EndpointRequest, admitted: Admitted, sad: str) -> str | Authorization:
    """Tell what signs: the authorization of an access token, in the header or in the place of the SAD, or a SAD of our own.

    Raises:
        RefusedError: 400: there is neither.
    """
    named = admitted.signs_as or (rooms.admission.activation(request, sad) if sad else "")
    if named:
        return rooms.signing.of_token(admitted.requester, named)
    if not sad:
        raise RefusedError("Missing (or invalid type) string parameter SAD", code="invalid_request")
    return sad


def key_members(one: Credential) -> dict[str, Any]:
    """Give ``key``."""
    members = {"status": "enabled" if one.enabled else "disabled", "algo": list(one.key.algorithms), "len": one.key.length}
    return members | ({"curve": one.key.curve} if one.key.curve else {})


def certificate_members(one: Credential, certificates: str, *, details: bool) -> dict[str, Any]:
    """Give ``cert``: ``certificates`` none, single or chain; with ``details`` what stands in the certificate."""
    shown = {"none": (), "single": (one.certificate,), "chain": (one.certificate, *one.chain)}[certificates]
    members: dict[str, Any] = {} if one.status == "unknown" else {"status": one.status}
    if shown:
        members["certificates"] = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in shown]
    if details:
        members |= {"issuerDN": one.certificate.issuer.rfc4514_string(), "serialNumber": f"{one.certificate.serial_number:X}",
                    "subjectDN": one.certificate.subject.rfc4514_string(),
                    "validFrom": _time(one.certificate.not_valid_before_utc),
                    "validTo": _time(one.certificate.not_valid_after_utc)}
    return members


def _time(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%SZ}"


def rooms_of(services: Services, rooms: RemoteSigning, origins: tuple[str, ...]) -> Rooms:
    """Put together what the API stands on, from a deployment's rooms."""
    settings, protocols = services.settings, services.certificate_protocols
    return Rooms(
        signing=rooms.signing, admission=Admission(services.resource_access, services.clients, origins, settings.acr_prefix),
        authorizations=rooms.authorizations, time_stamps=protocols.time_stamps, stamp_requests=protocols.stamp_requests,
        issuer=settings.issuer, name=settings.province_name,
        login=logging_in(services.provider), revoke=revoking(services.provider),
        logo=f"{settings.issuer}{_PICTURES}{'logo.svg' if settings.logo_file else 'mark.svg'}")


def logging_in(provider: Provider) -> Callable[[EndpointRequest], dict[str, Any]]:
    """Make what lets applications in (``Rooms.login``), by the rules of the token endpoint for client credentials."""

    def login(request: EndpointRequest) -> dict[str, Any]:
        form = {"grant_type": "client_credentials", "scope": SERVICE}
        answer = provider.token(ProviderRequest(form, caller=request.caller, authorization=request.header("authorization")))
        if answer.status != 200:
            return {}
        return {"access_token": answer.body["access_token"], "expires_in": answer.body["expires_in"]}

    return login


def revoking(provider: Provider) -> Callable[[str, str, EndpointRequest], None]:
    """Make what ends tokens (``Rooms.revoke``), by the rules of the revocation endpoint."""
    endpoint = Revocation(provider)

    def revoke(token: str, client_id: str, request: EndpointRequest) -> None:
        client = provider.registry.find(client_id)
        if client is not None:
            endpoint.give_back(ProviderRequest({"token": token}, caller=request.caller), client)

    return revoke
