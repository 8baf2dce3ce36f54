"""What is kept of a certificate from the request on, and where (port ``EnrollmentStore``).

Source: Decree 68/2024 (content of requests), Law 91/2025 on personal data: identity number, day of birth and phone rest sealed
(``personal``), are found again by a keyed digest, and are read only through ``Desk.personal``, which records that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ...audit import AuditRecord
from ...notices import Notice
from ..custody.device import DeviceChange
from .states import IN_USE, ON_THE_WAY, TURNS, Act, Part, State

OUR_BATCH: Final = "P-"
"""Begins the number of a batch that the province's own authority issues."""


class Kind(StrEnum):
    """What a certificate is for."""

    PERSON = "person"
    SEAL = "seal"
    """An agency's seal; it is kept by an officer at its office."""
    DEVICE = "device"
    SERVICE = "service"


class DeviceKind(StrEnum):
    """What holds the private key."""

    TOKEN = "token"
    SIM = "sim"
    HSM = "hsm"
    SOFTWARE = "software"


class Purpose(StrEnum):
    """Why there is a request."""

    NEW = "new"
    RENEW = "renew"
    CHANGE = "change"
    """Post, agency or mailbox are others than the certificate says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """A certificate, from the request to the end of its device.

    Attributes:
        enrollment_id: ``2026-04210001``: the year and eight digits.
        holder: Subject of the officer whose it is; of a seal, device or service, of who keeps it.
        unit_code: Code of the agency that asks; administrators of that agency and above it see it.
        name: As it is to stand in the certificate; of a seal the agency's.
        mail: Official mailbox, small letters.
        personal: Sealed JSON: identity_number, identity_issued_on, identity_issued_by, birth_date, phone; or empty.
        identity_digest: Keyed digest of the identity number, hexadecimal; empty when none is known.
        replaces: The enrollment that this one follows; empty for the first.
        wet_ink: The agency's first seal: the request goes on paper, signed and stamped.
        due_at: When whose turn it is ought to have acted; None where it is nobody's.
        requester: Who asked; ``agency_approver`` and ``province_approver`` are other people.
        document: Number of the letter with which it went to the issuer.
        reason: Why it was returned, cancelled, suspended or revoked.
        issuer: Name of the issuer as the certificate has it (RFC 4514).
        serial: Small hexadecimal digits without leading zeros.
        request: PKCS #10 in DER, where the key was there before the certificate; empty where the issuer makes it in the device.
        certificate: DER; empty while only its number is known.
        device_serial: What is printed on the token, or the SIM's number.
        handed_over_by: Who gave it to the holder.
        record: Number of the record of the hand-over.
        challenge: What the holder signs to activate it.
        revision: Counts changes; whoever decided on an older one has lost.
    """

    enrollment_id: str
    kind: Kind
    purpose: Purpose = Purpose.NEW
    holder: str
    unit_code: str
    unit_name: str
    name: str
    title: str = ""
    mail: str
    personal: bytes = b""
    identity_digest: str = ""
    device_kind: DeviceKind
    replaces: str = ""
    wet_ink: bool = False
    state: State = State.DRAFT
    since: int
    due_at: int | None = None
    requester: str
    agency_approver: str = ""
    province_approver: str = ""
    document: str = ""
    batch: str = ""
    reason: str = ""
    issuer: str = ""
    serial: str = ""
    not_before: int | None = None
    not_after: int | None = None
    request: bytes = b""
    certificate: bytes = b""
    device_serial: str = ""
    handed_over_by: str = ""
    record: str = ""
    challenge: str = ""
    revision: int = 0

    @property
    def open_key(self) -> str | None:
        """What there is once while it is on the way: this holder's, or this agency's, with such a device."""
        return f"{self._whose}:{self.purpose}" if self.state in ON_THE_WAY else None

    @property
    def active_key(self) -> str | None:
        """What there is once while it is in use."""
        return self._whose if self.state in IN_USE else None

    @property
    def _whose(self) -> str:
        if self.kind is Kind.PERSON:
            return f"person:{self.holder}:{self.device_kind}"
        return f"{self.kind}:{self.unit_code}:{self.device_kind}:{'' if self.kind is Kind.SEAL else self.name}"

    @property
    def waits_for_key(self) -> bool:
        """Whether it was sent to the province's own authority and its holder is to have the key made (``key_files``)."""
        return (self.kind is Kind.PERSON and self.device_kind is DeviceKind.SOFTWARE and not self.request
                and self.state is State.SENT and self.batch.startswith(OUR_BATCH))

    @property
    def turn(self) -> Part | None:
        """Whose turn it is."""
        return TURNS[self.state].part if self.state in TURNS else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an enrollment's history; lines are added and never changed.

    Attributes:
        actor: Subject of who acted; empty for the system.
        part: As what.
        detail: Small facts: reason, document, record, serial.
    """

    enrollment_id: str
    at: int
    act: str
    before: str
    after: str
    actor: str
    part: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which enrollments are meant.

    Attributes:
        states: In one of these states; empty for any.
        unit: Of this agency or below; empty for all.
        holder: Of this officer; empty for anybody.
        batch: Of this batch; empty for any.
        overdue_at: Only those due before this moment; None for all.
        words: Part of the name or the mailbox, or the start of the number; empty for any.
    """

    states: tuple[State, ...] = ()
    unit: str = ""
    holder: str = ""
    batch: str = ""
    overdue_at: int | None = None
    words: str = ""


