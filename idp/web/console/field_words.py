"""What the fields of the form for one request are called, and what is said of one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from ...pki.enrollment.record import DeviceKind, Kind, Purpose
from ...pki.forms import Flaw


def holders_of_keys(devices: Sequence[DeviceKind]) -> list[dict[str, str]]:
    """Name what holds the key, to choose from."""
    names = {DeviceKind.TOKEN: gettext("Thiết bị USB"), DeviceKind.SIM: gettext("SIM"), DeviceKind.HSM: gettext("Thiết bị HSM"),
             DeviceKind.SOFTWARE: gettext("Phần mềm, để dùng thử")}
    return [{"value": device.value, "label": names[device]} for device in devices]


def what_for(purposes: Sequence[Purpose]) -> list[dict[str, str]]:
    """Name what may be asked for of a certificate that stands, to choose from."""
    names = {Purpose.RENEW: gettext("Gia hạn"), Purpose.CHANGE: gettext("Đổi nội dung")}
    return [{"value": purpose.value, "label": names[purpose]} for purpose in purposes]


def fields(kind: Kind, names: Sequence[str]) -> list[dict[str, Any]]:
    """Give the fields with label and hint, in order.

    Args:
        kind: For whom or what.
        names: Of the fields (``administration.enrollment.asking.FIELDS``).
    """
    person = kind is Kind.PERSON
    number = gettext("Số CCCD, CMND hoặc hộ chiếu") if person else gettext("Số CCCD, CMND hoặc hộ chiếu của người giữ")
    known: Mapping[str, tuple[str, str, str]] = {
        "device_kind": (gettext("Nơi giữ khóa"), "", "select"),
        "name": (gettext("Tên ghi trong chứng thư số"), _named(kind), "text"),
        "unit_code": (gettext("Đơn vị"), "", "select"),
        "mail": (gettext("Thư công vụ"), gettext("Hộp thư chung của đơn vị, không phải của một người."), "email"),
        "identity_number": (number, gettext("CCCD có 12 chữ số. Khi bàn giao thiết bị, số này được so với giấy tờ."), "text"),
        "identity_issued_on": (gettext("Ngày cấp"), "", "text"), "identity_issued_by": (gettext("Nơi cấp"), "", "text"),
        "birth_date": (gettext("Ngày sinh"), gettext("Ví dụ 05/09/1980."), "text"),
        "phone": (gettext("Số điện thoại di động"), "", "tel"),
        "old_serial": (gettext("Số hiệu chứng thư cũ"), gettext("Chỉ ghi khi gia hạn hoặc đổi nội dung."), "text"),
        "purpose": (gettext("Đề nghị cho chứng thư cũ"), gettext(
            "Chọn đổi nội dung khi họ tên, chức vụ, đơn vị hoặc thư công vụ đã khác."), "select"),
        "request": (gettext("Yêu cầu chứng thư (tệp .csr)"), gettext(
            "Chỉ cần khi khóa đã có sẵn, như khóa trong phần mềm. Vui lòng dán nội dung tệp, kể cả dòng đầu và dòng cuối."),
            "area")}
    needed = {"device_kind", "name", "unit_code", "mail", "identity_number", *(("birth_date",) if person else ())}
    return [{"name": name, "label": known[name][0], "hint": known[name][1], "how": known[name][2], "needed": name in needed}
            for name in names]


def _named(kind: Kind) -> str:
    if kind is Kind.SEAL:
        return str(gettext("Tên đầy đủ của đơn vị, như trên con dấu."))
    return str(gettext("Tên miền nếu là máy chủ, ví dụ qlvb.haugiang.gov.vn."))


def sentence(code: str) -> str:
    """Say what is wrong with a field and what to do, by the flaw or by the code of the desk's refusal."""
    return str({
        Flaw.MISSING: gettext("Ô này còn trống. Vui lòng điền."),
        Flaw.TOO_LONG: gettext("Nội dung quá dài. Vui lòng viết gọn lại."),
        Flaw.UNREADABLE: gettext("Ô có ký tự lạ không đọc được. Vui lòng gõ lại."),
        Flaw.NOT_A_DATE: gettext("Không phải ngày. Vui lòng ghi theo dạng ngày/tháng/năm, ví dụ 05/09/1980."),
        Flaw.NO_SUCH_DAY: gettext("Ngày này không có trong lịch."),
        Flaw.IN_THE_FUTURE: gettext("Ngày này chưa tới. Vui lòng kiểm tra lại."),
        Flaw.NOT_AN_IDENTITY_NUMBER: gettext(
            "Số này không đúng. CCCD có 12 chữ số, CMND cũ có 9 chữ số, hộ chiếu có một chữ cái và 7 hoặc 8 chữ số."),
        Flaw.DIGITS_LOST: gettext("Số này đã bị làm tròn. Vui lòng gõ lại đủ các chữ số."),
        Flaw.NOT_A_PHONE: gettext("Số điện thoại không đúng. Số di động có 10 chữ số và bắt đầu bằng 0."),
        Flaw.NOT_A_MAIL: gettext("Địa chỉ thư không đúng, ví dụ đúng: nvmau@haugiang.gov.vn."),
        Flaw.NOT_A_SERIAL: gettext("Số hiệu chứng thư chỉ gồm chữ số và các chữ A đến F."),
        Flaw.NOT_A_UNIT_CODE: gettext("Vui lòng chọn một đơn vị trong danh sách."),
        Flaw.UNKNOWN_CHOICE: gettext("Vui lòng chọn một mục trong danh sách."),
        Flaw.ENDS_BEFORE_IT_BEGINS: gettext("Ngày cấp phải sau ngày sinh. Vui lòng kiểm tra cả hai ngày."),
        "not_active": gettext("Tài khoản của cán bộ này không còn hoạt động."),
        "guest": gettext("Người làm việc tạm thời không được cấp chứng thư số của tỉnh."),
        "no_mailbox": gettext("Cán bộ này chưa có thư công vụ. Vui lòng đề nghị lập hộp thư trước."),
        "no_agency": gettext("Cán bộ này chưa có đơn vị trong danh bạ cán bộ."),
        "not_yours": gettext("Đơn vị này không thuộc phạm vi của bạn."),
        "already_asked": gettext("Đã có đề nghị như vậy đang được giải quyết. Vui lòng tìm trong danh sách đề nghị."),
        "already_there": gettext("Đang có chứng thư số như vậy. Nếu cần gia hạn, vui lòng ghi số hiệu chứng thư cũ."),
        "nothing_to_replace": gettext("Số hiệu này không phải của chứng thư số đang dùng của cán bộ này."),
        "nothing_to_change": gettext("Chứng thư số đã ghi đúng như vậy, nên chưa có gì để đổi."),
        "too_early": gettext("Chưa đến kỳ gia hạn: chứng thư số được gia hạn trong 60 ngày cuối."),
        "bad_request": gettext("Chưa đọc được tệp. Vui lòng dán lại toàn bộ nội dung tệp .csr."),
        "bad_signature": gettext("Tệp .csr không do khóa của chính nó ký. Vui lòng lập lại tệp."),
        "weak_digest": gettext("Tệp .csr ký bằng cách đã lỗi thời. Vui lòng lập lại tệp với SHA-256."),
        "key_kind": gettext("Khóa phải là RSA từ 2048 bit, hoặc P-256, P-384."),
        "weak_key": gettext("Khóa này yếu. Vui lòng tạo khóa mới bằng phần mềm mới."),
    }.get(code, gettext("Chưa lập được đề nghị. Vui lòng kiểm tra các ô rồi thử lại.")))
