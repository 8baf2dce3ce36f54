"""What pages look like with something on them: one sample per template and state, in both languages, with invented people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idp.adapters import notice_file
from idp.web import gallery
from idp.web.account import own_data
from idp.web.help import for_vendors
from idp.web.presentation import picture

from . import (
    application_samples,
    audit_samples,
    desk_samples,
    device_samples,
    enrolment_samples,
    operation_samples,
    people_samples,
    rollout_samples,
    sim_samples,
)

QLVB = {"name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "client_uri": "/next", "logo_uri": None,
        "policy_uri": None, "tos_uri": None}
SURVEY = {"name": "Khảo sát công vụ", "owner": "Sở Nội vụ, do Công ty Phần mềm Ví Dụ vận hành", "client_uri": "/next",
          "logo_uri": "/logo.svg", "policy_uri": "/next", "tos_uri": "/next"}
OFFICER = {"name": "Nguyễn Văn Mẫu", "initials": "NM", "title": "Chuyên viên, Phòng Hành chính – Tổ chức",
           "unit_name": "Văn phòng UBND tỉnh"}
LONG = {"name": "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", "initials": "NN",
        "title": "Phó Chánh Văn phòng phụ trách công tác tổ chức",
        "unit_name": "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"}
BARE = {"name": "Lê Thị Thử", "initials": "LT", "title": "", "unit_name": ""}
AGENCY_HELP = {"name": "Lê Thị Thử", "phone": "0293 000 0001", "phone_href": "tel:+842930000001"}

BRAND = {
    "vi": {"province_name": "Tỉnh Hậu Giang", "product_name": "Hệ thống đăng nhập một lần",
           "help_hours": "Ngày làm việc, 7 giờ đến 17 giờ"},
    "en": {"province_name": "Hậu Giang Province", "product_name": "Single sign-on", "help_hours": "Working days, 7:00 to 17:00"},
}
for _brand in BRAND.values():
    _brand |= {"help_phone": "0293 000 0000", "help_phone_href": "tel:+842930000000"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One page in one state.

    Attributes:
        name: Last part of the address in the sample server.
        context: What the view would give to the template; a value that is ``{"vi": ..., "en": ...}`` is taken by language,
            and a function is called while the page's language is set.
        status: HTTP status with which the page is sent.
    """

    name: str
    template: str
    context: Mapping[str, Any]
    status: int = 200

    def values(self, lang: str) -> dict[str, Any]:
        """Give the context in one language, which is set."""
        return self.data(lang) | {key: value() for key, value in self.context.items() if callable(value)}

    def data(self, lang: str) -> dict[str, Any]:
        """Give what of the context is no function, in one language."""
        return {key: value[lang] if isinstance(value, dict) and set(value) == {"vi", "en"} else value
                for key, value in self.context.items() if not callable(value)}


_NOTICE = notice_file.read(Path(__file__).parents[2] / "deploy" / "personal-data-notice.toml")
assert _NOTICE is not None
_PERSONAL_DATA: dict[str, Any] = {
    "version": _NOTICE.version, "since": "23/11/2026", "text_lang": {"vi": "vi", "en": "en"},
    "sections": {lang: [asdict(section) for section in _NOTICE.sections[lang]] for lang in ("vi", "en")}}
_FORGOTTEN = {"app": QLVB, "action": "/stay", "back_url": "/next", "username": "", "error": None}
_SIGN_IN: dict[str, Any] = {"app": QLVB, "action": "/stay", "username": "", "error": None, "hint": None, "notice": None,
                            "who": None, "forgotten_url": "/next", "passkey_url": "/stay", "certificate_url": "/next"}
_FACTOR: dict[str, Any] = {"app": QLVB, "action": "/stay", "who": OFFICER, "error": None, "others": [], "cancel_url": "/next"}
_OTHER_WAYS = {
    "vi": [{"name": "Mã khôi phục", "note": "Dùng khi không có điện thoại bên mình. Bạn còn 7 mã.", "icon": "codes",
            "url": "/next"}],
    "en": [{"name": "Recovery codes", "note": "For when you do not have your telephone with you. You have 7 codes left.",
            "icon": "codes", "url": "/next"}]}
_CHANGE: dict[str, Any] = {"app": QLVB, "action": "/stay", "who": OFFICER, "reason": "must_change", "error": None,
                           "min_length": 12, "classes": 1}
_ASKED = [
    {"id": "a1" * 32, "name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "source": "203.0.113.77",
     "message": "Duyệt văn bản 12/QĐ-UBND, mã W4SCT", "at": "09:41", "minutes": 4},
    {"id": "b2" * 32, "name": "Khảo sát công vụ", "owner": "", "source": "2001:db8:85a3::8a2e:370:7334", "message": "",
     "at": "09:44", "minutes": 1},
]
_NOTICES = [
    {"icon": "phone", "title": {"vi": "2 yêu cầu chờ bạn trả lời", "en": "2 requests wait for your answer"},
     "note": "Hệ thống Quản lý văn bản, Khảo sát công vụ", "url": "/approvals"},
    {"icon": "laptop", "title": {"vi": "Đăng nhập từ máy mới", "en": "Signed in from a new device"},
     "note": {"vi": "Chrome trên Windows, 21/11/2026 19:05.", "en": "Chrome on Windows, 21/11/2026 19:05."}},
    {"icon": "clock", "title": {"vi": "Bảo trì Thư công vụ", "en": "Maintenance of Thư công vụ"},
     "note": {"vi": "Từ 20:00 đến 22:00 ngày 28/11/2026.", "en": "From 20:00 to 22:00 on 28/11/2026."}},
]

_TODAY = {"vi": "07:32 hôm nay", "en": "07:32 today"}
_PLACES = [
    {"sid": "s1", "icon": "laptop", "device": {"vi": "Edge trên Windows", "en": "Edge on Windows"}, "since": _TODAY,
     "last_seen": _TODAY, "source": "203.0.113.7", "open": "Hệ thống Quản lý văn bản, Thư công vụ"},
    {"sid": "s2", "icon": "phone", "device": {"vi": "Safari trên iPhone", "en": "Safari on iPhone"}, "since": _TODAY,
     "last_seen": _TODAY, "source": "2001:db8:85a3::8a2e:370:7334", "open": ""},
]
_HISTORY = [{"when": _TODAY, "source": "203.0.113.7", "two_factors": True},
            {"when": {"vi": "19:05 ngày 21/11/2026", "en": "19:05 on 21/11/2026"}, "source": "203.0.113.77",
             "two_factors": False}]
