"""Authorizations that are waited for: the client asks here, the officer answers elsewhere, and the client polls meanwhile.

Spec: RFC 8628 §3.1, §3.4 and §3.5 (device authorization); OpenID Connect Client-Initiated Backchannel Authentication §7.3,
§10.1 and §11 (CIBA), which has the same states and errors. Security checklist 15 (once) and 32. The secret that the client polls
with (``device_code``, ``auth_req_id``) and the code that an officer types are known to the store as SHA-256 digests only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ...audit import AuditRecord
from ...authn.assurance import AssurancePolicy
from ...directory.term import status_as_of
from ..client import Client
from ..grant import Grant, lapse_of
from ..ports import NewTokens

SLOWER_SECONDS = 5
"""How much longer a client has to wait from now on each time it polls too early (RFC 8628 §3.5)."""

TOLERANCE_SECONDS = 1
"""The network may deliver a poll that was sent in time this much earlier after the last one; times here are whole seconds."""


MOST_AWAITING = 20
"""Of all clients together, that ask one officer by name and were not answered yet."""

REFUSAL_PAUSES_SECONDS = (60, 300, 1800)
"""After an officer has refused, the same client does not ask them by name again for so long: after the first refusal, the second,
and each further one that is not older than ``REFUSALS_COUNT_SECONDS``. Nobody is asked until they give in."""

REFUSALS_COUNT_SECONDS = 7200
"""How long a refusal counts; longer than all pauses together, and shorter than rows are kept."""

MOST_REFUSED = 3
"""So many different clients refused by one officer within ``REFUSED_TOGETHER_SECONDS``, and for ``REST_SECONDS`` after the last
refusal no client asks that officer by name. Refusals of one client alone never hold another back."""
REFUSED_TOGETHER_SECONDS = 600
REST_SECONDS = 300


class Kind(StrEnum):
    """Which of the two it is; the secret of one is never taken for the other."""

    DEVICE = "device"
    CIBA = "ciba"


GRANT_TYPE_OF = {Kind.DEVICE: "urn:ietf:params:oauth:grant-type:device_code", Kind.CIBA: "urn:openid:params:grant-type:ciba"}
"""The grant type that a client is registered for and polls with."""


class State(StrEnum):
    """Where an authorization stands. Each is left once; that it has expired is read from its time."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


