"""The audit trail in the console, with invented people."""

from __future__ import annotations

from typing import Any, Final

from .desk_samples import by_language, frame

WRONG: Final = {"audit-bad-day", "audit-export-no-day"}
_LONG_UNIT: Final = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
_FAMILIES: Final = {"vi": {"Đăng nhập và phiên": {"sign_in": "Đăng nhập", "sign_in.refused": "Đăng nhập không được"}},
                    "en": {"Signing in and sessions": {"sign_in": "Signed in", "sign_in.refused": "Sign-in refused"}}}


def _row(number: int, what: dict[str, str], name: str = "", uid: str = "", unit: str = "", **more: Any) -> dict[str, Any]:
    return {"id": 4_210_000 + number, "at": f"23/11/2026 08:14:0{number}", "what": what, "name": name, "uid": uid,
            "sub": "s" * 22 if uid else "", "client_id": "qlvb", "unit_name": unit,
            "application": {"vi": "Quản lý văn bản", "en": "Document management"}, "source": "192.0.2.17", **more}


_ROWS: Final = by_language([
    _row(5, {"vi": "Đăng nhập", "en": "Signed in"}, "Phạm Văn Minh Họa", "pvminhhoa", "Sở Y tế"),
    _row(4, {"vi": "Sửa ứng dụng", "en": "Application changed"}),
    _row(3, {"vi": "Đăng nhập bị hoãn vì thử quá nhiều", "en": "Sign-in paused after too many attempts"},
         "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "cttnntthunghiem", _LONG_UNIT, source="2001:db8:85a3:8d3:1319:8a2e:370:7348"),
    _row(2, {"vi": "Tạo khóa ký", "en": "Signing key created"}, client_id="", application="",
         source={"vi": "Máy chủ tự làm", "en": "The server itself"})])


def _one(number: int) -> dict[str, Any]:
    return {lang: _ROWS[lang][number] for lang in ("vi", "en")}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give the pages: template and values, by name."""
    empty = dict.fromkeys(("person", "application", "address", "event", "unit", "since", "until"), "")
    turn = {"first": "/next", "prev": "", "next": "/next"}
    listed: dict[str, Any] = frame(who, "audit") | {
        "error": "", "narrowed": empty | {"event": "sign_in"}, "families": _FAMILIES, "choices": [], "rows": _ROWS, "turn": turn,
        "units": [{"code": "H30.11", "name": "Sở Y tế"}, {"code": "H30.12", "name": _LONG_UNIT}], "may_check": True,
        "applications": {"qlvb": "Quản lý văn bản"}, "unfinished": False, "searched": True, "export_url": "/next",
        "absent": "", "archived": "", "restored": ""}
    choices = [{"url": "/next", "name": "Phạm Văn Minh Họa", "uid": "pvminhhoa", "title": "Trưởng phòng", "unit_name": "Sở Y tế"},
               {"url": "/next", "name": "Phạm Thị Minh Họa", "uid": "ptminhhoa", "title": "", "unit_name": _LONG_UNIT}]
    record: dict[str, Any] = frame(who, "audit") | {
        "found": _one(1), "facts": by_language([
            {"label": {"vi": "Phần đã thay đổi", "en": "What changed"}, "value": "metadata"},
            {"label": {"vi": "Quản trị đã làm", "en": "Done by the administrator"}, "value": "Trần Thị Ví Dụ"}]),
        "changes": [{"what": "client_name", "before": "Khảo sát", "after": "Khảo sát 2026"},
                    {"what": "redirect_uris", "before": "", "after": '["https://khaosat.example/dang-nhap/xong?tu=cong"]'}],
        "technical": {"id": 4210004, "event": "client.changed", "sub": "", "sid": "", "request_id": "5d1a0f6b2c7e4a90"},
        "seal": {"number": 4711, "at": "23/11/2026 08:14:05"}, "broken": "", "may_check": True,
        "archived": ""}
    broken = {"vi": "Bản ghi 4210003 đã bị sửa sau khi niêm phong.", "en": "Record 4210003 was changed after it was sealed."}
    stretch = {"newest": 4711, "oldest": 4662, "records": 9120, "known": 4711}
    chain: dict[str, Any] = frame(who, "audit") | {
        "found": stretch, "since": "23/11/2026 07:50:12", "until": "23/11/2026 08:14:05", "broken": "", "next_url": "/next",
        "at_end": True, "archived": ""}
    asked: dict[str, Any] = frame(who, "audit") | {
        "error": "", "at": "", "families": _FAMILIES, "units": [{"code": "H30.11", "name": "Sở Y tế"}], "longest": 500,
        "longest_basis": 200, "most_days": 365, "values": {
            **empty, "officer": "", "purpose": "", "legal_basis": "", "form": "csv", "days": "30"}}
    return {
        "audit-export": ("console/audit/export.html", asked),
        "audit-export-no-day": ("console/audit/export.html", asked | {"at": "since", "error": {
            "vi": "Vui lòng ghi từ ngày nào đến ngày nào.", "en": "Please write from which day to which."}}),
        "audit": ("console/audit/list.html", listed),
        "audit-more": ("console/audit/list.html", listed | {"unfinished": True}),
        "audit-not-yet": ("console/audit/list.html", listed | {"rows": [], "unfinished": True}),
        "audit-none": ("console/audit/list.html", listed | {"rows": [], "may_check": False}),
        "audit-nobody": ("console/audit/list.html", listed | {"rows": [], "searched": False}),
        "audit-archived": ("console/audit/list.html", listed | {
            "rows": [], "absent": "11/2024 – 07/2026", "archived": "11/2024 – 07/2026", "restored": "05/2026"}),
        "audit-record-archived": ("console/audit/record.html", record | {"archived": "05/2026", "seal": None}),
        "audit-chain-archived": ("console/audit/chain.html", chain | {"archived": "07/2026", "next_url": ""}),
        "audit-choose": ("console/audit/list.html", listed | {
            "rows": [], "choices": choices, "narrowed": empty | {"person": "minh hoa"}}),
        "audit-bad-day": ("console/audit/list.html", listed | {
            "rows": [], "narrowed": empty | {"since": "31/02"}, "error": {
                "vi": "Ngày ghi như 23/11/2026, và “đến ngày” không trước “từ ngày”.",
                "en": "Write days like 23/11/2026, and “to day” not before “from day”."}}),
        "audit-record": ("console/audit/record.html", record),
        "audit-record-waiting": ("console/audit/record.html", record | {
            "found": _one(0), "seal": None, "changes": [], "facts": [],
            "technical": {"id": 4210005, "event": "sign_in", "sub": "s" * 22, "sid": "5d1a", "request_id": ""}}),
        "audit-record-broken": ("console/audit/record.html", record | {"broken": broken, "may_check": False}),
        "audit-chain": ("console/audit/chain.html", chain),
        "audit-chain-first": ("console/audit/chain.html", chain | {
            "found": stretch | {"oldest": 1, "known": None}, "next_url": ""}),
        "audit-chain-broken": ("console/audit/chain.html", chain | {"broken": broken, "next_url": ""}),
        "audit-chain-none": ("console/audit/chain.html", chain | {
            "found": {"newest": 0, "oldest": 0, "records": 0, "known": None}, "next_url": ""}),
    }
