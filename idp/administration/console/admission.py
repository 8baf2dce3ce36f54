"""Who may be in the administrators' console, and for how long without a new sign-in.

Sources: TCVN 14423 as provinces apply it (administrators: second factor, short idle sessions), fixed interface §1 (30 min and
12 h; 5 min at level 3), security checklist 38. The console keeps its own idle clock: pages of the portal do not keep it open.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...audit import Caller
from ...authn.assurance import REMEMBERED, TWO_FACTORS, own_level
from ...clock import Clock
from ...directory.mirror import MirroredOfficer
from ...roles import Administrator, ForbiddenError, Right, RoleGroups
from ...sessions.single_sign_on import Session
from ..access import Access

ACTS_AS = "console"
"""What stands for the application in records of what is done in the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLimits:
    """When the console asks for a new sign-in, in seconds.

    Attributes:
        idle: After the last page of the console.
        absolute: After the sign-in.
    """

    idle: int
    absolute: int


class Console:
    """Lets administrators in.

    Args:
        access: Counts requests, whichever door they come by.
        groups: The directory's groups that make administrators.
        clock: Source of the time.
        limits: When a new sign-in is asked for.
    """

    def __init__(self, access: Access, groups: RoleGroups, clock: Clock, limits: ConsoleLimits) -> None:
        self._access, self._groups, self._clock, self._limits = access, groups, clock, limits

    def knows(self, officer: MirroredOfficer) -> bool:
        """Tell whether an officer is an administrator at all."""
        return self._groups.administrator(officer, client_id=ACTS_AS, read_only=False) is not None

    def fits(self, session: Session, seen_at: int | None) -> bool:
        """Tell whether a session is young and strong enough; where it is not, a new sign-in is asked for.

        Args:
            session: The officer's.
            seen_at: When this session last opened a page of the console; None for never.
        """
        now = self._clock.now()
        last = max(session.auth_time, seen_at or 0)
        return (own_level(session.acr, session.amr) >= TWO_FACTORS and REMEMBERED not in session.amr
                and last <= now < last + self._limits.idle and now < session.auth_time + self._limits.absolute)

    def admit(self, officer: MirroredOfficer, *, change: bool, caller: Caller,
              rights: tuple[Right, ...] = ()) -> tuple[Administrator, Caller]:
        """Tell as what an officer is in the console.

        Args:
            officer: Whose session fits.
            change: Whether something is to be changed.
            caller: Who asks, as the edge saw it.
            rights: One of them is needed; where none is named, that of the roles that administer as a whole.

        Returns:
            The administrator, and the caller with the administrator in it, for the records.

        Raises:
            ForbiddenError: no administrator, or one without these rights.
            TooManyRequestsError: too many requests from there.
        """
        who = self._groups.administrator(officer, client_id=ACTS_AS, read_only=False)
        if who is None:
            raise ForbiddenError("The officer is no administrator.")
        who.demand(*rights or (Right.CHANGE if change else Right.ADMINISTER,))
        self._access.count(who, caller.source, change=change)
        return who, caller._replace(officer=who.sub, client_id=who.client_id)
