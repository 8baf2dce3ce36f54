"""``/api/v1/accounts``: accounts that a rollout forgets; views over ``administration.rollout.accounts``."""

from __future__ import annotations

from flask import Blueprint, Response

from ...administration.rollout.reports import FILES
from ...rollout.accounts import AccountList
from .door import Door


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("accounts", __name__)
    rooms = door.services

    @views.get("/accounts")
    def listed() -> Response:
        who, _ = door.admit()
        asked = door.query("list", "unit", "cursor", "limit")
        which = AccountList(asked.pop("list", AccountList.DORMANT.value))
        return door.page(rooms.administration.accounts.listed(who, which, **asked))

    @views.get("/accounts/file")
    def written() -> Response:
        who, _ = door.admit()
        asked = door.query("list", "unit", "file")
        which, kind = AccountList(asked.pop("list", AccountList.DORMANT.value)), asked.pop("file", "csv")
        content = rooms.administration.accounts.file(who, which, kind, **asked)
        return Response(content, content_type=FILES[kind], headers={
            "Content-Disposition": f'attachment; filename="{which.value}.{kind}"'})

    return views
