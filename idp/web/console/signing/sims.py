"""The list of SIMs, one SIM, and the acts upon it; who may do what is decided by ``signing.sims.sim.STEPS``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ....administration.pages import USUAL
from ....administration.signing.lists import KINDS, TO
from ....administration.signing.sims import SORTS, sims_listed
from ....directory.unit import is_unit_code
from ....errors import RefusedError, UnavailableError
from ....pki.enrollment.moves import Actor
from ....roles import Administrator, Right
from ....services import MobileSignatures, Services
from ....signing.sims.brake import Decision, Doubt, decides
from ....signing.sims.ports import DOUBTED, SimSearch
from ....signing.sims.sim import Act, Sim, State
from ... import signature_words as words
from ...onward import see_other
from ..desk import name_of
from ..door import Door, Entered
from ..lists import file_of
from ..turning import asked, sorting, turning
from ..words import moment

LIST: Final = "/admin/sims/"
UNSENT: Final = "unsent"
"""Parameter of a SIM's address: its code was sent to nobody."""
_ACTS: Final = (Act.APPROVE, Act.APPROVE_FOR_PROVINCE, Act.SEND_CODE, Act.REFUSE, Act.GIVE_CARD, Act.UNLOCK, Act.REPORT_LOSS,
                Act.DEACTIVATE)
