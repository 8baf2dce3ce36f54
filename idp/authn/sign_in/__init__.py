"""One step of proving who somebody is: the password, and a new password; each counted, tried and recorded.

Sources: OWASP ASVS 5.0 6.3.8 (no enumeration), security checklist 18, 23-25, 27. An unknown name, a wrong password, a
disabled and a locked officer get the same outcome and cause the same work: one count, one search, one bind (against the
decoy where there is nobody), one record. What was really the matter stands in the audit trail only.

A name is turned into an account before anything is looked up: the local part of an official mail address is counted as the
uid of that spelling, whether or not there is such an officer. Only where the directory knows an officer by a mail address
that differs from the uid is the uid counted as well; if that counter is full, the password is not tried and the answer is
the ordinary refusal, because another answer would tell that both names belong to one officer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import BindOutcome, BindResult, ChangeResult, Directory, Officer
from ...errors import IdpError
from ...notices import NoticeKind, Notices
from ..lockout import NO_DEVICE, Guess, KnownDevice, Lockout, ThrottledError, network_of
from ..one_time_password import OneTimePasswords
from ..password import acceptable_password, normalise_login_name, password_hint
from ..second_factor import SecondFactors

_RIGHT = frozenset({BindResult.ACCEPTED, BindResult.MUST_CHANGE, BindResult.EXPIRED})


@dataclass(frozen=True, slots=True)
class PasswordStep:
    """What became of a name and a password.

    Attributes:
        outcome: ``refused`` for everything a stranger must not tell apart. The others mean that the password was right:
            ``accepted``; ``must_change`` (it may only be used to set a new one); ``expired`` (not even that); ``one_time_over``
            (an administrator made it, too long ago).
        officer: Who it is, now in the mirror; None when refused.
        hint: ``blanks``, ``caps_lock`` or ``input_method`` when refused and the typing looks so; depends on the typed text alone.
        grace_left: Sign-ins left with an expired password, when the directory says so.
        expires_in_seconds: Until the password expires, when the directory says so.
    """

    outcome: Literal["refused", "accepted", "must_change", "expired", "one_time_over"]
    officer: MirroredOfficer | None = None
    hint: str | None = None
    grace_left: int | None = None
    expires_in_seconds: int | None = None

    @property
    def change_first(self) -> bool:
        """Whether the change comes before anything else: also while an expired password still has sign-ins left (grace).

        The last of them goes on without it, because the change needs a bind of its own, and the directory admits no more.
        """
        return self.outcome == "must_change" or (self.outcome == "accepted" and bool(self.grace_left))


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """What became of a wish for a new password.

    Attributes:
        outcome: A value of ``ChangeResult``; ``unacceptable`` for a new password that the directory is not asked about
            (empty, too long, control characters); ``one_time_over`` when an administrator made the old one, too long ago.
    """

    outcome: str


class SignIn:
    """The steps of a sign-in; what comes next is for ``oidc.prompts`` and ``authn.assurance`` to say.

    Args:
        one_time: Passwords that administrators made.
        passwords: Limits of password guesses.
        factors: What follows a password; an operator clears their limits along with those of passwords.
        notices: Tell an officer that the password was changed.
        mail_domain: Domain of official mail.
        devices: Gives the marks of an officer's devices (``KnownDevice.mark``), by subject.
    """

    def __init__(
        self, directory: Directory, mirror: OfficerMirror, audit: AuditTrail, clock: Clock, *,
        one_time: OneTimePasswords, passwords: Lockout, factors: SecondFactors, notices: Notices, mail_domain: str,
        devices: Callable[[str], Sequence[str]] = lambda _sub: (),
    ) -> None:
        self._devices = devices
        self._directory = directory
        self._mirror = mirror
        self._audit = audit
        self._clock = clock
        self._one_time = one_time
        self._notices = notices
        self._passwords = passwords
        self._factors = factors
        self._mail_domain = mail_domain

    def password(self, login_name: str, password: str, caller: Caller, *, client_id: str = "",
                 device: KnownDevice = NO_DEVICE) -> PasswordStep:
        """Try a name and a password, both as typed. SIGN_IN itself is recorded with the session, not here.

        Raises:
            ThrottledError: too many wrong guesses; the directory was not asked, or was and a stranger must not know.
            UnavailableError: the directory or the database does not answer; then no guess was counted.
        """
        name = normalise_login_name(login_name, mail_domain=self._mail_domain)
        account = self._account(name)
        try:
            guesses = [self._passwords.take(account, caller.source, device=device.mark(account))]
        except ThrottledError as refusal:
            about = "" if refusal.limit == "source" else account
            self._record(AuditEvent.SIGN_IN_THROTTLED, caller, client_id, account, None, about=about, limit=refusal.limit)
            raise
        if not acceptable_password(password):
            return self._refuse("unacceptable", guesses, password, caller, client_id, account, None)
        try:
            officer = self._directory.find_by_login(name) if name else None
            tried = officer
            if officer is not None and officer.uid != account:
                try:
                    guesses.append(self._passwords.take(officer.uid, caller.source, alias=True,
                                                        device=device.mark(officer.uid)))
                except ThrottledError:
                    tried = None
            outcome = self._directory.check_password(tried, password)
            if tried is not None and outcome.result in _RIGHT:
                officer = tried = self._confirmed(tried)
            right = tried is not None and not tried.disabled and outcome.result in _RIGHT
            one_time = self._one_time.standing(tried.entry_uuid, password) if tried is not None and right else ""
        except IdpError:
            for guess in guesses:
                self._passwords.release(guess)
            raise
        if tried is None or not right:
            reason = _reason(officer, tried, outcome)
            return self._refuse(reason, guesses, password, caller, client_id, account, officer)
        return self._right(tried, outcome, one_time, guesses, caller, client_id)

    def change_password(self, officer: MirroredOfficer, old: str, new: str, caller: Caller, *, client_id: str = "",
                        device: KnownDevice = NO_DEVICE) -> ChangeStep:
        """Change a password as the officer; a wrong old one counts as a wrong guess.

        Raises:
            ThrottledError: too many wrong guesses.
            UnavailableError: the directory or the database does not answer.
        """
        if not _may_sign_in(officer):
            return self._change_refused("not_allowed", officer, caller, client_id)
        if not acceptable_password(new):
            return self._change_refused("unacceptable", officer, caller, client_id)
        try:
            guess = self._passwords.take(officer.officer.uid, caller.source, device=device.mark(officer.officer.uid))
        except ThrottledError:
            self._change_refused("throttled", officer, caller, client_id)
            raise
        if not acceptable_password(old):
            return self._change_refused("wrong_old", officer, caller, client_id)
        try:
            if self._one_time.standing(officer.officer.entry_uuid, old) == "over":
                self._passwords.release(guess)
                return self._change_refused("one_time_over", officer, caller, client_id)
            result = self._directory.change_password(officer.officer, old, new)
        except IdpError:
            self._passwords.release(guess)
            raise
        if result is ChangeResult.CHANGED:
            self._passwords.good(guess)
            self._one_time.changed(officer.officer.entry_uuid)
            self._notices.tell(NoticeKind.PASSWORD_CHANGED, officer.sub, caller, record=AuditRecord(
                AuditEvent.PASSWORD_CHANGED, self._clock.now(), sub=officer.sub, client_id=client_id,
                source=caller.source, request_id=caller.request_id))
            return ChangeStep("changed")
        if result is not ChangeResult.WRONG_OLD:
            self._passwords.release(guess)
        elif guess.instead is not None:
            self._change_refused("wrong_old", officer, caller, client_id)
            raise guess.instead
        return self._change_refused(result.value, officer, caller, client_id)

    def clear_limits(self, login_name: str, source: str, caller: Caller) -> int:
        """Let an officer, an address or both guess afresh; an operator's act, recorded. Gives how many counters were emptied."""
        name = normalise_login_name(login_name, mail_domain=self._mail_domain) if login_name else ""
        account = self._account(name)
        mirrored = self._mirror.by_uid(account) if account else None
        devices = self._devices(mirrored.sub) if mirrored is not None else ()
        cleared = self._passwords.clear(account, source, devices=devices)
        if mirrored is not None:
            cleared += self._factors.clear(mirrored.officer.entry_uuid, source, devices=devices)
        self._audit.record(AuditRecord(
            AuditEvent.THROTTLE_CLEARED, self._clock.now(), sub=mirrored.sub if mirrored else "", source=caller.source,
            request_id=caller.request_id, detail={"account": account, "address": source, "counters": cleared}))
        return cleared

    def _confirmed(self, officer: Officer) -> Officer | None:
        """Look again at somebody who is known not to be one who may sign in: a replica may not have heard of that yet."""
        known = self._mirror.by_entry_uuid(officer.entry_uuid)
        return officer if known is None or known.status == "active" else self._directory.find(officer.entry_uuid)

    def _account(self, name: str) -> str:
        local, at, domain = name.rpartition("@")
        return local if at and domain == self._mail_domain.lower() else name

    def _right(self, officer: Officer, outcome: BindOutcome, one_time: str, guesses: list[Guess], caller: Caller,
               client_id: str) -> PasswordStep:
        step: Literal["accepted", "must_change", "expired", "one_time_over"] = (
            "one_time_over" if one_time == "over" else "expired" if outcome.result is BindResult.EXPIRED
            else "must_change" if one_time or outcome.result is BindResult.MUST_CHANGE else "accepted")
        expired = step in {"expired", "one_time_over"}
        for guess in guesses:
            (self._passwords.release if expired else self._passwords.good)(guess)
        known = self._learn(officer, caller)
        if not _may_sign_in(known):
            # Disabled or removed between the look and the bind: the newer word counts.
            return self._refuse("disabled", [], "", caller, client_id, officer.uid, officer)
        if expired:
            self._record(AuditEvent.SIGN_IN_REFUSED, caller, client_id, officer.uid, officer, about=officer.uid, reason=step)
        return PasswordStep(step, known, None, outcome.grace_left, outcome.expires_in_seconds)

    def _refuse(self, reason: str, guesses: list[Guess], password: str, caller: Caller, client_id: str, account: str,
                officer: Officer | None) -> PasswordStep:
        self._record(AuditEvent.SIGN_IN_REFUSED, caller, client_id, account, officer, about=account, reason=reason)
        for guess in guesses[:1]:
            if guess.instead is not None:
                raise guess.instead
        return PasswordStep("refused", hint=password_hint(password, result=BindResult.WRONG))

    def _change_refused(self, reason: str, officer: MirroredOfficer, caller: Caller, client_id: str) -> ChangeStep:
        self._audit.record(AuditRecord(
            AuditEvent.PASSWORD_CHANGE_REFUSED, self._clock.now(), sub=officer.sub, client_id=client_id, source=caller.source,
            request_id=caller.request_id, detail={"reason": reason}))
        return ChangeStep(reason)

    def _record(self, event: AuditEvent, caller: Caller, client_id: str, account: str, officer: Officer | None, *,
                about: str, **detail: str) -> None:
        """Record a refusal with the officer it was about; many alike within a minute are two records.

        What was typed as a name is never kept: it may be a password.

        An officer whom the directory has disabled meanwhile is disabled in the mirror too, which stops sessions and tokens.
        """
        mirrored = self._mirror.by_uid(account if officer is None else officer.uid)
        if officer is not None:
            detail["uid"] = officer.uid
            if officer.disabled and mirrored is not None and mirrored.status == "active":
                self._learn(officer, caller)
        self._audit.repeated(AuditRecord(
            event, self._clock.now(), sub=mirrored.sub if mirrored else "", client_id=client_id, source=caller.source,
            request_id=caller.request_id, detail=detail), about=f"{about}\0{network_of(caller.source)}")

    def _learn(self, officer: Officer, caller: Caller) -> MirroredOfficer:
        return self._mirror.learn(officer, now=self._clock.now(), look=lambda: self._directory.find(officer.entry_uuid),
                                  source=caller.source, request_id=caller.request_id)


def _may_sign_in(officer: MirroredOfficer) -> bool:
    return officer.status == "active" and not officer.officer.disabled


def _reason(officer: Officer | None, tried: Officer | None, outcome: BindOutcome) -> str:
    if officer is None:
        return "unknown"
    if tried is None:
        return "throttled"
    if outcome.result is BindResult.WRONG:
        return "wrong"
    return "disabled" if officer.disabled or outcome.result is BindResult.DISABLED else "locked"
