"""What the authority needs from outside: where certificates are kept, who holds the key; and what an issuer is to the desk.

Sources: RFC 5280 §4.1.2.2 (serial numbers are unique for each issuer), Boulder's order of issuing (what is about to be signed is
recorded before it is signed); security checklist 50, 52. Certificates are never deleted: old documents are verified for decades.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography import x509

from ...audit import AuditRecord, Caller
from ...errors import RefusedError
from ...notices import Notice
from .lint import Linted
from .subject import Subject

SHARD_SIZE = 20_000
"""Certificates that share a revocation list."""


class Status(StrEnum):
    """How an issued certificate stands."""

    GOOD = "good"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    """Revoked for a while (certificateHold)."""


class Reason(StrEnum):
    """Why a certificate was revoked (RFC 5280 §5.3.1)."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"
    CERTIFICATE_HOLD = "certificate_hold"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certification authority of ours.

    Attributes:
        name: In addresses (``/ca/<name>.crt``): small letters, digits and hyphens.
        kind: ``root`` or ``issuing``.
        certificate: DER.
        key: Where its key is (name of a file in ``keys/ca/``, or ``pkcs11:`` URI); empty for a root, whose key is not here.
        issuer: Name of the authority that vouches for it; its own for a root.
        retired_at: Since when it issues nothing more; None while it does.
        crl_number: The highest number that any list of it has had.
    """

    name: str
    kind: str
    certificate: bytes
    key: str
    issuer: str
    created_at: int
    retired_at: int | None = None
    crl_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of ours, from the intent on.

    Attributes:
        authority: Name of its issuer.
        serial: Small hexadecimal digits without leading zeros.
        state: ``intended``, ``issued`` or ``failed``.
        profile: Name of its profile.
        holder: Subject of the officer; empty for services.
        unit_code: Code of the agency.
        subject: As text (RFC 4514).
        spki: SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal.
        shard: Which list of revoked certificates it would stand on.
        der: Empty until it was issued.
        sha256: Of ``der``, hexadecimal.
        revoked_at: Since when; None while good.
        reason: A value of ``Reason``; empty while good.
    """

    authority: str
    serial: str
    state: str = "intended"
    status: Status = Status.GOOD
    profile: str
    holder: str = ""
    unit_code: str = ""
    subject: str
    spki: str
    not_before: int
    not_after: int
    intended_at: int
    issued_at: int | None = None
    shard: int = 0
    der: bytes = b""
    sha256: str = ""
    revoked_at: int | None = None
    reason: str = ""


class CertificateStore(Protocol):
    """Where authorities and certificates rest. Every verb may raise UnavailableError(dependency="database").

    Every write is one durable transaction; False means that nothing was changed.
    """

    def add_authority(self, authority: Authority, record: AuditRecord) -> bool:
        """Keep a new authority; False when the name is taken."""
        ...

    def authorities(self) -> Sequence[Authority]:
        """Give every authority, oldest first."""
        ...

    def intend(self, certificate: Certificate) -> bool:
        """Record what is about to be signed; False when the authority has used the serial number before, whatever for."""
        ...

    def issued(self, certificate: Certificate, record: AuditRecord, notice: Notice | None) -> bool:
        """Record a signed certificate and what its holder is told; False when there is no such intent, or it was settled."""
        ...

    def give_up(self, authority: str, serial: str) -> None:
        """Settle an intent that came to nothing; its number stays used."""
        ...

    def fail_intents(self, before: int) -> int:
        """Settle intents older than a moment that came to nothing; their numbers stay used. Gives how many."""
        ...

    def find(self, authority: str, serial: str) -> Certificate | None:
        """Find a certificate, or an intent, by its number."""
        ...

    def of_holder(self, holder: str) -> Sequence[Certificate]:
        """Give an officer's issued certificates, newest first."""
        ...

    def after(self, certificate: Certificate) -> Sequence[Certificate]:
        """Give what was issued of the same holder, subject and profile after a certificate, oldest first."""
        ...

    def key_used(self, spki: str) -> Sequence[Certificate]:
        """Give everything that was ever intended or issued for a public key."""
        ...

    def shard(self, authority: str) -> int:
        """Give the shard of the next certificate: a new one after ``SHARD_SIZE`` certificates, or a few more."""
        ...

    def shards(self, authority: str) -> int:
        """Count the shards, with the one of the next certificate; each has its list."""
        ...

    def revoke(self, authority: str, serial: str, at: int, reason: Reason, record: AuditRecord) -> bool:
        """Revoke or suspend an issued certificate. A suspended one may be revoked; a revoked one stays as it is."""
        ...

    def restore(self, authority: str, serial: str, record: AuditRecord) -> bool:
        """Lift a suspension."""
        ...

    def revoked(self, authority: str, shard: int, since: int) -> Sequence[Certificate]:
        """Give the revoked and suspended of a shard that end after a moment, by number."""
        ...

    def next_crl_number(self, authority: str, at_least: int) -> int:
        """Give a number that no list of this authority has had: one more than the highest, and no less than ``at_least``."""
        ...


