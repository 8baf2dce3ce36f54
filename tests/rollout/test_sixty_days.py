"""Sixty days of a province: the figures of every day are those that it remembers itself, and those of a count from the rows.

Shown in full (5,000 officers) by ``python -m bench.rollout``; docs/performance.md.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from idp.adapters.sql.database import Database
from idp.directory.unit import is_within
from idp.pki.enrollment.working_days import start_of
from idp.rollout.report import table

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
    assert moved > DAYS / 2, "many have moved from one agency to another"
