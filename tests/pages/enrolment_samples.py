"""Enrolment passwords in the console, with invented people."""

from __future__ import annotations

from typing import Any, Final

from .desk_samples import by_language, frame

_ONE_PAGE: Final = {"first": "", "prev": "", "next": ""}


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    passwords: dict[str, Any] = frame(who, "enrolment") | {
        "offered": True, "may_make": True, "most": 30, "withdrawn": "", "error": "", "wrong": "", "made": None,
        "typed": {"profile": "tls_client", "days": "1"}, "turn": _ONE_PAGE, "profiles": by_language([
            {"value": "tls_client", "label": {"vi": "Máy gọi đến dịch vụ khác", "en": "A machine that calls other services"}}]),
        "rows": by_language([
            {"name": "est-5f2c9a105f2c", "what": {"vi": "Máy chủ", "en": "Server"}, "subject": "qlvb", "holder": "Trần Thị Ví Dụ",
             "hosts": "qlvb.haugiang.gov.vn van-ban.haugiang.gov.vn", "made": "27/11/2026 08:14", "ends": "28/11/2026 08:14",
             "state": {"word": {"vi": "Chưa dùng", "en": "Not used yet"}, "tag": "wait", "icon": "clock"}, "open": True},
            {"name": "est-0123456789ab", "what": {"vi": "Cán bộ, để đăng nhập", "en": "An officer, to sign in"}, "subject": "",
             "holder": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "hosts": "", "made": "20/11/2026 08:14",
             "ends": "21/11/2026 08:14", "state": {"word": {"vi": "Đã dùng", "en": "Used"}, "tag": "idle", "icon": "check"},
             "open": False}])}
    return {
        "enrolment-passwords": ("console/passwords.html", passwords),
        "enrolment-password-made": ("console/passwords.html", passwords | {
            "made": {"name": "est-5f2c9a105f2c", "password": "abcdefghjkmnpqrstvwxyz234", "ends": "28/11/2026 08:14"}}),
        "enrolment-password-wrong": ("console/passwords.html", passwords | {
            "wrong": "days", "error": {"vi": "Số ngày từ 1 đến 30.", "en": "1 to 30 days."},
            "typed": {"profile": "tls_client", "days": "99", "hosts": "x"}}),
        "enrolment-passwords-off": ("console/passwords.html", passwords | {
            "offered": False, "may_make": False, "rows": [], "withdrawn": "est-5f2c9a105f2c"})}


WRONG: Final = frozenset({"enrolment-password-wrong"})
"""Samples that are sent with a status of refusal."""
