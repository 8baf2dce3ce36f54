"""The list of officers leaves as a file: everybody whom a list shows, for a purpose (``operation.files``).

Source: security checklist 38, 41. Whoever takes it sees the officers of their own agency and below; telephone numbers stay
hidden in files too. Headings and words are Vietnamese, as in every file of the province.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ...audit import AuditEvent, Caller
from ...directory.unit import is_unit_code
from ...errors import RefusedError
from ...pki.enrollment.working_days import ZONE
from ...roles import Administrator, Right
from ...spreadsheet import harmless
from ..operation.files import ListFile, ListFiles, Tick, asked_for, check_only
from .officers import OfficerDirectory
from .ports import FACTORS, SORTS, STATES

ALWAYS: Final = {"name": "Họ và tên", "uid": "Tên đăng nhập", "unit_name": "Đơn vị"}
COLUMNS: Final = {"title": "Chức danh", "mail": "Thư công vụ", "phone": "Điện thoại", "seen": "Đăng nhập lần cuối",
                  "factor": "Lớp thứ hai", "certificates": "Chứng thư số"}
"""Columns that may be chosen, in their order."""
USUAL: Final = ("title", "seen", "factor", "certificates")
_NARROWS: Final = ("q", "unit", "state", "factor", "sort")
_LONGEST: Final = 100
_AT_ONCE: Final = 500


class OfficerFile:
    """Gives the list away.

    Args:
        directory: Shows officers.
        files: Gives lists away.
    """

    def __init__(self, directory: OfficerDirectory, files: ListFiles) -> None:
        self._directory, self._files = directory, files

    def check(self, who: Administrator, body: Mapping[str, Any]) -> tuple[dict[str, str], Sequence[str]]:
        """Give how the list is narrowed, and its columns. Raises as ``file``, and records nothing."""
        who.demand(Right.ADMINISTER)
        check_only(body, "purpose", "file", "columns", *_NARROWS)
        asked_for(body)
        columns = body.get("columns") or list(USUAL)
        narrowed = {name: body.get(name) or "" for name in _NARROWS}
        if not isinstance(columns, list) or not set(map(str, columns)) <= set(COLUMNS) or not all(
                isinstance(text, str) and len(text) <= _LONGEST and text.isprintable() for text in narrowed.values()):
            raise RefusedError(f"columns: a list of {', '.join(COLUMNS)}; {', '.join(_NARROWS)}: texts.", code="invalid_body",
                               status=422)
        narrowed["sort"] = narrowed["sort"] or SORTS[0]
        for name, known in (("state", STATES), ("factor", FACTORS), ("sort", SORTS)):
            if narrowed[name] and narrowed[name] not in known:
                raise RefusedError(f"{name}: one of {', '.join(filter(None, known))}.", code="invalid_body", status=422)
        if narrowed["unit"] and not is_unit_code(narrowed["unit"]):
            raise RefusedError("unit: an agency's code, such as H30.11.", code="invalid_body", status=422)
        who.narrowed(narrowed["unit"])
        return narrowed, [name for name in COLUMNS if name in columns]

    def file(self, who: Administrator, body: Mapping[str, Any], caller: Caller, tick: Tick | None = None) -> ListFile:
        """Give everybody whom a list shows as a file, which is recorded.

        Args:
            who: An administrator, or an auditor; they get their own agency and those below.
            body: ``purpose``; as far as wanted ``file`` (``files.FILES``), ``columns`` (``COLUMNS``), and ``q``, ``unit``,
                ``state``, ``factor``, ``sort`` as ``OfficerDirectory.listed``.
            caller: Who asks.
            tick: Follows.

        Raises:
            ForbiddenError: another role, or not their agency.
            RefusedError: 422, as ``ListFiles.begin``; what narrows is none that a list knows.
        """
        narrowed, columns = self.check(who, body)
        about = {name: value for name, value in narrowed.items() if value and (name, value) != ("sort", SORTS[0])}
        if scope := who.narrowed(narrowed["unit"]):
            about["unit"] = scope
        return self._files.begin(AuditEvent.OFFICERS_EXPORTED, who, body, caller, name="can-bo", about=about,
                                 rows=self._rows(who, caller, narrowed, columns), tick=tick, total=self._directory.count(
                                     who, **{name: value for name, value in narrowed.items() if name != "sort"}))

    def _rows(self, who: Administrator, caller: Caller, narrowed: Mapping[str, str],
              columns: Sequence[str]) -> Iterator[Sequence[str]]:
        yield [*ALWAYS.values(), *(COLUMNS[name] for name in columns)]
        cursor = ""
        while True:
            page = self._directory.listed(who, caller, **narrowed, cursor=cursor, limit=_AT_ONCE)
            for one in page.items:
                yield [harmless(one["name"] or one["uid"]), harmless(one["uid"]), harmless(one["unit_name"]),
                       *(harmless(_cell(one, name)) for name in columns)]
            cursor = page.next
            if not cursor:
                return


def _cell(one: Mapping[str, Any], column: str) -> str:
    if column == "seen":
        at = one["last_sign_in_at"]
        return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y %H:%M") if at else "Chưa lần nào"
    if column == "factor":
        return "Đã có" if one["has_factor"] else "Chưa có"
    return str(one[column] or ("" if column != "certificates" else 0))