class EnrollmentStore(Protocol):
    """Where enrollments rest. Every verb may raise UnavailableError(dependency="database"); every write is one transaction."""

    def add(self, enrollment: Enrollment, entry: Entry, record: AuditRecord) -> bool:
        """Keep a new one with the first line of its history; False when its number or its ``open_key`` is taken."""
        ...

    def find(self, enrollment_id: str) -> Enrollment | None:
        """Find one by its number."""
        ...

    def waiting(self, open_key: str) -> Enrollment | None:
        """Find the one on the way that has this key."""
        ...

    def in_use(self, active_key: str) -> Enrollment | None:
        """Find the one in use that has this key."""
        ...

    def by_serial(self, serial: str) -> Sequence[Enrollment]:
        """Find those whose certificate has this number, whoever issued it."""
        ...

    def in_device(self, kind: str, serial: str) -> Sequence[Enrollment]:
        """Find those whose key a device holds and whose certificate nobody has ended, whoever holds them."""
        ...

    def sent(self, *, mail: str, identity_digest: str) -> Sequence[Enrollment]:
        """Find those at the issuer that have this mailbox or this digest; neither is looked for when it is empty."""
        ...

    def page(self, search: Search, *, after: str, limit: int, before: str = "") -> Sequence[Enrollment]:
        """Give those that are meant, by number: the first after ``after``; with ``before`` the last before that one."""
        ...

    def count(self, search: Search) -> Mapping[State, int]:
        """Count those that are meant, by state."""
        ...

    def move(self, before: Enrollment, after: Enrollment, entry: Entry, record: AuditRecord, notice: Notice | None,
             device: DeviceChange | None = None) -> bool:
        """Write a change with its line of history, its record, its notice and what its device goes through.

        Of several who decided on the same revision exactly one gets True. False also when the ``open_key`` or the ``active_key``
        of ``after`` is another's: then somebody else was first with the same thing; and when the device has changed meanwhile.
        """
        ...

    def succeed(self, before: Enrollment, after: Enrollment, old: Enrollment, ended: Enrollment,
                entries: tuple[Entry, Entry], records: tuple[AuditRecord, AuditRecord], notice: Notice | None,
                device: DeviceChange | None = None) -> bool:
        """Activate one and end the one that it follows, both or neither; otherwise as ``move``."""
        ...

    def history(self, enrollment_id: str) -> Sequence[Entry]:
        """Give the history, oldest first."""
        ...

    def ever_issued(self, kind: Kind, unit_code: str) -> bool:
        """Tell whether an agency was ever issued a certificate of a kind."""
        ...

    def due_to_expire(self, now: int, *, limit: int) -> Sequence[Enrollment]:
        """Give those whose validity is over and whose state does not say so."""
        ...


def entry_of(before: Enrollment | None, after: Enrollment, act: Act | str, *, at: int, actor: str, part: Part,
             **detail: str) -> Entry:
    """Make the line that tells of a change."""
    return Entry(after.enrollment_id, at, str(act), before.state.value if before else "", after.state.value, actor, part.value,
                 {name: value for name, value in detail.items() if value})
