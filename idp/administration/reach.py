"""On whom an administrator may act where the act touches how an officer proves who they are.

Source: security checklist 33, 38. An agency's administrator acts on the officers of the agency and below it, never on one who has
a role for the whole province or a post beyond the agency; nobody acts on themselves; a machine has no officer who answers for it
and acts on nobody.
"""

from __future__ import annotations

from ..directory.mirror import MirroredOfficer
from ..directory.officer import Officer
from ..errors import RefusedError
from ..roles import Administrator, ForbiddenError, Right, Role, RoleGroups


def check_reach(who: Administrator, sub: str, officer: Officer, groups: RoleGroups, right: Right) -> None:
    """Refuse an administrator who may not act on an officer.

    Args:
        who: The administrator.
        sub: The officer's subject.
        officer: As the directory has them now.
        groups: Tells who administers what.
        right: What the act needs.

    Raises:
        RefusedError: the officer is none of the administrator's agency (404).
        ForbiddenError: the administrator sees the officer and may not act.
    """
    if not who.oversees(officer.main_post.unit_code):
        raise unknown_officer()
    if who.role is Role.MACHINE:
        raise ForbiddenError("An administrator has to ask for this; a machine may not.")
    who.demand(right)
    if why := out_of_reach(who, sub, officer, groups):
        raise ForbiddenError(why)


def out_of_reach(who: Administrator, sub: str, officer: Officer, groups: RoleGroups) -> str:
    """Say why an administrator does not act on how an officer of the agency proves who they are; "" where they may."""
    if sub in who.persons:
        return "Nobody does this for themselves, nor for whom they stand in; ask another administrator."
    if who.of_the_province:
        return ""
    if groups.beyond(who, MirroredOfficer(sub, officer, "active")):
        return "This officer has a role beyond the agency; the province acts on them."
    if not all(who.oversees(post.unit_code) for post in officer.posts):
        return "This officer has a post beyond the agency; the province acts on them."
    return ""


def unknown_officer() -> RefusedError:
    """Say that there is no such officer, or none whom the administrator may know of."""
    return RefusedError("There is no such officer.", code="unknown_officer", status=404)
