"""Signing SIMs in the database (port: ``signing.sims.ports.SimStore``).

A step is one conditional update on the revision that it was decided on, with its line of history, record and notice. That a
number is one officer's, and a card one SIM's, is for two unique indexes to say.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, exists, func, literal_column, or_, select, tuple_, update

from ....audit import AuditRecord
from ....notices import Notice
from ....signing.sims.ports import DOUBTED, SimSearch
from ....signing.sims.sim import CHECKED, LIVE, Act, Entry, Sim, SimChange, State, number_meant
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..directory.search import called_so, is_called
from ..notices import notice_inserts, notice_values
from ..tables import SimEntryRow, SimRow

ROW: Any = SimRow.__table__
ENTRY: Any = SimEntryRow.__table__
_COLUMNS: Final = tuple(column.name for column in ROW.columns)
_ENTRY: Final = "entry_"
_FIXED: Final = frozenset({"sim_id", "sub", "unit_code", "unit_name", "seal", "name", "msisdn", "carrier", "created_at",
                          "requester"})
"""What never changes."""


def _among(states: Sequence[State]) -> Any:
    return ROW.c.state.in_([literal_column(f"'{state.value}'") for state in states])


class SqlSims:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        self._conflict: type[Exception] = database.durable.dialect.loaded_dbapi.IntegrityError
        entry = insert_row(ENTRY, **{column.name: parameter(column, _ENTRY + column.name)
                                     for column in ENTRY.columns if column.name != "id"})
        self._add = database.write(entry, audit_insert(), *notice_inserts(), guard=(
            database.insert(ROW).values(**{name: parameter(c[name]) for name in _COLUMNS}).on_conflict_do_nothing()
            .returning(c.sim_id)))
        other = ROW.alias("other")
        card = parameter(c.iccid)
        free = or_(card == literal_column("''"), ~exists(select(literal_column("1")).where(
            other.c.iccid == card, other.c.sim_id != c.sim_id,
            other.c.state.in_([literal_column(f"'{state.value}'") for state in LIVE]))))
        self._change = database.write(entry, audit_insert(), *notice_inserts(), guard=(
            update(ROW).where(c.sim_id == parameter(c.sim_id, "this"), c.revision == parameter(c.revision, "decided_on"), free)
            .values({name: parameter(c[name]) for name in _COLUMNS if name not in _FIXED}).returning(c.sim_id)))
        self._find = database.read(select(ROW).where(c.sim_id == parameter(c.sim_id)))
        newest = (c.created_at.desc(), c.sim_id.desc())
        self._of_officer = database.read(select(ROW).where(c.sub == parameter(c.sub)).order_by(*newest))
        self._of_number = database.read(select(ROW).where(c.msisdn == parameter(c.msisdn)).order_by(*newest))
        self._by_card = database.read(select(ROW).where(c.sub == parameter(c.sub), c.iccid == card, _among(LIVE)))
        limit = parameter(c.revision, "limit")
        self._of_card = database.read(select(ROW).where(c.iccid == card, _among(LIVE)))
        self._to_be_revoked = database.read(select(ROW).where(
            c.to_revoke != literal_column("''"), c.authority == parameter(c.authority)).order_by(c.sim_id).limit(limit))
        some = select(ROW).where(_meant()).limit(limit)
        self._page = database.look(some.where(c.sim_id > parameter(c.sim_id, "after")).order_by(c.sim_id))
        self._page_before = database.look(some.where(c.sim_id < parameter(c.sim_id, "before")).order_by(c.sim_id.desc()))
        since = (c.since, c.sim_id)
        place = tuple_(parameter(c.since, "place"), parameter(c.sim_id, "number_after"))
        self._since = database.look(some.where(tuple_(*since) > place).order_by(*since))
        self._since_before = database.look(some.where(tuple_(*since) < place).order_by(*(part.desc() for part in since)))
        unit = parameter(c.unit_code, "unit")
        within = or_(unit == literal_column("''"), c.unit_code == unit, c.unit_code.like(bindparam("below", type_=Text())))
        self._counts = database.read(select(c.state, func.count().label("found"), func.count(func.nullif(
            c.doubt, literal_column("''"))).label("doubted")).where(within).group_by(c.state))
        self._history = database.read(select(ENTRY).where(ENTRY.c.sim_id == parameter(ENTRY.c.sim_id)).order_by(ENTRY.c.number))
        empty: Any = literal_column("''")
        tried, refused = parameter(c.checked_at, "tried_before"), parameter(c.checked_at, "refused_before")
        waits = or_(and_(_among((State.CARD_GIVEN,)), c.checked_at < tried, or_(c.reason == empty, c.checked_at < refused)),
                    c.to_revoke != empty, and_(_among((State.BOUND,)), c.test_transaction != empty))
        self._on_the_way = database.read(select(ROW).where(waits).order_by(c.checked_at, c.sim_id).limit(limit))
        self._codes_sent = database.read(select(c.msisdn, ENTRY.c.at).join_from(ROW, ENTRY, ENTRY.c.sim_id == c.sim_id).where(
            or_(c.sub == parameter(c.sub), c.msisdn == parameter(c.msisdn)), ENTRY.c.at > parameter(ENTRY.c.at, "since"),
            ENTRY.c.act == literal_column(f"'{Act.SEND_CODE.value}'")).order_by(ENTRY.c.at))
        self._unchecked = database.read(select(ROW).where(
            _among(CHECKED), c.doubt == empty, c.checked_at < parameter(c.checked_at, "before")).order_by(
                c.checked_at, c.sim_id).limit(limit))
        this = c.sim_id == parameter(c.sim_id, "this")
        # Of the same certificates for the same reason: a loss may have been reported since, which revokes more than before.
        self._revoked = database.write(guard=update(ROW).where(
            this, c.serial == parameter(c.serial), func.coalesce(c.login_serial, empty) == parameter(c.serial, "login"),
            c.to_revoke == parameter(c.to_revoke, "why")).values(to_revoke=empty).returning(c.sim_id))
        self._checked = database.write(guard=update(ROW).where(this).values(
            checked_at=parameter(c.checked_at)).returning(c.sim_id), durable=False)

    def add(self, change: SimChange, record: AuditRecord, notice: Notice | None = None) -> bool:
        """Keep a new one, unless its number is somebody's."""
        return self._add.run(**_values(change.after), **_line(change.entry), **audit_values(record),
                             **notice_values(notice)) is not None

    def change(self, change: SimChange, record: AuditRecord, notice: Notice | None = None) -> bool:
        """Write a step, unless somebody was first or the card is another SIM's."""
        assert change.before is not None
        values = {name: value for name, value in _values(change.after).items() if name not in _FIXED}
        try:
            return self._change.run(**values, **_line(change.entry), this=change.before.sim_id,
                                    decided_on=change.before.revision, **audit_values(record),
                                    **notice_values(notice)) is not None
        except self._conflict:
            return False  # two cards at the same moment: the index has the last word

    def find(self, sim_id: str) -> Sim | None:
        """Find one."""
        return _one(self._find.one(sim_id=sim_id))

    def of_officer(self, sub: str) -> Sequence[Sim]:
        """Give an officer's, the newest first."""
        return [sim_of(row) for row in self._of_officer.all(sub=sub)]

    def of_number(self, msisdn: str) -> Sequence[Sim]:
        """Give those of a number, the newest first."""
        return [sim_of(row) for row in self._of_number.all(msisdn=msisdn)]

    def by_card(self, sub: str, iccid: str) -> Sim | None:
        """Find the live one of an officer with a card."""
        return _one(self._by_card.one(sub=sub, iccid=iccid))

    def of_card(self, iccid: str) -> Sim | None:
        """Find the live one with a card."""
        return _one(self._of_card.one(iccid=iccid))

    def to_be_revoked(self, authority: str, *, limit: int) -> Sequence[Sim]:
        """Give those of which a certificate of an authority has to be revoked."""
        return [sim_of(row) for row in self._to_be_revoked.all(authority=authority, limit=limit)]

    def page(self, search: SimSearch, *, after: str, limit: int, before: str = "") -> Sequence[Sim]:
        """Give those that are meant, by ``sim_id``."""
        asked = {**_asked(search), "limit": limit}
        if before:
            return [sim_of(row) for row in reversed(self._page_before.all(before=before, **asked))]
        return [sim_of(row) for row in self._page.all(after=after, **asked)]

    def page_since(self, search: SimSearch, *, after: tuple[int, str] | None, before: tuple[int, str] | None,
                   limit: int) -> Sequence[Sim]:
        """Give those that are meant, by how long they have been as they are."""
        since, number = before or after or (-1, "")
        asked = {**_asked(search), "limit": limit, "place": since, "number_after": number}
        if before:
            return [sim_of(row) for row in reversed(self._since_before.all(**asked))]
        return [sim_of(row) for row in self._since.all(**asked)]

    def counts(self, unit: str) -> dict[str, int]:
        """Count by state."""
        rows = self._counts.all(unit=unit, below=f"{unit}.%")
        doubted = sum(int(row.doubted) for row in rows)
        return {row.state: int(row.found) for row in rows} | ({DOUBTED: doubted} if doubted else {})

    def history(self, sim_id: str) -> Sequence[Entry]:
        """Give the history, oldest first."""
        return [Entry(row.sim_id, int(row.number), int(row.at), Act(row.act), State(row.state), row.actor, json.loads(row.detail))
                for row in self._history.all(sim_id=sim_id)]

    def codes_sent(self, sub: str, msisdn: str, since: int) -> Sequence[tuple[str, int]]:
        """Give number and time of every code that was sent, oldest first."""
        return [(row.msisdn, int(row.at)) for row in self._codes_sent.all(sub=sub, msisdn=msisdn, since=since)]

    def on_the_way(self, *, tried_before: int, refused_before: int, limit: int) -> Sequence[Sim]:
        """Give those that go on without a person."""
        return [sim_of(row) for row in self._on_the_way.all(tried_before=tried_before, refused_before=refused_before,
                                                            limit=limit)]

    def unchecked(self, before: int, *, limit: int) -> Sequence[Sim]:
        """Give cards in use whose service was not asked since a moment."""
        return [sim_of(row) for row in self._unchecked.all(before=before, limit=limit)]

    def revoked(self, sim: Sim) -> None:
        """Note that what was to be revoked was revoked."""
        self._revoked.run(this=sim.sim_id, serial=sim.serial, login=sim.login_serial, why=sim.to_revoke)

    def checked(self, sim: Sim, now: int) -> None:
        """Note that the service was asked."""
        self._checked.run(this=sim.sim_id, checked_at=now)


