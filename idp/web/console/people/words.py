"""What acts, columns, filters and refusals about officers are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext, ngettext

from ....administration.people.temporary_access import MOST_HOURS
from ....roles import Right, Role
from ....services import Services
from ..desk import name_of, unit_names

RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "end_access": (Right.END_ACCESS,), "revoke": (Right.CHANGE,), "remind": (Right.ASK_FACTOR_RESET,),
    "code": (Right.ACT_ON_FACTORS,), "reset": (Right.ASK_FACTOR_RESET,), "approve": (Right.ACT_ON_FACTORS,),
    "refuse": (Right.ACT_ON_FACTORS, Right.ASK_FACTOR_RESET), "release": (Right.ACT_ON_FACTORS,),
    "ask_pass": (Right.ASK_TEMPORARY_PASS,), "give_pass": (Right.ACT_ON_FACTORS,),
    "refuse_pass": (Right.ACT_ON_FACTORS, Right.ASK_TEMPORARY_PASS), "withdraw_pass": (Right.ASK_TEMPORARY_PASS,),
    "phone": (Right.ADMINISTER,), "stop": (Right.STOP_ACCESS,), "lift": (Right.STOP_ACCESS,)}
"""The acts upon one officer, and the rights of which one is needed."""
REASONED: Final = ("reset", "stop", "lift", "ask_pass", "revoke")
"""Acts for which a reason is typed."""
PASS: Final = ("give_pass", "refuse_pass", "withdraw_pass")
"""Acts upon a temporary pass that somebody asked for."""
FRESH: Final = frozenset({"code", "reset", "approve", "release", "lift", "phone", "ask_pass", "give_pass"})
"""Acts for which a sign-in of a few minutes ago is needed."""


def acts() -> Mapping[str, tuple[str, str]]:
    """Give what each act is called, and its consequence."""
    return {
        "end_access": (gettext("Kết thúc mọi phiên"), gettext(
            "Mọi phiên đăng nhập và quyền của ứng dụng kết thúc ngay. Cán bộ đăng nhập lại được.")),
        "revoke": (gettext("Thu hồi quyền của ứng dụng"), gettext(
            "Ứng dụng không còn quyền gì của cán bộ này cho đến khi cán bộ đăng nhập lại vào đó. Cán bộ được báo.")),
        "remind": (gettext("Nhắc thêm lớp thứ hai"), gettext("Cán bộ nhận một thông báo và một thư. Mỗi ngày nhắc một lần.")),
        "code": (gettext("Cấp mã đăng ký"), gettext(
            "Mã dùng một lần để thêm lớp thứ hai từ ngoài mạng cơ quan. Chỉ cấp khi đã gặp đúng người. Mã cũ hết hiệu lực.")),
        "reset": (gettext("Đề nghị gỡ lớp thứ hai"), gettext(
            "Một quản trị khác phải duyệt trong một ngày. Khi duyệt, mọi lớp thứ hai bị gỡ và mọi phiên kết thúc.")),
        "approve": (gettext("Duyệt gỡ lớp thứ hai"), gettext(
            "Mọi lớp thứ hai của cán bộ bị gỡ và mọi phiên kết thúc ngay. Cán bộ thêm lại ở lần đăng nhập tới.")),
        "refuse": (gettext("Không gỡ lớp thứ hai"), gettext("Lớp thứ hai của cán bộ giữ nguyên.")),
        "ask_pass": (gettext("Đề nghị cấp mã tạm"), gettext(
            "Mã tạm thay cho lớp thứ hai trong vài giờ, để cán bộ làm việc được hôm nay. Một quản trị khác duyệt rồi đọc mã cho "
            "cán bộ. Mã không mở được trang quản trị và không thêm, gỡ được lớp thứ hai. Cán bộ được báo.")),
        "give_pass": (gettext("Duyệt và cấp mã tạm"), gettext(
            "Giờ tính từ lúc duyệt. Mã chỉ hiện một lần cho bạn; vui lòng gọi cán bộ theo số trong danh bạ và đọc mã.")),
        "refuse_pass": (gettext("Không cấp mã tạm"), gettext("Cán bộ vẫn đăng nhập bằng lớp thứ hai như trước.")),
        "withdraw_pass": (gettext("Thu lại mã tạm"), gettext(
            "Mã hết hiệu lực ngay. Nếu mã đã được dùng, mọi phiên đăng nhập và quyền của ứng dụng cũng kết thúc.")),
        "phone": (gettext("Xem đủ số điện thoại"), gettext(
            "Lần xem được ghi vào nhật ký. Cán bộ đọc được ai đã xem và vì sao.")),
        "release": (gettext("Mở lại lớp thứ hai"), gettext(
            "Lớp thứ hai cũ của cán bộ dùng lại được. Chỉ mở khi chắc điện thoại và khóa truy cập vẫn ở trong tay cán bộ.")),
        "stop": (gettext("Dừng tài khoản"), gettext(
            "Cán bộ không đăng nhập được nữa, dù danh bạ ghi thế nào. Mọi phiên và quyền của ứng dụng kết thúc ngay, lớp thứ hai "
            "bị khóa, và cán bộ được báo. Chỉ một quản trị khác cho dùng lại được.")),
        "lift": (gettext("Cho dùng lại tài khoản"), gettext(
            "Tài khoản lại theo danh bạ. Cán bộ đăng nhập lại được; lớp thứ hai cũ còn khóa cho đến khi được mở lại."))}


def asks_why(act: str) -> str:
    """Give what the field for the reason of an act is called; "" for an act that has none."""
    if act == "phone":
        return str(gettext("Mục đích xem, ít nhất 10 ký tự"))
    if act not in REASONED:
        return ""
    return str(gettext("Lý do, và bạn đã nhận ra cán bộ bằng cách nào") if act in ("reset", "ask_pass") else gettext("Lý do"))


def hours() -> list[dict[str, str]]:
    """Give how long a temporary pass may be good."""
    return [{"value": str(one), "word": str(ngettext("%(num)d giờ", "%(num)d giờ", one))} for one in range(1, MOST_HOURS + 1)]


def many() -> Mapping[str, tuple[str, str]]:
    """Give what acts upon many are called, and their consequences."""
    return {name: acts()[name] for name in ("end_access", "remind")}


def columns() -> Mapping[str, str]:
    """Give what the columns that may be chosen are called."""
    return {"title": gettext("Chức vụ"), "mail": gettext("Thư công vụ"), "phone": gettext("Điện thoại"),
            "seen": gettext("Đăng nhập lần cuối"), "factor": gettext("Lớp thứ hai"), "certificates": gettext("Chứng thư số")}


def states() -> Mapping[str, str]:
    """Give what the states of accounts are called."""
    return {"active": gettext("Đang làm việc"), "disabled": gettext("Bị khóa"), "guest": gettext("Tài khoản khách")}


def factors() -> Mapping[str, str]:
    """Give what the filter by factors is called."""
    return {"without": gettext("Chưa có"), "with": gettext("Đã có")}


def factor(name: str) -> str:
    """Give what a factor is called."""
    return str({"otp": gettext("Ứng dụng tạo mã"), "passkey": gettext("Khóa truy cập"),
                "recovery_codes": gettext("Mã khôi phục"), "certificate": gettext("Chứng thư số"),
                "sim": gettext("SIM ký số")}.get(name, name))


def roles() -> list[dict[str, str]]:
    """Give the roles, and what they are called."""
    called = {Role.PROVINCE: gettext("Quản trị tỉnh"), Role.AGENCY: gettext("Quản trị đơn vị"),
              Role.REGISTRATION: gettext("Cán bộ đăng ký chứng thư số"), Role.CLERK: gettext("Văn thư giữ thiết bị"),
              Role.HELP_DESK: gettext("Bộ phận hỗ trợ"), Role.AUDITOR: gettext("Kiểm toán viên, chỉ xem")}
    return [{"value": name.value, "word": word} for name, word in called.items()]


def holder_states() -> list[dict[str, str]]:
    """Give what asks to be looked at of those who have a role."""
    called = {"ending": gettext("Làm thay, còn không quá 14 ngày"), "never": gettext("Chưa đăng nhập lần nào"),
              "without_factor": gettext("Chưa có lớp thứ hai"), "left": gettext("Bị khóa hoặc đã rời danh bạ")}
    return [{"value": name, "word": word} for name, word in called.items()]


def role(found: Mapping[str, Any] | None, services: Services) -> str:
    """Say what an officer is to the administration; "" for most."""
    if found is None:
        return ""
    called = next(one["word"] for one in roles() if one["value"] == found["role"])
    place = unit_names(services).get(found["unit"] or "", found["unit"] or "")
    told = f"{called}, {place}" if place else called
    if not found["deputy_for"]:
        return told
    return str(gettext("%(role)s, làm thay %(name)s", role=told, name=name_of(services, found["deputy_for"])))


def refusal_of_deputy(code: str) -> str:
    """Say why a deputy was not named, by the code."""
    known = {
        "unknown_officer": gettext("Không có tên đăng nhập này trong số cán bộ đang làm việc, hoặc đó là chính người giao."),
        "no_role": gettext("Người giao không có vai trò nào giao được."),
        "has_role": gettext("Cán bộ này đã có vai trò quản trị của mình."),
        "beyond": gettext("Cán bộ hoặc đơn vị này nằm ngoài phạm vi của người giao."),
        "already_deputy": gettext("Cán bộ này đang làm thay một người khác. Mỗi lúc chỉ làm thay một người."),
        "bad_day": gettext("Ngày cuối phải từ hôm nay, và nhiều nhất 92 ngày nữa."),
        "invalid_body": gettext("Vui lòng ghi người làm thay, ngày cuối và lý do, mỗi mục một dòng, nhiều nhất 300 ký tự.")}
    return str(known.get(code, gettext("Chưa làm được. Vui lòng thử lại.")))


FIELDS: Final[Mapping[str, str]] = {"invalid_body": "reason", "bad_purpose": "reason", "bad_hours": "hours"}
"""What is refused for what stands in a field, by the code."""


def refusal(code: str) -> str:
    """Say why an act was refused, by the code."""
    known = {
        "has_factor": gettext("Cán bộ này đã có lớp thứ hai."), "no_factor": gettext("Cán bộ này chưa có lớp thứ hai."),
        "disabled": gettext("Tài khoản này đang bị khóa."), "already_done": gettext("Cán bộ này đã được nhắc trong ngày."),
        "already_asked": gettext("Đã có một đề nghị như vậy đang chờ duyệt."),
        "decided": gettext("Đề nghị này đã được quyết định trước đó."),
        "too_late": gettext("Đề nghị này đã quá một ngày. Vui lòng đề nghị lại."),
        "asker_gone": gettext("Người đề nghị không còn quyền này. Vui lòng đề nghị lại."),
        "same_person": gettext("Người đề nghị và người duyệt phải là hai người khác nhau."),
        "bad_hours": gettext("Vui lòng chọn số giờ từ 1 đến 24."),
        "pass_stands": gettext("Cán bộ này đang có một mã tạm dùng được. Vui lòng thu lại mã đó trước."),
        "bad_purpose": gettext("Vui lòng ghi mục đích xem, từ 10 đến 300 ký tự trong một dòng."),
        "not_stopped": gettext("Tài khoản này không bị dừng ở đây."),
        "not_frozen": gettext("Lớp thứ hai của cán bộ này không bị khóa."),
        "invalid_body": gettext("Vui lòng ghi lý do trong một dòng, nhiều nhất 300 ký tự."),
        "unknown_officer": gettext("Không có cán bộ này trong phạm vi của bạn."),
        "forbidden": gettext("Vai trò của cán bộ này vượt quá phạm vi của bạn. Vui lòng liên hệ quản trị tỉnh.")}
    return str(known.get(code, gettext("Chưa làm được. Vui lòng thử lại.")))
