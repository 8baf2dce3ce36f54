"""The revocation endpoint.

Spec: RFC 7009 §2.
"""

from __future__ import annotations

from ..oauth.provider_request import ProviderRequest
from ..oauth.server import Provider
from ..pki import shown_certificate
from .wsgi import EndpointRequest, Response, oauth_answer


class RevocationEndpoint:
    """POST /revoke."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a revocation request; 200 whether or not there was anything to revoke."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                shown=shown_certificate.read(request.certificate()))
        answer = self._provider.revoke(asked)
        if asked.client is not None:
            request.client_id = asked.client.client_id
        return oauth_answer(*answer)
