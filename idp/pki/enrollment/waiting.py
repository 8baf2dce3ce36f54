"""Who has to act next is told what waits: one notice for a step and all that has come to it, however many requests there are.

Source: trust-services E.2 (each step is somebody's turn), security checklist 38 (nobody hears of another agency's). The steps
are those of administrators: to approve, to correct what came back, to send, to hand over, to unlock or revoke; holders are told
by the step itself (``moves``). An administrator hears of a step again only when something new has come to it, or something has
become theirs that was another's, and at most once an hour. Whoever may not approve because they asked, approved before, or are
the holder (``guards``), is not told to; where an agency has nobody else, the province is. What the first page of the console
shows somebody is what notices tell them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ...audit import Caller
from ...clock import Clock
from ...notices import Notice, NoticeKind
from ...roles import Administrator, Role
from .states import Part, State

AGAIN_SECONDS: Final = 3600
"""How long an administrator hears nothing more of a step."""
SETTLED_SECONDS: Final = 60
"""Nothing has come for so long: what came together is told of together."""
LONGEST_SECONDS: Final = 600
"""What has waited for so long is told of whatever goes on coming."""

STEPS: Final[Mapping[NoticeKind, Mapping[State, tuple[Part, ...]]]] = {
    NoticeKind.CERTIFICATES_TO_APPROVE: {State.SUBMITTED: (Part.AGENCY,), State.AGENCY_APPROVED: (Part.DESK,)},
    NoticeKind.CERTIFICATES_RETURNED: {State.RETURNED: (Part.AGENCY,)},
    NoticeKind.CERTIFICATES_TO_SEND: {State.PROVINCE_APPROVED: (Part.DESK,)},
    NoticeKind.CERTIFICATES_TO_HAND_OVER: {State.ISSUED: (Part.DESK,), State.READY: (Part.DESK, Part.AGENCY)},
    NoticeKind.CERTIFICATES_TO_END: {State.LOCKED: (Part.DESK,), State.REVOCATION_REQUESTED: (Part.DESK,)}}
"""Which notice tells whom of which states. Of devices that are ready agencies hear too: it is they who fetch them."""
WAITING: Final = tuple(state for states in STEPS.values() for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Requests of one agency that wait at one step and that the same people have dealt with.

    Attributes:
        holder: Their holder, where they are to be approved; else "".
        count: How many.
        late: How many of them are overdue.
        first: When the oldest of them came to the step.
        last: When the newest did.
    """

    state: State
    unit_code: str
    requester: str
    agency_approver: str
    holder: str
    count: int
    late: int
    first: int
    last: int

    @property
    def key(self) -> str:
        """What decides whose it is, short."""
        said = "\n".join((self.state.value, self.unit_code, self.requester, self.agency_approver, self.holder))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class LastTold:
    """What an administrator was last told of a step.

    Attributes:
        at: When.
        of: The keys of the groups that waited then; None where that was not kept.
    """

    at: int
    of: frozenset[str] | None


_NEVER: Final = LastTold(0, None)


class WaitingStore(Protocol):
    """What waits, and who was told. Every verb may raise UnavailableError(dependency="database")."""

    def groups(self, now: int) -> Sequence[Group]:
        """Give what waits at the steps of administrators; overdue is what was due before ``now``."""
        ...

    def told(self) -> Mapping[tuple[str, NoticeKind], LastTold]:
        """Give what administrators (subjects) were last told of a step."""
        ...

    def tell(self, notice: Notice, of: frozenset[str], not_after: int) -> bool:
        """Write that an administrator was told of groups (keys), with the notice and its mail; all or nothing.

        False where the last one of the kind is younger than ``not_after``: of several who do it at once one gets True.
        """
        ...


class People(Protocol):
    """Who administers. Every verb may raise UnavailableError(dependency="database")."""

    def all(self) -> Sequence[Administrator]:
        """Give the administrators of agencies."""
        ...

    def of_the_province(self) -> Sequence[Administrator]:
        """Give the administrators of the province."""
        ...


class Waiting:
    """Tells administrators what waits for them.

    Args:
        store: What waits, and who was told.
        people: Who administers.
        clock: Source of the time.
    """

    def __init__(self, store: WaitingStore, people: People, clock: Clock) -> None:
        self._store, self._people, self._clock = store, people, clock

    def tell(self, caller: Caller) -> int:
        """Tell everybody for whom something new waits; gives how many notices. For the worker, again and again."""
        now = self._clock.now()
        groups = self._store.groups(now)
        if not groups:
            return 0
        last = self._store.told()
        agencies, desk, told = self._people.all(), self._people.of_the_province(), 0
        groups = _of_holders(groups, {who.sub for who in (*agencies, *desk)})
        for part, people in ((Part.AGENCY, agencies), (Part.DESK, desk)):
            for who in people:
                for kind in STEPS:
                    mine = [group for group in groups if _for(kind, group, part, who, agencies)]
                    if _is_due(mine, last.get((who.sub, kind), _NEVER), now):
                        told += self._store.tell(Notice(
                            kind, who.sub, now, caller.source, {"count": str(sum(group.count for group in mine))}),
                            frozenset(group.key for group in mine), now - AGAIN_SECONDS)
        return told

    def of(self, who: Administrator) -> Mapping[State, tuple[int, int]]:
        """Give what waits for somebody now: the steps, each with how many and how many of them are overdue."""
        part = {Role.PROVINCE: Part.DESK, Role.AGENCY: Part.AGENCY}.get(who.role)
        if part is None:
            return {}
        agencies = self._people.all() if part is Part.DESK else ()
        found: dict[State, tuple[int, int]] = {}
        for group in self._store.groups(self._clock.now()):
            if any(_for(kind, group, part, who, agencies) for kind in STEPS):
                count, late = found.get(group.state, (0, 0))
                found[group.state] = count + group.count, late + group.late
        return found


def _for(kind: NoticeKind, group: Group, part: Part, who: Administrator, agencies: Sequence[Administrator]) -> bool:
    """Tell whether a step waits for somebody."""
    parts = STEPS[kind].get(group.state, ())
    if not parts or not who.oversees(group.unit_code) or not _may(kind, group, who):
        return False
    if part in parts:
        return True
    # An agency that has nobody for it: the province may do what agencies do.
    return part is Part.DESK and not any(one.oversees(group.unit_code) and _may(kind, group, one) for one in agencies)


def _may(kind: NoticeKind, group: Group, who: Administrator) -> bool:
    return kind is not NoticeKind.CERTIFICATES_TO_APPROVE or who.sub not in (
        group.requester, group.agency_approver, group.holder)


def _of_holders(groups: Sequence[Group], administrators: Set[str]) -> Sequence[Group]:
    """Put together what differs by holders alone who administer nothing: of whom there are thousands, and nothing hangs on it."""
    found: dict[str, Group] = {}
    for each in groups:
        group = each if each.holder in administrators else replace(each, holder="")
        before = found.get(group.key)
        found[group.key] = group if before is None else replace(
            group, count=before.count + group.count, late=before.late + group.late, first=min(before.first, group.first),
            last=max(before.last, group.last))
    return list(found.values())


def _is_due(mine: Sequence[Group], told: LastTold, now: int) -> bool:
    if now - told.at < AGAIN_SECONDS:
        return False
    if not any(group.last >= told.at or (told.of is not None and group.key not in told.of) for group in mine):
        return False
    newest, oldest = max(group.last for group in mine), min(group.first for group in mine)
    return now - newest >= SETTLED_SECONDS or now - oldest >= LONGEST_SECONDS
