"""Where the mirror is written: one act is the officer's row, its audit record and the change that waits for consequences.

Implements ``directory.ledger.Ledger``. A row is updated on the condition that nobody changed it since it was read
(``revision``); who loses reads again. Nothing is written when nothing has changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Integer,
    Text,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from ....directory.changes import ChangeKind, OfficerChange, kind_of, record_of
from ....directory.ledger import PendingChange, Standing
from ....directory.mirror import MirroredOfficer
from ....directory.officer import Officer
from ..audit import audit_insert, audit_values
from ..database import Database, Write, insert_row, parameter
from ..tables import OfficerChangeRow, OfficerRow
from .rows import FACTS, facts_of, mirrored, state_json, state_of_json

OFFICER: Any = OfficerRow.__table__
CHANGE: Any = OfficerChangeRow.__table__

_ACTIVE: Any = literal_column("'active'")
_GONE: Any = literal_column("'gone'")
_PAGE = 2000


class SqlLedger:
    """The mirror, for those who write it. Every verb raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        watched: Groups of which it is kept since when officers are in them (``OfficerRow.roles_since``).
    """

    def __init__(self, database: Database, watched: frozenset[str] = frozenset()) -> None:
        self._watched = watched
        known = OFFICER.c.entry_uuid == parameter(OFFICER.c.entry_uuid)
        self._one = database.read(select(OFFICER).where(known))
        self._many = database.read(select(OFFICER).where(OFFICER.c.entry_uuid.in_(listed(database, "entry_uuids"))))
        columns = {c.name: parameter(c) for c in OFFICER.columns}
        joined = database.insert(OFFICER).inline().values(columns).on_conflict_do_nothing(
            index_elements=["entry_uuid"]).returning(OFFICER.c.sub)
        changed = (update(OFFICER).where(known, OFFICER.c.revision == parameter(OFFICER.c.revision, "seen_revision"))
                   .values({name: parameter(OFFICER.c[name])
                            for name in (*FACTS, "status", "updated_at", "left_at", "roles_since")}
                           | {"revision": OFFICER.c.revision + literal_column("1")}).returning(OFFICER.c.sub))

        def act(guard: Any, *, durable: bool) -> Write:
            remembered = insert_row(CHANGE, **{name: parameter(CHANGE.c[name], f"change_{name}")
                                               for name in ("kind", "sub", "before", "after", "at")})
            return database.write(audit_insert(), remembered, guard=guard, durable=durable)

        self._joined = {durable: act(joined, durable=durable) for durable in (True, False)}
        self._changed = {durable: act(changed, durable=durable) for durable in (True, False)}
        after = parameter(OFFICER.c.entry_uuid, "after")
        self._standings = database.read(
            select(OFFICER.c.entry_uuid, OFFICER.c.dn, OFFICER.c.status, OFFICER.c.groups)
            .where(OFFICER.c.entry_uuid > after, OFFICER.c.status != _GONE)
            .order_by(OFFICER.c.entry_uuid).limit(literal_column(str(_PAGE))))
        self._within = database.read(select(OFFICER.c.entry_uuid).where(OFFICER.c.status != _GONE, or_(
            OFFICER.c.posts.like(bindparam("in_it", type_=Text())), OFFICER.c.posts.like(bindparam("below", type_=Text())))))
        self._ended = database.read(
            select(OFFICER).where(OFFICER.c.next_end_at <= parameter(OFFICER.c.next_end_at, "now"), OFFICER.c.status != _GONE)
            .order_by(OFFICER.c.next_end_at).limit(literal_column("200")))
        self._active = database.read(select(func.count().label("n")).select_from(OFFICER).where(OFFICER.c.status == _ACTIVE))
        self._lost = database.read(select(func.count().label("n")).select_from(OFFICER)
                                   .where(OFFICER.c.left_at >= parameter(OFFICER.c.left_at, "since")))
        self._pending = database.read(
            select(CHANGE).where(CHANGE.c.id > parameter(CHANGE.c.id, "after_id")).order_by(CHANGE.c.id)
            .limit(bindparam("most", type_=Integer())))
        self._waiting = database.read(select(func.count().label("n"), func.min(CHANGE.c.at).label("oldest")).select_from(CHANGE))
        self._done = database.write(guard=delete(CHANGE).where(CHANGE.c.id.in_(
            listed(database, "ids", BigInteger))).returning(literal_column("1").label("gone")), durable=False)

    def note(self, officer: Officer, *, now: int, look: Callable[[], Officer | None] | None = None, source: str = "",
             request_id: str = "", durable: bool = True) -> tuple[MirroredOfficer, OfficerChange | None]:
        """Mirror an officer as seen."""
        known, change = self._settle(officer.entry_uuid, partial(_noted, officer, look), self._act(now, source, request_id),
                                     durable)
        assert known is not None
        return known, change

    def remove(self, entry_uuid: str, *, now: int, look: Callable[[], Officer | None] | None = None, source: str = "",
               request_id: str = "", durable: bool = True) -> OfficerChange | None:
        """Mirror that an officer is no longer in the directory."""
        return self._settle(entry_uuid, partial(_removed, look), self._act(now, source, request_id), durable)[1]

    def note_page(self, officers: Sequence[Officer], *, now: int, find: Callable[[str], Officer | None], source: str = "",
                  request_id: str = "") -> list[OfficerChange]:
        """Mirror several officers as seen, together."""
        return self._settle_page({one.entry_uuid: partial(_noted, one, partial(find, one.entry_uuid)) for one in officers},
                                 self._act(now, source, request_id))

    def remove_page(self, entry_uuids: Sequence[str], *, now: int, find: Callable[[str], Officer | None], source: str = "",
                    request_id: str = "") -> list[OfficerChange]:
        """Mirror that several officers are no longer in the directory, together."""
        return self._settle_page({one: partial(_removed, partial(find, one)) for one in entry_uuids},
                                 self._act(now, source, request_id))

    def _act(self, now: int, source: str, request_id: str) -> _Act:
        return _Act(now, source, request_id, self._watched)

    def _settle(self, entry_uuid: str, see: _See, act: _Act,
                durable: bool) -> tuple[MirroredOfficer | None, OfficerChange | None]:
        """Write what is seen of one officer if nobody was quicker, else look again; give what is mirrored now."""
        while True:
            row = self._one.one(entry_uuid=entry_uuid)
            before = mirrored(row)
            after = _held(row, before, see(before))
            if after is None:
                return before, None
            change, values = act.change(row, before, after)
            if (self._joined if before is None else self._changed)[durable].run(**values) is not None:
                return after, change

    def _settle_page(self, seen: Mapping[str, _See], act: _Act) -> list[OfficerChange]:
        """Do as ``_settle`` for several, with one question and one transaction for all; who loses is looked at again.

        Everybody writes pages in the order of entryUUIDs, so that two that overlap wait for each other and do not lock up.
        """
        changes: list[OfficerChange] = []
        while seen:
            rows = {row.entry_uuid: row for row in self._rows(seen)}
            made: dict[bool, dict[str, tuple[OfficerChange, dict[str, Any]]]] = {True: {}, False: {}}
            for entry_uuid in sorted(seen):
                row = rows.get(entry_uuid)
                before = mirrored(row)
                after = _held(row, before, seen[entry_uuid](before))
                if after is not None:
                    made[before is None][entry_uuid] = act.change(row, before, after)
            lost: dict[str, _See] = {}
            for joins, page in made.items():
                done = (self._joined if joins else self._changed)[False].run_all([values for _, values in page.values()])
                for (entry_uuid, (change, _)), won in zip(page.items(), done, strict=True):
                    if won is None:
                        lost[entry_uuid] = seen[entry_uuid]
                    else:
                        changes.append(change)
            seen = lost
        return changes

    def _rows(self, entry_uuids: Collection[str]) -> list[Any]:
        return self._many.all(entry_uuids=orjson.dumps(list(entry_uuids)).decode()) if entry_uuids else []

    def known(self, entry_uuids: Sequence[str]) -> Mapping[str, MirroredOfficer]:
        """Give those of these officers that are mirrored, by entryUUID."""
        found: dict[str, MirroredOfficer] = {}
        for row in self._rows(entry_uuids):
            officer = mirrored(row)
            assert officer is not None
            found[row.entry_uuid] = officer
        return found

    def ended(self, now: int) -> Mapping[str, MirroredOfficer]:
        """Give officers of whom something has ended that the mirror still holds, by entryUUID."""
        return {row.entry_uuid: known for row in self._ended.all(now=now) if (known := mirrored(row)) is not None}

    def standings(self) -> Iterator[Standing]:
        """Give everybody who is not gone, in order of entryUUID."""
        after = ""
        while rows := self._standings.all(after=after):
            for row in rows:
                yield Standing(row.entry_uuid, row.dn, row.status == "active", tuple(orjson.loads(row.groups)))
            after = rows[-1].entry_uuid

    def within(self, unit_code: str) -> list[str]:
        """Give the entryUUIDs of officers with a post in an agency or below it."""
        like = f'%"unit_code":"{unit_code}'
        return [row.entry_uuid for row in self._within.all(in_it=like + '"%', below=like + ".%")]

    def active(self) -> int:
        """Count the active officers."""
        return int(self._active.one().n)  # type: ignore[union-attr]

    def lost_since(self, since: int) -> int:
        """Count those who were active and have been disabled or removed since then."""
        return int(self._lost.one(since=since).n)  # type: ignore[union-attr]

    def pending(self, *, after: int, limit: int) -> list[PendingChange]:
        """Give changes whose consequences are still to be drawn, the oldest first."""
        return [PendingChange(row.id, _change(row)) for row in self._pending.all(after_id=after, most=limit)]

    def done(self, numbers: Sequence[int]) -> None:
        """Forget changes whose consequences were drawn."""
        if numbers:
            self._done.run_each(ids=orjson.dumps([str(number) for number in numbers]).decode())

    def waiting(self) -> tuple[int, int | None]:
        """Give how many changes wait, and when the oldest happened."""
        row = self._waiting.one()
        assert row is not None
        return int(row.n), row.oldest


def listed(database: Database, name: str, kind: type[TypeEngine[Any]] = Text) -> Any:
    """Make a select of the texts in one parameter, a JSON array: a statement is compiled once, whatever their number."""
    array: Any = bindparam(name, type_=Text())
    values = (func.json_each(array).table_valued("value") if database.is_sqlite
              else func.json_array_elements_text(cast(array, JSON)).table_valued("value"))
    return select(cast(values.c.value, kind))


@dataclass(frozen=True, slots=True)
class _Act:
    """When changes are written, and for whom; ``watched`` as of ``SqlLedger``."""

    now: int
    source: str
    request_id: str
    watched: frozenset[str]

    def change(self, row: Any, before: MirroredOfficer | None, after: MirroredOfficer) -> tuple[OfficerChange, dict[str, Any]]:
        """Make a change, and the parameters of the statement that writes it; ``row`` is what ``before`` was read from."""
        kind = kind_of(before, after)
        assert kind is not None
        change = OfficerChange(kind, after.sub, before, after, self.now)
        left_at = None
        if after.status != "active" and before is not None:
            left_at = self.now if before.status == "active" else row.left_at
        had = self.watched.intersection(before.officer.groups) if before is not None else frozenset()
        has = self.watched.intersection(after.officer.groups)
        values = facts_of(after.officer) | {
            "roles_since": (row.roles_since if has == had else self.now) if has else None,
            "status": after.status, "updated_at": self.now, "left_at": left_at, "entry_uuid": after.officer.entry_uuid,
            "change_kind": kind.value, "change_sub": after.sub, "change_before": state_json(before),
            "change_after": state_json(after), "change_at": self.now,
            **audit_values(record_of(change, source=self.source, request_id=self.request_id))}
        fresh = {"sub": after.sub, "first_sign_in_at": None, "last_sign_in_at": None, "revision": 0,
                 "stopped_at": None}
        return change, values | (fresh if before is None else {"seen_revision": row.revision})


_See = Callable[[MirroredOfficer | None], MirroredOfficer | None]
"""Gives what an officer is to be mirrored as, by what is mirrored; None where nothing is to be written."""


def _noted(officer: Officer, look: Callable[[], Officer | None] | None, before: MirroredOfficer | None) -> MirroredOfficer | None:
    """See an officer; where the mirror says otherwise ``look`` is believed."""
    if before is None:
        return _as_seen(secrets.token_urlsafe(16), officer)
    if kind_of(before, _as_seen(before.sub, officer)) is None:
        return None
    found = officer if look is None else look()
    if found is None or kind_of(before, _as_seen(before.sub, found)) is None:
        return None
    return _as_seen(before.sub, found)


def _removed(look: Callable[[], Officer | None] | None, before: MirroredOfficer | None) -> MirroredOfficer | None:
    """See that an officer is no longer there, unless ``look`` finds the officer after all."""
    if before is None or before.status == "gone" or (look is not None and look() is not None):
        return None
    return MirroredOfficer(before.sub, before.officer, "gone")


def _held(row: Any, before: MirroredOfficer | None, after: MirroredOfficer | None) -> MirroredOfficer | None:
    """Mirror an officer whom an administrator has stopped as disabled, whatever the directory says; None for nothing new.

    Whoever stops somebody changes the row's revision, so that a look from before loses and comes here.
    """
    if row is None or row.stopped_at is None or after is None or after.status != "active":
        return after
    held = replace(after, status="disabled", officer=replace(after.officer, disabled=True))
    return None if kind_of(before, held) is None else held


def _as_seen(sub: str, officer: Officer) -> MirroredOfficer:
    return MirroredOfficer(sub, officer, "disabled" if officer.disabled else "active")


def _change(row: Any) -> OfficerChange:
    return OfficerChange(ChangeKind(row.kind), row.sub, state_of_json(row.before), state_of_json(row.after), row.at)
