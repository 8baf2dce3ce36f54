"""Certificates: the address where they are shown, and signing in with one instead of a name and a password.

The address stands on a host of its own (``certificate_origin``), where the proxy asks for a certificate in the handshake. No page
is served there and no cookie is read: whatever happens, the browser is sent back to where it came from, with the proof or with
the reason why there is none. The reason is a word of ours that chooses a sentence; that anybody may write it into an address does
no harm.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request

from ...authn.client_certificate import Refusal
from ...pki import shown_certificate
from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of, see_other
from ..presentation import application_words
from ..security import caller
from .course import Course
from .factors.certificate import asked, purpose_of

FIELD = "certificate_sign_in"
_HEADER = "HTTP_X_SSL_CLIENT_CERT"


def showing(services: Services) -> Blueprint:
    """Make ``/certificate/<ticket>``, for the host of ``certificate_origin`` only."""
    views = Blueprint("certificate", __name__)

    @views.get("/certificate/<ticket>")
    def show(ticket: str) -> Response:
        certificates = services.certificates
        if not certificates.offered:
            abort(404)
        purpose = certificates.purpose_of(ticket)
        if not purpose:
            return see_other(services.settings.issuer + "/")
        escaped = request.environ.get(_HEADER, "")
        shown = shown_certificate.read(escaped)
        refusal = certificates.examine(shown, present=bool(escaped))
        if refusal is not None or shown is None:
            return see_other(_back(services.settings.issuer, purpose, refused=(refusal or Refusal.UNSOUND).value))
        return see_other(_back(services.settings.issuer, purpose, proof=certificates.proof(ticket, shown)))

    return views


class CertificatePage:
    """A certificate instead of name and password."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course

    def wanted(self) -> bool:
        """Tell whether the address asks for this way."""
        return self._services.certificates.offered and request.args.get("way") == "certificate"

    def answer(self, interaction: Interaction) -> Response:
        """Try the proof. A certificate that nobody registered and one of a disabled officer get the same answer."""
        step = self._services.certificate_sign_in.attempt(request.form.get(FIELD, ""), purpose_of(interaction), caller(),
                                                          client_id=interaction.client_id)
        if step.officer is None:
            if interaction.entry_uuid:
                self._services.interactions.forget(interaction)
            return self.form(interaction, refused="old" if step.outcome == "expired" else "nobody", status=400)
        if not self._course.missing(interaction, step.officer, step.amr):
            return self._course.complete(interaction, step.officer, step.amr)
        proven = self._services.interactions.prove(interaction, step.officer.officer.entry_uuid, step.amr, must_change=False)
        return see_other(address_of("login.ask", interaction)) if proven else self._course.onward.over(interaction.client_id)

    def form(self, interaction: Interaction, *, refused: str = "", status: int = 200) -> Response:
        """Lead to the address where certificates are shown, or ask whether to go on with the one that was."""
        said = {"refused": refused} if refused else request.args
        return make_response(render_template(
            "login/certificate.html", app=application_words(self._course.client(interaction)),
            action=address_of("login.answer", interaction), field=FIELD,
            sign_in_url=address_of("login.ask", interaction, **{"as": "other"}),
            **asked(self._services, purpose_of(interaction), said)), status)


def _back(issuer: str, purpose: str, **said: str) -> str:
    kind, _, name = purpose.partition(":")
    if kind == "sign_in":
        return f"{issuer}/login/{name}?{urlencode({'way': 'certificate', **said})}"
    return f"{issuer}/account/security/certificate?{urlencode(said)}"
