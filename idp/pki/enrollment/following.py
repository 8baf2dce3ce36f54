"""What people have to do about certificates after a change in the directory, and when it is done.

Source: Decree 68/2024 (change of content, Mẫu 04; revocation, Mẫu 05). Who leaves has tasks for the desk, opened by
``directory.deprovisioning``. Who gets another post, agency, name or mailbox has a task at the agency of now for each certificate
that says otherwise. A task is done when the certificate has ended, and the store then closes it in the same transaction with what
ended it as proof; as long as the certificate stands nobody ticks it off.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord
from ...directory.changes import ChangeKind, OfficerChange
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.tasks import AFTER_A_DEPARTURE, NewTask, Task, TaskKind
from ...notices import Notice, NoticeKind
from .ending import DIRECTORY
from .moves import Moves
from .record import DeviceKind, Enrollment, Kind, Search
from .states import BEFORE_REVOCATION, WITH_A_CERTIFICATE

CHANGE_WORKING_DAYS: Final = 5
_KINDS: Final = frozenset({ChangeKind.MOVED, ChangeKind.RENAMED, ChangeKind.CHANGED, ChangeKind.RETURNED})
_MOST: Final = 1000


class OpenTasks(Protocol):
    """Where tasks are opened (``directory.tasks`` says how they stand). May raise UnavailableError(dependency="database")."""

    def open(self, task: NewTask, sub: str, record: AuditRecord, notice: Notice) -> bool:
        """Open a task and tell its officer; False where it was opened for this cause, or one like it is open.

        Tasks are alike when kind, officer and what stands before ``:`` in the cause are.
        """
        ...


class Following:
    """Opens tasks for changes of content; satisfies ``directory.changes.Consequences``.

    Args:
        moves: Certificates and working days.
        mirror: Who the officers are now.
        tasks: Where tasks are opened.
    """

    def __init__(self, moves: Moves, mirror: OfficerMirror, tasks: OpenTasks) -> None:
        self._moves, self._mirror, self._tasks = moves, mirror, tasks

    def of(self, change: OfficerChange) -> None:
        """Open a task for each certificate that says another thing than the directory; done again it does nothing."""
        officer = self._mirror.by_sub(change.sub) if change.kind in _KINDS else None
        if officer is None or officer.status != "active":
            return
        now = self._moves.clock.now()
        due_at = self._moves.calendar.deadline(now, CHANGE_WORKING_DAYS)
        for enrollment in self._moves.store.page(Search(states=BEFORE_REVOCATION, holder=change.sub), after="", limit=_MOST):
            if agrees(enrollment, officer):
                continue
            task = NewTask(secrets.token_urlsafe(12), TaskKind.CHANGE_CERTIFICATE, f"{enrollment.enrollment_id}:{change.at}", now,
                           due_at)
            record = AuditRecord(AuditEvent.TASK_OPENED, now, sub=change.sub, source=DIRECTORY.source,
                                 request_id=DIRECTORY.request_id,
                                 detail={"task": task.task_id, "kind": task.kind.value, "number": enrollment.enrollment_id})
            self._tasks.open(task, change.sub, record, Notice(NoticeKind.CERTIFICATE_CHANGE, change.sub, now, DIRECTORY.source,
                                                              {"number": enrollment.enrollment_id}))

    def unfinished(self, task: Task) -> Sequence[str]:
        """Name the certificates (by request) because of which a task is not done; none where people say what was done."""
        officer = self._mirror.by_sub(task.sub)
        back = officer is not None and officer.status == "active"
        standing = self._moves.store.page(Search(states=WITH_A_CERTIFICATE, holder=task.sub), after="", limit=_MOST)
        if task.kind == TaskKind.CHANGE_CERTIFICATE:
            number = task.cause.split(":")[0]
            return [one.enrollment_id for one in standing if one.enrollment_id == number
                    and not (back and officer is not None and agrees(one, officer))]
        if task.kind not in AFTER_A_DEPARTURE:
            return []
        sims = task.kind == TaskKind.REVOKE_SIMS
        return [] if back else [one.enrollment_id for one in standing if (one.device_kind is DeviceKind.SIM) == sims]


def agrees(enrollment: Enrollment, officer: MirroredOfficer) -> bool:
    """Tell whether a certificate says of its holder what the directory says; one that names no person has nothing to say."""
    person, post = officer.officer, officer.officer.main_post
    return enrollment.kind is not Kind.PERSON or (enrollment.name, enrollment.mail, enrollment.unit_code, enrollment.title) == (
        person.name, person.mail.lower(), post.unit_code, post.title)
