"""``POST /tsa``: time-stamps for programs (OpenSSL, signing software).

Spec: RFC 3161 §3.4 (media types; what is not stamped is an answer too, with status 200), RFC 6750 §3 where a token is needed.
Who may ask is the deployment's decision (``pki.timestamp.admission``). An answer is nobody's to keep.
"""

from __future__ import annotations

from typing import Final

from ..audit import Caller
from ..authn.lockout import Limits, Lockout, Rule, ThrottledError
from ..oauth.proof.dpop import Presented
from ..oauth.proof.holder import TokenUse
from ..oauth.tokens.access_token import TokenRefusedError
from ..oauth.tokens.resource_access import ResourceAccess
from ..pki import shown_certificate
from ..pki.timestamp.admission import SCOPE, Admission
from ..pki.timestamp.service import TimeStamps
from .bearer import challenge, from_header
from .wsgi import NO_STORE, EndpointRequest, Headers, Response, error

STAMP_LIMITS: Final = Limits(pair=Rule(1800), account=Rule(18_000), source=Rule(3600))
"""Time-stamps in half an hour: one a second for an application at one address, two for an address, ten for an application."""
QUERY: Final = "application/timestamp-query"
REPLY: Headers = (("Content-Type", "application/timestamp-reply"), *(pair for pair in NO_STORE if pair[0] != "Content-Type"))
REALM: Final = "tsa"


class TimeStampEndpoint:
    """``/tsa``.

    Args:
        stamps: Makes time-stamps.
        admission: Who may ask.
        access: Recognises tokens.
        requests: Counts (``STAMP_LIMITS``).
        addresses: Its own, of which proofs name one.
    """

    def __init__(self, stamps: TimeStamps, admission: Admission, access: ResourceAccess, requests: Lockout,
                 addresses: tuple[str, ...]) -> None:
        self._stamps, self._admission, self._access, self._requests = stamps, admission, access, requests
        self._addresses = addresses

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer one question."""
        if not self._stamps.offered():
            return error(404, "unknown", "Time-stamps are not offered here.")
        try:
            caller = self._admitted(request)
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        if request.content_type.split(";")[0].strip().lower() != QUERY:
            return error(415, "invalid_request", f"The content type must be {QUERY}.")
        try:
            self._requests.take(caller.client_id or caller.source, caller.source)
        except ThrottledError as full:
            later = error(429, "temporarily_unavailable", "Too many requests; wait a moment.")
            return Response(429, later.body, (*later.headers, ("Retry-After", str(full.retry_after_seconds or 1))), later.error)
        return Response(200, self._stamps.answer(request.body(), caller), REPLY)

    def _admitted(self, request: EndpointRequest) -> Caller:
        if self._admission.access == "networks":
            self._admission.check_address(request.caller.source)
            return request.caller
        if request.query:
            raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                    code="invalid_request")
        scheme, token = from_header(request.header("authorization"), schemes=("bearer", "dpop"))
        use = TokenUse(scheme, Presented(request.header("dpop"), request.method, self._addresses),
                       shown_certificate.read(request.certificate()))
        bearer = self._access.admit(token, use, scope=SCOPE)
        request.client_id = bearer.client_id
        return request.caller._replace(client_id=bearer.client_id, officer=bearer.officer.sub if bearer.officer else "")
