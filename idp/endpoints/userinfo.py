"""The UserInfo endpoint: GET or POST, the token sent in exactly one way; the answer is JSON, or a JWT where one is registered.

Spec: OpenID Connect Core §5.3, RFC 6750 §2.1, §2.2 and §3. The third way of RFC 6750, the token in the address, is refused
(RFC 9700 §4.3.2). No CORS: it answers with what belongs to an officer (security checklist 47).
"""

from __future__ import annotations

from ..oauth.access_token import TokenRefusedError
from ..oidc.userinfo import UserInfoAnswers
from .wsgi import NO_STORE, EndpointRequest, MalformedRequestError, Response, error, json

_JWT = (("Content-Type", "application/jwt"), *(pair for pair in NO_STORE if pair[0] != "Content-Type"))


class UserInfoEndpoint:
    """GET and POST /userinfo."""

    def __init__(self, userinfo: UserInfoAnswers) -> None:
        self._userinfo = userinfo

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a UserInfo request; refusals carry the challenge of RFC 6750 §3."""
        try:
            answer = self._userinfo.answer(_token_of(request))
            return Response(200, answer.encode("ascii"), _JWT) if isinstance(answer, str) else json(200, answer)
        except TokenRefusedError as refused:
            return _challenge(refused)
        except MalformedRequestError as malformed:
            return _challenge(TokenRefusedError(malformed.message, code="invalid_request"), malformed.status)


def _token_of(request: EndpointRequest) -> str:
    if request.query:
        raise MalformedRequestError("The access token belongs into the Authorization header, not into the address.")
    sent = request.header("authorization")
    in_body = request.form().get("access_token", "") if request.method == "POST" and request.has_form() else ""
    if sent and in_body:
        raise MalformedRequestError("The access token is sent in more than one way.")
    if in_body:
        return in_body
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefusedError("An access token is needed.", code="")
    token = token.strip(" ")
    if not token or not token.isascii() or " " in token:
        raise MalformedRequestError("The Authorization header is not well formed.")
    return token


def _challenge(refused: TokenRefusedError, status: int | None = None) -> Response:
    """Say what is wrong; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    status = status or refused.status
    parts = ['Bearer realm="userinfo"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.message}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    body = error(status, refused.code or "invalid_token", refused.message)
    return Response(status, body.body, (*NO_STORE, ("WWW-Authenticate", ", ".join(parts))), body.error)
