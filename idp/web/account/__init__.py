"""Self-service: what an officer may see and change of the own account, and of no other (security checklist 39).

The officer is that of the session; no address and no form names one. Whatever changes a factor stands behind a fresh
authentication (``Onward.enter(fresh=True)``), on the page that asks as well as on the form that acts.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ...services import Services
from ..onward import Onward, see_other
from . import (
    access,
    app,
    certificate,
    certificates,
    notices,
    own_data,
    passkeys,
    password,
    readings,
    recovery_codes,
    security,
    sessions,
    signing,
    sim_login,
)

PARTS = (security, passkeys, password, app, certificate, recovery_codes, sessions, notices, certificates, access, readings,
         own_data, signing, sim_login)
"""Each adds its pages under ``/account``."""


def blueprint(services: Services) -> Blueprint:
    """Make ``/account``."""
    views = Blueprint("account", __name__, url_prefix="/account")
    onward = Onward(services)

    @views.get("/")
    def begin() -> Response:
        return see_other("/account/security")

    for part in PARTS:
        part.add(views, services, onward)
    return views
