"""The audit trail looked through: ``make bench BENCH_ARGS="--records 10000000"`` (docs/performance.md, "The audit trail").

Records are made by PostgreSQL itself, as a province leaves them in two years: most are tokens, most of those are a few busy
applications', and what an auditor looks for is rare. Each question is asked many times, with other values each time, the first
page and pages further on.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import psycopg

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.search import SqlAuditSearch
from idp.audit import AuditEvent, AuditRecord
from idp.audit.search import Place, Wanted
from tests.postgresql import PostgreSQL

from .directory import Figure

END = 1_764_000_000
SECONDS = 730 * 86400
MOST_MS = 300.0
OFFICERS, TRIES = 100_000, 60
LARGE, SMALL = "H30.7", "H30.3.203"
_OFFICERS = """
INSERT INTO officer (entry_uuid, sub, uid, dn, mail, name, given_name, family_name, phone, unit_code, unit_code_2016, unit_name,
                     title, posts, groups, attributes, search_key, status, updated_at)
SELECT 'e' || n, lpad(n::text, 22, 's'), 'canbo' || n, '', '', 'Cán bộ ' || n, '', '', '', unit, '', 'Sở', '',
       json_build_array(json_build_object('unit_code', unit, 'unit_code_2016', '', 'unit_name', 'Sở', 'title', ''))::text,
       '[]', '{}', ' canbo' || n, 'active', 0
  FROM (SELECT n, CASE WHEN n % 4 = 0 THEN 'H30.7.' || n % 9 ELSE 'H30.' || n % 20 || '.' || n % 300 END AS unit
          FROM generate_series(1, %(officers)s) AS n) AS people"""
_RECORDS = """
INSERT INTO audit (epoch, at, event, sub, client_id, sid, source, request_id, detail)
SELECT 1, %(end)s - %(seconds)s + ((n::float8 / %(count)s) * %(seconds)s)::bigint,
       CASE WHEN k < 450 THEN 'token.issued' WHEN k < 700 THEN 'token.refreshed' WHEN k < 820 THEN 'code.issued'
            WHEN k < 890 THEN 'sign_in' WHEN k < 950 THEN 'factor.accepted' WHEN k < 980 THEN 'sign_in.refused'
            WHEN k < 998 THEN 'session.ended' WHEN n %% 7 = 0 THEN 'client.changed' ELSE 'personal_data.read' END,
       lpad((1 + (random() ^ 2 * %(officers)s)::int)::text, 22, 's'), 'app' || (random() ^ 4 * 500)::int, md5(n::text),
       '10.' || (random() ^ 3 * 40)::int || '.' || n %% 200 || '.' || k %% 250, md5((n * 7)::text),
       '{"acr":2,"amr":"pwd otp","reason":"administrator"}'
  FROM (SELECT n, (random() * 1000)::int AS k FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS made"""


def run(count: int) -> Iterator[Figure]:
    """Fill a database of PostgreSQL and give the figures; those of searches are milliseconds of the clock, p95."""
    server = PostgreSQL(durable=True).start()
    try:
        url = server.create()
        schema.upgrade(url)
        with psycopg.connect(server.conninfo(url.rpartition("/")[2]), autocommit=True) as connection:
            connection.execute(_OFFICERS.replace("%(officers)s", str(OFFICERS)).replace("%%", "%"))
            began = time.perf_counter()
            for first in range(1, count + 1, 250_000):
                connection.execute(_RECORDS, {"first": first, "last": min(count, first + 249_999), "count": count, "end": END,
                                              "seconds": SECONDS, "officers": OFFICERS})
            yield Figure("records made, each with its indexes", (time.perf_counter() - began) / count * 10**6, 1000, "µs")
            connection.execute("VACUUM ANALYZE audit")
            connection.execute("ANALYZE officer")
            for name, size in connection.execute("SELECT indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes"
                                                 " WHERE relname = 'audit' ORDER BY 1").fetchall():
                yield Figure(f"index {name}", size / 2**20, 10**6, "MB")
        database = Database(url)
        yield from _searched(SqlAuditSearch(database))
        trail = SqlAuditTrail(database)
        yield Figure("one record written", _p95(lambda n: trail.record(AuditRecord(
            AuditEvent.SIGN_IN, END, sub=f"s{n}", client_id="app1", source="192.0.2.1"))), MOST_MS, "ms")
        database.dispose()
    finally:
        server.stop()


def _searched(search: SqlAuditSearch) -> Iterator[Figure]:
    chance = random.Random(7)
    subject = "{:s>22}".format

    def wanted(n: int) -> dict[str, Callable[[], Wanted]]:
        rare = f"app{400 + n}"
        return {
            "everything": Wanted,
            "an officer": lambda: Wanted(sub=subject(chance.randrange(1, OFFICERS))),
            "an officer's sign-ins": lambda: Wanted(sub=subject(chance.randrange(1, OFFICERS)), event="sign_in"),
            "a busy application": lambda: Wanted(client_id=f"app{n % 3}"),
            "a rare application": lambda: Wanted(client_id=rare),
            "a busy application, a rare event": lambda: Wanted(client_id=f"app{n % 3}", event="client.changed"),
            "an address": lambda: Wanted(source=f"10.{n % 40}.{n}.{n}"),
            "an address, a rare event": lambda: Wanted(source=f"10.0.{n}.{n}", event="personal_data.read"),
            "a rare event": lambda: Wanted(event="personal_data.read"),
            "a frequent event": lambda: Wanted(event="token.issued"),
            "a day": lambda: Wanted(start=(day := END - chance.randrange(1, 700) * 86400), end=day + 86400),
            "a rare event on a day": lambda: Wanted(event="client.changed", start=(day := END - 86400 * n), end=day + 86400),
            "a large agency": lambda: Wanted(unit=LARGE), "a small agency": lambda: Wanted(unit=SMALL),
            "a small agency, a rare event": lambda: Wanted(unit=SMALL, event="client.changed"),
            "an agency, an application": lambda: Wanted(unit=SMALL, client_id="app0"),
            "an agency that is not there": lambda: Wanted(unit="H30.99", event="token.issued"),
        }

    for name in wanted(0):
        yield Figure(f"{name}, the first page",
                     _p95(lambda n, name=name: search.page(wanted(n)[name](), before=None, limit=50)), MOST_MS, "ms")
        yield Figure(f"{name}, a page from the middle", _p95(
            lambda n, name=name: search.page(wanted(n)[name](), before=Place(END - SECONDS // 2 - n * 1000, 2**62), limit=50)),
            MOST_MS, "ms")


def _p95(act: Callable[[int], object]) -> float:
    taken = []
    for number in range(TRIES):
        began = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[int(TRIES * 0.95)]


def measure(count: int) -> bool:
    """Make and print all figures, and tell whether each holds."""
    good = True
    for figure in run(count):
        good = good and figure.holds
        print(f"{figure.name:<58} {figure.value:>9.2f} {figure.unit:<2} at most {figure.most:g}", flush=True)
    return good
