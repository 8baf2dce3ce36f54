"""The console and the certificate desk, with invented people."""

from __future__ import annotations

from typing import Any, Final

from idp.administration.enrollment.expiry import SORTS as ENDS
from idp.web.console.turning import sorting

from .rollout_samples import running

_ROLLOUT, _CARDS, _SYSTEM = ("Triển khai", "Rollout"), ("Chứng thư số và SIM", "Certificates and SIMs"), ("Hệ thống", "System")
_PLACES = [(_ROLLOUT, "home", "Tổng quan", "Overview", "chart"), (_ROLLOUT, "rollout", "Chiến dịch", "Campaigns", "check"),
           (_ROLLOUT, "tasks", "Việc cần làm", "Tasks", "list"), (_CARDS, "list", "Chứng thư số", "Certificates", "cert"),
           (_CARDS, "expiry", "Sắp hết hạn", "Expire soon", "clock"), (_CARDS, "devices", "Thiết bị", "Devices", "plug"),
           (_CARDS, "import", "Nhập danh sách", "Import a list", "up"),
           (_CARDS, "batches", "Gửi và nhận kết quả", "Send and take results", "mail"),
           (_SYSTEM, "audit", "Nhật ký", "Audit log", "search")]


def frame(who: dict[str, str], here: str) -> dict[str, Any]:
    """Give what stands around a page."""
    return {"who": who, "here": here, "scope": {"vi": "Toàn tỉnh", "en": "The whole province"},
            "role": {"vi": "Quản trị tỉnh", "en": "Province administrator"}, "finds": True,
            "places": by_language([{"group": dict(zip(("vi", "en"), group, strict=True)), "name": name, "url": "/next",
                                    "label": {"vi": vi, "en": en}, "icon": icon} for group, name, vi, en, icon in _PLACES])}


