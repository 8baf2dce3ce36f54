"""Certificates for keys that were made in SIM cards (port ``signing.sims.ports.Certifier``).

The carrier's service says which key a card has (ETSI TS 102 204 §6, registration), and the first signature of the card shows that
it has it before anybody can sign with it. Everything else is as for every other certificate: one place issues (``issuance``). A
certificate stands when it is recorded there, and that is after its number was kept by the SIM: wherever a process dies, and
whatever ends the SIM before another goes on, there is none that nobody knows of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ..shown_certificate import UNREADABLE
from . import csr
from .issuance import Issuance, Order
from .ports import Reason, Status
from .subject import Subject

_SIGNING: Final = {False: "officer_signing", True: "agency_seal"}
_LOGIN: Final = "officer_authentication"
_REASONS: Final = {"lost": Reason.KEY_COMPROMISE, "swapped": Reason.SUPERSEDED, "ended": Reason.CESSATION_OF_OPERATION}


class Holding(Protocol):
    """What is needed to know of a SIM."""

    @property
    def sub(self) -> str:
        """Give the holder."""
        ...

    @property
    def unit_code(self) -> str:
        """Give the agency."""
        ...

    @property
    def unit_name(self) -> str:
        """Give what it is called."""
        ...

    @property
    def seal(self) -> bool:
        """Tell whether it signs as the agency."""
        ...


class CardCertificates:
    """Certifies and revokes.

    Args:
        issuance: The authority at work.
        mirror: Who holders are.
        organization: The province's name.
        mail: Gives an agency's official mailbox by its code; empty for none.
    """

    def __init__(self, issuance: Issuance, mirror: OfficerMirror, *, organization: str) -> None:
        self._issuance, self._mirror, self._organization = issuance, mirror, organization

    def prepared(self, sim: Holding, public_key: bytes, held: tuple[str, str], *,
                 login: bool = False) -> tuple[bytes, str, str, Callable[[Caller], None]]:
        """Give certificate (DER), serial and authority of a key, and what lets it stand; those that there are when asked again.

        Args:
            sim: Whose card it is.
            public_key: DER ``SubjectPublicKeyInfo``.
            held: Serial and authority of the one that the SIM keeps; it is given up, unless it stands.
            login: The key is for signing in and signs no documents.

        Raises:
            RefusedError: 409 ``seal``: nobody signs in as an agency;
                422 ``bad_key``, ``weak_key``, ``key_kind``; 404 ``no_officer``; ``no_authority``; the profile's
                refusals.
        """
        if login and sim.seal:
            raise RefusedError("Nobody signs in as an agency.", code="seal", status=409)
        try:
            key = load_der_public_key(public_key)
        except UNREADABLE as err:
            raise RefusedError("This is no public key.", code="bad_key", status=422) from err
        csr.check_key(key, listed=self._issuance.listed)
        officer = self._mirror.by_sub(sim.sub)
        if officer is None or officer.status != "active":
            raise RefusedError("There is no such officer at work.", code="no_officer", status=404)
        profile = _LOGIN if login else _SIGNING[sim.seal]
        if held[0]:
            self._issuance.give_up(*held)
        found = self._issuance.of_key(csr.fingerprint(key), sim.sub, profile)
        if found is not None:
            return found.der, found.serial, found.authority, lambda _caller: None
        person = officer.officer
        subject = (Subject(name=sim.unit_name, organization=self._organization, units=(sim.unit_name,), mail=person.mail)
                   if sim.seal else Subject.of_officer(person, self._organization))
        signed = self._issuance.sign(Order(profile=profile, public_key=key, subject=subject, holder=sim.sub,
                                           unit_code=sim.unit_code, told=False))

        def issue(caller: Caller) -> None:
            self._issuance.record(signed, caller)

        return signed.certificate.public_bytes(Encoding.DER), signed.intent.serial, signed.intent.authority, issue

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller) -> None:
        """Revoke a certificate where it stands, and else give it up: ``lost``, ``swapped`` or ``ended``."""
        if not serial:
            return
        self._issuance.give_up(serial, authority)
        found = self._issuance.find(serial, authority)
        if found is not None and found.status is not Status.REVOKED:  # also one that is only suspended: that can be lifted
            self._issuance.revoke(serial, _REASONS[reason], caller, authority=authority)
