"""Who has which role over which agency: by group of the directory, or as a deputy until a day.

Source: security checklist 38 (who may do what is looked through, and what ends is seen to end). What somebody has is told by
``roles.RoleGroups``, as at each request. Roles are given and taken in the directory, which says neither when nor by whom: what is
told is since when the mirror has them. Whoever administers as a whole sees it, an agency of its own officers. A role that stays
in the directory with somebody who has left, or was stopped, is shown: it comes back with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from ...audit import AuditEvent, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.unit import is_within
from ...errors import RefusedError
from ...pki.enrollment.working_days import ZONE
from ...roles import Administrator, Lent, Right, Role, RoleGroups
from ...spreadsheet import harmless
from ..operation.files import ListFile, ListFiles, asked_for, asked_unit, check_only, text_of
from ..pages import InvalidParameterError, Page, cursor_of, place_of

ROLES: Final = tuple(role.value for role in Role if role is not Role.MACHINE)
STATES: Final = ("ending", "never", "without_factor", "left")
"""Deputies whose last day comes within ``ENDING_SECONDS``; who has never signed in; who has no second factor; who left or was
stopped."""
ENDING_SECONDS: Final = 14 * 86400
_AT_ONCE: Final = 500
_HEADINGS: Final = ("Họ và tên", "Tên đăng nhập", "Chức danh", "Đơn vị", "Vai trò", "Phạm vi", "Từ", "Làm thay", "Đến hết ngày",
                    "Đăng nhập lần cuối", "Lớp thứ hai", "Tài khoản")
_CALLED: Final = {
    Role.PROVINCE: "Quản trị tỉnh", Role.AGENCY: "Quản trị đơn vị", Role.REGISTRATION: "Cán bộ đăng ký chứng thư số",
    Role.CLERK: "Văn thư giữ thiết bị", Role.HELP_DESK: "Bộ phận hỗ trợ", Role.AUDITOR: "Kiểm toán viên, chỉ xem"}
_ACCOUNTS: Final = {"active": "Đang làm việc", "disabled": "Bị khóa", "gone": "Không còn trong danh bạ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Somebody who is in a group that makes administrators, or stands in for somebody.

    Attributes:
        since: When the mirror saw the groups that they have now; None where that was before it kept this.
        last_sign_in_at: None for never.
        lent: What they are deputy of.
        made_at: When they were named deputy.
        ends_at: The end of its last day.
        place: Where in the list.
    """

    officer: MirroredOfficer
    since: int | None
    last_sign_in_at: int | None
    has_factor: bool
    lent: Lent | None
    made_at: int
    ends_at: int
    place: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Whom to look for.

    Attributes:
        groups: In one of these groups; deputies are given besides.
        unit: Of this agency or below, or perhaps so; "" for all.
        state: One of ``STATES``; "" for everybody who is not gone.
        ending_by: For ``ending``, seconds since the epoch.
    """

    groups: Sequence[str]
    unit: str = ""
    state: str = ""
    ending_by: int = 0


class HolderStore(Protocol):
    """Where they are found. May raise UnavailableError(dependency="database")."""

    def page(self, looked: Looked, *, after: tuple[str, str] | None, limit: int) -> Sequence[Held]:
        """Give them behind a place, by their agencies' codes."""
        ...


class _Known:
    """What is lent to one officer, as it was read with them."""

    def __init__(self, lent: Lent | None) -> None:
        self._lent = lent

    def lent_to(self, sub: str) -> Sequence[Lent]:
        return (self._lent,) if self._lent is not None else ()

    def lent_by(self, subjects: frozenset[str]) -> frozenset[str]:
        return frozenset()


