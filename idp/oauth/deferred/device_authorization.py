"""Device authorization: a device asks, shows a code, and an officer types it elsewhere.

Spec: RFC 8628 §3.1-§3.3, §5.1, §5.2, §6.1; RFC 6749 §2.3 (client authentication); RFC 8707 §2.1 (resource). What is read at the
authorization endpoint alone is refused by name (``refuse_unread``). Security checklist 27 and 32: typed codes
are guesses, counted before they are looked up, on all nodes; a right one takes back its own count and no other, because anybody
can get a right one to type. Departs from RFC 8628 §3.1 (scope is optional): the scope is always sent, as at the authorization
endpoint, so that an officer is never asked for more than the device meant. Departs from RFC 9101 §10.5 and RFC 9126 §6, which
speak of requests that come to the authorization endpoint, in nothing but this: what a client must sign or push is held to be
satisfied by one that authenticates here, on a connection of its own; a public one that must sign is not registered for devices.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError

from ...audit import AuditEvent, AuditRecord, Caller
from ...authn.lockout import Limits, Lockout, Rule, ThrottledError, network_of
from ...errors import UnavailableError
from .. import client_authentication, scope
from ..authorization_request import AuthorizationRequest
from ..client import Client
from ..ports import digest
from ..provider_request import Answer, ProviderRequest
from ..requests.public_clients import PublicClients
from ..server import REFUSAL_SECONDS, Provider
from ..tokens import resource_indicator
from . import user_code
from .approvals import Approvals
from .authorization import GRANT_TYPE_OF, Deferred, Kind
from .unread import refuse_unread

INTERVAL_SECONDS = 5
MOST_ATTEMPTS = 8
"""So many codes in a row that are all taken do not happen by chance."""

CODE_LIMITS = Limits(pair=Rule(6), account=Rule(10), source=Rule(100))
"""Typed codes that nobody waits for: per officer (or browser) and address, per officer (or browser), per address."""


class DeviceAuthorization:
    """Takes devices' requests, and finds them again by what an officer types.

    Args:
        provider: Authenticates clients.
        approvals: Keeps what is waited for.
        verification_uri: Where officers type codes.
        lifetime_seconds: Of both codes.
        typed: Counts codes that are typed (``CODE_LIMITS``).
        requests: Counts requests of public clients.
    """

    ENDPOINT_NAME = "device_authorization"

    def __init__(self, provider: Provider, approvals: Approvals, *, verification_uri: str, lifetime_seconds: int,
                 typed: Lockout, requests: PublicClients) -> None:
        self._provider = provider
        self._approvals = approvals
        self._verification_uri = verification_uri
        self._lifetime = lifetime_seconds
        self._typed = typed
        self._requests = requests

    def ask(self, request: ProviderRequest) -> Answer:
        """Answer a device authorization request (RFC 8628 §3.2).

        Raises:
            OAuth2Error: ``invalid_client``, ``unauthorized_client``, or as ``read``; ``slow_down`` with 429 where a public
                client asks too often.
            UnavailableError: no code could be found that is free.
        """
        client = self._provider.authenticate_client(request, client_authentication.METHODS, self.ENDPOINT_NAME)
        if not client.check_grant_type(GRANT_TYPE_OF[Kind.DEVICE]):
            raise UnauthorizedClientError("The application is not registered for the device code grant.")
        asked = read(request.form, client, resources=request.values_of(resource_indicator.PARAMETER),
                     issuer=self._provider.issuer)
        self._requests.count(client, request.caller)
        device_code = secrets.token_urlsafe(32)
        for _ in range(MOST_ATTEMPTS):
            code = user_code.make()
            if self._approvals.begin(Kind.DEVICE, asked, request.caller, secret=device_code, user_code=code,
                                     lifetime_seconds=self._lifetime, interval_seconds=INTERVAL_SECONDS):
                break
        else:
            raise UnavailableError("No code is free at the moment.", dependency="database", retry_after_seconds=1)
        shown = user_code.shown(code)
        return Answer(200, {
            "device_code": device_code, "user_code": shown, "verification_uri": self._verification_uri,
            "verification_uri_complete": f"{self._verification_uri}?user_code={shown}", "expires_in": self._lifetime,
            "interval": INTERVAL_SECONDS}, ())

    def typed(self, text: str, caller: Caller, *, account: str) -> Deferred | None:
        """Find what waits for the code that an officer typed; None when nothing does, or it was answered or has expired.

        Args:
            text: As typed. What cannot be a code is not counted, and not looked up.
            caller: Who types.
            account: The officer's subject, or what tells browsers apart before anybody is signed in.

        Raises:
            ThrottledError: nothing was looked up.
        """
        code = user_code.normal(text)
        if not code:
            return None
        try:
            guess = self._typed.take(account, caller.source)
        except ThrottledError:
            record = AuditRecord(AuditEvent.USER_CODE_THROTTLED, self._provider.clock.now(), source=caller.source,
                                 request_id=caller.request_id)
            kind = digest("\0".join((AuditEvent.USER_CODE_THROTTLED, network_of(caller.source))))
            self._provider.store.note(record, kind=kind, seconds=REFUSAL_SECONDS)
            raise
        found = self._approvals.by_user_code(code)
        if found is not None:
            self._typed.release(guess)
        return found


def read(form: Mapping[str, str], client: Client, *, resources: Sequence[str] = (), issuer: str = "") -> AuthorizationRequest:
    """Read a device authorization request (RFC 8628 §3.1): what an officer will be asked, by the rules of ``/authorize``.

    Args:
        form: The body's parameters, each once, empty ones left out.
        client: Who asks.
        resources: The values of ``resource``.
        issuer: The provider's issuer identifier, which is a resource too.

    Raises:
        InvalidRequestError: it holds what is read at the authorization endpoint alone.
        InvalidDetailsError: so do ``authorization_details``.
        InvalidScopeError: missing, malformed, or not registered for the application.
        InvalidTargetError: a resource is not the application's.
    """
    refuse_unread(form)
    asked = scope.words(form.get("scope"))
    if not asked:
        raise InvalidScopeError("scope is missing or malformed.")
    if not scope.within(asked, client.scope) or scope.leave_to_sign(asked):
        raise InvalidScopeError("A scope is not registered for this application.")
    if not client.check_grant_type("refresh_token"):
        asked = tuple(word for word in asked if word != scope.OFFLINE)
    return AuthorizationRequest(client_id=client.client_id, redirect_uri="", response_type="", response_mode="", scope=asked,
                                resources=resource_indicator.named(client, resources, issuer=issuer))
