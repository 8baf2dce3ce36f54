"""``/api/v1/campaigns`` and ``/api/v1/accounts``: views over ``administration.rollout``."""

from __future__ import annotations

from flask import Blueprint, Response

from ...administration.operation.files import FILES, ListFile
from ...rollout.accounts import AccountList
from .door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("campaigns", __name__)
    rooms = door.services

    @views.get("/campaigns")
    def listed() -> Response:
        who, _ = door.admit()
        door.query()
        return door.json({"items": rooms.administration.rollout.listed(who)})

    @views.post("/campaigns")
    def begin() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        made = rooms.administration.rollout.begin(who, door.body(), caller)
        return door.json(made, status=201, location=f"campaigns/{made['id']}")

    @views.post("/campaigns/preview")
    def preview() -> Response:
        who, _ = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.rollout.preview(who, door.body()))

    @views.get("/campaigns/<campaign_id>")
    def one(campaign_id: str) -> Response:
        who, _ = door.admit()
        return door.json(rooms.administration.rollout.one(who, identifier(campaign_id), **door.query("on", "unit")))

    @views.get("/campaigns/<campaign_id>/missing")
    def missing(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "unit", "step", "q", "sort", "cursor", "limit")
        return door.page(rooms.administration.rollout.missing(
            who, identifier(campaign_id), **asked))

    @views.get("/campaigns/<campaign_id>/members")
    def members(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "unit", "member_state", "step", "q", "sort", "cursor", "limit")
        return door.page(rooms.administration.rollout.members(
            who, identifier(campaign_id), state=asked.pop("member_state", ""), **asked))

    @views.post("/campaigns/<campaign_id>/members/file")
    def members_file(campaign_id: str) -> Response:
        who, caller = door.admit()
        door.query()
        return _list(rooms.administration.campaign_files.file(who, "members", identifier(campaign_id), door.body(), caller))

    @views.get("/campaigns/<campaign_id>/movements")
    def movements(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "unit", "movement", "q", "cursor", "limit")
        return door.page(rooms.administration.rollout.movements(
            who, identifier(campaign_id), act=asked.pop("movement", ""), **asked))

    @views.post("/campaigns/<campaign_id>/movements/file")
    def movements_file(campaign_id: str) -> Response:
        who, caller = door.admit()
        door.query()
        return _list(rooms.administration.campaign_files.file(who, "movements", identifier(campaign_id), door.body(), caller))

    @views.get("/campaigns/<campaign_id>/reminders")
    def reminders(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "unit", "cursor", "limit")
        return door.page(rooms.administration.rollout_reports.reminders(who, identifier(campaign_id), **asked))

    @views.post("/campaigns/<campaign_id>/reminders")
    def remind(campaign_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.campaign_reminding.remind(who, identifier(campaign_id), door.body(), caller))

    @views.post("/campaigns/<campaign_id>/reminders/file")
    def reminders_file(campaign_id: str) -> Response:
        who, caller = door.admit()
        door.query()
        return _list(rooms.administration.campaign_files.file(who, "reminders", identifier(campaign_id), door.body(), caller))

    @views.get("/campaigns/<campaign_id>/excluded")
    def excluded(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "unit", "cursor", "limit")
        return door.page(rooms.administration.rollout.excluded(who, identifier(campaign_id), **asked))

    @views.get("/campaigns/<campaign_id>/report")
    def report(campaign_id: str) -> Response:
        who, _ = door.admit()
        asked = door.query("on", "file")
        kind = asked.pop("file", "csv")
        return _file(campaign_id, kind, rooms.administration.rollout_reports.file(who, identifier(campaign_id), kind, **asked))

    @views.post("/campaigns/<campaign_id>/missing/file")
    def missing_file(campaign_id: str) -> Response:
        who, caller = door.admit()
        door.query()
        return _list(rooms.administration.campaign_files.file(who, "missing", identifier(campaign_id), door.body(), caller))

    @views.post("/campaigns/<campaign_id>/deadline")
    def deadline(campaign_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.rollout.move_deadline(who, identifier(campaign_id), door.body(), caller))

    @views.post("/campaigns/<campaign_id>/close")
    def close(campaign_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.rollout.close(who, identifier(campaign_id), door.body(), caller))

    @views.post("/campaigns/<campaign_id>/exclusions")
    def exclude(campaign_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.rollout.exclude(who, identifier(campaign_id), door.body(), caller)
        return door.nothing()

    @views.post("/campaigns/<campaign_id>/restorations")
    def restore(campaign_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.rollout.restore(who, identifier(campaign_id), door.body(), caller)
        return door.nothing()

    @views.get("/accounts")
    def accounts() -> Response:
        who, _ = door.admit()
        asked = door.query("list", "unit", "cursor", "limit")
        which = AccountList(asked.pop("list", AccountList.DORMANT.value))
        return door.page(rooms.administration.accounts.listed(who, which, **asked))

    @views.post("/accounts/file")
    def accounts_file() -> Response:
        who, caller = door.admit()
        door.query()
        return _list(rooms.administration.accounts.file(who, door.body(), caller))

    return views


def _list(file: ListFile) -> Response:
    return Response(file.chunks, content_type=file.media_type,
                    headers={"Content-Disposition": f'attachment; filename="{file.name}"'})


def _file(name: str, kind: str, content: bytes) -> Response:
    return Response(content, content_type=FILES[kind], headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'})
