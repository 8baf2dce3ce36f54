"""What an officer is asked to approve for a client that waits elsewhere: asked, shown, answered once.

Spec: RFC 8628 §3.1-§3.3; OpenID Connect Client-Initiated Backchannel Authentication §7, §8. Security checklist 18, 29, 32: an
approval looks at registration, officer, level and session as they stand at that moment, by the function that decides on a code
(``Provider.admit``), and makes the same grant as a code does.
"""

from __future__ import annotations

from dataclasses import replace

from ...audit import AuditEvent, AuditRecord, Caller
from .. import scope
from ..authorization_request import AuthorizationRequest, UnsafeRequestError
from ..grant import Grant
from ..grants.authorization_code import agreed
from ..ports import SessionFacts, digest
from ..server import Provider
from .authorization import GRANT_TYPE_OF, Agreement, Deferred, DeferredStore, Kind


class Approvals:
    """Begins, finds and answers authorizations that are waited for.

    Args:
        store: Where they rest.
        provider: Knows clients, officers, levels and lifetimes.
    """

    def __init__(self, store: DeferredStore, provider: Provider) -> None:
        self._store = store
        self._provider = provider

    def begin(self, kind: Kind, request: AuthorizationRequest, caller: Caller, *, secret: str, user_code: str = "", sub: str = "",
              lifetime_seconds: int, interval_seconds: int, details: str = "", most_pending: int = 0) -> bool:
        """Keep a request whose every parameter was checked.

        Args:
            kind: What it is.
            request: Without redirect URI.
            caller: Who asks; the officer is shown the address.
            secret: What the client will poll with.
            user_code: In its normal form (``user_code.normal``); "" where nothing is typed.
            sub: Whose answer is asked for; "" where whoever types the code answers.
            lifetime_seconds: Of both codes.
            interval_seconds: To begin with.
            details: JSON of what the kind keeps beside the request.
            most_pending: How many of this client may wait for the officer who is asked; 0 where nobody is asked by name.

        Returns:
            False when the user code is taken: make another one. Or when too many wait for this officer, or the officer has
            refused this client a short while ago (``pause``).
        """
        now = self._provider.clock.now()
        deferred = Deferred(
            digest(secret), kind, request.client_id, request.to_json(), now, now + lifetime_seconds, interval_seconds,
            user_code_digest=digest(user_code) if user_code else None, sub=sub, source=caller.source, details=details)
        record = AuditRecord(
            AuditEvent.APPROVAL_ASKED, now, sub=sub, client_id=request.client_id, source=caller.source,
            request_id=caller.request_id, detail={"kind": kind.value, "scope": " ".join(request.scope)})
        if most_pending:
            return self._store.begin_for(deferred, record, most_pending=most_pending)
        return self._store.begin(deferred, record)

    def pause(self, sub: str, client_id: str) -> int:
        """Give the seconds for which a client may not ask an officer by name who has refused it; 0 or less when it may."""
        now = self._provider.clock.now()
        return self._store.paused_until(sub, client_id, now) - now

    def by_user_code(self, user_code: str) -> Deferred | None:
        """Find one that may still be answered by what an officer typed, in its normal form."""
        found = self._store.by_user_code(digest(user_code))
        return found if found is not None and found.open_to("", self._provider.clock.now()) else None

    def awaiting(self, sub: str) -> list[Deferred]:
        """Give what an officer is asked by name and has not answered, oldest first."""
        return self._store.awaiting(sub, self._provider.clock.now())

    def of(self, request: AuthorizationRequest) -> Deferred | None:
        """Find what a stored request was made for, whatever became of it; None for any other request."""
        return self._store.find(bytes.fromhex(request.deferred)) if request.deferred else None

    def approve(self, deferred: Deferred, session: SessionFacts, caller: Caller, *,
                consent: tuple[Agreement, AuditRecord] | None = None, post: str = "") -> bool:
        """Give what is asked for: grant, consent, the client's part in the session and the answer in one write.

        Args:
            deferred: As the officer saw it.
            session: Of the officer who agrees; what stands in its place on the phone: ``oidc.phone_approval``.
            caller: Who answers.
            consent: What is remembered of it, with its record, where the officer was asked for that as well.
            post: In which the officer acts (``AuthorizationRequest.post``).

        Returns:
            False when it was answered meanwhile, or has expired.

        Raises:
            UnsafeRequestError: the client was disabled since it asked.
            AuthorizationError: as ``Provider.admit``; ``unauthorized_client`` or ``invalid_scope``, where the registration does
                not hold the grant type or a scope any more; ``login_required``, where the session has just ended. It has no
                address: show it on our own page.
        """
        grant, record = self.granted(deferred, session, caller, post=post)
        if self._store.approve(deferred.digest, grant, record, notice=deferred.notice, consent=consent):
            return True
        now_stored = self._store.find(deferred.digest)
        if now_stored is not None and now_stored.open_to(session.sub, grant.created_at):
            raise request_of(deferred).refuse("login_required", "The session has ended.")
        return False

    def granted(self, deferred: Deferred, session: SessionFacts, caller: Caller, *, post: str = "") -> tuple[Grant, AuditRecord]:
        """Look at everything once more, and make the grant that is given and its record; nothing is written.

        Args:
            deferred: As the officer saw it.
            session: Of the officer who agrees, or the one that the approval opens.
            caller: Who answers.
            post: As ``approve``.

        Raises:
            UnsafeRequestError: as ``approve``.
            AuthorizationError: as ``approve``, but for a session that has just ended.
        """
        asked = replace(request_of(deferred), post=post)
        client = self._provider.registry.find(deferred.client_id)
        if client is None:
            raise UnsafeRequestError("The application is not known here.", code="unknown_client")
        self._provider.admit(client, asked, session, caller)
        if not client.check_grant_type(GRANT_TYPE_OF[Kind(deferred.kind)]):
            raise asked.refuse("unauthorized_client", "The application is not registered for this any more.")
        if not scope.within(asked.scope, client.scope):
            raise asked.refuse("invalid_scope", "A scope is not registered for this application any more.")
        now = self._provider.clock.now()
        grant = agreed(asked, session, now=now, offline_seconds=self._provider.lifetimes.refresh_token_seconds)
        return grant, self._record(AuditEvent.APPROVAL_GIVEN, deferred, session, caller, now, scope=grant.scope)

    def deny(self, deferred: Deferred, session: SessionFacts | None, caller: Caller) -> bool:
        """Note that the officer refuses; False when it was answered meanwhile, or has expired.

        ``session``: None where whoever is asked by name refuses without one, on the phone.
        """
        now = self._provider.clock.now()
        record = self._record(AuditEvent.APPROVAL_REFUSED, deferred, session, caller, now)
        return self._store.deny(deferred.digest, record.sub, now, record, notice=deferred.notice)

    @staticmethod
    def _record(event: AuditEvent, deferred: Deferred, session: SessionFacts | None, caller: Caller, now: int,
                **detail: str) -> AuditRecord:
        return AuditRecord(event, now, sub=session.sub if session else deferred.sub, client_id=deferred.client_id,
                           sid=session.sid if session else "", source=caller.source,
                           request_id=caller.request_id, detail={"kind": deferred.kind, "asked_from": deferred.source, **detail})


def request_of(deferred: Deferred) -> AuthorizationRequest:
    """Give what was asked, as the pages that answer it take it up: it names what it was made for."""
    return replace(AuthorizationRequest.from_json(deferred.request), deferred=deferred.digest.hex())
