"""Notices to officers: what happened to their account, told where they look and where they are reached.

Sources: security checklist 34 (the old contact is told), NIST SP 800-63B-4 §4.6 (notice of account events), OWASP ASVS 5.0 6.3.7.
The catalogue is closed. A notice is written in the same statement or transaction as the act that it tells of, as an audit record
is; a mail waits in the outbox beside it and never delays anybody. Texts are made when a notice is read or sent, from the kind and
a few small facts; a notice holds no secret, no code and no link that does anything by being opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ..audit import AuditRecord, Caller
from ..clock import Clock

LISTED = 100
"""Notices that one page shows at most."""
_DETAIL_CHARACTERS = 120


class NoticeKind(StrEnum):
    """Everything that officers are told of. Each kind has its words in the pages' catalogue (tested)."""

    FACTOR_ADDED = "factor.added"
    """Detail ``factor`` (``otp``, ``passkey``, ``recovery_codes``) and, where it has one, ``name``."""
    FACTOR_REMOVED = "factor.removed"
    APPROVALS_BY_PHONE = "approvals_by_phone.chosen"
    """The phone is asked from now on what applications ask the officer by name; this and the next with detail ``factor``."""
    NO_APPROVALS_BY_PHONE = "approvals_by_phone.ended"
    SIGN_IN_UNCONFIRMED = "sign_in.unconfirmed"
    """The phone was asked after a right password and did not confirm; this and the next with details ``application`` and
    ``outcome`` (``cancelled``, ``wrong_pin``, ``timed_out``), and ``source`` from where it was asked. At most one an hour."""
    APPROVAL_UNCONFIRMED = "approval.unconfirmed"
    APPROVED_BY_PHONE = "approval.by_phone"
    """An application was given access by the phone alone: detail ``application``, and ``source`` from where it had asked."""
    FACTORS_RESET = "factors.reset"
    """An administrator removed all further factors."""
    FACTOR_WANTED = "factor.wanted"
    """Somebody reminds the officer to enrol a second factor."""
    FACTORS_FROZEN = "factors.frozen"
    FACTORS_RELEASED = "factors.released"
    ENROLMENT_CODE_GIVEN = "enrolment_code.given"
    TEMPORARY_PASS_ASKED = "temporary_pass.asked"
    """Somebody proposes that the officer signs in with a temporary pass in place of the second factor."""
    TEMPORARY_PASS_APPROVED = "temporary_pass.approved"
    """Detail ``until`` (seconds since the epoch)."""
    TEMPORARY_PASS_USED = "temporary_pass.used"
    TEMPORARY_PASS_WITHDRAWN = "temporary_pass.withdrawn"
    ENROLLMENT_PASSWORD_MADE = "enrollment_password.made"
    """Leave to have one certificate for signing in, in the officer's name; detail ``ends`` (seconds since the epoch)."""
    RECOVERY_CODE_USED = "recovery_code.used"
    """Detail ``left``: how many codes are left."""
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_FORGOTTEN = "password.forgotten"
    """Detail ``recovery``: the request's number, where a link goes with the mail; the link itself is made when it is sent."""
    PASSWORD_RESET = "password.reset"
    NEW_DEVICE = "device.new"
    """Details ``browser`` and ``system`` as far as the browser says."""
    DEVICE_REMEMBERED = "device.remembered"
    """The second factor is not asked for there; details as of ``NEW_DEVICE``, and ``days``."""
    UNUSUAL_SEQUENCE = "sign_in.unusual"
    """Two sign-ins within minutes from networks that have nothing to do with each other; detail ``network``."""
    SESSIONS_ENDED = "sessions.ended"
    APPLICATION_ACCESS_ENDED = "application_access.ended"
    """An administrator took back what an application had of the officer; detail ``application``."""
    DATA_EXPORTED = "data.exported"
    """The officer, or whoever had the session, took a file with everything that is held about them."""
    ACCESS_STOPPED = "access.stopped"
    """An administrator stopped the account."""
    ACCESS_LIFTED = "access.lifted"
    DEPUTY_NAMED = "deputy.named"
    """To both. Details ``giver`` and ``deputy`` (names), ``ends`` (seconds since the epoch, within the last day)."""
    DEPUTY_ENDING = "deputy.ending"
    """Some days before the last one, to both; details as of ``DEPUTY_NAMED``."""
    DEPUTY_ENDED = "deputy.ended"
    MAIL_CHANGED = "mail.changed"
    PHONE_CHANGED = "phone.changed"
    CERTIFICATE_RETURNED = "certificate.returned"
    """Details ``number`` of the request and ``reason``; the number is in all that follow."""
    CERTIFICATE_READY = "certificate.ready"
    CERTIFICATE_KEY = "certificate.key"
    """The key of a pilot certificate in software waits to be made by its holder."""
    CERTIFICATE_HANDED_OVER = "certificate.handed_over"
    CERTIFICATE_ACTIVE = "certificate.active"
    CERTIFICATE_BLOCKED = "certificate.blocked"
    CERTIFICATE_ENDED = "certificate.ended"
    CERTIFICATE_CHANGE = "certificate.change"
    """Post, agency, name or mailbox are others than the certificate says."""
    CERTIFICATE_ISSUED = "certificate.issued"
    """One of the province's own authority, without the certificate desk; detail ``serial`` of the certificate."""
    CERTIFICATE_EXPIRING = "certificate.expiring"
    """Details ``ends`` (seconds since the epoch) and ``left``: how many days were left when it was told."""
    OWN_CERTIFICATES_EXPIRING = "own_certificates.expiring"
    """Several of one holder in one notice. Details ``count``, ``ends`` of the first of them and ``left`` until then."""
    CERTIFICATES_EXPIRING = "certificates.expiring"
    """To an agency's administrators. Details ``count``: certificates of the agency that end within 60 days and whose renewal
    nobody has asked for; ``soon``: how many of them within 7 days."""
    CERTIFICATES_TO_APPROVE = "certificates.to_approve"
    """To administrators who have to act next; detail ``count`` in this and the four that follow."""
    CERTIFICATES_RETURNED = "certificates.returned"
    CERTIFICATES_TO_SEND = "certificates.to_send"
    CERTIFICATES_TO_HAND_OVER = "certificates.to_hand_over"
    CERTIFICATES_TO_END = "certificates.to_end"
    """Locked devices, and revocations that were asked for."""
    SIM_CHANGED = "sim.changed"
    """Details ``state`` (``active``, ``pin_blocked``, ``lost``, ``swapped``, ``deactivated``, ``refused``) and ``number``: the
    last three digits."""
    SIMS_IN_DOUBT = "sims.in_doubt"
    """To administrators of the province: a carrier says of many SIMs at once that they were exchanged; detail ``carrier``."""
    SIGNATURE_DENIED = "signature.denied"
    """To administrators: an officer says that they never asked for a signature. Details ``officer`` (subject), ``name`` of the
    officer, ``application``."""
    DEVICE_OVERDUE = "device.overdue"
    """A token or SIM should have been back; detail ``serial``."""
    OWN_DEVICES_OVERDUE = "own_devices.overdue"
    """Several of one holder in one notice. Details ``count`` and ``serial``: the first few of them."""
    DEVICES_OVERDUE = "devices.overdue"
    """To who answers for devices that agencies have and no officer; detail ``count``: how many of theirs are overdue."""
    CAMPAIGN_REMINDER = "campaign.reminder"
    """A step of a campaign is the officer's own. Details ``campaign`` (its name), ``step`` and ``ends`` (the deadline,
    seconds since the epoch), which the next one has too."""
    CAMPAIGN_MISSING = "campaign.missing"
    """To an agency's administrators. Details ``count``: who is missing and waits for the agency; ``campaigns``: in how many."""
    AUDIT_ARCHIVE_DUE = "audit.archive_due"
    """To administrators of the province: the file of a month of the trail is due for deletion; detail ``month``, MM/YYYY."""


