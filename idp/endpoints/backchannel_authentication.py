"""The backchannel authentication endpoint.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7, RFC 8707 §2.1 (``resource`` may come more than once).
"""

from __future__ import annotations

from ..oauth.backchannel.authentication import BackchannelAuthentication
from ..oauth.provider_request import ProviderRequest
from ..oauth.tokens import resource_indicator
from ..pki import shown_certificate
from .wsgi import EndpointRequest, Response, oauth_answer

_REPEATABLE = frozenset({resource_indicator.PARAMETER})


class BackchannelAuthenticationEndpoint:
    """POST /bc-authorize."""

    def __init__(self, backchannel: BackchannelAuthentication) -> None:
        self._backchannel = backchannel

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer an authentication request."""
        form = request.form(_REPEATABLE)
        asked = ProviderRequest(form, caller=request.caller, authorization=request.header("authorization"),
                                shown=shown_certificate.read(request.certificate()), repeated=form.repeated)
        try:
            return oauth_answer(*self._backchannel.ask(asked))
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
