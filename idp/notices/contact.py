"""The old contact is told when an officer's mail address or telephone number changes in the directory (security checklist 34).

Whoever could change the directory could otherwise move the officer's mail first, and everything else unseen afterwards.
"""

from __future__ import annotations

from ..directory.changes import OfficerChange
from . import Notice, NoticeKind, Notices


class ContactChanges:
    """Satisfies ``directory.changes.Consequences``; a change that is reported twice is told once."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def of(self, change: OfficerChange) -> None:
        """Tell of another mail address (at the old one) and of another number."""
        if change.before is None or change.after is None or change.after.status != "active":
            return
        before, after = change.before.officer, change.after.officer
        if before.mail and before.mail.casefold() != after.mail.casefold():
            self._notices.tell_once(Notice(NoticeKind.MAIL_CHANGED, change.sub, change.at, "worker", address=before.mail))
        if before.phone and before.phone != after.phone:
            self._notices.tell_once(Notice(NoticeKind.PHONE_CHANGED, change.sub, change.at, "worker", address=before.mail))
