"""Everything that is held about the officer, as a file: what is in it, and the download behind a fresh authentication.

The page for people in the file is written here, piece by piece, without script, style sheet or any other file: it has
to open years later on a machine that knows nothing of us. Words are looked up before the answer begins, because it is
sent after the request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from ...administration.own.data import AsPage, Part
from ...audit.lines import ZONE
from ...services import Services
from ..i18n import language
from ..onward import Onward
from ..presentation import officer_words
from ..security import caller

PAGE: Final = "/account/data"
_TIMES: Final = frozenset({"at", "since", "auth_time", "not_before", "not_after"})
_STYLE: Final = ("body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}h2{margin-top:2rem}"
                 "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;"
                 "vertical-align:top;overflow-wrap:anywhere}")


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/data``."""
    room = services.own_data

    @views.get("/data")
    def own_data() -> Response:
        entered = onward.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        names = section_words()
        return make_response(render_template("account/data.html", who=officer_words(entered[1].officer),
                                             sections=list(dict.fromkeys(names[one] for one in room.sections))))

    @views.post("/data")
    def take_own_data() -> Response:
        entered = onward.enter(PAGE, fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        export = room.begin(session.sub, officer.officer.entry_uuid, caller(), sid=session.sid,
                            as_page=page_of(officer.officer.name, services.clock.now()))
        return Response(export.chunks, content_type="application/zip",
                        headers={"Content-Disposition": f'attachment; filename="{export.name}"'})


def page_of(name: str, now: int) -> AsPage:
    """Give what writes the page for people, in the language of this request."""
    sections, columns, lang = section_words(), column_words(), language()
    title, nothing, made = gettext("Dữ liệu về %(name)s", name=name), gettext("Không có gì."), gettext(
        "Lập lúc %(at)s, giờ Việt Nam. Những ô để trống là không có dữ liệu.", at=_moment(now))

    def page(parts: Iterator[Part]) -> Iterator[str]:
        yield (f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
               f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n<p>{escape(made)}</p>\n")
        for section, rows in parts:
            yield f"<h2>{escape(sections[section])}</h2>\n"
            begun = False
            for row in rows:
                if not begun:
                    begun = True
                    head = "".join(f'<th scope="col">{escape(columns.get(column, column))}</th>' for column in row)
                    yield f"<table><thead><tr>{head}</tr></thead><tbody>\n"
                yield f"<tr>{''.join(f'<td>{escape(_shown(column, value))}</td>' for column, value in row.items())}</tr>\n"
            yield "</tbody></table>\n" if begun else f"<p>{escape(nothing)}</p>\n"
        yield "</body></html>\n"

    return page


def _shown(column: str, value: Any) -> str:
    if value is None or value == "" or (value == 0 and column.endswith("_at")):
        return ""
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, int):
        return _moment(value) if column in _TIMES or column.endswith("_at") else str(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y %H:%M")


def section_words() -> Mapping[str, str]:
    """Name the sections of the file."""
    return {
        "officer": gettext("Thông tin từ danh bạ"), "officer_change": gettext("Thay đổi ở danh bạ đang xử lý"),
        "departure": gettext("Nghỉ việc và trở lại"),
        "access_stop": gettext("Tài khoản bị dừng và dùng lại"), "sso_session": gettext("Phiên đăng nhập"),
        "session_client": gettext("Ứng dụng đã dùng trong các phiên"), "device": gettext("Thiết bị đã đăng nhập"),
        "remembered_device": gettext("Thiết bị được ghi nhớ"), "consent": gettext("Đồng ý chia sẻ với ứng dụng"),
        "oauth_grant": gettext("Quyền đã cấp cho ứng dụng"), "deferred_authorization": gettext("Yêu cầu chờ trả lời"),
        "totp": gettext("Ứng dụng tạo mã 6 số"), "passkey": gettext("Khóa truy cập"),
        "recovery_codes": gettext("Bộ mã khôi phục"), "officer_certificate": gettext("Chứng thư số để đăng nhập"),
        "sim_login": gettext("Đăng nhập bằng SIM ký số"),
        "factor_demand": gettext("Yêu cầu có lớp thứ hai"), "factor_reset": gettext("Đề nghị đặt lại lớp thứ hai"),
        "temporary_pass": gettext("Mã tạm được đề nghị cho bạn"), "job": gettext("Việc nhập và xuất tệp của bạn"),
        "password_recovery": gettext("Lần đặt lại mật khẩu đã quên"), "notice": gettext("Thông báo đã gửi bạn"),
        "notice_reading": gettext("Thông báo về dữ liệu cá nhân đã đọc"), "enrollment": gettext("Đề nghị chứng thư số"),
        "pki_certificate": gettext("Chứng thư số do tỉnh cấp"), "seen_certificate": gettext("Chứng thư số đã nhận"),
        "enrollment_leave": gettext("Mật khẩu đăng ký máy"), "custody_device": gettext("Thiết bị ký số đang giữ"),
        "sim": gettext("SIM ký số"), "sign_transaction": gettext("Yêu cầu ký số"),
        "csc_authorization": gettext("Cho phép ứng dụng ký"), "deputy": gettext("Làm thay người khác"),
        "deputy_given": gettext("Người làm thay bạn"), "task": gettext("Việc phải làm về bạn"),
        "campaign_member": gettext("Có tên trong chiến dịch"), "campaign_reminder": gettext("Nhắc việc của chiến dịch"),
        "campaign_reminding": gettext("Các lần nhắc việc của chiến dịch"),
        "campaign_digest": gettext("Nhắc bạn về chiến dịch của đơn vị"),
        "desk_digest": gettext("Nhắc bạn về đề nghị của đơn vị"),
        "keeper_digest": gettext("Nhắc bạn về chứng thư số và thiết bị bạn giữ"),
        "expiry_digest": gettext("Nhắc bạn về chứng thư số của đơn vị"),
        "rollout_fact": gettext("Mốc dùng để tính số liệu chiến dịch"), "audit": gettext("Nhật ký về bạn"),
        "readings": gettext("Ai đã xem dữ liệu của tôi")}


def column_words() -> Mapping[str, str]:
    """Name the columns; what has no words is shown by its name."""
    return {
        "uid": gettext("Tên đăng nhập"), "name": gettext("Tên"), "given_name": gettext("Tên gọi"), "family_name": gettext("Họ"),
        "mail": gettext("Thư công vụ"), "phone": gettext("Số điện thoại"), "address": gettext("Địa chỉ"),
        "unit_code": gettext("Mã đơn vị"), "unit_code_2016": gettext("Mã đơn vị cũ"), "unit_name": gettext("Đơn vị"),
        "title": gettext("Chức vụ"), "posts": gettext("Các chức vụ"), "groups": gettext("Nhóm"),
        "attributes": gettext("Thông tin khác"), "guest": gettext("Loại khách"), "sponsor": gettext("Người bảo lãnh"),
        "status": gettext("Tình trạng"), "state": gettext("Tình trạng"), "ends_at": gettext("Hết hạn"),
        "first_sign_in_at": gettext("Đăng nhập lần đầu"), "last_sign_in_at": gettext("Đăng nhập lần cuối"),
        "updated_at": gettext("Cập nhật"), "left_at": gettext("Nghỉ từ"), "roles_since": gettext("Có vai trò từ"),
        "returned_at": gettext("Trở lại"), "at": gettext("Lúc"),
        "kind": gettext("Loại"), "before": gettext("Trước"), "after": gettext("Sau"), "reason": gettext("Lý do"),
        "auth_time": gettext("Đăng nhập lúc"), "acr": gettext("Mức xác thực"), "amr": gettext("Cách xác thực"),
        "created_at": gettext("Lập lúc"), "last_seen_at": gettext("Dùng lần cuối"), "first_seen_at": gettext("Dùng lần đầu"),
        "first_used_at": gettext("Dùng lần đầu"), "last_used_at": gettext("Dùng lần cuối"), "expires_at": gettext("Hết hạn"),
        "ended_at": gettext("Kết thúc"), "end_reason": gettext("Vì sao kết thúc"), "source": gettext("Địa chỉ mạng"),
        "user_agent": gettext("Trình duyệt"), "client_id": gettext("Ứng dụng"), "browser": gettext("Trình duyệt"),
        "system": gettext("Hệ điều hành"), "scope": gettext("Phạm vi xin"), "given_at": gettext("Đồng ý lúc"),
        "withdrawn_at": gettext("Rút lại lúc"), "revoked_at": gettext("Thu hồi lúc"), "subject": gettext("Tên trên chứng thư số"),
        "issuer": gettext("Nơi cấp"), "authority": gettext("Nơi cấp"), "serial": gettext("Số hiệu"),
        "not_before": gettext("Có hiệu lực từ"), "not_after": gettext("Có hiệu lực đến"), "issued_at": gettext("Cấp lúc"),
        "registered_at": gettext("Đăng ký lúc"), "detail": gettext("Chi tiết"), "read_at": gettext("Đọc lúc"),
        "version": gettext("Phiên bản"), "event": gettext("Sự kiện"), "enrollment_id": gettext("Số đề nghị"),
        "number": gettext("Số đề nghị"), "purpose": gettext("Mục đích"), "device_kind": gettext("Loại thiết bị"),
        "device_serial": gettext("Số thiết bị"),
        "since": gettext("Từ"), "due_at": gettext("Hạn"), "msisdn": gettext("Số điện thoại"),
        "carrier": gettext("Nhà mạng"), "document": gettext("Văn bản"), "text": gettext("Lời hỏi trên điện thoại"),
        "outcome": gettext("Kết quả"), "signed_at": gettext("Ký lúc"), "own": gettext("Chính bạn"), "why": gettext("Vì sao"),
        "campaign_id": gettext("Chiến dịch"), "act": gettext("Việc đã làm"),
        "note": gettext("Ghi chú"), "value": gettext("Giá trị"),
        "asked_at": gettext("Yêu cầu lúc"), "done_at": gettext("Xong lúc"), "told_on": gettext("Ngày nhắc"),
        "unit": gettext("Đơn vị"), "made_at": gettext("Lập lúc"), "profile": gettext("Loại chứng thư số"),
        "opened_at": gettext("Mở lúc"), "approves_since": gettext("Trả lời yêu cầu trên điện thoại từ"),
        "enrolled_at": gettext("Thêm lúc"), "job_id": gettext("Số việc"), "asked": gettext("Nội dung yêu cầu"),
        "started_at": gettext("Bắt đầu lúc"), "finished_at": gettext("Xong lúc"), "done": gettext("Đã làm"),
        "total": gettext("Tổng số"), "message": gettext("Kết quả"), "told": gettext("Chi tiết"), "size": gettext("Cỡ tệp (byte)"),
        "record": gettext("Biên bản"), "decided_at": gettext("Quyết định lúc")}
