"""The pushed authorization request endpoint.

Spec: RFC 9126 §2, RFC 8707 §2.1 (``resource`` may come more than once).
"""

from __future__ import annotations

from ..oauth.provider_request import ProviderRequest
from ..oauth.server import Provider
from ..oauth.tokens import resource_indicator
from ..pki import shown_certificate
from .wsgi import EndpointRequest, Response, oauth_answer

_REPEATABLE = frozenset({resource_indicator.PARAMETER})


class PushedAuthorizationEndpoint:
    """POST /par."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a pushed authorization request."""
        form = request.form(_REPEATABLE)
        asked = ProviderRequest(form, caller=request.caller, authorization=request.header("authorization"),
                                dpop=request.header("dpop"), shown=shown_certificate.read(request.certificate()),
                                repeated=form.repeated)
        try:
            answer = self._provider.push(asked)
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
        return oauth_answer(*answer)
