"""Samples of the console's pages of the system and its keys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from idp.administration.operation.jobs import Job, State
from idp.notices.announcements import Announcement, Level, Where
from idp.web.console.operation import announcements, jobs, keys, system
from idp.web.presentation import announcement_words

from .desk_samples import frame

WRONG: Final = frozenset({"keys-refused", "announcement-wrong", "announcement-wrong-where", "announcement-wrong-until_at"})
SAID: Final = Announcement(
    announcement_id="a1", level=Level.WARNING, where=frozenset(Where), from_at=1_795_000_000, until_at=1_795_100_000, revision=1,
    text_vi="Hệ thống bảo trì từ 17 giờ 00 ngày 28/11/2026 đến 6 giờ 00 hôm sau.\nXem https://haugiang.gov.vn/bao-tri.\n\n"
            "Vui lòng ký xong văn bản trước lúc đó.", made_by="", made_at=1_795_000_000,
    text_en="The system is maintained from 28/11/2026, 17:00 to 6:00 the next day.\nSee https://haugiang.gov.vn/bao-tri.")
NEWS: Final = Announcement(
    announcement_id="a2", level=Level.INFO, where=frozenset(Where), from_at=1_795_000_000, until_at=1_795_100_000, revision=1,
    text_vi="Từ 01/12/2026, cán bộ đăng ký lớp thứ hai ngay tại trang Bảo mật.", text_en="", made_by="", made_at=1_795_000_000)

NOW = 1_795_000_000
JOB = Job(job_id="j1", kind="officers", sub="s", client_id="", source="", request_id="", asked={}, created_at=NOW - 90_000,
          purpose="Đối soát danh sách cán bộ quý IV theo công văn số 1234/SNV-TCBC của Sở Nội vụ")


def looks(*shown: Announcement) -> dict[str, Any]:
    """Give announcements as pages show them, in each language."""
    return {lang: [announcement_words(one, lang) for one in shown] for lang in ("vi", "en")}


_KID = "0b5e8d0c2a7f4f0f9be4f7a8d1a2c3e4"


def _key(alg: str, state: str, place: str = "database") -> dict[str, Any]:
    return keys._row({"kid": _KID, "alg": alg, "state": state, "created_at": 1_795_000_000, "private_part": place,
                      "activated_at": None if state == "next" else 1_795_000_600}, 1_797_000_000)


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    of_keys: dict[str, Any] = frame(who, "keys") | {
        "error": "", "done": False, "hasty": False, "emergency": False, "may_rotate": True,
        "rows": lambda: [_key("RS256", "active"), _key("RS256", "next"), _key("ES256", "retired", "pkcs11")]}
    asked = frame(who, "keys") | {"alg": "RS256", "emergency": False}
    names = ("database", "keys", "key_token", "directory", "directory_feed", "worker", "logout_notices", "mail", "audit_trail",
             "break_glass", "anything_new")
    states = ("up", "degraded", "down")
    failing = [{"kind": "logout", "receiver": "qlvb", "name": "Hệ thống Quản lý văn bản", "waiting": 12, "dead": 3,
                "last_error": "HTTP 502"},
               {"kind": "mail", "receiver": "mail", "name": "Khảo sát công vụ", "waiting": 1, "dead": 0,
                "last_error": "451 4.7.1 smtp.congvu.haugiang.gov.vn: greylisted, try again in 300 seconds"}]
    of_system: dict[str, Any] = frame(who, "system") | {
        "usable": True, "state": lambda: system._state("degraded"), "at": "28/11/2026 08:14", "failing": failing,
        "may_retry": True, "dependencies": lambda: [
            system._dependency(name, {"state": states[number % 3]}) for number, name in enumerate(names)],
        "queues": lambda: [{"label": system._queues()["logout"], "waiting": 12, "dead": 3, "oldest": "27/11/2026 09:05"},
                           {"label": system._queues()["mail"], "waiting": 0, "dead": 0, "oldest": ""}]}
    of_announcements = frame(who, "announcements") | {
        "next_url": "/next", "may_write": True, "texts": SAID.text_vi.split("\n"), "rows": lambda: [
            announcements._row({"id": "a", "level": "warning", "where": ["portal", "sign_in"], "text_vi": SAID.text_vi,
                                "from_at": 1_795_000_000, "until_at": 1_795_100_000, "state": state})
            for state in ("future", "present", "past")]}
    wanted: dict[str, Any] = {"level": "warning", "where": ["portal"], "text_vi": SAID.text_vi, "text_en": SAID.text_en,
                              "from_at": "28/11/2026 17:00", "until_at": "29/11/2026 06:00"}
    of_form: dict[str, Any] = frame(who, "announcements") | {
        "action": "/stay", "etag": "", "wrong": "", "error": "", "looks": [], "row": None, "texts": SAID.text_vi.split("\n"),
        "told": wanted, "longest": 1000, "levels": lambda: announcements.choices(announcements.levels()),
        "spots": lambda: announcements.choices(announcements.places())}
    of_jobs: dict[str, Any] = frame(who, "jobs") | {
        "error": "", "province": True, "everybody": True, "texts": [JOB.purpose, "Nguyễn Thị Bích Hằng"],
        "turn": {"first": "/first", "prev": "", "next": "/next"},
        "rows": lambda: [jobs._row(replace(JOB, **told), by="Nguyễn Thị Bích Hằng", mine=True, now=NOW) for told in (
            {}, {"state": State.RUNNING, "kind": "list", "purpose": "", "done": 4_180, "total": 20_000},
            {"state": State.RUNNING, "done": 61_000}, {"state": State.FAILED, "reason": "role_lost"},
            {"state": State.DONE, "done": 98_213, "name": "can-bo.xlsx", "file_until": NOW + 9},
            {"state": State.DONE, "kind": "list", "purpose": "", "told": {"good": 812, "bad": 4}, "name": "can-sua.csv",
             "file_until": NOW + 9},
            {"state": State.CANCELLED, "kind": "audit"})]}
    return {
        "announcements": ("console/operation/announcements.html", of_announcements),
        "announcements-none": ("console/operation/announcements.html", of_announcements | {"rows": [], "next_url": ""}),
        "announcements-read": ("console/operation/announcements.html", of_announcements | {"rows": [], "may_write": False}),
        "announcement": ("console/operation/announcement.html", frame(who, "announcements") | {
            "error": "", "looks": looks(SAID), "row": lambda: of_announcements["rows"]()[2]}),
        "announce": ("console/operation/announce.html", of_form),
        "announce-preview": ("console/operation/announce.html", of_form | {
            "looks": looks(SAID, NEWS), "row": lambda: of_announcements["rows"]()[1]}),
        **{f"announcement-wrong{'' if wrong == 'text_vi' else '-' + wrong}": ("console/operation/announce.html", of_form | {
            "wrong": wrong, "error": partial(announcements._wrong, wrong)})
           for wrong in ("text_vi", "where", "until_at")},
        "jobs": ("console/operation/jobs.html", of_jobs),
        "jobs-none": ("console/operation/jobs.html", of_jobs | {"rows": [], "error": partial(jobs.too_many)}),
        "system": ("console/operation/system.html", of_system),
        "system-down": ("console/operation/system.html", of_system | {
            "usable": False, "state": lambda: system._state("unavailable"), "failing": [], "may_retry": False}),
        "system-ready": ("console/operation/system.html", of_system | {
            "state": lambda: system._state("ready"), "failing": failing, "may_retry": False,
            "dependencies": lambda: [system._dependency("database", {"state": "up"})]}),
        "keys": ("console/operation/keys.html", of_keys),
        "keys-rotated": ("console/operation/keys.html", of_keys | {"done": True, "hasty": True, "emergency": True}),
        "keys-read": ("console/operation/keys.html", of_keys | {"may_rotate": False}),
        "keys-refused": ("console/operation/keys.html", of_keys | {"error": {
            "vi": "Có người vừa đổi khóa. Vui lòng xem lại.", "en": "Somebody has just changed keys. Please look again."}}),
        "keys-rotate": ("console/operation/rotate.html", asked),
        "keys-rotate-all": ("console/operation/rotate.html", asked | {"alg": ""}),
        "keys-rotate-emergency": ("console/operation/rotate.html", asked | {"alg": "", "emergency": True}),
    }
