"""Signing in with a certificate alone: no name is typed, and it obeys every rule that a password sign-in obeys.

Sources: OWASP ASVS 5.0 6.3.4 (all pathways equal), 6.3.8; security checklist 18, 23, 55. A proof is sealed by ourselves, so there
is nothing to guess and nothing to count; each is taken once. Certificates that nobody registered and officers who may not sign in
(``without_password``) get one answer; what it was stands in the audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import Directory
from ..client_certificate import ClientCertificates
from ..second_factor import Acceptance, SecondFactors
from .without_password import look


@dataclass(frozen=True, slots=True)
class CertificateStep:
    """What became of a certificate.

    Attributes:
        outcome: ``expired`` when the proof is too old, was used, or belongs to another sign-in.
        officer: Who it is, now in the mirror; None unless accepted.
        amr: RFC 8176 values that were proven; empty unless accepted.
    """

    outcome: Literal["accepted", "refused", "expired"]
    officer: MirroredOfficer | None = None
    amr: tuple[str, ...] = ()


class CertificateSignIn:
    """The first step of a sign-in, by certificate."""

    def __init__(self, certificates: ClientCertificates, factors: SecondFactors, directory: Directory, mirror: OfficerMirror,
                 audit: AuditTrail, clock: Clock) -> None:
        self._certificates = certificates
        self._factors = factors
        self._directory = directory
        self._mirror = mirror
        self._audit = audit
        self._clock = clock

    def attempt(self, proof: str, purpose: str, caller: Caller, *, client_id: str = "") -> CertificateStep:
        """Try a proof. SIGN_IN itself is recorded with the session, not here.

        Args:
            proof: As it came back from where certificates are shown.
            purpose: Names this sign-in.
            caller: Who asks.
            client_id: The application that the officer is on the way to.

        Raises:
            UnavailableError: the database does not answer.
        """
        shown = self._certificates.read(proof, purpose)
        if shown is None:
            return CertificateStep("expired")
        detail: dict[str, str | int | bool] = {"factor": self._certificates.name, "thumbprint": shown.certificate.thumbprint}
        known = self._certificates.find(shown.certificate.thumbprint)
        if known is None:
            return self._refused("unknown", None, detail, caller, client_id)
        found = look(known.entry_uuid, caller, directory=self._directory, mirror=self._mirror, clock=self._clock,
                     frozen=self._factors.frozen)
        if found.by_mirror:
            detail["directory"] = "unavailable"
        officer = found.officer
        if found.refused or officer is None:
            return self._refused(found.refused, officer, detail, caller, client_id)
        taken = self._certificates.verify(known.entry_uuid, {"certificate": proof, "purpose": purpose}, self._record(
            AuditEvent.FACTOR_ACCEPTED, officer, detail, caller, client_id))
        if taken.acceptance is Acceptance.REUSED:
            return CertificateStep("expired")
        if taken.acceptance is not Acceptance.ACCEPTED:
            return self._refused("ended", officer, detail, caller, client_id)
        return CertificateStep("accepted", officer, taken.amr)

    def _refused(self, reason: str, officer: MirroredOfficer | None, detail: dict[str, str | int | bool], caller: Caller,
                 client_id: str) -> CertificateStep:
        self._audit.record(self._record(AuditEvent.FACTOR_REFUSED, officer, {**detail, "reason": reason}, caller, client_id))
        return CertificateStep("refused")

    def _record(self, event: AuditEvent, officer: MirroredOfficer | None, detail: dict[str, str | int | bool], caller: Caller,
                client_id: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=officer.sub if officer else "", client_id=client_id,
                           source=caller.source, request_id=caller.request_id, detail=detail)