class Poll(StrEnum):
    """What a poll that was counted deserves."""

    IN_TIME = "in_time"
    TOO_EARLY = "too_early"
    DECIDED = "decided"
    """It was not counted: somebody has just decided, and what stands now is to be read again."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """One authorization that is waited for.

    Attributes:
        digest: Of the secret that the client polls with.
        request: JSON of the ``AuthorizationRequest`` without redirect URI; what the officer is shown and agrees to.
        expires_at: Of both codes, seconds since the epoch.
        interval_seconds: How long the client waits between two polls; grows when it does not.
        user_code_digest: Of what the officer types, ``user_code.digest_of``; None where nothing is typed.
        sub: Whose answer is asked for; "" where whoever types the code answers.
        source: Address that the request came from, for the officer to see.
        details: JSON object of what the kind keeps beside the request; "" for nothing.
        state: As stored.
        last_polled_at: Seconds since the epoch; None before the first poll.
        grant: What the officer gave, as it stands now; None before.
        asked_status: Of whoever is asked by name, as of an officer's ``Standing``; "" where nobody is, or is not mirrored.
        asked_ends_at: When their account ends; 0 where it goes on.
    """

    digest: bytes
    kind: str
    client_id: str
    request: str
    created_at: int
    expires_at: int
    interval_seconds: int
    user_code_digest: bytes | None = None
    sub: str = ""
    source: str = ""
    details: str = ""
    state: str = State.PENDING
    last_polled_at: int | None = None
    grant: Grant | None = None
    asked_status: str = ""
    asked_ends_at: int = 0

    def open_to(self, sub: str, now: int) -> bool:
        """Tell whether this officer may still answer."""
        return self.state == State.PENDING and now < self.expires_at and self.sub in {"", sub}

    @property
    def notice(self) -> str:
        """What is queued for the client in the write that answers it (CIBA §10.2); "" where it only polls."""
        return self._detail("notice")

    @property
    def binding_message(self) -> str:
        """What the client shows its user beside the request, for the officer to compare (CIBA §7.1); "" for nothing."""
        return self._detail("binding_message")

    def _detail(self, name: str) -> str:
        found: str = json.loads(self.details).get(name, "") if self.details else ""
        return found

    def get_client_id(self) -> str:
        """Give the client that asked (asked by Authlib)."""
        return self.client_id

    def get_scope(self) -> str:
        """Give the scope that was agreed (asked by Authlib)."""
        return self.grant.scope if self.grant is not None else ""


def fault_of(deferred: Deferred, client: Client, *, kind: Kind, assurance: AssurancePolicy, now: int,
             idle_limit_seconds: int) -> str:
    """Say what the token endpoint answers; "" when tokens may be given.

    Args:
        deferred: As read in this request.
        client: Who polls; found in the registry, so not disabled.
        kind: What the grant type is for.
        assurance: What level is demanded of whom now.
        now: Seconds since the epoch.
        idle_limit_seconds: Idle limit of sessions.

    Returns:
        An error of RFC 8628 §3.5 or RFC 6749 §5.2. ``authorization_pending`` is what stands so far: the poll still has to be
        counted, and may turn out to be too early. A secret of another client's, or of the other kind, is one that nobody knows.
        ``access_denied`` says that the officer refused, or may not sign in any more and so never answers; what was given and
        has lapsed since is ``invalid_grant``, as a code's is.
    """
    if deferred.client_id != client.client_id or deferred.kind != kind or deferred.state == State.USED:
        return "invalid_grant"
    if now >= deferred.expires_at:
        return "expired_token"
    if deferred.state == State.PENDING:
        asked = status_as_of(deferred.asked_status, deferred.asked_ends_at, now)
        return "access_denied" if deferred.sub and asked != "active" else "authorization_pending"
    if deferred.state != State.APPROVED or deferred.grant is None:
        return "access_denied"
    lapse = lapse_of(deferred.grant, client, assurance=assurance, now=now, idle_limit_seconds=idle_limit_seconds)
    return "invalid_grant" if lapse else ""


def is_too_early(last_polled_at: int | None, interval_seconds: int, now: int) -> bool:
    """Tell whether a poll comes before the interval is over (RFC 8628 §3.5); the first one never does."""
    return last_polled_at is not None and now < last_polled_at + interval_seconds - TOLERANCE_SECONDS


class Agreement(Protocol):
    """What an officer agrees to share with a client from now on; another room says what that is (``oidc.consent.Consent``)."""

    @property
    def scope(self) -> frozenset[str]:
        """Scopes agreed to."""
        ...

    @property
    def claims(self) -> frozenset[str]:
        """Claims agreed to by name."""
        ...

    @property
    def given_at(self) -> int:
        """Seconds since the epoch."""
        ...


class DeferredStore(Protocol):
    """Where they rest until they are swept, a day after their end. Each write is one atomic act with its audit record in it."""

    def begin(self, deferred: Deferred, record: AuditRecord) -> bool:
        """Keep a new one. False, and nothing written, when its user code is another's. A crash may lose the last moment's."""
        ...

    def begin_for(self, deferred: Deferred, record: AuditRecord, *, most_pending: int) -> bool:
        """Keep a new one that asks an officer by name. A crash may lose the last moment's.

        False, and nothing written, when so many of this client already wait for the officer, or as many of all clients as
                ``awaiting`` gives, or while ``paused_until`` lies ahead; this holds for requests that come at once, too.
        So for an officer who is not active any more.
        """
        ...

    def paused_until(self, sub: str, client_id: str, now: int) -> int:
        """Tell until when a client may not ask an officer by name; 0 for none.

        It is the officer's refusals of that client that hold it back (``REFUSAL_PAUSES_SECONDS``), or of many (``MOST_REFUSED``).
        """
        ...

    def find(self, digest: bytes) -> Deferred | None:
        """Find one by the client's secret, whatever its state, with the grant as it stands now."""
        ...

    def by_user_code(self, user_code_digest: bytes) -> Deferred | None:
        """Find one by what the officer types, whatever its state."""
        ...

    def awaiting(self, sub: str, now: int) -> list[Deferred]:
        """Give what an officer is asked by name and has not answered, oldest first, at most ``MOST_AWAITING``."""
        ...

    def poll(self, digest: bytes, now: int) -> Poll:
        """Count a poll of a pending one (``is_too_early``). Of several at once at most one is in time.

        Each that is too early makes the interval longer by ``SLOWER_SECONDS``, and starts it anew.
        """
        ...

    def approve(self, digest: bytes, grant: Grant, record: AuditRecord, *, notice: str = "",
                consent: tuple[Agreement, AuditRecord] | None = None) -> bool:
        """Keep the grant that an officer gives, note that the client takes part in the session, and queue a notice, durably.

        The consent of the grant's officer to its client, with a record of its own, is kept in the same act where one is given.
        Of several answers at most one gets True. False, and nothing written, when it was answered before, has expired, or is
        another officer's to answer; or when the session has ended or passed its absolute limit, or the officer is not active.
        """
        ...

    def deny(self, digest: bytes, sub: str, now: int, record: AuditRecord, *, notice: str = "") -> bool:
        """Note that an officer refuses, and queue a notice, durably.

        False when it was answered before, has expired or is another's to answer.
        """
        ...

    def redeem(self, digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Use an approved one and keep the tokens given for it, durably. Of several callers at most one gets True.

        False, and nothing written, when it was used before, has expired, or its grant is revoked; or when its session has ended
        and the grant does not outlive it.
        """
        ...
