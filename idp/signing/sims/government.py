"""Cards whose certificate the Government's authority makes: it comes in a list, and our own authority certifies what is left.

Source: trust-services C, E.2, E.3; Decree 68/2024; decision 0011. Which certificate belongs to a card is decided when its list is
taken (``administration.signing.results``); that it is for the key of the card is shown by the service, where it names the key,
and by the first signature in every case. What is revoked there is revoked when its list says so, however long that takes; the
SIM is blocked here before. A card's other key, for signing in, is certified by our own authority, where there is one: without a
second key, or without an authority of our own, such a SIM signs documents and signs nobody in.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ...audit import Caller
from ...clock import Clock
from ...errors import ConfigurationError, RefusedError
from ...pki.government.chain import PublishedChain
from ...pki.shown_certificate import UNREADABLE
from ..mobile_signature import KeyUse
from .ports import Certified, Certifier, Prepared
from .sim import ANOTHER_KEY, AWAITED, GOVERNMENT, Sim


class CardAuthorities:
    """Certifies keys of cards by whoever does so here (port ``Certifier``).

    Args:
        own: The province's own authority.
        chain: The Government's.
        clock: Source of the time.
        by_list: New cards are certified by the Government's authority.
    """

    def __init__(self, own: Certifier, chain: PublishedChain, clock: Clock, *, by_list: bool) -> None:
        self._own, self._chain, self._clock, self._by_list = own, chain, clock, by_list

    def awaited(self, sim: Sim) -> bool:
        """Tell whether the list with the certificate of a card has not come; one that was revoked since is none."""
        return self._listed(sim) and (sim.authority != GOVERNMENT or not sim.certificate or self._over(sim.certificate))

    def prepare(self, sim: Sim, public_key: bytes, *, use: KeyUse = "signing") -> Prepared:
        """Make the certificate of a key; see the port. 409 ``certificate_another_key``: the one that came is for another."""
        if use == "signing" and self._listed(sim):
            if self.awaited(sim):
                raise RefusedError("The Government's authority has to make this certificate.", code=AWAITED, status=409)
            if not _is_for(sim.certificate, public_key):
                raise RefusedError("The certificate is for another key than the card's.", code=ANOTHER_KEY, status=409)
            return Prepared(Certified(sim.certificate, sim.serial, GOVERNMENT), lambda _caller: None)
        try:
            return self._own.prepare(sim, public_key, use=use)
        except ConfigurationError as err:  # there is no authority of our own
            raise RefusedError(err.message, code="no_authority", status=409) from err

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller, *, certificate: bytes = b"") -> None:
        """Revoke a certificate, or see that the Government's authority has; see the port."""
        if authority != GOVERNMENT:
            self._own.revoke(serial, authority, reason, caller)
        elif certificate and not self._over(certificate):
            raise RefusedError("The Government's authority has to revoke this certificate.", code="waits_for_revocation",
                               status=409)

    def _listed(self, sim: Sim) -> bool:
        return self._by_list or sim.authority == GOVERNMENT

    def _over(self, der: bytes) -> bool:
        """Tell whether a certificate has ended or was revoked, as far as can be known here."""
        now = self._clock.moment()
        certificate = x509.load_der_x509_certificate(der)
        if certificate.not_valid_after_utc <= now:
            return True
        return self._chain.standing(self._chain.path(certificate, max(now, certificate.not_valid_before_utc)), now) == "revoked"


def _is_for(certificate: bytes, public_key: bytes) -> bool:
    try:
        return x509.load_der_x509_certificate(certificate).public_key() == load_der_public_key(public_key)
    except UNREADABLE:
        return False