def _meant() -> Any:
    c: Any = ROW.c
    empty: Any = literal_column("''")
    unit = parameter(c.unit_code, "unit")
    exact = [or_(parameter(c[name]) == empty, c[name] == parameter(c[name])) for name in ("carrier", "sub")]
    state = parameter(c.state)
    exact.append(or_(state == empty, c.state == state, and_(state == literal_column(f"'{DOUBTED}'"), c.doubt != empty)))
    pattern: Any = bindparam("pattern", type_=Text())
    return and_(*exact, or_(unit == empty, c.unit_code == unit, c.unit_code.like(bindparam("below", type_=Text()))),
                or_(parameter(c.msisdn, "words") == empty, c.msisdn.like(bindparam("number", type_=Text())),
                    c.iccid.like(pattern, escape="!"), is_called(c.sub)))


def _asked(search: SimSearch) -> dict[str, Any]:
    words = _escaped("".join(search.words.split()))
    end = number_meant(search.words)
    return {"number": f"%{end}" if end else "", "unit": search.unit, "below": f"{search.unit}.%", "state": search.state,
            "carrier": search.carrier, "sub": search.sub, "words": words, "pattern": f"%{words}%",
            **called_so(search.words)}


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _values(sim: Sim) -> dict[str, Any]:
    return {**{name: getattr(sim, name) for name in _COLUMNS}, "state": sim.state.value}


def _line(entry: Entry) -> dict[str, Any]:
    values = {**dataclasses.asdict(entry), "act": entry.act.value, "state": entry.state.value,
              "detail": json.dumps(dict(entry.detail), sort_keys=True, separators=(",", ":"))}
    return {_ENTRY + name: value for name, value in values.items()}


def _one(row: Any) -> Sim | None:
    return None if row is None else sim_of(row)


def sim_of(row: Any) -> Sim:
    """Give the SIM of a row."""
    given = {name: getattr(row, name) for name in _COLUMNS}
    match = None if row.owner_match is None else bool(row.owner_match)
    return Sim(**{**given, "state": State(row.state), "seal": bool(row.seal), "certificate": bytes(row.certificate),
                  "login_certificate": bytes(row.login_certificate or b""), "login_serial": row.login_serial or "",
                  "login_authority": row.login_authority or "",
                  "code_digest": bytes(row.code_digest), "owner_match": match})