"""What is done here, the best first."""
_NEEDS: Final = {Act.REFUSE: "reason", Act.UNLOCK: "reason", Act.GIVE_CARD: "iccid"}
_FRESH: Final = frozenset({Act.GIVE_CARD, Act.UNLOCK, Act.DEACTIVATE})
"""Acts for which a sign-in of a few minutes ago is needed. A loss must not wait."""


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views, where signatures by SIM are offered."""
    offered = services.mobile_signatures
    if offered is None:
        return
    rooms: MobileSignatures = offered
    room, store = rooms.sims, rooms.sims.store

    @views.get("/sims/")
    def sims() -> Response:
        entered = door.enter(request.full_path, Right.SEE_SIMS)
        if isinstance(entered, Response):
            return entered
        return _listed(entered)

    @views.get("/sims/list/<kind>")
    def sim_list(kind: str) -> Response:
        entered = door.enter(request.full_path, fresh=True)
        if isinstance(entered, Response):
            return entered
        to = request.args.get("to", "carrier")
        try:
            content = rooms.sim_lists.written(entered.who, kind=kind, to=to, carrier=request.args.get("carrier", ""),
                                              caller=entered.caller)
        except RefusedError as err:
            if err.status != 409:
                raise
            return _listed(entered, status=409, error=words.refusal(err.code))
        return file_of(content, kind, TO[to].name)

    @views.get("/sims/doubts/<decision>")
    def ask_sim_doubts(decision: str) -> Response:
        entered = door.enter(request.full_path, Right.SEE_SIMS, fresh=True)
        if isinstance(entered, Response):
            return entered
        doubt = _doubt(request.args.get("carrier", ""))
        if doubt is None or not decides(entered.who):
            return see_other(LIST)
        return _deciding(entered, doubt, _decision(decision))

    @views.post("/sims/doubts/<decision>")
    def decide_sim_doubts(decision: str) -> Response:
        wanted, carrier = _decision(decision), request.form.get("carrier", "")
        entered = door.enter(LIST, Right.SEE_SIMS, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        typed = request.form.get("needed", "")[:400]
        try:
            rooms.brake.decide(entered.who, carrier, wanted.value, typed, entered.caller)
        except RefusedError as err:
            doubt = _doubt(carrier)
            if err.status == 422 and doubt is not None:
                return _deciding(entered, doubt, wanted, error=words.refusal(err.code), typed=typed)
            if err.status != 409:
                raise
            return _listed(entered, status=409, error=words.refusal(err.code))
        return see_other(LIST)

    @views.get("/sims/<sim_id>")
    def one_sim(sim_id: str) -> Response:
        entered = door.enter(request.path, Right.SEE_SIMS)
        if isinstance(entered, Response):
            return entered
        return _one(entered, sim_id, error=words.refusal("short_messages") if UNSENT in request.args else "")

    @views.get("/sims/<sim_id>/acts/<act>")
    def ask_sim_act(sim_id: str, act: str) -> Response:
        wanted = _act(act)
        entered = door.enter(request.path, Right.SEE_SIMS, fresh=wanted in _FRESH)
        if isinstance(entered, Response):
            return entered
        sim = room.seen(_actor(entered), sim_id)
        if wanted not in room.possible(_actor(entered), sim):
            return see_other(f"{LIST}{sim_id}")
        return _form(entered, sim, wanted)

    @views.post("/sims/<sim_id>/acts/<act>")
    def do_sim_act(sim_id: str, act: str) -> Response:
        wanted = _act(act)
        entered = door.enter(f"{LIST}{sim_id}", Right.ASK_CERTIFICATES, Right.REPORT_SIM_LOSS, fresh=wanted in _FRESH,
                             change=True)
        if isinstance(entered, Response):
            return entered
        actor, typed = _actor(entered), request.form.get("needed", "")[:400]
        try:
            if wanted in (Act.APPROVE, Act.APPROVE_FOR_PROVINCE):
                match = {"yes": True, "no": False}.get(request.form.get("owner", ""))
                room.approve(actor, sim_id, entered.caller, owner_match=match)
            elif wanted is Act.GIVE_CARD:
                room.give_card(actor, sim_id, typed, entered.caller)
            elif wanted is Act.SEND_CODE:
                room.send_code(actor, sim_id, entered.caller)
            else:
                room.act(actor, sim_id, wanted, entered.caller, reason=typed)
        except UnavailableError as err:
            if err.dependency != "short_messages":
                raise
            return _one(entered, sim_id, status=503, error=words.refusal(err.dependency))
        except RefusedError as err:
            if err.status == 404:
                raise
            if err.status == 422 and wanted is not Act.SEND_CODE:  # what is typed stands in the form of the act
                return _form(entered, room.seen(actor, sim_id), wanted, error=words.refusal(err.code), typed=typed)
            return _one(entered, sim_id, status=err.status, error=words.refusal(err.code))
        return see_other(f"{LIST}{sim_id}")

    def _listed(entered: Entered, *, status: int = 200, error: str = "") -> Response:
        narrowed = {name: request.args.get(name, "").strip()[:100] for name in ("state", "unit", "carrier", "q", "sort")}
        narrowed = {name: value for name, value in narrowed.items() if value and value.isprintable()}
        if narrowed.get("state", "active") not in {DOUBTED, *(state.value for state in State)}:
            del narrowed["state"]
        if narrowed.get("sort", SORTS[0]) not in SORTS:
            del narrowed["sort"]
        if not is_unit_code(narrowed.get("unit", "H30")):
            del narrowed["unit"]
        who = entered.who
        search = SimSearch(unit=who.narrowed(narrowed.get("unit", "")), state=narrowed.get("state", ""),
                           carrier=narrowed.get("carrier", ""), words=narrowed.get("q", ""))
        sort = narrowed.get("sort", SORTS[0])
        found, following, prev = sims_listed(store, search, sort=sort, limit=USUAL, **asked())
        counts = store.counts(search.unit)
        return door.page(
            "console/signing/sims.html", entered, here="sims", status=status, error=error, rows=[_row(one) for one in found],
            narrowed={"state": "", "unit": "", "carrier": "", "q": "", "sort": ""} | narrowed, carriers=room.carriers,
            may_ask=who.may(Right.ASK_CERTIFICATES), sorts=sorting(LIST, narrowed.items(), sort, SORTS),
            lists=_lists() if rooms.sim_lists.gives(who) else [],
            states=[{"name": state.value, "word": word, "count": counts.get(state.value, 0)}
                    for state, (word, _, _) in words.states().items()] + [
                        {"name": DOUBTED, "word": words.in_doubt()[0], "count": counts.get(DOUBTED, 0)}],
            doubts=[doubt_words(one, who) for one in (rooms.brake.open() if who.of_the_province else ())],
            turn=turning(LIST, narrowed, following=following, prev=prev))

    def _doubt(carrier: str) -> Doubt | None:
        return next((one for one in rooms.brake.open() if one.carrier == carrier), None)

    def _deciding(entered: Entered, doubt: Doubt, decision: Decision, *, error: str = "", typed: str = "") -> Response:
        return door.page("console/signing/doubt.html", entered, here="sims", status=422 if error else 200, error=error,
                         typed=typed, **decision_words(doubt, decision))

    def _lists() -> list[dict[str, Any]]:
        words_of = called()
        return [{"word": words_of[to], "files": [{"kind": kind.upper(), "url": f"{LIST}list/{kind}?to={to}"}
                                               for kind in reversed(KINDS)]} for to in rooms.sim_lists.waits()]

    def _act(name: str) -> Act:
        return Act(name) if name in {act.value for act in _ACTS} else abort(404)

    def _actor(entered: Entered) -> Actor:
        return Actor(entered.who.sub, entered.who)

    def _row(one: Sim) -> Mapping[str, Any]:
        return words.sim_words(one) | {"holder": name_of(services, one.sub), "unit": one.unit_name}

    def _one(entered: Entered, sim_id: str, *, status: int = 200, error: str = "") -> Response:
        actor = _actor(entered)
        sim, told = room.seen(actor, sim_id), services.administration.actors.told(entered.who)
        called, states = words.acts(), words.states()
        people = {"requester": sim.requester, "agency_approver": sim.agency_approver, "province_approver": sim.province_approver}
        return door.page(
            "console/signing/sim.html", entered, here="sims", status=status, error=error, found=_row(sim),
            people={name: name_of(services, told(sub)) for name, sub in people.items()},
            owner={None: gettext("Chưa hỏi"), True: gettext("Đúng người"), False: gettext("Người khác")}[sim.owner_match],
            acts=[{"name": act.value, "label": called[act], "danger": act in (Act.REFUSE, Act.REPORT_LOSS, Act.DEACTIVATE)}
                  for act in _ACTS if act in room.possible(actor, sim)],
            history=[{"at": moment(entry.at), "what": called[entry.act], "state": states[entry.state][0],
                      "who": name_of(services, told(entry.actor)), "detail": _detail(entry.detail)}
                     for entry in reversed(room.history(actor, sim_id))])

    def _form(entered: Entered, sim: Sim, act: Act, *, error: str = "", typed: str = "") -> Response:
        labels = {"reason": gettext("Lý do"), "iccid": gettext("Số in trên SIM (ICCID)")}
        needed = _NEEDS.get(act, "")
        return door.page(
            "console/signing/act.html", entered, here="sims", status=422 if error else 200, found=_row(sim), act=act.value,
            label=words.acts()[act], needed=labels.get(needed, ""), error=error, typed=typed,
            owner=act in (Act.APPROVE, Act.APPROVE_FOR_PROVINCE) and sim.owner_match is None,
            warning=_warnings().get(act, ""), destructive=act in (Act.REFUSE, Act.REPORT_LOSS, Act.DEACTIVATE))


def waiting_rows(services: Services, who: Administrator) -> list[dict[str, Any]]:
    """Give the carriers' doubts as the first page shows what waits; nothing where nothing does, or it is not theirs to see."""
    rooms = services.mobile_signatures
    count = len(rooms.brake.open()) if rooms is not None and who.of_the_province else 0
    return [{"step": gettext("Quyết định về SIM"), "word": gettext("Nhà mạng báo đổi nhiều SIM cùng lúc"), "count": count,
             "overdue": count, "url": LIST}] if count else []