_REMEMBERED = [
    {"name": "d1", "device": {"vi": "Chrome trên Windows", "en": "Chrome on Windows"}, "here": True, "until": "12/12/2026"},
    {"name": "d2", "device": {"vi": "Safari trên iPhone", "en": "Safari on iPhone"}, "here": False, "until": "20/12/2026"}]
_TOLD = [
    {"icon": "laptop", "title": {"vi": "Đăng nhập từ thiết bị mới", "en": "Signed in from a new device"}, "unread": True,
     "text": {"vi": "Có người đăng nhập tài khoản của bạn bằng Chrome trên Windows.",
              "en": "Somebody signed in to your account with Chrome on Windows."},
     "when": {"vi": "Lúc 19:05 ngày 21/11/2026, từ địa chỉ 203.0.113.77.",
              "en": "At 19:05 on 21/11/2026, from the address 203.0.113.77."}},
    {"icon": "lock", "title": {"vi": "Mật khẩu đã được đổi", "en": "The password was changed"}, "unread": False,
     "text": {"vi": "Mật khẩu của bạn đã được đổi.", "en": "Your password was changed."},
     "when": {"vi": "Lúc 08:00 ngày 04/10/2026.", "en": "At 08:00 on 04/10/2026."}},
]


def _app(name: str, owner: str, icon: str, vi: str | None, en: str | None, *, is_open: bool = False) -> dict[str, Any]:
    return {"name": name, "owner": owner, "url": "/next", "icon": icon, "last_used": {"vi": vi, "en": en}, "open": is_open}


_APPS = [
    _app("Hệ thống Quản lý văn bản", "Văn phòng UBND tỉnh", "doc", "12 phút trước", "12 minutes ago", is_open=True),
    _app("Thư công vụ", "Sở Thông tin và Truyền thông", "mail", "1 giờ trước", "1 hour ago", is_open=True),
    _app("Một cửa điện tử", "Văn phòng UBND tỉnh", "building", "hôm qua", "yesterday"),
    _app("Quản lý cán bộ, công chức", "Sở Nội vụ", "users", "ngày 19/11/2026", "on 19/11/2026"),
    _app("Lịch công tác", "Văn phòng UBND tỉnh", "cal", "ngày 16/11/2026", "on 16/11/2026"),
    _app("Báo cáo kinh tế – xã hội", "Sở Kế hoạch và Đầu tư", "chart", "ngày 02/11/2026", "on 02/11/2026"),
    _app("Quản lý tài sản công", "Sở Tài chính", "wallet", None, None),
    _app("Bản đồ dữ liệu đất đai", "Sở Tài nguyên và Môi trường", "map", None, None),
]


