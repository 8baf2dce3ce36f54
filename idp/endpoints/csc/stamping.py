"""``signatures/timestamp``: the time-stamp authority, asked in JSON.

Spec: CSC API 1.0.4.0 §11.10, 2.0.0.2 §11.13; RFC 3161 §2.4. The token alone is given, with the signer's certificate in it.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from asn1crypto.tsp import TimeStampReq

from ...errors import RefusedError, UnavailableError
from ...pki.timestamp.token import TimeStampAnswer
from ...signing.csc.algorithms import HASHES
from ..wsgi import EndpointRequest, Response, json
from . import parameters
from .house import Rooms, body_of

_NONCE: Final = re.compile(r"[0-9A-Fa-f]{1,64}")


def time_stamp(rooms: Rooms, request: EndpointRequest) -> Response:
    """Stamp a hash."""
    admitted = rooms.admission.admit(request, application=True)
    body = body_of(request)
    digest, algorithm = parameters.one_hash(body, "hash"), parameters.text(body, "hashAlgo")
    name = parameters.digest_name((digest,), algorithm) if algorithm in HASHES else ""
    if not name:
        raise parameters.invalid("Invalid parameter hashAlgo")
    nonce = parameters.text_or_none(body, "nonce")
    if nonce and _NONCE.fullmatch(nonce) is None:
        raise parameters.invalid("Invalid parameter nonce")
    rooms.stamp_requests.take(admitted.requester.client_id, request.caller.source)
    asked: dict[str, Any] = {"version": "v1", "cert_req": True, "message_imprint": {
        "hash_algorithm": {"algorithm": name}, "hashed_message": digest}}
    question = TimeStampReq(asked | ({"nonce": int(nonce, 16)} if nonce else {})).dump()
    caller = request.caller._replace(client_id=admitted.requester.client_id, officer=admitted.requester.sub)
    answer = TimeStampAnswer.load(rooms.time_stamps.answer(question, caller))
    if answer["status"]["status"].native != "granted":
        reason = answer["status"]["fail_info"].native
        if "time_not_available" in (reason or ()):
            raise UnavailableError("Nobody signs time-stamps now.", dependency="time_stamps")
        raise RefusedError("The hash was not stamped", code="invalid_request")
    return json(200, {"timestamp": base64.b64encode(answer["time_stamp_token"].dump()).decode()})
