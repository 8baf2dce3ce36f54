"""``/account/sim`` and ``/account/signatures``: the officer's signing SIM with its next step, and every signature asked of it.

Security checklist 39, 57: the officer is that of the session. Asking for a SIM, reporting it lost and ending it stand behind a
fresh sign-in; saying "I did not ask for this" does not: it must not wait.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, make_response, render_template, request

from ....directory.mirror import MirroredOfficer
from ....errors import RefusedError, UnavailableError
from ....pki.enrollment.moves import Actor
from ....services import MobileSignatures, Services
from ....sessions.single_sign_on import Session
from ....signing.sims.sim import LIVE, Act, State
from ....signing.transaction import SIGNATURE, Transaction
from ... import signature_words as words
from ...onward import Onward, see_other
from ...presentation import agency_help, clock_words, in_words, officer_words
from ...security import caller

SIM, LIST = "/account/sim", "/account/signatures"
_ON_A_PAGE: Final = 30
_ENDS: Final = {"lost": Act.REPORT_LOSS, "end": Act.DEACTIVATE}
_LATE: Final = frozenset({"wrong_state", "changed"})
"""Refusals of a form that was sent again."""


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make the pages, where signatures by SIM are offered."""
    offered = services.mobile_signatures
    if offered is None:
        return
    rooms: MobileSignatures = offered

    @views.get("/sim")
    def sim() -> Response:
        entered = onward.enter(request.path)
        return entered if isinstance(entered, Response) else _sims(*entered)

    @views.post("/sim/ask")
    def ask_for_sim() -> Response:
        entered = onward.enter(SIM, fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        typed = {name: request.form.get(name, "").strip()[:32] for name in ("phone", "carrier")}
        return _do(session, officer, lambda: rooms.sims.ask(Actor(session.sub), session.sub, typed["phone"], typed["carrier"],
                                                            caller()), typed)

    @views.post("/sim/<sim_id>/<any(code, send, test):act>")
    def act_on_sim(sim_id: str, act: str) -> Response:
        entered = onward.enter(SIM)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        room, typed = rooms.sims, {"otp": request.form.get("otp", "")[:16]}
        acts = {"code": lambda: room.verify(session.sub, sim_id, typed["otp"], caller()),
                "send": lambda: room.send_code(Actor(session.sub), sim_id, caller()),
                "test": lambda: room.test(session.sub, sim_id, caller())}
        return _do(session, officer, acts[act], {}, at=sim_id)

    @views.get("/sim/<sim_id>/<any(lost, end):act>")
    def ask_end_of_sim(sim_id: str, act: str) -> Response:
        entered = onward.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        found = _own(entered[0], sim_id)
        return _render("end", entered[1], sim=words.sim_words(found), act=act)

    @views.post("/sim/<sim_id>/<any(lost, end):act>")
    def end_sim(sim_id: str, act: str) -> Response:
        entered = onward.enter(f"{SIM}/{sim_id}/{act}", fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        _own(session, sim_id)
        return _do(session, officer, lambda: rooms.sims.act(Actor(session.sub), sim_id, _ENDS[act], caller()), {})

    @views.get("/signatures")
    def signatures() -> Response:
        entered = onward.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        before = request.args.get("before", "")
        found = rooms.transactions.of_officer(session.sub, before=before if before.isalnum() else "", limit=_ON_A_PAGE + 1)
        shown = found[:_ON_A_PAGE]
        return _render("signatures", officer, rows=[_words(one) for one in shown], first=bool(before),
                       next=f"{LIST}?before={shown[-1].transaction_id}" if len(found) > _ON_A_PAGE else "")

    @views.get("/signatures/<transaction_id>")
    def signature(transaction_id: str) -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        one, now = _mine(entered[0], transaction_id), services.clock.now()
        course = [{"at": clock_words(event.at_us // 1_000_000, now), "what": words.course()[event.state],
                   "outcome": words.outcomes().get(event.outcome, "")} for event in rooms.transactions.events(transaction_id)]
        return _render("signature", entered[1], one=_words(one), course=course, text=one.text,
                       post=one.title, unit=one.unit_code, digest=one.digest.hex())

    @views.post("/signatures/<transaction_id>/deny")
    def deny_signature(transaction_id: str) -> Response:
        entered = onward.enter(f"{LIST}/{transaction_id}")
        if isinstance(entered, Response):
            return entered
        _mine(entered[0], transaction_id)
        try:
            rooms.signing.deny(entered[0].sub, transaction_id, caller())
        except RefusedError as err:
            if err.code != "changed":
                raise
        return see_other(f"{LIST}/{transaction_id}")

    @views.get("/signatures/<transaction_id>/evidence")
    def signature_evidence(transaction_id: str) -> Response:
        entered = onward.enter(f"{LIST}/{transaction_id}")
        if isinstance(entered, Response):
            return entered
        one = _mine(entered[0], transaction_id)
        answer = make_response(rooms.evidence(one, caller()))
        answer.headers["Content-Type"] = "application/zip"
        answer.headers["Content-Disposition"] = f'attachment; filename="{one.transaction_id}.zip"'
        return answer

    def _do(session: Session, officer: MirroredOfficer, act: Any, typed: dict[str, str], *, at: str = "") -> Response:
        try:
            act()
        except UnavailableError as err:
            if err.dependency not in ("short_messages", "mobile_signature", "authority"):
                raise
            return _sims(session, officer, error=words.refusal(err.dependency), typed=typed, status=503, at=at)
        except RefusedError as err:
            if err.status == 404 and err.code == "not_found":
                abort(404)
            if err.code not in _LATE:
                return _sims(session, officer, error=words.refusal(err.code), typed=typed, status=err.status, at=at)
        return see_other(SIM)

    def _sims(session: Session, officer: MirroredOfficer, *, error: str = "", typed: dict[str, str] | None = None,
              status: int = 200, at: str = "") -> Response:
        found = rooms.sims.store.of_officer(session.sub)  # the worker takes them on: looking changes nothing
        shown = [words.sim_words(one) | {"acts": {act.value for act in rooms.sims.possible(Actor(session.sub), one)},
                                         "waiting": _test(one.test_transaction) if one.state is State.BOUND else None}
                 for one in found]
        live = any(one.state in LIVE for one in found)
        answer = _render("sim", officer, status=status, sims=shown, carriers=rooms.sims.carriers, may_ask=not live, error=error,
                         at=at, typed=typed or {"phone": "", "carrier": ""})
        if any(one["waiting"] for one in shown):
            answer.headers["Refresh"] = f"4;url={SIM}"
        return answer

    def _test(transaction_id: str) -> dict[str, Any] | None:
        one = rooms.transactions.find(transaction_id) if transaction_id else None
        if one is None:
            return None
        left = max(0, one.created_at + one.timeout_seconds - services.clock.now())
        return {"code": one.code, "left": left, "whole": one.timeout_seconds, "open": words.is_open(one)}

    def _own(session: Session, sim_id: str) -> Any:
        found = rooms.sims.store.find(sim_id)
        return found if found is not None and found.sub == session.sub else abort(404)

    def _mine(session: Session, transaction_id: str) -> Transaction:
        one = rooms.transactions.find(transaction_id)
        if one is None or one.sub != session.sub or one.purpose != SIGNATURE:
            abort(404)
        return one

    def _words(one: Transaction) -> dict[str, Any]:
        client = services.clients.find(one.client_id)
        name = in_words(client).client_name if client is not None else words.our_own(one.client_id)
        return words.signature_words(one, name, services.clock.now())

    def _render(name: str, officer: MirroredOfficer, *, status: int = 200, **more: Any) -> Response:
        return make_response(render_template(f"account/signing/{name}.html", who=officer_words(officer.officer),
                                             agency_help=agency_help(services, officer.officer), **more), status)
