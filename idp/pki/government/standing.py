"""Whether a certificate still stands when it is activated: within its time, and not on a list of the authority that issued it."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from ...clock import Clock
from ..enrollment.custody import WithinItsTime
from ..enrollment.record import Enrollment
from .chain import PublishedChain


class NotWithdrawn:
    """What the certificate says itself, and what the lists say that were fetched (port ``enrollment.custody.Standing``).

    Args:
        chain: Who issues, and their lists.
        clock: Source of the time.
    """

    def __init__(self, chain: PublishedChain, clock: Clock) -> None:
        self._chain, self._clock, self._own = chain, clock, WithinItsTime(clock)

    def good(self, enrollment: Enrollment) -> bool:
        """Tell whether it is within its time and nobody has revoked it, as far as that can be known here."""
        if not self._own.good(enrollment) or not enrollment.certificate:
            return self._own.good(enrollment)
        try:
            certificate = x509.load_der_x509_certificate(enrollment.certificate)
        except (ValueError, UnsupportedAlgorithm):
            return False
        now = self._clock.moment()
        return self._chain.standing(self._chain.path(certificate, now), now) != "revoked"
