"""The form by which an application is entered or changed.

It offers the members that people change by hand; what else a registration holds stays as it is (RFC 7396), and is changed through
the API. An empty field means the member's default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, abort, request

from ....errors import RefusedError
from ....services import Services
from ...onward import see_other
from ..door import Door, Entered
from . import words

_NEW: Final = "/admin/applications/new"
_LONGEST: Final = 8_000
_USUAL: Final[Mapping[str, Any]] = {
    "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email unit offline_access",
    "token_endpoint_auth_method": "client_secret_basic", "province": {"consent": "ask"}}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.clients

    @views.get("/applications/new")
    def new_application() -> Response:
        entered = door.enter(_NEW, fresh=True)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may_change:
            abort(403)
        return _form(entered, entry_of(_USUAL))

    @views.post("/applications/new")
    def enter_application() -> Response:
        entered = door.enter(_NEW, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        typed = _typed()
        try:
            made, _ = room.create(entered.who, _metadata(typed, empty=False), entered.caller)
        except RefusedError as err:
            return _form(entered, typed, err)
        if "client_secret" not in made:
            return see_other(f"/admin/applications/{made['client_id']}")
        return door.page("console/applications/secret.html", entered, here="applications", secret=made["client_secret"],
                         made=True, found=made)

    @views.get("/applications/<client_id>/edit")
    def edit_application(client_id: str) -> Response:
        entered = door.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may_change:
            abort(403)
        shown, etag = room.one(entered.who, client_id)
        if shown["source"] != "registered":
            return see_other(f"/admin/applications/{client_id}")
        return _form(entered, entry_of(shown), found=shown, etag=etag)

    @views.post("/applications/<client_id>/edit")
    def change_application(client_id: str) -> Response:
        entered = door.enter(f"/admin/applications/{client_id}/edit", fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        typed, seen = _typed(), request.form.get("etag", "")
        try:
            changed, _ = room.patch(entered.who, client_id, _metadata(typed, empty=True), lambda tag: tag == seen, entered.caller)
        except RefusedError as err:
            if err.status == 404:
                raise
            shown, etag = room.one(entered.who, client_id)
            return _form(entered, typed, err, found=shown, etag=seen if err.status != 412 else etag)
        if "client_secret" in changed:
            return door.page("console/applications/secret.html", entered, here="applications", secret=changed["client_secret"],
                             made=False, found=changed)
        return see_other(f"/admin/applications/{client_id}")

    def _form(entered: Entered, typed: Mapping[str, str], refused: RefusedError | None = None, *,
              found: Mapping[str, Any] | None = None, etag: str = "") -> Response:
        offered = words.options(_units(entered), province=entered.who.of_the_province, acr_prefix=services.settings.acr_prefix,
                                highest=services.assurance.highest)
        member, sentence = _fault(refused)
        named = [{**field, "value": typed.get(field["name"], ""),
                  "error": words.remedy(member) if field["name"] == member else "",
                  "options": _with(offered.get(field["name"]), typed.get(field["name"], ""))} for field in words.fields()]
        return door.page(
            "console/applications/form.html", entered, here="applications", status=refused.status if refused else 200,
            fields=named, found=found, etag=etag, member=member, sentence=sentence, told=words.remedy(member),
            label=next((field["label"] for field in named if field["name"] == member), ""),
            error="" if refused is None else words.refusal(refused.code))

    def _units(entered: Entered) -> Sequence[Mapping[str, str]]:
        return [{"code": unit.code, "name": unit.name}
                for unit in services.administration.enrollment_paper.asking.agencies(entered.who)]


def entry_of(shown: Mapping[str, Any]) -> dict[str, str]:
    """Give what stands in the fields for a registration, as the room gives it."""
    table = shown.get("province", {})
    entry = {}
    for name in (field["name"] for field in words.fields()):
        value = (table if name in words.OURS else shown).get(name) or ""
        entry[name] = "\n".join(value) if isinstance(value, list | tuple) else str(value)
    return entry


def _typed() -> dict[str, str]:
    names = [field["name"] for field in words.fields()]
    return {name: request.form.get(name, "").replace("\r\n", "\n").strip()[:_LONGEST] for name in names}


def _metadata(typed: Mapping[str, str], *, empty: bool) -> dict[str, Any]:
    """Make metadata of what was typed; ``empty``: what is empty is told as null, so that it goes."""
    standard: dict[str, Any] = {}
    table: dict[str, Any] = {}
    for name, text in typed.items():
        value: Any = [line.strip() for line in text.split("\n") if line.strip()] if name in words.LISTED else text
        if value or empty:
            (table if name in words.OURS else standard)[name] = value or None
    return {**standard, "province": table}


def _fault(refused: RefusedError | None) -> tuple[str, str]:
    """Give the member that a refusal names, and its sentence; two times nothing where it names none."""
    if refused is None or refused.status not in (400, 403):
        return "", ""
    member, _, sentence = refused.message.partition(": ")
    member = member.removeprefix("province.")
    return (member, sentence) if member in {field["name"] for field in words.fields()} else ("", refused.message)


def _with(options: list[dict[str, str]] | None, value: str) -> list[dict[str, str]] | None:
    """Keep a value that is registered and would not be offered anew."""
    if options is None or any(option["value"] == value for option in options):
        return options
    return [*options, {"value": value, "label": value}]
