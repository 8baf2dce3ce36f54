"""What every view of the administration API does first: who asks, with which parameters, and on what the change was decided.

Spec: RFC 6750 §2.1 (the token comes in the header only), RFC 9110 §13.1.1 and RFC 6585 §3 (If-Match), RFC 8259 (bodies).
Parameters are read by the schemas that the OpenAPI document publishes, so that it cannot promise another thing than what is
taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from flask import Response, request

from ...administration.clients import Matches
from ...administration.keys import KINDS
from ...administration.pages import USUAL, InvalidParameterError, Page
from ...audit import Caller
from ...errors import RefusedError
from ...json_object import parse_object
from ...oauth.bearer import from_header
from ...oauth.proof.dpop import Presented
from ...oauth.proof.holder import TokenUse
from ...oauth.tokens.access_token import TokenRefusedError
from ...pki import shown_certificate
from ...roles import Administrator, Right
from ...services import Services
from ..security import caller
from .openapi import HEADERS, PARAMETERS, PREFIX
from .repeated import IDEMPOTENCY_KEY, JSON, Repeated

MERGE_PATCH: Final = "application/merge-patch+json"
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}")


class MediaTypeError(RefusedError):
    """The body is of another media type than this takes."""

    code = "unsupported_media_type"
    status = 415

    def __init__(self, accepted: str) -> None:
        super().__init__(f"The content type must be {accepted} in UTF-8.")
        self.accepted = accepted


class Door:
    """Reads requests, and writes answers.

    Attributes:
        services: The rooms; what administrators do is in ``services.administration``.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._repeated = Repeated(services.administration.repeats)
        settings = services.settings
        self._origins = tuple(origin for origin in (settings.issuer, settings.mtls_origin) if origin)

    def admit(self, *rights: Right, change: bool = False, reaches_out: bool = False, named: bool = False,
              longest: int = 0) -> tuple[Administrator, Caller]:
        """Tell who asks, where they have one of these rights; and whether they asked the very same before, by its name.

        Args:
            rights: One of them is needed.
            change: Whether something is to be changed.
            reaches_out: Whether it changes what the database cannot undo; as ``Repeats.named``.
            named: Whether it must have a name (``Idempotency-Key``); every POST may have one.
            longest: Bytes that the body may have; 0: as everywhere.

        Raises as ``Access.admit``, and for a token that comes in any other way than in the header; RefusedError (400) for a
        name that is missing or none; and what ``Repeated.begin`` raises.
        """
        if "access_token=" in request.environ.get("QUERY_STRING", ""):
            raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                    code="invalid_request")
        scheme, token = from_header(request.headers.get("Authorization", ""), schemes=("bearer", "dpop"))
        path = request.environ.get("PATH_INFO", "")
        proof = Presented(request.headers.get("DPoP", ""), request.method, tuple(origin + path for origin in self._origins))
        shown = shown_certificate.read(request.environ.get("HTTP_X_SSL_CLIENT_CERT", ""))
        admitted = self.services.administration.access.admit(token, TokenUse(scheme, proof, shown), change=change,
                                                             caller=caller(), rights=rights)
        if longest:
            request.max_content_length = longest
        if request.method == "POST" and (named or IDEMPOTENCY_KEY in request.headers):
            self._repeated.begin(admitted[0], self._name(), reaches_out=reaches_out)
        return admitted

    def once(self, view: Callable[..., Any]) -> Callable[..., Response]:
        """Make a view one that a repeated request does not reach."""
        return self._repeated.around(view)

    def query(self, *names: str) -> dict[str, Any]:
        """Read the parameters of the address, each once and none but these.

        Raises:
            InvalidParameterError: one is unknown, stands twice, or is not such as its schema says.
        """
        found: dict[str, Any] = {}
        try:
            sent = parse_qsl(request.environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict",
                             max_num_fields=100)
        except ValueError:
            raise InvalidParameterError("The parameters are not valid UTF-8, or too many.") from None
        for name, value in sent:
            if name not in names:
                raise InvalidParameterError(f"These parameters are known here: {', '.join(names) or 'none'}.")
            if name in found:
                raise InvalidParameterError(f"{name}: sent more than once.")
            found[name] = _by_schema(name, value)
        return found | ({"limit": found.get("limit", USUAL)} if "limit" in names else {})

    def body(self, media_type: str = JSON) -> dict[str, Any]:
        """Read the body as one JSON object. Raises MediaTypeError, or RefusedError (400) for one that is not well formed."""
        if request.mimetype != media_type or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
            raise MediaTypeError(media_type)
        try:
            return parse_object(request.get_data())
        except ValueError as err:
            raise RefusedError(str(err), code="invalid_request") from None

    def matches(self) -> Matches:
        """Tell on what the change was decided. Raises RefusedError (428) where If-Match was not sent."""
        sent = request.if_match
        if "If-Match" not in request.headers:
            raise RefusedError("If-Match is needed: the ETag of what you read, so that nobody's change is overwritten.",
                               code="precondition_required", status=428)
        return sent.contains

    def _name(self) -> str:
        """Give the name of this very request (draft-ietf-httpapi-idempotency-key-header §2.1)."""
        sent = request.headers.get(IDEMPOTENCY_KEY, "")
        if re.fullmatch(HEADERS[IDEMPOTENCY_KEY]["pattern"], sent) is None:
            raise RefusedError("Idempotency-Key names this request: 8 to 128 letters, digits or -_. that no other request has.",
                               code="invalid_request")
        return sent.strip('"')

    def page(self, page: Page) -> Response:
        """Make the answer of a list."""
        return self.json({"items": list(page.items), "next": page.next or None})

    def json(self, members: Mapping[str, Any], *, status: int = 200, etag: str = "", location: str = "") -> Response:
        """Make an answer with content."""
        answer = Response(orjson.dumps(members), status, content_type=JSON)
        if etag:
            answer.headers["ETag"] = f'"{etag}"'
        if location:
            answer.headers["Location"] = f"{PREFIX}/{location}"
        return answer

    def shown_once(self, members: Mapping[str, Any], *, status: int = 200, etag: str = "", location: str = "") -> Response:
        """Make an answer with what is kept nowhere: secrets, passwords, codes, and what was read for a purpose."""
        self._repeated.keep_nothing()
        return self.json(members, status=status, etag=etag, location=location)

    def nothing(self) -> Response:
        """Make the answer of a change that leaves nothing to tell."""
        return Response(b"", 204)


