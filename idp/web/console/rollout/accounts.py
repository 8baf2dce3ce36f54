"""Accounts that a rollout forgets, list by list; rules and scope are those of ``administration.rollout.accounts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext

from ....administration.pages import USUAL
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....rollout.accounts import DORMANT_DAYS, AccountList
from ....services import Services
from ..door import Door, Entered
from ..operation.jobs import too_many
from ..turning import turning
from ..words import day
from .files import purpose_page, taken, told

LIST: Final = "/admin/accounts/"
FILE: Final = f"{LIST}file"


def lists() -> Mapping[str, tuple[str, str]]:
    """Give what each list is called, and what it holds."""
    return {
        AccountList.DORMANT: (gettext("Lâu không đăng nhập"),
                              gettext("Đã từng đăng nhập, nhưng không lần nào trong %(days)s ngày qua.", days=DORMANT_DAYS)),
        AccountList.NEVER_SIGNED_IN: (gettext("Chưa đăng nhập lần nào"), gettext("Tài khoản đang mở mà chưa ai dùng.")),
        AccountList.WITHOUT_MAILBOX: (gettext("Chưa có hộp thư"), gettext("Danh bạ chưa ghi thư điện tử công vụ.")),
        AccountList.WITHOUT_LOGOUT: (gettext("Ứng dụng chưa đăng xuất được"),
                                     gettext("Ứng dụng chưa lần nào nhận tin đăng xuất của hệ thống."))}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make ``/admin/accounts/`` and its file."""
    room = services.administration.accounts

    @views.get("/accounts/")
    def accounts() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        which, unit = _asked()
        page = room.listed(entered.who, which, unit=unit, cursor=request.args.get("cursor", ""), limit=USUAL)
        narrowed = {"list": which.value, **({"unit": unit} if unit else {})}
        offered = [{"code": one.code, "name": one.name}
                   for one in services.administration.enrollment_paper.asking.agencies(entered.who)]
        return door.page(
            "console/rollout/accounts.html", entered, here="accounts", which=which.value, unit=unit, about=lists()[which][1],
            title=lists()[which][0], choices=[{"value": name, "word": word} for name, (word, _) in lists().items()],
            applications=which is AccountList.WITHOUT_LOGOUT, units=offered,
            rows=[{**one, "last": day(one["last_sign_in_at"])} for one in page.items],
            export=f"{FILE}?{urlencode(narrowed)}",
            turn=turning(LIST, narrowed, following=page.next, prev=""))

    @views.get("/accounts/file")
    def ask_accounts_file() -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered)

    @views.post("/accounts/file")
    def accounts_file() -> Response:
        entered = door.enter(FILE)
        if isinstance(entered, Response):
            return entered
        which, unit = _asked()
        body = {"list": which.value, "unit": unit, **told()}
        try:
            return taken(services, entered, "accounts", body, rows=room.count(entered.who, body),
                         write=lambda: room.file(entered.who, body, entered.caller))
        except RefusedError as err:
            if err.code == "too_many_jobs":
                return _ask(entered, error=too_many(), status=409)
            if err.status != 422:
                raise
            return _ask(entered, status=422)

    def _ask(entered: Entered, *, error: str = "", status: int = 200) -> Response:
        which, unit = _asked()
        kept = {"list": which.value, "unit": unit}
        return purpose_page(door, entered, here="accounts", error=error, status=status,
                            title=gettext("Xuất danh sách cần rà soát"),
                            about=lists()[which][0], address=FILE, kept=kept, back=f"{LIST}?{urlencode(kept)}",
                            back_word=gettext("Cần rà soát"))


def _asked() -> tuple[AccountList, str]:
    which, unit = request.values.get("list", ""), request.values.get("unit", "")
    return (AccountList(which) if which in set(AccountList) else AccountList.DORMANT, unit if is_unit_code(unit) else "")
