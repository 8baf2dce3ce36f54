"""The one place where what went wrong becomes a page: what happened, what to do, and a code to read out on the telephone.

Never a stack, a statement or a host name (security checklist 43). Rooms say what went wrong by code; the words are here, in
both languages.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, make_response, render_template
from flask_babel import format_datetime, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from ..clock import Clock
from ..errors import IdpError, RefusedError, UnavailableError
from .security import request_id

log = logging.getLogger("idp.web")


def handle(app: Flask, clock: Clock) -> None:
    """Register the handlers of everything that a view may raise."""

    @app.errorhandler(CSRFError)
    def lost_token(error: CSRFError) -> Response:
        return page(400, gettext("Chưa gửi được biểu mẫu"),
                    gettext("Trang này mở đã lâu hoặc trình duyệt không giữ cookie, nên hệ thống dừng lại để bảo vệ tài khoản "
                            "của bạn. Vui lòng quay lại trang trước, tải lại rồi gửi lại."), clock, detail="csrf")

    @app.errorhandler(HTTPException)
    def refused_by_http(error: HTTPException) -> Response:
        status = error.code or 500
        title, what = _words(status)
        answer = page(status, title, what, clock)
        for name, value in error.get_headers():
            if name in {"Allow", "Retry-After"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        log.warning("%s: %s unavailable: %s", request_id(), error.dependency, error.debug)
        return unavailable_page(error, clock)

    @app.errorhandler(RefusedError)
    def refused(error: RefusedError) -> Response:
        title, what = _words(error.status)
        answer = page(error.status, title, what, clock, detail=error.code)
        if error.retry_after_seconds is not None:
            answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer

    @app.errorhandler(IdpError)
    def failed(error: IdpError) -> Response:
        log.error("%s: failed: %s", request_id(), error.debug, exc_info=error)
        return page(500, *_words(500), clock)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("%s: unforeseen error", request_id(), exc_info=error)
        return page(500, *_words(500), clock)


def page(status: int, title: str, what: str, clock: Clock, *, app: dict[str, Any] | None = None, detail: str = "",
         ways: list[dict[str, str]] | None = None) -> Response:
    """Make an error page.

    Args:
        status: HTTP status.
        title: What happened, in a few words.
        what: Why, and what to do, in one or two sentences.
        clock: Source of the time that is shown.
        app: The application that the officer was on the way to, as templates take it.
        detail: A protocol's error code for the technician; ASCII.
        ways: Where one can go from here, the best first; the portal where None.
    """
    if ways is None:
        ways = [{"label": gettext("Đến trang Ứng dụng của tôi"), "url": "/"}]
    return make_response(render_template(
        "errors/error.html", status=status, title=title, what=what, next=ways, code=request_id(), app=app, detail=detail,
        time=format_datetime(clock.moment(), "dd/MM/yyyy HH:mm:ss")), status)


def unavailable_page(error: UnavailableError, clock: Clock) -> Response:
    """Make the page for something that does not answer at the moment (503 with Retry-After)."""
    if error.dependency == "directory":
        what = gettext("Danh bạ cán bộ tạm thời chưa trả lời. Bạn không làm sai điều gì. Vui lòng thử lại sau vài phút.")
    else:
        what = gettext("Hệ thống đang gián đoạn trong chốc lát. Bạn không làm sai điều gì. Vui lòng thử lại sau vài phút.")
    answer = page(503, gettext("Dịch vụ tạm gián đoạn"), what, clock, detail="temporarily_unavailable")
    answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _words(status: int) -> tuple[str, str]:
    if status == 404:
        return gettext("Không có trang này"), gettext("Địa chỉ có thể đã được gõ nhầm hoặc trang đã chuyển đi nơi khác.")
    if status == 405:
        return gettext("Không mở được trang này theo cách đó"), gettext("Vui lòng mở lại trang từ ứng dụng của bạn.")
    if status == 413:
        return gettext("Nội dung gửi lên quá dài"), gettext("Vui lòng rút ngắn nội dung rồi gửi lại.")
    if status == 431:
        return (gettext("Trình duyệt gửi kèm quá nhiều dữ liệu"),
                gettext("Vui lòng xóa cookie của trang này trong trình duyệt rồi mở lại từ ứng dụng của bạn."))
    if status == 403:
        return gettext("Bạn chưa được phép mở trang này"), gettext("Vui lòng liên hệ quản trị đơn vị của bạn để được cấp quyền.")
    if status == 429:
        return gettext("Bạn thao tác quá nhanh"), gettext("Vui lòng thử lại sau vài phút.")
    if status >= 500:
        return (gettext("Chưa mở được trang này"),
                gettext("Hệ thống gặp trục trặc. Bạn không làm sai điều gì. Vui lòng thử lại sau vài phút."))
    return gettext("Yêu cầu chưa đúng"), gettext("Hệ thống không hiểu yêu cầu này. Vui lòng mở lại từ ứng dụng của bạn.")
