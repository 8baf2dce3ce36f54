"""Samples of the console's pages of officers and agencies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from idp.administration.people.ports import SORTS
from idp.signing.sims.sim import State
from idp.web.console.people import words
from idp.web.console.turning import sorting
from idp.web.signature_words import sim_words

from .desk_samples import by_language, frame
from .sim_samples import SIM

WRONG: Final = frozenset({"officer-act-refused", "deputy-refused"})
_TURN = {"first": "", "prev": "", "next": "/next"}
_LONG_UNIT = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
_ACTIVE = {"name": "active", "word": {"vi": "Đang dùng", "en": "In use"}, "tag": "ok", "icon": "check"}


def _row(number: int, name: str, unit: str, **more: Any) -> dict[str, Any]:
    cells = {"title": "Chuyên viên", "mail": f"mau{number}@haugiang.gov.vn", "phone": "•••• ••• 123", "seen": "23/11/2026 07:32",
             "factor": "2", "certificates": "1"}
    return {"sub": f"officer-{number}", "uid": f"mau{number}", "name": name, "unit_name": unit, "disabled": False,
            "has_factor": True, **cells, "cells": cells, **more}


_ROWS = [_row(1, "Nguyễn Văn Mẫu", "Sở Y tế"), _row(2, "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", _LONG_UNIT, disabled=True)]

_DEPUTYSHIP = {"id": "d1", "deputy": "officer-1", "deputy_name": "Nguyễn Văn Mẫu", "giver": "officer-2",
               "giver_name": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "what": "H30.11", "reason": "Đi công tác dài ngày ở tỉnh",
               "since": "23/11/2026", "until": "05/12/2026", "may_end": True, "by": ""}
ADMINISTERS: Final[dict[str, Any]] = {"role": "Sở Y tế", "acts_for": [_DEPUTYSHIP], "deputies": [_DEPUTYSHIP]}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    listed: dict[str, Any] = frame(who, "officers") | {
        "rows": _ROWS, "narrowed": {"q": "", "unit": "", "state": "", "factor": "", "sort": "name"},
        "columns": lambda: [{"name": name, "label": label, "shown": name in ("title", "seen", "factor")}
                            for name, label in words.columns().items()],
        "states": words.states,
        "factors": words.factors, "sorts": sorting("/admin/officers/", [("unit", "H30.11")], "name", SORTS),
        "units": [{"code": "H30.11", "name": "Sở Y tế"}], "may_export": True, "export": "/next", "turn": _TURN,
        "bulk": lambda: [{"name": name, "label": label} for name, (label, _) in words.many().items()]}
    one: dict[str, Any] = frame(who, "officers") | {
        "whole": True, "next": {
            "vi": {"what": "Duyệt cho tỉnh hoặc trả lại", "who": "Quản trị tỉnh", "by": "trước 17 giờ ngày 25/11/2026",
                   "about": "Đề nghị 2026-04210004", "url": "/next", "overdue": False,
                   "after": ["Bật xác thực hai lớp (Cán bộ này)"]},
            "en": {"what": "Approve for the province or return", "who": "Province administrator",
                   "by": "before 17:00 on 25/11/2026", "about": "Request 2026-04210004", "url": "/next", "overdue": False,
                   "after": ["First sign-in (This officer)"]}},
        "code": "", "code_of": "", "waiting": None, "given": None, "stopped": None, "found": _ROWS[0] | {
            "posts": [{"title": "Chuyên viên", "unit_name": "Sở Y tế", "unit_code": "H30.11", "until": ""},
                      {"title": "", "unit_name": _LONG_UNIT, "unit_code": "H30.12", "until": "31/12/2026 00:00"}],
            "guest": None, "ends": "", "role": ""},
        "initials": "NM", "may_ask": True, "sims": lambda: [
            sim_words(SIM) | {"may_block": True}, sim_words(replace(SIM, state=State.DEACTIVATED)) | {"may_block": False}],
        "factors": lambda: [
            {"kind": "otp", "name": words.factor("otp"), "label": "", "since": "12/10/2026 08:14", "used": "18/11/2026 07:31",
             "left": None},
            {"kind": "recovery_codes", "name": words.factor("recovery_codes"), "label": "", "since": "12/10/2026 08:15",
             "used": "", "left": 7}],
        "sessions": [{"device": "Firefox, Windows", "source": "192.0.2.17", "since": "23/11/2026 07:32",
                      "seen": "23/11/2026 09:05"}],
        "applications": [{"client_id": "qlvb", "name": "Hệ thống Quản lý văn bản", "grants": ["g"], "agreed": "",
                          "used": "23/11/2026 07:32"}],
        "certificates": by_language([{"id": "2026-04210004", "what": {"vi": "Cấp mới, USB", "en": "New issue, USB"},
                                      "state": _ACTIVE, "serial": "5401ab00c3d2e1f0", "next": ""}]),
        "devices": [{"id": "d1", "serial": "TK-0001", "overdue": True}], "tasks": [
            {"id": "t1", "overdue": True, "kind": "Thu hồi chứng thư số", "due": "24/11/2026 08:00"}],
        "timeline": [{"at": "23/11/2026 07:32", "what": "sign_in", "who": "", "source": "192.0.2.17"}],
        "acts": lambda: [{"name": name, "label": words.acts()[name][0]} for name in ("end_access", "reset")],
        "may_revoke": True, "beyond": False, "turn": _TURN}
    waiting = {"until": "24/11/2026 08:00", "reason": "Mất điện thoại", "asked_by_name": "Trần Thị Ví Dụ", "may_decide": False}

    asked = {"until": "24/11/2026 08:00", "reason": "Quên điện thoại ở nhà", "asked_by_name": "Trần Thị Ví Dụ",
             "may_decide": False, "state": "open", "hours": 8, "several": False, "uses": 0}

    def act(name: str, **more: Any) -> dict[str, Any]:
        return frame(who, "officers") | {
            "error": "", "at": "", "found": _ROWS[0], "act": name, "label": lambda: words.acts()[name][0],
            "warning": lambda: words.acts()[name][1], "application": "", "about": "", "reason": "", "said": "", "asked_by": "",
            "asks_why": lambda: words.asks_why(name), "hours": None, "destructive": True, **more}

    def many(**more: Any) -> dict[str, Any]:
        return frame(who, "officers") | {"act": "remind", "label": lambda: words.many()["remind"][0], "done": 1, "items": None,
                                         "warning": lambda: words.many()["remind"][1], "rows": _ROWS, **more}

    deputy: dict[str, Any] = frame(who, "deputies") | {
        "error": "", "at": "", "days": 92, "longest": 300, "for_others": True, "units": [{"code": "H30.11", "name": "Sở Y tế"}],
        "told": {"deputy": "mau1", "giver": "", "unit": "", "ends_on": "05/12/2026", "reason": ""}}
    holder = {"sub": "a", "name": "Nguyễn Văn Mẫu", "title": "Chánh Văn phòng", "unit_name": _LONG_UNIT,
              "what": f"Quản trị đơn vị, {_LONG_UNIT}", "by": "", "since": "12/10/2026", "until": "", "seen": "23/11/2026 09:05",
              "has_factor": True, "account": ""}
    holders: dict[str, Any] = frame(who, "holders") | {
        "rows": [holder, {**holder, "sub": "b", "name": "Trần Thị Ví Dụ", "by": "Làm thay Nguyễn Văn Mẫu", "until": "05/12/2026",
                          "seen": "", "has_factor": False, "title": ""},
                 {**holder, "sub": "c", "what": "Kiểm toán viên, chỉ xem", "since": "", "account": "Bị khóa"}],
        "asked": {"role": "", "unit": "", "state": ""}, "roles": words.roles, "states": words.holder_states,
        "units": [{"code": "H30.11", "name": "Sở Y tế"}], "export": "/admin/role-holders/file", "turn": _TURN}
    numbers = {"officers": 400, "with_factor": 268, "with_certificate": 120, "open_tasks": 3}
    agency = {"code": "H30.11", "code_2016": "000.00.11.H30", "name": "Sở Y tế", "kind": None, "depth": 0, **numbers}
    below = {"code": "H30.11.2", "code_2016": None, "name": _LONG_UNIT, "kind": None, "depth": 1, **numbers, "officers": 0}
    whole = {**agency, "above": [{"code": "H30", "name": "Hậu Giang"}], "below": [below], "devices": [
        {"id": "d1", "serial": "TK-0001", "overdue": True}], "applications": [
        {"client_id": "khaosat", "client_name": "Khảo sát", "disabled": False}], "administrators": [
        {"sub": "officer-2", "name": "Trần Thị Ví Dụ", "title": "Chánh Văn phòng", "phone": "•••• ••• 456"}]}
    of_agency: dict[str, Any] = frame(who, "agencies") | {
        "may_see_holders": True, "found": whole,
        "tasks": [{"id": "t1", "name": "Nguyễn Văn Mẫu", "kind": "Thu hồi SIM", "due": "24/11/2026 08:00"}],
        "seals": by_language([{"id": "2026-04210009", "name": "Sở Y tế", "state": _ACTIVE}])}
    return {
        "officers": ("console/people/officers.html", listed),
        "officers-none": ("console/people/officers.html", listed | {
            "rows": [], "bulk": [], "may_export": False, "turn": {"first": "", "prev": "", "next": ""},
            "narrowed": {"q": "x", "unit": "H30.11", "state": "guest", "factor": "with", "sort": "last_sign_in"}}),
        "officer": ("console/people/officer.html", one),
        "officer-late": ("console/people/officer.html", one | {"next": lambda: {
            "what": words.factor("sim"), "who": "Nguyễn Văn Mẫu", "by": "", "about": "TK-0001", "url": "/next", "overdue": True,
            "after": []}}),
        "officer-nothing": ("console/people/officer.html", one | {"next": None, "beyond": True}),
        "officer-waits": ("console/people/officer.html", one | {
            "waiting": waiting, "factors": [], "sessions": [], "applications": None, "certificates": None, "devices": None,
            "tasks": None, "sims": None, "may_ask": False,
            "timeline": [], "acts": [], "turn": {"first": "", "prev": "", "next": ""}, "found": _ROWS[1] | {
                "posts": [], "guest": "vendor", "ends": "31/12/2026 00:00", "role": "Quản trị"}}),
        "officer-code": ("console/people/officer.html", one | {
            "code": "AB3DE-FG7HJ", "code_of": "code", "applications": [], "certificates": [], "devices": [], "tasks": []}),
        "officer-pass-asked": ("console/people/officer.html", one | {"given": asked}),
        "officer-pass-code": ("console/people/officer.html", one | {
            "code": "AB3DE-FG7HJ", "code_of": "give_pass", "given": asked | {"state": "active", "uses": 2, "several": True}}),
        "officer-act-pass": ("console/people/act.html", act("ask_pass", hours=words.hours, several=False, chosen="8",
                                                            destructive=False)),
        "officer-stopped": ("console/people/officer.html", one | {"found": one["found"] | {"disabled": True}, "stopped": {
            "at": "23/11/2026 09:05", "by_name": "Trần Thị Ví Dụ", "reason": "Mất máy tính xách tay", "may_lift": False}}),
        "officer-act-stop": ("console/people/act.html", act("stop")),
        "officer-act": ("console/people/act.html", act("end_access")),
        "officer-act-approve": ("console/people/act.html", act("approve", said="Mất máy", asked_by="Trần Thị Ví Dụ")),
        "officer-act-revoke": ("console/people/act.html", act("revoke", application="Quản lý văn bản", about="qlvb")),
        "officer-act-refused": ("console/people/act.html", act(
            "reset", error=lambda: words.refusal("invalid_body"), at="reason")),
        "officers-many": ("console/people/many.html", many()),
        "officers-many-done": ("console/people/many.html", many(items=lambda: [
            {"sub": "a", "name": "Nguyễn Văn Mẫu", "why": words.refusal("has_factor")}, {"sub": "b", "name": "", "why": ""}])),
        "deputies": ("console/people/deputies.html", frame(who, "deputies") | {
            "rows": [_DEPUTYSHIP, _DEPUTYSHIP | {"id": "d2", "by": "Trần Thị Ví Dụ", "may_end": False}], "may_name": True,
            "may_see": True, "turn": _TURN}),
        "deputies-none": ("console/people/deputies.html", frame(who, "deputies") | {
            "rows": [], "may_name": False, "may_see": False, "turn": {"first": "", "prev": "", "next": ""}}),
        "deputy": ("console/people/deputy.html", deputy),
        "deputy-refused": ("console/people/deputy.html", deputy | {
            "error": lambda: words.refusal_of_deputy("beyond"), "at": "unit", "for_others": False}),
        "deputy-end": ("console/people/deputy_end.html", frame(who, "deputies") | {"found": _DEPUTYSHIP}),
        "holders": ("console/people/holders.html", holders),
        "holders-none": ("console/people/holders.html", holders | {
            "rows": [], "turn": {"first": "", "prev": "", "next": ""},
            "asked": {"role": "auditor", "unit": "", "state": "left"}}),
        "agencies": ("console/people/agencies.html", frame(who, "agencies") | {"rows": [agency, below]}),
        "agencies-none": ("console/people/agencies.html", frame(who, "agencies") | {"rows": []}),
        "agency": ("console/people/agency.html", of_agency),
        "agency-empty": ("console/people/agency.html", of_agency | {"may_see_holders": False, "seals": [], "tasks": [],
                         "found": whole | {
            "above": [], "below": [], "devices": [], "applications": [], "administrators": [], "code_2016": None}}),
    }
