"""Help: three guides to read and print, and the words at the foot of each page (``pages``).

The guides are open to everybody: who cannot sign in needs them most. Nothing in them is anybody's data.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from ...services import Services

_EXAMPLE = """oauth.register("sso", client_id=CLIENT_ID, client_secret=CLIENT_SECRET,
    server_metadata_url="{discovery}",
    client_kwargs={{"scope": "openid profile email unit",
                   "code_challenge_method": "S256"}})"""


def blueprint(services: Services) -> Blueprint:
    """Make ``/help/`` and a page for each of officers, agency administrators and vendors."""
    views = Blueprint("help", __name__)
    discovery = f"{services.settings.issuer}/.well-known/openid-configuration"

    @views.get("/help/")
    def index() -> Response:
        return make_response(render_template("help/index.html"))

    @views.get("/help/officials")
    def officials() -> Response:
        return make_response(render_template("help/officials.html"))

    @views.get("/help/administrators")
    def administrators() -> Response:
        return make_response(render_template("help/administrators.html"))

    @views.get("/help/vendors")
    def vendors() -> Response:
        return make_response(render_template("help/vendors.html", **for_vendors(discovery)))

    return views


def for_vendors(discovery: str) -> dict[str, str]:
    """Give what a vendor copies: the address of the discovery page, and a registration with a library."""
    return {"discovery": discovery, "example": _EXAMPLE.format(discovery=discovery)}
