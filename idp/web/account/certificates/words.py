"""What certificates and requests are called on the officer's own pages: the step, who acts, by when, and what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask_babel import format_datetime, gettext

from ....pki.enrollment.record import DeviceKind, Enrollment, Purpose
from ....pki.enrollment.self_service import Own
from ....pki.enrollment.states import ON_THE_WAY, Act, State
from ....pki.forms import Flaw
from ....pki.forms.cells import CellError, day, identity_number, phone
from ...console.field_words import sentence
from ...presentation import day_words

_PLACES: Final[Mapping[State, int]] = {
    State.DRAFT: 0, State.RETURNED: 0, State.SUBMITTED: 1, State.AGENCY_APPROVED: 2, State.PROVINCE_APPROVED: 3, State.SENT: 4,
    State.ISSUED: 5, State.READY: 5, State.HANDED_OVER: 6}
"""Which of the seven steps a request is at, from 0."""
_READ: Final[Mapping[str, Callable[[str], str]]] = {"identity_number": identity_number, "birth_date": day, "phone": phone}
_DONE_BY: Final = (Act.SUBMIT, Act.APPROVE, Act.APPROVE_FOR_PROVINCE, Act.SEND, Act.ISSUE, Act.HAND_OVER, Act.ACTIVATE)


def asked_words(device: DeviceKind) -> dict[str, str]:
    """Name a kind of device that may be asked for."""
    return {"value": device.value, "label": _devices()[device]}


def listed_words(one: Enrollment) -> dict[str, Any]:
    """Give a row of the list."""
    return {"number": one.enrollment_id, "title": _title(one), "state": _state(one.state), "next": _next(one),
            "ends": day_words(one.not_after) if one.not_after is not None else ""}


def shown_words(own: Own, now: int) -> dict[str, Any]:
    """Give a page of one."""
    one = own.enrollment
    place = _PLACES.get(one.state)
    acts = {entry.act: entry.at for entry in own.history}
    names = (gettext("Lập và gửi đề nghị"), gettext("Đơn vị duyệt"), gettext("Quản trị tỉnh duyệt"),
             gettext("Gửi đơn vị cấp chứng thư"), gettext("Cấp chứng thư số"), gettext("Bàn giao"),
             gettext("Ký thử và kích hoạt"))
    to_do = {Act.HAND_OVER: gettext("Bạn nhận tại đơn vị và ký biên bản"),
             Act.ACTIVATE: gettext("Bạn tự làm ở trang này, khoảng 2 phút")}
    steps = [] if place is None else [
        {"number": index + 1, "name": name, "how": "done" if index < place else "now" if index == place else "todo",
         "note": _moment(acts[act]) if index < place and act in acts else to_do.get(act, "") if index >= place else ""}
        for index, (name, act) in enumerate(zip(names, _DONE_BY, strict=True))]
    return {"number": one.enrollment_id, "heading": _title(one), "state": _state(one.state), "next": _next(one), "steps": steps,
            "done": place or 0, "of": len(names), "mine": _mine(one),
            "since": day_words(own.history[0].at) if own.history else "",
            "late": one.due_at is not None and one.due_at < now and one.state in ON_THE_WAY,
            "reason": one.reason if one.state in (State.RETURNED, State.CANCELLED, State.SUSPENDED) else "",
            "holder": one.name, "identity": own.identity, "post": one.title, "unit": one.unit_name or one.unit_code,
            "mail": one.mail, "device": _devices().get(one.device_kind, ""), "device_serial": one.device_serial,
            "serial": one.serial, "issuer": one.issuer, "certificate": bool(one.certificate),
            "begins": day_words(one.not_before) if one.not_before is not None else "",
            "ends": day_words(one.not_after) if one.not_after is not None else "",
            "confirmed": Act.CONFIRM in acts}


def refusal(code: str) -> str:
    """Say why something was not done, by the code of the refusal."""
    return str({
        "invalid_body": gettext("Có ô còn trống hoặc chưa đúng. Vui lòng kiểm tra rồi nhập lại."),
        "already_asked": gettext("Bạn đã có đề nghị như vậy đang được giải quyết."),
        "already_there": gettext("Bạn đang có chứng thư số trên thiết bị loại này. Vui lòng mở chứng thư số đó để gia hạn."),
        "too_early": gettext("Chưa đến kỳ gia hạn. Bạn gia hạn được trong 60 ngày cuối."),
        "no_mailbox": gettext("Bạn chưa có thư công vụ. Vui lòng liên hệ quản trị đơn vị trước."),
        "guest": gettext("Tài khoản khách không được cấp chứng thư số."),
        "no_agency": gettext("Danh bạ cán bộ chưa ghi đơn vị của bạn. Vui lòng liên hệ quản trị đơn vị."),
        "nothing_to_change": gettext("Danh bạ cán bộ vẫn giống nội dung chứng thư số, nên chưa có gì để thay đổi."),
        "invalid_signature": gettext("Chữ ký chưa khớp với đoạn chữ và chứng thư số này."),
        "no_certificate": gettext("Tệp chứng thư số chưa về đến hệ thống, nên chưa ký thử được."),
        "not_good": gettext("Chứng thư số đã hết hạn hoặc đã bị thu hồi."),
        "device_lost": gettext("Thiết bị này đã được báo mất, nên chứng thư số trong đó không dùng được."),
    }.get(code, gettext("Bước này đã được làm rồi, hoặc đề nghị đã sang bước khác.")))


def mistakes(device: str, typed: Mapping[str, str]) -> dict[str, str]:
    """Say of each field of an own request that is not right what is wrong, by the readers of the desk; a phone is for a SIM.

    What was typed is not said again: the number of a person stands on no page.
    """
    found: dict[str, str] = {}
    for name, read in _READ.items():
        if name == "phone" and device != DeviceKind.SIM:
            continue
        try:
            if not typed[name].strip():
                raise CellError(Flaw.MISSING)
            read(typed[name])
        except CellError as err:
            found[name] = sentence(err.flaw)
    return found


def _devices() -> Mapping[DeviceKind, str]:
    return {DeviceKind.TOKEN: gettext("Thiết bị USB"), DeviceKind.SIM: gettext("SIM"), DeviceKind.HSM: gettext("Thiết bị HSM"),
            DeviceKind.SOFTWARE: gettext("Phần mềm")}


def _title(one: Enrollment) -> str:
    device = _devices()[one.device_kind]
    if one.purpose is Purpose.RENEW:
        return str(gettext("Gia hạn chứng thư số, %(device)s", device=device))
    if one.purpose is Purpose.CHANGE:
        return str(gettext("Thay đổi nội dung chứng thư số, %(device)s", device=device))
    return str(gettext("Chứng thư số, %(device)s", device=device))


def _state(state: State) -> dict[str, str]:
    word, tag, icon = {
        State.DRAFT: (gettext("Chưa gửi"), "idle", "ring"), State.SUBMITTED: (gettext("Chờ đơn vị duyệt"), "wait", "clock"),
        State.RETURNED: (gettext("Cần bổ sung"), "warn", "warn"),
        State.AGENCY_APPROVED: (gettext("Chờ tỉnh duyệt"), "wait", "clock"),
        State.PROVINCE_APPROVED: (gettext("Chờ gửi đi"), "wait", "clock"),
        State.SENT: (gettext("Chờ kết quả cấp"), "wait", "clock"),
        State.ISSUED: (gettext("Đã cấp, chờ thiết bị"), "wait", "clock"), State.READY: (gettext("Chờ bàn giao"), "wait", "clock"),
        State.HANDED_OVER: (gettext("Chờ ký thử"), "warn", "warn"), State.ACTIVE: (gettext("Đang dùng"), "ok", "check"),
        State.SUSPENDED: (gettext("Tạm dừng"), "warn", "warn"), State.LOCKED: (gettext("Chờ mở khóa"), "warn", "lock"),
        State.REVOCATION_REQUESTED: (gettext("Đã chặn, chờ thu hồi"), "bad", "lock"),
        State.REVOKED: (gettext("Đã thu hồi"), "bad", "cross"), State.EXPIRED: (gettext("Hết hạn"), "bad", "cross"),
        State.SUPERSEDED: (gettext("Đã thay mới"), "idle", "ring"),
        State.DEVICE_RETURNED: (gettext("Đã trả thiết bị"), "idle", "ring"),
        State.DEVICE_LOST: (gettext("Đã ghi nhận mất"), "idle", "ring"),
        State.CANCELLED: (gettext("Đã hủy"), "idle", "cross")}[state]
    return {"word": word, "tag": tag, "icon": icon}


def _next(one: Enrollment) -> str:
    """Say what comes next, who does it, and by when; empty where nothing does."""
    what: str = {
        State.DRAFT: gettext("Đề nghị chưa được gửi"), State.RETURNED: gettext("Bạn gửi lại đề nghị sau khi bổ sung"),
        State.SUBMITTED: gettext("Quản trị đơn vị duyệt"), State.AGENCY_APPROVED: gettext("Quản trị tỉnh duyệt"),
        State.PROVINCE_APPROVED: gettext("Quản trị tỉnh gửi đơn vị cấp chứng thư"),
        State.SENT: gettext("Đơn vị cấp chứng thư trả kết quả"), State.ISSUED: gettext("Thiết bị về đến tỉnh"),
        State.READY: gettext("Quản trị tỉnh bàn giao thiết bị cho bạn"), State.HANDED_OVER: gettext("Bạn ký thử để kích hoạt"),
        State.LOCKED: gettext("Quản trị tỉnh mở khóa thiết bị"), State.REVOCATION_REQUESTED: gettext("Chứng thư số được thu hồi"),
        State.REVOKED: gettext("Bạn trả lại thiết bị"), State.EXPIRED: gettext("Bạn trả lại thiết bị"),
        State.SUPERSEDED: gettext("Bạn trả lại thiết bị cũ")}.get(one.state, "")
    if one.waits_for_key:
        what = gettext("Bạn tạo khóa và tải về")
    if what and one.due_at is not None:
        return str(gettext("%(what)s, chậm nhất ngày %(day)s", what=what, day=day_words(one.due_at)))
    return what


def _mine(one: Enrollment) -> str:
    """Say what the officer has to do now, and later."""
    if one.state in (State.DRAFT, State.RETURNED):
        return str(gettext("Vui lòng xem lại rồi gửi. Nếu thông tin sai, hãy hủy đề nghị này và lập đề nghị mới."))
    if one.state is State.READY:
        return str(gettext("Khi đến nhận, vui lòng mang theo Căn cước công dân."))
    if one.state is State.HANDED_OVER:
        return str(gettext("Bạn tự làm trên trang này, khoảng 2 phút."))
    if one.waits_for_key:
        return str(gettext("Bạn tự làm trên trang này, khoảng 2 phút."))
    if one.state in ON_THE_WAY:
        return str(gettext("Hiện bạn chưa phải làm gì. Chúng tôi gửi thư công vụ cho bạn khi có kết quả."))
    if one.state in (State.REVOKED, State.EXPIRED, State.SUPERSEDED):
        return str(gettext("Vui lòng trả thiết bị cho quản trị đơn vị và ký biên bản."))
    if one.state is State.REVOCATION_REQUESTED:
        return str(gettext("Chứng thư số không ký được nữa. Bạn chưa phải làm gì."))
    return ""


def _moment(at: int) -> str:
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "HH:mm dd/MM/yyyy"))
