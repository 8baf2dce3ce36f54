"""``/api/v1/clients``: views over ``administration.clients``."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from ..door import MERGE_PATCH, Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("clients", __name__)
    rooms = door.services

    @views.get("/clients")
    def listed() -> Response:
        who, _ = door.admit()
        asked = door.query("q", "source", "disabled", "owner_unit", "sort", "cursor", "limit")
        asked["state"] = {"true": "disabled", "false": "active"}.get(asked.pop("disabled", ""), "")
        return door.page(rooms.administration.clients.listed(who, **asked))

    @views.post("/clients")
    def create() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        made, etag = rooms.administration.clients.create(who, door.body(), caller)
        answer = door.shown_once if "client_secret" in made else door.json
        return answer(made, status=201, etag=etag, location=f"clients/{made['client_id']}")

    @views.get("/clients/<client_id>")
    def one(client_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        found, etag = rooms.administration.clients.one(who, identifier(client_id))
        return door.json(found, etag=etag)

    @views.put("/clients/<client_id>")
    def put(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        changed, etag = rooms.administration.clients.put(who, identifier(client_id), door.body(), door.matches(), caller)
        return door.json(changed, etag=etag)

    @views.patch("/clients/<client_id>")
    def patch(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        changed, etag = rooms.administration.clients.patch(
            who, identifier(client_id), door.body(MERGE_PATCH), door.matches(), caller)
        return door.json(changed, etag=etag)

    @views.delete("/clients/<client_id>")
    def delete(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.clients.delete(who, identifier(client_id), door.matches(), caller)
        return door.nothing()

    @views.post("/clients/<client_id>/disable")
    def disable(client_id: str) -> Response:
        return _set_disabled(client_id, True)

    @views.post("/clients/<client_id>/enable")
    def enable(client_id: str) -> Response:
        return _set_disabled(client_id, False)

    def _set_disabled(client_id: str, disabled: bool) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        changed, etag = rooms.administration.clients.set_disabled(
            who, identifier(client_id), disabled, door.matches(), caller)
        return door.json(changed, etag=etag)

    @views.post("/clients/<client_id>/secret")
    def rotate_secret(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        told, etag = rooms.administration.clients.rotate_secret(who, identifier(client_id), door.matches(), caller)
        return door.shown_once(told, etag=etag)

    @views.post("/clients/<client_id>/registration-access-token")
    def renew_token(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        told, etag = rooms.administration.clients.renew_registration_token(
            who, identifier(client_id), door.matches(), caller)
        return door.shown_once(told, etag=etag)

    @views.get("/clients/<client_id>/onboarding")
    def onboarding(client_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.onboarding.of(who, identifier(client_id)))

    @views.post("/clients/<client_id>/test")
    def test(client_id: str) -> Response:
        who, caller = door.admit(change=True, reaches_out=True)
        door.query()
        findings = rooms.administration.onboarding.test(who, identifier(client_id), caller)
        return door.json({"findings": [asdict(finding) for finding in findings]})

    @views.put("/clients/<client_id>/old-login-off")
    def old_login_off(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.onboarding.old_login_off(who, identifier(client_id), door.body(), caller))

    @views.delete("/clients/<client_id>/old-login-off")
    def old_login_on(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.onboarding.old_login_on(who, identifier(client_id), caller))

    @views.get("/clients/<client_id>/officers")
    def officers(client_id: str) -> Response:
        who, _ = door.admit()
        page, count = rooms.administration.application_access.listed(
            who, identifier(client_id), **door.query("cursor", "limit"))
        return door.json({"items": list(page.items), "next": page.next or None, "count": count})

    @views.post("/clients/<client_id>/end-access")
    def end_access(client_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.application_access.end_at(who, identifier(client_id), door.body(), caller)
        return door.nothing()

    return views
