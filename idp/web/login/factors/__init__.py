"""What each factor puts on the sign-in page; one module per factor, and a template of the same name under ``login/factors/``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ....authn.second_factor import Standing
from ....directory.mirror import MirroredOfficer
from ....services import Services
from ....sessions.interaction import Interaction
from . import certificate, otp, passkey, recovery, sim


class FactorForm(Protocol):
    """The part of one factor."""

    @property
    def factor(self) -> str:
        """Name of the factor, as ``authn.second_factor`` knows it."""
        ...

    @property
    def field(self) -> str:
        """The form field by whose presence a form that was sent is known to be this factor's; no other factor has it."""
        ...

    @property
    def template(self) -> str:
        """Extends ``login/second_factor.html``."""
        ...

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Give what the template needs besides; may keep what the answer will be checked against."""
        ...

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Pick what the factor verifies from a form."""
        ...

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Tell ``name``, ``note`` and ``icon`` for the list of other ways; ``standings`` are all that the officer has."""
        ...


def forms(services: Services) -> tuple[FactorForm, ...]:
    """Make the parts of all factors."""
    return (passkey.PasskeyForm(), otp.OtpForm(), certificate.CertificateForm(services), sim.SimForm(services),
            recovery.RecoveryForm())
