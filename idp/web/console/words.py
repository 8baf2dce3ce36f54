"""What states, acts, turns and refusals of the certificate desk are called on pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from flask_babel import format_datetime, gettext

from ...administration.enrollment.issuers import GOVERNMENT, Issuer
from ...pki.enrollment.states import State

_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?=T|\Z)")
_TYPED_DAY: Final = re.compile(r"([0-9]{1,2}) ?[/.\- ] ?([0-9]{1,2}) ?[/.\- ] ?([0-9]{4}|[0-9]{2})")
_BARE_DAY: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")
_CLOCK: Final = re.compile(r"(?<![0-9/])([0-9]{1,2}) ?(?::|h|gio)(?: ?([0-9]{2})(?![0-9/.\-]))?(?: ?phut)?")
"""Without marks, as hours are read; so they may be typed without them."""


def states() -> Mapping[str, tuple[str, str, str]]:
    """Give each state's words, tag and icon, in the order of the course."""
    return {
        "draft": (gettext("Bản nháp"), "idle", "ring"), "submitted": (gettext("Chờ đơn vị duyệt"), "wait", "clock"),
        "returned": (gettext("Trả lại"), "warn", "warn"), "agency_approved": (gettext("Chờ tỉnh duyệt"), "wait", "clock"),
        "province_approved": (gettext("Chờ gửi đi"), "wait", "clock"),
        "sent_to_ca": (gettext("Chờ kết quả cấp"), "wait", "clock"),
        "issued": (gettext("Đã cấp, chờ thiết bị"), "wait", "clock"),
        "ready_for_handover": (gettext("Chờ bàn giao"), "wait", "clock"),
        "handed_over": (gettext("Chờ kích hoạt"), "wait", "clock"), "active": (gettext("Đang dùng"), "ok", "check"),
        "suspended": (gettext("Tạm khóa"), "warn", "warn"), "device_locked": (gettext("Khóa thiết bị"), "warn", "warn"),
        "revocation_requested": (gettext("Chờ thu hồi"), "bad", "clock"), "revoked": (gettext("Đã thu hồi"), "bad", "cross"),
        "expired": (gettext("Hết hạn"), "bad", "cross"), "superseded": (gettext("Đã thay mới"), "idle", "ring"),
        "device_returned": (gettext("Đã trả thiết bị"), "idle", "ring"),
        "device_lost_recorded": (gettext("Đã ghi nhận mất"), "idle", "ring"), "cancelled": (gettext("Đã hủy"), "idle", "cross")}


def state(name: str) -> dict[str, str]:
    """Give a state as pages show it."""
    word, tag, icon = states()[name]
    return {"name": name, "word": word, "tag": tag, "icon": icon}


def acts() -> Mapping[str, str]:
    """Give what the button of each act says."""
    return {
        "submit": gettext("Gửi đề nghị"), "approve": gettext("Duyệt"), "approve_for_province": gettext("Duyệt cho tỉnh"),
        "return": gettext("Trả lại"), "cancel": gettext("Hủy đề nghị"), "receive": gettext("Nhận thiết bị"),
        "hand_over": gettext("Bàn giao"), "waive_test_signature": gettext("Kích hoạt không ký thử"),
        "suspend": gettext("Tạm khóa"),
        "resume": gettext("Cho dùng lại"), "lock": gettext("Báo thiết bị bị khóa"), "unlock": gettext("Đã mở khóa thiết bị"),
        "ask_revocation": gettext("Đề nghị thu hồi"), "report_loss": gettext("Báo mất thiết bị"),
        "revoked": gettext("Ghi nhận đã thu hồi"), "device_returned": gettext("Ghi nhận trả thiết bị"),
        "device_lost": gettext("Ghi nhận mất thiết bị")}


def warnings() -> Mapping[str, str]:
    """Say what an act means, before it is done."""
    return {
        "return": gettext("Người đề nghị nhận được lý do và sửa lại."),
        "cancel": gettext("Đề nghị đã hủy thì không mở lại được."),
        "hand_over": gettext("Người nhận xuất trình giấy tờ. Vui lòng nhập đúng số trên giấy tờ đó."),
        "waive_test_signature": gettext("Chứng thư số được dùng ngay mà không có chữ ký thử. Lý do được lưu lại."),
        "suspend": gettext("Chứng thư số không ký được cho đến khi bạn cho dùng lại."),
        "ask_revocation": gettext("Chứng thư số ngừng ký ngay từ lúc này."),
        "report_loss": gettext("Mọi chứng thư số của người này trong thiết bị ngừng ký ngay từ lúc này, trước mọi giấy tờ."),
        "revoked": gettext("Chứng thư số đã thu hồi thì không dùng lại được."),
        "device_lost": gettext("Thiết bị được ghi là không trả lại.")}


