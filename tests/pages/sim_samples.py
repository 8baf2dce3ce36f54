"""Samples of the pages of SIMs and signatures: the officer's own, and the console's."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final

from idp.administration.signing.sims import SORTS
from idp.roles import Administrator, Role
from idp.signing.outcome import Outcome
from idp.signing.sims.brake import Decision, Doubt
from idp.signing.sims.sim import Act, Sim, State
from idp.signing.transaction import State as SignatureState
from idp.signing.transaction import Transaction
from idp.web import signature_words as words
from idp.web.console.signing import sims as sim_pages
from idp.web.console.turning import sorting

from .desk_samples import FOUND, frame

PROVINCE: Final = Administrator(role=Role.PROVINCE, client_id="console", sub="desk")
_DECISION: Final = ("carrier", "count", "decision", "destructive", "label", "warning")
WRONG: Final = frozenset({"sim-refused", "sim-code-refused", "console-sim-act-refused", "console-sim-new-refused",
                          "console-sim-doubt-refused", "console-signatures-refused", "console-signature-refused",
                          "login-sim-refused", "login-sim-blocked", "login-sim-throttled", "login-sim-reused"})
_NOW = 1_795_000_000
SIM = Sim(sim_id="sim-1", sub="sub", unit_code="H30.11", unit_name="Sở Y tế", name="Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm",
           msisdn="84912345678", carrier="Mạng mẫu Một", since=_NOW, created_at=_NOW, requester="sub",
           iccid="8984990000000000033", serial="161ec92d672a48092287346229214a1")
_ONE = Transaction(
    transaction_id="s1", client_id="qlvb", idempotency_key="1", sub="sub", unit_code="H30.11", title="Giám đốc",
    msisdn="84912345678", iccid=SIM.iccid, carrier=SIM.carrier, certificate=b"", digest_name="sha256",
    digest=hashlib.sha256(b"x").digest(), document="12/CV-SYT", subject="Khảo sát công vụ",
    text="QLVB 12/CV-SYT 1462", code="1462", timeout_seconds=120, state=SignatureState.RELEASED, outcome="valid",
    created_at=_NOW, deadline_at=_NOW, next_try_at=None)
_APPLICATION = "Hệ thống Quản lý văn bản"


def _sim(state: State, *acts: Act, reason: str = "", waiting: dict[str, Any] | None = None, doubt: str = "") -> dict[str, Any]:
    return words.sim_words(replace(SIM, state=state, reason=reason, doubt=doubt)) | {
        "acts": {act.value for act in acts}, "waiting": waiting, "holder": SIM.name, "unit": SIM.unit_name}


def _signature(state: SignatureState, outcome: str = "valid", **more: Any) -> dict[str, Any]:
    return words.signature_words(replace(_ONE, state=state, outcome=outcome, **more), _APPLICATION, _NOW + 60)


def _kept(state: SignatureState, outcome: str = "valid", *, denied: bool = False) -> dict[str, Any]:
    tag, icon, word = words.kept(state, denied=denied)
    return {"id": "s1", "at": "23/11/2026 09:05:00", "name": SIM.name, "title": "Giám đốc", "unit_name": SIM.unit_name,
            "application": _APPLICATION, "document": "12/CV-SYT", "number": "•••• ••• 678", "tag": tag, "icon": icon,
            "word": word, "outcome": words.outcomes().get(outcome, ""), "denied": denied, "carrier": SIM.carrier, "code": "1462",
            "digest": _ONE.digest.hex()}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    own: dict[str, Any] = {"who": who, "signs": True, "agency_help": None, "error": "", "at": "",
                           "carriers": ("Mạng mẫu Một", "Mạng mẫu Hai"), "typed": {"phone": "", "carrier": ""}, "may_ask": False}
    mine: dict[str, Any] = {"who": who, "signs": True, "agency_help": None}
    around: dict[str, Any] = frame(who, "sims")
    people = {"requester": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "agency_approver": "", "province_approver": ""}

    def one(*acts: Act) -> Any:
        return lambda: [{"name": act.value, "label": words.acts()[act], "danger": act is Act.REPORT_LOSS} for act in acts]

    def history() -> list[dict[str, Any]]:
        return [{"at": "23/11/2026 09:05", "what": words.acts()[act], "state": "", "who": "", "detail": []}
                for act in (Act.BIND, Act.GIVE_CARD, Act.VERIFY, Act.ASK)]

    listed: dict[str, Any] = around | {
        "narrowed": {"state": "active", "unit": "", "carrier": "", "q": "34", "sort": "since"},
        "sorts": sorting("/admin/sims/", [("q", "34")], "since", SORTS),
        "carriers": ("Mạng mẫu Một",),
        "turn": {"first": "/next", "prev": "", "next": "/next"},
        "states": lambda: [{"name": state.value, "word": word, "count": 3} for state, (word, _, _) in words.states().items()],
        "may_ask": True, "error": "", "doubts": [], "lists": lambda: [
            {"word": word, "files": [{"kind": kind, "url": "/next"} for kind in ("XLSX", "CSV")]}
            for word in sim_pages.called().values()],
        "rows": lambda: [_sim(State.ACTIVE), _sim(State.NUMBER_VERIFIED) | {"seal": True}, _sim(State.LOST)]}
    shown: dict[str, Any] = around | {"error": "", "people": people, "owner": "–", "history": history}
    act: dict[str, Any] = around | {"error": "", "typed": "", "needed": "", "owner": False, "warning": "", "destructive": False}
    none = {"first": "", "prev": "", "next": ""}
    history: dict[str, Any] = frame(who, "signatures") | {
        "error": "", "narrowed": {"person": "", "application": "qlvb", "unit": "", "state": "released", "since": "", "until": ""},
        "units": [{"code": "H30.11", "name": "Sở Y tế"}], "applications": {"qlvb": _APPLICATION}, "states": words.kept_states,
        "searched": True, "choices": [], "turn": {"first": "/next", "prev": "/next", "next": "/next"},
        "rows": lambda: [_kept(SignatureState.RELEASED), _kept(SignatureState.FAILED, "denied", denied=True),
                         _kept(SignatureState.LATE, "late")]}
    kept: dict[str, Any] = frame(who, "signatures") | {
        "error": "", "typed": "", "ended": "23/11/2026 09:06:02", "longest": 300, "may_have_evidence": True,
        "found": lambda: _kept(SignatureState.RELEASED), "course": lambda: [
            {"at": "23/11/2026 09:05:00", "what": word, "outcome": words.outcomes()["valid"]}
            for word in words.course().values()]}
    wish: dict[str, Any] = around | {"seal": True, "error": "", "at": "", "carriers": ("Mạng mẫu Một", "Mạng mẫu Hai"),
                                     "typed": {"phone": "", "carrier": ""}, "holder": FOUND[0]}
    doubt = Doubt("d1", "Mạng mẫu Một", _NOW, 412)
    login: dict[str, Any] = {"app": None, "action": "/stay", "who": who, "error": None, "others": [], "cancel_url": "/next",
                             "phone": "••••\u00a0•••\u00a0678", "remember_days": 0}
    return {
        "login-sim": ("login/factors/sim.html", login),
        "login-sim-asked": ("login/factors/sim.html", login | {
            "waiting": {"number": 1, "code": "1462", "left": 96, "whole": 120}, "here": "/stay", "state_url": "/stay"}),
        "login-sim-confirmed": ("login/factors/sim.html", login | {"confirmed": True, "remember_days": 30}),
        "login-sim-refused": ("login/factors/sim.html", login | {"error": lambda: {
            "code": "cancelled", "why": words.on_the_phone()["cancelled"]}}),
        "login-sim-blocked": ("login/factors/sim.html", login | {"again": False, "error": lambda: {
            "code": "pin_blocked", "why": words.on_the_phone()["pin_blocked"]}}),
        "login-sim-throttled": ("login/factors/sim.html", login | {"error": {"code": "throttled", "retry_after_seconds": 300}}),
        "login-sim-reused": ("login/factors/sim.html", login | {"error": {"code": "reused"}}),
        "account-sim-login": ("account/sim_login.html", {"who": who, "action": "/stay"}),
        "account-sim-approves": ("account/sim_login.html", {"who": who, "action": "/stay", "enrolled": True, "approves": True}),
        "account-sim-does-not": ("account/sim_login.html", {"who": who, "action": "/stay", "enrolled": True, "approves": False}),
        "sim-none": ("account/signing/sim.html", own | {"sims": [], "may_ask": True}),
        "sim-refused": ("account/signing/sim.html", own | {
            "sims": [], "may_ask": True, "typed": {"phone": "0912", "carrier": "Mạng mẫu Hai"},
            "error": lambda: words.refusal("bad_number")}),
        "sim-code": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.REQUESTED, Act.VERIFY, Act.SEND_CODE, Act.DEACTIVATE)]}),
        "sim-code-refused": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.REQUESTED, Act.VERIFY, Act.SEND_CODE)], "at": "sim-1",
            "error": lambda: words.refusal("wrong_code")}),
        "sim-test": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.BOUND, Act.TEST, reason=Outcome.UNREACHABLE.value)]}),
        "sim-testing": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.BOUND, waiting={"code": "1462", "left": 96, "whole": 120, "open": True})]}),
        "sim-active": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.ACTIVE, Act.REPORT_LOSS, Act.DEACTIVATE), _sim(State.REPLACED) | {"id": "sim-2"}]}),
        "sim-in-doubt": ("account/signing/sim.html", own | {
            "sims": lambda: [_sim(State.ACTIVE, Act.REPORT_LOSS, reason="unsuitable_sim", doubt="d1")]}),
        "sim-lost": ("account/signing/end.html", mine | {"sim": lambda: _sim(State.ACTIVE), "act": "lost"}),
        "signatures": ("account/signing/signatures.html", mine | {"first": True, "next": "/next", "rows": lambda: [
            _signature(SignatureState.RELEASED), _signature(SignatureState.SENT, ""),
            _signature(SignatureState.FAILED, "cancelled"), _signature(SignatureState.FAILED, "denied", denied_at=_NOW)]}),
        "signatures-none": ("account/signing/signatures.html", mine | {"first": False, "next": "", "rows": []}),
        "signature": ("account/signing/signature.html", mine | {
            "one": lambda: _signature(SignatureState.RELEASED), "text": _ONE.text, "post": "Giám đốc", "unit": "H30.11",
            "digest": _ONE.digest.hex(), "course": lambda: [
                {"at": "09:05", "what": word, "outcome": ""} for word in words.course().values()]}),
        "signature-denied": ("account/signing/signature.html", mine | {
            "one": lambda: _signature(SignatureState.FAILED, "denied", denied_at=_NOW), "text": _ONE.text, "post": "",
            "unit": "H30.11", "digest": _ONE.digest.hex(), "course": []}),
        "console-sims": ("console/signing/sims.html", listed),
        "console-sims-in-doubt": ("console/signing/sims.html", listed | {
            "doubts": lambda: [sim_pages.doubt_words(doubt, PROVINCE)], "lists": [],
            "rows": lambda: [_sim(State.ACTIVE, doubt="d1"), _sim(State.SWAPPED)]}),
        "console-sim-doubt-confirm": ("console/signing/doubt.html", around | {"error": "", "typed": ""} | {
            name: (lambda name=name: sim_pages.decision_words(doubt, Decision.CONFIRM)[name]) for name in _DECISION}),
        "console-sim-doubt-refused": ("console/signing/doubt.html", around | {
            "typed": "", "error": lambda: words.refusal("reason_needed")} | {
            name: (lambda name=name: sim_pages.decision_words(doubt, Decision.DISMISS)[name]) for name in _DECISION}),
        "console-signatures": ("console/signing/signatures.html", history),
        "console-signatures-none": ("console/signing/signatures.html", history | {"rows": [], "turn": none}),
        "console-signatures-nobody": ("console/signing/signatures.html", history | {"rows": [], "turn": none, "searched": False}),
        "console-signatures-choose": ("console/signing/signatures.html", history | {"rows": [], "choices": [
            {"uid": "nvmau", "name": "Nguyễn Văn Mẫu", "title": "Giám đốc", "unit_name": "Sở Y tế", "url": "/next"}]}),
        "console-signatures-refused": ("console/signing/signatures.html", history | {"rows": [], "turn": none, "error": {
            "vi": "Ngày ghi như 23/11/2026, và “đến ngày” không trước “từ ngày”.",
            "en": "Write a day like 23/11/2026, and “to” not before “from”."}}),
        "console-signature": ("console/signing/signature.html", kept),
        "console-signature-denied": ("console/signing/signature.html", kept | {
            "found": lambda: _kept(SignatureState.FAILED, "denied", denied=True), "may_have_evidence": False}),
        "console-signature-refused": ("console/signing/signature.html", kept | {"error": {
            "vi": "Vui lòng ghi mục đích, nhiều nhất 300 ký tự.", "en": "Please give the purpose, at most 300 characters."}}),
        "console-sims-none": ("console/signing/sims.html", listed | {"rows": [], "turn": {"first": "", "prev": "", "next": ""}}),
        "console-sim-find": ("console/signing/find.html", around | {
            "q": "tang", "seal": True, "found": FOUND, "more": True}),
        "console-sim-find-none": ("console/signing/find.html", around | {"q": "khong", "seal": 0, "found": [], "more": False}),
        "console-sim-new": ("console/signing/new.html", wish),
        "console-sim-new-refused": ("console/signing/new.html", wish | {
            "seal": False, "typed": {"phone": "0912", "carrier": "Mạng mẫu Hai"}, "at": "phone",
            "error": lambda: words.refusal("bad_number")}),
        "console-sim": ("console/signing/sim.html", shown | {
            "found": lambda: _sim(State.ACTIVE), "acts": one(Act.UNLOCK, Act.REPORT_LOSS)}),
        "console-sim-stuck": ("console/signing/sim.html", shown | {
            "found": lambda: _sim(State.CARD_GIVEN, reason=Outcome.REGISTRATION_FAILED.value), "acts": [],
            "error": lambda: words.refusal("another_person")}),
        "console-sim-act": ("console/signing/act.html", act | {
            "found": lambda: _sim(State.NUMBER_VERIFIED), "act": "approve", "label": lambda: words.acts()[Act.APPROVE],
            "owner": True}),
        "console-sim-act-refused": ("console/signing/act.html", act | {
            "found": lambda: _sim(State.APPROVED), "act": "give_card", "label": lambda: words.acts()[Act.GIVE_CARD],
            "needed": "ICCID", "typed": "123", "error": lambda: words.refusal("bad_card")}),
    }
