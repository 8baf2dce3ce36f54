"""Campaigns: sixty days of 5,000 officers against two recounts, report and looks of 100,000 (docs/performance.md).

``python -m bench.rollout [--officers 6000] [--days 60] [--large 100000]`` on SQLite and a PostgreSQL of its own. Exits 1 where a
figure of any day is another than that of the recounts, or a report or a look takes longer than it may.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from idp.adapters.sheets import SheetFiles
from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.adapters.sql.rollout.courses import SqlCourses
from idp.pki.enrollment.working_days import WorkingDays, start_of
from idp.rollout.campaign import Campaign
from idp.rollout.chart import PAPER, draw
from idp.rollout.courses import CampaignCourses
from idp.rollout.coverage import Coverage
from idp.rollout.report import Issuer, missing_rows, paper, table
from tests.postgresql import PostgreSQL
from tests.rollout.province_rows import rows_of
from tests.rollout.world import MONDAY, Province, recount

REPORT_SECONDS = 5.0
LOOK_SECONDS = 0.3


def main() -> int:
    """Measure, print, and give the exit status."""
    parser = argparse.ArgumentParser()
    for name, number in (("--officers", 6000), ("--days", 60), ("--large", 100_000)):
        parser.add_argument(name, type=int, default=number)
    asked = parser.parse_args()
    server = PostgreSQL(durable=True).start()
    try:
        with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
            good = [_days(name, _database(url), asked.officers, asked.days)
                    for name, url in (("sqlite", f"sqlite:///{folder}/days.sqlite3"), ("postgresql", server.create()))]
            good += [_large(name, _database(url), asked.large)
                     for name, url in (("sqlite", f"sqlite:///{folder}/large.sqlite3"), ("postgresql", server.create()))]
    finally:
        server.stop()
    return 0 if all(good) else 1


def _database(url: str) -> Database:
    schema.upgrade(url)
    return Database(url)


def _days(name: str, database: Database, officers: int, days: int) -> bool:
    """Let the days pass, and count each once more from the raw rows."""
    began = time.perf_counter()
    province = Province(database, officers)
    campaign = province.begin(days=days + 10)
    for _ in range(days):
        province.day(campaign)
    passed = time.perf_counter() - began
    took, found = _timed(lambda: province.coverage(campaign, MONDAY + timedelta(days=days - 1)))
    rows, entries = rows_of(database, campaign.campaign_id)
    wrong = 0
    for day in found.days:
        seen = {code: (tally.counted, tally.done) for code, tally in day.agencies.items()}
        again = recount(rows, entries, start_of(day.day + timedelta(days=1)))
        wrong += seen != province.nights[day.day] or seen != again
    print(f"{name:<11} {found.listed:,} of {officers:,} officers, {days} days: {len(rows):,} lines of the list, "
          f"{len(entries):,} of the desk; days that differ from a recount: {wrong}; "
          f"last day {found.last.done:,}/{found.last.counted:,}; all days in "
          f"{took:.2f} s (the days themselves: {passed:.0f} s)", flush=True)
    return not wrong and len(found.days) == days


def _large(name: str, database: Database, officers: int) -> bool:
    """Begin a campaign for everybody, bring most to the goal, and make its report."""
    province = Province(database, officers, agencies=60)
    begin, campaign = _timed(lambda: province.begin(groups=()))
    for _ in range(8):
        province._to(9)
        for _ in range(5):
            province._desk(officers // 60)
        province._to(32)
    follow, _ = _timed(province.campaigns.follow)
    until = province.today - timedelta(days=1)
    with database.cursor(database.relaxed) as cursor:
        cursor.execute("ANALYZE")  # as a server does it by itself some time after so much was written

    def report() -> Coverage:
        coverage = province.coverage(campaign, until)
        draw(coverage, PAPER)
        paper(coverage, Issuer("Tỉnh Hậu Giang", "Sở Thông tin và Truyền thông"), WorkingDays())
        SheetFiles().csv(table(coverage))
        return coverage

    took, coverage = min((_timed(report) for _ in range(3)), key=lambda one: one[0])
    listed, _ = _timed(lambda: SheetFiles().csv(list(missing_rows(coverage))))
    print(f"{name:<11} {officers:,} officers: report {took:.2f} s (at most {REPORT_SECONDS:g}), list of "
          f"{len(coverage.missing):,} missing as CSV {listed:.2f} s more; begun in {begin:.1f} s, followed in {follow:.1f} s",
          flush=True)
    return _looks(name, province, campaign) and took <= REPORT_SECONDS


def _looks(name: str, province: Province, campaign: Campaign) -> bool:
    """Keep the courses, let a little happen, and look: now, at an agency, and back to the first day."""
    courses = CampaignCourses(province.store, province.records, SqlCourses(province.database))
    kept, many = _timed(lambda: courses.keep(province.clock.now()))
    province._to(9)
    province._desk(170)
    now = province.clock.now()
    code, tally = max(province.coverage(campaign, province.today).last.agencies.items(), key=lambda one: one[1].counted)

    def look(scope: str = "", until: date = province.today) -> float:
        return min(_timed(lambda: courses.course(campaign, until=until, now=now, scope=scope))[0] for _ in range(3))

    whole, agency, back = look(), look(code), look(until=MONDAY)
    print(f"{name:<11} {many} courses kept in {kept:.1f} s; a look {whole:.3f} s, at an agency of {tally.counted:,} "
          f"{agency:.3f} s (at most {LOOK_SECONDS:g}), at the first day {back:.2f} s (at most {REPORT_SECONDS:g})", flush=True)
    return max(whole, agency) <= LOOK_SECONDS and back <= REPORT_SECONDS


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    sys.exit(main())
