"""Samples of the console's pages of the system and its keys."""

from __future__ import annotations

from typing import Any, Final

from idp.web.console.operation import keys, system

from .desk_samples import frame

WRONG: Final = frozenset({"keys-refused"})
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
    return {
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