def done() -> Mapping[str, str]:
    """Say what somebody did, for the timeline; by the words of ``pki.enrollment.states.Act``."""
    return {
        "draft": gettext("Lập bản nháp"), "submit": gettext("Gửi đề nghị"), "approve": gettext("Đơn vị duyệt"),
        "approve_for_province": gettext("Tỉnh duyệt"), "return": gettext("Trả lại"), "cancel": gettext("Hủy đề nghị"),
        "send": gettext("Gửi danh sách đi cấp"), "reject": gettext("Đơn vị cấp trả lại"), "issue": gettext("Nhận kết quả cấp"),
        "complete": gettext("Nhận tệp chứng thư số"), "receive": gettext("Nhận thiết bị"), "hand_over": gettext("Bàn giao"),
        "confirm": gettext("Xác nhận đã nhận thiết bị"),
        "activate": gettext("Kích hoạt"), "suspend": gettext("Tạm khóa"), "resume": gettext("Cho dùng lại"),
        "lock": gettext("Báo thiết bị bị khóa"), "unlock": gettext("Mở khóa thiết bị"),
        "ask_revocation": gettext("Đề nghị thu hồi"), "report_loss": gettext("Báo mất thiết bị"), "revoke": gettext("Thu hồi"),
        "expire": gettext("Hết hạn"), "supersede": gettext("Thay bằng chứng thư số mới"),
        "return_device": gettext("Trả thiết bị"), "record_loss": gettext("Ghi nhận mất thiết bị")}


def turns() -> Mapping[str, str]:
    """Say whose turn it is."""
    return {"holder": gettext("Người được cấp"), "agency": gettext("Đơn vị"), "desk": gettext("Quản trị tỉnh"),
            "system": gettext("Đơn vị cấp chứng thư")}


def next_steps() -> Mapping[str, str]:
    """Say what is to be done next in each state; states in which nothing is are not here."""
    return {
        "draft": gettext("Gửi đề nghị"), "submitted": gettext("Duyệt hoặc trả lại"),
        "returned": gettext("Sửa theo lý do rồi gửi lại"),
        "agency_approved": gettext("Duyệt cho tỉnh hoặc trả lại"), "province_approved": gettext("Gửi danh sách kèm công văn"),
        "sent_to_ca": gettext("Trả kết quả cấp"), "issued": gettext("Nhận thiết bị"),
        "ready_for_handover": gettext("Bàn giao thiết bị"),
        "handed_over": gettext("Ký thử"), "device_locked": gettext("Mở khóa thiết bị"),
        "revocation_requested": gettext("Thu hồi chứng thư số"), "revoked": gettext("Trả thiết bị"),
        "expired": gettext("Trả thiết bị"), "superseded": gettext("Trả thiết bị cũ")}


def kinds() -> Mapping[str, str]:
    """Name what is asked for: kind, purpose, device."""
    return {"person": gettext("Cán bộ"), "seal": gettext("Dấu của đơn vị"), "device": gettext("Máy"),
            "service": gettext("Dịch vụ"),
            "new": gettext("Cấp mới"), "renew": gettext("Gia hạn"), "change": gettext("Thay đổi nội dung"),
            "token": gettext("thiết bị USB"), "sim": gettext("SIM"), "hsm": gettext("thiết bị HSM"),
            "software": gettext("phần mềm")}


def details() -> Mapping[str, str]:
    """Name the small facts of the timeline."""
    return {"reason": gettext("Lý do"), "document": gettext("Công văn"), "record": gettext("Biên bản"),
            "serial": gettext("Số hiệu chứng thư"), "device": gettext("Số hiệu thiết bị")}


def refusals() -> Mapping[str, str]:
    """Say why something was not done, by the code of the refusal; whatever else there is, by ``changed``."""
    return {
        "same_person": gettext(
            "Đây là chứng thư số của bạn, hoặc bạn đã làm một bước khác của đề nghị này. Vui lòng nhờ người khác."),
        "wrong_state": gettext("Đề nghị đã ở bước khác, nên việc này không làm được nữa."),
        "not_yours": gettext("Việc này do người khác làm."),
        "unknown_enrollment": gettext("Không có đề nghị này."),
        "another_person": gettext("Số định danh không phải của người được cấp."),
        "bad_purpose": gettext("Vui lòng ghi mục đích xem, từ 10 đến 300 ký tự trong một dòng."),
        "identity_unknown": gettext("Đề nghị chưa có số định danh của người được cấp."),
        "another_device": gettext("Đơn vị cấp chứng thư ghi số hiệu thiết bị khác."),
        "not_good": gettext("Chứng thư số đã hết hạn hoặc đã bị thu hồi."),
        "device_lost": gettext("Thiết bị này đã được báo mất, nên chứng thư số trong đó không dùng được."),
        "invalid_body": gettext("Nội dung còn trống, quá dài hoặc không đúng mẫu. Vui lòng kiểm tra lại."),
        "nothing_to_send": gettext("Không có đề nghị nào đang chờ gửi đi."),
        "must_go_to_government": gettext(
            "Dấu của đơn vị và SIM chỉ gửi được cho đơn vị cấp chứng thư của Chính phủ."),
        "no_key": gettext("Các đề nghị đang chờ chưa có khóa (tệp .csr), nên tỉnh không tự cấp được."),
        "pilot_only": gettext("Khóa trong phần mềm chỉ để dùng thử. Vui lòng chọn đơn vị cấp chứng thư của tỉnh."),
        "no_authority": gettext("Tỉnh chưa có đơn vị cấp chứng thư của mình."),
        "unknown_authority": gettext("Đơn vị cấp chứng thư này không còn cấp nữa. Vui lòng chọn lại."),
        "unreadable_list": gettext("Chưa đọc được danh sách."),
        "no_list": gettext("Chưa chọn tệp nào, hoặc tệp không có dòng nào."),
        "upload_over": gettext("Danh sách đã kiểm tra quá một giờ. Vui lòng chọn lại tệp."),
        "changed": gettext("Có người vừa thay đổi đề nghị này. Vui lòng mở lại trang.")}


