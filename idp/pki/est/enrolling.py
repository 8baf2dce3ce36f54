"""Who gets which certificate over EST: by a one-time password, by an officer's access token, by the certificate before.

Spec: RFC 7030 §3.3.2, §4.1, §4.2.1, §4.2.2 (the same subject and names, or no renewal). Subject and names come from the
directory and from what an administrator wrote down, never from the request; whoever renews is known by the record of the
certificate and not by a name in one (security checklist 48, 51). What was revoked renews nothing, and an officer who may not act
gets nothing (18).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ...audit import Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError, UnavailableError
from ..authority import csr
from ..authority.csr import CsrError
from ..authority.issuance import Issuance, Issued, Order
from ..authority.ports import Certificate, CertificateStore, Status
from ..authority.profile import PROFILES as KINDS
from ..authority.subject import Subject
from ..shown_certificate import UNREADABLE
from . import passwords
from .passwords import EnrollmentPasswords, Leave

OFFICERS: Final = "officer_authentication"


class Est:
    """The enrolment service.

    Args:
        issuance: Issues.
        store: What was issued.
        passwords: One-time passwords.
        mirror: Officers.
        organization: The province.
        switched_on: ``IDP_EST``.
    """

    def __init__(self, issuance: Issuance, store: CertificateStore, passwords: EnrollmentPasswords, mirror: OfficerMirror,
                 clock: Clock, *, organization: str, switched_on: bool) -> None:
        self._issuance, self._store, self._mirror, self._clock = issuance, store, mirror, clock
        self._organization, self.switched_on = organization, switched_on
        self.passwords = passwords

    def offered(self) -> bool:
        """Tell whether there is somebody who issues, and EST is on."""
        return self.switched_on and any(one.kind == "issuing" and one.retired_at is None for one in self._store.authorities())

    def authorities(self) -> Sequence[x509.Certificate]:
        """Give the certificates to trust: of the authority in use and those above it (RFC 7030 §4.1.3)."""
        return self._issuance.chain(self._issuance.authority())

    def by_password(self, leave: Leave, content: bytes, caller: Caller) -> Issued:
        """Issue what a one-time password is for, once.

        The password is given back where nothing can have been given away: up to and with the signature, and where the record
        was refused. It stays used where nobody knows whether the certificate was recorded.

        Raises:
            RefusedError: 403 ``used`` or ``officer``; CsrError; as ``Issuance.issue``.
        """
        request = csr.read(content, listed=self._issuance.listed)
        if leave.profile == OFFICERS:
            order = self._officers(self._active(leave.holder), request.public_key)
        else:
            unit = self._active(leave.holder).officer.main_post.unit_code if leave.holder else ""
            order = Order(profile=leave.profile, public_key=request.public_key, holder=leave.holder, unit_code=unit,
                          one_subject=True,
                          subject=Subject(name=leave.subject_name, organization=self._organization,
                                          hosts=tuple(leave.hosts.split())))
        at = self.passwords.use(leave, caller)
        try:
            signed = self._issuance.sign(order)
        except BaseException:  # whatever it was, nothing was given away
            self._give_back(leave, at)
            raise
        try:
            return self._issuance.record(signed, caller)
        except RefusedError:
            self._give_back(leave, at)
            raise

    def password(self, *, profile: str, subject_name: str = "", hosts: tuple[str, ...] = (), holder: str = "", seconds: int,
                 caller: Caller) -> tuple[Leave, str]:
        """Make a one-time password, for a certificate that can be issued as things are.

        Raises:
            RefusedError: 422 ``bad_subject`` or ``incomplete``; 403 ``officer``; as ``EnrollmentPasswords.create``.
        """
        officer = self._active(holder).officer if holder else None
        if profile == OFFICERS and officer is not None:
            Subject.of_officer(officer, self._organization).issuable(KINDS[profile].names)
        return self.passwords.create(profile=profile, subject_name=subject_name, hosts=hosts, holder=holder, seconds=seconds,
                                     caller=caller)

    def for_officer(self, officer: MirroredOfficer, content: bytes, caller: Caller) -> Issued:
        """Issue an officer's own certificate for signing in (pilot), asked with an access token."""
        request = csr.read(content, listed=self._issuance.listed)
        order = self._officers(self._active(officer.sub), request.public_key)
        return self._issuance.issue(order, caller._replace(officer=officer.sub))

    def holder_of(self, shown: x509.Certificate) -> Certificate | None:
        """Find the record of a certificate that was shown in the handshake, if it renews: ours, not revoked, not over."""
        der = shown.public_bytes(Encoding.DER)
        for authority in self._store.authorities():
            found = self._store.find(authority.name, f"{shown.serial_number:x}") if authority.kind == "issuing" else None
            if found is not None and found.state == "issued" and found.der == der:
                good = found.status is Status.GOOD and found.not_before <= self._clock.now() < found.not_after
                return found if good and found.profile in passwords.PROFILES else None
        return None

    def renew(self, held: Certificate, content: bytes, caller: Caller) -> Issued:
        """Issue the next certificate of a holder: the same subject and names, the same key or a new one.

        Raises:
            CsrError: 422 ``other_subject``, and as ``csr.read``.
            RefusedError: 403 ``officer``; 422 ``facts_changed``; as ``Issuance.issue``.
        """
        request = csr.read(content, listed=self._issuance.listed)
        before = x509.load_der_x509_certificate(held.der)
        if _said(x509.load_der_x509_csr(request.der)) != _said(before):
            raise CsrError("A renewal asks for the subject and the names of the certificate before, exactly.",
                           code="other_subject")
        if held.profile == OFFICERS:
            order = self._officers(self._active(held.holder), request.public_key)
        else:
            if held.holder:
                self._active(held.holder)
            order = Order(profile=held.profile, public_key=request.public_key, holder=held.holder, unit_code=held.unit_code,
                          one_subject=True,
                          subject=_service(before))
        if _would_say(order) != _said(before):
            raise RefusedError("What the directory says of the holder has changed since; enrol anew.", code="facts_changed",
                               status=422)
        return self._issuance.issue(replace(order, renews=held.serial), caller)

    def _give_back(self, leave: Leave, at: int) -> None:
        with suppress(UnavailableError):  # the cause is told, and not that the database is away now
            self.passwords.give_back(leave, at)

    def _officers(self, officer: MirroredOfficer, public_key: Any) -> Order:
        subject = Subject.of_officer(officer.officer, self._organization)
        return Order(profile=OFFICERS, public_key=public_key, subject=subject, holder=officer.sub, one_subject=True,
                     unit_code=officer.officer.main_post.unit_code)

    def _active(self, sub: str) -> MirroredOfficer:
        found = self._mirror.by_sub(sub)
        if found is None or found.status != "active":
            raise RefusedError("The officer may not act now.", code="officer", status=403)
        return found


