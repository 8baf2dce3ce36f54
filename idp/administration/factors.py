"""The second factors of officers, for administrators: seen, and all taken away when a telephone is lost.

Source: security checklist 33, 34, 38; NIST SP 800-63B-4 §4.3 (invalidation). Taking them away opens nothing: the password is
what it was, who needs two factors cannot sign in until there is a new one, and whoever was signed in has to sign in again. The
officer is told.
"""

from __future__ import annotations

from typing import Any, Final

from ..audit import Caller
from ..authn.second_factor import SecondFactors, Standing
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..directory.officer import Directory
from ..roles import Administrator, RoleGroups
from ..sessions.single_sign_on import Sessions
from .reach import check_reach, unknown_officer

REASON: Final = "factors_removed"


class FactorAdministration:
    """Lists and removes.

    Args:
        factors: Those that there are.
        mirror: Officers by subject.
        directory: What officers are now.
        sessions: What stands open for an officer.
        groups: Tells who has a role for the whole province.
    """

    def __init__(self, factors: SecondFactors, mirror: OfficerMirror, directory: Directory, sessions: Sessions,
                 groups: RoleGroups) -> None:
        self._factors = factors
        self._mirror = mirror
        self._directory = directory
        self._sessions = sessions
        self._groups = groups

    def of(self, who: Administrator, sub: str) -> dict[str, Any]:
        """Give an officer's factors. Raises RefusedError (404) for an officer who is not theirs to see."""
        known = self._mirror.by_sub(sub)
        if known is None or not who.oversees(known.officer.main_post.unit_code):
            raise unknown_officer()
        return {"items": [shown(standing) for standing in self._factors.of(known.officer.entry_uuid)]}

    def remove_all(self, who: Administrator, sub: str, caller: Caller) -> None:
        """Take away every factor of an officer as an administrator.

        Raises:
            RefusedError: there is no such officer, or not in the administrator's agency (404).
            ForbiddenError: the administrator may not act on this officer.
            UnavailableError: the directory or the database does not answer.
        """
        known = self._mirror.by_sub(sub)
        if known is None or not who.oversees(known.officer.main_post.unit_code):
            raise unknown_officer()
        officer = self._directory.find(known.officer.entry_uuid)
        if officer is None:
            raise unknown_officer()
        check_reach(who, sub, officer, self._groups)
        self.by_operator(known, caller)

    def by_operator(self, officer: MirroredOfficer, caller: Caller, *, factor: str = "") -> list[str]:
        """Take away every factor of an officer, or those of one kind, as an operator of the provider; gives what went."""
        before = self._factors.of(officer.officer.entry_uuid)
        for standing in before:
            if factor in {"", standing.factor}:
                self._factors.remove(officer, standing.factor, standing.id, caller)
        left = {(standing.factor, standing.id) for standing in self._factors.of(officer.officer.entry_uuid)}
        gone = [standing.factor for standing in before if (standing.factor, standing.id) not in left]
        if gone:
            self._sessions.end_all(officer.sub, REASON, caller)
        return gone


def shown(standing: Standing) -> dict[str, Any]:
    """Give what administrators see of a factor: never what it is proven with."""
    return {"factor": standing.factor, "label": standing.label, "enrolled_at": standing.enrolled_at,
            "last_used_at": standing.last_used_at, "left": standing.left}
