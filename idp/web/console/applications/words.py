"""What members, steps and findings of applications are called on pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from ....administration.applications.onboarding import Step
from ....oauth.clients.registration import AUTH_METHODS
from ..words import moment

LISTED: Final = ("redirect_uris", "post_logout_redirect_uris", "contacts", "grant_types")
"""Fields with several values, one on each line."""
OURS: Final = ("owner", "owner_unit", "consent", "required_acr")
"""Fields of the table ``province``."""


def fields() -> tuple[dict[str, Any], ...]:
    """Give the fields of the form, in order: name, label, hint, how they are typed, and whether they must be."""
    said: tuple[tuple[str, str, str, str, bool], ...] = (
        ("client_name", gettext("Tên ứng dụng"), gettext("Cán bộ thấy tên này khi đăng nhập."), "text", True),
        ("owner", gettext("Đơn vị chịu trách nhiệm"), gettext("Ghi tên đầy đủ, cả đơn vị vận hành nếu khác."), "text", True),
        ("owner_unit", gettext("Đơn vị quản trị"), gettext("Quản trị của đơn vị này được xem và sửa ứng dụng."),
         "select", False),
        ("client_uri", gettext("Trang của ứng dụng"), gettext("Địa chỉ https mà cán bộ mở từ trang của mình."), "url", False),
        ("redirect_uris", gettext("Địa chỉ quay về sau đăng nhập"),
         gettext("Mỗi dòng một địa chỉ https đầy đủ, đúng từng chữ như ứng dụng gửi."), "area", False),
        ("post_logout_redirect_uris", gettext("Địa chỉ quay về sau đăng xuất"), gettext("Mỗi dòng một địa chỉ."), "area", False),
        ("backchannel_logout_uri", gettext("Địa chỉ nhận tin đăng xuất"),
         gettext("Ứng dụng kết thúc phiên khi nhận tin ở đây. Thiếu địa chỉ này thì cán bộ đăng xuất chưa hết."), "url", False),
        ("grant_types", gettext("Cách lấy quyền"),
         gettext("Thông thường là authorization_code và refresh_token, mỗi dòng một cách."),
         "area", True),
        ("scope", gettext("Thông tin và quyền được hỏi"), gettext("Cách nhau bằng dấu cách, ví dụ: openid profile unit."),
         "text", True),
        ("token_endpoint_auth_method", gettext("Ứng dụng chứng minh mình bằng"), "", "select", True),
        ("jwks_uri", gettext("Địa chỉ khóa công khai của ứng dụng"), gettext("Chỉ cần cho private_key_jwt."), "url", False),
        ("consent", gettext("Hỏi cán bộ trước khi cho biết thông tin"), "", "select", True),
        ("required_acr", gettext("Mức xác thực ít nhất"), "", "select", False),
        ("contacts", gettext("Thư của người kỹ thuật"), gettext("Mỗi dòng một địa chỉ thư."), "area", False))
    return tuple({**dict(zip(("name", "label", "hint", "how", "needed"), one, strict=True)), "longest": 2000} for one in said)


def labels() -> defaultdict[str, str]:
    """Name the members that are fields of the form; others have no name of their own."""
    return defaultdict(str, {field["name"]: field["label"] for field in fields()})


def remedy(member: str) -> str:
    """Say what to do about a field that was refused; what exactly is wrong is said for the technician, in English."""
    address = gettext("Vui lòng ghi địa chỉ đầy đủ, bắt đầu bằng https:// và không có dấu #.")
    lines = gettext("Vui lòng xem lại từng dòng: mỗi dòng một địa chỉ đầy đủ, bắt đầu bằng https:// và không có dấu #.")
    return str({
        "client_uri": address, "backchannel_logout_uri": address, "jwks_uri": address,
        "redirect_uris": lines, "post_logout_redirect_uris": lines,
        "client_name": gettext("Vui lòng ghi tên ngắn gọn, trong một dòng."),
        "owner": gettext("Vui lòng ghi tên ngắn gọn, trong một dòng."),
        "grant_types": gettext("Có cách chưa được phép. Vui lòng hỏi người kỹ thuật, hoặc quản trị tỉnh."),
        "scope": gettext("Có tên chưa được phép. Vui lòng hỏi người kỹ thuật, hoặc quản trị tỉnh."),
        "contacts": gettext("Vui lòng xem lại từng dòng: mỗi dòng một địa chỉ thư."),
    }.get(member, gettext("Giá trị này chưa dùng được. Vui lòng hỏi người kỹ thuật của ứng dụng.")))


def options(units: Sequence[Mapping[str, str]], *, province: bool, acr_prefix: str,
            highest: int) -> dict[str, list[dict[str, str]]]:
    """Give what may be chosen, by field."""
    levels = {2: gettext("Hai lớp"), 3: gettext("Chứng thư số hoặc SIM")}
    return {
        "owner_unit": [*([{"value": "", "label": gettext("Chỉ quản trị tỉnh")}] if province else []),
                       *({"value": unit["code"], "label": unit["name"]} for unit in units)],
        "token_endpoint_auth_method": [{"value": name, "label": name} for name in AUTH_METHODS],
        "consent": [{"value": "ask", "label": gettext("Hỏi")},
                    *([{"value": "implied", "label": gettext("Không hỏi: ứng dụng của tỉnh")}] if province else [])],
        "required_acr": [{"value": "", "label": gettext("Mật khẩu")},
                         *({"value": f"{acr_prefix}{level}", "label": word} for level, word in levels.items()
                           if level <= highest)]}


def course(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Give how far an application is, as pages show it.

    Args:
        found: As ``Onboarding.of`` gives it.
        names: What officers are called, by subject.
    """
    called = {Step.TESTED: gettext("Đã kiểm tra"), Step.CONNECTED: gettext("Đã được dùng"),
              Step.LOGOUT_PROVEN: gettext("Đã nhận tin đăng xuất"), Step.OLD_LOGIN_OFF: gettext("Đã tắt đăng nhập cũ")}
    states = {"done": ("ok", "check", gettext("Xong")), "open": ("idle", "ring", gettext("Chưa")),
              "due_again": ("warn", "warn", gettext("Phải làm lại")), "not_needed": ("idle", "check", gettext("Không cần")),
              "missing": ("bad", "warn", gettext("Thiếu địa chỉ"))}
    why = {(Step.TESTED, "due_again"): gettext("Đăng ký đã đổi sau lần kiểm tra cuối."),
           (Step.TESTED, "open"): gettext("Nút Kiểm tra nằm ở trang này."),
           (Step.CONNECTED, "open"): gettext("Tự ghi nhận khi có người đăng nhập lần đầu."),
           (Step.LOGOUT_PROVEN, "open"): gettext("Tự ghi nhận khi ứng dụng nhận tin đăng xuất đầu tiên."),
           (Step.LOGOUT_PROVEN, "due_again"): gettext("Địa chỉ nhận tin đăng xuất đã đổi."),
           (Step.LOGOUT_PROVEN, "missing"): gettext("Cán bộ đăng xuất chưa hết ở ứng dụng này. Vui lòng ghi địa chỉ."),
           (Step.OLD_LOGIN_OFF, "open"): gettext("Ghi nhận khi cán bộ không còn đăng nhập bằng cách cũ.")}
    steps = []
    for one in found["steps"]:
        step, (tag, icon, word) = Step(one["step"]), states[one["state"]]
        steps.append({"name": step.value, "label": called[step], "tag": tag, "icon": icon, "word": word,
                      "at": moment(one["at"]) if one["at"] else "", "by": names.get(one["by"], ""), "note": one["note"],
                      "why": why.get((step, one["state"]), ""), "done": one["state"] in ("done", "not_needed")})
    return {"steps": steps, "done": sum(one["done"] for one in steps), "all": len(steps), "complete": found["complete"],
            "last_used": moment(found["last_used_at"]) if found["last_used_at"] else "",
            "lacks_logout": any(one["step"] == Step.LOGOUT_PROVEN and one["state"] == "missing" for one in found["steps"])}