ENDS_REMEMBERED = frozenset({
    NoticeKind.FACTOR_ADDED, NoticeKind.FACTOR_REMOVED, NoticeKind.FACTORS_RESET, NoticeKind.FACTORS_FROZEN,
    NoticeKind.FACTORS_RELEASED, NoticeKind.PASSWORD_CHANGED, NoticeKind.PASSWORD_RESET})
"""What ends an officer's remembered devices: whoever writes such a notice ends them with it."""
ENDS_PASS = NoticeKind.FACTOR_ADDED
"""What ends an officer's temporary pass, likewise: who has a factor again needs none."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an officer is to be told.

    Attributes:
        kind: What happened.
        sub: The officer; without one nobody is told.
        at: When, seconds since the epoch.
        source: Address from which it was done, or ``cli`` / ``worker``.
        detail: Small flat facts named by the kind.
        address: Where the mail goes instead of the officer's mailbox: the old address, when it was changed.
    """

    kind: NoticeKind
    sub: str
    at: int
    source: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    def detail_json(self) -> str:
        """Give ``detail`` as it is stored: sorted, each value cut and in one line."""
        return json.dumps({name: _plain(str(value)) for name, value in self.detail.items()},
                          sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as an officer finds it.

    Attributes:
        id: Row; a later notice has a higher one.
        read_at: When the officer marked it as read; None before.
    """

    id: int
    kind: NoticeKind
    sub: str
    at: int
    source: str
    detail: Mapping[str, str]
    read_at: int | None = None


class NoticeStore(Protocol):
    """Where notices are kept. Every verb may raise UnavailableError(dependency="database")."""

    def tell(self, notice: Notice, record: AuditRecord | None) -> None:
        """Write a notice, its mail and, where there is one, the audit record: all or nothing, durably."""
        ...

    def tell_unless(self, notice: Notice, record: AuditRecord, *, within: int) -> bool:
        """Write them as ``tell`` does, unless this verb told the officer of the kind within so many seconds; else False.

        Of several callers exactly one gets True, and a failure leaves nothing behind that would keep the next one from it.
        """
        ...

    def of(self, sub: str, *, limit: int) -> Sequence[Told]:
        """Give an officer's notices, newest first."""
        ...

    def unread(self, sub: str) -> int:
        """Count an officer's notices that are not marked as read."""
        ...

    def mark_read(self, sub: str, *, up_to: int, now: int) -> int:
        """Mark an officer's own notices up to a row as read; gives how many were not before."""
        ...


class Notices:
    """Tells officers, and shows them what they were told.

    Stores that write an act themselves take the notice with it (``adapters.sql.notices``); ``tell`` is for acts that happened
    elsewhere, such as a password that the directory has changed.
    """

    def __init__(self, store: NoticeStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def tell(self, kind: NoticeKind, sub: str, caller: Caller, *, detail: Mapping[str, str] | None = None, address: str = "",
             record: AuditRecord | None = None) -> None:
        """Tell an officer that something happened just now.

        Args:
            kind: What.
            sub: The officer.
            caller: Who did it.
            detail: Small facts.
            address: Where the mail goes instead of the officer's mailbox.
            record: The act's audit record, written together with the notice.
        """
        self._store.tell(Notice(kind, sub, self._clock.now(), caller.source, detail or {}, address), record)

    def tell_unless(self, kind: NoticeKind, sub: str, caller: Caller, record: AuditRecord, *, within: int) -> bool:
        """Tell an officer, unless that was done within so many seconds; tell whether it was done now."""
        return self._store.tell_unless(Notice(kind, sub, self._clock.now(), caller.source), record, within=within)

    def tell_once(self, notice: Notice) -> None:
        """Tell an officer of a change that is reported again after a crash; a notice of that kind and moment is not repeated."""
        if not any((told.kind, told.at) == (notice.kind, notice.at) for told in self._store.of(notice.sub, limit=LISTED)):
            self._store.tell(notice, None)

    def of(self, sub: str, *, limit: int = LISTED) -> Sequence[Told]:
        """Give an officer's notices, newest first."""
        return self._store.of(sub, limit=limit)

    def unread(self, sub: str) -> int:
        """Count what the officer has not marked as read."""
        return self._store.unread(sub)

    def mark_read(self, sub: str, *, up_to: int) -> int:
        """Mark what the officer has seen as read: own notices, and none that came after the page was made."""
        return self._store.mark_read(sub, up_to=up_to, now=self._clock.now())


def detail_of(text: str) -> dict[str, str]:
    """Read a stored detail."""
    found = json.loads(text)
    return {str(name): str(value) for name, value in found.items()}


def _plain(text: str) -> str:
    """Give text in one line without control characters, cut."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_DETAIL_CHARACTERS]
