"""Who read the officer's personal data, page by page (security checklist 39: the officer is that of the session)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import format_datetime, gettext

from ...administration.pages import USUAL
from ...services import Services
from ..onward import Onward
from ..presentation import officer_words

PAGE: Final = "/account/readings"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/readings``."""
    @views.get("/readings")
    def readings() -> Response:
        entered = onward.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        page = services.own_readings.of(session.sub, cursor=request.args.get("cursor", ""), limit=USUAL)
        return make_response(render_template(
            "account/readings.html", who=officer_words(officer.officer), rows=[_words(one) for one in page.items],
            next_url=f"{PAGE}?{urlencode({'cursor': page.next})}" if page.next else ""))


def _words(found: Mapping[str, Any]) -> dict[str, str]:
    occasions = {"console": gettext("Mở trên trang quản trị"), "phone": gettext("Xem số điện thoại"),
                 "phone_search": gettext("Tìm cán bộ theo số điện thoại"),
                 "batch": gettext("Lập danh sách gửi đơn vị cấp chứng thư"),
                 "sim_list": gettext("Lập danh sách SIM gửi nhà mạng"),
                 "evidence": gettext("Lấy bằng chứng của một lần ký")}
    return {"at": str(format_datetime(datetime.fromtimestamp(found["at"], UTC), "dd/MM/yyyy HH:mm")),
            "name": gettext("Chính bạn") if found["own"] else found["name"] or gettext("Không còn trong danh bạ"),
            "unit_name": "" if found["own"] else found["unit_name"], "number": found["number"],
            "purpose": found["purpose"],
            "why": str(occasions.get(found["why"], gettext("Xử lý đề nghị chứng thư số")))}
