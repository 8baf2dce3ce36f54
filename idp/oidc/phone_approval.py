"""A request that an application makes of an officer by name, approved on the officer's phone by the SIM's key for signing in.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.1 (binding_message), §8 and §11; ETSI TS 102 204 §6; RFC 8176
(amr); security checklist 18, 29, 30, 57 and 58; decisions 0011 and 0013. The officer chooses it (``authn.mobile_id``), and what a
phone cannot be asked waits on the officer's page as before: the first consent to an application, the choice of a post, a notice
that was not read, a level beyond the SIM's, a message that phones cannot show, factors that are frozen. Who may sign in is asked
as at every sign-in without a password (``authn.sign_in.without_password``). The page stays open to what the phone has been asked.
The prompts engine says which it is, by the session that an approval would open: nothing is decided here that the pages decide
otherwise.

What the phone confirms gives what a press of the button gives, once, in one write, and opens a session that no browser has: it
stands among the officer's sessions, can be ended there and by administrators, and its end ends what was given. Cancelling and a
wrong PIN refuse the request (``access_denied``); a phone that nobody answers leaves it open until it expires. Phones are asked by
the worker, which finds after a crash what it was at in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from ..audit import PHONE, AuditEvent, AuditRecord, AuditTrail, Caller
from ..authn.assurance import PIN, SMART_CARD, AssurancePolicy, level_reached, with_factor
from ..authn.lockout import Limits, Lockout, Rule, ThrottledError
from ..authn.mobile_id import MobileId
from ..authn.sign_in.without_password import look
from ..clock import Clock
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..directory.officer import Directory
from ..errors import RefusedError, UnavailableError
from ..notices import Notice, NoticeKind
from ..notices.personal_data import PersonalDataNotice
from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from ..oauth.client import Client, ClientRegistry
from ..oauth.deferred.approvals import Approvals, request_of
from ..oauth.deferred.authorization import Deferred
from ..oauth.deferred.authorization import State as Answer
from ..oauth.grant import Grant, admits
from ..sessions.single_sign_on import Opening, Session, Sessions
from ..signing.login import approval_text
from ..signing.outcome import Outcome
from ..signing.ports import BoundSim
from ..signing.transaction import OPEN, Change, State, Transaction
from .acting_post import ActingPosts, noted
from .consent import Consents
from .prompts import Prompt, next_prompt
from .subject import Subjects

AMR: Final = with_factor((), SMART_CARD, PIN)
"""What a SIM proves by itself: the card's key, and the PIN without which it signs nothing."""
LEVEL: Final = level_reached(AMR)
LIMITS: Final = Limits(pair=Rule(4, 4 * 3600), account=Rule(8, 8 * 3600), source=Rule(1800))
"""Questions on the phone that were not confirmed: of one application to one officer, and of all to one officer; after these one
an hour. A night is longer than half an hour, and whoever can type a name has all of it. An application alone is held back by
``oauth.backchannel`` as it always was."""
LEAST_SECONDS: Final = 25
"""With less time left nobody is asked: it would be over before an officer has read it."""
LOOK_SECONDS: Final = 2
BUSY_SECONDS: Final = 5
REFUSES: Final = (Outcome.CANCELLED.value, Outcome.WRONG_PIN.value)


class Due(NamedTuple):
    """A request at which the worker is to look, and since when."""

    deferred: Deferred
    phone_at: int


class PhoneApprovalStore(Protocol):
    """Requests that go to phones. Every verb may raise UnavailableError(dependency="database")."""

    def due(self, now: int, *, limit: int) -> Sequence[Due]:
        """Give those at which somebody is to look, the most overdue first."""
        ...

    def move(self, due: Due, phone_at: int | None) -> bool:
        """Say when somebody looks next, None for never; False where somebody else has moved it: of two who look one does."""
        ...

    def approve(self, deferred: Deferred, change: Change, sim: BoundSim, entry_uuid: str, opening: Opening, grant: Grant,
                record: AuditRecord, told: Notice) -> bool:
        """Answer a request: use up what the phone has confirmed, open the session, keep the grant, with records and notice.

        The notice to the application is queued with it; all of it is durable, and happens once. False, and nothing written, where
        the request was answered before, has expired or is another officer's; where the phone's answer was used, has gone or was
        another one; where the officer is not active, or has taken the choice or the factor away; where the SIM was lost,
        blocked or given another key since it was looked at.
        """
        ...


