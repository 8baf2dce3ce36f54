"""The part of the API's description that is about devices with private keys (``openapi``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.enrollment.devices import ACTS, KINDS
from ....pki.custody.device import DeviceState, Handling
from ....pki.forms import LONGEST_FILE

_TEXT: Final = {"type": "string"}
_WORD: Final = {"type": "string", "maxLength": 1000}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_YES: Final = {"type": "boolean"}
KIND: Final = {"type": "string", "enum": list(KINDS)}
STATE: Final = {"type": "string", "enum": [state.value for state in DeviceState]}
FILES: Final = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""Media types of lists, by the end of their names."""


def schemas(object_: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the schemas of devices and acts."""
    device: dict[str, dict[str, Any]] = {
        "id": _TEXT, "kind": KIND, "serial": _TEXT, "state": STATE, "holder": _TEXT_OR_NONE, "unit_code": _TEXT_OR_NONE,
        "enrollment": _TEXT_OR_NONE, "since": _TIME, "due_at": _TIME_OR_NONE, "overdue": _YES, "record": _TEXT_OR_NONE}
    entry: dict[str, dict[str, Any]] = {
        "at": _TIME, "handling": {"type": "string", "enum": [handling.value for handling in Handling]},
        "before": _TEXT_OR_NONE, "after": _TEXT,
        **dict.fromkeys(("actor", "giver", "receiver", "unit_code", "enrollment", "record"), _TEXT_OR_NONE),
        "form": {"type": ["string", "null"], "enum": ["07", "08", "09", None]}}
    act = {"act": {"type": "string", "enum": list(ACTS)}, "receiver": _WORD, "record": _WORD, "for_agency": _YES}
    return {"Device": object_(device, device),
            "DeviceWithHistory": object_(device | {"history": {"type": "array", "items": object_(entry, entry)}},
                                         (*device, "history")),
            "NewDevice": object_({"kind": KIND, "serial": _WORD}, ("kind", "serial")), "DeviceAct": object_(act, ("act",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations on devices."""
    take = operation("takeDevices", "Try a list of devices, or take it into the stock; each row stands for itself.",
                     answer="TakenList", change=True, query=("dry_run",), errors=(415, 422))
    take["requestBody"] = {"required": True, "content": {
        kind: {"schema": {"type": "string", "format": "binary", "maxLength": LONGEST_FILE}} for kind in FILES.values()}}
    written = operation("writeDevices", "All devices that you see, as a list.", path="kind")
    written["parameters"] = [{"name": "kind", "in": "path", "required": True, "schema": {"type": "string", "enum": list(FILES)}}]
    written["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILES.values()}
    return {
        "/devices": {
            "get": operation("listDevices", "Tokens, SIMs and security modules, and who has them; q: part of the number, or of "
                             "what the holder is called.", answer="DevicePage",
                             query=("device_state", "device_kind", "unit", "holder", "q", "overdue", "cursor", "limit")),
            "post": operation("enterDevice", "Enter a device into the stock.", answer="Device", status=201, body="NewDevice",
                              change=True, errors=(409,))},
        "/devices/lists": {"post": take},
        "/devices/lists/{kind}": {"get": written},
        "/devices/{id}": {"get": operation("readDevice", "One device, with its history.", answer="DeviceWithHistory", path="id")},
        "/devices/{id}/acts": {
            "post": operation("actUponDevice", "Hand over, demand back, take back, report a loss ...", answer="Device", path="id",
                              body="DeviceAct", change=True, errors=(409,))},
    }
