"""Samples of the console's pages of devices and tasks."""

from __future__ import annotations

from typing import Any, Final

from idp.administration.tasks import SORTS as DUE
from idp.web.console.turning import sorting

from .desk_samples import by_language, frame

_HELD = {"name": "handed_over", "word": {"vi": "Đã bàn giao", "en": "Handed over"}, "tag": "ok", "icon": "check"}
_DUE = {"name": "return_due", "word": {"vi": "Chờ trả lại", "en": "Return is due"}, "tag": "wait", "icon": "clock"}
_LOST = {"name": "lost", "word": {"vi": "Đã báo mất", "en": "Reported lost"}, "tag": "bad", "icon": "cross"}
_STOCK = {"name": "in_stock", "word": {"vi": "Trong kho", "en": "In stock"}, "tag": "idle", "icon": "ring"}
_IN_USE = {"name": "active", "word": {"vi": "Đang dùng", "en": "In use"}, "tag": "ok", "icon": "check"}
_USB, _SIM = {"vi": "Thiết bị USB", "en": "USB device"}, {"vi": "SIM", "en": "SIM"}
_LONG_UNIT = "Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới tỉnh"
_GIVE = {"name": "hand_over", "label": {"vi": "Bàn giao", "en": "Hand over"}}
_BACK = {"name": "take_back", "label": {"vi": "Nhận lại thiết bị", "en": "Take the device back"}}
_LOSS = {"name": "report_loss", "label": {"vi": "Báo mất thiết bị", "en": "Report a device lost"}}


def _row(number: int, serial: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": f"{number:020x}", "serial": serial, "kind": _USB, "state": state, "holder": "", "unit_name": "",
            "since": "23/11/2026", "due": "", "overdue": False, "record": "", "enrollment": "", "acts": [], **more}


_ROWS = [
    _row(1, "TK-0001", _HELD, holder="Phạm Văn Minh Họa", unit_name="Sở Y tế", record="07/BB-STTTT", acts=[_BACK, _LOSS]),
    _row(2, "8984048000000000001", _DUE, kind=_SIM, holder="Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", unit_name=_LONG_UNIT,
         due="20/11/2026", overdue=True, acts=[_BACK, _LOSS]),
    _row(3, "TK-0003", _LOST, holder="Võ Văn Làm Mẫu", unit_name="Sở Y tế"), _row(4, "TK-0004", _STOCK, acts=[_GIVE, _LOSS])]
_HISTORY = by_language([
    {"number": 2, "at": "23/11/2026 09:05", "what": {"vi": "Yêu cầu trả lại", "en": "Demand it back"}, "who": "Trần Thị Ví Dụ",
     "giver": "", "receiver": "", "form": "", "record": "", "enrollment": ""},
    {"number": 1, "at": "23/11/2026 08:14", "what": {"vi": "Bàn giao", "en": "Hand over"}, "who": "Trần Thị Ví Dụ",
     "giver": "Trần Thị Ví Dụ", "receiver": "Phạm Văn Minh Họa", "form": "07", "record": "07/BB-STTTT", "enrollment": ""},
    {"number": 0, "at": "20/11/2026 08:14", "what": {"vi": "Nhập kho", "en": "Enter into the stock"}, "who": "Trần Thị Ví Dụ",
     "giver": "", "receiver": "", "form": "", "record": "", "enrollment": ""}])
_CERTIFICATES = by_language([
    {"id": "2026-04210004", "name": "Phạm Văn Minh Họa", "serial": "5401ab00c3d2e1f0",
     "state": _IN_USE}])
_FOUND = by_language(_ROWS)


def _one(number: int) -> dict[str, Any]:
    return {lang: _FOUND[lang][number] for lang in ("vi", "en")}


def _task(number: int, kind: dict[str, str], name: str, unit: str, **more: Any) -> dict[str, Any]:
    return {"id": f"task-{number}", "kind": kind, "name": name, "uid": f"mau{number}", "unit_name": unit,
            "due": "23/11/2026 08:14", "overdue": False, "done": False,
            "owner": {"vi": "Quản trị tỉnh", "en": "Province administrator"}, **more}


