"""The UserInfo endpoint: GET or POST, the token sent in exactly one way; the answer is JSON, or a JWT where one is registered.

Spec: OpenID Connect Core §5.3, RFC 6750 §2.1, §2.2 and §3, RFC 9449 §7. The third way of RFC 6750, the token in the
address, is refused (RFC 9700 §4.3.2). No CORS: it answers with what belongs to an officer (security checklist 47).
"""

from __future__ import annotations

from ..oauth.access_token import TokenRefusedError
from ..oauth.proof import certificate
from ..oauth.proof.dpop import ALGORITHMS, Presented
from ..oauth.proof.holder import TokenUse
from ..oidc.userinfo import UserInfoAnswers
from .wsgi import NO_STORE, EndpointRequest, MalformedRequestError, Response, error, json

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
                           certificate.read(request.certificate()))
            answer = self._userinfo.answer(token, use)
            return Response(200, answer.encode("ascii"), _JWT) if isinstance(answer, str) else json(200, answer)
        except TokenRefusedError as refused:
            return _challenge(refused)
        except MalformedRequestError as malformed:
            return _challenge(TokenRefusedError(malformed.message, code="invalid_request"), malformed.status)


def _token_of(request: EndpointRequest) -> tuple[str, str]:
    """Give the scheme and the token; one in the body is a bearer token (RFC 6750 §2.2)."""
    if request.query:
        raise MalformedRequestError("The access token belongs into the Authorization header, not into the address.")
    sent = request.header("authorization")
    in_body = request.form().get("access_token", "") if request.method == "POST" and request.has_form() else ""
    if sent and in_body:
        raise MalformedRequestError("The access token is sent in more than one way.")
    if in_body:
        return "bearer", in_body
    scheme, _, token = sent.partition(" ")
    scheme = scheme.lower()
    if scheme not in ("bearer", "dpop"):
        raise TokenRefusedError("An access token is needed.", code="")
    token = token.strip(" ")
    if not token or not token.isascii() or " " in token:
        raise MalformedRequestError("The Authorization header is not well formed.")
    return scheme, token


def _challenge(refused: TokenRefusedError, status: int | None = None) -> Response:
    """Say what is wrong; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    status = status or refused.status
    parts = [f'{refused.scheme} realm="userinfo"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.message}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    if refused.scheme == "DPoP":
        parts.append(f'algs="{" ".join(ALGORITHMS)}"')
    body = error(status, refused.code or "invalid_token", refused.message)
    nonce = (("DPoP-Nonce", refused.nonce),) if refused.nonce else ()
    return Response(status, body.body, (*NO_STORE, ("WWW-Authenticate", ", ".join(parts)), *nonce), body.error)
