"""``/api/v1/break-glass``: view over ``authn.break_glass``; the one view that lets somebody in who shows no token."""

from __future__ import annotations

from flask import Blueprint, Response

from ....authn.break_glass import SESSION_SECONDS
from ....errors import RefusedError
from ...security import caller
from ..door import Door

_MEMBERS = {"name", "password", "code"}


def blueprint(door: Door) -> Blueprint:
    """Make the view."""
    views = Blueprint("break_glass", __name__)

    @views.post("/break-glass")
    def sign_in() -> Response:
        door.query()
        body = door.body()
        if body.keys() != _MEMBERS or not all(isinstance(value, str) and len(value) <= 1024 for value in body.values()):
            raise RefusedError("The body holds name, password and code, each a text.", code="invalid_body", status=422)
        token = door.services.break_glass.sign_in(body["name"], body["password"], body["code"], caller())
        return door.json({"access_token": token, "token_type": "Bearer", "expires_in": SESSION_SECONDS})

    return views