_TASKS = by_language([
    _task(1, {"vi": "Thu hồi chứng thư số", "en": "Revoke the certificate"}, "Phạm Văn Minh Họa", "Sở Y tế", overdue=True),
    _task(2, {"vi": "Đổi nội dung chứng thư số", "en": "Change the content of a certificate"},
          "Công Tằng Tôn Nữ Nguyễn Thị Thử Nghiệm", _LONG_UNIT, owner={"vi": "Đơn vị", "en": "Agency"}),
    _task(3, {"vi": "Thu hồi SIM", "en": "Withdraw the SIM"}, "Võ Văn Làm Mẫu", "Sở Y tế", done=True)])


def _tasks(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    def found(number: int) -> dict[str, Any]:
        return {lang: _TASKS[lang][number] for lang in ("vi", "en")}

    listed: dict[str, Any] = frame(who, "tasks") | {
        "sort": "-due_at", "sorts": sorting("/admin/tasks/", [("state", "open")], "-due_at", DUE),
        "state": "open", "rows": _TASKS, "turn": {"first": "/next", "prev": "", "next": "/next"}}
    requests = by_language([{"id": "2026-04210004", "what": {"vi": "Cấp mới, thiết bị USB", "en": "New, USB device"},
                             "serial": "5401ab00c3d2e1f0", "standing": True, "state": _IN_USE}])
    one: dict[str, Any] = frame(who, "tasks") | {
        "error": "", "proof": "", "longest": 2000, "found": found(0), "may_complete": True, "until": "", "requests": [],
        "change_url": "",
        "opened": "22/11/2026 08:14", "done_at": "", "done_by": "", "said": "",
        "why": {"vi": "Cán bộ không còn làm việc.", "en": "The officer is no longer at work."}}
    return {
        "tasks": ("console/tasks.html", listed),
        "tasks-none": ("console/tasks.html", listed | {"rows": []}),
        "tasks-none-done": ("console/tasks.html", listed | {"rows": [], "state": "done"}),
        "task": ("console/task.html", one),
        "task-refused": ("console/task.html", one | {
            "proof": "Thu hồi", "error": {"vi": "Việc này đã xong trước đó.", "en": "This was done before."}}),
        "task-standing": ("console/task.html", one | {
            "may_complete": False, "requests": requests,
            "until": {"vi": "Còn 1 chứng thư số chưa kết thúc.", "en": "1 certificate has not ended yet."}}),
        "task-of-others": ("console/task.html", one | {"found": found(1), "may_complete": False}),
        "task-change": ("console/task.html", one | {
            "found": found(1), "may_complete": False, "change_url": "/next",
            "until": {"vi": "Còn 1 chứng thư số chưa kết thúc.", "en": "1 certificate has not ended yet."}}),
        "task-done": ("console/task.html", one | {
            "found": found(2), "may_complete": False, "done_at": "22/11/2026 10:00", "done_by": "Trần Thị Ví Dụ",
            "said": "12/CTS, 22/11/2026", "requests": requests}),
    }


def _records() -> dict[str, tuple[str, dict[str, Any]]]:
    desk = {"name": "Trần Thị Ví Dụ", "title": "Chuyên viên", "unit_name": "Sở Thông tin và Truyền thông"}
    holder = {"name": "Phạm Văn Minh Họa", "title": "Trưởng phòng", "unit_name": "Sở Y tế"}
    nobody = {"name": "", "title": "", "unit_name": ""}
    item = {"kind": _USB, "serial": "TK-0001", "certificate": "5401ab00c3d2e1f0", "ends": "23/11/2031"}
    record: dict[str, Any] = {
        "form": "07", "back": "/next", "date": {"vi": "ngày 05 tháng 02 năm 2026", "en": "05/02/2026"}, "number": "07/BB-STTTT",
        "unit": desk["unit_name"], "giver": desk, "receiver": holder, "rows": by_language([item]), "many": False}
    return {
        "record-07": ("console/record.html", record),
        "record-07-blank": ("console/record.html", record | {
            "number": "", "unit": "", "giver": nobody, "receiver": nobody,
            "rows": by_language([item | {"serial": "8984048000000000001", "certificate": "", "ends": ""}])}),
        "record-07-many": ("console/record.html", record | {
            "number": "", "receiver": nobody, "many": True, "rows": by_language([
                {**holder, **item},
                {**desk, **item, "unit_name": _LONG_UNIT, "certificate": "5401ab12cd34ef5601ab12cd34ef56"}])}),
        "record-08": ("console/record.html", record | {
            "form": "08", "number": "08/BB-SYT", "unit": "Sở Y tế", "giver": holder, "receiver": desk}),
        "record-09": ("console/record.html", record | {
            "form": "09", "number": "", "unit": "Sở Y tế", "giver": holder, "receiver": nobody}),
    }


def contexts(who: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give template and context of each sample, by name."""
    listed: dict[str, Any] = frame(who, "devices") | {
        "error": "", "rows": _FOUND, "narrowed": {"state": "", "kind": "token", "unit": "", "q": "mau", "overdue": ""},
        "states": by_language([_STOCK, _HELD, _DUE, _LOST]), "units": [{"code": "H30.11", "name": "Sở Y tế"}],
        "kinds": by_language([{"name": "token", "word": _USB}, {"name": "sim", "word": _SIM}]), "may_enter": True,
        "told": {"kind": "", "serial": ""}, "turn": {"first": "/next", "prev": "/next", "next": "/next"}}
    one: dict[str, Any] = frame(who, "devices") | {"error": "", "found": _one(0), "history": _HISTORY,
                                                   "certificates": _CERTIFICATES}
    act: dict[str, Any] = frame(who, "devices") | {
        "error": "", "found": _one(3), "act": "hand_over", "label": _GIVE["label"], "needs": ("receiver", "keeper", "record"),
        "told": {"q": ""}, "officers": [], "destructive": False,
        "warning": {"vi": "Hai bên ký biên bản trước.", "en": "Both sides sign the record first."}}
    chosen = {"told": {"q": "mẫu", "receiver": "b", "keeper": "agency", "record": ""}, "officers": [
        {"sub": "a", "name": "Phạm Văn Minh Họa, Trưởng phòng, Sở Y tế"}, {"sub": "b", "name": f"Ngô Văn Thí Dụ, {_LONG_UNIT}"}]}
    return _tasks(who) | _records() | {
        "devices": ("console/devices.html", listed),
        "devices-none": ("console/devices.html", listed | {
            "rows": [], "may_enter": False, "turn": {"first": "", "prev": "", "next": ""},
            "narrowed": listed["narrowed"] | {"overdue": "true"}}),
        "devices-refused": ("console/devices.html", listed | {
            "told": {"kind": "sim", "serial": "TK-0001"},
            "error": {"vi": "Thiết bị này đã có trong danh sách.", "en": "This device is in the list already."}}),
        "device-shown": ("console/device.html", one),
        "device-shown-overdue": ("console/device.html", one | {
            "found": _one(1), "certificates": [],
            "error": {"vi": "Thiết bị đã ở bước khác.", "en": "The device is at another step by now."}}),
        "device-act-find": ("console/device_act.html", act | {"told": {"q": "không có"}}),
        "device-act-chosen": ("console/device_act.html", act | chosen | {
            "error": {"vi": "Nội dung còn trống.", "en": "Something is empty."}}),
        "device-act-lost": ("console/device_act.html", act | {
            "found": _one(0), "act": "report_loss", "label": _LOSS["label"], "needs": (), "destructive": True}),
    }


WRONG: Final = frozenset({"devices-refused", "device-shown-overdue", "device-act-chosen", "task-refused"})
"""Samples that are sent with a status of refusal."""
