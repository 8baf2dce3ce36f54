"""Catalogue of audit events and the record that every decision leaves behind.

A record is written in the same statement or transaction as what it tells of (security checklist 61); the worker seals
records into a hash chain behind the requests. A record never holds a secret, token, code, password or full telephone
number: ``detail`` is small, flat and named by the event.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

REPEAT_SECONDS = 60
"""Repeats within one such stretch of time are counted and recorded as one (``AuditTrail.repeated``)."""

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class AuditEvent(StrEnum):
    """Every event there is. A new one is added here first, then documented in docs/operations/audit.md."""

    SIGN_IN = "sign_in"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_THROTTLED = "sign_in.throttled"
    SIGN_IN_UNUSUAL = "sign_in.unusual"
    BREAK_GLASS_CREATED = "break_glass.created"
    BREAK_GLASS_REMOVED = "break_glass.removed"
    BREAK_GLASS_SIGNED_IN = "break_glass.signed_in"
    BREAK_GLASS_REFUSED = "break_glass.refused"
    BREAK_GLASS_THROTTLED = "break_glass.throttled"
    DEVICE_NEW = "device.new"
    DEVICE_REMEMBERED = "device.remembered"
    DEVICE_FORGOTTEN = "device.forgotten"
    FACTOR_ASKED = "factor.asked"
    FACTOR_ANSWERED = "factor.answered"
    FACTOR_ACCEPTED = "factor.accepted"
    FACTOR_REFUSED = "factor.refused"
    FACTOR_DEMANDED = "factor.demanded"
    FACTOR_ENROLLED = "factor.enrolled"
    FACTOR_RENAMED = "factor.renamed"
    FACTOR_CHANGED = "factor.changed"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_RESET_ASKED = "factor_reset.asked"
    FACTOR_RESET_APPROVED = "factor_reset.approved"
    FACTOR_RESET_REFUSED = "factor_reset.refused"
    TEMPORARY_PASS_ASKED = "temporary_pass.asked"
    TEMPORARY_PASS_APPROVED = "temporary_pass.approved"
    TEMPORARY_PASS_REFUSED = "temporary_pass.refused"
    TEMPORARY_PASS_WITHDRAWN = "temporary_pass.withdrawn"
    TEMPORARY_PASS_USED = "temporary_pass.used"
    TEMPORARY_PASS_WRONG = "temporary_pass.wrong"
    """A code that is none, or no longer one; ``TEMPORARY_PASS_REFUSED`` is of the proposal."""
    ENROLMENT_CODE_GIVEN = "enrolment_code.given"
    ENROLMENT_CODE_ACCEPTED = "enrolment_code.accepted"
    ENROLMENT_CODE_REFUSED = "enrolment_code.refused"
    THROTTLE_CLEARED = "throttle.cleared"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_CHANGE_REFUSED = "password.change_refused"
    PASSWORD_FORGOTTEN = "password.forgotten"
    PASSWORD_RESET = "password.reset"
    PASSWORD_RESET_REFUSED = "password.reset_refused"
    SESSION_ENDED = "session.ended"
    ACCESS_ENDED = "access.ended"
    ACCESS_RETURNED = "access.returned"
    FACTORS_RELEASED = "factors.released"
    TASK_OPENED = "task.opened"
    TASK_COMPLETED = "task.completed"
    POST_CHOSEN = "post.chosen"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CODE_ISSUED = "code.issued"
    CODE_REPLAYED = "code.replayed"
    FRONT_CHANNEL_ISSUED = "front_channel.issued"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    APPROVAL_NOT_ASKED = "approval.not_asked"
    PING_SENT = "ping.sent"
    PING_DEAD = "ping.dead"
    CLIENT_THROTTLED = "client.throttled"
    USER_CODE_THROTTLED = "user_code.throttled"
    TOKEN_ISSUED = "token.issued"
    TOKEN_EXCHANGED = "token.exchanged"
    TOKEN_REFRESHED = "token.refreshed"
    REFRESH_REPLAYED = "refresh.replayed"
    TOKEN_REVOKED = "token.revoked"
    CLIENT_REFUSED = "client.refused"
    CLIENT_CREATED = "client.created"
    CLIENT_CHANGED = "client.changed"
    CLIENT_DISABLED = "client.disabled"
    CLIENT_TESTED = "client.tested"
    CLIENT_OLD_LOGIN = "client.old_login"
    CLIENT_SECRET_ROTATED = "client.secret_rotated"
    CLIENT_DELETED = "client.deleted"
    INITIAL_ACCESS_CREATED = "initial_access.created"
    INITIAL_ACCESS_REFUSED = "initial_access.refused"
    INITIAL_ACCESS_REVOKED = "initial_access.revoked"
    KEY_CREATED = "key.created"
    KEY_ACTIVATED = "key.activated"
    KEY_RETIRED = "key.retired"
    KEY_REMOVED = "key.removed"
    KEY_DESTROYED = "key.destroyed"
    LOGOUT_NOTICE_SENT = "logout_notice.sent"
    LOGOUT_NOTICE_DEAD = "logout_notice.dead"
    DELIVERY_RETRIED = "delivery.retried"
    NOTICE_MAILED = "notice.mailed"
    NOTICE_MAIL_DEAD = "notice.mail_dead"
    DIRECTORY_UNAVAILABLE = "directory.unavailable"
    DIRECTORY_RECOVERED = "directory.recovered"
    DIRECTORY_BRAKED = "directory.braked"
    DIRECTORY_RELEASED = "directory.released"
    OFFICER_JOINED = "officer.joined"
    OFFICER_MOVED = "officer.moved"
    OFFICER_RENAMED = "officer.renamed"
    OFFICER_CHANGED = "officer.changed"
    OFFICER_DISABLED = "officer.disabled"
    OFFICER_REMOVED = "officer.removed"
    OFFICER_RETURNED = "officer.returned"
    AUTHORITY_FOUNDED = "authority.founded"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"
    CERTIFICATE_RESTORED = "certificate.restored"
    KEY_FILE_MADE = "certificate.key_file_made"
    TIME_STAMPED = "time_stamp.issued"
    ENROLLMENT_PASSWORD_CREATED = "enrollment_password.created"
    ENROLLMENT_PASSWORD_USED = "enrollment_password.used"
    ENROLLMENT_PASSWORD_WITHDRAWN = "enrollment_password.withdrawn"
    ENROLLMENT_PASSWORD_REFUSED = "enrollment_password.refused"
    ENROLLMENT_ASKED = "enrollment.asked"
    ENROLLMENT_MOVED = "enrollment.moved"
    CERTIFICATE_EXPIRING = "certificate.expiring"
    CERTIFICATES_EXPIRING = "certificates.expiring"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_HANDLED = "device.handled"
    DEVICE_OVERDUE = "device.overdue"
    DEVICES_OVERDUE = "devices.overdue"
    BATCH_SIGNED = "certificate_batch.signed"
    SIM_ASKED = "sim.asked"
    SIM_MOVED = "sim.moved"
    SIMS_DOUBTED = "sims.doubted"
    SIMS_DECIDED = "sims.decided"
    SIGNATURE_ASKED = "signature.asked"
    SIGNATURE_ENDED = "signature.ended"
    SIGNATURE_RELEASED = "signature.released"
    SIGNATURE_DENIED = "signature.denied"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_CLOSED = "campaign.closed"
    CAMPAIGN_EXCLUDED = "campaign.excluded"
    CAMPAIGN_RESTORED = "campaign.restored"
    CAMPAIGN_REMINDED = "campaign.reminded"
    CAMPAIGN_EXPORTED = "campaign.exported"
    ACCOUNTS_EXPORTED = "accounts.exported"
    ANNOUNCEMENT_CREATED = "announcement.created"
    ANNOUNCEMENT_CHANGED = "announcement.changed"
    ANNOUNCEMENT_ENDED = "announcement.ended"
    PERSONAL_DATA_EXPORTED = "personal_data.exported"
    PERSONAL_DATA_NOTICE_READ = "personal_data.notice_read"
    PERSONAL_DATA_READ = "personal_data.read"
    OFFICERS_EXPORTED = "officers.exported"
    ROLE_HOLDERS_EXPORTED = "role_holders.exported"
    JOB_ASKED = "job.asked"
    JOB_ENDED = "job.ended"
    JOB_FILE_TAKEN = "job.file_taken"
    OFFICER_REMINDED = "officer.reminded"
    ACCESS_STOPPED = "access.stopped"
    ACCESS_LIFTED = "access.lifted"
    DEPUTY_NAMED = "deputy.named"
    DEPUTY_REMINDED = "deputy.reminded"
    DEPUTY_ENDED = "deputy.ended"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_ARCHIVED = "audit.archived"
    AUDIT_PURGED = "audit.purged"
    AUDIT_RESTORED = "audit.restored"
    AUDIT_DISCARD_ASKED = "audit.discard_asked"
    AUDIT_DISCARDED = "audit.discarded"
    AUDIT_CHAIN_ACCEPTED = "audit.chain_accepted"
    AUDIT_HEAD_SENT = "audit.head_sent"
    AUDIT_HEAD_DEAD = "audit.head_dead"


Detail = Mapping[str, str | int | bool | Mapping[str, list[str]]]
"""Small facts of a record by name; ``changed`` alone is a table (changed.py)."""


PHONE: Final = "phone"
"""Stands for the address where an officer acts on the phone, by the SIM."""


class Caller(NamedTuple):
    """Who asks, as the edge saw it. A tuple, because one is made for every request.

    Attributes:
        source: Address of the caller behind our proxies, or ``cli`` / ``worker`` / ``PHONE``.
        request_id: Ties records and log lines of one request together.
        user_agent: At most 255 characters, control characters removed; empty for programs.
        officer: Subject of the administrator who asks; empty where nobody acts for others.
        client_id: The application through which they ask, or the machine that does.
    """

    source: str
    request_id: str
    user_agent: str = ""
    officer: str = ""
    client_id: str = ""

    @property
    def by(self) -> dict[str, str | int | bool]:
        """What the record of a change says besides, where an administrator made it: by whom, and through what."""
        told = {"by_officer": self.officer, "by_client": self.client_id}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One line of the audit trail.

    Attributes:
        event: What happened.
        at: When, seconds since the epoch, UTC.
        sub: The officer it is about, by stable subject; empty where nobody is known.
        client_id: The application concerned, or empty.
        sid: The session concerned, or empty.
        source: Address of the caller as our proxy saw it, or ``cli`` / ``worker``.
        request_id: Ties the record to the log lines of one request.
        detail: Small flat facts (strings, integers, booleans), and what was changed.
    """

    event: AuditEvent
    at: int
    sub: str = ""
    client_id: str = ""
    sid: str = ""
    source: str = ""
    request_id: str = ""
    detail: Detail = field(default_factory=dict)

    def detail_json(self) -> str:
        """Give ``detail`` in its canonical form: sorted keys, no spaces, UTF-8, control characters escaped."""
        if not self.detail:
            return "{}"
        return _canonical(self.detail)


class AuditTrail(Protocol):
    """Where records go that belong to no other write."""

    def record(self, record: AuditRecord) -> None:
        """Append one record durably. Raises UnavailableError when it cannot: the caller's act must then not happen."""
        ...

    def repeated(self, record: AuditRecord, *, about: str) -> None:
        """Append a record of something that anybody can cause at will, so that nobody can fill the trail with it.

        The first of a minute is written at once. Further ones that differ in nothing but their time and request are counted,
        durably and exactly, and written as one record with ``repeated`` when the minute is over.

        Args:
            record: What happened.
            about: What else tells such records apart: the account and the network it came from.
        """
        ...
