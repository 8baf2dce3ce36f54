"""``/api/v1/audit``: views over ``administration.audit``."""

from __future__ import annotations

from flask import Blueprint, Response

from ...audit.seal import Break
from ...errors import RefusedError
from .door import Door


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("audit", __name__)
    room = door.services.administration.audit

    @views.get("/audit")
    def listed() -> Response:
        who, _ = door.admit()
        query = door.query("sub", "uid", "client_id", "address", "event", "unit", "since", "before", "cursor", "limit")
        return door.page(room.listed(who, source=query.pop("address", ""), **query))

    @views.get("/audit/<number>")
    def one(number: str) -> Response:
        who, _ = door.admit()
        door.query()
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise RefusedError("There is no such record.", code="unknown_record", status=404)
        shown, standing = room.one(who, int(number))
        shown.pop("people")
        return door.json(shown | {"seal": {
            "number": standing.seal.number if standing.seal else None,
            "sealed_at": standing.seal.sealed_at if standing.seal else None, "broken": _broken(standing.broken),
            "archived": standing.archived or None}})

    @views.get("/audit/chain")
    def chain() -> Response:
        who, _ = door.admit()
        query = door.query("seal")
        found = room.stretch(who, query.get("seal"))
        return door.json({"newest": found.newest, "oldest": found.oldest, "since": found.since, "until": found.until,
                          "records": found.records, "broken": _broken(found.broken), "next": found.next or None,
                          "archived": found.archived or None, "known": found.known})

    return views


def _broken(found: Break | None) -> dict[str, str | int | None] | None:
    return None if found is None else {"seal": found.seal, "record": found.record, "what": found.what}
