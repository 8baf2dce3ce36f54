"""How the deployment does: each dependency with what to do, what waits in the queues, and dead messages sent anew.

Security checklist 43: host names and errors of ours stay in the log; an application's own answer is shown to the province.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ....readiness import Readiness, dependencies
from ....services import Services
from ...onward import see_other
from ..door import Door, Entered
from ..words import moment

PAGE: Final = "/admin/system/"
_TAGS: Final = {"up": ("ok", "check"), "degraded": ("warn", "warn"), "down": ("bad", "cross")}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    deliveries = services.administration.deliveries

    @cache
    def readiness() -> Readiness:
        return Readiness(dependencies(services))

    @views.get("/system/")
    def system() -> Response:
        entered = door.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        return _page(entered) if entered.who.of_the_province else abort(403)

    @views.post("/system/retry")
    def retry_deliveries() -> Response:
        entered = door.enter(PAGE, change=True)
        if isinstance(entered, Response):
            return entered
        deliveries.retry(entered.who, {name: request.form.get(name, "") for name in ("kind", "receiver")}, entered.caller)
        return see_other(PAGE)

    def _page(entered: Entered) -> Response:
        status, found = readiness().look()
        queues, names = deliveries.state(entered.who), {one.client_id: one.client_name for one in services.clients.all()}
        dead = [{**one, "kind": kind, "name": names.get(one["receiver"], _mail() if kind == "mail" else one["receiver"])}
                for kind, queue in queues.items() for one in queue["failing"]]
        return door.page(
            "console/operation/system.html", entered, here="system", usable=status == 200, state=_state(found["status"]),
            dependencies=[_dependency(name, one) for name, one in found["dependencies"].items()],
            queues=[*({"label": _queues()[kind], "waiting": queue["waiting"], "dead": queue["dead"],
                     "oldest": moment(queue["oldest_waiting_at"]) if queue["oldest_waiting_at"] else ""}
                    for kind, queue in queues.items()), _jobs(services)],
            failing=dead, may_retry=entered.who.may_change, at=moment(services.clock.now()))


def _jobs(services: Services) -> dict[str, Any]:
    queue = services.job_work.queue()
    return {"label": gettext("Việc nhập và xuất"), "waiting": queue.waiting + queue.running, "dead": queue.dead,
            "oldest": moment(queue.oldest_waiting_at) if queue.oldest_waiting_at else ""}


def _mail() -> str:
    return str(gettext("Máy chủ thư"))


def _queues() -> Mapping[str, str]:
    return {"logout": gettext("Tin đăng xuất gửi tới ứng dụng"), "mail": gettext("Thư thông báo gửi cán bộ")}


def _state(status: str) -> dict[str, str]:
    words = {"ready": gettext("Hệ thống chạy tốt"), "degraded": gettext("Hệ thống chạy, có phần cần xem"),
             "unavailable": gettext("Hệ thống không phục vụ được")}
    tags = {"ready": "ok", "degraded": "warn", "unavailable": "bad"}
    return {"word": words[status], "tag": tags[status]}


def _dependency(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Give a dependency with what it is called, what its figures say, and what to do where it is not up."""
    known: Mapping[str, tuple[str, str]] = {
        "database": (gettext("Cơ sở dữ liệu"), gettext("Không ai đăng nhập được. Vui lòng báo người trực máy chủ ngay.")),
        "keys": (gettext("Khóa ký của hệ thống"), gettext("Khóa chưa được đổi đúng hạn. Vui lòng xem mục Khóa ký.")),
        "key_token": (gettext("Thiết bị giữ khóa ký"), gettext("Thiết bị không trả lời. Vui lòng báo người trực máy chủ ngay.")),
        "directory": (gettext("Danh bạ cán bộ"), gettext("Cán bộ chưa đăng nhập mới được. Ai đã đăng nhập vẫn làm việc tiếp.")),
        "directory_feed": (gettext("Cập nhật từ danh bạ"), gettext(
            "Thay đổi của cán bộ chưa tới đây, hoặc một lần mất nhiều cán bộ đang chờ bạn xem.")),
        "worker": (gettext("Chương trình chạy nền"), gettext(
            "Tin đăng xuất, thư và nhật ký đang chờ. Vui lòng báo người trực máy chủ.")),
        "logout_notices": (gettext("Tin đăng xuất"), gettext("Có ứng dụng chưa nhận tin. Xem ở dưới.")),
        "mail": (gettext("Thư thông báo"), gettext("Thư chưa gửi được. Xem ở dưới.")),
        "mobile_signature": (gettext("Dịch vụ ký số của nhà mạng"), gettext(
            "Cán bộ dùng SIM của nhà mạng này chưa ký được. Vui lòng báo người trực máy chủ.")),
        "signing_sims": (gettext("SIM ký số"), gettext(
            "Có SIM đang chờ bạn xem có đúng là đã đổi không. Vui lòng xem mục SIM ký số.")),
        "jobs": (gettext("Nhập và xuất"), gettext("Có việc chờ quá lâu. Vui lòng xem mục Nhập và xuất, và báo người trực.")),
        "audit_trail": (gettext("Nhật ký"), gettext("Nhật ký chưa được niêm phong kịp. Vui lòng báo người trực máy chủ.")),
        "break_glass": (gettext("Tài khoản khẩn cấp"), gettext("Tài khoản khẩn cấp đang bật. Vui lòng tắt khi xong việc."))}
    label, remedy = known.get(name, (name, gettext("Vui lòng báo người trực máy chủ.")))
    tag, icon = _TAGS[found["state"]]
    words = {"up": gettext("Tốt"), "degraded": gettext("Cần xem"), "down": gettext("Hỏng")}
    return {"label": label, "tag": tag, "icon": icon, "word": words[found["state"]],
            "remedy": "" if found["state"] == "up" else remedy}
