"""A long list of a campaign as a job: it is written bit by bit, outlives its worker, and is what a recount gives."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from idp.administration.operation.work import LEASE_SECONDS
from idp.pki.enrollment.working_days import start_of
from tests.rollout.province_rows import rows_of
from tests.rollout.world import Province, recount

from . import office as offices
from .office import Office
from .test_jobs import job_of, store_of, work

PEOPLE = 3000
IDLE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"


def on_each_part(office: Office, act: Callable[[int], None]) -> None:
    """Have something done before each part is written; a part takes a second."""
    store: Any = store_of(office)
    write = store.write

    def writes(job: Any, number: int, *arguments: Any, **more: Any) -> Any:
        office.clock.advance(1)
        act(number)
        return write(job, number, *arguments, **more)

    store.write = writes


def test_a_long_list_outlives_a_killed_worker_and_is_what_a_recount_gives(office: Office, database_url: str) -> None:
    province = Province(office.database, PEOPLE, agencies=3)
    campaign = province.begin(groups=())
    for _ in range(4):
        province._desk(PEOPLE // 3)
        province._to(33)
    office.clock.advance(province.clock.now() - office.clock.now())
    token = office.province()
    made = office.call("POST", "/jobs", token, {"kind": "missing", "campaign": campaign.campaign_id, "purpose": "Đôn đốc"})
    assert made.status_code == 202, made.text
    child = os.fork()
    if child == 0:
        try:
            _die_at_it(database_url, office.clock.now())
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    half = job_of(office, made)
    assert half.total is not None
    assert 0 < half.done < half.total, "rows are read while the file is written"
    assert len(list(store_of(office).parts(half.job_id, "out"))) == 1
    assert work(office) == 0, "it is believed to live"
    office.clock.advance(LEASE_SECONDS + 2)
    seen: list[int] = []

    def others(_number: int) -> None:
        seen.append(office.call("GET", f"/jobs/{half.job_id}", token).json["done"])
        office.services.pulse.beat(office.clock.now())  # nothing holds what others write
        if not office.database.is_sqlite:
            with office.database.cursor(office.database.relaxed) as cursor:
                assert cursor.execute(IDLE).fetchall() == [(0,)]

    on_each_part(office, others)
    assert work(office) == 1
    assert seen == sorted(set(seen)), "it moves on"
    assert len(seen) > 1
    job = job_of(office, made)
    lines = list(csv.reader(io.StringIO(
        office.call("GET", f"/jobs/{half.job_id}/file", token).data.decode("utf-8-sig"), newline="")))[1:]
    assert (job.state.value, job.deaths, job.done, job.total) == ("done", 1, half.total, len(lines))
    assert len({line[1] for line in lines}) == len(lines)
    rows, entries = rows_of(office.database, campaign.campaign_id)
    night = start_of(province.today + timedelta(days=1))
    again = recount(rows, entries, night)
    assert sum(done for _, done in again.values()) > 10
    assert Counter(".".join(line[4].split(".")[:2]) for line in lines) == {
        agency: counted - done for agency, (counted, done) in again.items()}


def _die_at_it(url: str, now: int) -> None:
    """Write the first part in a process of its own, and no other."""
    offices._made.clear()  # the keys are there
    office = Office(url)
    office.clock.advance(now - office.clock.now())
    on_each_part(office, lambda number: os.kill(os.getpid(), signal.SIGKILL) if number else None)
    work(office)
