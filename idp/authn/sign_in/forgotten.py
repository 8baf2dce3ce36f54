"""A forgotten password: a link to the official mailbox, then a second factor, then a new password. Never by mail alone.

Sources: OWASP ASVS 5.0 6.4.1-6.4.3 and 6.3.8, NIST SP 800-63B-4 §4.2 (recovery by a mailed secret *and* a factor that is bound
to the account), security checklist 23, 27, 29, 33. Whoever asks learns nothing about the name: the answer and the work are the
same for every one, and requests are counted by the name as typed and by the source. The link is worth nothing by itself: it
names a request, is good for half an hour and once, belongs to the browser that took it up, and opens the question for the
second factor. An officer without one is told by mail that the agency's administrator can help. A link is not kept anywhere: it
is a keyed digest of the request's number, so that neither the outbox nor a copy of the database holds one.

The new password is set by the officer: the account that sets others' passwords gives a random one, good only for being changed,
and the change is made with it as the officer, so that the directory's rules and history hold. Everything that stood open then
ends.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import ChangeResult, Directory
from ...notices import Notice, NoticeKind, Notices
from ..client_certificate import ClientCertificates
from ..lockout import Limits, Lockout, Rule, network_of
from ..mobile_id import MobileId
from ..one_time_password import OneTimePasswords
from ..password import acceptable_password, normalise_login_name
from ..second_factor import FactorStep, SecondFactors
from . import without_password

LINK_SECONDS: Final = 1800
PROOF_SECONDS: Final = 600
"""How long a proven factor waits for the new password."""
REQUEST_LIMITS: Final = Limits(pair=Rule(3, 3600), account=Rule(5, 3600), source=Rule(60, 3600))
"""Requests for a link: 3 in a row for a name from a source, then one each 20 minutes; 5 for a name; 60 from a source."""
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Recovery:
    """One request for a new password.

    Attributes:
        recovery_id: 128 random bits, base64url.
        browser_digest: SHA-256 of the browser that took it up; None before.
        proven_at: When a second factor was accepted.
        done_at: When the password was changed, or the request was replaced by a later one.
    """

    recovery_id: str
    entry_uuid: str
    created_at: int
    expires_at: int
    browser_digest: bytes | None = None
    proven_at: int | None = None
    done_at: int | None = None


class RecoveryStore(Protocol):
    """Where requests are kept. Every verb may raise UnavailableError(dependency="database").

    Every verb but ``begin`` and ``find`` is one conditional statement on a request that is neither expired nor done; False means
    that nothing was changed.
    """

    def begin(self, recovery: Recovery, notice: Notice, record: AuditRecord) -> None:
        """Keep a request with its notice (whose mail holds the link) and record; earlier ones of the officer are over."""
        ...

    def find(self, recovery_id: str) -> Recovery | None:
        """Find a request, over or not."""
        ...

    def take_up(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Give a request to a browser: of several exactly one gets True, and gets it again when it asks again."""
        ...

    def prove(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that a second factor was accepted in the browser that has the request."""
        ...

    def finish(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that the password was changed; True for the first caller only."""
        ...


class ForgottenPasswords:
    """The way to a new password.

    Args:
        store: Where requests are kept.
        directory: Where passwords are.
        mirror: Who the officers are.
        factors: What proves who asks.
        one_time: Makes the passwords that are changed at once.
        requests: Limits of requests.
        notices: Tell the officer.
        audit: Where refusals are recorded.
        clock: Source of the time.
        key: 32 bytes; links are made with it.
        mail_domain: Domain of official mail.
        afterwards: Ends what stands open for an officer whose password is another one now.
        offered: Whether there is this way here at all.
    """

    def __init__(self, store: RecoveryStore, directory: Directory, mirror: OfficerMirror, factors: SecondFactors,
                 one_time: OneTimePasswords, requests: Lockout, notices: Notices, audit: AuditTrail, clock: Clock, *, key: bytes,
                 mail_domain: str, afterwards: Callable[[MirroredOfficer, Caller], None], offered: bool) -> None:
        self._store, self._directory, self._mirror, self._factors = store, directory, mirror, factors
        self._one_time, self._requests, self._notices, self._audit = one_time, requests, notices, audit
        self._clock, self._key, self._mail_domain, self._afterwards = clock, key, mail_domain, afterwards
        self._offered = offered

    @property
    def offered(self) -> bool:
        """Whether officers can help themselves here."""
        return self._offered and self._directory.resets_passwords

    # The request

    def ask(self, login_name: str, caller: Caller) -> None:
        """Send a link to the official mailbox of an officer of this name, if there is one. Nothing is told of the outcome.

        Raises:
            ThrottledError: too many requests for this name, or from there.
        """
        name = normalise_login_name(login_name, mail_domain=self._mail_domain)
        local, at, domain = name.rpartition("@")
        account = local if at and domain == self._mail_domain.lower() else name
        self._requests.take(account, caller.source)
        officer, now = self._mirror.by_uid(account) if account else None, self._clock.now()
        why = self._unfit(officer)
        record = AuditRecord(AuditEvent.PASSWORD_FORGOTTEN, now, sub=officer.sub if officer else "", source=caller.source,
                             request_id=caller.request_id, detail={"outcome": why or "link"})
        if officer is None or why in {"unknown", "disabled", "no_mailbox"}:
            self._audit.repeated(record, about=f"{account}\0{network_of(caller.source)}")
        elif why:
            self._notices.tell(NoticeKind.PASSWORD_FORGOTTEN, officer.sub, caller, record=record)
        else:
            recovery = Recovery(secrets.token_urlsafe(16), officer.officer.entry_uuid, now, now + LINK_SECONDS)
            self._store.begin(recovery, Notice(NoticeKind.PASSWORD_FORGOTTEN, officer.sub, now, caller.source,
                                               {"recovery": recovery.recovery_id}), record)

    def ways(self, entry_uuid: str) -> tuple[str, ...]:
        """Name the factors that an officer can be asked for on this way: those that need neither another page nor a password."""
        if self._factors.frozen(entry_uuid):
            return ()
        return tuple(name for name in self._factors.ways(entry_uuid) if name not in (ClientCertificates.name, MobileId.name))

    def link(self, recovery_id: str) -> str:
        """Make what a link ends with."""
        return f"{recovery_id}.{self._digest(recovery_id)}"

    # What the link leads to

    def read(self, token: str, browser_digest: bytes) -> tuple[Recovery, MirroredOfficer] | None:
        """Give the request of a link and its officer, for a browser that may go on with it; None for all other links."""
        found = _TOKEN.fullmatch(token)
        if found is None or not hmac.compare_digest(self._digest(found[1]), found[2]):
            return None
        recovery = self._store.find(found[1])
        if (recovery is None or recovery.done_at is not None or recovery.expires_at <= self._clock.now()
                or recovery.browser_digest not in (None, browser_digest)):
            return None
        officer = self._mirror.by_entry_uuid(recovery.entry_uuid)
        return (recovery, officer) if officer is not None and officer.status == "active" else None

    def take_up(self, recovery: Recovery, browser_digest: bytes) -> bool:
        """Give a request to the browser that goes on with it."""
        return self._store.take_up(recovery.recovery_id, browser_digest, self._clock.now())

    def proven(self, recovery: Recovery) -> bool:
        """Tell whether a second factor was accepted a short while ago."""
        return recovery.proven_at is not None and self._clock.now() - recovery.proven_at <= PROOF_SECONDS

    def prove(self, recovery: Recovery, officer: MirroredOfficer, name: str, answer: dict[str, str], browser_digest: bytes,
              caller: Caller) -> FactorStep:
        """Try a second factor; guesses count as everywhere.

        Raises:
            UnavailableError: the directory or the database does not answer.
        """
        if recovery.browser_digest != browser_digest or name not in self.ways(recovery.entry_uuid):
            return FactorStep("not_enrolled")
        if self._refused(recovery, caller):
            return FactorStep("refused")
        step = self._factors.attempt(officer, name, answer, caller)
        if step.outcome == "accepted" and not self._store.prove(recovery.recovery_id, browser_digest, self._clock.now()):
            return FactorStep("refused")
        return step

    def change(self, recovery: Recovery, officer: MirroredOfficer, new: str, browser_digest: bytes, caller: Caller) -> str:
        """Set the new password.

        Returns:
            ``changed``, or what was wrong: a value of ``ChangeResult``, ``unacceptable``, or ``over`` (nothing was proven, or
            this was done before).

        Raises:
            UnavailableError: the directory or the database does not answer. The old password may then be worth nothing; the same
                request can be sent again.
        """
        if recovery.browser_digest != browser_digest or not self.proven(recovery) or self._refused(recovery, caller):
            return "over"
        if not acceptable_password(new):
            return "unacceptable"
        one = self._one_time.make(recovery.entry_uuid, sub=officer.sub, caller=caller)
        result = self._directory.reset_password(officer.officer, one.password)
        if result is ChangeResult.CHANGED:
            result = self._directory.change_password(officer.officer, one.password, new)
        if result is not ChangeResult.CHANGED:
            self._audit.record(self._record(AuditEvent.PASSWORD_CHANGE_REFUSED, officer, caller, reason=result.value))
            return result.value
        if not self._store.finish(recovery.recovery_id, browser_digest, self._clock.now()):
            return "over"
        self._one_time.changed(recovery.entry_uuid)
        self._notices.tell(NoticeKind.PASSWORD_CHANGED, officer.sub, caller,
                           record=self._record(AuditEvent.PASSWORD_CHANGED, officer, caller, how="forgotten"))
        self._afterwards(officer, caller)
        return "changed"

    def _unfit(self, officer: MirroredOfficer | None) -> str:
        if officer is None:
            return "unknown"
        if officer.status != "active" or officer.officer.disabled:
            return "disabled"
        if not officer.officer.mail:
            return "no_mailbox"
        return "" if self.ways(officer.officer.entry_uuid) else "no_factor"

    def _refused(self, recovery: Recovery, caller: Caller) -> bool:
        """Ask the directory whether the officer may sign in; it has to answer, because it is to take a password."""
        present = without_password.look(recovery.entry_uuid, caller, directory=self._directory, mirror=self._mirror,
                                        clock=self._clock, frozen=self._factors.frozen)
        return bool(present.refused)

    def _record(self, event: AuditEvent, officer: MirroredOfficer, caller: Caller, **detail: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=officer.sub, source=caller.source, request_id=caller.request_id,
                           detail=detail)

    def _digest(self, recovery_id: str) -> str:
        made = hmac.new(self._key, recovery_id.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(made).rstrip(b"=").decode()
