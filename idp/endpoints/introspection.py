"""The introspection endpoint.

Spec: RFC 7662 §2; RFC 9701 §4 and §5 for those who ask for a JWT.
"""

from __future__ import annotations

from ..oauth.provider_request import ProviderRequest
from ..oauth.tokens.introspection import Introspection
from ..oauth.tokens.introspection_response import MEDIA_TYPE, SignedIntrospection, asks_for_jwt
from ..pki import shown_certificate
from .wsgi import NO_STORE, EndpointRequest, Response, json

_JWT = (("Content-Type", MEDIA_TYPE), *(header for header in NO_STORE if header[0] != "Content-Type"))


class IntrospectionEndpoint:
    """POST /introspect."""

    def __init__(self, introspection: Introspection, signed: SignedIntrospection) -> None:
        self._introspection = introspection
        self._signed = signed

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer an introspection request."""
        asked = ProviderRequest(request.form(), caller=request.caller, authorization=request.header("authorization"),
                                shown=shown_certificate.read(request.certificate()))
        members = self._introspection.answer(asked)
        asking = asked.client
        assert asking is not None
        request.client_id = asking.client_id
        if asks_for_jwt(request.header("accept")):
            return Response(200, self._signed.answer(asking, members).encode("ascii"), _JWT)
        return json(200, members)
