"""Notices by mail: plain text, to the officer's official mailbox, sent by the worker.

Spec: RFC 3834 §5 (``Auto-Submitted``), RFC 5322 (form). Delivery is at least once, with the same ``Message-ID`` each time, so
that a mailbox can tell the copies. A refusal of the mail server for good (5xx) makes a mail dead at once; everything else is
tried for a day. An officer without a usable mailbox finds the notice on the pages only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditEvent, AuditRecord
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..errors import IdpError, RefusedError
from ..outbox import Attempt, QueueState, Round
from . import Told

RECEIVER = "mail"
"""All mail has one receiver, the province's mail server: one connection at a time, and one thread when it is down."""
CALL_SECONDS = 12
"""Time that one mail may take; a lease with less left is given back."""
_LABEL = "[A-Za-z0-9][A-Za-z0-9-]{0,62}"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,8}}")


@dataclass(frozen=True, slots=True)
class MailNotice:
    """A mail that this process has taken from the queue (``outbox.Leased``).

    Attributes:
        told: What the officer is told; its ``id`` is the row of the queue.
        address: Where it goes instead of the officer's mailbox; empty otherwise.
    """

    id: int
    told: Told
    address: str
    attempts: int
    created_at: int
    lease_until: int

    @property
    def receiver(self) -> str:
        """The mail server."""
        return RECEIVER


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one person.

    Attributes:
        to: Address.
        subject: One line.
        text: Plain text.
        number: The same for every copy of this mail.
    """

    to: str
    subject: str
    text: str
    number: int


class MailQueue(Protocol):
    """The outbox, as far as mail goes. A change to a mail counts only while its lease is ours."""

    def claim(self, *, now: int, lease_until: int, retried: bool, per_receiver: int, limit: int) -> list[MailNotice]:
        """Take due mails, oldest first; none while somebody sends."""
        ...

    def sent(self, notice: MailNotice, *, now: int, record: AuditRecord) -> None:
        """Note a delivery and its audit record."""
        ...

    def failed(self, notice: MailNotice, *, next_attempt_at: int, error: str) -> None:
        """Count an attempt and wait until ``next_attempt_at``."""
        ...

    def put_off(self, notice: MailNotice, *, next_attempt_at: int) -> None:
        """Give a mail back that was not tried."""
        ...

    def dead(self, notice: MailNotice, *, now: int, error: str, record: AuditRecord) -> None:
        """Give a mail up, durably, with its audit record."""
        ...

    def drop(self, notice: MailNotice) -> None:
        """Forget a mail that nobody is to get."""
        ...

    def recovered(self, client_id: str, *, now: int) -> None:
        """Make everything that waits due now."""
        ...

    def revive(self, client_id: str, *, now: int) -> int:
        """Queue dead mails anew; gives how many."""
        ...

    def state(self) -> QueueState:
        """Tell what waits and what is dead."""
        ...


class MailRefusedError(RefusedError):
    """The mail server has refused one mail; the next one may be taken.

    Attributes:
        final: It would be refused again (5xx), rather than perhaps taken later (4xx).
    """

    code = "mail_refused"

    def __init__(self, message: str, *, final: bool, debug: str = "") -> None:
        super().__init__(message, debug=debug)
        self.final = final


class MailServer(Protocol):
    """The province's mail server."""

    def post(self, letter: Letter) -> None:
        """Hand one mail over.

        Raises:
            MailRefusedError: it refuses this mail.
            UnavailableError: it does not answer, or takes no mail from us; the message is a short reason.
        """
        ...

    def check(self) -> str:
        """Connect, as for a mail, and say what answers. Raises UnavailableError."""
        ...


Wording = Callable[[Told, str], tuple[str, str]]
"""Gives subject and text of a mail about a notice to an officer of this name."""


class MailDelivery:
    """Delivers mails, one after the other.

    Args:
        queue: The outbox.
        server: None where the province has named no mail server: notices then stand on the pages only.
        mirror: Knows the officers' mailboxes.
        wording: Makes the texts.
        clock: Time.
    """

    def __init__(self, queue: MailQueue, server: MailServer | None, mirror: OfficerMirror, wording: Wording,
                 clock: Clock) -> None:
        self._queue, self._server, self._mirror, self._wording = queue, server, mirror, wording
        self._round: Round[MailNotice] = Round(queue, clock, call_seconds=CALL_SECONDS)

    @property
    def server(self) -> MailServer | None:
        """The mail server, where there is one."""
        return self._server

    def deliver(self, notices: Sequence[MailNotice], *, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Send mails, oldest first; stop at the first sign that the server is down. As ``outbox.Round.deliver``."""
        def sent(notice: MailNotice, now: int) -> None:
            self._queue.sent(notice, now=now, record=_record(AuditEvent.NOTICE_MAILED, notice, now))

        def dead(notice: MailNotice, now: int, error: str) -> None:
            self._queue.dead(notice, now=now, error=error, record=_record(AuditEvent.NOTICE_MAIL_DEAD, notice, now, error=error))

        return self._round.deliver(notices, self._attempt, sent=sent, dead=dead, stopping=stopping)

    def _attempt(self, notice: MailNotice, now: int) -> Attempt:
        officer = self._mirror.by_sub(notice.told.sub)
        to = notice.address or (officer.officer.mail if officer is not None and officer.status == "active" else "")
        if self._server is None or not is_mailbox(to):
            return Attempt(dropped=True)
        subject, text = self._wording(notice.told, officer.officer.name if officer is not None else "")
        try:
            self._server.post(Letter(to, subject, text, notice.id))
        except MailRefusedError as err:
            return Attempt(err.message, final=err.final)
        except IdpError as err:
            return Attempt(err.message, down=True)
        return Attempt()


def is_mailbox(address: str) -> bool:
    """Tell whether mail can be sent to an address: plain ASCII (RFC 5321 §4.1.2 without quoted parts), no way into a header."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def _record(event: AuditEvent, notice: MailNotice, now: int, **detail: str) -> AuditRecord:
    return AuditRecord(event, now, sub=notice.told.sub, source="worker", request_id=f"outbox-{notice.id}",
                       detail={"kind": notice.told.kind.value, "attempts": notice.attempts + 1, **detail})
