"""The trail is looked through (port ``audit.search.AuditSearch``).

Each thing that may be asked has an index in the order of time. One of those that were asked leads, a rare one before a frequent
one; what else was asked is checked among the newest ``CANDIDATES`` records that it leads to, so that no question reads ten
million rows. An agency alone is read officer by officer on PostgreSQL where it is small; those of a large one are found soon.
Places (moment and number) are chosen first, from indexes alone where those tell all that was asked; then only those rows are
read that a page shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, Text, bindparam, func, literal_column, or_, select, true, union, union_all

from ....audit.seal import StoredRecord
from ....audit.search import CANDIDATES, Place, Wanted
from ....clock import Clock, SystemClock
from ..database import Database, Look, parameter
from ..directory.as_of import Unit, by_code, has_an_end_behind
from ..tables import AuditRow, OfficerRow
from .seals import RECORD, records_of

AUDIT: Any = AuditRow.__table__
OFFICER: Any = OfficerRow.__table__
LEADS: Final = ("sub", "source", "client_id", "event")
"""What may lead, the most selective as a rule first; where none was asked, time does."""
SMALL: Final = 500
"""Officers of an agency that are read one by one, or all at once; of a larger one each record's officer is looked up."""
_FEW, _MANY = "few", "many"
_EVERYTHING: Final = "time"


class SqlAuditSearch:
    """Looks through the trail. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        pages: dict[tuple[str, str], Look] = {}
        edges: dict[str, Look] = {}
        limit, most = bindparam("limit", type_=Integer()), literal_column(str(CANDIDATES), type_=Integer())
        unit, below = parameter(OFFICER.c.unit_code, "unit"), bindparam("below", type_=Text())
        of_it = or_(OFFICER.c.unit_code == unit, OFFICER.c.unit_code.like(below))
        # Two questions, for two indexes: whose code it is, and of whom something has ended that was not written yet.
        by_index = (select(OFFICER.c.sub).where(by_code(sqlite=database.is_sqlite), of_it),
                    select(OFFICER.c.sub).where(has_an_end_behind()))
        of_unit = union(*by_index)
        c = AUDIT.c
        newest_first = (c.at.desc(), c.id.desc())
        for lead in (*LEADS, _EVERYTHING):
            led = [] if lead == _EVERYTHING else [AUDIT.c[lead] == parameter(AUDIT.c[lead])]
            newest = select(c.at, c.id, *(c[name] for name in LEADS)).where(*led, *_in_time()).order_by(*newest_first).limit(
                most).subquery("newest")
            others = [or_(parameter(c[name]) == literal_column("''"), newest.c[name] == parameter(c[name]))
                      for name in LEADS if name != lead]
            # Looked up for one candidate after the other until the page is full: a large agency's officers are not read.
            theirs = select(literal_column("1")).where(OFFICER.c.sub == newest.c.sub, or_(of_it, has_an_end_behind())).correlate(
                newest).scalar_subquery() == literal_column("1")
            for narrowed, condition in (("", []), (_FEW, [or_(*map(newest.c.sub.in_, by_index))]), (_MANY, [theirs])):
                chosen = select(newest.c.at, newest.c.id).where(*others, *condition).order_by(
                    newest.c.at.desc(), newest.c.id.desc()).limit(limit).subquery("chosen")
                pages[lead, narrowed] = database.look(
                    select(*RECORD).join(chosen, c.id == chosen.c.id).order_by(*newest_first))
            edges[lead] = database.look(
                select(c.at, c.id).where(*led, *_in_time()).order_by(*newest_first)
                .limit(literal_column("1")).offset(literal_column(str(CANDIDATES - 1))))
        self._pages, self._edges = pages, edges
        self._find = database.read(select(*RECORD).where(AUDIT.c.id == bindparam("id", type_=BigInteger())))
        # Nobody is counted once who is found twice: that would read all of a large agency.
        self._size = database.look(select(func.count().label("n")).select_from(
            union_all(*by_index).limit(literal_column(str(SMALL + 1))).subquery("some")))
        self._small: Look | None = None
        if not database.is_sqlite:
            people = of_unit.subquery("people")
            each = select(c.at, c.id).where(c.sub == people.c.sub, *_in_time()).order_by(*newest_first).limit(
                limit).lateral("each")
            first = select(each.c.at, each.c.id).select_from(people.join(each, true())).order_by(
                each.c.at.desc(), each.c.id.desc()).limit(limit).subquery("chosen")
            self._small = database.look(select(*RECORD).join(first, c.id == first.c.id).order_by(*newest_first))

    def page(self, wanted: Wanted, *, before: Place | None, limit: int) -> tuple[list[StoredRecord], Place | None]:
        """Give records, the newest first, and where to go on."""
        asked = {name: getattr(wanted, name) for name in LEADS}
        place = before or Place(wanted.end, 0)
        time = {"start": wanted.start, "before_at": place.at, "before_id": place.id}
        agency = {**Unit(wanted.unit, self._clock.now()).parameters, "end": f"{wanted.unit}/"} if wanted.unit else {}
        leads = [name for name in LEADS if asked[name]] or [_EVERYTHING]
        edge: Place | None = None
        narrowed = "" if not agency else _FEW if self._size.all(**agency)[0].n <= SMALL else _MANY
        if narrowed == _FEW and leads == [_EVERYTHING] and self._small is not None:
            rows = self._small.all(limit=limit + 1, **time, **agency)
        else:
            lead, edge = self._led(leads, asked, time) if agency or len(leads) > 1 else (leads[0], None)
            rows = self._pages[lead, narrowed].all(limit=limit + 1, **time, **agency, **asked)
        records = records_of(rows)
        if len(records) > limit:
            last = records[limit - 1]
            return records[:limit], Place(last.at, last.position.id)
        return records, edge

    def _led(self, leads: Sequence[str], asked: Mapping[str, str], time: Mapping[str, int]) -> tuple[str, Place | None]:
        """Give what leads, and how far: the first that leads to few records; else the first of all, and its edge."""
        edges: list[Place] = []
        for lead in leads:
            edge = self._edge(lead, asked, time)
            if edge is None:
                return lead, None
            edges.append(edge)
        return leads[0], edges[0]

    def _edge(self, lead: str, asked: Mapping[str, str], time: Mapping[str, int]) -> Place | None:
        """Give the last of the records that the page looked through; None where those were all."""
        row = self._edges[lead].one(**time, **({lead: asked[lead]} if lead in asked else {}))
        return None if row is None else Place(int(row.at), int(row.id))

    def find(self, record_id: int) -> StoredRecord | None:
        """Find a record by its number."""
        found = records_of(self._find.all(id=record_id))
        return found[0] if found else None


def _in_time() -> list[Any]:
    """Make the conditions of time: from the start, and before a place. ``at`` stands alone, for the indexes."""
    at = AUDIT.c.at
    upto = parameter(at, "before_at")
    return [at >= parameter(at, "start"), at <= upto, or_(at < upto, AUDIT.c.id < bindparam("before_id", type_=BigInteger()))]
