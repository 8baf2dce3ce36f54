"""Signing keys: what signs now, what comes next, and the exchange of them, each act with what applications notice of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ....administration.keys import KINDS
from ....errors import RefusedError
from ....roles import Role
from ....services import Services
from ..door import Door, Entered
from ..words import moment

PAGE: Final = "/admin/keys/"


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.keys

    @views.get("/keys/")
    def keys() -> Response:
        entered = door.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        return _page(entered) if entered.who.of_the_province else abort(403)

    @views.get("/keys/rotate")
    def ask_rotation() -> Response:
        entered = door.enter(request.full_path, fresh=True)
        if isinstance(entered, Response):
            return entered
        if entered.who.role is not Role.PROVINCE or not entered.who.may_change:
            abort(403)
        kind = request.args.get("alg", "")
        return door.page("console/operation/rotate.html", entered, here="keys", alg=kind if kind in KINDS else "",
                         emergency=request.args.get("emergency") == "true")

    @views.post("/keys/rotate")
    def rotate_keys() -> Response:
        entered = door.enter(PAGE, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        alg, emergency = request.form.get("alg", ""), request.form.get("emergency") == "true"
        if alg not in ("", *KINDS):
            abort(400)
        try:
            told = room.rotate(entered.who, entered.caller, alg=alg, emergency=emergency)
        except RefusedError as err:
            if err.status == 403:
                raise
            return _page(entered, status=err.status, error=gettext("Có người vừa đổi khóa. Vui lòng xem lại."))
        return _page(entered, told["warnings"], done=True, emergency=emergency)

    def _page(entered: Entered, warnings: Any = (), *, done: bool = False, emergency: bool = False, status: int = 200,
              error: str = "") -> Response:
        found = room.listed(entered.who)
        rows = [_row(one, found["next_rotation_at"].get(one["alg"])) for one in found["keys"]]
        return door.page(
            "console/operation/keys.html", entered, here="keys", status=status, error=error, rows=rows, done=done,
            hasty=len(warnings) > int(emergency), emergency=emergency,
            may_rotate=entered.who.role is Role.PROVINCE and entered.who.may_change)


def _row(key: Mapping[str, Any], next_at: int | None) -> dict[str, Any]:
    states = {"active": ("ok", "check", gettext("Đang ký")), "next": ("wait", "clock", gettext("Đã công bố, chờ dùng")),
              "retired": ("idle", "ring", gettext("Để kiểm tra"))}
    tag, icon, word = states[key["state"]]
    return {"kid": key["kid"], "alg": key["alg"], "tag": tag, "icon": icon, "word": word,
            "since": moment(key["activated_at"] or key["created_at"]), "active": key["state"] == "active",
            "place": gettext("Thiết bị PKCS #11") if key["private_part"] == "pkcs11" else gettext("Cơ sở dữ liệu, đã mã hóa"),
            "next": moment(next_at) if next_at and key["state"] == "active" else ""}