class PhoneApprovals:
    """Asks phones about what applications ask by name, and draws the consequences of what they say.

    Args:
        store: The requests.
        approvals: Answers them.
        mobile_id: Who has chosen it, and the phones.
        registry: Applications that may act now.
        mirror: Who officers are.
        directory: Asked before an access is given whether the officer may sign in.
        frozen: Tells of an officer, by entryUUID, whether the factors count for nothing now.
        sessions: Makes the session that an approval opens.
        assurance: What level is demanded.
        consents: What was agreed to.
        posts: In which post an officer acts.
        personal_data: What officers have to have read.
        subjects: What applications know officers by.
        limits: Counts questions (``LIMITS``).
        audit: Where it stands why a phone was not asked.
        clock: Source of the time.
    """

    def __init__(self, store: PhoneApprovalStore, approvals: Approvals, mobile_id: MobileId, registry: ClientRegistry,
                 mirror: OfficerMirror, directory: Directory, frozen: Callable[[str], bool], sessions: Sessions,
                 assurance: AssurancePolicy, *, consents: Consents, posts: ActingPosts, personal_data: PersonalDataNotice,
                 subjects: Subjects, limits: Lockout, audit: AuditTrail, clock: Clock) -> None:
        self._store, self._approvals, self._mobile_id, self._registry = store, approvals, mobile_id, registry
        self._mirror, self._directory, self._frozen = mirror, directory, frozen
        self._sessions, self._assurance, self._consents = sessions, assurance, consents
        self._posts, self._personal_data, self._subjects = posts, personal_data, subjects
        self._limits, self._audit, self._clock = limits, audit, clock

    def asked(self, deferred: Deferred) -> Transaction | None:
        """Give what the officer's phone shows of a request now; None where it shows nothing."""
        phones = self._mobile_id.phones
        one = phones.asked_to_approve(deferred.sub, deferred.digest.hex()) if phones is not None else None
        return one if one is not None and one.state in OPEN else None

    def go_on(self, *, most: int) -> int:
        """Look at whatever is due; for the worker. Asks no network but the directory. Gives at how many it looked.

        Raises:
            UnavailableError: the database does not answer.
        """
        found = self._store.due(self._clock.now(), limit=most)
        for due in found:
            # Whoever moves it first looks; should that one die, it is due again a little later.
            leased = self._clock.now() + BUSY_SECONDS
            if self._store.move(due, leased):
                after = self._look(due.deferred)
                if after != leased:
                    self._store.move(Due(due.deferred, leased), after)
        return len(found)

    def _look(self, deferred: Deferred) -> int | None:
        """Take one on; gives when somebody looks next."""
        now, phones = self._clock.now(), self._mobile_id.phones
        if phones is None:
            return None
        one = phones.asked_to_approve(deferred.sub, deferred.digest.hex())
        caller = Caller(PHONE, one.transaction_id if one is not None else f"approval-{deferred.digest.hex()[:16]}")
        if not deferred.open_to(deferred.sub, now):
            if one is not None and deferred.state != Answer.PENDING:
                phones.withdraw(one, caller)
            return None
        if one is None:
            return self._ask(deferred, caller)
        if one.state in OPEN:
            return now + LOOK_SECONDS
        if one.state is State.READY:
            return self._approve(deferred, one, caller)
        if one.outcome in REFUSES:
            self._approvals.deny(deferred, None, caller)
        return None

    def _ask(self, deferred: Deferred, caller: Caller) -> int | None:
        """Ask the phone, if it can be asked this; else the officer's page is where it waits."""
        now = self._clock.now()
        left = deferred.expires_at - now
        if left < LEAST_SECONDS:
            return self._unasked(deferred, "time", caller)
        officer, client = self._mirror.by_sub(deferred.sub), self._registry.find(deferred.client_id)
        if officer is None or client is None or not admits(client, officer.status, frozenset(officer.officer.groups)):
            return None  # the pages and the token endpoint say so
        if not self._mobile_id.approves(officer):
            return self._unasked(deferred, "no_sim", caller)
        if self._frozen(officer.officer.entry_uuid):
            return self._unasked(deferred, "frozen", caller)
        request = request_of(deferred)
        why = self._beyond(request, client, self._opening(deferred, now).session, officer)
        name = client.client_name or client.client_id
        text = "" if why else approval_text(name, deferred.binding_message)
        if why or not text:
            return self._unasked(deferred, why or "text", caller)
        try:
            guess = self._limits.take(deferred.sub, deferred.client_id, alias=True)
        except ThrottledError:
            return self._unasked(deferred, "throttled", caller)
        phones = self._mobile_id.phones
        assert phones is not None
        try:
            phones.ask_to_approve(officer, deferred.client_id, name, text, deferred.digest.hex(),
                                  caller._replace(source=deferred.source), seconds=left)
        except UnavailableError:
            self._limits.release(guess)
            return now + BUSY_SECONDS
        except RefusedError as err:
            self._limits.release(guess)
            return now + BUSY_SECONDS if err.code == "sim_busy" else self._unasked(deferred, err.code, caller)
        return now + LOOK_SECONDS

    def _approve(self, deferred: Deferred, one: Transaction, caller: Caller) -> int | None:
        """Give what the phone has confirmed, as officer, application, card and certificate stand now."""
        now, phones = self._clock.now(), self._mobile_id.phones
        known, client = self._mirror.by_sub(deferred.sub), self._registry.find(deferred.client_id)
        if known is None or client is None or phones is None:
            return None
        found = look(known.officer.entry_uuid, caller, directory=self._directory, mirror=self._mirror, clock=self._clock,
                     frozen=self._frozen)
        officer = found.officer
        if officer is None or found.refused:
            return self._unasked(deferred, found.refused, caller)
        opening = self._opening(deferred, one.signed_at or one.ended_at or now, caller)
        request = request_of(deferred)
        why = self._beyond(request, client, opening.session, officer)
        if why:
            return self._unasked(deferred, why, caller)
        try:
            used = phones.approving(one, caller)
            if used is None:
                return None
            post, _ = self._posts.settle(request, client, opening.session, officer.officer, None)
            grant, record = self._approvals.granted(deferred, opening.session, caller, post=noted(post))
        except UnavailableError:
            return now + BUSY_SECONDS
        except (RefusedError, AuthorizationError, UnsafeRequestError) as err:
            return self._unasked(deferred, err.code, caller)
        record = replace(record, detail={**record.detail, "by": "sim", "transaction": one.transaction_id})
        told = Notice(NoticeKind.APPROVED_BY_PHONE, deferred.sub, now, deferred.source, {
            "application": client.client_name or client.client_id})
        if self._store.approve(deferred, *used, officer.officer.entry_uuid, opening, grant, record, told):
            self._mirror.signed_in(deferred.sub, now=now)
            self._limits.clear(deferred.sub, deferred.client_id)
        return None

    def _beyond(self, request: AuthorizationRequest, client: Client, session: Session, officer: MirroredOfficer) -> str:
        """Say what the pages would ask the officer besides; "" where a press of the button is all that is missing."""
        required = self._assurance.required_level(
            officer.officer.groups, client.required_level, request.acr_values, units=officer.officer.units, source=None,
            reachable=session.acr)
        try:
            prompt = next_prompt(
                request, client, session, subject=self._subjects.of(client, session.sub), groups=officer.officer.groups,
                required_level=required, notice_unread=self._personal_data.unread(session.sub),
                post_open=self._posts.settle(request, client, session, officer.officer, None)[1],
                consent_given=self._consents.covers(session.sub, client.client_id, request.scope), interaction=None,
                now=self._clock.now())
        except AuthorizationError as err:
            return err.code
        return "" if prompt is Prompt.DONE else prompt.value

    def _opening(self, deferred: Deferred, auth_time: int, caller: Caller | None = None) -> Opening:
        return self._sessions.without_cookie(deferred.sub, acr=LEVEL, amr=AMR, auth_time=auth_time,
                                             caller=caller or Caller(PHONE, ""), client_id=deferred.client_id)

    def _unasked(self, deferred: Deferred, why: str, caller: Caller) -> int | None:
        """Leave a record that it waits on the officer's page alone; nobody looks any more."""
        self._audit.record(AuditRecord(
            AuditEvent.APPROVAL_NOT_ASKED, self._clock.now(), sub=deferred.sub, client_id=deferred.client_id,
            source=caller.source, request_id=caller.request_id, detail={"by": "sim", "reason": why}))
        return None