def renewed_by(held: Certificate) -> str:
    """Give what stays the same from renewal to renewal, by which they are counted: the officer, or subject and profile."""
    if held.profile == OFFICERS:
        return held.holder
    return hashlib.sha256(f"{held.profile}\n{held.holder}\n{held.subject}".encode()).hexdigest()


def _service(of: x509.Certificate) -> Subject:
    """Give the subject of a service or device as its certificate has it."""
    said = {oid: [str(one.value) for one in of.subject.get_attributes_for_oid(oid)] for oid in (
        NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)}
    names = of.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return Subject(name=said[NameOID.COMMON_NAME][0], organization=said[NameOID.ORGANIZATION_NAME][0],
                   units=tuple(said[NameOID.ORGANIZATIONAL_UNIT_NAME]), hosts=tuple(names.get_values_for_type(x509.DNSName)))


def _would_say(order: Order) -> tuple[x509.Name, x509.SubjectAlternativeName | None] | None:
    """Give the subject and names that an order leads to; None where no certificate can say them."""
    try:
        return order.subject.issuable(KINDS[order.profile].names)
    except RefusedError:
        return None


def _said(of: x509.Certificate | x509.CertificateSigningRequest) -> tuple[x509.Name, x509.SubjectAlternativeName | None] | None:
    """Give the subject and names of a request or certificate; None where they cannot be read."""
    try:
        subject = of.subject
        return subject, of.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return subject, None
    except UNREADABLE:
        return None