def _decision(name: str) -> Decision:
    return Decision(name) if name in {one.value for one in Decision} else abort(404)


def doubt_words(doubt: Doubt, who: Administrator) -> dict[str, Any]:
    """Give a doubt as the list shows it."""
    asked = urlencode({"carrier": doubt.carrier})
    return {"carrier": doubt.carrier, "count": doubt.sims, "since": moment(doubt.began_at),
            "url": f"{LIST}?{urlencode({'state': DOUBTED, 'carrier': doubt.carrier})}",
            "acts": [{"label": decision_words(doubt, one)["label"], "url": f"{LIST}doubts/{one.value}?{asked}"}
                     for one in reversed(Decision)] if decides(who) else []}


def decision_words(doubt: Doubt, decision: Decision) -> dict[str, Any]:
    """Give what the form of a decision says."""
    confirms = decision is Decision.CONFIRM
    return {"carrier": doubt.carrier, "count": doubt.sims, "decision": decision.value, "destructive": confirms,
            "label": gettext("Xác nhận đã đổi SIM") if confirms else gettext("Báo nhầm, cho SIM dùng lại"),
            "warning": gettext("Mọi SIM này ngừng ký và chứng thư số của SIM bị thu hồi. Không mở lại được.") if confirms else
            gettext("Mọi SIM này dùng lại được. Nếu nhà mạng báo lại như cũ, hệ thống lại chờ bạn quyết định.")}


def called() -> Mapping[str, str]:
    """Name the lists that go out, by whom they are for."""
    return {"carrier": gettext("Gửi nhà mạng: các đề nghị đang chờ"),
            "government": gettext("Gửi cơ quan chứng thực của Chính phủ: SIM chờ chứng thư số"),
            "revocation": gettext("Gửi cơ quan chứng thực của Chính phủ: chứng thư số cần thu hồi")}


def _detail(detail: Mapping[str, str]) -> list[str]:
    said = {"iccid": gettext("Số SIM"), "serial": gettext("Số hiệu chứng thư"), "reason": gettext("Lý do")}
    return [f"{said[name]}: {words.reason_words(value)}" for name, value in detail.items() if name in said]


def _warnings() -> Mapping[Act, str]:
    return {
        Act.REPORT_LOSS: gettext("SIM bị khóa ngay, chứng thư số của SIM bị thu hồi, và chữ ký đang chờ không giao cho ai."),
        Act.DEACTIVATE: gettext("SIM không ký được nữa và chứng thư số của SIM bị thu hồi. Không mở lại được."),
        Act.SEND_CODE: gettext("Mã cũ không dùng được nữa. Cán bộ tự nhập mã ở trang của mình, bạn không cần biết mã."),
        Act.GIVE_CARD: gettext("Hệ thống đăng ký SIM với nhà mạng và cấp chứng thư số cho khóa trong SIM."),
        Act.UNLOCK: gettext("Chỉ làm khi nhà mạng đã mở PIN và bạn chắc đó là SIM của cán bộ này.")}
