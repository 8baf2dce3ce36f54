"""The pushed authorization request endpoint.

Spec: RFC 9126 §2.
"""

from __future__ import annotations

from ..oauth.proof import certificate
from ..oauth.server import Provider, ProviderRequest
from .wsgi import EndpointRequest, Response, oauth_answer


class PushedAuthorizationEndpoint:
    """POST /par."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a pushed authorization request."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                dpop=request.header("dpop"), shown=certificate.read(request.certificate()))
        try:
            answer = self._provider.push(asked)
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
        return oauth_answer(*answer)
