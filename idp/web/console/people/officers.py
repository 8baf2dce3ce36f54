"""Officers in the console: looked for and listed, one whole with the timeline, and the acts upon them.

Source: security checklist 34, 38: the rooms decide; pages offer what the role has. Telephone numbers are hidden; one is
read whole for a typed purpose.
Acts that touch how an officer signs in ask for a sign-in of a few minutes ago; ending sessions must not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from flask_babel import gettext, ngettext

from ....administration.pages import USUAL
from ....administration.people.file import COLUMNS
from ....administration.people.file import USUAL as _USUAL_COLUMNS
from ....administration.people.many import ACTS, MOST_AT_ONCE
from ....administration.people.ports import FACTORS, SORTS, STATES
from ....audit import PHONE
from ....directory.officer import phone_text
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....pki.enrollment.moves import Actor
from ....roles import Right
from ....services import Services
from ....signing.sims.sim import Act, sees
from ...notice_words import place_words
from ...onward import see_other
from ...presentation import initials
from ...signature_words import sim_words
from ..audit.words import families, source_words
from ..desk import name_of, unit_names
from ..door import Door, Entered
from ..operation.jobs import PAGE as JOBS
from ..operation.jobs import too_many
from ..rollout.files import purpose_page, told
from ..tasks import task_words
from ..turning import sorting, turning
from ..words import day, moment, request_words
from . import words
from .next_step import headline, next_steps

LIST: Final = "/admin/officers/"
FILE: Final = f"{LIST}file"
_LONGEST: Final = 100
_TIMELINE: Final = 20
_EMPTY: Final = {"q": "", "unit": "", "state": "", "factor": "", "sort": ""}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms = services.administration.people

    @views.get("/officers/")
    def officers() -> Response:
        entered = door.enter(request.full_path, Right.SEE_OFFICERS)
        return entered if isinstance(entered, Response) else _list(entered)

    @views.get("/officers/file")
    def ask_officers_file() -> Response:
        entered = door.enter(request.full_path, Right.ADMINISTER)
        return entered if isinstance(entered, Response) else _ask_file(entered)

    @views.post("/officers/file")
    def officers_file() -> Response:
        entered = door.enter(FILE, Right.ADMINISTER)
        if isinstance(entered, Response):
            return entered
        try:
            services.administration.jobs.ask(entered.who, "officers", {
                **{name: value for name, value in _narrowed().items() if value}, "columns": list(_columns()), **told()},
                entered.caller)
        except RefusedError as err:
            if err.code == "too_many_jobs":
                return _ask_file(entered, error=too_many(), status=409)
            if err.status != 422:
                raise
            return _ask_file(entered, status=422)
        return see_other(JOBS)

    def _ask_file(entered: Entered, *, error: str = "", status: int = 200) -> Response:
        address = _address(_narrowed(), _columns())
        return purpose_page(door, entered, here="officers", status=status, title=gettext("Xuất danh sách cán bộ"),
                            about=gettext("Mọi cán bộ mà danh sách đang hiện"), address=FILE, kept=address, error=error,
                            back=f"{LIST}?{urlencode(address)}" if address else LIST, back_word=gettext("Cán bộ"))

    @views.post("/officers/acts")
    def act_upon_officers() -> Response:
        act, picked = request.form.get("act", ""), list(dict.fromkeys(request.form.getlist("pick")))
        entered = door.enter(LIST, Right.ASK_FACTOR_RESET, change=True)
        if isinstance(entered, Response):
            return entered
        if act not in ACTS or not 0 < len(picked) <= MOST_AT_ONCE:
            return see_other(LIST)
        if request.form.get("sure") != "yes":
            names = [{"sub": sub, "name": name_of(services, sub)} for sub in picked]
            return door.page("console/people/many.html", entered, here="officers", act=act, label=words.many()[act][0],
                             warning=words.many()[act][1], rows=[row for row in names if row["name"]], items=None, done=0)
        answer = rooms.many.act(entered.who, {"act": act, "officers": picked}, entered.caller)
        items = [{"sub": item["sub"], "name": name_of(services, item["sub"]), "why": words.refusal(item["code"])
                  if item["code"] else ""} for item in answer["items"]]
        return door.page("console/people/many.html", entered, here="officers", act=act, label=words.many()[act][0], warning="",
                         rows=[], done=answer["done"], items=sorted(items, key=lambda item: not item["why"]))

    @views.get("/officers/<sub>")
    def officer(sub: str) -> Response:
        entered = door.enter(request.full_path, Right.SEE_OFFICERS)
        return entered if isinstance(entered, Response) else _one(entered, sub)

    @views.get("/officers/<sub>/acts/<act>")
    def ask_officer_act(sub: str, act: str) -> Response:
        entered = door.enter(request.full_path, *_right(act), fresh=act in words.FRESH)
        return entered if isinstance(entered, Response) else _ask(entered, sub, act, request.args.get("about", ""))

    @views.post("/officers/<sub>/acts/<act>")
    def do_officer_act(sub: str, act: str) -> Response:
        entered = door.enter(f"{LIST}{sub}", *_right(act), fresh=act in words.FRESH, change=act != "phone")
        if isinstance(entered, Response):
            return entered
        if act not in words.RIGHTS:
            abort(404)
        about = request.form.get("about", "")
        try:
            if act == "phone":
                told = {"purpose": request.form.get("reason", "")}
                whole = rooms.directory.phone(entered.who, sub, told, entered.caller)["phone"]
                return _one(entered, sub, phone=phone_text(whole))
            code = _do(entered, sub, act, about)
        except RefusedError as err:
            if err.status == 404 or err.code == "forbidden":
                raise
            if err.code == "already_asked" and _asked_it(entered, sub, act):
                return see_other(f"{LIST}{sub}")  # a button that was pressed twice
            return _ask(entered, sub, act, about, error=words.refusal(err.code), at=words.FIELDS.get(err.code, ""),
                        status=err.status)
        return _one(entered, sub, code=code, code_of=act) if code else see_other(f"{LIST}{sub}")

    def _do(entered: Entered, sub: str, act: str, about: str) -> str:
        """Do it; gives what is shown once."""
        who, caller = entered.who, entered.caller
        administration = services.administration
        if act == "end_access":
            administration.officers.end_access(who, sub, caller)
        elif act == "revoke":
            administration.application_access.end(who, sub, about, {"reason": request.form.get("reason", "").strip()}, caller)
        elif act == "remind":
            rooms.many.remind(who, sub, caller)
        elif act == "code":
            return str(administration.factors.give_code(who, sub, caller)["code"])
        elif act == "release":
            administration.officers.release_factors(who, sub, caller)
        elif act == "ask_pass":
            hours = request.form.get("hours", "")
            rooms.passes.ask(who, sub, {"reason": request.form.get("reason", "").strip(),
                                        "hours": int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 3 else 0,
                                        "several": request.form.get("several") == "1"}, caller)
        elif act in words.PASS:
            given = rooms.passes.of(who, sub)
            if given is None:
                raise RefusedError("Nothing waits.", code="decided", status=409)
            done = {"give_pass": rooms.passes.approve, "refuse_pass": rooms.passes.refuse,
                    "withdraw_pass": rooms.passes.withdraw}[act](who, given["id"], caller)
            return str(done.get("code", ""))
        elif act in words.REASONED:
            {"reset": rooms.resets.ask, "stop": rooms.stops.stop, "lift": rooms.stops.lift}[act](
                who, sub, {"reason": request.form.get("reason", "").strip()}, caller)
        else:
            waiting = rooms.resets.of(who, sub)
            if waiting is None:
                raise RefusedError("Nothing waits.", code="decided", status=409)
            (rooms.resets.approve if act == "approve" else rooms.resets.refuse)(who, waiting["id"], caller)
        return ""

    def _asked_it(entered: Entered, sub: str, act: str) -> bool:
        """Tell whether what waits already was asked for by whoever asks."""
        waiting = (rooms.passes if act == "ask_pass" else rooms.resets).of(entered.who, sub)
        return waiting is not None and waiting["asked_by"] == entered.who.sub

    def _ask(entered: Entered, sub: str, act: str, about: str, *, error: str = "", at: str = "",
             status: int = 200) -> Response:
        if act not in words.RIGHTS:
            abort(404)
        found = rooms.directory.one(entered.who, sub)
        application = next((one["name"] for one in found["applications"] or () if one["client_id"] == about), "")
        if act == "revoke" and not application:
            abort(404)
        label, warning = words.acts()[act]
        waiting = rooms.resets.of(entered.who, sub) if act in ("approve", "refuse") else (
            rooms.passes.of(entered.who, sub) if act in ("give_pass", "refuse_pass") else None)
        return door.page(
            "console/people/act.html", entered, here="officers", status=status, error=error, at=at, found=_row(found), act=act,
            label=label, warning=warning, application=application, about=about if act == "revoke" else "",
            reason=request.form.get("reason", "")[:300], said=waiting["reason"] if waiting else "",
            asked_by=waiting["asked_by_name"] or "" if waiting else "",
            asks_why=words.asks_why(act), destructive=act in ("end_access", "revoke", "reset", "approve", "stop",
                                                              "withdraw_pass"),
            hours=words.hours() if act == "ask_pass" else None, several=request.form.get("several") == "1",
            chosen=request.form.get("hours", str(rooms.passes.usual_hours)))

    def _list(entered: Entered) -> Response:
        narrowed, columns = _narrowed(), _columns()
        page = rooms.directory.listed(entered.who, entered.caller, **narrowed, cursor=request.args.get("cursor", ""), limit=USUAL)
        address = _address(narrowed, columns)
        units = services.mirroring.units.units()
        return door.page(
            "console/people/officers.html", entered, here="officers", rows=[_row(one) for one in page.items],
            narrowed=_EMPTY | narrowed, columns=[{"name": name, "label": label, "shown": name in columns}
                                                 for name, label in words.columns().items()],
            states=words.states(), factors=words.factors(), sorts=_sorts(narrowed, address),
            units=[{"code": entry.unit.code, "name": entry.unit.name} for entry in units
                   if entered.who.oversees(entry.unit.code)],
            bulk=[{"name": act, "label": words.many()[act][0]} for act, right in ACTS.items()
                  if entered.who.may(right) and entered.who.may(Right.ASK_FACTOR_RESET)],
            export=f"{FILE}?{urlencode(address)}" if address else FILE, may_export=entered.who.may(Right.ADMINISTER),
            turn=_turn(address, page.next))

    def _one(entered: Entered, sub: str, *, code: str = "", code_of: str = "", phone: str = "") -> Response:
        who = entered.who
        found = rooms.directory.one(who, sub)
        page = rooms.directory.timeline(who, sub, cursor=request.args.get("cursor", ""), limit=_TIMELINE)
        waiting = rooms.resets.of(who, sub) if who.may(Right.ADMINISTER) or who.may(Right.ASK_FACTOR_RESET) else None
        given = rooms.passes.of(who, sub) if who.may(Right.ADMINISTER) or who.may(Right.ASK_TEMPORARY_PASS) else None
        units, stopped = unit_names(services), rooms.stops.of(who, sub)
        ends, acts = services.administration.officers.reached(who, sub)
        names = {event: label for family in families().values() for event, label in family.items()}
        campaigns = services.administration.rollout.waiting_for(who, sub) if who.may(Right.ADMINISTER) else []
        steps = next_steps(found, campaigns, units, services.clock.now())
        return door.page(
            "console/people/officer.html", entered, here="officers", code=code, code_of=code_of,
            found=_row(found) | ({"phone": phone} if phone else {}) | {
                "posts": [post | {"until": day(post["ends_at"] - 1) if post["ends_at"] else ""} for post in found["posts"]],
                "guest": found["guest"], "ends": day(found["ends_at"] - 1) if found["ends_at"] else "",
                "role": words.role(found["role"], services)},
            next=headline(steps) if steps else None, whole=who.may(Right.ADMINISTER),
            waiting=waiting and waiting | {"until": moment(waiting["expires_at"])},
            given=given and given | {"until": moment(given["until"] or given["expires_at"])},
            stopped=stopped and stopped | {"at": moment(stopped["at"])},
            initials=initials(found["name"] or found["uid"]),
            sims=_sims(entered, sub), may_ask=who.may(Right.ASK_CERTIFICATES) and found["status"] == "active",
            factors=[{"kind": one["factor"], "name": words.factor(one["factor"]), "label": one["label"],
                      "since": moment(one["enrolled_at"]), "left": one["left"],
                      "used": moment(one["last_used_at"]) if one["last_used_at"] else ""}
                     for one in found["factors"]],
            sessions=[{"device": place_words(one["source"], one["user_agent"], gettext),
                       "source": "" if one["source"] == PHONE else one["source"],
                       "since": moment(one["since"]), "seen": moment(one["last_seen_at"])} for one in found["sessions"]],
            applications=None if found["applications"] is None else [
                {**one, "agreed": moment(one["consent_at"]) if one["consent_at"] else "",
                 "used": moment(one["last_used_at"]) if one["last_used_at"] else ""} for one in found["applications"]],
            certificates=None if found["certificates"] is None else [
                {**request_words(one), "serial": one["serial"] or ""} for one in found["certificates"]],
            devices=found["devices"], tasks=[task_words(one, units) for one in found["tasks"] or ()],
            timeline=[{"at": moment(line["at"]), "what": names.get(line["event"], line["event"]),
                       "source": source_words(line["source"] or ""), "who": name_of(services, line["by"])}
                      for line in page.items],
            acts=_offered(entered, found, waiting, stopped, given, ends=ends, acts=acts,
                          frozen=services.administration.officers.frozen(sub)),
            beyond=not acts and sub not in who.persons and who.may(Right.ASK_FACTOR_RESET),
            may_revoke=who.may(Right.CHANGE),
            turn=turning(f"{LIST}{sub}", {}, following=page.next, prev=""))

    def _sims(entered: Entered, sub: str) -> list[dict[str, Any]] | None:
        """Give the SIMs that are theirs to see, each with whether they may have it blocked; None where they see none."""
        offered, who = services.mobile_signatures, entered.who
        if offered is None or not who.may(Right.SEE_SIMS):
            return None
        actor = Actor(who.sub, who)
        return [sim_words(one) | {"may_block": Act.REPORT_LOSS in offered.sims.possible(actor, one)}
                for one in offered.sims.store.of_officer(sub) if sees(one, actor)]


def _offered(entered: Entered, found: Mapping[str, Any], waiting: Mapping[str, Any] | None, stopped: Mapping[str, Any] | None,
             given: Mapping[str, Any] | None, *, ends: bool, acts: bool, frozen: bool) -> list[dict[str, str]]:
    """Give the acts that are offered; whether one is done is for the rooms to say.

    ``ends`` and ``acts``: whether the officer's access is theirs to end, and the factors to act on (``officers.reached``).
    """
    who, has = entered.who, bool(found["factors"])
    offered = {"end_access": who.may(Right.END_ACCESS) and ends, "code": who.may(Right.ACT_ON_FACTORS) and not has and acts,
               "remind": who.may(Right.ASK_FACTOR_RESET) and not found["has_factor"] and found["status"] == "active",
               "reset": who.may(Right.ASK_FACTOR_RESET) and has and acts and waiting is None,
               "approve": bool(waiting and waiting["may_decide"]),
               "refuse": bool(waiting and (waiting["may_decide"] or waiting["may_take_back"])),
               "ask_pass": given is None and who.may(Right.ASK_TEMPORARY_PASS) and acts and found["status"] == "active",
               "give_pass": bool(given and given["may_decide"]),
               "refuse_pass": bool(given and (given["may_decide"] or given["may_take_back"])),
               "withdraw_pass": bool(given and given["may_withdraw"])}
    offered |= {"phone": who.may(Right.ADMINISTER) and bool(found["phone"]),
                "release": frozen and found["status"] == "active" and who.may(Right.ACT_ON_FACTORS) and acts,
                "stop": found["status"] == "active" and who.may(Right.STOP_ACCESS) and acts,
                "lift": bool(stopped and stopped["may_lift"])}
    return [{"name": name, "label": words.acts()[name][0]} for name, may in offered.items() if may]


def _right(act: str) -> tuple[Right, ...]:
    """Give the rights of which an act needs one; what is no act needs those of the roles that administer as a whole."""
    return words.RIGHTS.get(act, ())


def _narrowed() -> dict[str, str]:
    asked = {name: request.values.get(name, "").strip()[:_LONGEST] for name in _EMPTY}
    known = {"state": STATES, "factor": FACTORS, "sort": SORTS}
    for name, values in known.items():
        if asked[name] not in values:
            asked[name] = ""
    if not is_unit_code(asked["unit"]):
        asked["unit"] = ""
    if not asked["q"].isprintable():
        asked["q"] = ""
    return asked | {"sort": asked["sort"] or SORTS[0]}


def _columns() -> tuple[str, ...]:
    asked = request.values.getlist("cols")
    return tuple(name for name in COLUMNS if name in asked) or _USUAL_COLUMNS


def _address(narrowed: Mapping[str, str], columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Give the parameters of a list."""
    shown = [(name, value) for name, value in narrowed.items() if value]
    return [*shown, *(("cols", name) for name in columns if columns != _USUAL_COLUMNS)]


