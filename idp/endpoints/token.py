"""The token endpoint.

Spec: RFC 6749 §3.2 and §5, RFC 8707 §2.2 (``resource`` may come more than once).
"""

from __future__ import annotations

from ..oauth.provider_request import ProviderRequest
from ..oauth.server import MAY_REPEAT, Provider
from ..pki import shown_certificate
from .wsgi import EndpointRequest, Response, oauth_answer

_REPEATABLE = frozenset().union(*MAY_REPEAT.values())


class TokenEndpoint:
    """POST /token."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a token request."""
        form = request.form(_REPEATABLE)
        asked = ProviderRequest(form, caller=request.caller, authorization=request.header("authorization"),
                                dpop=request.header("dpop"), shown=shown_certificate.read(request.certificate()),
                                repeated=form.repeated)
        answer = self._provider.token(asked)
        if asked.client is not None:
            request.client_id = asked.client.client_id
        return oauth_answer(*answer)
