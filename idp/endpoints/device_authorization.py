"""The device authorization endpoint.

Spec: RFC 8628 §3.1 and §3.2.
"""

from __future__ import annotations

from ..oauth.deferred.device_authorization import DeviceAuthorization
from ..oauth.proof import certificate
from ..oauth.provider_request import ProviderRequest
from .wsgi import EndpointRequest, Response, oauth_answer


class DeviceAuthorizationEndpoint:
    """POST /device_authorization."""

    def __init__(self, devices: DeviceAuthorization) -> None:
        self._devices = devices

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer a device authorization request."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                shown=certificate.read(request.certificate()))
        try:
            return oauth_answer(*self._devices.ask(asked))
        finally:
            if asked.client is not None:
                request.client_id = asked.client.client_id
