"""A certificate on a token or card, shown to the TLS proxy: the strongest factor, by itself or after a password.

Spec: RFC 5280 §6 by ``pki.path_validation``, RFC 8446 §4.4.2 (the handshake proves that the key is held), RFC 8176 (amr ``sc``).
Security checklist 51, 55: an officer is known by a certificate that was registered (SHA-256 of it, or issuer and serial), never
by a name that stands in one. The authorities are those that the operator named, and they issue on tokens and cards only: that is
what makes ``sc`` and level 3 true.

Certificates are asked for at an address of its own (``certificate_origin``), so that no browser is ever asked for one on the
ordinary pages; cookies do not go there. What was shown there comes back sealed, and counts only in the sign-in or session that it
was shown for: the *ticket* says for which it is, the *proof* adds which certificate it was. The browser brings the proof back to
the page that it belongs to, so that whoever lures somebody else to show a certificate gains nothing: the proof then arrives in a
browser that did not ask. A certificate of which nobody can say that it was not withdrawn is not taken.
"""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..errors import ConfigurationError
from ..jose.keyset import Sealer
from ..notices import Notice, NoticeKind
from ..pki.path_validation import CertificateAuthorities, RevocationLists, standing
from ..pki.shown_certificate import ShownCertificate
from .assurance import CERTIFICATE, SMART_CARD
from .second_factor import Acceptance, Proof, Standing, told

TICKET_SECONDS: Final = 300
"""How long somebody may look for the token and type its PIN."""
PROOF_SECONDS: Final = 120
LONGEST: Final = 4096
"""Of a ticket or proof; two names of 255 letters, each of up to three bytes, fit."""
_TICKET, _PROOF = "certificate-ticket", "certificate-proof"