def identifier(text: str) -> str:
    """Give an identifier of the path; what cannot be one is nothing that there is. Raises RefusedError (404)."""
    if _IDENTIFIER.fullmatch(text) is None:
        raise RefusedError("There is nothing by this identifier.", code="unknown", status=404)
    return text


def _by_schema(name: str, value: str) -> str | int:
    schema = PARAMETERS[name]
    if schema["type"] == "integer":
        if re.fullmatch(r"[0-9]{1,10}", value) is None or not schema["minimum"] <= int(value) <= schema["maximum"]:
            raise InvalidParameterError(f"{name}: a number, {schema['minimum']} to {schema['maximum']}.")
        return int(value)
    if "enum" in schema and value not in schema["enum"]:
        raise InvalidParameterError(f"{name}: one of {', '.join(schema['enum'])}.")
    if "pattern" in schema and re.fullmatch(schema["pattern"], value) is None:
        raise InvalidParameterError(f"{name}: not in the form that this takes.")
    return value


def rotation_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Read what is to be rotated: ``alg`` and ``emergency``, both optional. Raises RefusedError (422)."""
    alg, emergency = body.get("alg", ""), body.get("emergency", False)
    if not body.keys() <= {"alg", "emergency"} or ("alg" in body and alg not in KINDS) or not isinstance(emergency, bool):
        raise RefusedError(f"The body may hold alg ({', '.join(KINDS)}) and emergency (true or false).",
                           code="invalid_body", status=422)
    return {"alg": alg, "emergency": emergency}
