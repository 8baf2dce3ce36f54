"""``/csc/v2/``: the methods of version 2, over the same authorizations as version 1.

Spec: CSC API 2.0.0.2 §11. ``credentials/authorize`` never waits: it gives a ``handle``, and ``credentials/authorizeCheck`` tells
when the phone has signed (§11.6, §11.7), so that no thread is held. Signatures are there by then, so ``signHash`` answers at once
and has no asynchronous mode (§11.10); documents are put together by the application, so there is no ``signDoc`` (§11.11).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from ...signing.csc.algorithms import OFFERED, wanted
from ...signing.csc.authorization import Wish
from ...signing.csc.credential import LONGEST_NAME, Credential
from ..wsgi import EndpointRequest, Response, json
from . import parameters
from .admission import Admitted
from .house import (
    LOCALES,
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
from .version1 import described, login, revoke

PREFIX: Final = "/csc/v2/"
SIM: Final = "sim"
"""Identifier of the one authentication object: the officer's answer on the phone (§8.3.1.5)."""
UNOFFERED: Final = {
    "credentials/getChallenge": "The phone shows what it asks for; there is no challenge to fetch.",
    "signatures/signDoc": "Documents are put together by the application; see signatures/signHash.",
    "signatures/signPolling": "signatures/signHash answers at once; see credentials/authorizeCheck for what is waited for."}


def endpoint(rooms: Rooms) -> CscEndpoint:
    """Make the endpoint."""
    methods: dict[str, Method] = {
        "info": lambda request: _info(rooms, methods, request),
        "auth/login": partial(login, rooms), "auth/revoke": partial(revoke, rooms), "credentials/list": partial(_list, rooms),
        "credentials/info": partial(_credential, rooms), "credentials/authorize": partial(_authorize, rooms),
        "credentials/authorizeCheck": partial(_check, rooms), "credentials/extendTransaction": partial(_extend, rooms),
        "signatures/signHash": partial(_sign, rooms)}
    if rooms.time_stamps.switched_on:
        methods["signatures/timestamp"] = partial(time_stamp, rooms)
    return CscEndpoint(PREFIX, methods, UNOFFERED)


def _info(rooms: Rooms, methods: dict[str, Method], request: EndpointRequest) -> Response:
    language = language_of(parameters.text_or_none(body_of(request), "lang"))
    return json(200, described(rooms, "2.0.0.2", methods, language) | {
        "oauth2Issuer": rooms.issuer, "asynchronousOperationMode": False, "validationInfo": False,
        "signAlgorithms": {"algos": list(OFFERED)}, "signature_formats": {"formats": [], "envelope_properties": []},
        "conformance_levels": []})


def _list(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    if body.get("userID") is not None:
        raise parameters.invalid("userID parameter MUST be null")
    detailed, valid = parameters.flag(body, "credentialInfo"), parameters.flag(body, "onlyValid")
    shown = _shown(body)
    sub, language = admitted.requester.sub, language_of(parameters.text_or_none(body, "lang"))
    names = list(rooms.signing.credentials.names(sub))
    found = [rooms.signing.credentials.find(sub, name) for name in names] if detailed or valid else []
    if valid:
        found = [one for one in found if one.enabled]
        names = [one.credential_id for one in found]
    members: dict[str, Any] = {"credentialIDs": names} | ({"onlyValid": True} if valid else {})
    if detailed:
        members["credentialInfos"] = [
            {"credentialID": one.credential_id, **_members(rooms, one, shown, language)} for one in found]
    return json(200, members)


def _credential(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request, credential=True)
    body = body_of(request)
    found = rooms.signing.credentials.find(admitted.requester.sub, parameters.text(body, "credentialID", longest=LONGEST_NAME))
    language = language_of(parameters.text_or_none(body, "lang"))
    return json(200, _members(rooms, found, _shown(body), language))


def _authorize(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    credential_id, total = parameters.text(body, "credentialID", longest=LONGEST_NAME), parameters.count(body, "numSignatures")
    wish = _wish(body, admitted, credential_id, total)
    _authentication(body)
    take_question(rooms, admitted, request)
    one = rooms.signing.begin(admitted.requester, wish, request.caller)
    return json(202, {"handle": one.authorization_id}) if one.is_open else activated(rooms, one)


def _check(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    handle = parameters.text(body_of(request), "handle")
    one = rooms.signing.find(admitted.requester, handle, request.caller)
    return json(202, {"handle": handle}) if one.is_open else activated(rooms, one)


def _extend(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request)
    body = body_of(request)
    credential_id, sad = parameters.text(body, "credentialID", longest=LONGEST_NAME), parameters.text(body, "SAD")
    wish = _wish(body, admitted, credential_id, 0)
    take_question(rooms, admitted, request)
    return activated(rooms, rooms.signing.extend(admitted.requester, sad, wish, request.caller))


def _sign(rooms: Rooms, request: EndpointRequest) -> Response:
    admitted = rooms.admission.admit(request, credential=True)
    body = body_of(request)
    credential_id, sad = parameters.text(body, "credentialID", longest=LONGEST_NAME), parameters.text_or_none(body, "SAD")
    digests = parameters.hashes(body, "hashes")
    if parameters.word(body, "operationMode", ("S", "A"), "S") == "A" or body.get("response_uri") or body.get("validity_period"):
        raise parameters.invalid("Invalid parameter operationMode: signatures are given at once")
    asked = wanted(parameters.text(body, "signAlgo"), parameters.text_or_none(body, "hashAlgorithmOID"),
                   parameters.text_or_none(body, "signAlgoParams"), hash_parameter="hashAlgorithmOID")
    signatures = rooms.signing.sign(admitted.requester, signs_as(rooms, request, admitted, sad), credential_id, digests, asked,
                                    request.caller)
    return json(200, {"signatures": [parameters.base64_of(one) for one in signatures]})


def _wish(body: parameters.Body, admitted: Admitted, credential_id: str, total: int) -> Wish:
    digests = parameters.hashes(body, "hashes")
    algorithm = parameters.text(body, "hashAlgorithmOID")
    name = parameters.digest_name(digests, algorithm, name="hashAlgorithmOID")
    return Wish(credential_id=credential_id, digest_name=name, digests=digests, total=total or len(digests),
                documents=parameters.documents(body, digests, admitted.application))


def _authentication(body: parameters.Body) -> None:
    """See that nothing is sent that belongs into the phone; the officer's answer there may be named (§8.3.1.5)."""
    sent = body.get("authData")
    if sent is not None and sent != [] and sent != [{"id": SIM}]:
        raise parameters.invalid("Invalid parameter authData: the officer answers on the phone")


def _shown(body: parameters.Body) -> tuple[str, bool, bool]:
    return (parameters.word(body, "certificates", ("none", "single", "chain"), "single"), parameters.flag(body, "certInfo"),
            parameters.flag(body, "authInfo"))


def _members(rooms: Rooms, one: Credential, shown: tuple[str, bool, bool], language: str) -> dict[str, Any]:
    certificates, details, authentication = shown
    auth: dict[str, Any] = {"mode": "explicit", "expression": SIM, "objects": [{"type": "ChallengeResponseOOB", "id": SIM}]}
    if authentication:
        words = {"vi": "Xác nhận trên điện thoại có SIM ký số", "en": "Confirm on the phone with the signing SIM"}
        auth["objects"][0] |= {"label": "SIM", "description": words[language]}
    return {"key": key_members(one), "cert": certificate_members(one, certificates, details=details), "auth": auth, "SCAL": "2",
            "multisign": rooms.signing.multisign, "lang": LOCALES[language]}