class RoleHolders:
    """Shows them.

    Args:
        store: Where they are found.
        mirror: Officers by subject.
        groups: Tells who has which role.
        files: Gives lists away.
        clock: Source of the time.
    """

    def __init__(self, store: HolderStore, mirror: OfficerMirror, groups: RoleGroups, files: ListFiles, clock: Clock) -> None:
        self._store, self._mirror, self._groups, self._files, self._clock = store, mirror, groups, files, clock

    def listed(self, who: Administrator, *, role: str = "", unit: str = "", state: str = "", cursor: str = "",
               limit: int) -> Page:
        """Give who has a role, by agency.

        Args:
            who: Whoever asks sees the officers of their own agency and those below.
            role: One of ``ROLES``; "" for all.
            unit: Only officers of this agency and those below.
            state: One of ``STATES``; "" for everybody who is not gone.
            cursor: As the page before gave it.
            limit: How many at most.

        Raises:
            InvalidParameterError: a parameter is none of these, or the cursor none of this list.
            ForbiddenError: a role that does not administer as a whole.
        """
        who.demand(Right.ADMINISTER)
        if role not in ("", *ROLES) or state not in ("", *STATES):
            raise InvalidParameterError("role, state: not one that this list knows.")
        place = place_of(cursor, str, str)
        found = self._read(who, role, unit, state, (place[0], place[1]) if place else None, limit)
        page = [self._shown(held, has) for held, has in found[:limit]]
        return Page(page, cursor_of(*found[limit - 1][0].place) if len(found) > limit else "")

    def file(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> ListFile:
        """Give the list as a file, which is recorded.

        Args:
            who: As ``listed``.
            body: ``purpose``; as far as wanted ``file`` (``files.FILES``), ``role``, ``unit`` and ``state``.
            caller: Who asks.

        Raises:
            ForbiddenError: as ``listed``.
            RefusedError: 422, as ``ListFiles.begin``; what narrows is none that the list knows.
        """
        who.demand(Right.ADMINISTER)
        check_only(body, "purpose", "file", "role", "unit", "state")
        asked_for(body)
        role, unit, state = text_of(body, "role"), asked_unit(body), text_of(body, "state")
        if role not in ("", *ROLES) or state not in ("", *STATES):
            raise RefusedError(f"role: one of {', '.join(ROLES)}; state: one of {', '.join(STATES)}.", code="invalid_body",
                               status=422)
        about = {"role": role, "unit": who.narrowed(unit), "state": state}
        return self._files.begin(AuditEvent.ROLE_HOLDERS_EXPORTED, who, body, caller, name="vai-tro",
                                 about={name: value for name, value in about.items() if value},
                                 rows=self._rows(who, role, unit, state))

    def _rows(self, who: Administrator, role: str, unit: str, state: str) -> Iterator[Sequence[str]]:
        yield _HEADINGS
        cursor = ""
        while True:
            page = self.listed(who, role=role, unit=unit, state=state, cursor=cursor, limit=_AT_ONCE)
            yield from map(_cells, page.items)
            cursor = page.next
            if not cursor:
                return

    def _read(self, who: Administrator, role: str, unit: str, state: str, after: tuple[str, str] | None,
              limit: int) -> list[tuple[Held, Administrator]]:
        """Read on until a page is full: not everybody who is in a group has a role by it, nor every deputy the one asked for."""
        groups = [self._groups.name_of(Role(role))] if role else sorted(self._groups.names)
        looked = Looked(groups=groups, unit=who.narrowed(unit), state=state, ending_by=self._clock.now() + ENDING_SECONDS)
        found: list[tuple[Held, Administrator]] = []
        many = max(limit + 1, _AT_ONCE) if role else limit + 1
        while True:
            read = self._store.page(looked, after=after, limit=many)
            for held in read:
                has = self._has(held)
                if has is not None and (not role or has.role == role) and (
                        not looked.unit or is_within(held.officer.officer.main_post.unit_code, looked.unit)):
                    found.append((held, has))
            if len(found) > limit or len(read) < many:
                return found
            after, many = read[-1].place, max(many, _AT_ONCE)

    def _has(self, held: Held) -> Administrator | None:
        """Give the role of somebody; of whoever does not work any more that which the directory still has for them."""
        if held.officer.status != "active":
            return self._groups.in_directory(held.officer)
        return replace(self._groups, deputies=_Known(held.lent)).administrator(held.officer, client_id="", read_only=False)

    def _shown(self, held: Held, has: Administrator) -> dict[str, Any]:
        person, post = held.officer.officer, held.officer.officer.main_post
        giver = held.lent.giver if held.lent is not None and has.deputy_for else None
        namer = self._mirror.by_sub(has.named_by) if has.named_by not in ("", has.deputy_for) else None
        return {
            "sub": held.officer.sub, "uid": person.uid, "name": person.name, "title": post.title, "unit_code": post.unit_code,
            "unit_name": post.unit_name, "status": held.officer.status, "role": has.role.value, "unit": has.unit or None,
            "since": held.made_at if giver else held.since, "deputy_for": giver.sub if giver else None,
            "deputy_for_name": giver.officer.name if giver else None,
            "named_by_name": namer.officer.name if namer else None, "ends_at": held.ends_at if giver else None,
            "last_sign_in_at": held.last_sign_in_at, "has_factor": held.has_factor}


def _cells(one: Mapping[str, Any]) -> Sequence[str]:
    return [harmless(text) for text in (
        one["name"] or one["uid"], one["uid"], one["title"], one["unit_name"], _CALLED[Role(one["role"])],
        one["unit"] or "Toàn tỉnh", _day(one["since"]), one["deputy_for_name"] or "", _day(one["ends_at"] and one["ends_at"] - 1),
        _day(one["last_sign_in_at"]) or "Chưa lần nào", "Đã có" if one["has_factor"] else "Chưa có", _ACCOUNTS[one["status"]])]


def _day(at: int | None) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y") if at else ""
