"""Where campaigns and their lists rest (port: ``rollout.campaign.CampaignStore``).

A list is written as JSON arrays, some thousand lines in a statement, and with its campaign in one transaction: a campaign of
100,000 people begins in one act, and no statement of it takes as long as the database lets one take.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import (
    JSON,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from ....audit import AuditRecord
from ....rollout.campaign import Campaign, CampaignEntry, Goal, MemberAct, MemberEntry, Population
from ....rollout.lines import Lines
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..directory.ledger import listed
from ..streaming import Stream
from ..tables import CampaignEntryRow, CampaignMemberRow, CampaignRow

CAMPAIGN: Any = CampaignRow.__table__
ENTRY: Any = CampaignEntryRow.__table__
MEMBER: Any = CampaignMemberRow.__table__
_AT_ONCE: Final = 2000
_ONE: Any = literal_column("1")
_ZERO: Any = literal_column("0")
_OF_MEMBER = ("subject", "at", "act", "name", "title", "unit_code", "unit_name", "agency_code", "agency_name", "reason", "note",
              "actor")


class SqlCampaigns:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        number = parameter(CAMPAIGN.c.campaign_id)
        entry = insert_row(ENTRY, **{name: parameter(ENTRY.c[name], f"entry_{name}")
                                     for name in ("at", "act", "actor", "deadline", "reason")})
        begun = (database.insert(CAMPAIGN).inline().values({c.name: parameter(c) for c in CAMPAIGN.columns})
                 .on_conflict_do_nothing().returning(CAMPAIGN.c.campaign_id))
        lines = _lines(database)
        self._add = database.write(audit_insert(), entry, lines, guard=begun)
        self._parts = (begun, audit_insert(), entry, lines)
        self._note = database.write(audit_insert(), entry, guard=update(CAMPAIGN).where(
            CAMPAIGN.c.campaign_id == number, CAMPAIGN.c.entries == parameter(CAMPAIGN.c.entries, "seen")).values(
                entries=CAMPAIGN.c.entries + literal_column("1"), open_name=parameter(CAMPAIGN.c.open_name))
            .returning(CAMPAIGN.c.campaign_id))
        # Whoever writes in a list holds the campaign, and so sees what others wrote in it and whether it is closed.
        held = select(CAMPAIGN.c.campaign_id).where(CAMPAIGN.c.campaign_id == number).with_for_update()
        is_open = CAMPAIGN.c.open_name.is_not(None)
        self._note_member = database.write(audit_insert(), after=held, guard=_lines(
            database, _is_news(MemberAct.EXCLUDED, begins=(MemberAct.EXCLUDED,), ends=(MemberAct.RESTORED,)),
            lambda _line: exists(select(_ONE).where(CAMPAIGN.c.campaign_id == number, is_open))).returning(MEMBER.c.id))
        self._follow = database.write(
            _lines(database, _is_news(MemberAct.JOINED, begins=(MemberAct.INCLUDED, MemberAct.JOINED),
                                      ends=(MemberAct.LEFT_OUT, MemberAct.LEFT))),
            after=held, guard=update(CAMPAIGN).where(CAMPAIGN.c.campaign_id == number, is_open).values(
                entries=CAMPAIGN.c.entries).returning(CAMPAIGN.c.campaign_id))
        self._one = database.read(select(CAMPAIGN).where(CAMPAIGN.c.campaign_id == number))
        self._all = database.read(select(CAMPAIGN).order_by(CAMPAIGN.c.created_at.desc(), CAMPAIGN.c.campaign_id.desc()))
        self._history = database.read(select(ENTRY).where(ENTRY.c.campaign_id == number).order_by(ENTRY.c.id))
        self._histories = database.read(select(ENTRY).order_by(ENTRY.c.id))
        self._members = Stream(
            database, select(*(MEMBER.c[name] for name in _OF_MEMBER)).where(
                MEMBER.c.campaign_id == number, MEMBER.c.at < parameter(MEMBER.c.at, "before"))
            .order_by(MEMBER.c.at, MEMBER.c.id))
        self._some = Stream(
            database, select(*(MEMBER.c[name] for name in _OF_MEMBER)).where(
                MEMBER.c.campaign_id == number, MEMBER.c.subject.in_(listed(database, "of")),
                MEMBER.c.at < parameter(MEMBER.c.at, "before")).order_by(MEMBER.c.at, MEMBER.c.id))
        self._of_one = database.read(
            select(*(MEMBER.c[name] for name in _OF_MEMBER)).where(
                MEMBER.c.campaign_id == number, MEMBER.c.subject == parameter(MEMBER.c.subject))
            .order_by(MEMBER.c.at, MEMBER.c.id))
        one = select(MEMBER.c.subject).where(MEMBER.c.campaign_id == number).distinct()
        below = MEMBER.c.unit_code.like(bindparam("below", type_=Text()))
        self._within = database.read(one.where(or_(MEMBER.c.unit_code == parameter(MEMBER.c.unit_code, "unit"), below)))
        self._agencies = database.read(
            select(MEMBER.c.agency_code, MEMBER.c.agency_name).where(
                MEMBER.c.campaign_id == number, MEMBER.c.at < parameter(MEMBER.c.at, "before"))
            .group_by(MEMBER.c.agency_code, MEMBER.c.agency_name).order_by(func.max(MEMBER.c.at), func.max(MEMBER.c.id)))
        self._changed = database.read(one.where(MEMBER.c.at >= parameter(MEMBER.c.at, "since"),
                                                MEMBER.c.at < parameter(MEMBER.c.at, "before")))
        self._many = database.read(select(MEMBER.c.id).where(MEMBER.c.campaign_id == number)
                                   .offset(bindparam("many", type_=Integer())).limit(_ONE))

    def add(self, campaign: Campaign, members: Sequence[MemberEntry], record: AuditRecord) -> bool:
        """Keep a new one with its list."""
        population = orjson.dumps({"unit": campaign.population.unit, "groups": campaign.population.groups,
                                   "titles": campaign.population.titles}).decode()
        values = dict(
            campaign_id=campaign.campaign_id, name=campaign.name, goal=campaign.goal.value, population=population,
            owner=campaign.owner, created_at=campaign.created_at, created_by=campaign.created_by, open_name=campaign.name,
            entries=1, **_entry(campaign.history[0]), **audit_values(record))
        if self._database.is_sqlite:
            return self._add.run(lines=_array(members), **values) is not None
        executor = self._database.executor(self._database.durable, in_transaction=True)
        begun, *once, lines = [executor.compile(part) for part in self._parts]
        with self._database.transaction(self._database.durable) as cursor:
            cursor.execute(begun.sql, {**begun.constants, **values})
            if not cursor.fetchall():
                return False
            for statement in once:
                cursor.execute(statement.sql, {**statement.constants, **values})
            for part in _parts(members):
                cursor.execute(lines.sql, {**lines.constants, "campaign_id": campaign.campaign_id, "lines": _array(part)})
        return True

    def find(self, campaign_id: str) -> Campaign | None:
        """Find by number."""
        row = self._one.one(campaign_id=campaign_id)
        return None if row is None else _campaign(row, self._history.all(campaign_id=campaign_id))

    def all(self) -> Sequence[Campaign]:
        """Give all of them, the newest first."""
        histories: dict[str, list[Any]] = defaultdict(list)
        for entry in self._histories.all():
            histories[entry.campaign_id].append(entry)
        return [_campaign(row, histories[row.campaign_id]) for row in self._all.all() if row.campaign_id in histories]

    def note(self, campaign: Campaign, entry: CampaignEntry, record: AuditRecord) -> bool:
        """Add a line to the history."""
        return self._note.run(campaign_id=campaign.campaign_id, seen=len(campaign.history),
                              open_name=None if entry.act == "closed" else campaign.name, **_entry(entry),
                              **audit_values(record)) is not None

    def note_member(self, campaign_id: str, entry: MemberEntry, record: AuditRecord) -> bool:
        """Take somebody out or let them in again."""
        return self._note_member.run(campaign_id=campaign_id, lines=_array([entry]), **audit_values(record)) is not None

    def follow(self, campaign_id: str, entries: Sequence[MemberEntry]) -> bool:
        """Add lines."""
        return self._follow.run(campaign_id=campaign_id, lines=_array(entries)) is not None

    def lines_of(self, campaign_id: str, subject: str) -> Sequence[MemberEntry]:
        """Give lines about one in order."""
        return _entries(self._of_one.all(campaign_id=campaign_id, subject=subject))

    def within(self, campaign_id: str, unit: str) -> Sequence[str]:
        """Give who was listed there."""
        return [row.subject for row in self._within.all(campaign_id=campaign_id, unit=unit, below=f"{unit}.%")]

    def agencies(self, campaign_id: str, *, before: int) -> Mapping[str, str]:
        """Give what agencies were called last."""
        return {row.agency_code: row.agency_name for row in self._agencies.all(campaign_id=campaign_id, before=before)}

    def changed(self, campaign_id: str, *, since: int, before: int) -> Sequence[str]:
        """Give about whom there are lines."""
        return [row.subject for row in self._changed.all(campaign_id=campaign_id, since=since, before=before)]

    def has_many(self, campaign_id: str, many: int) -> bool:
        """Tell whether a list has so many lines."""
        return self._many.one(campaign_id=campaign_id, many=many - 1) is not None

    def members(self, campaign_id: str, *, before: int, of: Sequence[str] | None = None) -> Sequence[MemberEntry]:
        """Give lines in order."""
        rows = (self._members.rows(campaign_id=campaign_id, before=before) if of is None
                else self._some.rows(campaign_id=campaign_id, before=before, of=orjson.dumps(of).decode()))
        acts = {act.value: act for act in MemberAct}
        found = Lines()
        for subject, at, act, name, *rest in rows:
            found.add(subject, at, name, (acts[act], *rest))
        return found


def _lines(database: Database, *conditions: Callable[[Mapping[str, Any]], Any]) -> Any:
    """Make the insert of the lines in one parameter, a JSON array; only of those for which what is asked of them holds."""
    array: Any = bindparam("lines", type_=Text())
    if database.is_sqlite:
        each: Any = func.json_each(array).table_valued("value")
        values: dict[str, Any] = {name: func.json_extract(each.c.value, literal_column(f"'$.{name}'")) for name in _OF_MEMBER}
    else:
        # Each line is read once; to ask an element for its members one by one would read it twelve times.
        each = func.json_to_recordset(cast(array, JSON)).table_valued(
            *(column(name, MEMBER.c[name].type) for name in _OF_MEMBER)).render_derived(name="line", with_types=True)
        values = {name: each.c[name] for name in _OF_MEMBER}
    return insert(MEMBER).inline().from_select(
        ["campaign_id", *values], select(parameter(MEMBER.c.campaign_id), *values.values()).select_from(each).where(
            *(condition(values) for condition in conditions)))


def _is_news(act: MemberAct, *, begins: Sequence[MemberAct], ends: Sequence[MemberAct]) -> Callable[[Mapping[str, Any]], Any]:
    """Make the condition that a line begins what does not go on already, or goes on with or ends what does.

    Args:
        act: The line that begins it; any other needs it.
        begins: Lines after which it goes on.
        ends: Lines after which it does not.
    """
    def words(acts: Sequence[MemberAct]) -> list[Any]:
        return [literal_column(f"'{one.value}'") for one in acts]

    def condition(line: Mapping[str, Any]) -> Any:
        before = MEMBER.alias("before")
        last = select(before.c.act).where(
            before.c.campaign_id == parameter(MEMBER.c.campaign_id), before.c.subject == line["subject"],
            before.c.act.in_(words((*begins, *ends)))).order_by(before.c.id.desc()).limit(_ONE).scalar_subquery()
        goes_on: Any = case((last.in_(words(begins)), _ONE), else_=_ZERO)
        return goes_on == case((line["act"] == literal_column(f"'{act.value}'"), _ZERO), else_=_ONE)

    return condition


def _entries(rows: Iterable[Sequence[Any]]) -> list[MemberEntry]:
    acts = {act.value: act for act in MemberAct}
    return [MemberEntry(subject, at, acts[act], name, *more) for subject, at, act, name, *more in rows]


def _parts(entries: Sequence[MemberEntry]) -> Iterator[Sequence[MemberEntry]]:
    for first in range(0, len(entries), _AT_ONCE):
        yield entries[first:first + _AT_ONCE]


def _array(entries: Sequence[MemberEntry]) -> str:
    return orjson.dumps([entry._asdict() for entry in entries]).decode()


def _entry(entry: CampaignEntry) -> dict[str, Any]:
    return {"entry_at": entry.at, "entry_act": entry.act, "entry_actor": entry.actor,
            "entry_deadline": entry.deadline.isoformat(), "entry_reason": entry.reason}


def _campaign(row: Any, history: Sequence[Any]) -> Campaign:
    asked = orjson.loads(row.population)
    return Campaign(
        row.campaign_id, row.name, Goal(row.goal),
        Population(asked["unit"], tuple(asked["groups"]), tuple(asked["titles"])), row.owner, row.created_at, row.created_by,
        tuple(CampaignEntry(one.at, one.act, one.actor, date.fromisoformat(one.deadline), one.reason) for one in history))
