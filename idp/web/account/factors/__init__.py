"""What each factor puts on the security page; one module per factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ....authn.second_factor import Standing
from . import certificate, otp, passkey, recovery, sim


class FactorPart(Protocol):
    """The part of one factor."""

    @property
    def factor(self) -> str:
        """Name of the factor, as ``authn.second_factor`` knows it."""
        ...

    def words(self, standing: Standing) -> dict[str, str]:
        """Tell ``name`` and ``icon`` of one thing of this kind, what is lost with it (``loss``), and perhaps ``rename_url``.

        ``more`` and ``more_url``: what else can be chosen of it, and where.
        """
        ...

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Tell ``label`` and ``url`` of the page that adds one, if there is; ``standings`` are all that the officer has."""
        ...


PARTS: tuple[FactorPart, ...] = (passkey.PasskeyPart(), otp.OtpPart(), certificate.CertificatePart(), sim.SimPart(),
                                recovery.RecoveryPart())
