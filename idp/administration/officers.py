"""What administrators do to officers: end everything they were given, and release the factors of one who is back.

Source: security checklist 38. An agency's administrator acts upon the officers of the agency and below it, and never upon those
who have a role for the whole province. Their agency is that of the main post as it is mirrored now.
"""

from __future__ import annotations

from typing import Any

from ..audit import Caller
from ..directory.deprovisioning import Deprovisioning
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..errors import RefusedError
from ..roles import Administrator, ForbiddenError, Right, RoleGroups
from .reach import check_reach, out_of_reach, unknown_officer

REASON = "administrator"
OPERATED = "cli"
"""What stands for the application in records of what an operator notes at the command line for an administrator."""


def officer_to_act_on(who: Administrator, officer: MirroredOfficer | None, groups: RoleGroups) -> MirroredOfficer:
    """Give an officer whom an administrator may act upon.

    Raises:
        RefusedError: the officer is unknown, or another agency's (404).
        ForbiddenError: the officer has a role for the whole province, and an agency asks.
    """
    if officer is None or not who.oversees(officer.officer.main_post.unit_code):
        raise unknown_officer()
    check_may_act_on(who, officer, groups)
    return officer


def check_may_act_on(who: Administrator, officer: MirroredOfficer | None, groups: RoleGroups) -> None:
    """Refuse an agency's act upon an officer whose role reaches beyond the agency. Raises ForbiddenError."""
    if officer is not None and groups.beyond(who, officer):
        raise ForbiddenError("This officer has a role beyond the agency; the province acts on them.")


class OfficerAdministration:
    """Acts upon officers.

    Args:
        deprovisioning: What ends, and what is released.
        mirror: Officers.
        groups: Tells who has a role for the whole province.
    """

    def __init__(self, deprovisioning: Deprovisioning, mirror: OfficerMirror, groups: RoleGroups) -> None:
        self._deprovisioning = deprovisioning
        self._mirror = mirror
        self._groups = groups

    def acting(self, uid: str, caller: Caller) -> tuple[Administrator, Caller]:
        """Give as what an officer administers, for an operator who notes what that officer answers for.

        Args:
            uid: Login name, normalised.
            caller: The operator.

        Returns:
            The administrator, and the caller with the administrator in it, for the records.

        Raises:
            ForbiddenError: nobody at work has this name, or they are no administrator who changes anything.
        """
        officer = self._mirror.by_uid(uid)
        who = self._groups.administrator(officer, client_id=OPERATED, read_only=False)
        if who is None or not who.may_change:
            raise ForbiddenError(f"{uid} is no administrator who may do this.")
        return who, caller._replace(officer=who.sub, client_id=OPERATED)

    def end_access(self, who: Administrator, sub: str, caller: Caller) -> dict[str, Any]:
        """End an officer's sessions, and all that was given in them or without them. Raises as ``officer_to_act_on``."""
        who.demand(Right.END_ACCESS)
        officer = officer_to_act_on(who, self._mirror.by_sub(sub), self._groups)
        return {"sub": officer.sub, "uid": officer.officer.uid,
                "applications_told": self._deprovisioning.end_access(officer.sub, REASON, caller)}

    def reached(self, who: Administrator, sub: str) -> tuple[bool, bool]:
        """Tell whether pages offer what is checked again when it is done: to end an officer's access, to act on their factors."""
        officer = self._mirror.by_sub(sub)
        return officer is not None and not self._groups.beyond(who, officer), (
            officer is not None and not out_of_reach(who, sub, officer.officer, self._groups))

    def frozen(self, sub: str) -> bool:
        """Tell whether an officer's factors count for nothing until an administrator releases them."""
        officer = self._mirror.by_sub(sub)
        return officer is not None and self._deprovisioning.frozen_until(officer.officer.entry_uuid) is not None

    def release_factors(self, who: Administrator, sub: str, caller: Caller) -> None:
        """Let the factors of an officer who is back work again.

        Raises:
            RefusedError: the officer is unknown, or another agency's (404); 409 when there is nothing to release.
            ForbiddenError: as ``check_reach``.
        """
        officer = self._mirror.by_sub(sub)
        if officer is None:
            raise unknown_officer()
        check_reach(who, sub, officer.officer, self._groups, Right.ACT_ON_FACTORS)
        if not self._deprovisioning.release_factors(officer.sub, caller):
            raise RefusedError("The officer's factors are not frozen, or the officer is not back.", code="not_frozen", status=409)
