"""The backchannel authentication endpoint.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.
"""

from __future__ import annotations

from ..oauth.backchannel.authentication import BackchannelAuthentication
from ..oauth.proof import certificate
from ..oauth.provider_request import ProviderRequest
from .wsgi import EndpointRequest, Response, oauth_answer


class BackchannelAuthenticationEndpoint:
    """POST /bc-authorize."""

    def __init__(self, backchannel: BackchannelAuthentication) -> None:
        self._backchannel = backchannel

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer an authentication request."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                shown=certificate.read(request.certificate()))
        try:
            return oauth_answer(*self._backchannel.ask(asked))
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
