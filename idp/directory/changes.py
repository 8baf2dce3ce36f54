"""What happens to officers, as the mirror sees it: the words, the one rule for what is which, and the port to what follows.

The mirror's row is committed first, and its status alone stops every path. In the same transaction the change is remembered until
what it means elsewhere was done (``Consequences``), so that a crash between the two is made good. Whoever writes the mirror
(the feed, a reconciliation, a sign-in) goes by ``kind_of``; nothing is written, and nothing happened, where it gives None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..audit import AuditEvent, AuditRecord
from .mirror import MirroredOfficer


class ChangeKind(StrEnum):
    """What happened to an officer. One change has one kind, the first that fits in this order."""

    JOINED = "joined"
    """Mirrored for the first time, in whatever state."""
    REMOVED = "removed"
    """No longer in the directory."""
    DISABLED = "disabled"
    """May no longer sign in; also an officer who was removed and is back, still disabled."""
    RETURNED = "returned"
    """May sign in again, after having been disabled or removed."""
    MOVED = "moved"
    """Holds posts in other agencies than before."""
    RENAMED = "renamed"
    """Has another name or login name."""
    CHANGED = "changed"
    """Anything else that the mirror keeps: groups, mail, telephone, title, entry's place."""


@dataclass(frozen=True, slots=True)
class OfficerChange:
    """One change of one officer.

    Attributes:
        kind: What it is; a mover may have a new name too, so compare the two states where that matters.
        sub: The officer's subject.
        before: As mirrored until then; None for somebody who joined.
        after: As mirrored since then; of somebody who was removed the last facts, with the status ``gone``.
        at: When the mirror was written, seconds since the epoch.
    """

    kind: ChangeKind
    sub: str
    before: MirroredOfficer | None
    after: MirroredOfficer | None
    at: int


class Consequences(Protocol):
    """What a change means outside the mirror: sessions, tokens, notices, accounts elsewhere."""

    def of(self, change: OfficerChange) -> None:
        """Do what a change means elsewhere.

        Idempotent: called after the mirror's row is committed, in the order of an officer's changes, and called again after a
        crash or when it raised. Raises UnavailableError when it cannot be done now.
        """
        ...


def kind_of(before: MirroredOfficer | None, after: MirroredOfficer) -> ChangeKind | None:
    """Tell what it is when an officer's mirrored state becomes another; None when nothing changed."""
    if before is None:
        return ChangeKind.JOINED
    if before.status != after.status:
        return _OF_STATUS[after.status]
    if before.officer == after.officer:
        return None
    if _agencies(before) != _agencies(after):
        return ChangeKind.MOVED
    if (before.officer.name, before.officer.uid) != (after.officer.name, after.officer.uid):
        return ChangeKind.RENAMED
    return ChangeKind.CHANGED


_OF_STATUS = {"active": ChangeKind.RETURNED, "disabled": ChangeKind.DISABLED, "gone": ChangeKind.REMOVED}


def _agencies(officer: MirroredOfficer) -> tuple[str, frozenset[str]]:
    posts = officer.officer.posts
    return officer.officer.main_post.unit_code, frozenset(post.unit_code for post in posts)


def record_of(change: OfficerChange, *, source: str, request_id: str) -> AuditRecord:
    """Make the record of a change; it tells agencies, groups and which facts, and never a name or a number."""
    return AuditRecord(_EVENTS[change.kind], change.at, sub=change.sub, source=source, request_id=request_id,
                       detail=_detail(change))


_EVENTS = {
    ChangeKind.JOINED: AuditEvent.OFFICER_JOINED, ChangeKind.REMOVED: AuditEvent.OFFICER_REMOVED,
    ChangeKind.DISABLED: AuditEvent.OFFICER_DISABLED, ChangeKind.RETURNED: AuditEvent.OFFICER_RETURNED,
    ChangeKind.MOVED: AuditEvent.OFFICER_MOVED, ChangeKind.RENAMED: AuditEvent.OFFICER_RENAMED,
    ChangeKind.CHANGED: AuditEvent.OFFICER_CHANGED}


def _detail(change: OfficerChange) -> dict[str, str | int | bool]:
    assert change.after is not None
    new = change.after.officer
    if change.before is None:
        return {"status": change.after.status, "unit": new.main_post.unit_code}
    old = change.before.officer
    detail: dict[str, str | int | bool] = {}
    if change.before.status != change.after.status:
        detail |= {"from_status": change.before.status, "status": change.after.status}
    if _agencies(change.before) != _agencies(change.after):
        detail |= {"from_unit": old.main_post.unit_code, "unit": new.main_post.unit_code}
    for name, groups in (("groups_added", set(new.groups) - set(old.groups)), ("groups_lost", set(old.groups) - set(new.groups))):
        if groups:
            detail[name] = " ".join(sorted(groups))[:_LONGEST_LIST]
    facts = [name for name in _FACTS if getattr(old, name) != getattr(new, name)]
    return detail | ({"facts": " ".join(facts)} if facts else {})


_LONGEST_LIST = 500
_FACTS = ("uid", "name", "given_name", "family_name", "mail", "phone", "posts", "attributes", "address", "dn")
