"""One-time enrolment passwords: made and shown once, looked through, withdrawn.

Security checklist 34, 38, 54: the room decides who makes them; making one needs a sign-in of a few minutes ago, and its answer is
the one page that ever shows it (``Cache-Control: no-store``, as every page). Withdrawing must not wait for a sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext

from ...administration.enrollment.passwords import FIELDS, MOST_DAYS, Made
from ...administration.pages import USUAL
from ...errors import RefusedError
from ...pki.est.enrolling import OFFICERS
from ...pki.est.passwords import PROFILES, Leave
from ...roles import ForbiddenError, Role
from ...services import Services
from .desk import name_of
from .door import Door, Entered
from .turning import asked, turning
from .words import moment

PAGE: Final = "/admin/enrolment/"
_LONGEST: Final = 1000
_PLACES: Final = {"unknown_profile": "profile", "bad_subject": "name", "bad_lifetime": "days", "unknown_officer": "officer",
                  "officer": "officer"}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    @views.get("/enrolment/")
    def enrolment_passwords() -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _page(entered)

    @views.post("/enrolment/")
    def make_enrolment_password() -> Response:
        entered = door.enter(PAGE, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        typed = {name: request.form.get(name, "")[:_LONGEST] for name in FIELDS}
        try:
            made = services.certificate_protocols.est_passwords.create(entered.who, typed, entered.caller)
        except ForbiddenError:
            if entered.who.role is not Role.PROVINCE or not entered.who.may_change:
                raise
            return _page(entered, status=ForbiddenError.status, typed=typed, wrong={"field": "officer", "message": gettext(
                "Mật khẩu cho chính bạn phải do một quản trị khác lập.")})
        except RefusedError as err:
            place = _PLACES.get(err.code, "officer" if typed["profile"] == OFFICERS else "hosts")
            return _page(entered, status=err.status, typed=typed, wrong={"field": place, "message": _sentence(place)})
        return _page(entered, made=made)

    @views.post("/enrolment/<name>/withdraw")
    def withdraw_enrolment_password(name: str) -> Response:
        entered = door.enter(PAGE, change=True)
        if isinstance(entered, Response):
            return entered
        try:
            services.certificate_protocols.est_passwords.withdraw(entered.who, name, entered.caller)
        except RefusedError as err:
            if err.code != "used":
                raise
            return _page(entered, status=err.status, wrong={"field": "", "message": gettext(
                "Mật khẩu này đã được dùng hoặc đã hết hạn, và không dùng lại được nữa.")})
        return _page(entered, withdrawn=name)

    def _page(entered: Entered, *, status: int = 200, typed: Mapping[str, str] | None = None, made: Made | None = None,
              withdrawn: str = "", wrong: Mapping[str, str] | None = None) -> Response:
        found, following, prev = services.certificate_protocols.est_passwords.listed(entered.who, limit=USUAL, **asked())
        now = services.clock.now()
        return door.page(
            "console/passwords.html", entered, here="enrolment", status=status,
            offered=services.certificate_protocols.est_passwords.offered,
            may_make=entered.who.role is Role.PROVINCE, most=MOST_DAYS, withdrawn=withdrawn,
            error=(wrong or {}).get("message", ""), wrong=(wrong or {}).get("field", ""),
            typed={"profile": PROFILES[0], "days": "1", **(typed or {})},
            profiles=[{"value": name, "label": _profiles()[name]} for name in PROFILES],
            made={"name": made.leave.name, "password": made.password, "ends": moment(made.leave.expires_at)} if made else None,
            rows=[_row(one, name_of(services, one.holder), now) for one in found],
            turn=turning(PAGE, {}, following=following, prev=prev))


def _row(one: Leave, holder: str, now: int) -> dict[str, Any]:
    if one.used_at is not None:
        state = {"word": gettext("Đã dùng"), "tag": "idle", "icon": "check"}
    elif one.expires_at <= now:
        state = {"word": gettext("Không còn dùng được"), "tag": "idle", "icon": "cross"}
    else:
        state = {"word": gettext("Chưa dùng"), "tag": "wait", "icon": "clock"}
    return {"name": one.name, "what": _profiles().get(one.profile, one.profile), "subject": one.subject_name, "hosts": one.hosts,
            "holder": holder, "made": moment(one.created_at), "ends": moment(one.expires_at), "state": state,
            "open": one.used_at is None and one.expires_at > now}


def _profiles() -> Mapping[str, str]:
    return {"tls_client": gettext("Máy gọi đến dịch vụ khác"), "tls_server": gettext("Máy chủ"),
            "officer_authentication": gettext("Cán bộ, để đăng nhập")}


def _sentence(place: str) -> str:
    return str({"hosts": gettext("Máy cần ít nhất một tên miền, ví dụ may-in.syt.haugiang.gov.vn."),
                "name": gettext("Tên này không ghi được vào chứng thư số. Vui lòng rút gọn, nhiều nhất 64 ký tự."),
                "days": gettext("Số ngày từ 1 đến %(most)s.", most=MOST_DAYS),
                "officer": gettext(
                    "Không có cán bộ đang làm việc nào như vậy. Vui lòng kiểm tra tên đăng nhập hoặc thư công vụ."),
                }.get(place, gettext("Vui lòng chọn một mục trong danh sách.")))
