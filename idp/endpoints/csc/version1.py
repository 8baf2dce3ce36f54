"""``/csc/v1/``: the methods of version 1.

Spec: CSC API 1.0.4.0 §11. The officer's SIM is asked by us and not by the application (``authMode`` implicit, §11.5), so PIN and
OTP are never taken: a PIN is typed into the phone and nowhere else. ``credentials/sendOTP`` has nothing to send.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ...signing.csc.algorithms import wanted
from ...signing.csc.authorization import Wish
from ...signing.csc.credential import LONGEST_NAME
from ..wsgi import NO_STORE, EndpointRequest, Response, error, json
from . import parameters
from .house import (
    LOCALES,
    REALM,
    CscEndpoint,
    Method,
    Rooms,
    activated,
    body_of,
    certificate_members,
    key_members,
    language_of,
    signs_as,
    take_question,
)
from .stamping import time_stamp

PREFIX: Final = "/csc/v1/"
OAUTH: Final = "/csc/"
"""Below it stand ``oauth2/authorize``, ``oauth2/token`` and ``oauth2/revoke`` (§8.3)."""
UNOFFERED: Final = {"credentials/sendOTP": "The officer confirms on the phone; there is no one-time password."}


def endpoint(rooms: Rooms) -> CscEndpoint:
    """Make the endpoint."""
    methods: dict[str, Method] = {
        "info": lambda request: _info(rooms, methods, request),
        "auth/login": partial(login, rooms), "auth/revoke": partial(revoke, rooms), "credentials/list": partial(_list, rooms),
        "credentials/info": partial(_credential, rooms), "credentials/authorize": partial(_authorize, rooms),
        "credentials/extendTransaction": partial(_extend, rooms), "signatures/signHash": partial(_sign, rooms)}
    if rooms.time_stamps.switched_on:
        methods["signatures/timestamp"] = partial(time_stamp, rooms)
    return CscEndpoint(PREFIX, methods, UNOFFERED)


def described(rooms: Rooms, specs: str, methods: Mapping[str, Method], language: str) -> dict[str, Any]:
    """Give what both versions tell of the service (§11.1)."""
    words = {"vi": "Ký số từ xa bằng SIM của cán bộ", "en": "Remote signing with officers' SIMs"}
    offered = [name for name in methods if name != "signatures/timestamp" or rooms.time_stamps.offered()]
    return {"specs": specs, "name": rooms.name, "logo": rooms.logo, "region": "VN", "lang": LOCALES[language],
            "description": words[language], "authType": ["oauth2code", "oauth2client", "basic"], "methods": offered}


def login(rooms: Rooms, request: EndpointRequest) -> Response:
    """Give an application a token of its own for its name and secret (§11.2).

    Nobody's password is taken here: it would be a password grant, and there is none (docs/decisions/0010). Such a token has no
    officer, so it stamps and ends tokens, and signs nothing.
    """
    body = body_of(request)
    if body.get("refresh_token") is not None:
        raise parameters.invalid("Invalid string parameter: refresh_token")
    parameters.flag(body, "rememberMe")
    if not request.header("authorization").lower().startswith("basic "):
        answer = error(401, "invalid_request", "Malformed authentication parameter")
        return Response(401, answer.body, (*NO_STORE, ("WWW-Authenticate", f'Basic realm="{REALM}"')), answer.error)
    told = rooms.login(request)
    return json(200, told) if told else error(400, "authentication_error", "An error occurred during authentication process")


def revoke(rooms: Rooms, request: EndpointRequest) -> Response:
    """End a token of the application that asks; one that is unknown, or not its own, changes nothing (§11.3)."""
    admitted = rooms.admission.admit(request, credential=True, application=True)
    body = body_of(request)
    token = parameters.text(body, "token", longest=16 * 1024)
    parameters.word(body, "token_type_hint", ("access_token", "refresh_token"), "access_token")
    rooms.revoke(token, admitted.requester.client_id, request)
    return Response(204, b"", NO_STORE)


def _info(rooms: Rooms, methods: Mapping[str, Method], request: EndpointRequest) -> Response:
    language = language_of(parameters.text_or_none(body_of(request), "lang"))
    return json(200, described(rooms, "1.0.4.0", methods, language) | {"oauth2": rooms.issuer + OAUTH})


def _list(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    if body.get("userID") is not None:
        raise parameters.invalid("userID parameter MUST be null")
    if body.get("maxResults") is not None:
        parameters.count(body, "maxResults")
    if body.get("pageToken") is not None:
        raise parameters.invalid("Invalid parameter pageToken")
    return json(200, {"credentialIDs": list(rooms.signing.credentials.names(admitted.requester.sub))})


def _credential(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request, credential=True)
    body = body_of(request)
    found = rooms.signing.credentials.find(admitted.requester.sub, parameters.text(body, "credentialID", longest=LONGEST_NAME))
    shown = parameters.word(body, "certificates", ("none", "single", "chain"), "single")
    language = language_of(parameters.text_or_none(body, "lang"))
    members = {"key": key_members(found),
               "cert": certificate_members(found, shown, details=parameters.flag(body, "certInfo")),
               "authMode": "implicit", "SCAL": "2", "multisign": rooms.signing.multisign, "lang": LOCALES[language]}
    if parameters.flag(body, "authInfo"):
        members |= {"PIN": {"presence": "false"}, "OTP": {"presence": "false"}}
    return json(200, members)


def _authorize(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    credential_id = parameters.text(body, "credentialID", longest=LONGEST_NAME)
    total, digests = parameters.count(body, "numSignatures"), parameters.hashes(body, "hash")
    for name in ("PIN", "OTP"):
        if body.get(name):
            raise parameters.invalid(f"{name} is typed into the phone and sent nowhere else")
    wish = Wish(credential_id=credential_id, digest_name=parameters.digest_name(digests), digests=digests, total=total,
                documents=parameters.documents(body, digests, admitted.application))
    take_question(rooms, admitted, request)
    return activated(rooms, rooms.signing.authorize(admitted.requester, wish, request.caller))


def _extend(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    digests, sad = parameters.hashes(body, "hash"), parameters.text(body, "SAD")
    wish = Wish(credential_id=parameters.text(body, "credentialID", longest=LONGEST_NAME),
                digest_name=parameters.digest_name(digests), digests=digests, total=len(digests),
                documents=parameters.documents(body, digests, admitted.application))
    take_question(rooms, admitted, request)
    return activated(rooms, rooms.signing.extend(admitted.requester, sad, wish, request.caller))


def _sign(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request, credential=True)
    body = body_of(request)
    credential_id, sad = parameters.text(body, "credentialID", longest=LONGEST_NAME), parameters.text_or_none(body, "SAD")
    digests = parameters.hashes(body, "hash")
    asked = wanted(parameters.text(body, "signAlgo"), parameters.text_or_none(body, "hashAlgo"),
                   parameters.text_or_none(body, "signAlgoParams"))
    signatures = rooms.signing.sign(admitted.requester, signs_as(rooms, request, admitted, sad), credential_id, digests, asked,
                                    request.caller)
    return json(200, {"signatures": [parameters.base64_of(one) for one in signatures]})
