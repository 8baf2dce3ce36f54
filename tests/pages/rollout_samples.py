"""Campaigns, with invented figures and people."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from idp.administration.rollout.lists import SORTS
from idp.pki.enrollment.states import State
from idp.pki.enrollment.working_days import WorkingDays
from idp.rollout.campaign import Goal
from idp.rollout.chart import LARGE, PAPER, SMALL, draw
from idp.rollout.report import Issuer, paper
from idp.rollout.roll import Roll
from idp.rollout.steps import next_step
from idp.web.console.rollout.words import bar, refusal
from idp.web.console.turning import sorting
from tests.rollout.course import course

_LONG = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
WRONG = {"rollout-remind-nobody", "rollout-export-wrong", "rollout-new-wrong", "rollout-change-wrong", "rollout-exclude-wrong"}
"""Samples of what was refused."""
_ONE_PAGE = dict.fromkeys(("first", "prev", "next"), "")
_AGENCIES = [("UBND huyện Long Mỹ", 5, 12), ("Sở Y tế", 11, 22), (_LONG, 9, 18), ("Sở Xây dựng", 9, 14),
             ("Sở Giáo dục và Đào tạo", 14, 20), ("Sở Tài chính", 15, 18), ("Văn phòng UBND tỉnh", 21, 24),
             ("Sở Tư pháp", 11, 12), ("Sở Thông tin và Truyền thông", 16, 16), ("Thanh tra tỉnh", 7, 10)]
_WAYS: dict[str, Any] = {"vi": ["Chưa có hộp thư", "Văn thư đơn vị"], "en": ["No mailbox yet", "The agency's records clerk"]}


def _campaign(name: str = "Hộp thư cho Hệ thống Quản lý văn bản", **more: Any) -> dict[str, Any]:
    return {"id": "CD-2026-0001", "name": name, "goal": {"vi": "Có thư điện tử công vụ", "en": "Has an official e-mail address"},
            "applications": False, "deadline": "15/12/2026", "begun": "01/10/2026", "url": "/next", "closed": "", **more}


def _figures(**more: Any) -> dict[str, Any]:
    return {"rate": "67%", "done": "268", "counted": "400", "needed": "283", "behind": "15", "is_behind": True, "ahead": "0",
            "left": 22, "working_days": 16, "over": -22, "pace": "71", "pace_days": 14, "finished": False,
            "forecast": "20/12/2026", "late": True, "bar": bar(268, 400, low=True), "need_at": 113.2, "day": "23/11/2026",
            "as_of": "23/11/2026 09:15", **more}


def _by_language(value: Any) -> dict[str, Any]:
    return {lang: _of(value, lang) for lang in ("vi", "en")}


def _of(value: Any, lang: str) -> Any:
    if isinstance(value, dict):
        return value[lang] if set(value) == {"vi", "en"} else {key: _of(part, lang) for key, part in value.items()}
    return [_of(part, lang) for part in value] if isinstance(value, list) else value


def running() -> dict[str, Any]:
    """Give two campaigns as the first page has them: one that is late, one that is done."""
    return _by_language([
        {**_campaign(), **_figures()},
        {**_campaign("Kết nối ứng dụng", id="CD-2026-0002", applications=True,
                     goal={"vi": "Ứng dụng đã kết nối", "en": "Application connected"}),
         **_figures(rate="100%", done="8", counted="8", needed="5", is_behind=False, ahead="3", left=-2, over=2, finished=True)}])


def longest_report() -> dict[str, Any]:
    """Give the report of sixty agencies with long names and a long campaign, whose missing wait for every step there is."""
    made = course(0, people=1200, goal=Goal.CERTIFICATE, agency=_LONG, name=" ".join(["Cấp chứng thư số chuyên dùng"] * 4))
    waits = list(dict.fromkeys(next_step(Goal.CERTIFICATE, (state,)) for state in State))
    made = replace(made, people=Roll.of([one._replace(step=waits[n % len(waits)]) for n, one in enumerate(made.people)]))
    return {"paper": asdict(paper(made, Issuer("Tỉnh Hậu Giang", "Sở Thông tin và Truyền thông"), WorkingDays())),
            "chart": draw(made, PAPER)}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context by name."""
    from .desk_samples import frame

    made = course(268, agency="Sở mẫu")
    rows = [{"code": f"H30.{number}", "name": name, "done": str(done), "counted": str(counted), "missing": str(counted - done),
             "rate": f"{100 * done // counted}%", "low": done * 400 < 283 * counted,
             "bar": bar(done, counted, low=done * 400 < 283 * counted)} for number, (name, done, counted) in enumerate(_AGENCIES)]
    around, files = frame(who, "rollout"), [{"kind": "CSV", "url": "/next"}, {"kind": "XLSX", "url": "/next"}]
    weeks = [{"day": f"{day:02}/10/2026", "done": str(day * 5), "needed": str(day * 6), "gap": f"−{day}"}
             for day in (1, 8, 15, 22)]
    found = _by_language(_campaign())
    campaign: dict[str, Any] = around | {
        "found": found, "figures": _figures(), "agencies": rows, "worst": _by_language([row | {
            "stops": [{"vi": "4 chưa đề nghị", "en": "4 not asked for yet"},
                      {"vi": "3 chờ đơn vị duyệt", "en": "3 wait for the agency"}],
            "who": [{"vi": "Quản trị đơn vị: Nguyễn Văn Mẫu", "en": "The agency administrator: Nguyễn Văn Mẫu"},
                    {"vi": "Cán bộ tự làm", "en": "The officer"}], "waited": 12} for row in rows[:6]]), "may_remind": True,
        "low": 5, "missing": "132", "excluded": "12",
        "listed": "412", "joined": "3", "left": "2",
        "people": "424", "movements": "5", "on": "", "query": "", "files": files, "may_change": True,
        "course": {"large": draw(made, LARGE), "small": draw(made, SMALL), "rows": weeks},
        "stops": _by_language([{"step": step, "word": {"vi": vi, "en": en}, "owner": {"vi": by_vi, "en": by_en}, "count": count}
                               for step, vi, en, by_vi, by_en, count in (
            ("ask", "Chưa đề nghị", "Not asked for yet", "Quản trị đơn vị", "The agency administrator", "21"),
            ("issue", "Chờ cấp chứng thư số", "Waits for the certificate to be issued", "Đơn vị cấp chứng thư",
             "Certification authority", "41"),
            ("activate", "Chờ ký thử và kích hoạt", "Waits for the test signature and activation", "Cán bộ tự làm", "The officer",
             "70"))])}
    remind: dict[str, Any] = around | {
        "found": found, "error": "", "most": 200, "agency": "H30.1", "name": _LONG, "officers": 212, "already": 1,
        "administrators": [{"name": "Nguyễn Văn Mẫu", "cases": 4}]}
    person = {"subject": "s1", "name": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "title": "Phó Chánh Văn phòng",
              "unit_name": _LONG}
    other = person | {"subject": "s2", "name": "Nguyễn Văn Mẫu"}
    missing: dict[str, Any] = around | {
        "found": found, "total": "132", "as_of": "23/11/2026 09:15",
        "narrowed": {"step": "open_mailbox", "unit": "H30.1", "q": "thu", "sort": "since", "on": "2026-11-22"},
        "sorts": sorting("/admin/rollout/c/missing", [("q", "thu")], "since", SORTS),
        "export": "/next", "may_change": True, "turn": {"first": "/next", "prev": "/next", "next": "/next"},
        "steps": _by_language([{"value": "open_mailbox", "word": {"vi": "Chưa có hộp thư", "en": "No mailbox yet"}}]),
        "units": [{"code": "H30.1", "name": "Sở Y tế"}],
        "rows": {lang: [{**one, "word": way[0], "who": way[1], "since": "12/11/2026"} for one in (person, other)]
                 for lang, way in _WAYS.items()}}
    excluded: dict[str, Any] = around | {
        "found": found, "as_of": "23/11/2026 09:15", "may_change": True, "turn": _ONE_PAGE, "export": "/next",
        "rows": _by_language([
            {**person, "reason": {"vi": "Biệt phái", "en": "Seconded"}, "note": "Đến hết năm 2027", "by_hand": True},
            {**other, "reason": {"vi": "Tài khoản đã khóa", "en": "Account is locked"}, "note": "",
             "by_hand": False}])}
    lists: dict[str, Any] = around | {
        "found": found, "day": "23/11/2026", "export": "/next", "total": "424",
        "steps": missing["steps"], "units": missing["units"],
        "turn": {"first": "/next", "prev": "/next", "next": "/next"},
        "narrowed": dict.fromkeys(("step", "unit", "q", "sort", "on", "state", "act"), ""),
        "sorts": sorting("/admin/rollout/c/members", [], "unit", SORTS)}
    done, waits, out, gone = (
        _by_language({"word": {"vi": vi, "en": en}, "tag": tag}) for vi, en, tag in (
            ("Đã hoàn thành", "Done", "ok"), ("Còn thiếu", "Missing", "warn"), ("Không tính", "Not counted", "idle"),
            ("Đã rời danh sách", "Has left the list", "idle")))
    plain = {"step": "", "who": "", "reason": "", "note": "", "since": "12/11/2026", "joined": ""}
    members: dict[str, Any] = lists | {
        "states": _by_language([{"value": "done", "word": {"vi": "Đã hoàn thành", "en": "Done"}}]),
        "rows": {lang: [{**person, **plain, **done[lang], "joined": "02/11/2026"},
                        {**other, **plain, **waits[lang], "step": _WAYS[lang][0], "who": _WAYS[lang][1]},
                        {**person, **plain, **out[lang], "reason": {"vi": "Biệt phái", "en": "Seconded"}[lang], "note": "7/QĐ"},
                        {**other, **plain, **gone[lang]}] for lang in ("vi", "en")}}
    moves: dict[str, Any] = lists | {
        "acts": _by_language([{"value": "moved", "word": {"vi": "Chuyển đơn vị", "en": "Moved to another agency"}}]),
        "rows": _by_language([
            {**person, "word": {"vi": "Chuyển đơn vị", "en": "Moved to another agency"}, "reason": "", "note": "",
             "by_hand": False,
             "way": {"vi": "Từ Sở Y tế đến Sở Tư pháp", "en": "From Sở Y tế to Sở Tư pháp"},
             "day": "12/11/2026"},
            {**other, "word": {"vi": "Không tính", "en": "Not counted"}, "way": "", "day": "11/11/2026", "by_hand": True,
             "reason": {"vi": "Biệt phái", "en": "Seconded"}, "note": "7/QĐ"}])}
    reminded: dict[str, Any] = around | {
        "found": found, "units": missing["units"], "unit": "", "on": "", "export": "/next", "turn": lists["turn"],
        "rows": {lang: [{**person, "step": _WAYS[lang][0], "cases": 1, "nth": 3, "who": "", "at": "12/11/2026 08:00"},
                        {**other, "step": "", "cases": 12, "nth": 1, "who": "Nguyễn Văn Mẫu", "at": "05/11/2026 08:00"}]
                 for lang in ("vi", "en")}}
    whole = {"code": "", "name": "", "flow": ["400", "3", "2", "2", "2", "1"], "counted": "400", "done": "268", "rate": "67,0%"}
    by_agency: dict[str, Any] = around | {
        "found": found, "day": "23/11/2026", "on": "", "query": "", "whole": whole,
        "sorts": sorting("/admin/rollout/c/agencies", [], "rate", ("code", "rate", "-rate")),
        "rows": [{"code": f"H30.{number}", "name": name, "flow": ["20", "1", "0", "1", "0", "0"], "counted": str(of),
                  "done": str(have), "rate": "50,0%"} for number, (name, have, of) in enumerate(_AGENCIES)]}
    told = {"name": "Hộp thư", "goal": "mailbox", "deadline": "15/12/2026", "unit": "H30.1", "groups": "canbo-qlvb", "titles": "",
            "owner_unit": ""}
    new: dict[str, Any] = around | {
        "told": dict.fromkeys(told, ""), "found": None, "error": "", "units": [{"code": "H30.1", "name": "Sở Y tế"}],
        "goals": _by_language([{"value": "mailbox", "word": {"vi": "Có thư điện tử công vụ",
                                                             "en": "Has an official e-mail address"}}])}
    change: dict[str, Any] = around | {"found": found, "error": "", "told": {"deadline": "15/12/2026", "reason": ""}}
    exclude: dict[str, Any] = around | {
        "found": found, "error": "", "subject": "s1", "name": person["name"], "about": _LONG, "told": {"reason": "", "note": ""},
        "reasons": _by_language([{"value": "seconded", "word": {"vi": "Biệt phái", "en": "Seconded"}}])}
    accounts: dict[str, Any] = frame(who, "accounts") | {
        "which": "dormant", "unit": "H30.1", "title": {"vi": "Lâu không đăng nhập", "en": "Has not signed in for long"},
        "about": {"vi": "Tài khoản đang mở mà chưa ai dùng.", "en": "Open accounts that nobody has used."}, "applications": False,
        "choices": _by_language([{
            "value": "dormant", "word": {"vi": "Lâu không đăng nhập", "en": "Not signed in for long"}}]),
        "units": [{"code": "H30.1", "name": "Sở Y tế"}], "export": "/next",
        "turn": {"first": "/next", "prev": "", "next": "/next"}, "rows": [{**person, "last": "01/09/2026", "tells_logout": True},
                 {**other, "title": "", "last": "", "tells_logout": True}]}
    export: dict[str, Any] = around | {
        "title": {"vi": "Xuất danh sách còn thiếu", "en": "Take the list of the missing"}, "about": found["vi"]["name"],
        "address": "/next", "kept": [("unit", "H30.1")], "back": "/next", "error": "", "purpose": "", "longest": 300,
        "back_word": {"vi": "Danh sách còn thiếu", "en": "List of the missing"}, "forms": [("csv", "CSV"), ("xlsx", "XLSX")]}
    wrong = {"vi": "Chiến dịch này đã đóng.", "en": "This campaign is closed."}
    written = asdict(paper(made, Issuer("Tỉnh Hậu Giang", "Sở Thông tin và Truyền thông"), WorkingDays()))
    return {
        "rollout": ("console/rollout/list.html", around | {
            "running": running(), "may_change": True,
            "closed": _by_language([_campaign("Chứng thư số đợt 1", closed="01/09/2026")])}),
        "rollout-none": ("console/rollout/list.html", around | {"running": [], "closed": [], "may_change": False}),
        "rollout-campaign": ("console/rollout/campaign.html", campaign),
        "rollout-campaign-done": ("console/rollout/campaign.html", campaign | {
            "found": _by_language(_campaign(applications=True, closed="16/12/2026")), "stops": [], "worst": [], "missing": "0",
            "low": 0, "on": "16/12/2026", "query": "?on=2026-12-16", "agencies": rows[:3], "may_change": False,
            "may_remind": False,
            "figures": _figures(finished=True, is_behind=False, rate="100%", left=-1, over=1)}),
        "rollout-remind": ("console/rollout/remind.html", remind),
        "rollout-remind-nobody": ("console/rollout/remind.html", remind | {
            "error": lambda: refusal("reminder_already_done"), "officers": 0, "administrators": [], "already": 4}),
        "rollout-missing": ("console/rollout/missing.html", missing),
        "rollout-missing-none": ("console/rollout/missing.html", missing | {
            "rows": [], "turn": _ONE_PAGE, "may_change": False,
            "narrowed": dict.fromkeys(("step", "unit", "q", "sort", "on"), "")}),
        "rollout-excluded": ("console/rollout/excluded.html", excluded),
        "rollout-excluded-none": ("console/rollout/excluded.html", excluded | {"rows": []}),
        "rollout-members": ("console/rollout/members.html", members),
        "rollout-members-none": ("console/rollout/members.html", members | {"rows": [], "turn": _ONE_PAGE}),
        "rollout-movements": ("console/rollout/movements.html", moves),
        "rollout-movements-none": ("console/rollout/movements.html", moves | {"rows": [], "turn": _ONE_PAGE}),
        "rollout-reminders": ("console/rollout/reminders.html", reminded),
        "rollout-reminders-none": ("console/rollout/reminders.html", reminded | {"rows": [], "turn": _ONE_PAGE}),
        "rollout-agencies": ("console/rollout/agencies.html", by_agency),
        "rollout-new": ("console/rollout/new.html", new),
        "rollout-new-found": ("console/rollout/new.html", new | {"told": told, "found": _by_language({
            "counted": "412", "agencies": 18, "left_out": [
                {"word": {"vi": "Tài khoản đã khóa", "en": "Account is locked"}, "count": 12}]})}),
        "rollout-new-wrong": ("console/rollout/new.html", new | {"told": told, "error": wrong}),
        "rollout-change": ("console/rollout/change.html", change),
        "rollout-change-wrong": ("console/rollout/change.html", change | {"error": wrong}),
        "rollout-exclude": ("console/rollout/exclude.html", exclude),
        "rollout-exclude-wrong": ("console/rollout/exclude.html", exclude | {"error": wrong}),
        "rollout-export": ("console/rollout/export.html", export),
        "rollout-export-wrong": ("console/rollout/export.html", export | {"error": {
            "vi": "Vui lòng ghi mục đích, trong một dòng, dài nhất 300 ký tự.",
            "en": "Please write the purpose, in one line of at most 300 characters."}}),
        "accounts": ("console/rollout/accounts.html", accounts),
        "accounts-applications": ("console/rollout/accounts.html", accounts | {"applications": True, "rows": [
            {"name": "Khảo sát", "title": "", "unit_name": "", "tells_logout": tells, "last": ""} for tells in (True, False)]}),
        "accounts-none": ("console/rollout/accounts.html", accounts | {"rows": [], "turn": _ONE_PAGE}),
        "rollout-report": ("console/rollout/report.html", {
            "paper": written, "chart": draw(made, PAPER), "day": "23/11/2026", "shown": "23/11/2026", "back": "/next",
            "address": "/next", "files": files}),
    }
