"""One-time enrolment passwords (EST), for the province's administrators: made, looked through, withdrawn.

Source: RFC 7030 §3.2.3; security checklist 33, 38, 48, 51. A password is leave to have a certificate in the name of any host or
officer, so that agencies make none. With an officer's one can sign in as that officer: the rule for acts on how officers prove
who they are holds (``administration.reach``), nobody makes their own, and the officer is told (``pki.est.passwords``). It is
given out once, in the answer that makes it; here nobody finds it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...audit import Caller
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...pki.est.enrolling import OFFICERS, Est
from ...pki.est.passwords import MOST_SECONDS, Leave
from ...roles import Administrator, ForbiddenError, Right, Role, RoleGroups
from ..pages import turned
from ..reach import check_reach

MOST_DAYS: Final = MOST_SECONDS // 86400
FIELDS: Final = ("profile", "name", "hosts", "officer", "days")


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """A password that was just made; ``repr`` leaves it out."""

    leave: Leave
    password: str


class PasswordAdministration:
    """Makes enrolment passwords, shows them without the password, and withdraws them.

    Args:
        est: The enrolment service.
        mirror: Officers.
        groups: Tells who has a role for the whole province.
    """

    def __init__(self, est: Est, mirror: OfficerMirror, groups: RoleGroups) -> None:
        self._est, self._mirror, self._groups = est, mirror, groups

    @property
    def offered(self) -> bool:
        """Whether anybody can enrol now."""
        return self._est.offered()

    def listed(self, who: Administrator, *, cursor: str = "", back: str = "", limit: int) -> tuple[Sequence[Leave], str, str]:
        """Give passwords' records, newest first, and the cursors of the pages after and before.

        Raises:
            ForbiddenError: an agency's administrator, and programs.
        """
        _check(who, change=False)
        return turned(
            lambda after, before, most: self._est.passwords.listed(
                most, after=(after[0], after[1]) if after else None, before=(before[0], before[1]) if before else None),
            lambda one: (one.created_at, one.name), (int, str), cursor=cursor, back=back, limit=limit)

    def create(self, who: Administrator, typed: Mapping[str, str], caller: Caller) -> Made:
        """Make a password.

        Args:
            who: An administrator of the province.
            typed: Of ``FIELDS``: ``profile``; ``name`` and ``hosts`` (separated by blanks or commas) of a service or device;
                ``officer``: login name or mailbox of whose it is, or who answers for the service; ``days`` until it ends.
            caller: Who asks.

        Raises:
            ForbiddenError: anybody else; and an officer's password for oneself (as ``check_reach``).
            RefusedError: 422 ``unknown_officer``, ``bad_lifetime``, and as ``Est.password``.
        """
        _check(who, change=True)
        holder = self._holder(typed.get("officer", "").strip().lower())
        days = typed.get("days", "").strip()
        if not (days.isascii() and days.isdigit() and len(days) <= 3 and 1 <= int(days) <= MOST_DAYS):
            raise RefusedError(f"A password is good for 1 to {MOST_DAYS} days.", code="bad_lifetime", status=422)
        profile = typed.get("profile", "")
        service = profile != OFFICERS
        if holder is not None and not service:
            check_reach(who, holder.sub, holder.officer, self._groups, Right.CHANGE)
        hosts = tuple(typed.get("hosts", "").replace(",", " ").lower().split()) if service else ()
        return Made(*self._est.password(
            profile=profile, subject_name=typed.get("name", "").strip() if service else "", hosts=hosts,
            holder=holder.sub if holder is not None else "",
            seconds=int(days) * 86400, caller=caller))

    def withdraw(self, who: Administrator, name: str, caller: Caller) -> None:
        """Withdraw a password that was not used; it is good for nothing from now on.

        Raises:
            ForbiddenError: anybody but the province's administrators.
            RefusedError: 404 ``unknown_password``; 409 ``used``: it was used, or has ended.
        """
        _check(who, change=True)
        self._est.passwords.withdraw(name, caller)

    def _holder(self, typed: str) -> MirroredOfficer | None:
        if not typed:
            return None
        found = self._mirror.by_uid(typed.split("@")[0])
        if found is None or found.status != "active" or ("@" in typed and found.officer.mail.lower() != typed):
            raise RefusedError("There is no such officer.", code="unknown_officer", status=422)
        return found


def _check(who: Administrator, *, change: bool) -> None:
    roles = (Role.PROVINCE,) if change else (Role.PROVINCE, Role.AUDITOR)
    if who.role not in roles or not who.sub or (change and not who.may_change):
        raise ForbiddenError("The province's administrators make enrolment passwords.")