class Refusal(StrEnum):
    """Why a certificate is not taken."""

    MISSING = "missing"
    UNSOUND = "unsound"
    """No certificate, or one with a weak key."""
    UNTRUSTED = "untrusted"
    """Out of date, of another authority, or for another purpose."""
    REVOKED = "revoked"
    UNKNOWN_STATUS = "unknown_status"
    """No current revocation list of its issuer."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A certificate by which an officer is known.

    Attributes:
        thumbprint: SHA-256 of its DER form, base64url.
        entry_uuid: The officer.
        subject: Its subject, RFC 4514, at most 255 characters; for people to read.
        issuer: Its issuer likewise.
        serial: Hexadecimal.
        not_after: Its end, seconds since the epoch.
        registered_at: Since when it counts.
        last_used_at: When it last opened something.
        last_proof_at: Time of the last proof that was taken, milliseconds since the epoch; it only grows.
    """

    thumbprint: str
    entry_uuid: str
    subject: str
    issuer: str
    serial: str
    not_after: int
    registered_at: int
    last_used_at: int | None = None
    last_proof_at: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof says: a certificate was shown at that time, for that purpose.

    Attributes:
        at_ms: Milliseconds since the epoch.
        certificate: What there is to register; ``entry_uuid`` is empty.
    """

    at_ms: int
    certificate: Registered


class CertificateStore(Protocol):
    """Where registered certificates are kept. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, thumbprint: str) -> Registered | None:
        """Find by thumbprint."""
        ...

    def of(self, entry_uuid: str) -> tuple[Registered, ...]:
        """Give an officer's, oldest first."""
        ...

    def register(self, certificate: Registered, record: AuditRecord, notice: Notice) -> bool:
        """Register with the record and the notice; False, and nothing written, where the certificate is somebody's already."""
        ...

    def use(self, thumbprint: str, entry_uuid: str, at_ms: int, now: int, record: AuditRecord) -> bool:
        """Raise ``last_proof_at`` to ``at_ms`` if it is lower, with the record; of callers with one proof one gets True."""
        ...

    def remove(self, entry_uuid: str, thumbprint: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take an officer's certificate away with record and notice; False if it was not there, or as ``Factor.remove`` says."""
        ...


class ClientCertificates:
    """The factor ``certificate``.

    Args:
        store: Registered certificates.
        authorities: Who issues to officers; none: the factor is not offered.
        lists: What they withdrew.
        sealer: Seals tickets and proofs, so that every node can open them and nobody else can make one.
    """

    name: Final = "certificate"
    level: Final = CERTIFICATE

    def __init__(self, store: CertificateStore, authorities: CertificateAuthorities, lists: RevocationLists, sealer: Sealer,
                 clock: Clock) -> None:
        self._store = store
        self._authorities = authorities
        self._lists = lists
        self._sealer = sealer
        self._clock = clock

    @property
    def offered(self) -> bool:
        """Whether any authority was named."""
        return bool(self._authorities)

    def revocation_lists(self) -> dict[str, int]:
        """Give the state of what the authorities have published, as ``RevocationLists.state``."""
        return self._lists.state(self._clock.moment())

    # At the address where certificates are shown

    def ticket(self, purpose: str) -> str:
        """Make the ticket that a browser takes along. ``purpose`` names one sign-in, or one session, of one browser."""
        return self._sealed({"for": purpose, "until": self._clock.now() + TICKET_SECONDS}, _TICKET)

    def purpose_of(self, ticket: str) -> str:
        """Give the purpose that a ticket was made for; "" when it is none of ours, or too old."""
        return str(self._opened(ticket, _TICKET).get("for", ""))

    def examine(self, shown: ShownCertificate | None, *, present: bool) -> Refusal | None:
        """Say why a certificate is not taken; None when it is.

        Args:
            shown: As read.
            present: The browser showed something.
        """
        if shown is None:
            return Refusal.UNSOUND if present else Refusal.MISSING
        moment = self._clock.moment()
        path = self._authorities.path(shown, moment)
        if not path:
            return Refusal.UNTRUSTED
        status = standing(path, self._lists, moment)
        return None if status == "good" else Refusal.REVOKED if status == "revoked" else Refusal.UNKNOWN_STATUS

    def proof(self, ticket: str, shown: ShownCertificate) -> str:
        """Make the proof that a certificate, which was examined, was shown for the purpose of a ticket. "" for a bad ticket."""
        purpose = self.purpose_of(ticket)
        if not purpose:
            return ""
        certificate = shown.certificate
        return self._sealed({
            "for": purpose, "until": self._clock.now() + PROOF_SECONDS, "at": int(self._clock.moment().timestamp() * 1000),
            "thumbprint": shown.thumbprint, "subject": certificate.subject.rfc4514_string()[:255],
            "issuer": certificate.issuer.rfc4514_string()[:255], "serial": f"{certificate.serial_number:x}",
            "not_after": int(certificate.not_valid_after_utc.timestamp())}, _PROOF)

    # Where it was asked for

    def read(self, proof: str, purpose: str) -> Shown | None:
        """Read what was shown for a purpose; None when the proof is none of ours, too old, or for another purpose."""
        found = self._opened(proof, _PROOF)
        if not purpose or found.get("for") != purpose:
            return None
        return Shown(found["at"], Registered(
            thumbprint=found["thumbprint"], entry_uuid="", subject=found["subject"], issuer=found["issuer"],
            serial=found["serial"], not_after=found["not_after"], registered_at=self._clock.now()))

    def find(self, thumbprint: str) -> Registered | None:
        """Find the officer's certificate that was shown."""
        return self._store.find(thumbprint)

    def register(self, shown: Shown, officer: MirroredOfficer, caller: Caller) -> bool:
        """Let an officer be known by a certificate, and tell them; False when it is somebody's already."""
        now = self._clock.now()
        detail: dict[str, str | int | bool] = {"factor": self.name, "serial": shown.certificate.serial,
                                               "thumbprint": shown.certificate.thumbprint}
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, now, sub=officer.sub, source=caller.source, request_id=caller.request_id,
                             detail={**detail, **caller.by})
        mine = replace(shown.certificate, entry_uuid=officer.officer.entry_uuid, registered_at=now)
        return self._store.register(mine, record, told(NoticeKind.FACTOR_ADDED, record, name=mine.subject))

    # The factor

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give the certificates that have not ended."""
        now = self._clock.now()
        return tuple(Standing(self.name, found.registered_at, found.last_used_at, found.thumbprint, found.subject)
                     for found in self._store.of(entry_uuid) if found.not_after > now)

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Take the proof in ``certificate`` that was made for ``purpose``, once."""
        shown = self.read(answer.get("certificate", ""), answer.get("purpose", ""))
        if shown is None:
            return Proof(Acceptance.REFUSED)
        known = self._store.find(shown.certificate.thumbprint)
        if known is None or known.entry_uuid != entry_uuid or known.not_after <= self._clock.now():
            return Proof(Acceptance.REFUSED)
        if not self._store.use(known.thumbprint, entry_uuid, shown.at_ms, self._clock.now(), record):
            return Proof(Acceptance.REUSED)
        return Proof(Acceptance.ACCEPTED, (SMART_CARD,))

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take a certificate away."""
        return self._store.remove(entry_uuid, id, record, told(NoticeKind.FACTOR_REMOVED, record), keep_one=keep_one)

    def _sealed(self, members: dict[str, str | int], context: str) -> str:
        filled = json.dumps({**members, "salt": secrets.token_urlsafe(9)}, ensure_ascii=False).encode()
        return urlsafe_b64encode(self._sealer.seal(filled, context=context)).rstrip(b"=").decode("ascii")

    def _opened(self, text: str, context: str) -> dict[str, Any]:
        if not 0 < len(text) <= LONGEST or not text.isascii():
            return {}
        try:
            members = json.loads(self._sealer.open(urlsafe_b64decode(text + "=" * (-len(text) % 4)), context=context))
        except (ValueError, binascii.Error, ConfigurationError):
            return {}
        return dict(members) if members["until"] > self._clock.now() else {}