def _sorts(narrowed: Mapping[str, str], address: list[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Give what heads of columns lead to; whoever is found by words stands by name."""
    return {} if narrowed["q"] else sorting(LIST, address, narrowed["sort"], SORTS)


def _turn(address: list[tuple[str, str]], following: str) -> dict[str, str]:
    def at(*more: tuple[str, str]) -> str:
        query = urlencode([*address, *more])
        return f"{LIST}?{query}" if query else LIST

    return {"first": at() if request.args.get("cursor") else "", "prev": "",
            "next": at(("cursor", following)) if following else ""}


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    phone = one["phone"]
    count = one["certificates"] if isinstance(one["certificates"], int) else 0  # of an officer whole it is the list itself
    seen = moment(one["last_sign_in_at"]) if one["last_sign_in_at"] else gettext("Chưa lần nào")
    return {"sub": one["sub"], "uid": one["uid"], "name": one["name"] or one["uid"], "unit_name": one["unit_name"],
            "title": one["title"], "mail": one["mail"], "phone": phone, "seen": seen, "has_factor": one["has_factor"],
            "disabled": one["status"] != "active",
            "cells": {"title": one["title"], "mail": one["mail"], "phone": phone, "seen": seen,
                      "factor": gettext("Đã có") if one["has_factor"] else gettext("Chưa có"),
                      "certificates": str(ngettext("%(num)d chứng thư số", "%(num)d chứng thư số", count))
                      if count else gettext("Chưa có")}}
