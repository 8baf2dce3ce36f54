"""The second factors of officers, for administrators: seen, all taken away when a telephone is lost, and who has none yet.

Source: security checklist 33, 34, 38; NIST SP 800-63B-4 §4.3 (invalidation). Taking them away opens nothing: the password is
what it was, who needs two factors cannot sign in until there is a new one, and whoever was signed in has to sign in again. The
officer is told. Whoever has none is given a code to enrol the first from outside, by an administrator who has seen who it is
(``authn.enrolment.codes``); with a password reset by the same hand that is the whole account, so both are recorded and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from ..audit import Caller
from ..authn.assurance import TWO_FACTORS, AssurancePolicy
from ..authn.enrolment.codes import EnrolmentCodes
from ..authn.second_factor import SecondFactors, Standing
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..directory.officer import Directory
from ..directory.unit import is_within
from ..errors import RefusedError
from ..roles import Administrator, Right, RoleGroups
from ..sessions.single_sign_on import Sessions
from .pages import Page, cursor_of, place_of
from .reach import check_reach, unknown_officer

REASON: Final = "factors_removed"
_CHUNKS: Final = 20
"""How many reads one page may take; where few of those who are read are wanted a page holds fewer, and the next goes on."""


class WithoutFactor(Protocol):
    """Where officers stand who have no second factor. May raise UnavailableError(dependency="database")."""

    def after(self, entry_uuid: str, *, unit: str, limit: int) -> Sequence[MirroredOfficer]:
        """Give active officers, in the order of their entryUUID, behind one; as they were mirrored.

        Args:
            entry_uuid: "" for the beginning.
            unit: Only those who may be of this agency or below; "" for all.
            limit: How many at most.
        """
        ...


class FactorAdministration:
    """Lists and removes.

    Args:
        factors: Those that there are.
        mirror: Officers by subject.
        directory: What officers are now.
        sessions: What stands open for an officer.
        groups: Tells who has a role for the whole province.
        codes: Gives codes for first factors.
        without: Finds who has none.
        assurance: What is demanded of whom.
    """

    def __init__(self, factors: SecondFactors, mirror: OfficerMirror, directory: Directory, sessions: Sessions,
                 groups: RoleGroups, codes: EnrolmentCodes, without: WithoutFactor, assurance: AssurancePolicy) -> None:
        self._factors = factors
        self._mirror = mirror
        self._directory = directory
        self._sessions = sessions
        self._groups = groups
        self._codes = codes
        self._without = without
        self._assurance = assurance

    def of(self, who: Administrator, sub: str) -> dict[str, Any]:
        """Give an officer's factors. Raises RefusedError (404) for an officer who is not theirs to see."""
        who.demand(Right.SEE_OFFICERS)
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
        self.by_operator(self._within_reach(who, sub), caller)

    def give_code(self, who: Administrator, sub: str, caller: Caller) -> dict[str, Any]:
        """Give an officer who has no factor a code to enrol one from outside; one before it is worthless from now on.

        Returns:
            ``sub uid code expires_at``; the code is shown this once.

        Raises:
            RefusedError: as for ``remove_all``; 409 where the officer is disabled, or has a factor and needs no code.
            ForbiddenError, UnavailableError: as for ``remove_all``.
        """
        officer = self._within_reach(who, sub)
        if officer.officer.disabled or officer.status != "active":
            raise RefusedError("This officer is disabled; a code would open nothing.", code="disabled", status=409)
        if self._factors.enrolled(officer.officer.entry_uuid):
            raise RefusedError("This officer has a second factor, and adds another with it.", code="has_factor", status=409)
        given = self._codes.give(officer, caller)
        return {"sub": sub, "uid": officer.officer.uid, "code": given.code, "expires_at": given.expires_at}

    def without(self, who: Administrator, *, unit: str = "", demanded: str = "", cursor: str = "", limit: int) -> Page:
        """Give active officers who have no second factor they could use.

        Args:
            who: Whoever asks sees their own agency and those below.
            unit: Only this agency and those below it, by its code; of one that is not theirs nobody.
            demanded: ``true``: only those of whom a group or an agency demands one; ``false``: only the others; "": all.
            cursor: Where to begin.
            limit: How many.

        Raises:
            InvalidParameterError: the cursor is none.
        """
        who.demand(Right.SEE_OFFICERS)
        place = place_of(cursor, str)
        if unit and not who.oversees(unit):
            return Page([])
        scope = unit or who.unit
        after, found = place[0] if place else "", list[dict[str, Any]]()
        for _ in range(_CHUNKS):
            read = self._without.after(after, unit=scope, limit=limit)
            for number, officer in enumerate(read):
                after = officer.officer.entry_uuid
                post, needs = officer.officer.main_post, self._demands(officer)
                if (not scope or is_within(post.unit_code, scope)) and demanded in {"", str(needs).lower()}:
                    found.append({"sub": officer.sub, "uid": officer.officer.uid, "name": officer.officer.name,
                                  "unit_code": post.unit_code, "unit_name": post.unit_name, "title": post.title,
                                  "demanded": needs})
                    if len(found) == limit:
                        return Page(found, cursor_of(after) if number + 1 < len(read) or len(read) == limit else "")
            if len(read) < limit:
                return Page(found)
        return Page(found, cursor_of(after))

    def _demands(self, officer: MirroredOfficer) -> bool:
        return self._assurance.demanded(officer.officer.groups, 0, units=officer.officer.units, source=None) >= TWO_FACTORS

    def _within_reach(self, who: Administrator, sub: str) -> MirroredOfficer:
        """Give an officer on whom an administrator may act, as the mirror has them and as the directory agrees."""
        known = self._mirror.by_sub(sub)
        if known is None or not who.oversees(known.officer.main_post.unit_code):
            raise unknown_officer()
        officer = self._directory.find(known.officer.entry_uuid)
        if officer is None:
            raise unknown_officer()
        check_reach(who, sub, officer, self._groups, Right.ACT_ON_FACTORS)
        return MirroredOfficer(sub, officer, known.status)

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
