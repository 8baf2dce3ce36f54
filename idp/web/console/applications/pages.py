"""The list of applications, one application, and what is done with it.

Security checklist 37, 38: what may be seen, given and changed is decided in ``administration.clients`` and its kin, here as by
the API. A secret is shown in the answer to the form that made it, once; reloading that page sends the form anew, and is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint, Response, abort, request

from ....administration.clients import SORTS
from ....administration.pages import USUAL
from ....errors import RefusedError
from ....oauth.clients.examination import FAILED
from ....roles import Administrator
from ....services import Services
from ...onward import see_other
from ..desk import name_of, unit_names
from ..door import Door, Entered
from ..turning import sorting, turning
from ..words import moment
from . import words
from .findings import said
from .form import entry_of
from .officers import how_many

LIST: Final = "/admin/applications/"
FRESH: Final = frozenset({"secret", "disable", "delete"})
"""Acts for which a sign-in of a few minutes ago is needed."""
_LONGEST: Final = 100


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room, onboarding = services.administration.clients, services.administration.onboarding

    @views.get("/applications/")
    def applications() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in ("q", "state", "sort")}
        if asked["state"] not in ("active", "disabled"):
            asked["state"] = ""
        if asked["sort"] not in SORTS:
            asked["sort"] = "client_name"
        if not asked["q"].isprintable():
            asked["q"] = ""
        page = room.listed(entered.who, q=asked["q"], state=asked["state"], sort=asked["sort"],
                           cursor=request.args.get("cursor", ""), limit=USUAL)
        far, names = onboarding.all(entered.who), unit_names(services)
        rows = [{**one, "unit_name": names.get(one["owner_unit"], ""), "course": words.course(far[one["client_id"]], {})}
                for one in page.items if one["client_id"] in far]
        narrowed = {name: value for name, value in asked.items() if value}
        sorts = sorting(LIST, narrowed.items(), asked["sort"], SORTS)
        return door.page("console/applications/list.html", entered, here="applications", rows=rows, asked=asked, sorts=sorts,
                         may_change=entered.who.may_change, turn=turning(LIST, narrowed, following=page.next, prev=""))

    @views.get("/applications/<client_id>")
    def application(client_id: str) -> Response:
        entered = door.enter(request.path)
        return entered if isinstance(entered, Response) else _one(entered, client_id)

    @views.post("/applications/<client_id>/test")
    def test_application(client_id: str) -> Response:
        entered = door.enter(f"{LIST}{client_id}", change=True)
        if isinstance(entered, Response):
            return entered
        findings = onboarding.test(entered.who, client_id, entered.caller)
        return _one(entered, client_id, findings=[
            asdict(one) | {"failed": one.state == FAILED, "said": said()[one.code]} for one in findings])

    @views.get("/applications/<client_id>/acts/<act>")
    def ask_application_act(client_id: str, act: str) -> Response:
        entered = door.enter(request.path, fresh=act in FRESH)
        if isinstance(entered, Response):
            return entered
        if act not in words.acts():
            abort(404)
        shown, etag = room.one(entered.who, client_id)
        if act not in _acts(entered.who, shown, onboarding.of(entered.who, client_id)):
            return see_other(f"{LIST}{client_id}")
        return _ask(entered, shown, act, etag)

    @views.post("/applications/<client_id>/acts/<act>")
    def do_application_act(client_id: str, act: str) -> Response:
        entered = door.enter(f"{LIST}{client_id}", fresh=act in FRESH, change=True)
        if isinstance(entered, Response):
            return entered
        if act not in words.acts():
            abort(404)
        seen, note = request.form.get("etag", ""), request.form.get("note", "").replace("\r\n", "\n")
        try:
            told = _done(entered, client_id, act, seen, note)
        except RefusedError as err:
            if err.status == 404:
                raise
            shown, etag = room.one(entered.who, client_id)
            if err.status == 422:
                return _ask(entered, shown, act, etag, status=422, error=words.refusal(err.code), note=note)
            return _one(entered, client_id, status=err.status, error=words.refusal(err.code))
        if told is not None:
            return door.page("console/applications/secret.html", entered, here="applications", secret=told, made=False,
                             found=room.one(entered.who, client_id)[0])
        return see_other(LIST if act == "delete" else f"{LIST}{client_id}")

    def _done(entered: Entered, client_id: str, act: str, seen: str, note: str) -> str | None:
        """Do it; gives the new secret, where one was made."""
        def matches(tag: str) -> bool:
            return tag == seen

        who, caller = entered.who, entered.caller
        if act == "secret":
            return str(room.rotate_secret(who, client_id, matches, caller)[0]["client_secret"])
        if act == "delete":
            room.delete(who, client_id, matches, caller)
        elif act in ("disable", "enable"):
            room.set_disabled(who, client_id, act == "disable", matches, caller)
        elif act == "old-login-off":
            onboarding.old_login_off(who, client_id, {"note": note}, caller)
        else:
            onboarding.old_login_on(who, client_id, caller)
        return None

    def _ask(entered: Entered, shown: Mapping[str, Any], act: str, etag: str, *, status: int = 200, error: str = "",
             note: str = "") -> Response:
        label, warning = words.acts()[act]
        return door.page("console/applications/act.html", entered, here="applications", status=status, found=shown, act=act,
                         label=label, warning=warning, etag=etag, error=error, note=note[:_LONGEST * 5],
                         destructive=act in ("disable", "delete", "secret"))

    def _one(entered: Entered, client_id: str, *, status: int = 200, error: str = "",
             findings: list[dict[str, Any]] | None = None) -> Response:
        shown, _ = room.one(entered.who, client_id)
        far = onboarding.of(entered.who, client_id)
        names = {one["by"]: name_of(services, one["by"]) for one in far["steps"] if one["by"]}
        called = words.acts()
        return door.page(
            "console/applications/one.html", entered, here="applications", status=status, error=error, found=shown,
            unit_name=unit_names(services).get(shown["province"].get("owner_unit", ""), ""), entry=entry_of(shown),
            course=words.course(far, names), findings=findings, labels=words.labels(),
            registered=moment(far["registered_at"]) if far["registered_at"] else "",
            has=how_many(services.administration.application_access.listed(entered.who, client_id, limit=1)[1]),
            may_test=entered.who.may_change, may_edit=entered.who.may_change and shown["source"] == "registered",
            acts=[{"name": act, "label": called[act][0], "danger": act in ("disable", "delete")}
                  for act in _acts(entered.who, shown, far)])


def _acts(who: Administrator, shown: Mapping[str, Any], far: Mapping[str, Any]) -> list[str]:
    """Give what may be done with an application, as far as the page can tell; the room decides."""
    if not who.may_change:
        return []
    switched = next(one["state"] for one in far["steps"] if one["step"] == "old_login_off")
    found = [] if switched == "not_needed" else ["old-login-on" if switched == "done" else "old-login-off"]
    if shown["source"] == "registered":
        if shown.get("token_endpoint_auth_method", "").startswith("client_secret"):
            found.append("secret")
        found += ["enable" if shown["disabled"] else "disable", "delete"]
    return found
