"""The device authorization endpoint.

Spec: RFC 8628 §3.1 and §3.2, RFC 8707 §2.1 (``resource`` may come more than once).
"""

from __future__ import annotations

from ..oauth.deferred.device_authorization import DeviceAuthorization
from ..oauth.provider_request import ProviderRequest
from ..oauth.tokens import resource_indicator
from ..pki import shown_certificate
from .wsgi import EndpointRequest, Response, oauth_answer

_REPEATABLE = frozenset({resource_indicator.PARAMETER})


class DeviceAuthorizationEndpoint:
    """POST /device_authorization."""

    def __init__(self, devices: DeviceAuthorization) -> None:
        self._devices = devices

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a device authorization request."""
        form = request.form(_REPEATABLE)
        asked = ProviderRequest(form, caller=request.caller, authorization=request.header("authorization"),
                                shown=shown_certificate.read(request.certificate()), repeated=form.repeated)
        try:
            return oauth_answer(*self._devices.ask(asked))
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