def refusal(code: str) -> str:
    """Say why something was not done."""
    return refusals().get(code, refusals()["changed"])


def issuer_words(issuer: Issuer) -> dict[str, str]:
    """Name an authority to which requests are sent, and say what its certificates are good for."""
    if issuer.authority == GOVERNMENT:
        return {"value": GOVERNMENT, "label": gettext("Đơn vị cấp chứng thư của Chính phủ"), "means": gettext(
            "Dùng cho văn bản chính thức. Bạn tải danh sách về để gửi kèm công văn, rồi nhập kết quả.")}
    where = gettext("Khóa để cấp nằm trong mô-đun bảo mật (HSM).") if issuer.place == "pkcs11" else gettext(
        "Khóa để cấp nằm trong tệp trên máy chủ.")
    means = gettext("Cấp ngay, cho máy, dịch vụ và để thử. "
                    "Chứng thư số có ghi là dùng thử, không thay cho chứng thư số của Chính phủ.")
    return {"value": f"{issuer.authority}:{issuer.name}", "means": f"{means} {where}",
            "label": gettext("Đơn vị cấp chứng thư của tỉnh, dùng thử: %(name)s", name=issuer.name)}


def day(at: int | None) -> str:
    """Write a day; "" for none."""
    return format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy") if at is not None else ""


def typed_day(text: str) -> str:
    """Read a day as people type it.

    ``15/12/2026``, ``1/2/27``, ``15-12-2026``, ``15.12.2026``, ``15122026``, with any blanks and any digits, or ISO 8601 as a
    browser sends it. Gives ISO 8601, or what was typed where it is no day, for the room to refuse.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if found := _ISO_DAY.fullmatch(plain):
        year, month, days = found.groups()
    elif found := _TYPED_DAY.fullmatch(plain) or _BARE_DAY.fullmatch(plain):
        days, month, year = found.groups()
    else:
        return plain
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(days)).isoformat()
    except ValueError:
        return plain


def typed_moment(text: str) -> str:
    """Read a day and an hour as people type them.

    In either order, ``28/11/2026 17:00`` or ``17h00 28/11/2026``, or as a browser sends them. Gives ``2026-11-28T17:00``,
    or what was typed where it is neither.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if _ISO_DAY.match(plain):
        return plain[:16]
    bare = "".join(sign for sign in unicodedata.normalize("NFD", plain.casefold()) if not unicodedata.combining(sign))
    clock = _CLOCK.search(bare)
    if clock is None or int(clock[1]) > 23 or int(clock[2] or 0) > 59:
        return plain
    on = typed_day((bare[:clock.start()] + " " + bare[clock.end():]).replace("ngay", " ").strip(" ,"))
    return f"{on}T{int(clock[1]):02}:{int(clock[2] or 0):02}" if _ISO_DAY.fullmatch(on) else plain


def said_day(text: str) -> str:
    """Write a day of ISO 8601 as people do, and anything else as it is: what a field shows again."""
    return "/".join(reversed(text.split("-"))) if _ISO_DAY.fullmatch(text) else text


def moment(at: int) -> str:
    """Write a time of a day."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy HH:mm"))


def request_words(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give a request (``administration.enrollment.requests.shown``) as pages show it."""
    of, parts = kinds(), next_steps()
    return {"id": found["id"], "name": found["name"], "title": found["title"],
            "unit_name": found["unit_name"] or found["unit_code"],
            "what": f"{of[found['purpose']]}, {of[found['device_kind']]}", "kind": of[found["kind"]], "mail": found["mail"],
            "state": state(found["state"]), "turn": turns().get(found["turn"] or "", ""), "next": parts.get(found["state"], ""),
            "due": day(found["due_at"]), "overdue": found["overdue"], "wet_ink": found["wet_ink"],
            "reason": found["reason"] if State(found["state"]) in (State.RETURNED, State.CANCELLED, State.SUSPENDED) else "",
            "acts": [{"name": name, "label": acts()[name]} for name in found.get("acts", ()) if name in acts()]}
