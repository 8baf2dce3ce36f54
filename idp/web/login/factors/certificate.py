"""A certificate after the password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request
from flask_babel import gettext

from ....authn.client_certificate import ClientCertificates
from ....authn.second_factor import Standing
from ....directory.mirror import MirroredOfficer
from ....services import Services
from ....sessions.interaction import Interaction


class CertificateForm:
    """The proof that the browser brought back from where certificates are shown."""

    factor: Final = ClientCertificates.name
    field: Final = ClientCertificates.name
    template: Final = "login/factors/certificate.html"

    def __init__(self, services: Services) -> None:
        self._services = services

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Tell what was shown, or where to show it."""
        return asked(self._services, purpose_of(interaction), request.args)

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Pick the proof; which sign-in it has to be for is ours to say, not the form's."""
        return {"certificate": form.get(self.field, ""), "purpose": purpose_of(interaction)}

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Name the way."""
        return {"name": gettext("Chứng thư số"), "note": gettext("USB token hoặc thẻ thông minh của bạn"), "icon": "cert"}


def purpose_of(interaction: Interaction) -> str:
    """Name one sign-in of one browser, for tickets and proofs."""
    return f"sign_in:{interaction.id}"


def asked(services: Services, purpose: str, said: Mapping[str, str]) -> dict[str, Any]:
    """Tell a template which certificate was shown, why none was taken (``error``), and where to show one.

    Args:
        services: Wired rooms.
        purpose: What a proof has to be for.
        said: What the browser brought back: ``proof`` or ``refused``.
    """
    proof, refused = said.get("proof", ""), said.get("refused", "")
    found = services.certificates.read(proof, purpose) if proof else None
    refused = "old" if proof and found is None else refused
    shown = found and {name: getattr(found.certificate, name).replace(",", ", ") for name in ("subject", "issuer", "serial")}
    return {"shown": shown, "proof": proof if found else "",
            "error": {"code": refused} if refused else None,
            "show_url": f"{services.settings.certificate_origin}/certificate/{services.certificates.ticket(purpose)}"}