def by_language(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Take each value that is ``{"vi": ..., "en": ...}`` by language, at any depth."""
    return {lang: [_of(item, lang) for item in items] for lang in ("vi", "en")}


def _of(value: Any, lang: str) -> Any:
    if isinstance(value, dict):
        return value[lang] if set(value) == {"vi", "en"} else {key: _of(part, lang) for key, part in value.items()}
    return [_of(part, lang) for part in value] if isinstance(value, list) else value


_APPROVE, _RETURN = ({"name": "approve", "label": {"vi": "Duyệt", "en": "Approve"}},
                     {"name": "return", "label": {"vi": "Trả lại", "en": "Return"}})
_CANCEL = {"name": "cancel", "label": {"vi": "Hủy đề nghị", "en": "Cancel the request"}}
_WAITS = {"name": "submitted", "word": {"vi": "Chờ đơn vị duyệt", "en": "Waits for the agency"}, "tag": "wait", "icon": "clock"}
_IN_USE = {"name": "active", "word": {"vi": "Đang dùng", "en": "In use"}, "tag": "ok", "icon": "check"}
_BACK = {"name": "returned", "word": {"vi": "Trả lại", "en": "Return"}, "tag": "warn", "icon": "warn"}


def _row(number: int, name: str, title: str, unit: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": f"2026-{number:08d}", "name": name, "title": title, "unit_name": unit,
            "kind": {"vi": "Cán bộ", "en": "Officer"},
            "what": {"vi": "Cấp mới, thiết bị USB", "en": "New, USB device"}, "mail": "nvmau@haugiang.gov.vn", "state": state,
            "turn": {"vi": "Đơn vị", "en": "Agency"}, "next": {"vi": "Duyệt hoặc trả lại", "en": "Approve or return"},
            "due": "26/11/2026", "overdue": False, "wet_ink": False, "reason": "", "acts": [_APPROVE, _RETURN, _CANCEL], **more}


_LONG_UNIT = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
_ROWS = [
    _row(4210001, "Phạm Văn Minh Họa", "Trưởng phòng", "Sở Y tế", _WAITS),
    _row(4210002, "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "Phó Chánh Văn phòng", _LONG_UNIT, _WAITS, overdue=True),
    _row(4210003, "Võ Văn Làm Mẫu", "Chuyên viên", "Sở Y tế", _BACK, reason="Thiếu ngày cấp CCCD", acts=[]),
    _row(4210004, "Ngô Văn Thí Dụ", "Chuyên viên", "Sở Y tế", _IN_USE, acts=[], next="", turn="", due="")]
_STATES = [{**state, "count": count, "url": "/next"} for state, count in ((_WAITS, 18), (_BACK, 1), (_IN_USE, 200))]
_FOUND = by_language(_ROWS)
_HISTORY = by_language([
    {"at": "23/11/2026 09:05", "what": {"vi": "Trả lại", "en": "Return"}, "who": "Trần Thị Ví Dụ",
     "details": [{"vi": "Lý do: thiếu ngày cấp", "en": "Reason: no day of issue"}]},
    {"at": "23/11/2026 08:14", "what": {"vi": "Gửi đề nghị", "en": "Hand in"}, "who": "Nguyễn Văn Mẫu", "details": []}])
_PROBLEMS = [{"line": 14, "name": "Huỳnh Thị Giả Định", "column": "Số CMND/CCCD/Hộ chiếu; ngày cấp; nơi cấp", "given": "09308",
              "reason": "Số này không đúng. CCCD có 12 chữ số."},
             {"line": 15, "name": "", "column": "Cả dòng", "given": "", "reason": "Trùng với dòng 2. Vui lòng giữ lại một dòng."}]
_FORMS = by_language([{"name": "mau01_ca_nhan", "title": {"vi": "Mẫu 01, cán bộ đề nghị cấp chứng thư số",
                                                          "en": "Form 01, every officer who asks for a certificate"}},
                      {"name": "ban_giao", "title": {"vi": "Bàn giao thiết bị", "en": "Hand over devices"}}])


_KINDS = by_language([{"name": name, "label": {"vi": vi, "en": en}} for name, vi, en in (
    ("person", "Cán bộ", "Officer"), ("seal", "Dấu của đơn vị", "Seal of the agency"))])
_HOLDER = {"sub": "s" * 22, "name": "Phạm Văn Minh Họa", "title": "Trưởng phòng", "unit_name": "Sở Y tế",
           "mail": "pvminhhoa@haugiang.gov.vn"}
FOUND: Final = [{**_HOLDER, "url": "/next"}, {**_HOLDER, "name": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm",
                                              "unit_name": _LONG_UNIT, "mail": "", "url": "/next"}]
"""Officers to choose one of."""
_NUMBER = {"vi": "Số CCCD, CMND hoặc hộ chiếu", "en": "Number of the identity card or passport"}
_DIGITS = {"vi": "Số này không đúng. CCCD có 12 chữ số.", "en": "This number is not right. An identity card has 12 digits."}
_MISSING = {"vi": "Ô này còn trống. Vui lòng điền.", "en": "This field is empty. Please fill it in."}


def _field(name: str, vi: str, en: str, how: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"vi": vi, "en": en}, "hint": "", "how": how, "needed": True, "value": "", "options": None,
            "error": "", **more}


def _fields(**wrong: Any) -> dict[str, Any]:
    return by_language([{**field, "error": wrong.get(field["name"], "")} for field in (
        _field("device_kind", "Nơi giữ khóa", "Where the key is kept", "select", value="token", options=[
            {"value": "token", "label": {"vi": "Thiết bị USB", "en": "USB device"}}, {"value": "sim", "label": "SIM"}]),
        _field("identity_number", _NUMBER["vi"], _NUMBER["en"], value="09308",
               hint={"vi": "CCCD có 12 chữ số.", "en": "An identity card has 12 digits."}),
        _field("identity_issued_on", "Ngày cấp", "Day of issue", needed=False),
        _field("birth_date", "Ngày sinh", "Date of birth"),
        _field("purpose", "Đề nghị cho chứng thư cũ", "Request for the old certificate", "select", needed=False, value="change",
               options=[{"value": "change", "label": {"vi": "Đổi nội dung", "en": "Change its content"}}]),
        _field("request", "Yêu cầu chứng thư (tệp .csr)", "Certificate request (.csr file)", "area", needed=False))])


_ISSUERS = by_language([
    {"value": "government", "label": {"vi": "Đơn vị cấp chứng thư của Chính phủ",
                                      "en": "Certification authority of the Government"},
     "means": {"vi": "Dùng cho văn bản chính thức.", "en": "For official documents."}, "count": 198},
    {"value": "internal:pilot", "label": {"vi": "Đơn vị cấp chứng thư của tỉnh, dùng thử: pilot",
                                          "en": "Certification authority of the province, for trials: pilot"},
     "means": {"vi": "Cấp ngay, cho máy, dịch vụ và để thử. Khóa để cấp nằm trong mô-đun bảo mật (HSM).",
               "en": "Issued at once, for machines, services and trials. The key is in a security module (HSM)."},
     "count": 2}])
_ONE_PAGE = {"first": "", "prev": "", "next": ""}


def _one(number: int) -> dict[str, Any]:
    return {lang: _FOUND[lang][number] for lang in ("vi", "en")}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    lists: dict[str, Any] = frame(who, "list") | {
        "rows": _FOUND, "narrowed": {"state": "submitted", "q": "mau", "unit": "", "overdue": "", "batch": "20261127-5f2c9a10"},
        "states": by_language(_STATES), "total": 18,
        "units": [{"code": "H30.11", "name": "Sở Y tế"}], "bulk": by_language([_APPROVE, _RETURN]), "all_url": "/next",
        "turn": {"first": "/next", "prev": "/next", "next": "/next"}, "may_ask": True}
    form: dict[str, Any] = frame(who, "list") | {
        "kind": "person", "what": {"vi": "Cán bộ", "en": "Officer"}, "holder": _HOLDER, "wrong": [], "error": "",
        "there": "", "fields": _fields()}
    one: dict[str, Any] = frame(who, "list") | {
        "found": _one(0), "error": "", "identity": "0930******01", "may_read": True, "serial": "", "device_serial": "",
        "document": "", "record": "", "ends": "", "history": _HISTORY}
    issued = {"serial": "5401ab00c3d2e1f0", "device_serial": "TK-0001", "document": "12/STTTT-CNTT", "record": "7/BB-STTTT",
              "ends": "23/11/2031", "may_read": False}
    wet = {lang: {**_FOUND[lang][1], "wet_ink": True} for lang in ("vi", "en")}
    act: dict[str, Any] = frame(who, "list") | {
        "found": _one(0), "act": "return", "label": _RETURN["label"], "needs": ("reason",), "told": {}, "error": "",
        "destructive": False, "warning": {"vi": "Người đề nghị nhận được lý do và sửa lại.",
                                          "en": "Who asked gets the reason and corrects it."}}
    wrong = {"vi": "Số định danh không phải của người được cấp.", "en": "This is not the holder's identity number."}
    lists_in: dict[str, Any] = frame(who, "import") | {"form": "mau01_ca_nhan", "forms": _FORMS, "error": "", "answer": None,
                                                      "kept": ""}
    tried = {"dry_run": True, "good": 198, "already": 0, "bad": 2, "problems": _PROBLEMS,
             "headers": {"ho ten": "Họ và tên", "sdt": "Số điện thoại di động"}}
    batches: dict[str, Any] = frame(who, "batches") | {
        "error": "", "sent": None, "waiting": 200, "out": 3, "turn": _ONE_PAGE, "issuers": _ISSUERS,
        "batches": [{"number": "20261127-5f2c9a10", "document": "12/STTTT-CNTT", "at": "27/11/2026 08:14", "by": "Trần Thị Ví Dụ",
                     "rows": 200}]}
    row = {"due": 0, "due_url": "", "count": 61, "followed": 7, "cells": [
        {"count": number, "followed": number // 8, "label": f"{month:02}/2027", "url": "/next" if number else ""}
        for month, number in enumerate((12, 0, 3, 0, 25, 0, 0, 1, 0, 0, 20, 0), start=1)]}
    expiry: dict[str, Any] = frame(who, "expiry") | {
        "later": False, "months": [f"{month:02}/2027" for month in range(1, 13)], "one_agency": False,
        "rows": [{"name": "Sở Y tế", "code": "H30.11", **row}, {"name": _LONG_UNIT, "code": "H30.12", **row, "due": 18,
                                                                "due_url": "/next"}],
        "total": {**row, "due": 18, "due_url": "/next", "count": 1122, "followed": 14}}
    ending = [{**one, "ends": "15/01/2027", "left": left, "following": following} for one, left, following in (
        (_ROWS[3], 41, []), (_ROWS[1], 6, [{"id": "2026-04219001", "state": _WAITS}]))]
    expiring: dict[str, Any] = frame(who, "expiry") | {
        "rows": by_language(ending), "narrowed": {"month": "2027-01", "unit": "H30.11", "followed": "false"}, "total": 102,
        "sort": "not_after", "sorts": sorting("/admin/certificates/expiry/list", [("month", "2027-01")], "not_after", ENDS),
        "months": [{"value": f"2027-{month:02}", "word": f"{month:02}/2027"} for month in range(1, 13)],
        "units": [{"code": "H30.11", "name": "Sở Y tế"}], "renew_url": "/next",
        "turn": {"first": "/next", "prev": "/next", "next": "/next"}}
    on_its_way = {"vi": "Đã có đề nghị đang được giải quyết.", "en": "A request is on its way."}
    renewals: dict[str, Any] = frame(who, "expiry") | {
        "rows": by_language([ending[0]]), "followed": 3, "unnamed": 12, "more": True, "most": 200, "numbers": "2026-04210004",
        "left_out": by_language([
            {**ending[1], "why": on_its_way, "request": {"id": "2026-04219002", "state": _BACK}},
            {**_ROWS[0], "ends": "20/01/2027", "request": None,
             "why": {"vi": "Chứng thư số này không còn đang dùng.", "en": "This certificate is not in use any more."}}])}
    return {
        "desk-renewals": ("console/renewals.html", renewals),
        "desk-renewals-none": ("console/renewals.html", renewals | {"rows": [], "left_out": [], "more": False, "numbers": ""}),
        "desk-renewed": ("console/renewed.html", frame(who, "expiry") | {"done": 1, "items": by_language([
            {"id": "2026-04210002", "name": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "why": on_its_way,
             "request": {"id": "2026-04219002", "state": _BACK}},
            {"id": "2026-04210004", "name": "Ngô Văn Thí Dụ", "why": "", "request": {"id": "2026-04219003", "state": _WAITS}}])}),
        "desk-expiry": ("console/expiry.html", expiry),
        "desk-expiry-none": ("console/expiry.html", expiry | {"rows": [], "later": True, "total": {**row, "count": 0,
                                                                                                 "followed": 0}}),
        "desk-expiring": ("console/expiring.html", expiring),
        "desk-expiring-none": ("console/expiring.html", expiring | {
            "rows": [], "total": 0, "turn": dict.fromkeys(("first", "prev", "next"), ""), "renew_url": ""}),
        "console-home": ("console/home.html", frame(who, "home") | {
            "states": by_language(_STATES), "may_act": True, "campaigns": running(), "waiting": by_language([
                {"step": {"vi": "Duyệt hoặc trả lại", "en": "Approve or return"}, "word": _WAITS["word"], "count": 18,
                 "overdue": 2, "url": "/next"},
                {"step": {"vi": "Bàn giao thiết bị", "en": "Hand over the device"},
                 "word": {"vi": "Chờ bàn giao", "en": "Waits for hand-over"}, "count": 3, "overdue": 0, "url": "/next"},
                {"step": {"vi": "Việc cần làm", "en": "Tasks"},
                 "word": {"vi": "Khi cán bộ chuyển hoặc nghỉ việc", "en": "When an officer moves or leaves"}, "count": 4,
                 "overdue": 1, "url": "/next"}])}),
        "console-home-quiet": ("console/home.html", frame(who, "home") | {
            "states": by_language(_STATES), "may_act": True, "campaigns": [], "waiting": []}),
        "desk-list": ("console/list.html", lists),
        "desk-list-empty": ("console/list.html", lists | {"rows": [], "bulk": [], "total": 0, "turn": _ONE_PAGE}),
        "desk-ask": ("console/ask.html", frame(who, "list") | {
            "kind": "person", "kinds": _KINDS, "q": "minh hoa", "more": True,
            "found": FOUND}),
        "desk-ask-nobody": ("console/ask.html", frame(who, "list") | {
            "kind": "seal", "kinds": _KINDS, "q": "khong co", "more": False, "found": []}),
        "desk-form": ("console/form.html", form),
        "desk-form-seal": ("console/form.html", form | {
            "kind": "seal", "what": {"vi": "Dấu của đơn vị", "en": "Seal of the agency"},
            "holder": {**_HOLDER, "name": "Văn thư Mẫu", "mail": ""}}),
        "desk-form-wrong": ("console/form.html", form | {
            "wrong": by_language([{"field": "identity_number", "label": _NUMBER, "message": _DIGITS},
                                  {"field": "birth_date", "label": {"vi": "Ngày sinh", "en": "Date of birth"},
                                   "message": _MISSING}]),
            "error": _MISSING, "fields": _fields(identity_number=_DIGITS, birth_date=_MISSING)}),
        "desk-form-twice": ("console/form.html", form | {
            "wrong": by_language([{"field": "device_kind", "label": {"vi": "Nơi giữ khóa", "en": "Where the key is kept"},
                                   "message": on_its_way}]),
            "error": on_its_way, "there": "2026-04219002", "fields": _fields(device_kind=on_its_way)}),
        "desk-request": ("console/request.html", one),
        "desk-request-refused": ("console/request.html", one | issued | {"found": wet, "error": wrong}),
        "desk-act": ("console/act.html", act),
        "desk-act-wrong": ("console/act.html", act | {
            "act": "hand_over", "needs": ("identity_number", "record"), "told": {"record": "7/BB"}, "error": wrong,
            "label": {"vi": "Bàn giao", "en": "Hand over"}}),
        "desk-all": ("console/all.html", frame(who, "list") | {
            "rows": _FOUND, "bulk": by_language([_APPROVE, _RETURN]), "more": True, "numbers": "2026-04210001 2026-04210002"}),
        "desk-all-none": ("console/all.html", frame(who, "list") | {"rows": [], "bulk": [], "more": False, "numbers": ""}),
        "desk-result": ("console/result.html", frame(who, "list") | {
            "label": _APPROVE["label"], "done": 1, "items": by_language([
                {"id": "2026-04210001", "name": "Phạm Văn Minh Họa", "state": None, "why": wrong},
                {"id": "2026-04210002", "name": "", "state": _WAITS, "why": ""}])}),
        "desk-import": ("console/import.html", lists_in),
        "desk-import-tried": ("console/import.html", lists_in | {"answer": tried, "kept": "c2FtcGxl"}),
        "desk-import-large": ("console/import.html", lists_in | {"answer": {**tried, "bad": 0, "problems": []}}),
        "desk-import-taken": ("console/import.html", lists_in | {"answer": {**tried, "dry_run": False}, "kept": "c2FtcGxl"}),
        "desk-import-refused": ("console/import.html", lists_in | {"error": {
            "vi": "Danh sách đã kiểm tra quá một giờ. Vui lòng chọn lại tệp.",
            "en": "The list was tried more than an hour ago. Please choose the file again."}}),
        "desk-batches": ("console/batches.html", batches),
        "desk-batches-sent": ("console/batches.html", batches | {
            "sent": {"batch": "20261127-5f2c9a10", "sent": 200, "issued": 198}, "waiting": 0}),
        "desk-batches-none": ("console/batches.html", batches | {"batches": [], "error": {
            "vi": "Không có đề nghị nào đang chờ gửi đi.", "en": "No request waits to be sent."}}),
        "desk-paper-request": ("console/paper.html", {"found": _one(0), "back": "/next", "date": {
            "vi": "ngày 27 tháng 11 năm 2026", "en": "27/11/2026"}}),
    }


WRONG: Final = frozenset({"desk-form-wrong", "desk-request-refused", "desk-act-wrong", "desk-import-refused",
                          "desk-batches-none"})
"""Samples that are sent with a status of refusal."""