def _by_language(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    def chosen(value: Any, lang: str) -> Any:
        return value[lang] if isinstance(value, dict) else value
    return {lang: [{key: chosen(value, lang) for key, value in row.items()} for row in rows] for lang in ("vi", "en")}


_APP = {vi_en: {"name": name, "icon": "phone", "factor": "otp", "id": "", "stays": False, "since": "12/10/2026",
                "used": "18/11/2026", "loss": loss} for vi_en, name, loss in (
    ("vi", "Ứng dụng tạo mã 6 số", "Mã của ứng dụng tạo mã trên điện thoại sẽ không còn dùng được để đăng nhập."),
    ("en", "Authenticator app", "The codes of the app on your telephone will no longer be good for signing in."))}
_BECAUSE = {"vi": "Đơn vị Sở Tài chính của bạn", "en": "Your agency Sở Tài chính"}
_APP_STAYS = {lang: app | {"stays": True, "used": None, "because": _BECAUSE[lang]} for lang, app in _APP.items()}
_PASSKEYS = {lang: [{"name": name.format(label), "icon": "passkey", "factor": "passkey", "id": label, "stays": False,
                     "loss": loss, "since": "12/10/2026", "used": used, "rename_url": "/next"}
                    for label, used in (("Máy bàn cơ quan", "23/11/2026"), ("Điện thoại cá nhân " + "rất dài " * 5, None))]
             for lang, name, loss in (
    ("vi", "Khóa truy cập “{}”", "Khóa này sẽ không còn dùng được để đăng nhập. Sau đó, bạn có thể xóa khóa khỏi máy của mình."),
    ("en", "Passkey “{}”", "It will no longer be good for signing in. Then you may delete it from your device."))}
_PASSKEY_FORM: dict[str, Any] = {"who": OFFICER, "action": "/stay", "options_url": "/stay", "name": "", "error": None,
                                 "agency_help": AGENCY_HELP}
_SECURITY: dict[str, Any] = {
    "who": OFFICER, "factors": [], "enrolled": False, "demanded": False, "codes": None, "temporary": "",
    "ways_to_add": {"vi": [{"label": "Thêm khóa truy cập", "url": "/next"}, {"label": "Thêm ứng dụng tạo mã", "url": "/next"}],
                    "en": [{"label": "Add a passkey", "url": "/next"}, {"label": "Add an authenticator app", "url": "/next"}]}}
_ENROLLING: dict[str, Any] = {"who": OFFICER | {"username": "nvmau"}, "action": "/stay", "error": "", "replaces": False,
                              "seed": "NRSW CZDF OJ2G 65DQ NRSW CZDF OJ2G 65DQ",
                              "picture": picture("otpauth://totp/T%E1%BB%89nh:nvmau?secret=NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ")}
_FIRST: dict[str, Any] = {"app": QLVB, "action": "/stay", "who": OFFICER, "error": None, "due": "must", "days": 14,
                          "until": "11/12/2026", "closed": False, "passkey_url": "/next", "back_url": "/next",
                          "cancel_url": "/next"}
_FIRST_APP = _FIRST | {name: _ENROLLING[name] for name in ("seed", "picture")}
_AT_THAT = {"at": "23/11/2026 16:42"}
_CODES: dict[str, Any] = {"who": OFFICER | {"username": "nvmau"}, "action": "/stay", "left": 0, "codes": None}
_SECURITIES: dict[str, dict[str, Any]] = {
    "none": {"who": BARE, "agency_help": AGENCY_HELP},
    "with-app": {"enrolled": True, "codes": {"left": 7, "few": False}, "factors": {lang: [app] for lang, app in _APP.items()}},
    "passkeys": {"enrolled": True, "factors": _PASSKEYS, "temporary": "23/11/2026 17:30"},
    "last": {"enrolled": True, "demanded": True, "codes": {"left": 1, "few": True},
             "factors": {lang: [app] for lang, app in _APP_STAYS.items()}},
}
_SHOWING: dict[str, Any] = {"action": "/stay", "show_url": "/next", "shown": None, "proof": "", "error": None}
_SHOWN: dict[str, tuple[dict[str, Any], int]] = {
    "read": ({}, 200), "revoked": ({"error": {"code": "revoked"}}, 200), "missing": ({"error": {"code": "missing"}}, 200),
    "unknown": ({"error": {"code": "unknown_status"}}, 200),
    "untrusted": ({"error": {"code": "untrusted"}}, 200),
    "old": ({"error": {"code": "old"}}, 400), "nobody": ({"error": {"code": "nobody"}}, 400),
    "taken": ({"error": {"code": "taken"}}, 400),
    "shown": ({"proof": "p", "shown": {
        "subject": "CN=Nguyễn Văn Mẫu, UID=CMND:000000000000, O=Văn phòng UBND tỉnh Hậu Giang, C=VN",
        "issuer": "CN=Cơ quan chứng thực số (thử nghiệm), O=Ban Cơ yếu Chính phủ, C=VN",
        "serial": "540110f0c2d7b1a29e3345aa01cc"}}, 200),
}
_SINCE = _TODAY

_EXPIRING: dict[str, Any] = {"app": QLVB, "who": OFFICER, "days": 5, "last": False, "later_url": "/next",
                             "change_url": "/account/password"}

_OWN = {lang: [
    {"number": "2026-04210001", "title": first, "state": {"word": word, "tag": "wait", "icon": "clock"}, "ends": "",
     "next": following},
    {"number": "2025-00000017", "title": second, "state": {"word": used, "tag": "ok", "icon": "check"}, "next": "",
     "ends": "02/11/2030"}] for lang, first, second, word, used, following in (
        ("vi", "Chứng thư số, SIM", "Chứng thư số, Thiết bị USB", "Chờ tỉnh duyệt", "Đang dùng",
         "Quản trị tỉnh duyệt, chậm nhất ngày 26/11/2026"),
        ("en", "Certificate, SIM", "Certificate, USB device", "Waits for the province", "In use",
         "The province administrator approves, by 26/11/2026"))}
_OWN_NEW = {"who": OFFICER, "error": "", "wrong": {}, "device": "", "action": "/stay",
            "devices": [{"value": "token", "label": "USB"}, {"value": "sim", "label": "SIM"}]}
_OWN_STEPS = {"vi": ("Lập và gửi đề nghị", "Đơn vị duyệt", "Quản trị tỉnh duyệt", "Gửi đơn vị cấp chứng thư",
                     "Cấp chứng thư số", "Bàn giao", "Ký thử và kích hoạt"),
              "en": ("Request made and sent", "Agency approves", "The province administrator approves",
                     "Sent to the certification authority",
                     "Certificate issued", "Handed over", "Test signature and activation")}
_OWN_FOUND = {lang: {
    "number": "2026-04210001", "heading": heading, "since": "17/11/2026", "state": {"word": word, "tag": "wait", "icon": "clock"},
    "next": following, "mine": mine, "late": False, "reason": "", "done": 2, "of": 7,
    "steps": [{"number": place + 1, "name": name, "how": "done" if place < 2 else "now" if place == 2 else "todo",
               "note": "10:20 17/11/2026" if place < 2 else ""} for place, name in enumerate(_OWN_STEPS[lang])],
    "holder": OFFICER["name"], "identity": "0930******21", "post": OFFICER["title"], "unit": OFFICER["unit_name"],
    "mail": "nvmau@haugiang.gov.vn", "device": "SIM", "device_serial": "", "serial": "", "issuer": "", "certificate": False,
    "begins": "", "ends": "", "confirmed": False} for lang, heading, word, following, mine in (
        ("vi", "Chứng thư số, SIM", "Chờ tỉnh duyệt", "Quản trị tỉnh duyệt, chậm nhất ngày 26/11/2026",
         "Hiện bạn chưa phải làm gì. Chúng tôi gửi thư công vụ cho bạn khi có kết quả."),
        ("en", "Certificate, SIM", "Waits for the province", "The province administrator approves, by 26/11/2026",
         "You have nothing to do now. We write to your official mailbox when there is a result."))}
_OWN_ISSUED = {"certificate": True, "serial": "5401ab12cd34ef5601ab12cd34ef56", "issuer": "CN=Cơ quan cấp ví dụ,O=Ví Dụ,C=VN",
               "device_serial": "TK-0001", "begins": "02/11/2025", "ends": "02/11/2030"}
_OWN_SHOWN = {"who": OFFICER, "error": "", "base": "/next", "found": _OWN_FOUND}
_OWN_ACT = {"who": OFFICER, "error": "", "action": "/stay", "back": "/next", "found": _OWN_FOUND,
            "text": "Q2h1b2kgbmdhdSBuaGllbiBkZSBreSB0aHUgMTIzNDU"}

SAMPLES = [
    Sample("sign-in", "login/sign_in.html", _SIGN_IN),
    Sample("sign-in-announced", "login/sign_in.html", _SIGN_IN | {
        "announcements": operation_samples.looks(operation_samples.SAID, operation_samples.NEWS)}),
    Sample("sign-in-portal", "login/sign_in.html", _SIGN_IN | {"app": None, "notice": "signed_out_elsewhere"}),
    Sample("sign-in-again", "login/sign_in.html", _SIGN_IN | {"app": SURVEY, "notice": "again", "username": "nvmau",
                                                              "who": {"name": OFFICER["name"]}}),
    Sample("sign-in-again-nobody", "login/sign_in.html", _SIGN_IN | {"notice": "again"}),
    Sample("sign-in-sensitive", "login/sign_in.html", _SIGN_IN | {"app": None, "notice": "sensitive", "username": "nvmau",
                                                                  "who": {"name": OFFICER["name"]}}),
    Sample("sign-in-wrong", "login/sign_in.html", _SIGN_IN | {"username": "nvmau", "error": {"code": "wrong"}}, 400),
    Sample("sign-in-caps-lock", "login/sign_in.html",
           _SIGN_IN | {"username": "nvmau", "error": {"code": "wrong"}, "hint": "caps_lock"}, 400),
    Sample("sign-in-blanks", "login/sign_in.html",
           _SIGN_IN | {"username": "nvmau", "error": {"code": "wrong"}, "hint": "blanks"}, 400),
    Sample("sign-in-input-method", "login/sign_in.html",
           _SIGN_IN | {"username": "nvmau", "error": {"code": "wrong"}, "hint": "input_method"}, 400),
    Sample("sign-in-throttled", "login/sign_in.html",
           _SIGN_IN | {"username": "nvmau", "error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("sign-in-unavailable", "login/sign_in.html", _SIGN_IN | {"username": "nvmau", "error": {"code": "unavailable"}}, 503),
    Sample("sign-in-no-passkeys", "login/sign_in.html", _SIGN_IN | {"passkey_url": None}),
    Sample("sign-in-passkey", "login/sign_in.html", _SIGN_IN | {"error": {"code": "passkey"}}, 400),
    Sample("sign-in-passkey-expired", "login/sign_in.html", _SIGN_IN | {"error": {"code": "passkey_expired"}}, 400),
    Sample("sign-in-csrf", "login/sign_in.html", _SIGN_IN | {"username": "nvmau", "error": {"code": "csrf"}}, 400),
    Sample("second-factor", "login/factors/otp.html", _FACTOR | {"agency_help": AGENCY_HELP}),
    Sample("second-factor-remember", "login/factors/otp.html", _FACTOR | {"remember_days": 30, "others": _OTHER_WAYS}),
    Sample("second-factor-passkey-remember", "login/factors/passkey.html",
           _FACTOR | {"options_url": "/stay", "remember_days": 1, "agency_help": AGENCY_HELP}),
    Sample("second-factor-wrong", "login/factors/otp.html", _FACTOR | {"error": {"code": "wrong"}}, 400),
    Sample("second-factor-reused", "login/factors/otp.html", _FACTOR | {"error": {"code": "reused"}, "app": None}, 400),
    Sample("second-factor-throttled", "login/factors/otp.html",
           _FACTOR | {"error": {"code": "throttled", "retry_after_seconds": 8}, "who": LONG}, 429),
    Sample("second-factor-passkey", "login/factors/passkey.html",
           _FACTOR | {"options_url": "/stay", "others": _OTHER_WAYS, "agency_help": AGENCY_HELP}),
    Sample("second-factor-passkey-wrong", "login/factors/passkey.html",
           _FACTOR | {"options_url": "/stay", "error": {"code": "wrong"}, "who": LONG}, 400),
    Sample("second-factor-passkey-throttled", "login/factors/passkey.html",
           _FACTOR | {"options_url": "/stay", "error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("second-factor-frozen", "login/factors/frozen.html", _FACTOR),
    Sample("second-factor-frozen-agency", "login/factors/frozen.html", _FACTOR | {"agency_help": AGENCY_HELP}),
    Sample("second-factor-no-certificate", "login/factors/none.html", _FACTOR),
    Sample("second-factor-others", "login/factors/otp.html", _FACTOR | {"others": _OTHER_WAYS}),
    Sample("first-factor", "login/enrol/choose.html", _FIRST),
    Sample("first-factor-offer", "login/enrol/choose.html", _FIRST | {"due": "offer", "app": None, "who": LONG}),
    Sample("first-factor-offer-outside", "login/enrol/choose.html",
           _FIRST | {"due": "offer", "days": 1, "closed": True, "agency_help": AGENCY_HELP}),
    Sample("first-factor-outside", "login/enrol/choose.html", _FIRST | {"closed": True}),
    Sample("first-factor-account", "login/enrol/choose.html", _FIRST | {"due": "nothing", "closed": True, "app": None}),
    *(Sample(f"first-factor-{code}", "login/enrol/choose.html",
             _FIRST | {"closed": code != "late", "error": {"code": code, "retry_after_seconds": 300}}, status)
      for code, status in (("code", 400), ("throttled", 429), ("closed", 403), ("late", 409))),
    Sample("first-factor-app", "login/enrol/app.html", _FIRST_APP | {"agency_help": AGENCY_HELP}),
    Sample("first-factor-app-wrong", "login/enrol/app.html", _FIRST_APP | {"error": {"code": "wrong"}, "who": LONG}, 400),
    Sample("first-factor-app-throttled", "login/enrol/app.html",
           _FIRST_APP | {"error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("first-factor-passkey", "login/enrol/passkey.html", _FIRST | {"name": "Chrome trên Windows", "options_url": "/stay"}),
    Sample("first-factor-passkey-unnamed", "login/enrol/passkey.html",
           _FIRST | {"name": "", "options_url": "/stay", "error": {"code": "unnamed"}}, 400),
    Sample("first-factor-codes", "login/enrol/codes.html", {
        "app": QLVB, "who": OFFICER, "made_at": _SINCE, "continue_url": "/next", "codes": [
            f"{number:05d}-k7m2{'pqrstvwxyz'[number]}" for number in range(10)]}),
    Sample("recovery-code", "login/factors/recovery.html", _FACTOR),
    *(Sample(f"recovery-code-{code}", "login/factors/recovery.html", _FACTOR | {"error": {"code": code}}, 400)
      for code in ("wrong", "reused")),
    Sample("temporary-pass", "login/factors/temporary_pass.html", _FACTOR | {"others": _OTHER_WAYS}),
    Sample("temporary-pass-wrong", "login/factors/temporary_pass.html", _FACTOR | {"error": {"code": "wrong"}}, 400),
    Sample("temporary-pass-throttled", "login/factors/temporary_pass.html",
           _FACTOR | {"error": {"code": "throttled", "retry_after_seconds": 900}}, 429),
    Sample("recovery-code-throttled", "login/factors/recovery.html",
           _FACTOR | {"error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("password-must-change", "login/change_password.html", _CHANGE | {"cancel_url": "/next"}),
    Sample("password-expired", "login/change_password.html", _CHANGE | {"reason": "expired", "grace_left": 2, "app": None}),
    Sample("password-level-3", "login/change_password.html",
           _CHANGE | {"min_length": 14, "classes": 4, "agency_help": AGENCY_HELP}),
    Sample("password-own-wish", "login/change_password.html",
           _CHANGE | {"reason": "own_wish", "cancel_url": "/next", "app": None}),
    *(Sample(f"password-{code.replace('_', '-')}", "login/change_password.html", _CHANGE | {"error": {"code": code}}, 400)
      for code in ("wrong_old", "too_short", "too_simple", "in_history", "too_young", "not_allowed", "mismatch", "unacceptable",
                   "unavailable", "too_short_there")),
    Sample("password-throttled", "login/change_password.html",
           _CHANGE | {"reason": "own_wish", "error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("password-expiring", "login/expiring.html", _EXPIRING | {"agency_help": AGENCY_HELP}),
    Sample("password-expiring-portal", "login/expiring.html", _EXPIRING | {"app": None, "days": 1, "who": LONG}),
    Sample("password-last", "login/expiring.html", _EXPIRING | {"last": True}),
    Sample("password-last-agency", "login/expiring.html", _EXPIRING | {"last": True, "agency_help": AGENCY_HELP}),
    Sample("password-forgotten", "login/forgotten.html", _FORGOTTEN | {"action": None}),
    Sample("password-forgotten-link", "login/forgotten.html", _FORGOTTEN),
    Sample("password-forgotten-unnamed", "login/forgotten.html", _FORGOTTEN | {"error": {"code": "no_name"}}, 400),
    Sample("password-forgotten-throttled", "login/forgotten.html", _FORGOTTEN | {
        "username": "nvmau", "error": {"code": "throttled", "retry_after_seconds": 1200}}, 429),
    Sample("password-forgotten-sent", "login/forgotten_sent.html", {"app": QLVB, "back_url": "/next"}),
    Sample("recovery-open", "recovery/open.html", {"action": "/stay"}),
    Sample("recovery-factor", "login/factors/otp.html", _FACTOR | {"app": None, "recovering": True, "others": _OTHER_WAYS}),
    Sample("recovery-factor-passkey", "login/factors/passkey.html",
           _FACTOR | {"app": None, "options_url": "/stay", "recovering": True, "others": _OTHER_WAYS}),
    Sample("recovery-factor-code", "login/factors/recovery.html", _FACTOR | {"app": None, "recovering": True, "who": LONG}),
    Sample("recovery-new-password", "login/change_password.html", _CHANGE | {"app": None, "reason": "forgotten",
                                                                             "cancel_url": ""}),
    Sample("recovery-new-password-refused", "login/change_password.html", _CHANGE | {
        "app": None, "reason": "forgotten", "cancel_url": "", "error": {"code": "in_history"}}, 400),
    Sample("recovery-done", "recovery/done.html", {}),
    Sample("password-changed", "account/password_changed.html", {"who": OFFICER}),
    Sample("consent", "consent/consent.html", {
        "app": SURVEY, "who": OFFICER, "action": "/stay", "agency_help": AGENCY_HELP,
        "shares": _by_language([
            {"label": {"vi": "Họ và tên", "en": "Name"}, "value": "Nguyễn Văn Mẫu", "icon": "user"},
            {"label": {"vi": "Địa chỉ thư điện tử công vụ", "en": "Official e-mail address"}, "icon": "mail",
             "value": "nvmau@haugiang.gov.vn"},
            {"label": {"vi": "Đơn vị và chức vụ", "en": "Agency and post"}, "icon": "building",
             "value": "Văn phòng UBND tỉnh, Chuyên viên"},
        ]),
        "withheld": {"vi": ["mật khẩu", "số định danh", "số điện thoại"],
                     "en": ["password", "personal identity number", "telephone number"]}}),
    Sample("consent-least", "consent/consent.html", {
        "app": QLVB, "who": BARE, "action": "/stay", "withheld": [],
        "shares": _by_language([{"label": {"vi": "Mã của bạn ở ứng dụng này", "en": "Your code in this application"},
                                 "value": "", "icon": "user"}])}),
    Sample("device-code", "device/code.html", {"app": None, "code": "", "error": None}),
    Sample("device-code-filled", "device/code.html", {"app": None, "code": "WDJB-MJHT", "error": None}),
    Sample("device-code-wrong", "device/code.html", {"app": None, "code": "WDJB-MJH", "error": {"code": "wrong"}}, 400),
    Sample("device-code-throttled", "device/code.html",
           {"app": None, "code": "", "error": {"code": "throttled", "retry_after_seconds": 300}}, 429),
    Sample("device-confirm", "device/confirm.html", {
        "app": SURVEY, "who": OFFICER, "action": "/stay", "agency_help": AGENCY_HELP, "asked_at": _SINCE,
        "asked_from": "2001:db8:85a3::8a2e:370:7334",
        "shares": _by_language([
            {"label": {"vi": "Họ và tên", "en": "Name"}, "value": "Nguyễn Văn Mẫu", "icon": "user"},
            {"label": {"vi": "Truy cập khi bạn không có mặt", "en": "Access while you are away"},
             "value": {"vi": "Ứng dụng giữ quyền này đến khi bạn rút lại sự đồng ý",
                       "en": "The application keeps it until you withdraw your consent"}, "icon": "clock"}]),
        "withheld": {"vi": ["mật khẩu"], "en": ["password"]}}),
    Sample("device-confirm-least", "device/confirm.html", {
        "app": QLVB | {"owner": ""}, "who": LONG, "action": "/stay", "asked_from": "203.0.113.77", "asked_at": _SINCE,
        "shares": _by_language([{"label": {"vi": "Mã của bạn ở ứng dụng này", "en": "Your code in this application"}, "value": "",
                                 "icon": "user"}]),
        "withheld": []}),
    Sample("device-approved", "device/done.html", {"app": SURVEY, "approved": True}),
    Sample("device-refused", "device/done.html", {"app": QLVB, "approved": False}),
    Sample("signing", "consent/signing.html", {
        "app": QLVB, "who": OFFICER, "action": "/stay", "agency_help": AGENCY_HELP, "ask_sharing": False, "shares": [],
        "withheld": [], "requests": [{"algorithm": "SHA-256", "credential": "", "phone": False, "documents": [
            {"label": "Quyết định số 12/QĐ-UBND về phân công nhiệm vụ", "hash": "b133a0c0e9bee3be" * 4},
            {"label": "Tờ trình số 45/TTr-STTTT", "hash": "2c26b46b68ffc68f" * 4}]}]}),
    Sample("signing-and-sharing", "consent/signing.html", {
        "app": SURVEY, "who": LONG, "action": "/stay", "agency_help": None, "ask_sharing": True,
        "shares": _by_language([{"label": {"vi": "Họ và tên", "en": "Name"}, "value": "Nguyễn Văn Mẫu", "icon": "user"}]),
        "withheld": {"vi": ["mật khẩu"], "en": ["password"]},
        "requests": [{"algorithm": "SHA-512", "credential": "chung-thu-canbo-2026", "phone": False, "documents": [
            {"label": "Kế hoạch " + "chuyển đổi số " * 6 + "TT" * 50, "hash": "f09a3c7e" * 16}]}]}),
    Sample("signing-by-phone", "consent/signing.html", {
        "app": QLVB, "who": OFFICER, "action": "/stay", "agency_help": AGENCY_HELP, "ask_sharing": False, "shares": [],
        "withheld": [], "requests": [{"algorithm": "SHA-256", "credential": "", "phone": True, "documents": [
            {"label": "Quyết định số 12/QĐ-UBND về phân công nhiệm vụ", "hash": "b133a0c0e9bee3be" * 4, "code": "4729"}]}]}),
    Sample("phone-waiting", "signing/phone.html", {
        "app": QLVB, "action": "/stay", "agency_help": AGENCY_HELP, "here": "/stay", "state_url": "/stay", "waiting": {
            "number": 1, "of": 2, "document": "Quyết định số 12/QĐ-UBND về phân công nhiệm vụ", "code": "4729",
            "phone": "••••\u00a0•••\u00a0123", "left": 87, "whole": 120}}),
    Sample("phone-not-signed", "signing/phone.html", {
        "app": QLVB, "action": "/stay", "agency_help": AGENCY_HELP, "waiting": None, "again": True,
        "why": {"vi": "Đã hết thời gian chờ trả lời trên điện thoại. Vui lòng yêu cầu ký lại khi bạn sẵn sàng.",
                    "en": "The time to answer on the phone has passed. Please ask for the signature again when you are ready."}}),
    Sample("approvals", "approvals/waiting.html", {"who": OFFICER, "agency_help": AGENCY_HELP, "asked": _ASKED}),
    Sample("approvals-by-phone", "approvals/waiting.html", {
        "who": OFFICER, "agency_help": AGENCY_HELP, "by_phone": "on", "asked": [_ASKED[0] | {"code": "0417"}, *_ASKED[1:]]}),
    Sample("approvals-none", "approvals/waiting.html", {"who": BARE, "agency_help": None, "asked": []}),
    Sample("approval-confirm", "approvals/confirm.html", {
        "app": SURVEY, "who": OFFICER, "action": "/stay", "agency_help": AGENCY_HELP, "asked_at": _SINCE,
        "asked_from": "2001:db8:85a3::8a2e:370:7334", "binding_message": "Duyệt văn bản 12/QĐ-UBND, mã W4SCT",
        "shares": _by_language([{"label": {"vi": "Họ và tên", "en": "Name"}, "value": "Nguyễn Văn Mẫu", "icon": "user"}]),
        "withheld": {"vi": ["mật khẩu"], "en": ["password"]}}),
    Sample("approval-confirm-least", "approvals/confirm.html", {
        "app": QLVB | {"owner": ""}, "who": LONG, "action": "/stay", "asked_from": "203.0.113.77", "asked_at": _SINCE,
        "binding_message": "", "withheld": [],
        "shares": _by_language([{"label": {"vi": "Mã của bạn ở ứng dụng này", "en": "Your code in this application"}, "value": "",
                                 "icon": "user"}])}),
    Sample("approval-given", "approvals/done.html", {"app": SURVEY, "approved": True}),
    Sample("approval-refused", "approvals/done.html", {"app": QLVB, "approved": False}),
    Sample("select-account", "consent/select_account.html", {"app": QLVB, "who": OFFICER, "action": "/stay"}),
    Sample("select-account-bare", "consent/select_account.html", {"app": None, "who": BARE, "action": "/stay"}),
    Sample("acting-post", "consent/post.html", {
        "app": QLVB, "who": BARE, "action": "/stay", "agency_help": AGENCY_HELP, "posts": [
            {"title": "Chuyên viên", "unit_name": "Văn phòng UBND tỉnh", "mark": "a1" * 8, "last": False},
            {"title": "Quyền Giám đốc", "unit_name": "Trung tâm Công nghệ thông tin và Truyền thông", "mark": "b2" * 8,
             "last": False}]}),
    Sample("acting-post-last", "consent/post.html", {
        "app": SURVEY, "who": LONG | {"title": "", "unit_name": ""}, "action": "/stay", "posts": [
            {"title": LONG["title"], "unit_name": LONG["unit_name"], "mark": "a1" * 8, "last": True},
            {"title": "Bí thư Chi bộ", "unit_name": "Văn phòng UBND tỉnh", "mark": "b2" * 8, "last": False},
            {"title": "Ban Chỉ đạo chuyển đổi số", "unit_name": "", "mark": "c3" * 8, "last": False}]}),
    Sample("logout-confirm", "logout/confirm.html", {"app": QLVB, "who": OFFICER, "action": "/stay"}),
    Sample("logout-confirm-portal", "logout/confirm.html", {"app": None, "who": None, "action": "/stay"}),
    Sample("logout-done", "logout/done.html", _AT_THAT | {"app": QLVB, "continue_url": "/next", "frames": [], "told": [
        {"name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "state": "sent"},
        {"name": "Một cửa điện tử", "owner": "Văn phòng UBND tỉnh", "state": "sent"},
        {"name": "Thư công vụ", "owner": "", "state": "waiting"}]}),
    Sample("logout-done-waiting", "logout/done.html", _AT_THAT | {"app": None, "continue_url": None, "frames": [], "told": [
        {"name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "state": "waiting"},
        {"name": "Cổng thông tin điện tử", "owner": "Sở Thông tin và Truyền thông", "state": "framed"},
        {"name": "Thư công vụ", "owner": "", "state": "waiting"}]}),
    Sample("logout-done-alone", "logout/done.html", _AT_THAT | {"app": None, "continue_url": None, "frames": [], "told": []}),
    Sample("logout-leave", "logout/leave.html", {"app": QLVB, "continue_url": "/stay", "frames": []}),
    Sample("logout-leave-nobody", "logout/leave.html", {"app": None, "continue_url": "/stay", "frames": []}),
    Sample("portal", "portal/applications.html", {"who": OFFICER, "since": _SINCE, "apps": _by_language(_APPS), "notices": [],
                                                  "unread": 0, "posts": []}),
    Sample("portal-posts", "portal/applications.html", {"who": OFFICER, "since": _SINCE, "apps": _by_language(_APPS[:3]),
                                                        "notices": [], "unread": 0, "posts": [
        {"client_id": "qlvb", "name": "Hệ thống Quản lý văn bản",
         "post": "Quyền Giám đốc, Trung tâm Công nghệ thông tin và Truyền thông"},
        {"client_id": "mcdt", "name": "Một cửa điện tử", "post": "Chuyên viên, Văn phòng UBND tỉnh"}]}),
    Sample("portal-notices", "portal/applications.html", {"who": LONG, "since": _SINCE, "apps": _by_language(_APPS),
                                                          "notices": _by_language(_NOTICES), "unread": 2,
                                                          "agency_help": AGENCY_HELP, "posts": []}),
    Sample("portal-announced", "portal/applications.html", {
        "who": OFFICER, "since": _SINCE, "apps": _by_language(_APPS[:2]), "notices": [], "unread": 0, "posts": [],
        "announcements": operation_samples.looks(operation_samples.SAID, operation_samples.NEWS)}),
    Sample("portal-grace", "portal/applications.html", {
        "who": OFFICER, "since": _SINCE, "apps": _by_language(_APPS), "notices": [], "unread": 0, "posts": [],
        "grace": {"days": 9, "until": "06/12/2026"}}),
    Sample("portal-empty", "portal/applications.html", {"who": BARE, "since": _SINCE, "apps": [], "notices": [], "unread": 0,
                                                        "posts": []}),
    Sample("access", "account/applications.html", {"who": LONG, "agency_help": AGENCY_HELP, "apps": [
        {"client_id": "qlvb", "name": "Hệ thống Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "asked": False, "offline": True,
         "shares": ["A", "B"], "agreed": "", "last_used": "28/11/2026"},
        {"client_id": "khaosat", "name": "Khảo sát công vụ", "asked": True, "offline": False, "shares": ["A"],
         "owner": "Sở Nội vụ, do Công ty Phần mềm Ví Dụ vận hành", "agreed": "03/11/2026", "last_used": ""}]}),
    Sample("access-none", "account/applications.html", {"who": OFFICER, "agency_help": None, "apps": []}),
    Sample("readings", "account/readings.html", {"who": OFFICER, "next_url": "/next", "rows": _by_language([
        {"at": "23/11/2026 08:14", "name": "Trần Thị Ví Dụ", "unit_name": "Sở Thông tin và Truyền thông",
         "number": "2026-04210001", "purpose": "Kiểm tra hồ sơ quý IV",
         "why": {"vi": "Mở trên trang quản trị", "en": "Opened in the console"}},
        {"at": "22/11/2026 10:00", "name": {"vi": "Chính bạn", "en": "You"}, "unit_name": "", "number": "", "purpose": "",
         "why": {"vi": "Xử lý đề nghị chứng thư số", "en": "A certificate request was handled"}}])}),
    Sample("readings-none", "account/readings.html", {"who": LONG, "next_url": "", "rows": []}),
    Sample("personal-data", "login/personal_data.html", {
        "app": QLVB, "who": OFFICER, "agency_help": AGENCY_HELP, "action": "/stay", **_PERSONAL_DATA}),
    Sample("personal-data-text", "login/personal_data_text.html", {"app": None, **_PERSONAL_DATA}),
    Sample("own-data", "account/data.html", {
        "who": OFFICER, "sections": lambda: list(dict.fromkeys(own_data.section_words().values()))}),
    Sample("profile", "account/profile.html", {
        "notice_read": {"version": "2026-1", "day": "23/11/2026"},
        "who": LONG | {"username": "thunghiem"}, "agency_help": AGENCY_HELP, "mail": "thunghiem@haugiang.gov.vn",
        "phone": "+84912000001", "posts": [f"{LONG['title']}, {LONG['unit_name']}", "Chuyên viên, Sở Nội vụ"],
        "administers": people_samples.ADMINISTERS}),
    Sample("profile-bare", "account/profile.html", {
        "who": BARE | {"username": "thu"}, "agency_help": None, "mail": "", "phone": "", "posts": ["Sở Nội vụ"],
        "administers": {"role": "", "acts_for": [], "deputies": []}}),
    Sample("account-sessions", "account/sessions.html", {
        "who": OFFICER, "agency_help": AGENCY_HELP, "here": "s1", "others": True, "places": _by_language(_PLACES),
        "history": _by_language(_HISTORY)}),
    Sample("account-sessions-remembered", "account/sessions.html", {
        "who": OFFICER, "agency_help": AGENCY_HELP, "here": "s1", "others": True, "places": _by_language(_PLACES),
        "history": _by_language(_HISTORY), "remembered": _by_language(_REMEMBERED)}),
    Sample("account-sessions-one", "account/sessions.html", {
        "who": LONG, "here": "s1", "others": False, "places": _by_language(_PLACES[:1]), "history": _by_language(_HISTORY[:1])}),
    Sample("account-sessions-phone", "account/sessions.html", {
        "who": OFFICER, "here": "s1", "others": True, "history": _by_language([_HISTORY[0] | {"source": ""}]),
        "places": _by_language([_PLACES[0], _PLACES[1] | {"source": "", "open": "Chi trả lương", "device": {
            "vi": "Chấp thuận trên điện thoại, bằng SIM ký số", "en": "Approved on the phone, by the signing SIM"}}])}),
    Sample("account-notices", "account/notices.html", {"who": OFFICER, "notices": _by_language(_TOLD), "up_to": 7, "unread": 1,
                                                       "agency_help": AGENCY_HELP}),
    Sample("account-notices-none", "account/notices.html", {"who": BARE, "notices": [], "up_to": 0, "unread": 0}),
    *(Sample(f"account-{name}", "account/security.html", _SECURITY | more) for name, more in _SECURITIES.items()),
    Sample("account-app-begin", "account/app.html", _ENROLLING | {"seed": None, "picture": None, "replaces": True}),
    Sample("account-app", "account/app.html", _ENROLLING),
    Sample("account-app-wrong", "account/app.html", _ENROLLING | {"error": "wrong", "replaces": True}, 400),
    Sample("account-app-throttled", "account/app.html", _ENROLLING | {"error": "throttled", "retry_after_seconds": 300}, 429),
    Sample("account-app-expired", "account/app.html", _ENROLLING | {"error": "expired", "seed": None, "picture": None}, 400),
    Sample("account-codes-begin", "account/recovery_codes.html", _CODES | {"left": 4}),
    Sample("account-codes", "account/recovery_codes.html", _CODES | {"left": 10, "made_at": _SINCE, "codes": [
        f"{number:05d}-k7m2{'pqrstvwxyz'[number]}" for number in range(10)]}),
    Sample("own-certificates", "account/certificates/listed.html", {
        "who": OFFICER, "may_ask": True, "certificates": _OWN}),
    Sample("own-certificates-none", "account/certificates/listed.html", {"who": BARE, "may_ask": True, "certificates": []}),
    Sample("own-certificate-key", "account/certificates/key.html", {"who": OFFICER, "base": "/next", "file": "", "password": ""}),
    Sample("own-certificate-key-made", "account/certificates/key.html", {
        "who": OFFICER, "base": "/next", "file": "c2FtcGxl", "password": "abcde-fghjk-mnpqr-stvwx-yz234"}),
    Sample("own-certificate-new", "account/certificates/new.html", _OWN_NEW),
    Sample("own-certificate-new-wrong", "account/certificates/new.html", _OWN_NEW | {
        "error": {"vi": "Có ô còn trống hoặc chưa đúng. Vui lòng kiểm tra rồi nhập lại.",
                  "en": "A field is empty or not right. Please check and type it again."}}, 422),
    Sample("own-certificate-new-mistakes", "account/certificates/new.html", _OWN_NEW | {"device": "sim", "error": "x", "wrong": {
        "vi": {"birth_date": "Ô này còn trống. Vui lòng điền.", "phone": "Số điện thoại không đúng."},
        "en": {"birth_date": "This field is empty. Please fill it in.", "phone": "The telephone number is not right."}}}, 422),
    Sample("own-certificate-new-all", "account/certificates/new.html", _OWN_NEW | {"devices": []}),
    Sample("own-certificate-waiting", "account/certificates/shown.html", _OWN_SHOWN | {"offers": {"cancel"}}),
    Sample("own-certificate-late", "account/certificates/shown.html", _OWN_SHOWN | {
        "who": LONG, "offers": {"cancel", "submit"}, "found": {lang: found | {"late": True, "holder": LONG["name"],
                                                                              "reason": "Thiếu ngày cấp",
                                                                              "unit": LONG["unit_name"]}
                                                               for lang, found in _OWN_FOUND.items()}}),
    Sample("own-certificate-active", "account/certificates/shown.html", _OWN_SHOWN | {
        "offers": {"renew", "change", "confirm", "activate", "lock", "report_loss"},
        "found": {lang: found | _OWN_ISSUED | {"steps": [], "next": "", "mine": ""} for lang, found in _OWN_FOUND.items()}}),
    Sample("own-certificate-again", "account/certificates/shown.html", _OWN_SHOWN | {
        "offers": set(), "error": {"vi": "Bước này đã được làm rồi, hoặc đề nghị đã sang bước khác.",
                                   "en": "This was done already, or the request is at another step."}}, 409),
    *(Sample(f"own-certificate-{act}", "account/certificates/act.html", _OWN_ACT | {"act": act})
      for act in ("lost", "activate", "renew", "change")),
    Sample("own-certificate-activate-wrong", "account/certificates/act.html", _OWN_ACT | {
        "act": "activate", "error": {"vi": "Chữ ký chưa khớp với đoạn chữ và chứng thư số này.",
                                     "en": "The signature does not match this text and this certificate."}}, 422),
    *(Sample(f"certificate-{name}", "login/certificate.html", _SHOWING | {"app": QLVB, "field": "certificate_sign_in",
                                                                       "sign_in_url": "/next"} | _SHOWN[name][0], _SHOWN[name][1])
      for name in ("read", "shown", "missing", "nobody")),
    *(Sample(f"account-certificate-{name}", "account/certificate.html",
             _SHOWING | {"who": OFFICER} | _SHOWN[name][0], _SHOWN[name][1])
      for name in ("shown", "taken", "untrusted")),
    *(Sample(f"second-certificate-{name}", "login/factors/certificate.html", _FACTOR | _SHOWING | _SHOWN[name][0],
             _SHOWN[name][1]) for name in ("shown", "revoked", "unknown", "old")),
    Sample("account-temporary-pass", "account/temporary_pass.html", {"who": OFFICER, "until": "23/11/2026 17:30"}),
    Sample("account-remove", "account/remove.html", {"who": OFFICER, "action": "/stay", "factor": _APP}),
    Sample("account-remove-last", "account/remove.html", {"who": LONG, "action": "/stay", "factor": _APP_STAYS}),
    Sample("account-remove-passkey", "account/remove.html",
           {"who": OFFICER, "action": "/stay", "factor": {lang: keys[0] for lang, keys in _PASSKEYS.items()}}),
    Sample("passkey-new", "account/passkey_new.html", _PASSKEY_FORM),
    *(Sample(f"passkey-new-{code.replace('_', '-')}", "account/passkey_new.html",
             _PASSKEY_FORM | {"name": "Máy bàn cơ quan" if code != "unnamed" else "", "error": {"code": code}}, 400)
      for code in ("unnamed", "too_many", "taken", "expired", "refused")),
    Sample("passkey-name", "account/passkey_name.html", _PASSKEY_FORM | {"name": "Máy bàn cơ quan"}),
    Sample("passkey-name-unnamed", "account/passkey_name.html", _PASSKEY_FORM | {"error": {"code": "unnamed"}, "who": LONG}, 400),
    Sample("error", "errors/error.html", {
        "app": QLVB, "status": 400, "code": "7F3K-29QD-0M5T-XW8C", "time": "23/11/2026 08:14:05",
        "detail": "invalid_request: redirect_uri",
        "title": {"vi": "Chưa mở được Hệ thống Quản lý văn bản", "en": "Hệ thống Quản lý văn bản was not opened"},
        "what": {"vi": "Đường dẫn quay về ứng dụng không khớp với đường dẫn đã đăng ký, nên hệ thống dừng lại để bảo vệ "
                       "tài khoản của bạn. Bạn không làm sai điều gì.",
                 "en": "The address back to the application is not the one that was registered, so we stopped in order to "
                       "protect your account. You have done nothing wrong."},
        "next": _by_language([{"label": {"vi": "Đến trang Ứng dụng của tôi", "en": "Go to My applications"}, "url": "/next"},
                              {"label": {"vi": "Mở lại trang của ứng dụng", "en": "Open the application's own page"},
                               "url": "/next"}])}, 400),
    Sample("error-plain", "errors/error.html", {
        "status": 404, "code": "0b5e8d0c2a7f4f0f9be4f7a8d1a2c3e4", "next": [],
        "title": {"vi": "Không có trang này", "en": "There is no such page"},
        "what": {"vi": "Địa chỉ có thể đã được gõ nhầm.", "en": "The address may have been mistyped."}}, 404),
    Sample("expired", "errors/expired.html", {"app": QLVB, "continue_url": "/next"}),
    Sample("expired-portal", "errors/expired.html", {"app": None, "continue_url": "/next"}),
    Sample("form-post", "authorize/form_post.html",
           {"redirect_uri": "/stay", "parameters": [("code", "a<b>\"'&"), ("state", "é ✓")]}),
    *(Sample(f"help-{name}", f"help/{name}.html", {}) for name in ("index", "officials", "administrators")),
    Sample("help-vendors", "help/vendors.html", for_vendors("https://sso.haugiang.gov.vn/.well-known/openid-configuration")),
    Sample("gallery", "gallery.html", {name: lambda name=name: gallery.shown()[name] for name in (
        "course", "lines", "marks", "sorts", "bars", "files", "turn", "need_at")}),
    *(Sample(name, template, context, 422 if name in samples.WRONG else 200)
      for samples in (audit_samples, desk_samples, device_samples, enrolment_samples, application_samples, operation_samples,
                      rollout_samples, people_samples, sim_samples)
      for name, (template, context) in samples.contexts(OFFICER).items()),
]
