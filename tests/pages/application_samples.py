"""Samples of the console's pages of applications."""

from __future__ import annotations

from typing import Any, Final

from idp.administration.clients import SORTS
from idp.web.console.applications import words
from idp.web.console.applications.officers import how_many
from idp.web.console.people import words as people_words
from idp.web.console.turning import sorting

from .desk_samples import frame

_LONG = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
_URL = "https://khaosatcongvu.haugiang.gov.vn/dang-nhap-mot-lan/openid-connect/quay-ve"
_FAR: Final[dict[str, Any]] = {
    "client_id": "qlvb", "registered_at": 1_795_000_000, "last_used_at": 1_795_100_000, "complete": False, "steps": [
        {"step": "tested", "state": "done", "at": 1_795_000_000, "by": "sub", "note": ""},
        {"step": "connected", "state": "done", "at": 1_795_000_500, "by": "", "note": ""},
        {"step": "logout_proven", "state": "due_again", "at": 1_795_000_600, "by": "", "note": ""},
        {"step": "old_login_off", "state": "open", "at": None, "by": "", "note": ""}]}
_NEW: Final[dict[str, Any]] = {**_FAR, "last_used_at": None, "steps": [
    {"step": "tested", "state": "open", "at": None, "by": "", "note": ""},
    {"step": "connected", "state": "open", "at": None, "by": "", "note": ""},
    {"step": "logout_proven", "state": "missing", "at": None, "by": "", "note": ""},
    {"step": "old_login_off", "state": "open", "at": None, "by": "", "note": ""}]}
_DONE: Final[dict[str, Any]] = {**_FAR, "complete": True, "steps": [
    *_FAR["steps"][:2], {"step": "logout_proven", "state": "done", "at": 1_795_000_600, "by": "", "note": ""},
    {"step": "old_login_off", "state": "done", "at": 1_795_000_900, "by": "sub", "note": "12/CV-VP"}]}
_QLVB: Final[dict[str, Any]] = {
    "client_id": "qlvb", "client_name": "Hệ thống Quản lý văn bản", "source": "registered", "disabled": False}
_ENTRY: Final = {
    "client_name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "owner_unit": "H30.11",
    "client_uri": "https://qlvb.haugiang.gov.vn/", "redirect_uris": f"https://qlvb.haugiang.gov.vn/oidc/callback\n{_URL}",
    "post_logout_redirect_uris": "", "backchannel_logout_uri": "https://qlvb.haugiang.gov.vn/oidc/backchannel-logout",
    "grant_types": "authorization_code\nrefresh_token", "scope": "openid profile email unit offline_access",
    "token_endpoint_auth_method": "client_secret_basic", "jwks_uri": "", "consent": "implied", "required_acr": "",
    "contacts": "kythuat@haugiang.gov.vn"}
_OFFICERS: Final[list[dict[str, Any]]] = [
    {"sub": "a", "name": "Nguyễn Văn Mẫu", "unit_name": "Sở Y tế", "offline": True, "closed": False, "agreed": "",
     "last": "23/11/2026 09:05"},
    {"sub": "b", "name": "Trần Thị Ví Dụ", "unit_name": _LONG, "offline": False, "closed": True, "agreed": "22/11/2026",
     "last": ""}]
WRONG: Final = frozenset({"application-form-refused", "application-act-refused", "application-officer-end-refused"})


def _course(far: dict[str, Any]) -> dict[str, Any]:
    return words.course(far, {"sub": "Trần Thị Ví Dụ"})


def _fields(wrong: str = "") -> list[dict[str, Any]]:
    offered = words.options([{"code": "H30.11", "name": _LONG}], province=True, acr_prefix="urn:haugiang:acr:", highest=3)
    return [{**field, "value": _ENTRY[field["name"]], "options": offered.get(field["name"]),
             "error": words.remedy(wrong) if field["name"] == wrong else ""} for field in words.fields()]


