"""One-time passwords that let a device, a service or an officer have one certificate, decided when the password is made.

Spec: RFC 7030 §3.2.3 (HTTP Basic). An officer's password of the directory is not taken here, and that is a decision: it would be
a way in without the second factor that policy demands (security checklist 29), and would end up in scripts of devices. What is
taken was made by an administrator for one certificate of one subject, is 120 random bits, known here as SHA-256 only, good once
and for a short time. What a certificate says follows from the password's record, never from the request (48, 51). An officer
in whose name one signs in with the certificate is told when the password is made (34).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ..authority.profile import PROFILES as KINDS
from ..authority.subject import LONGEST as LONGEST_SUBJECT
from ..authority.subject import Subject

PROFILES: Final = ("tls_client", "tls_server", "officer_authentication")
"""What is given over EST."""
MOST_SECONDS: Final = 30 * 86400
_LETTERS: Final = "abcdefghjkmnpqrstvwxyz23456789"
_LONGEST: Final = 64
_NAME: Final = re.compile(r"est-[0-9a-f]{12}")
"""What a password's name is like; nothing else is looked up."""
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


Moment = tuple[int, str]
"""Where a password stands among others: when it was made, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Leave to have one certificate.

    Attributes:
        name: Beside the password (user name).
        digest: SHA-256 of the password.
        profile: One of ``PROFILES``.
        subject_name: Of a service or device; empty for an officer.
        hosts: DNS names, separated by spaces; empty for an officer.
        holder: Subject of the officer: whose it is, or who answers for a service; may be empty for one.
        used_at: When it was used; None until then.
    """

    name: str
    digest: bytes
    profile: str
    subject_name: str
    hosts: str
    holder: str
    created_at: int
    expires_at: int
    used_at: int | None = None


class LeaveStore(Protocol):
    """Where leaves rest. Every verb may raise UnavailableError(dependency="database")."""

    def add(self, leave: Leave, record: AuditRecord, notice: Notice | None) -> None:
        """Keep a new one with its record and, where an officer is told, the notice and its mail; all or nothing."""
        ...

    def find(self, name: str) -> Leave | None:
        """Find one by its name, used ones too."""
        ...

    def use(self, name: str, at: int, record: AuditRecord) -> bool:
        """Use one that is neither used nor expired, with the record; of callers at the same time one gets True."""
        ...

    def give_back(self, name: str, at: int) -> None:
        """Undo the use of a moment, because nothing was issued."""
        ...

    def end(self, name: str, at: int, record: AuditRecord) -> bool:
        """Let one that has not expired end at a moment, with the record; True only where it had not been used either.

        One that is in use at that moment stays ended when the use is undone.
        """
        ...

    def newest(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Leave]:
        """Give them, newest first: the first of all, or after one, or the last before one."""
        ...


class EnrollmentPasswords:
    """Makes and checks them."""

    def __init__(self, store: LeaveStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def create(self, *, profile: str, subject_name: str = "", hosts: tuple[str, ...] = (), holder: str = "", seconds: int,
               caller: Caller) -> tuple[Leave, str]:
        """Make one; gives its record and the password, which nobody can see again. An officer whose it is, is told.

        Raises:
            RefusedError: 422 ``unknown_profile``, ``incomplete``, ``bad_subject`` (no certificate can say it) or
                ``bad_lifetime``.
        """
        if profile not in PROFILES:
            raise RefusedError("No certificate of this profile is given over EST.", code="unknown_profile", status=422)
        if profile == "officer_authentication" and (not holder or hosts or subject_name):
            raise RefusedError("An officer's certificate is an officer's and names nothing else.", code="incomplete",
                               status=422)
        if profile != "officer_authentication" and not (hosts and all(_HOST.fullmatch(host) for host in hosts)):
            raise RefusedError("A service or device needs a DNS name in small letters.", code="incomplete", status=422)
        if profile != "officer_authentication":
            name = subject_name or hosts[0]
            if len(subject_name) > LONGEST_SUBJECT or any(unicodedata.category(sign)[0] == "C" for sign in name):
                raise RefusedError(f"A name has at most {LONGEST_SUBJECT} signs, all of which one sees.", code="bad_subject",
                                   status=422)
            # The province stands for itself: the rest of the subject is the name and the hosts.
            Subject(name=name, organization="VN", hosts=hosts).issuable(KINDS[profile].names)
        if not 0 < seconds <= MOST_SECONDS:
            raise RefusedError("A password is good for 30 days at most.", code="bad_lifetime", status=422)
        now, password = self._clock.now(), "".join(secrets.choice(_LETTERS) for _ in range(25))
        leave = Leave(name=f"est-{secrets.token_hex(6)}", digest=_digest(password), profile=profile,
                      subject_name=subject_name or (hosts[0] if hosts else ""), hosts=" ".join(hosts), holder=holder,
                      created_at=now, expires_at=now + seconds)
        notice = Notice(NoticeKind.ENROLLMENT_PASSWORD_MADE, holder, now, caller.source, {
            "ends": str(leave.expires_at)}) if profile == "officer_authentication" else None
        self._store.add(leave, self._record(AuditEvent.ENROLLMENT_PASSWORD_CREATED, leave, caller, hosts=leave.hosts), notice)
        return leave, password

    def check(self, name: str, password: str) -> Leave | None:
        """Find the leave of a name and password; None where it is unknown, wrong, used or expired, all alike."""
        if not _NAME.fullmatch(name) or not 0 < len(password) <= _LONGEST:
            return None
        found = self._store.find(name)
        right = hmac.compare_digest(found.digest if found else bytes(32), _digest(password))
        if found is None or not right or found.used_at is not None or found.expires_at <= self._clock.now():
            return None
        return found

    def use(self, leave: Leave, caller: Caller) -> int:
        """Use a leave; gives the moment. Raises RefusedError, 403 ``used``, when somebody was faster."""
        now = self._clock.now()
        if not self._store.use(leave.name, now, self._record(AuditEvent.ENROLLMENT_PASSWORD_USED, leave, caller)):
            raise RefusedError("This enrolment password was used.", code="used", status=403)
        return now

    def give_back(self, leave: Leave, at: int) -> None:
        """Undo a use after which nothing was issued."""
        self._store.give_back(leave.name, at)

    def withdraw(self, name: str, caller: Caller) -> Leave:
        """Let one end now; one that is just being used opens nothing more either, whether anything is issued or not.

        Raises:
            RefusedError: 404 ``unknown_password``; 409 ``used``: it was used, or has ended.
        """
        found = self._store.find(name) if _NAME.fullmatch(name) else None
        if found is None:
            raise RefusedError("There is no such enrolment password.", code="unknown_password", status=404)
        if not self._store.end(name, self._clock.now(), self._record(AuditEvent.ENROLLMENT_PASSWORD_WITHDRAWN, found, caller)):
            raise RefusedError("This enrolment password was used, or has ended.", code="used", status=409)
        return found

    def listed(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Leave]:
        """Give them, newest first, as ``LeaveStore.newest``."""
        return self._store.newest(limit, after=after, before=before)

    def _record(self, event: AuditEvent, leave: Leave, caller: Caller, **more: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=leave.holder, source=caller.source, request_id=caller.request_id,
                           detail={"name": leave.name, "profile": leave.profile, **more, **caller.by})


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()
