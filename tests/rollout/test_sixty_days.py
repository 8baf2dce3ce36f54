"""Sixty days of a province: the figures of every day are those that it remembers itself, and those of a count from the rows.

Shown in full (5,000 officers) by ``python -m bench.rollout``; docs/performance.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from idp.adapters.sql.database import Database
from idp.directory.unit import is_within
from idp.pki.enrollment.working_days import start_of
from idp.rollout.campaign import MemberAct
from idp.rollout.coverage import Coverage
from idp.rollout.report import agency_rows, table, whole_flow

from .province_rows import rows_of
from .world import MONDAY, Province, recount

DAYS = 60


def test_the_figures_of_every_day_are_those_of_a_recount(database: Database) -> None:
    province = Province(database, 300)
    campaign = province.begin()
    made_then: dict[int, list[list[str]]] = {}
    places = [province.places()]
    for number in range(DAYS):
        today = province.today
        province.day(campaign)
        places.append(province.places())
        if number % 20 == 7:
            made_then[number] = table(province.coverage(campaign, today))
    found = province.coverage(campaign, MONDAY + timedelta(days=DAYS - 1))
    assert [day.day for day in found.days] == list(province.nights)
    rows, entries = rows_of(database, campaign.campaign_id)
    for day in found.days:
        seen = {code: (tally.counted, tally.done) for code, tally in day.agencies.items()}
        assert seen == province.nights[day.day], day.day
        assert seen == recount(rows, entries, start_of(day.day + timedelta(days=1))), day.day
        assert (day.counted, day.done) == tuple(map(sum, zip(*seen.values(), strict=True)))
    assert 0 <= found.days[0].done < found.last.done < found.last.counted
    assert len(found.missing) == found.last.counted - found.last.done
    for number, then in made_then.items():
        assert table(province.coverage(campaign, MONDAY + timedelta(days=number))) == then
    for code, tally in found.last.agencies.items():
        inside = province.coverage(campaign, found.last.day, scope=code)
        assert (inside.last.counted, inside.last.done) == (tally.counted, tally.done)
        assert inside.last.agencies == {code: tally}
    moved = 0
    for code in ("", *found.last.agencies, "H30.1.2"):
        here = [{sub for sub, unit in night.items() if not code or is_within(unit, code)} for night in places]
        joined = sum(len(after - before) for before, after in pairwise(here))
        left = sum(len(before - after) for before, after in pairwise(here))
        inside = province.coverage(campaign, found.last.day, scope=code)
        assert (inside.listed, inside.joined, inside.left) == (len(here[0]), joined, left), code
        assert inside.last.counted + sum(one.present for one in inside.excluded) == len(here[0]) + joined - left
        moved += joined if code and code.count(".") == 1 else -joined if not code else 0
    for number in range(0, DAYS, 7):
        day = MONDAY + timedelta(days=number)
        check_lists(province.coverage(campaign, day), recounted_states(rows, entries, start_of(day + timedelta(days=1))))
    assert moved > DAYS / 2, "many have moved from one agency to another"


def recounted_states(rows: Sequence[Any], entries: Sequence[Any], night: int) -> dict[str, str]:
    """Say how everybody of the list stood one night, from the raw rows; by subject. Arguments as ``recount``."""
    desk: dict[str, dict[str, str]] = {}
    for holder, number, at, state in entries:
        if at < night:
            desk.setdefault(holder, {})[number] = state
    acts: dict[str, list[str]] = {}
    for subject, at, act, _agency in rows:
        if at < night:
            acts.setdefault(subject, []).append(act)
    found = {}
    for subject, all_ in acts.items():
        coming = [act for act in all_ if act in ("included", "joined", "left", "left_out")][-1]
        by_hand = [act for act in all_ if act in ("excluded", "restored")]
        if coming in ("left", "left_out"):
            found[subject] = "left" if coming == "left" else "excluded"
        elif by_hand and by_hand[-1] == "excluded":
            found[subject] = "excluded"
        else:
            found[subject] = "done" if "active" in desk.get(subject, {}).values() else "missing"
    return found


def check_lists(found: Coverage, states: Mapping[str, str]) -> None:
    """Check that the list of a day is that of a recount, that it has as many as the report, and that its changes add up."""
    assert {one.entry.subject: one.state.value for one in found.people} == states
    many = Counter(states.values())
    assert (many["done"], many["missing"]) == (found.last.done, found.last.counted - found.last.done)
    assert len(found.excluded) == many["excluded"] + many["left"]
    agencies = agency_rows(found, emptied=True)
    assert all(row.flow.counted == row.tally.counted for row in agencies)
    whole = whole_flow(agencies)
    assert (whole.listed, whole.joined, whole.left, whole.moved_in) == (found.listed, found.joined, found.left, whole.moved_out)
    assert whole.counted == found.last.counted
    sums = [list(map(sum, zip(*(map(int, row[9:]) for row in table(found)[1:-2]), strict=True)))]
    assert [list(map(int, table(found)[-2][9:]))] == sums == [list(whole.numbers)]
    acts = Counter(one.act for one in found.movements)
    assert (acts[MemberAct.JOINED], acts[MemberAct.LEFT], acts[MemberAct.MOVED]) == (whole.joined, whole.left, whole.moved_in)
    came = {one.entry.subject for one in found.movements if one.act is MemberAct.JOINED}
    assert {one.entry.subject for one in found.people if one.joined_at} == came
