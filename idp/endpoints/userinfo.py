"""The UserInfo endpoint: GET or POST, the token sent in exactly one way; the answer is JSON, or a JWT where one is registered.

Spec: OpenID Connect Core §5.3, RFC 6750 §2.1, §2.2 and §3, RFC 9449 §7. The third way of RFC 6750, the token in the
address, is refused (RFC 9700 §4.3.2). No CORS: it answers with what belongs to an officer (security checklist 47).
"""

from __future__ import annotations

from ..oauth.proof.dpop import Presented
from ..oauth.proof.holder import TokenUse
from ..oauth.tokens.access_token import TokenRefusedError
from ..oidc.userinfo import UserInfoAnswers
from ..pki import shown_certificate
from .bearer import challenge, from_header
from .wsgi import NO_STORE, EndpointRequest, MalformedRequestError, Response, json

REALM = "userinfo"

_JWT = (("Content-Type", "application/jwt"), *(pair for pair in NO_STORE if pair[0] != "Content-Type"))


class UserInfoEndpoint:
    """GET and POST /userinfo.

    Args:
        userinfo: The rule.
        addresses: Its own, of which proofs name one.
    """

    def __init__(self, userinfo: UserInfoAnswers, addresses: tuple[str, ...]) -> None:
        self._userinfo = userinfo
        self._addresses = addresses

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a UserInfo request; refusals carry the challenge of RFC 6750 §3."""
        try:
            scheme, token = _token_of(request)
            use = TokenUse(scheme, Presented(request.header("dpop"), request.method, self._addresses),
                           shown_certificate.read(request.certificate()))
            answer = self._userinfo.answer(token, use)
            return Response(200, answer.encode("ascii"), _JWT) if isinstance(answer, str) else json(200, answer)
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        except MalformedRequestError as malformed:
            return challenge(TokenRefusedError(malformed.message, code="invalid_request"), realm=REALM, status=malformed.status)


def _token_of(request: EndpointRequest) -> tuple[str, str]:
    """Give the scheme and the token; one in the body is a bearer token (RFC 6750 §2.2)."""
    if request.query:
        raise MalformedRequestError("The access token belongs into the Authorization header, not into the address.")
    sent = request.header("authorization")
    in_body = request.form().get("access_token", "") if request.method == "POST" and request.has_form() else ""
    if sent and in_body:
        raise MalformedRequestError("The access token is sent in more than one way.")
    return ("bearer", in_body) if in_body else from_header(sent, schemes=("bearer", "dpop"))
