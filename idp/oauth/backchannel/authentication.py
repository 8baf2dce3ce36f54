"""The backchannel authentication endpoint's rule: who asks, for whom, how often; and what is kept until the officer answers.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.1-§7.3, §13, §14; FAPI-CIBA §5.2.2. Security
checklist 18, 23, 27, 32. An officer who is unknown, disabled or not among those whom the application admits is one and the same
``unknown_user_id``; names that nobody has are guesses and counted. An officer who has not answered is not asked without end, and
one who has refused is left alone for a while that grows with each refusal: nobody is asked until they give in.
"""

from __future__ import annotations

import json
import secrets
from typing import Final

from ...audit import AuditEvent, AuditRecord
from ...authn.lockout import Limits, Lockout, Rule, ThrottledError
from ...directory.mirror import MirroredOfficer
from ...jose.keyset import Sealer
from .. import client_authentication
from ..client import Client
from ..deferred.approvals import Approvals
from ..deferred.authorization import Kind
from ..grant import admits
from ..ports import digest
from ..provider_request import Answer, LaterError, ProviderRequest
from ..server import REFUSAL_SECONDS, Provider
from ..tokens import resource_indicator
from .officers import HintedOfficers
from .ping import notice_of
from .request import BackchannelError, BackchannelRequest, parse
from .signed_request import SignedRequests

INTERVAL_SECONDS: Final = 5
MOST_PENDING: Final = 5
"""Requests of one application that one officer has not answered yet; with those of all others at most 20."""
HINT_LIMITS: Final = Limits(pair=Rule(60), account=Rule(120), source=Rule(600))
"""Hints that name nobody: per application and address, per application, per address, in half an hour."""


class BackchannelAuthentication:
    """Takes authentication requests.

    Args:
        provider: Authenticates applications.
        approvals: Keeps what is waited for.
        officers: Finds whom a request is about.
        requests: Opens signed requests.
        hints: Counts hints that name nobody (``HINT_LIMITS``).
        sealer: Hides what an application is notified with until it is.
    """

    ENDPOINT_NAME = "backchannel_authentication"

    def __init__(self, provider: Provider, approvals: Approvals, *, officers: HintedOfficers, requests: SignedRequests,
                 hints: Lockout, sealer: Sealer) -> None:
        self._provider = provider
        self._approvals = approvals
        self._officers = officers
        self._requests = requests
        self._hints = hints
        self._sealer = sealer

    def ask(self, request: ProviderRequest) -> Answer:
        """Answer an authentication request (CIBA §7.3).

        Raises:
            OAuth2Error: ``invalid_client``, or an error of CIBA §13; ``access_denied`` where the officer has refused this
                application a short while ago; ``slow_down`` with 429 where the officer has not answered earlier requests, or
                too many hints named nobody.
            UnavailableError: database, directory or the application's keys cannot be had now.
        """
        client = self._provider.authenticate_client(request, client_authentication.CONFIDENTIAL, self.ENDPOINT_NAME)
        sent, resources = self._requests.open(request.form, client, request.values_of(resource_indicator.PARAMETER))
        asked = parse(sent, client, resources=resources, issuer=self._provider.issuer)
        officer = self._whom(asked, client, request)
        auth_req_id = secrets.token_urlsafe(32)
        now = self._provider.clock.now()
        notice = notice_of(self._sealer, client.client_id, auth_req_id=auth_req_id, token=asked.notification_token,
                           expires_at=now + asked.lifetime_seconds) if asked.notification_token else ""
        details = {"binding_message": asked.binding_message, "notice": notice}
        if not self._approvals.begin(
                Kind.CIBA, asked.asked, request.caller, secret=auth_req_id, sub=officer.sub,
                lifetime_seconds=asked.lifetime_seconds, interval_seconds=INTERVAL_SECONDS, most_pending=MOST_PENDING,
                details=json.dumps({name: value for name, value in details.items() if value}, separators=(",", ":"))):
            pause = self._approvals.pause(officer.sub, client.client_id)
            if pause > 0:
                self._note("refused", client, request, officer.sub)
                raise LaterError("access_denied", "The officer has refused; this application may ask again later.", status=403,
                                 retry_after_seconds=pause)
            self._note("pending", client, request, officer.sub)
            raise BackchannelError("slow_down", "The officer has not answered earlier requests yet.", status=429)
        return Answer(200, {"auth_req_id": auth_req_id, "expires_in": asked.lifetime_seconds, "interval": INTERVAL_SECONDS}, ())

    def _whom(self, asked: BackchannelRequest, client: Client, request: ProviderRequest) -> MirroredOfficer:
        """Find the officer, who may use the application now."""
        try:
            guess = self._hints.take(client.client_id, request.caller.source)
        except ThrottledError as err:
            self._note("hints", client, request)
            raise LaterError("slow_down", "Too many hints named nobody; wait some minutes.",
                             retry_after_seconds=err.retry_after_seconds or 1) from None
        try:
            officer = self._officers.find(asked, client)
        except BaseException:
            self._hints.release(guess)
            raise
        if officer is None or not admits(client, officer.status, frozenset(officer.officer.groups)):
            self._note("unknown_user_id", client, request)
            raise BackchannelError("unknown_user_id", "The hint names nobody who may use this application.")
        self._hints.release(guess)
        return officer

    def _note(self, reason: str, client: Client, request: ProviderRequest, sub: str = "") -> None:
        """Leave a record that an officer was not asked, once a minute for each application and reason."""
        record = AuditRecord(AuditEvent.APPROVAL_NOT_ASKED, self._provider.clock.now(), sub=sub, client_id=client.client_id,
                             source=request.caller.source, request_id=request.caller.request_id, detail={"reason": reason})
        kind = digest("\0".join((AuditEvent.APPROVAL_NOT_ASKED, client.client_id, reason, sub)))
        self._provider.store.note(record, kind=kind, seconds=REFUSAL_SECONDS)
