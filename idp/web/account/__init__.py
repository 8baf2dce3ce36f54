"""Self-service: what an officer may see and change of the own account, and of no other (security checklist 39).

The officer is that of the session; no address and no form names one.
"""

from __future__ import annotations

from flask import Blueprint

from ...services import Services
from ..onward import Onward
from . import notices

PARTS = (notices,)
"""Each adds its pages under ``/account``."""


def blueprint(services: Services) -> Blueprint:
    """Make ``/account``."""
    views = Blueprint("account", __name__, url_prefix="/account")
    onward = Onward(services)
    for part in PARTS:
        part.add(views, services, onward)
    return views
