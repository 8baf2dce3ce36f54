"""What administrators look up of officers beside the mirror (port: ``administration.people.ports.People``).

Lists go by the index of their order from the place on where a page begins, until the page is full. An agency's list leaves to the
caller to check who is of it by now (``as_of``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from ....administration.people.ports import AgencyCounts, Narrowed, Standing
from ....audit import AuditEvent, AuditRecord
from ....authn.recovery_codes import CODES
from ....clock import Clock
from ....directory.mirror import Found
from ..database import Database, Read, parameter
from ..tables import (
    AuditRow,
    CustodyDeviceRow,
    EnrollmentRow,
    OfficerCertificateRow,
    OfficerRow,
    PasskeyRow,
    RecoveryCodesRow,
    SimLoginRow,
    TaskRow,
    TotpRow,
)
from .ledger import listed
from .rows import mirrored_now
from .search import by_name

OFFICER: Any = OfficerRow.__table__
ENROLLMENT: Any = EnrollmentRow.__table__
DEVICE: Any = CustodyDeviceRow.__table__
TASK: Any = TaskRow.__table__
AUDIT: Any = AuditRow.__table__
_ONE: Any = literal_column("1")
_ALL_USED = (1 << CODES) - 1


def _has(row: Any, *conditions: Any) -> Any:
    table: Any = row.__table__
    return exists(select(_ONE).select_from(table).where(table.c.entry_uuid == OFFICER.c.entry_uuid, *conditions))


_CODES: Any = RecoveryCodesRow.__table__
_FACTORS: Sequence[tuple[Any, ...]] = (
    (TotpRow,), (PasskeyRow,), (OfficerCertificateRow,), (SimLoginRow,),
    (RecoveryCodesRow, _CODES.c.used != literal_column(str(_ALL_USED))))
"""Tables of factors, each with what holds of rows that count."""
HAS_FACTOR = or_(*(_has(*factor) for factor in _FACTORS))
FEW: Final = 1_000
"""Up to so many who have a factor are looked up one by one: to find a few in an order, everybody would be read through."""
_IN_USE = and_(ENROLLMENT.c.holder == OFFICER.c.sub, ENROLLMENT.c.active_key.is_not(None))


def _below(unit: str) -> dict[str, str]:
    return {"unit": unit, "below": f"{unit}.%"} if unit else {}


class SqlPeople:
    """Looks it up. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        uuid = parameter(OFFICER.c.entry_uuid, "after_uuid")
        place = tuple_(bindparam("place", type_=Text()), uuid)
        name = by_name(sqlite=database.is_sqlite)
        seen: tuple[Any, Any] = (func.coalesce(OFFICER.c.last_sign_in_at, literal_column("0")), OFFICER.c.entry_uuid)
        there = tuple_(bindparam("seen", type_=BigInteger()), uuid)
        orders: Mapping[str, tuple[Any, Any]] = {
            "name": (tuple_(*name) > place, name),
            "-name": (tuple_(*name) < place, tuple(part.desc() for part in name)),
            "last_sign_in": (tuple_(*seen) > there, seen),
            "-last_sign_in": (tuple_(*seen) < there, tuple(part.desc() for part in seen))}
        unit = parameter(OFFICER.c.unit_code, "unit")
        of_it = or_(OFFICER.c.unit_code == unit, OFFICER.c.unit_code.like(bindparam("below", type_=Text())))
        states: Mapping[str, Any] = {
            "": OFFICER.c.status != literal_column("'gone'"), "active": OFFICER.c.status == literal_column("'active'"),
            "disabled": OFFICER.c.status == literal_column("'disabled'"),
            "guest": and_(OFFICER.c.status != literal_column("'gone'"), OFFICER.c.guest != literal_column("''"))}
        many = OFFICER.c.entry_uuid.in_(listed(database, "entry_uuids"))
        factors: Mapping[str, tuple[Any, ...]] = {"": (), "with": (HAS_FACTOR,), "without": (~HAS_FACTOR,), "few": (many,)}
        limit = bindparam("limit", type_=Integer())
        having = union_all(*(select(row.__table__.c.entry_uuid).where(*which) for row, *which in _FACTORS)).subquery()
        self._having = database.read(select(having.c.entry_uuid).limit(literal_column(str(FEW + 1))))

        @cache
        def page(sort: str, narrowed: bool, state: str, factor: str) -> Read:
            behind, by = orders[sort]
            within = (of_it,) if narrowed else ()
            return database.read(select(OFFICER).where(states[state], *within, *factors[factor], behind)
                                 .order_by(*by).limit(limit))

        @cache
        def count(narrowed: bool, state: str, factor: str) -> Read:
            within = (of_it,) if narrowed else ()
            return database.read(select(func.count().label("officers")).select_from(OFFICER).where(
                states[state], *within, *factors[factor]))

        self._page, self._count = page, count
        self._where = database.read(select(OFFICER.c.search_key, OFFICER.c.last_sign_in_at).where(many))
        certificates = select(func.count()).select_from(ENROLLMENT).where(_IN_USE).scalar_subquery()
        self._standing = database.read(select(
            OFFICER.c.entry_uuid, OFFICER.c.last_sign_in_at, case((HAS_FACTOR, 1), else_=0).label("has_factor"),
            certificates.label("certificates")).where(many))
        self._holders = (
            database.read(select(ENROLLMENT.c.holder).where(ENROLLMENT.c.serial == parameter(ENROLLMENT.c.serial, "number"))),
            database.read(select(DEVICE.c.holder).where(DEVICE.c.serial == parameter(DEVICE.c.serial, "number"))))
        self._seals = database.read(select(ENROLLMENT.c.enrollment_id).where(
            ENROLLMENT.c.unit_code == parameter(ENROLLMENT.c.unit_code, "unit"), ENROLLMENT.c.kind == literal_column("'seal'"),
            ENROLLMENT.c.active_key.is_not(None)).order_by(ENROLLMENT.c.enrollment_id))
        self._tasks = database.read(select(TASK.c.task_id).where(
            TASK.c.sub == parameter(TASK.c.sub), TASK.c.state == literal_column("'open'")).order_by(TASK.c.due_at))
        at, number_ = parameter(AUDIT.c.at, "before_at"), bindparam("before_id", type_=BigInteger())
        self._trail = database.read(select(AUDIT).where(
            AUDIT.c.sub == parameter(AUDIT.c.sub), or_(AUDIT.c.at < at, and_(AUDIT.c.at == at, AUDIT.c.id < number_)))
            .order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc()).limit(limit))
        held = exists(select(_ONE).select_from(ENROLLMENT).where(_IN_USE))
        self._counts = database.read(select(
            OFFICER.c.unit_code, func.count().label("officers"), func.sum(case((HAS_FACTOR, 1), else_=0)).label("factors"),
            func.sum(case((held, 1), else_=0)).label("certificates")).where(states["active"]).group_by(OFFICER.c.unit_code))
        self._tasks_by_agency = database.read(select(OFFICER.c.unit_code, func.count().label("n")).select_from(
            TASK.join(OFFICER, OFFICER.c.sub == TASK.c.sub)).where(TASK.c.state == literal_column("'open'"))
            .group_by(OFFICER.c.unit_code))

    def page(self, which: Narrowed, *, after: tuple[str, str] | None, limit: int) -> list[Found]:
        """Give officers in the order asked, behind a place."""
        down, last = which.sort.startswith("-"), which.sort.endswith("last_sign_in")
        nowhere = "\U0010ffff" if down else ""
        place, uuid = after or ((str(2**62) if down else "-1", "") if last else (nowhere, nowhere))
        behind: dict[str, Any] = {"seen": int(place)} if last else {"place": place}
        factor, few = self._few(which)
        rows = self._page(which.sort, bool(which.unit), which.state, factor).all(
            after_uuid=uuid, limit=limit, **behind, **few, **_below(which.unit))
        return [Found(officer, (str(row.last_sign_in_at or 0) if last else row.search_key, row.entry_uuid))
                for row in rows if (officer := mirrored_now(row, self._clock)) is not None]

    def count(self, which: Narrowed) -> int:
        """Count the officers of all pages."""
        factor, few = self._few(which)
        return int(self._count(bool(which.unit), which.state, factor).all(**few, **_below(which.unit))[0].officers)

    def _few(self, which: Narrowed) -> tuple[str, dict[str, str]]:
        """Give the condition by which officers with a factor are found, and its parameter."""
        if which.factor != "with":
            return which.factor, {}
        holders = [row.entry_uuid for row in self._having.all()]
        return ("few", {"entry_uuids": orjson.dumps(holders).decode()}) if len(holders) <= FEW else ("with", {})

    def place(self, entry_uuid: str, sort: str) -> tuple[str, str] | None:
        """Tell where an officer stands in an order; None where there is none."""
        rows = self._where.all(entry_uuids=orjson.dumps([entry_uuid]).decode())
        if not rows:
            return None
        return (str(rows[0].last_sign_in_at or 0) if sort.endswith("last_sign_in") else rows[0].search_key), entry_uuid

    def standing(self, entry_uuids: Sequence[str]) -> dict[str, Standing]:
        """Tell the standing of officers by entryUUID."""
        rows = self._standing.all(entry_uuids=orjson.dumps(list(entry_uuids)).decode()) if entry_uuids else []
        return {row.entry_uuid: Standing(row.last_sign_in_at, bool(row.has_factor), int(row.certificates)) for row in rows}

    def holders(self, serial: str) -> list[str]:
        """Give the subjects of those who have a certificate or a device with a number."""
        of_certificates, of_devices = self._holders
        rows = [*of_certificates.all(number=serial), *of_devices.all(number=serial.upper())]
        return list(dict.fromkeys(row.holder for row in rows if row.holder))

    def open_tasks(self, sub: str) -> list[str]:
        """Give the numbers of open tasks about an officer."""
        return [row.task_id for row in self._tasks.all(sub=sub)]

    def trail(self, sub: str, *, before: tuple[int, int] | None, limit: int) -> list[tuple[int, AuditRecord]]:
        """Give the records about an officer, the newest first."""
        at, number = before or (2**62, 2**62)
        return [(int(row.id), AuditRecord(AuditEvent(row.event), int(row.at), row.sub, row.client_id, row.sid, row.source,
                                          row.request_id, orjson.loads(row.detail)))
                for row in self._trail.all(sub=sub, before_at=at, before_id=number, limit=limit)]

    def seals(self, unit_code: str) -> list[str]:
        """Give the numbers of an agency's own seal certificates that have not ended."""
        return [row.enrollment_id for row in self._seals.all(unit=unit_code)]

    def counts(self) -> dict[str, AgencyCounts]:
        """Count active officers by agency."""
        return {row.unit_code: AgencyCounts(int(row.officers), int(row.factors), int(row.certificates))
                for row in self._counts.all()}

    def tasks_by_agency(self) -> dict[str, int]:
        """Count open tasks by the agency of their officer's main post."""
        return {row.unit_code: int(row.n) for row in self._tasks_by_agency.all()}
