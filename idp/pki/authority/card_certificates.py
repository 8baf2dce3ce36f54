"""Certificates for keys that were made in SIM cards (port ``signing.sims.ports.Certifier``).

The carrier's service says which key a card has (ETSI TS 102 204 §6, registration), and the first signature of the card shows that
it has it before anybody can sign with it. Everything else is as for every other certificate: one place issues (``issuance``).
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.hazmat.primitives.serialization import load_der_public_key

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ..shown_certificate import UNREADABLE
from . import csr
from .issuance import Issuance, Order
from .ports import Reason, Status
from .subject import Subject

_PROFILES: Final = {False: "officer_signing", True: "agency_seal"}
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

    @property
    def serial(self) -> str:
        """Give the certificate's serial number; empty for none."""
        ...

    @property
    def authority(self) -> str:
        """Give who has issued it."""
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

    def issue(self, sim: Holding, public_key: bytes, caller: Caller) -> tuple[bytes, str, str]:
        """Give certificate (DER), serial and authority of a key; those that there are when asked again.

        Raises:
            RefusedError: 422 ``bad_key``, ``weak_key``, ``key_kind``; 404 ``no_officer``; ``no_authority``; the profile's
                refusals.
        """
        try:
            key = load_der_public_key(public_key)
        except UNREADABLE as err:
            raise RefusedError("This is no public key.", code="bad_key", status=422) from err
        csr.check_key(key, listed=self._issuance.listed)
        officer = self._mirror.by_sub(sim.sub)
        if officer is None or officer.status != "active":
            raise RefusedError("There is no such officer at work.", code="no_officer", status=404)
        profile = _PROFILES[sim.seal]
        found = self._issuance.of_key(csr.fingerprint(key), sim.sub, profile)
        if found is None:
            person = officer.officer
            subject = (Subject(name=sim.unit_name, organization=self._organization, units=(sim.unit_name,), mail=person.mail)
                       if sim.seal else Subject.of_officer(person, self._organization))
            found = self._issuance.issue(Order(profile=profile, public_key=key, subject=subject, holder=sim.sub,
                                               unit_code=sim.unit_code, told=False), caller).record
        return found.der, found.serial, found.authority

    def revoke(self, sim: Holding, reason: str, caller: Caller) -> None:
        """Revoke a SIM's certificate where it stands: ``lost``, ``swapped`` or ``ended``."""
        found = self._issuance.find(sim.serial, sim.authority) if sim.serial else None
        if found is not None and found.status is Status.GOOD:
            self._issuance.revoke(sim.serial, _REASONS[reason], caller, authority=sim.authority)
