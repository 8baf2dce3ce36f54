"""The administration API: a Flask application of its own beside the pages, so that no cookie of theirs means anything here.

Spec: fixed interface §2 (``/api/v1``), RFC 9457 (errors), RFC 9110 (conditional requests), security checklist 38, 43-46. It
has no session, no form token and no CORS; what an administrator may do is decided in ``idp.administration``. The document
that describes it is ``openapi.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from ...services import Services
from ..security import MAX_BODY_BYTES, PageRequest, check_limits
from . import announcements, audit, campaigns, deliveries, jobs, problems
from .applications import clients, initial_access, keys
from .desk import devices, enrollments, signatures, sims
from .door import Door
from .openapi import PREFIX
from .people import break_glass, grants, officers, passes, tasks

Wsgi = Callable[[Any, Any], Iterable[bytes]]


def before(pages: Wsgi, services: Services) -> Wsgi:
    """Put the API before the pages: it answers everything below its address, and nothing else."""
    api = create(services)

    def dispatch(environ: Any, start_response: Any) -> Iterable[bytes]:
        mine = environ.get("PATH_INFO", "").startswith(f"{PREFIX}/")
        return api(environ, start_response) if mine else pages(environ, start_response)

    return dispatch


def create(services: Services) -> Flask:
    """Make the API's Flask application."""
    app = Flask("idp.web.api", static_folder=None, template_folder=None)
    app.request_class = PageRequest
    app.url_map.merge_slashes = False
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False,
                      TRUSTED_HOSTS=[urlsplit(services.settings.issuer).hostname or ""])
    app.before_request(check_limits)
    problems.handle(app, secure=services.settings.secure)
    door = Door(services)
    for resource in (announcements, audit, clients, initial_access, grants, keys, officers, passes, tasks, break_glass,
                     enrollments, devices, deliveries, campaigns, sims, signatures, jobs):
        app.register_blueprint(resource.blueprint(door), url_prefix=PREFIX)
    for rule in list(app.url_map.iter_rules()):
        if "POST" in (rule.methods or ()):
            app.view_functions[rule.endpoint] = door.once(app.view_functions[rule.endpoint])
    return app
