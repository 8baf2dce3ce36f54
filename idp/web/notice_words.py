"""What notices say: one title and one text per kind, in the page's language when they are read, in both when they are mailed.

A mail has the Vietnamese text first and the English one below it: nobody has to tell us a language before something happens to
the account. It names an address of ours to go to and holds no link that does anything by being opened; that of a forgotten
password leads to a page that asks for a second factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from babel.support import Translations

from ..audit import PHONE
from ..notices import NoticeKind, Told
from ..sessions.user_agent import described
from ..settings import Settings
from .i18n import TRANSLATIONS

Translate = Callable[[str], str]
TIME_ZONE: tzinfo = ZoneInfo("Asia/Ho_Chi_Minh")


def _(text: str) -> str:
    """Mark a text for the catalogue."""
    return text


@dataclass(frozen=True, slots=True)
class _Words:
    icon: str
    title: str
    text: str
    warns: bool = True
    """Whether a mail says what to do if it was somebody else."""


_WORDS: Mapping[NoticeKind, _Words] = {
    NoticeKind.FACTOR_ADDED: _Words(
        "shield", _("Đã thêm một cách đăng nhập"), _("%(factor)s được thêm vào tài khoản của bạn.")),
    NoticeKind.FACTOR_REMOVED: _Words(
        "shield", _("Đã gỡ một cách đăng nhập"), _("%(factor)s được gỡ khỏi tài khoản của bạn.")),
    NoticeKind.APPROVALS_BY_PHONE: _Words(
        "sim", _("Điện thoại nhận yêu cầu chấp thuận"),
        _("Từ nay, khi ứng dụng cần bạn chấp thuận, điện thoại có SIM ký số của bạn sẽ được hỏi.")),
    NoticeKind.NO_APPROVALS_BY_PHONE: _Words(
        "sim", _("Điện thoại không nhận yêu cầu chấp thuận nữa"),
        _("Từ nay, yêu cầu của ứng dụng chỉ chờ bạn trả lời trên trang Yêu cầu chờ bạn trả lời.")),
    NoticeKind.SIGN_IN_UNCONFIRMED: _Words(
        "warn", _("Điện thoại của bạn đã không xác nhận một lần đăng nhập"),
        _("Đăng nhập %(application)s: điện thoại có SIM ký số của bạn được hỏi sau khi mật khẩu đúng, và %(outcome)s. Các lần "
          "sau trong một giờ không báo riêng.")),
    NoticeKind.APPROVAL_UNCONFIRMED: _Words(
        "warn", _("Điện thoại của bạn đã không chấp thuận một yêu cầu"),
        _("Ứng dụng %(application)s hỏi bạn trên điện thoại có SIM ký số, và %(outcome)s. Nếu không phải bạn đang chờ việc đó, "
          "có thể ai đó đã nhập tên bạn trong ứng dụng: vui lòng báo quản trị đơn vị, hoặc tắt Chấp thuận trên điện thoại ở "
          "trang Bảo mật. Các lần sau trong một giờ không báo riêng."), warns=False),
    NoticeKind.APPROVED_BY_PHONE: _Words(
        "sim", _("Điện thoại của bạn đã chấp thuận một yêu cầu"),
        _("Ứng dụng %(application)s được vào bằng tài khoản của bạn, sau khi mã PIN của SIM ký số được nhập trên điện thoại. Nếu "
          "không phải bạn: vui lòng báo mất SIM ngay, và kết thúc phiên này ở trang Các phiên đăng nhập."), warns=False),
    NoticeKind.FACTORS_RESET: _Words(
        "shield", _("Quản trị đã gỡ lớp thứ hai của bạn"),
        _("Mọi cách đăng nhập ngoài mật khẩu được gỡ khỏi tài khoản của bạn. Bạn thêm lại ở lần đăng nhập tới.")),
    NoticeKind.FACTOR_WANTED: _Words(
        "shield", _("Vui lòng thêm lớp thứ hai"),
        _("Tài khoản của bạn chưa có lớp thứ hai. Vui lòng thêm khóa truy cập hoặc ứng dụng tạo mã ở trang Bảo mật."),
        warns=False),
    NoticeKind.FACTORS_FROZEN: _Words(
        "lock", _("Tạm khóa thay đổi cách đăng nhập"),
        _("Tài khoản của bạn tạm thời không thêm hoặc gỡ được cách đăng nhập nào.")),
    NoticeKind.FACTORS_RELEASED: _Words(
        "lock", _("Đã mở lại thay đổi cách đăng nhập"), _("Bạn lại thêm và gỡ được cách đăng nhập.")),
    NoticeKind.ENROLMENT_CODE_GIVEN: _Words(
        "shield", _("Quản trị đã cấp cho bạn một mã đăng ký"),
        _("Mã này dùng một lần, để bạn thêm lớp thứ hai khi ở ngoài mạng cơ quan. Vui lòng không đưa mã cho ai.")),
    NoticeKind.TEMPORARY_PASS_ASKED: _Words(
        "codes", _("Có đề nghị cấp mã tạm cho bạn"),
        _("Quản trị đề nghị cho bạn đăng nhập bằng mật khẩu và một mã tạm, thay cho lớp thứ hai. "
          "Một người khác còn phải duyệt.")),
    NoticeKind.TEMPORARY_PASS_APPROVED: _Words(
        "codes", _("Bạn được cấp một mã tạm"),
        _("Đến %(until)s, bạn đăng nhập được bằng mật khẩu và mã tạm mà quản trị đọc cho bạn. Vui lòng không đưa mã cho ai.")),
    NoticeKind.TEMPORARY_PASS_USED: _Words(
        "codes", _("Mã tạm vừa được dùng"), _("Có người đăng nhập tài khoản của bạn bằng mật khẩu và mã tạm.")),
    NoticeKind.TEMPORARY_PASS_WITHDRAWN: _Words(
        "codes", _("Mã tạm của bạn đã bị thu lại"),
        _("Quản trị đã thu lại mã tạm của bạn. Phiên đăng nhập bằng mã này cũng kết thúc."), warns=False),
    NoticeKind.ENROLLMENT_PASSWORD_MADE: _Words(
        "cert", _("Quản trị đã lập mật khẩu cấp chứng thư số cho bạn"),
        _("Mật khẩu này dùng một lần, đến ngày %(ends)s. Ai có nó thì cấp được một chứng thư số để đăng nhập bằng tên bạn. "
          "Vui lòng không đưa cho ai.")),
    NoticeKind.RECOVERY_CODE_USED: _Words(
        "codes", _("Một mã khôi phục đã được dùng"), _("Bạn còn %(left)s mã khôi phục.")),
    NoticeKind.PASSWORD_CHANGED: _Words("lock", _("Mật khẩu đã được đổi"), _("Mật khẩu của bạn đã được đổi.")),
    NoticeKind.PASSWORD_FORGOTTEN: _Words(
        "lock", _("Có đề nghị đặt lại mật khẩu"), _("Có người đề nghị đặt lại mật khẩu của bạn ở trang đăng nhập."), warns=False),
    NoticeKind.PASSWORD_RESET: _Words("lock", _("Mật khẩu đã được đặt lại"), _("Mật khẩu của bạn đã được đặt lại.")),
    NoticeKind.NEW_DEVICE: _Words(
        "laptop", _("Đăng nhập từ thiết bị mới"), _("Có người đăng nhập tài khoản của bạn bằng %(device)s.")),
    NoticeKind.DEVICE_REMEMBERED: _Words(
        "laptop", _("Một máy không hỏi lớp thứ hai"),
        _("Trong %(days)s ngày, đăng nhập bằng %(device)s chỉ cần mật khẩu.")),
    NoticeKind.UNUSUAL_SEQUENCE: _Words(
        "warn", _("Đăng nhập từ hai nơi trong vài phút"),
        _("Tài khoản của bạn được đăng nhập từ hai mạng không liên quan với nhau trong vài phút.")),
    NoticeKind.SESSIONS_ENDED: _Words(
        "out", _("Phiên đăng nhập đã được kết thúc"), _("Quản trị đã kết thúc các phiên đăng nhập của bạn.")),
    NoticeKind.APPLICATION_ACCESS_ENDED: _Words(
        "globe", _("Quản trị đã thu hồi quyền của một ứng dụng"),
        _("%(application)s không còn quyền gì của bạn. Khi bạn đăng nhập lại vào đó, ứng dụng nhận lại quyền; ứng dụng nào phải "
          "hỏi thì hỏi bạn trước.")),
    NoticeKind.ACCESS_STOPPED: _Words(
        "lock", _("Tài khoản của bạn đã bị dừng"),
        _("Quản trị đã dừng tài khoản của bạn. Mọi phiên đăng nhập đã kết thúc. Vui lòng liên hệ quản trị đơn vị."),
        warns=False),
    NoticeKind.ACCESS_LIFTED: _Words(
        "lock", _("Tài khoản của bạn dùng lại được"),
        _("Quản trị đã cho tài khoản của bạn dùng lại."), warns=False),
    NoticeKind.DEPUTY_NAMED: _Words(
        "users", _("Đã giao người làm thay"), _("%(deputy)s làm thay %(giver)s trong trang quản trị đến hết ngày %(ends)s."),
        warns=False),
    NoticeKind.DEPUTY_ENDING: _Words(
        "users", _("Việc làm thay sắp kết thúc"),
        _("%(deputy)s làm thay %(giver)s trong trang quản trị đến hết ngày %(ends)s. Nếu sau đó còn cần, vui lòng giao lại."),
        warns=False),
    NoticeKind.DEPUTY_ENDED: _Words(
        "users", _("Đã thôi giao người làm thay"), _("%(deputy)s không còn làm thay %(giver)s trong trang quản trị."),
        warns=False),
    NoticeKind.MAIL_CHANGED: _Words(
        "mail", _("Địa chỉ thư điện tử đã đổi"),
        _("Địa chỉ thư điện tử của bạn trong danh bạ cán bộ đã đổi. Thông báo này gửi đến địa chỉ cũ.")),
    NoticeKind.PHONE_CHANGED: _Words(
        "phone", _("Số điện thoại đã đổi"), _("Số điện thoại của bạn trong danh bạ cán bộ đã đổi.")),
    NoticeKind.CERTIFICATE_RETURNED: _Words(
        "cert", _("Đề nghị cấp chứng thư số cần bổ sung"), _("Đề nghị %(number)s được trả lại: %(reason)s."), warns=False),
    NoticeKind.CERTIFICATE_KEY: _Words(
        "cert", _("Chứng thư số dùng thử của bạn chờ tạo khóa"),
        _("Đề nghị %(number)s đã được duyệt. Vui lòng mở trang chứng thư số của bạn để tạo khóa và tải về."), warns=False),
    NoticeKind.CERTIFICATE_READY: _Words(
        "cert", _("Chứng thư số của bạn đã sẵn sàng"),
        _("Thiết bị theo đề nghị %(number)s đã về. Khi đến nhận, vui lòng mang theo giấy tờ tùy thân."), warns=False),
    NoticeKind.CERTIFICATE_HANDED_OVER: _Words(
        "cert", _("Bạn đã nhận chứng thư số"), _("Theo đề nghị %(number)s. Bước còn lại: ký thử để kích hoạt.")),
    NoticeKind.DATA_EXPORTED: _Words(
        "down", _("Dữ liệu về bạn vừa được tải về"), _("Một tệp có mọi dữ liệu về bạn đã được tải về từ tài khoản của bạn.")),
    NoticeKind.CERTIFICATE_ACTIVE: _Words(
        "cert", _("Chứng thư số của bạn đã dùng được"), _("Chứng thư số theo đề nghị %(number)s đã được kích hoạt.")),
    NoticeKind.CERTIFICATE_BLOCKED: _Words(
        "lock", _("Chứng thư số của bạn đã bị chặn"),
        _("Chứng thư số theo đề nghị %(number)s không ký được nữa, kể từ lúc này.")),
    NoticeKind.CERTIFICATE_ENDED: _Words(
        "cert", _("Chứng thư số của bạn đã hết hiệu lực"),
        _("Chứng thư số theo đề nghị %(number)s không còn hiệu lực. Vui lòng trả lại thiết bị trong 5 ngày làm việc."),
        warns=False),
    NoticeKind.CERTIFICATE_CHANGE: _Words(
        "cert", _("Chứng thư số của bạn cần đổi nội dung"),
        _("Thông tin công tác của bạn đã đổi so với đề nghị %(number)s. Quản trị đơn vị sẽ đề nghị cấp chứng thư số mới."),
        warns=False),
    NoticeKind.CERTIFICATE_ISSUED: _Words(
        "cert", _("Một chứng thư số mang tên bạn vừa được cấp"),
        _("Ai giữ chứng thư số này có thể đăng nhập hoặc ký bằng tên bạn.")),
    NoticeKind.CERTIFICATE_EXPIRING: _Words(
        "clock", _("Chứng thư số của bạn sắp hết hạn"),
        _("Chứng thư số theo đề nghị %(number)s hết hạn ngày %(ends)s, còn %(left)s ngày. Vui lòng đề nghị gia hạn "
          "trước ngày đó, hoặc nhờ quản trị đơn vị."), warns=False),
    NoticeKind.OWN_CERTIFICATES_EXPIRING: _Words(
        "clock", _("Nhiều chứng thư số của bạn sắp hết hạn"),
        _("Số chứng thư số bạn giữ sắp hết hạn: %(count)s; sớm nhất là ngày %(ends)s, còn %(left)s ngày. Vui lòng đề nghị gia "
          "hạn trước ngày đó, hoặc nhờ quản trị đơn vị."), warns=False),
    NoticeKind.CERTIFICATES_EXPIRING: _Words(
        "clock", _("Đơn vị có chứng thư số sắp hết hạn"),
        _("Trong 60 ngày tới, số chứng thư số của đơn vị hết hạn mà chưa gửi đề nghị gia hạn: %(count)s; trong 7 ngày tới: "
          "%(soon)s. Vui lòng đề nghị gia hạn ở trang quản trị."), warns=False),
    NoticeKind.CERTIFICATES_TO_APPROVE: _Words(
        "clock", _("Có đề nghị chứng thư số chờ bạn duyệt"),
        _("Số đề nghị đang chờ bạn duyệt: %(count)s. Vui lòng mở trang quản trị để duyệt hoặc trả lại."), warns=False),
    NoticeKind.CERTIFICATES_RETURNED: _Words(
        "warn", _("Có đề nghị chứng thư số bị trả lại"),
        _("Số đề nghị của đơn vị bị trả lại: %(count)s. Vui lòng mở trang quản trị để xem lý do và gửi lại."), warns=False),
    NoticeKind.CERTIFICATES_TO_SEND: _Words(
        "clock", _("Có đề nghị chứng thư số chờ gửi đi"),
        _("Số đề nghị tỉnh đã duyệt và chờ gửi đi: %(count)s. Vui lòng mở trang quản trị để gửi kèm công văn."), warns=False),
    NoticeKind.CERTIFICATES_TO_HAND_OVER: _Words(
        "clock", _("Có chứng thư số đã cấp, chờ bàn giao"),
        _("Số chứng thư số đã cấp và chờ bàn giao thiết bị: %(count)s. Vui lòng mở trang quản trị để xem danh sách."),
        warns=False),
    NoticeKind.CERTIFICATES_TO_END: _Words(
        "warn", _("Có chứng thư số chờ thu hồi hoặc mở khóa"),
        _("Số chứng thư số chờ thu hồi hoặc chờ mở khóa thiết bị: %(count)s. Vui lòng xử lý trong ngày làm việc."), warns=False),
    NoticeKind.SIM_CHANGED: _Words(
        "sim", _("SIM ký số của bạn đổi tình trạng"), _("SIM của số điện thoại có ba số cuối %(number)s: %(sim)s.")),
    NoticeKind.SIMS_IN_DOUBT: _Words(
        "warn", _("Nhà mạng báo đổi nhiều SIM cùng lúc"),
        _("%(carrier)s báo nhiều SIM ký số cùng lúc đã đổi hoặc không có. Các SIM này tạm thời không ký được. Vui lòng hỏi nhà "
          "mạng rồi quyết định ở trang SIM ký số."), warns=False),
    NoticeKind.SIGNATURE_DENIED: _Words(
        "warn", _("Có cán bộ báo không yêu cầu ký số"),
        _("%(name)s báo không yêu cầu một chữ ký mà ứng dụng %(application)s đã hỏi trên điện thoại. Vui lòng gọi cho cán bộ "
          "và xem ứng dụng này."), warns=False),
    NoticeKind.DEVICE_OVERDUE: _Words(
        "cert", _("Đã quá hạn trả thiết bị ký số"),
        _("Thiết bị %(serial)s đã quá hạn trả lại. Vui lòng mang đến bộ phận chứng thư số; nếu đã mất, vui lòng báo ngay."),
        warns=False),
    NoticeKind.OWN_DEVICES_OVERDUE: _Words(
        "cert", _("Đã quá hạn trả nhiều thiết bị ký số"),
        _("Số thiết bị bạn giữ đã quá hạn trả lại: %(count)s (%(serial)s). Vui lòng mang đến bộ phận chứng thư số; thiết bị nào "
          "đã mất, vui lòng báo ngay."), warns=False),
    NoticeKind.DEVICES_OVERDUE: _Words(
        "cert", _("Có thiết bị do đơn vị giữ đã quá hạn trả"),
        _("Số thiết bị do đơn vị giữ, không giao riêng cán bộ nào, đã quá hạn trả lại: %(count)s. Vui lòng mở trang quản trị "
          "để xem danh sách và trả lại; thiết bị nào đã mất, vui lòng báo ngay."), warns=False),
    NoticeKind.CAMPAIGN_REMINDER: _Words(
        "clock", _("Một chiến dịch đang chờ bạn"),
        _("Chiến dịch %(campaign)s chờ bạn %(step)s, thời hạn là ngày %(ends)s."), warns=False),
    NoticeKind.CAMPAIGN_MISSING: _Words(
        "clock", _("Chiến dịch đang chờ đơn vị bạn"),
        _("Số trường hợp còn thiếu chờ đơn vị bạn làm bước tiếp theo: %(count)s, trong %(campaigns)s chiến dịch. Thời hạn gần "
          "nhất là ngày %(ends)s. Vui lòng mở trang quản trị để xem danh sách."), warns=False),
    NoticeKind.AUDIT_ARCHIVE_DUE: _Words(
        "clock", _("Tệp nhật ký đã hết thời hạn lưu giữ"),
        _("Tệp lưu trữ nhật ký tháng %(month)s đã hết thời hạn lưu giữ. Việc xóa cần hai quản trị của tỉnh, theo hướng dẫn vận "
          "hành về nhật ký."), warns=False),
}

_STEPS = {"activate": _("ký thử để kích hoạt chứng thư số"), "enrol_factor": _("bật xác thực hai lớp"),
          "sign_in": _("đăng nhập lần đầu")}
_A_STEP = _("làm bước của bạn")
_FACTORS = {"otp": _("Ứng dụng tạo mã 6 số"), "passkey": _("Khóa truy cập"), "recovery_codes": _("Bộ mã khôi phục"),
            "sim": _("SIM ký số")}
_SIMS = {"requested": _("đơn vị đã đề nghị cho bạn, vui lòng mở trang SIM ký số để lấy mã xác nhận"),
         "active": _("ký được từ bây giờ"), "pin_blocked": _("mã PIN bị khóa, vui lòng liên hệ nhà mạng"),
         "lost": _("đã báo mất, không ký được nữa"), "swapped": _("nhà mạng báo số này dùng SIM khác, không ký được nữa"),
         "deactivated": _("đã ngừng, không ký được nữa"), "refused": _("đề nghị không được duyệt")}
_OUTCOMES = {"cancelled": _("đã có người từ chối trên điện thoại"), "wrong_pin": _("mã PIN được nhập không đúng"),
             "timed_out": _("không có ai trả lời")}
_LINK = _("Để đặt mật khẩu mới, vui lòng mở liên kết này trong 30 phút: %(link)s")
_NO_LINK = _("Bạn chưa bật xác thực hai lớp, nên vui lòng liên hệ quản trị đơn vị để được cấp mật khẩu dùng một lần.")
_NOT_ASKED = _("Nếu không phải bạn đề nghị, bạn không phải làm gì; mật khẩu của bạn giữ nguyên.")
_ANOTHER_FACTOR = _("Một cách đăng nhập")
_ON = _("%(browser)s trên %(system)s")
_UNKNOWN_DEVICE = _("một thiết bị không rõ loại")
_BY_SIM = _("Chấp thuận trên điện thoại, bằng SIM ký số")
_WHEN = _("Lúc %(time)s ngày %(date)s, từ địa chỉ %(source)s.")
_WHEN_HERE = _("Lúc %(time)s ngày %(date)s.")
_GREETING = _("Chào %(name)s,")
_NOT_YOU = _("Nếu không phải bạn làm, vui lòng đổi mật khẩu ngay và gọi tổng đài hỗ trợ %(phone)s.")
_WHERE = _("Bạn xem mọi thông báo ở %(address)s, sau khi đăng nhập.")
_NO_ANSWER = _("Thư này do máy gửi; vui lòng không trả lời.")


def icon_of(told: Told) -> str:
    """Name the icon of a notice."""
    return _WORDS[told.kind].icon


def title_of(told: Told, translate: Translate) -> str:
    """Give the title of a notice."""
    return translate(_WORDS[told.kind].title)


def text_of(told: Told, translate: Translate) -> str:
    """Give the text of a notice; what a browser or an officer has named is put in as it stands, once."""
    detail = told.detail
    return translate(_WORDS[told.kind].text) % {
        "factor": _factor(detail, translate), "device": device_words(detail, translate), "left": detail.get("left", "?"),
        "days": detail.get("days", "?"), "number": detail.get("number", "?"), "reason": detail.get("reason", "?").rstrip(". "),
        "serial": detail.get("serial", "?"), "ends": _day(detail.get("ends", "")), "count": detail.get("count", "?"),
        "soon": detail.get("soon", "?"), "campaign": detail.get("campaign", "?"), "campaigns": detail.get("campaigns", "?"),
        "step": translate(_STEPS.get(detail.get("step", ""), _A_STEP)), "giver": detail.get("giver", "?"),
        "deputy": detail.get("deputy", "?"), "month": detail.get("month", "?"), "name": detail.get("name", "?"),
        "carrier": detail.get("carrier", "?"), "application": detail.get("application", "?"),
        "until": _moment(detail.get("until", "")),
        "outcome": translate(_OUTCOMES.get(detail.get("outcome", ""), _OUTCOMES["timed_out"])),
        "sim": translate(_SIMS.get(detail.get("state", ""), _SIMS["deactivated"]))}


def when_of(told: Told, translate: Translate) -> str:
    """Say when; and from where, if that is an internet address and not a program of ours."""
    moment = datetime.fromtimestamp(told.at, UTC).astimezone(TIME_ZONE)
    words = _WHEN if _is_address(told.source) else _WHEN_HERE
    return translate(words) % {"time": moment.strftime("%H:%M"), "date": moment.strftime("%d/%m/%Y"), "source": told.source}


def device_words(detail: Mapping[str, str], translate: Translate) -> str:
    """Say which browser on which system, as far as they are known."""
    browser, system = detail.get("browser", ""), detail.get("system", "")
    if browser and system:
        return translate(_ON) % {"browser": browser, "system": system}
    return browser or system or translate(_UNKNOWN_DEVICE)


def _is_address(source: str) -> bool:
    try:
        return bool(ip_address(source))
    except ValueError:
        return False


def place_words(source: str, user_agent: str, translate: Translate) -> str:
    """Say where a session is: the browser and the system, or the phone on which something was approved."""
    return translate(_BY_SIM) if source == PHONE else device_words(described(user_agent), translate)


def _day(at: str) -> str:
    return _moment(at, "%d/%m/%Y")


def _moment(at: str, form: str = "%H:%M %d/%m/%Y") -> str:
    if not (at.isascii() and at.isdigit() and len(at) <= 11):
        return "?"
    return datetime.fromtimestamp(int(at), UTC).astimezone(TIME_ZONE).strftime(form)


def _factor(detail: Mapping[str, str], translate: Translate) -> str:
    factor = translate(_FACTORS.get(detail.get("factor", ""), _ANOTHER_FACTOR))
    name = detail.get("name", "")
    return f"{factor} ({name})" if name else factor


class LetterWords:
    """Makes the texts of mails (``notices.mail.Wording``).

    Args:
        settings: Names and addresses.
        link: Makes what the link of a forgotten password ends with, from the number of the request.
    """

    def __init__(self, settings: Settings, link: Callable[[str], str]) -> None:
        self._settings, self._link = settings, link
        self._english = Translations.load(str(TRANSLATIONS), ["en"])

    def __call__(self, told: Told, name: str) -> tuple[str, str]:
        """Give subject and text of one mail."""
        settings = self._settings
        vietnamese = self._part(told, name, settings.province_name, settings.product_name, str)
        english = self._part(told, name, settings.province_name_en, settings.product_name_en, self._english.gettext)
        return f"{settings.product_name}: {title_of(told, str)}", f"{vietnamese}\n\n-- \n\n{english}\n"

    def _part(self, told: Told, name: str, province: str, product: str, translate: Translate) -> str:
        address = f"{self._settings.issuer}/account/notices"
        lines = [translate(_GREETING) % {"name": name} if name else "", title_of(told, translate) + ".",
                 f"{text_of(told, translate)} {when_of(told, translate)}",
                 self._way_on(told, translate),
                 translate(_NOT_YOU) % {"phone": self._settings.help_phone} if _WORDS[told.kind].warns else "",
                 translate(_WHERE) % {"address": address},
                 translate(_NO_ANSWER), f"{province}\n{product}"]
        return "\n\n".join(line for line in lines if line)

    def _way_on(self, told: Told, translate: Translate) -> str:
        """Say how to a new password, to whom has forgotten it: the one notice whose mail holds a link that opens something."""
        if told.kind is not NoticeKind.PASSWORD_FORGOTTEN:
            return ""
        recovery = told.detail.get("recovery", "")
        link = f"{self._settings.issuer}/recovery/{self._link(recovery)}" if recovery else ""
        return f"{translate(_LINK) % {'link': link} if link else translate(_NO_LINK)}\n\n{translate(_NOT_ASKED)}"
