"""Courses of long campaigns, kept (port: ``rollout.courses.CourseStore``): deflated JSON, in columns as they are in memory.

What another form of this product wrote is not read; the worker keeps the course anew.
"""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from datetime import timedelta
from typing import Any, Final

import orjson
from sqlalchemy import select

from ....pki.enrollment.working_days import day_of
from ....rollout.campaign import Campaign, MemberAct
from ....rollout.coverage import Coverage, Day, Tally
from ....rollout.lines import Lines
from ....rollout.members import Flow, Movement
from ....rollout.roll import Columns, Roll
from ....rollout.steps import Step
from ..database import Database, parameter
from ..tables import CampaignCourseRow

COURSE: Any = CampaignCourseRow.__table__
_FORM: Final = 2


class SqlCourses:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        of = COURSE.c.campaign_id == parameter(COURSE.c.campaign_id)
        self._one = database.read(select(COURSE.c.at, COURSE.c.body).where(of, COURSE.c.scope == parameter(COURSE.c.scope)))
        self._moments = database.read(select(COURSE.c.scope, COURSE.c.at).where(of))
        kept = database.insert(COURSE).inline().values({c.name: parameter(c) for c in COURSE.columns})
        self._keep = database.write(kept.on_conflict_do_update(
            index_elements=["campaign_id", "scope"], set_={"at": kept.excluded.at, "body": kept.excluded.body},
            where=COURSE.c.at < kept.excluded.at), durable=False)

    def find(self, campaign: Campaign, scope: str) -> Coverage | None:
        """Find one."""
        row = self._one.one(campaign_id=campaign.campaign_id, scope=scope)
        if row is None:
            return None
        found = orjson.loads(zlib.decompress(row.body))
        return _course(campaign, row.at, _Parts(found)) if found["form"] == _FORM else None

    def keep(self, campaign_id: str, scope: str, course: Coverage) -> None:
        """Keep one."""
        body = _deflated({"form": _FORM, **{name: base64.b64encode(_deflated(part)).decode()
                                            for name, part in _written(course).items()}})
        self._keep.run(campaign_id=campaign_id, scope=scope, at=course.at, body=body)

    def moments(self, campaign_id: str) -> Mapping[str, int]:
        """Give up to when."""
        return {row.scope: row.at for row in self._moments.all(campaign_id=campaign_id)}


class _Parts:
    """Parts of a course, each of which is read once when it is asked for: whole they would take 20 MB more for 100,000 people."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Any:
        return orjson.loads(zlib.decompress(base64.b64decode(self._found.pop(name))))


def _deflated(value: Any) -> bytes:
    """Write a value. Names and numbers deflate well whatever the level; the least takes a third of the time."""
    return zlib.compress(orjson.dumps(value), 1)


def _written(course: Coverage) -> dict[str, Any]:
    columns = course.people.columns
    marks, mark_of = _same(columns.marks)
    steps, step_of = _same(columns.steps)
    return {
        "days": list(_days(course.days)), "names": course.names,
        "flows": {code: astuple(flow) for code, flow in course.flows.items()}, **_lines("lines", columns.lines),
        "marks": marks, "mark_of": mark_of, "steps": steps, "step_of": step_of, "since": _packed(columns.since),
        "done": list(columns.done),
        "joined": _packed(columns.joined),
        **_lines("movements", Lines(one.entry for one in course.movements)), "acts": [one.act for one in course.movements],
        "origins": [one.origin for one in course.movements]}


def _days(days: Sequence[Day]) -> Iterable[Any]:
    """Give days, each with the agencies whose sums are others than the day before; none of an agency that went."""
    before: Mapping[str, Tally] = {}
    for day in days:
        here = day.agencies
        changed = {code: [tally.counted, tally.done] for code, tally in here.items() if before.get(code) != tally}
        yield day.counted, day.done, day.needed, changed | {code: None for code in before if code not in here}
        before = here


def _lines(name: str, lines: Lines) -> dict[str, Any]:
    rests, rest_of = _same(lines.rests)
    return {f"{name}.subjects": lines.subjects, f"{name}.names": lines.names, f"{name}.moments": _packed(lines.moments),
            f"{name}.rests": rests, f"{name}.rest_of": rest_of}


def _same(values: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Give what there is, each once, and which of it stands where."""
    numbers: dict[Any, int] = {}
    where = [numbers.setdefault(value, len(numbers)) for value in values]
    return list(numbers), where


def _packed(numbers: array[int]) -> str:
    """Write numbers as base64 of little-endian octets, eight each: read in a tenth of the time that JSON takes."""
    if sys.byteorder == "big":
        numbers = array("q", numbers)
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def _unpacked(text: str) -> array[int]:
    numbers = array("q", base64.b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _course(campaign: Campaign, at: int, found: _Parts) -> Coverage:
    days: list[Day] = []
    agencies: dict[str, Tally] = {}
    day = day_of(campaign.created_at)
    for counted, done, needed, changed in found["days"]:
        agencies = dict(sorted({**agencies, **{code: sums and Tally(*sums) for code, sums in changed.items()}}.items()))
        agencies = {code: tally for code, tally in agencies.items() if tally is not None}
        days.append(Day(day, counted, done, needed, agencies))
        day += timedelta(days=1)
    marks: list[Any] = [tuple(mark) for mark in found["marks"]]
    steps = [Step(step) for step in found["steps"]]
    columns = Columns(
        _read(found, "lines"), [marks[number] for number in found["mark_of"]], [steps[number] for number in found["step_of"]],
        _unpacked(found["since"]), bytearray(found["done"]), _unpacked(found["joined"]))
    movements = [Movement(entry, MemberAct(act), origin) for entry, act, origin in zip(
        _read(found, "movements"), found["acts"], found["origins"], strict=True)]
    flows = {code: Flow(*numbers) for code, numbers in found["flows"].items()}
    return Coverage(campaign.as_of(at + 1), days, found["names"], Roll.whole(columns), movements, flows, at)


def _read(found: _Parts, name: str) -> Lines:
    lines = Lines()
    lines.subjects, lines.names = found[f"{name}.subjects"], found[f"{name}.names"]
    lines.moments = _unpacked(found[f"{name}.moments"])
    rests = [(MemberAct(act), *more) for act, *more in found[f"{name}.rests"]]
    lines.rests = [rests[number] for number in found[f"{name}.rest_of"]]
    return lines
