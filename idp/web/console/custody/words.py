"""What states, acts and refusals of devices with private keys are called on pages (docs/operations/custody.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from ....services import Services
from ..desk import name_of
from ..words import day, kinds, moment, refusals


def states() -> Mapping[str, tuple[str, str, str]]:
    """Give each state's words, tag and icon, in the order of the course."""
    return {
        "in_stock": (gettext("Trong kho"), "idle", "ring"), "handed_over": (gettext("Đã bàn giao"), "ok", "check"),
        "return_due": (gettext("Chờ trả lại"), "wait", "clock"), "returned": (gettext("Đã trả lại"), "idle", "ring"),
        "lost": (gettext("Đã báo mất"), "bad", "cross")}


def acts() -> Mapping[str, str]:
    """Give what the button of each act says."""
    return {
        "hand_over": gettext("Bàn giao"), "demand_return": gettext("Yêu cầu trả lại"),
        "take_back": gettext("Nhận lại thiết bị"), "restock": gettext("Đưa về kho"),
        "report_loss": gettext("Báo mất thiết bị"), "record_loss": gettext("Ghi nhận mất thiết bị")}


def warnings() -> Mapping[str, str]:
    """Say what an act means, before it is done."""
    return {
        "hand_over": gettext("Hai bên ký biên bản (Mẫu 07) trước, rồi ghi số biên bản ở đây."),
        "demand_return": gettext("Người giữ có 5 ngày làm việc để trả lại thiết bị."),
        "take_back": gettext("Hai bên ký biên bản (Mẫu 08) trước, rồi ghi số biên bản ở đây."),
        "restock": gettext("Vui lòng xóa sạch thiết bị trước. Sau đó thiết bị được giao cho người khác."),
        "report_loss": gettext("Mọi chứng thư số trong thiết bị ngừng ký ngay từ lúc này, trước mọi giấy tờ."),
        "record_loss": gettext("Đơn vị lập biên bản (Mẫu 09) trước. Thiết bị được ghi là không trả lại.")}


def done() -> Mapping[str, str]:
    """Say what happened to a device, for its history; by the words of ``pki.custody.device.Handling``."""
    return {**acts(), "register": gettext("Nhập kho"), "reserve": gettext("Nhận cho một đề nghị"),
            "release": gettext("Đề nghị đã kết thúc")}


def refusal(code: str) -> str:
    """Say why something was not done, by the code of the refusal."""
    known = {
        "use_the_request": gettext("Thiết bị này thuộc một đề nghị. Vui lòng bàn giao ở trang của đề nghị đó."),
        "held_by_another": gettext("Người khác đang giữ thiết bị này. Thiết bị phải được trả lại trước."),
        "still_in_use": gettext("Chứng thư số trong thiết bị chưa được thu hồi. Vui lòng thu hồi trước."),
        "wrong_state": gettext("Thiết bị đã ở bước khác, nên việc này không làm được nữa."),
        "same_person": gettext("Không ai tự bàn giao, tự nhận lại hoặc tự ghi nhận mất thiết bị của mình."),
        "unknown_officer": gettext("Không có cán bộ nào như vậy đang làm việc. Vui lòng tìm lại."),
        "already_there": gettext("Thiết bị này đã có trong danh sách."),
        "changed": gettext("Có người vừa thay đổi thiết bị này. Vui lòng mở lại trang.")}
    others = refusals()
    return known.get(code) or (others[code] if code in ("not_yours", "invalid_body") else known["changed"])


def kind_word(kind: str) -> str:
    """Name a kind of device at the beginning of a line."""
    word = kinds()[kind]
    return word[:1].upper() + word[1:]


def device_words(services: Services, found: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """Give a device (``administration.enrollment.devices``) as pages show it.

    Args:
        services: What holders are called.
        found: The device.
        units: Names of agencies, by code.
    """
    word, tag, icon = states()[found["state"]]
    unit = found["unit_code"] or ""
    return {"id": found["id"], "serial": found["serial"], "kind": kind_word(found["kind"]),
            "state": {"name": found["state"], "word": word, "tag": tag, "icon": icon},
            "holder": name_of(services, found["holder"]), "unit_name": units.get(unit, unit), "since": day(found["since"]),
            "due": day(found["due_at"]), "overdue": found["overdue"], "record": found["record"] or "",
            "enrollment": found["enrollment"] or "",
            "acts": [{"name": name, "label": acts()[name]} for name in found.get("acts", ())]}


def line_words(services: Services, number: int, line: Mapping[str, Any]) -> dict[str, Any]:
    """Give one line of a device's history as pages show it; ``number`` is its place, from 0 on."""
    return {"number": number, "at": moment(line["at"]), "what": done()[line["handling"]],
            "who": name_of(services, line["actor"]), "giver": name_of(services, line["giver"]),
            "receiver": name_of(services, line["receiver"]), "form": line["form"] or "", "record": line["record"] or "",
            "enrollment": line["enrollment"] or ""}
