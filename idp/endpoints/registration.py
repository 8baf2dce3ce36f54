"""The client registration endpoint, and the address at which an application looks after its registration.

Spec: RFC 7591 §3, RFC 7592 §2. Tokens come in the header only (RFC 6750 §2.1); the body is read after the token was found good.
No CORS: no script of a browser registers applications.
"""

from __future__ import annotations

from ..oauth.clients.configuration import ClientConfiguration
from ..oauth.clients.dynamic import DynamicRegistration, RegistrationRequest
from ..oauth.tokens.access_token import TokenRefusedError
from .bearer import bearer_of, challenge
from .json_body import read_object
from .wsgi import NO_STORE, EndpointRequest, Response, json

REALM = "registration"
_NO_CONTENT = tuple(pair for pair in NO_STORE if pair[0] != "Content-Type")


class RegistrationEndpoint:
    """POST /register."""

    def __init__(self, registration: DynamicRegistration) -> None:
        self._registration = registration

    def __call__(self, request: EndpointRequest) -> Response:
        """Register an application and answer with everything registered, its secret included."""
        try:
            status, body, _ = self._registration(
                RegistrationRequest(bearer_of(request), lambda: read_object(request), caller=request.caller))
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        request.client_id = body["client_id"]
        return json(status, body)


class ConfigurationEndpoint:
    """GET, PUT and DELETE /register/<client_id>."""

    METHODS = ("GET", "PUT", "DELETE")

    def __init__(self, configuration: ClientConfiguration) -> None:
        self._configuration = configuration

    def __call__(self, request: EndpointRequest) -> Response:
        """Show, exchange or delete a registration."""
        client_id = request.path.rpartition("/")[2]
        try:
            status, body, _ = self._configuration(RegistrationRequest(
                bearer_of(request), lambda: read_object(request), caller=request.caller, method=request.method,
                client_id=client_id))
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        request.client_id = client_id
        return json(status, body) if body else Response(status, b"", _NO_CONTENT)
