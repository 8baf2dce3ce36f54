"""One request of a program, and what it is told, as neutral as Authlib lets them be.

Spec: RFC 6749 §3.2 and §5. Nothing here knows HTTP: the edges hand over a form that was read and checked, and get a status, a
body and headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request as AuthlibRequest
from authlib.oauth2.rfc6749.requests import OAuth2Payload

from ..audit import Caller
from ..pki.shown_certificate import ShownCertificate
from .authorization_request import AuthorizationRequest
from .client import Client


class LaterError(OAuth2Error):  # type: ignore[misc]
    """The request is refused for now, whatever is in it.

    Args:
        code: An error of the specification of the endpoint.
        description: ASCII; echoes nothing.
        status: HTTP status (RFC 6585 §4, unless the specification has another).
        retry_after_seconds: When the same request may be let through.
    """

    def __init__(self, code: str, description: str, *, status: int = 429, retry_after_seconds: int) -> None:
        super().__init__(description, status_code=status, error=code)
        self._retry_after_seconds = retry_after_seconds

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of the answer."""
        return [*super().get_headers(), ("Retry-After", str(self._retry_after_seconds))]


class Answer(NamedTuple):
    """What a program is told: status, JSON members (or an ``AuthorizationResponse``), extra headers."""

    status: int
    body: Any
    headers: Sequence[tuple[str, str]]


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class _Payload(OAuth2Payload):  # type: ignore[misc]
    data: Any = None
    datalist = _NOTHING

    def __init__(self, data: dict[str, str]) -> None:
        self.data = data


class ProviderRequest(AuthlibRequest):  # type: ignore[misc]
    """One request, as neutral as Authlib lets it be.

    Args:
        form: Parameters of the body, each once, empty ones left out; grants put resolved values into it.
        caller: Who asks, for the audit.
        authorization: The Authorization header, or "".
        dpop: The DPoP header, or "".
        shown: The client certificate that the request came with, from our proxy only.
        asked: The authorization request that a code is issued for.
        repeated: All values of parameters that came more than once.
    """

    form: Any = None
    args = _NOTHING

    def __init__(self, form: dict[str, str], *, caller: Caller, authorization: str = "", dpop: str = "",
                 shown: ShownCertificate | None = None, asked: AuthorizationRequest | None = None,
                 repeated: Mapping[str, tuple[str, ...]] = _NOTHING) -> None:
        self.method = "POST"
        self.uri = ""
        self.headers = {"Authorization": authorization} if authorization else {}
        self.payload = _Payload(form)
        self.form = form
        self.caller = caller
        self.dpop = dpop
        self.shown = shown
        self.confirmation = ""
        self.repeated = repeated
        self.authorization = asked
        self.client: Client | None = None
        self.auth_method: str | None = None
        self.user = self.authorization_code = self.refresh_token = self.credential = self._scope = self._body = None

    def values_of(self, name: str) -> tuple[str, ...]:
        """Give every value of a parameter that may come more than once, in order; empty where it did not come."""
        value = self.form.get(name)
        return () if value is None else self.repeated.get(name, (value,))
