"""Accounts that a rollout forgets, for administrators: an agency sees its own (security checklist 38)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from ...pki.enrollment.working_days import ZONE
from ...pki.forms import Sheets
from ...roles import Administrator
from ...rollout.accounts import Account, AccountList, AccountStore
from ...spreadsheet import harmless
from ..pages import Page, cursor_of, place_of

_AT_ONCE: Final = 2000
HEADINGS: Final = ("STT", "Họ và tên hoặc ứng dụng", "Chức vụ", "Đơn vị", "Mã đơn vị", "Đăng nhập gần nhất")


class ForgottenAccounts:
    """Lists them.

    Args:
        store: Where they are.
        sheets: Files.
    """

    def __init__(self, store: AccountStore, sheets: Sheets) -> None:
        self._store, self._sheets = store, sheets

    def listed(self, who: Administrator, which: AccountList, *, unit: str = "", cursor: str = "", limit: int) -> Page:
        """Give one of the lists.

        Args:
            who: Whoever asks sees their own agency and those below.
            which: The list.
            unit: Only this agency and those below it, by its code.
            cursor: Of the page before.
            limit: How many at most.

        Raises:
            InvalidParameterError: a cursor that is none.
        """
        after = place_of(cursor, str)
        found = self._after(who, which, unit, after[0] if after else "", limit + 1)
        return Page([_shown(one) for one in found[:limit]], cursor_of(found[limit - 1].place) if len(found) > limit else "")

    def file(self, who: Administrator, which: AccountList, kind: str, *, unit: str = "") -> bytes:
        """Give a whole list as a file: ``csv`` or ``xlsx``."""
        rows, after = [list(HEADINGS)], ""
        while found := self._after(who, which, unit, after, _AT_ONCE):
            for one in found:
                rows.append([str(len(rows)), harmless(one.name), harmless(one.title), harmless(one.unit_name),
                             harmless(one.unit_code), _day(one.last_sign_in_at)])
            after = found[-1].place
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, which.value)

    def _after(self, who: Administrator, which: AccountList, unit: str, after: str, limit: int) -> list[Account]:
        scope = who.narrowed(unit)
        if which is not AccountList.WITHOUT_LOGOUT:
            return list(self._store.officers(which, unit=scope, after=after, limit=limit))
        found = (one for one in self._store.applications() if one.place > after and (
            not scope or one.unit_code == scope or one.unit_code.startswith(f"{scope}.")))
        return [one for one, _ in zip(found, range(limit), strict=False)]


def _shown(one: Account) -> dict[str, Any]:
    return {"subject": one.subject, "name": one.name, "title": one.title, "unit_code": one.unit_code, "unit_name": one.unit_name,
            "last_sign_in_at": one.last_sign_in_at, "tells_logout": one.tells_logout}


def _day(at: int | None) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y") if at is not None else ""