class CertificateSigner(Protocol):
    """Who holds the key of an authority of ours: a file, or a token."""

    def sign(self, authority: Authority, what: Linted) -> x509.Certificate:
        """Sign what has passed the lint.

        Raises:
            UnavailableError: the key is out of reach.
            ConfigurationError: there is no such key, or it is another one than the authority's.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A certificate that the desk asks an issuer for.

    Attributes:
        number: Of the request.
        person: An officer's; otherwise an agency's, a device's or a service's.
        profile: What it would be among the certificates that are issued here.
        subject: Who it is, from the directory.
        holder: Subject of the officer; of others, of who keeps it.
        unit_code: Code of the agency.
        request: PKCS #10 in DER, where the key is known already; empty where the issuer makes it in the device.
        facts: Values of the columns of the list for the issuer, with what is personal.
    """

    number: str
    person: bool = True
    profile: str
    subject: Subject
    holder: str
    unit_code: str
    request: bytes = b""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """With what a list of requests goes out.

    Attributes:
        batch: Number of the list.
        document: Number of the letter.
        by: Subject of who sends it.
        issuer: Name of the authority, where there are several; empty for the one in use.
    """

    batch: str
    document: str
    by: str
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A certificate that an issuer made for a request.

    Attributes:
        der: The certificate.
        issuer: Its issuer (RFC 4514).
        serial: Small hexadecimal digits without leading zeros.
        not_before: Seconds since the epoch, as ``not_after``.
    """

    der: bytes
    issuer: str
    serial: str
    not_before: int
    not_after: int


Told = Callable[[Received], None]
"""Raises RefusedError (422) where a certificate is not what was said of it beside it."""


class CertificateAuthority(Protocol):
    """An issuer as the desk sees it: requests go in, certificates come out, at once or days later."""

    def ready(self) -> None:
        """See that it can be asked. Raises RefusedError 409 ``no_authority``."""
        ...

    def request(self, letter: Letter, wanted: Sequence[Wanted], caller: Caller) -> Mapping[str, Received | RefusedError]:
        """Ask for certificates; each request stands for itself, and asking twice for the same batch is asking once.

        Returns:
            By number of the request, what was issued or refused at once. Nothing is said of a request whose answer comes later.
        """
        ...

    def receive(self, wanted: Wanted, der: bytes, *, dry: bool, told: Told | None = None) -> Received:
        """See that a certificate that came is the issuer's answer to a request, and keep it; with ``dry`` only look.

        Args:
            wanted: The request.
            der: What came.
            dry: Nothing is kept, and no number taken.
            told: Holds the certificate against what came with it, before its number is taken for good.

        Raises:
            RefusedError: 422, with a code that says what does not fit. Such a certificate is kept too.
        """
        ...
