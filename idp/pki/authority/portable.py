"""A key with its certificate in one file (PKCS #12), for pilots that have neither token nor card; made once and forgotten.

Sources: RFC 7292, RFC 8018 (PBES2: AES-256, PBKDF2 with HMAC-SHA-256), RFC 9579 is not used, because readers of today do not know
it; security checklist 54. The key is made and forgotten within the call: neither it nor the file nor the password is kept or
logged anywhere, and whoever loses them asks for another certificate. Only an officer's pilot profiles are given so: a key that
was anywhere else than in its holder's hands is none for services, authorities or seals.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...directory.officer import Officer
from ...errors import RefusedError
from .issuance import Issuance, Issued, Order
from .ports import Wanted
from .subject import Subject

PROFILES: Final = ("officer_authentication", "officer_signing")
ROUNDS: Final = 600_000
"""Of the key derivation (OWASP's figure for PBKDF2 with HMAC-SHA-256)."""
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, repr=False)
class Portable:
    """A file, and what opens it. Neither is kept.

    Attributes:
        content: PKCS #12: the key, its certificate, and those of its issuers.
        password: Five groups of five letters, 123 random bits; shown apart from the file, once.
    """

    issued: Issued
    content: bytes
    password: str


class PortableCertificates:
    """Makes such files."""

    def __init__(self, issuance: Issuance, mirror: OfficerMirror, audit: AuditTrail, clock: Clock, *, organization: str) -> None:
        self._issuance, self._mirror, self._audit, self._clock = issuance, mirror, audit, clock
        self._organization = organization

    def make(self, sub: str, profile: str, caller: Caller) -> Portable:
        """Make a key, have it certified, and give both in a file.

        Args:
            sub: Subject of the officer whose it is.
            profile: One of ``PROFILES``.
            caller: Who asks, for the records.

        Raises:
            RefusedError: 422 ``unknown_profile``; 403 ``officer``; as ``Issuance.issue``.
        """
        if profile not in PROFILES:
            raise RefusedError("Only an officer's pilot certificates come with a key.", code="unknown_profile", status=422)
        person = self._active(sub)
        return self._made(sub, profile, Subject.of_officer(person, self._organization), person.main_post.unit_code, caller)

    def of_request(self, wanted: Wanted, caller: Caller) -> Portable:
        """Make what the certificate desk has approved; the desk tells its holder. Raises as ``make``."""
        if wanted.profile not in PROFILES or wanted.request:
            raise RefusedError("Only an officer's pilot certificates come with a key.", code="unknown_profile", status=422)
        self._active(wanted.holder)
        return self._made(wanted.holder, wanted.profile, wanted.subject, wanted.unit_code, caller, told=False)

    def _active(self, sub: str) -> Officer:
        found = self._mirror.by_sub(sub)
        if found is None or found.status != "active":
            raise RefusedError("The officer may not act now.", code="officer", status=403)
        return found.officer

    def _made(self, sub: str, profile: str, subject: Subject, unit_code: str, caller: Caller, *, told: bool = True) -> Portable:
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._issuance.issue(Order(profile=profile, public_key=key.public_key(), subject=subject, holder=sub,
                                            unit_code=unit_code, told=told), caller)
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(5))
        sealed = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(ROUNDS).key_cert_algorithm(
            PBES.PBESv2SHA256AndAES256CBC).hmac_hash(SHA256()).build(password.encode())
        named = self._active(sub).uid.encode()
        content = serialize_key_and_certificates(named, key, issued.certificate, list(issued.chain), sealed)
        self._audit.record(AuditRecord(
            AuditEvent.KEY_FILE_MADE, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
            detail={"serial": issued.record.serial, "profile": profile, **caller.by}))
        return Portable(issued, content, password)
