"""The door for people: thin Flask blueprints over the rooms, mounted by ``register``."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request
from werkzeug.wrappers import Response

from ..services import Services
from . import (
    account,
    approvals,
    authorize,
    consent,
    console,
    device,
    errors,
    gallery,
    help,
    i18n,
    login,
    logout,
    portal,
    security,
    session_management,
)
from .assets import PREFIX, Assets
from .consent import phone
from .help.pages import page_help
from .login import acting_post, personal_data, recovery
from .login.certificate import showing


def register(app: Flask, services: Services, *, assets: Assets | None = None) -> Assets:
    """Mount every page of ours on a Flask application.

    Args:
        app: Has its ``secret_key`` set (the browser cookie is signed with it), ``template_folder`` pointing at templates/ and
            ``static_folder=None``.
        services: Wired rooms.
        assets: Static files, where the caller serves them before Flask; read here otherwise.

    Returns:
        The static files; ``/static/`` is mounted on the application as well.

    Raises:
        ConfigurationError: the secret key is missing, or a trusted proxy is no address.
    """
    settings = services.settings
    named = {"theme.css": settings.theme_css_file, "logo.svg": settings.logo_file}
    province: dict[str, Path] = {name: path for name, path in named.items() if path is not None}
    files = assets or Assets(province)
    security.protect(app, services)
    i18n.translate(app, services, files.url, frozenset(province))
    app.jinja_env.globals["page_help"] = page_help
    errors.handle(app, services.clock)
    for room in (authorize, login, recovery, consent, phone, acting_post, personal_data, device, approvals, logout,
                 session_management, portal, account, console, i18n, gallery, help):
        app.register_blueprint(room.blueprint(services))
    app.register_blueprint(showing(services))

    @app.route(f"{PREFIX}<path:name>", endpoint="static_files", methods=["GET"])
    def static_files(name: str) -> Response:
        return files.response(request.environ)

    return files
