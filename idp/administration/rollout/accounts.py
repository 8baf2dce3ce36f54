"""Accounts that a rollout forgets, for administrators: an agency sees its own (security checklist 38)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from ...audit import AuditEvent, Caller
from ...directory.unit import is_within
from ...errors import RefusedError
from ...pki.enrollment.working_days import ZONE
from ...roles import Administrator
from ...rollout.accounts import Account, AccountList, AccountStore
from ...spreadsheet import harmless
from ..operation.files import ListFile, ListFiles, Tick, asked_for, asked_unit, check_only
from ..pages import Page, cursor_of, place_of

_AT_ONCE: Final = 2000
HEADINGS: Final = ("STT", "Họ và tên hoặc ứng dụng", "Chức vụ", "Đơn vị", "Mã đơn vị", "Đăng nhập gần nhất")


class ForgottenAccounts:
    """Lists them.

    Args:
        store: Where they are.
        files: Gives lists away.
    """

    def __init__(self, store: AccountStore, files: ListFiles) -> None:
        self._store, self._files = store, files

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

    def file(self, who: Administrator, body: Mapping[str, Any], caller: Caller, tick: Tick | None = None) -> ListFile:
        """Give a whole list as a file, which is recorded.

        Args:
            who: Whoever asks gets their own agency and those below.
            body: ``purpose``; ``list``, ``unit`` and ``file`` (``files.FILES``) as far as wanted.
            caller: Who asks.
            tick: Follows.

        Raises:
            RefusedError: 422, as ``ListFiles.begin``; no such list, no agency's code.
        """
        which, unit = self.check(who, body)
        return self._files.begin(
            AuditEvent.ACCOUNTS_EXPORTED, who, body, caller, name=which.value,
            about={"list": which.value, **({"unit": scope} if (scope := who.narrowed(unit)) else {})},
            rows=self._rows(who, which, unit), tick=tick, total=self._count(who, which, unit))

    def count(self, who: Administrator, body: Mapping[str, Any]) -> int:
        """Tell how many rows a file would have; refuses what ``file`` refuses, and records nothing."""
        return self._count(who, *self.check(who, body))

    def check(self, who: Administrator, body: Mapping[str, Any]) -> tuple[AccountList, str]:
        """Give the list and the agency. Raises as ``file``, and records nothing."""
        check_only(body, "purpose", "list", "unit", "file")
        asked_for(body)
        unit = asked_unit(body)
        who.narrowed(unit)
        try:
            return AccountList(body.get("list") or AccountList.DORMANT), unit
        except ValueError:
            raise RefusedError(f"list: one of {', '.join(AccountList)}.", code="invalid_body", status=422) from None

    def _count(self, who: Administrator, which: AccountList, unit: str) -> int:
        if which is AccountList.WITHOUT_LOGOUT:
            return sum(1 for _ in self._applications(who.narrowed(unit)))
        return self._store.count(which, unit=who.narrowed(unit))

    def _rows(self, who: Administrator, which: AccountList, unit: str) -> Iterator[Sequence[str]]:
        yield HEADINGS
        given, after = 0, ""
        while found := self._after(who, which, unit, after, _AT_ONCE):
            for number, one in enumerate(found, start=given + 1):
                yield (str(number), harmless(one.name), harmless(one.title), harmless(one.unit_name), harmless(one.unit_code),
                       _day(one.last_sign_in_at))
            given, after = given + len(found), found[-1].place

    def _after(self, who: Administrator, which: AccountList, unit: str, after: str, limit: int) -> list[Account]:
        scope = who.narrowed(unit)
        if which is not AccountList.WITHOUT_LOGOUT:
            return list(self._store.officers(which, unit=scope, after=after, limit=limit))
        return list(islice((one for one in self._applications(scope) if one.place > after), limit))

    def _applications(self, scope: str) -> Iterator[Account]:
        return (one for one in self._store.applications() if not scope or is_within(one.unit_code, scope))


def _shown(one: Account) -> dict[str, Any]:
    return {"subject": one.subject, "name": one.name, "title": one.title, "unit_code": one.unit_code, "unit_name": one.unit_name,
            "last_sign_in_at": one.last_sign_in_at, "tells_logout": one.tells_logout}


def _day(at: int | None) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y") if at is not None else ""
