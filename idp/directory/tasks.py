"""What people have to do about an officer, because no program can: due by a moment, and done with a proof.

A task is opened by what makes it necessary, once for each cause, and is done once. Where a certificate stands that it
is about, it closes itself when that ends, with what ended it as proof, and nobody notes it as done before. It
belongs to the agency of its officer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ..audit import AuditRecord


class TaskKind(StrEnum):
    """What is to be done."""

    REVOKE_CERTIFICATES = "certificate_revocation"
    """See that the certificates of an officer who left are revoked, or that there are none."""
    REVOKE_SIMS = "sim_revocation"
    """The same for signing SIMs."""
    CHANGE_CERTIFICATE = "certificate_change"
    """See that an officer who has another post, agency, name or mailbox gets a certificate that says so."""
    NAME_SPONSOR = "guest_sponsor"
    """See that somebody answers for a guest whose sponsor left (``sponsors.py``), or let the guest end."""


OWNERS: Final = {TaskKind.REVOKE_CERTIFICATES: "province", TaskKind.REVOKE_SIMS: "province",
                 TaskKind.CHANGE_CERTIFICATE: "agency", TaskKind.NAME_SPONSOR: "agency"}
"""Who has to act: the province's desk, or the administrators of the officer's agency of now."""


AFTER_A_DEPARTURE: Final = (TaskKind.REVOKE_CERTIFICATES, TaskKind.REVOKE_SIMS)
DUE_SECONDS: Final = 86400
"""How long what follows a departure may take."""
LONGEST_PROOF: Final = 2000


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task that is opened together with what makes it necessary.

    Attributes:
        cause: Of one kind, officer and cause there is one task, however often it is opened.
    """

    task_id: str
    kind: TaskKind
    cause: str
    opened_at: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task with what tells whose it is.

    Attributes:
        kind: A value of ``TaskKind``.
        sub: The officer it is about; ``uid``, ``name`` and ``unit_code`` as last mirrored.
        cause: What made it necessary; of a change of content begins with the number of the certificate's request and ``:``.
        state: ``open`` or ``done``.
        proof: In words: who revoked what, when, under which number. "" while it is open.
        done_by: Subject of the administrator, "" for an operator at the command line.
    """

    task_id: str
    kind: str
    sub: str
    uid: str
    name: str
    unit_code: str
    cause: str
    opened_at: int
    due_at: int
    state: str
    done_at: int | None
    done_by: str
    proof: str


class TaskStore(Protocol):
    """Where tasks stand. Every verb may raise UnavailableError(dependency="database")."""

    def page(self, *, state: str, unit: str, after: tuple[int, str] | None, limit: int,
             descending: bool = False) -> Sequence[Task]:
        """Give tasks, those first that are due first.

        Args:
            state: ``open`` or ``done``.
            unit: Only of officers of this agency or below; "" for all.
            after: Due moment and identifier of the last one seen.
            limit: How many at most.
            descending: Those first that are due last.
        """
        ...

    def find(self, task_id: str) -> Task | None:
        """Find a task."""
        ...

    def complete(self, task_id: str, proof: str, done_by: str, record: AuditRecord) -> bool:
        """Note that a task was done, with its record, once: of several callers exactly one gets True."""
        ...