def _acts(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "label": words.acts()[name][0], "danger": name in ("disable", "delete")} for name in names]


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    around = frame(who, "applications")
    asked = {"q": "văn bản", "state": "active", "sort": "last_used_at"}
    sorts = sorting("/admin/applications/", asked.items(), asked["sort"], SORTS)

    def rows() -> list[dict[str, Any]]:
        return [{**_QLVB, "owner": "Văn phòng UBND tỉnh", "unit_name": "", "course": _course(_FAR)},
                {**_QLVB, "client_id": "0b5e8d0c2a7f4f0f9be4f7a8", "client_name": "Khảo sát công vụ", "owner": _LONG,
                 "unit_name": "Sở Nội vụ", "course": _course(_NEW)},
                {**_QLVB, "owner": "", "unit_name": "", "course": _course(_DONE)},
                {**_QLVB, "client_name": "Khảo sát công vụ", "owner": "Sở Nội vụ", "unit_name": "Sở Nội vụ", "disabled": True,
                 "course": _course(_DONE)}]

    listed: dict[str, Any] = around | {"rows": rows, "asked": asked, "sorts": sorts, "may_change": True,
                                       "turn": {"first": "/next", "prev": "", "next": "/next"}}
    one: dict[str, Any] = around | {
        "error": "", "found": _QLVB, "unit_name": _LONG, "entry": _ENTRY, "course": lambda: _course(_FAR), "findings": None,
        "labels": words.labels, "registered": "22/11/2026 08:14", "may_test": True, "may_edit": True,
        "has": lambda: how_many(None),
        "acts": lambda: _acts("old-login-off", "secret", "disable", "delete")}
    findings = [{"member": "backchannel_logout_uri", "failed": True, "said": ("Địa chỉ không trả lời.", "Xem lại."),
                 "found": "https://qlvb.haugiang.gov.vn/oidc/backchannel-logout answers 404."},
                {"member": "client_uri", "failed": False, "said": ("Cán bộ không mở được.", "Ghi trang."),
                 "found": "officers cannot open the application from their list of applications."}]
    form: dict[str, Any] = around | {"error": "", "fields": _fields, "found": None, "etag": "", "member": "", "sentence": "",
                                     "label": ""}
    act: dict[str, Any] = around | {"error": "", "found": _QLVB, "etag": "x", "note": ""}

    officers: dict[str, Any] = around | {
        "found": _QLVB, "rows": _OFFICERS, "said": lambda: how_many(2), "may_end": True,
        "turn": {"first": "", "prev": "", "next": "/next"}}
    ending: dict[str, Any] = around | {
        "error": "", "label": lambda: people_words.acts()["revoke"][0], "warning": lambda: people_words.acts()["revoke"][1],
        "found": {"client_name": "Hệ thống Quản lý văn bản", "name": "Nguyễn Văn Mẫu"}, "client_id": "qlvb", "sub": "a",
        "longest": 300, "reason": ""}

    def asking(name: str, *, destructive: bool) -> dict[str, Any]:
        return act | {"act": name, "label": lambda: words.acts()[name][0], "warning": lambda: words.acts()[name][1],
                      "destructive": destructive}

    return {
        "applications": ("console/applications/list.html", listed),
        "applications-none": ("console/applications/list.html", listed | {
            "rows": [], "may_change": False, "turn": {"first": "", "prev": "", "next": ""}}),
        "application": ("console/applications/one.html", one),
        "application-new": ("console/applications/one.html", one | {"course": lambda: _course(_NEW), "findings": findings}),
        "application-of-a-file": ("console/applications/one.html", one | {
            "found": _QLVB | {"source": "file"}, "may_edit": False, "acts": lambda: _acts("old-login-on"),
            "course": lambda: _course(_DONE), "findings": []}),
        "application-closed": ("console/applications/one.html", one | {
            "found": _QLVB | {"disabled": True}, "may_test": False, "may_edit": False, "acts": [],
            "error": lambda: words.refusal("changed_meanwhile")}),
        "application-officers": ("console/applications/officers.html", officers),
        "application-officers-none": ("console/applications/officers.html", officers | {
            "rows": [], "turn": {"first": "", "prev": "", "next": ""}}),
        "application-officer-end": ("console/applications/officer_end.html", ending),
        "application-officer-end-refused": ("console/applications/officer_end.html", ending | {
            "error": lambda: people_words.refusal("invalid_body")}),
        "application-form": ("console/applications/form.html", form),
        "application-form-refused": ("console/applications/form.html", form | {
            "found": _QLVB, "fields": lambda: _fields("redirect_uris"), "member": "redirect_uris",
            "sentence": "redirect_uris[1] is not https.", "told": lambda: words.remedy("redirect_uris"),
            "label": lambda: words.fields()[4]["label"],
            "error": lambda: words.refusal("invalid_redirect_uri")}),
        "application-form-forbidden": ("console/applications/form.html", form | {
            "error": lambda: words.refusal("forbidden"), "sentence": "an agency cannot give this."}),
        "application-secret": ("console/applications/secret.html", around | {
            "found": _QLVB, "secret": "k3N-6bZf1h9wQy0uVtXrPsLmCoAeDgHiJqKwBnEzTyU", "made": True}),
        "application-act": ("console/applications/act.html", asking("disable", destructive=True)),
        "application-act-refused": ("console/applications/act.html", asking("old-login-off", destructive=False) | {
            "error": lambda: words.refusal("invalid_body"), "note": "x"}),
    }
