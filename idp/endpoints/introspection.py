"""The introspection endpoint.

Spec: RFC 7662 §2.
"""

from __future__ import annotations

from ..oauth.introspection import Introspection
from ..oauth.proof import certificate
from ..oauth.provider_request import ProviderRequest
from .wsgi import EndpointRequest, Response, json


class IntrospectionEndpoint:
    """POST /introspect."""

    def __init__(self, introspection: Introspection) -> None:
        self._introspection = introspection

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer an introspection request."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                shown=certificate.read(request.certificate()))
        members = self._introspection.answer(asked)
        if asked.client is not None:
            request.client_id = asked.client.client_id
        return json(200, members)
