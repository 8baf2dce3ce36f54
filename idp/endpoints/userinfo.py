"""The UserInfo endpoint: GET or POST, the token sent in exactly one way.

Spec: OpenID Connect Core §5.3, RFC 6750 §2.1, §2.2 and §3. The third way of RFC 6750, the token in the address, is refused
(RFC 9700 §4.3.2). No CORS: it answers with what belongs to an officer (security checklist 47).
"""

from __future__ import annotations

from ..oauth.access_token import TokenRefusedError
from ..oidc.claims import UserInfo
from .bearer import challenge, from_header
from .wsgi import EndpointRequest, MalformedRequestError, Response, json

REALM = "userinfo"


class UserInfoEndpoint:
    """GET and POST /userinfo."""

    def __init__(self, userinfo: UserInfo) -> None:
        self._userinfo = userinfo

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a UserInfo request; refusals carry the challenge of RFC 6750 §3."""
        try:
            return json(200, self._userinfo.claims(_token_of(request)))
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        except MalformedRequestError as malformed:
            return challenge(TokenRefusedError(malformed.message, code="invalid_request"), realm=REALM, status=malformed.status)


def _token_of(request: EndpointRequest) -> str:
    if request.query:
        raise MalformedRequestError("The access token belongs into the Authorization header, not into the address.")
    sent = request.header("authorization")
    in_body = request.form().get("access_token", "") if request.method == "POST" and request.has_form() else ""
    if sent and in_body:
        raise MalformedRequestError("The access token is sent in more than one way.")
    return in_body or from_header(sent)
