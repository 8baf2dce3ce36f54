"""A new password for an officer who has none any more: made at random, shown once to whoever may give it out, good for a day.

Sources: OWASP ASVS 5.0 6.4 (recovery), security checklist 18, 33, 38. Whoever resets a password never takes over the account
by that: the second factor stays what it is and is asked for as before, the password may only be changed, and everything that
stood open for the officer ends. On whom an administrator may act: ``reach.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ..authn.one_time_password import OneTimePassword, OneTimePasswords
from ..clock import Clock
from ..directory.deprovisioning import Deprovisioning
from ..directory.mirror import OfficerMirror
from ..directory.officer import ChangeResult, Directory, Officer
from ..errors import IdpError, RefusedError
from ..notices import NoticeKind, Notices
from ..roles import Administrator, Right, RoleGroups
from ..sessions.interaction import Interactions
from .reach import check_reach, unknown_officer

REASON: Final = "password_reset"


class ResetRefusedError(RefusedError):
    """No password was set, and the old one is what it was."""

    status = 409

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code=code)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What is shown once.

    Attributes:
        told: Applications that are told that the officer's sessions ended.
    """

    sub: str
    officer: Officer
    one_time: OneTimePassword
    told: tuple[str, ...]


class PasswordResets:
    """Sets passwords for others.

    Args:
        directory: Where passwords are.
        mirror: Officers by subject.
        one_time: Makes the passwords and remembers what they are.
        deprovisioning: Ends what stands open for an officer.
        interactions: What browsers are in the middle of; the old password proves nothing there any more.
        notices: Tell the officer, by mail too.
        audit: Where refusals are recorded.
        clock: Source of the time.
        groups: Tells who has a role for the whole province.
    """

    def __init__(self, directory: Directory, mirror: OfficerMirror, one_time: OneTimePasswords, deprovisioning: Deprovisioning,
                 interactions: Interactions, notices: Notices, audit: AuditTrail, clock: Clock, groups: RoleGroups) -> None:
        self._directory = directory
        self._mirror = mirror
        self._one_time = one_time
        self._deprovisioning = deprovisioning
        self._interactions = interactions
        self._notices = notices
        self._audit = audit
        self._clock = clock
        self._groups = groups

    def reset(self, who: Administrator, sub: str, caller: Caller) -> dict[str, Any]:
        """Set a password as an administrator.

        Args:
            who: The administrator.
            sub: The officer.
            caller: Who asks.

        Returns:
            ``sub uid one_time_password expires_at``.

        Raises:
            RefusedError: there is no such officer, or not in the administrator's agency (404).
            ForbiddenError: the administrator may not act on this officer.
            ResetRefusedError: nobody may reset here; the officer is disabled; the directory refuses.
            UnavailableError: the directory or the database does not answer.
        """
        who.demand(Right.RESET_PASSWORD)
        known = self._mirror.by_sub(sub)
        if known is None or not who.oversees(known.officer.main_post.unit_code):
            raise unknown_officer()
        officer = self._directory.find(known.officer.entry_uuid)
        if officer is None:
            raise unknown_officer()
        self._mirror.remember(officer, now=self._clock.now())
        check_reach(who, sub, officer, self._groups, Right.RESET_PASSWORD)
        self._check_possible(officer)
        new = self._act(officer, sub, caller)
        return {"sub": sub, "uid": officer.uid, "one_time_password": new.one_time.password, "expires_at": new.one_time.expires_at}

    def by_operator(self, officer: Officer, caller: Caller) -> NewPassword:
        """Set a password as an operator of the provider, who may do more than that by other means.

        Args:
            officer: As the directory has them now.
            caller: Who asks.

        Raises:
            ResetRefusedError, UnavailableError: as for ``reset``.
        """
        self._check_possible(officer)
        return self._act(officer, self._mirror.remember(officer, now=self._clock.now()), caller)

    def _check_possible(self, officer: Officer) -> None:
        if not self._directory.resets_passwords:
            raise ResetRefusedError("Passwords are not reset here: there is no account for it at the directory.", "reset_off")
        if officer.disabled:
            raise ResetRefusedError("This officer is disabled; a new password would open nothing.", "disabled")

    def _act(self, officer: Officer, sub: str, caller: Caller) -> NewPassword:
        one_time = self._one_time.make(officer.entry_uuid, sub=sub, caller=caller)
        try:
            result = self._directory.reset_password(officer, one_time.password)
        except IdpError:
            self._refused("unavailable", sub, caller)
            raise
        if result is not ChangeResult.CHANGED:
            self._refused(result.value, sub, caller)
            raise ResetRefusedError(f"The directory refuses a new password for this officer ({result.value}).", result.value)
        self._notices.tell(NoticeKind.PASSWORD_RESET, sub, caller)
        self._interactions.forget_officer(officer.entry_uuid)
        told = self._deprovisioning.end_access(sub, REASON, caller)
        return NewPassword(sub, officer, one_time, tuple(told))

    def _refused(self, reason: str, sub: str, caller: Caller) -> None:
        self._audit.record(AuditRecord(
            AuditEvent.PASSWORD_RESET_REFUSED, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
            detail={"reason": reason, **caller.by}))