def acts() -> Mapping[str, tuple[str, str]]:
    """Give what each act is called, and what it means before it is done."""
    return {
        "disable": (gettext("Đóng ứng dụng"),
                    gettext("Không ai đăng nhập được vào ứng dụng này nữa, và mọi quyền đã cấp ngừng ngay. Bạn có thể mở lại.")),
        "enable": (gettext("Mở lại ứng dụng"), gettext("Cán bộ đăng nhập lại được vào ứng dụng này.")),
        "secret": (gettext("Đổi mã bí mật"),
                   gettext("Mã cũ hết tác dụng ngay. Ứng dụng ngừng đăng nhập được cho đến khi có mã mới, nên vui lòng làm cùng"
                           " người kỹ thuật.")),
        "delete": (gettext("Xóa ứng dụng"),
                   gettext("Đăng ký, mọi quyền đã cấp và sự đồng ý của cán bộ đều mất. Không lấy lại được.")),
        "old-login-off": (gettext("Ghi nhận đã tắt đăng nhập cũ"),
                          gettext("Từ đó cán bộ vào ứng dụng này chỉ bằng đăng nhập một lần.")),
        "old-login-on": (gettext("Đăng nhập cũ đã mở lại"), gettext("Bước này trở lại là chưa xong."))}


def refusal(code: str) -> str:
    """Say why something was refused."""
    known = {
        "changed_meanwhile": gettext("Có người vừa sửa ứng dụng này. Vui lòng xem lại rồi sửa tiếp."),
        "read_only": gettext("Ứng dụng này ghi trong tệp ở thư mục clients/, nên chỉ sửa ở đó."),
        "no_secret": gettext("Ứng dụng này không dùng mã bí mật."),
        "invalid_body": gettext("Vui lòng ghi ai đã tắt, khi nào. Nhiều nhất 500 ký tự."),
        "forbidden": gettext("Bạn không được cấp điều này. Vui lòng liên hệ quản trị tỉnh."),
        "conflict": gettext("Vui lòng thử lại.")}
    return str(known.get(code, gettext("Chưa làm được. Vui lòng xem lại ứng dụng này.")))
