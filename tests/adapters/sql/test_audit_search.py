"""The trail is looked through: each question on both databases, page by page, and within its bound."""

from __future__ import annotations

from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.trail import search as module
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.search import SqlAuditSearch
from idp.audit import AuditEvent, AuditRecord
from idp.audit.search import Wanted
from idp.directory.officer import Post
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

T0 = 1_700_000_000


def fill(database: Database, *records: tuple[int, AuditEvent, str, str, str]) -> SqlAuditSearch:
    trail = SqlAuditTrail(database)
    for at, event, sub, client_id, source in records:
        trail.record(AuditRecord(event, T0 + at, sub=sub, client_id=client_id, source=source))
    return SqlAuditSearch(database, FakeClock())


def times(search: SqlAuditSearch, limit: int = 50, **wanted: Any) -> list[int]:
    found, seen, place = [], 0, None
    while True:
        page, place = search.page(Wanted(start=T0 - 10**6, **wanted), before=place, limit=limit)
        found += [record.at - T0 for record in page]
        seen += 1
        assert seen < 50
        if place is None:
            return found


RECORDS = [(n, (AuditEvent.SIGN_IN, AuditEvent.TOKEN_ISSUED)[n % 2], f"s{n % 3}", f"c{n % 4}", f"192.0.2.{n % 5}")
           for n in range(24)]


def test_each_question_finds_what_it_asks_the_newest_first(database: Database) -> None:
    search = fill(database, *RECORDS)
    for wanted in ({}, {"sub": "s1"}, {"client_id": "c2"}, {"source": "192.0.2.3"}, {"event": "sign_in"},
                   {"sub": "s1", "event": "sign_in"}, {"client_id": "c2", "source": "192.0.2.3"}, {"sub": "nobody"},
                   {"source": "192.0.2.3", "event": "token.issued"}):
        places = {"event": 1, "sub": 2, "client_id": 3, "source": 4}
        expected = [one[0] for one in reversed(RECORDS) if all(str(one[places[name]]) == value for name, value in wanted.items())]
        for limit in (1, 3, 50):
            assert times(search, limit, **wanted) == expected, (wanted, limit)


def test_times_are_from_the_first_second_to_before_the_last_and_equal_ones_are_told_apart(database: Database) -> None:
    search = fill(database, *((5, AuditEvent.SIGN_IN, "s", "c", "") for _ in range(4)), (6, AuditEvent.SIGN_IN, "s", "c", ""))
    assert times(search, 1, end=T0 + 6) == [5] * 4
    assert times(search, 2, end=T0 + 7) == [6, 5, 5, 5, 5]
    page, _ = search.page(Wanted(start=T0 + 6, end=T0 + 7), before=None, limit=9)
    assert [record.at for record in page] == [T0 + 6]


def test_an_agency_has_the_records_of_its_officers_alone_small_or_large(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = SqlOfficers(database, FakeClock())
    subs = {uid: mirror.remember(make_officer(uid, posts=(Post(unit, "", "Sở", "Chuyên viên"),)), now=T0 - 2 * 10**6)
            for uid, unit in (("a", "H30.11"), ("b", "H30.11.2"), ("c", "H30.1"), ("d", "H30.112"))}
    search = fill(database, *((n, AuditEvent.SIGN_IN, subs["abcd"[n % 4]], "c", "") for n in range(12)),
                  (12, AuditEvent.KEY_CREATED, "", "", "cli"))
    mine = [9, 8, 5, 4, 1, 0]
    for small in (module.SMALL, 0):
        monkeypatch.setattr(module, "SMALL", small)
        for limit in (1, 4, 50):
            assert times(search, limit, unit="H30.11") == mine
        assert times(search, unit="H30.11", sub=subs["a"]) == [8, 4, 0]
        assert times(search, unit="H30.11", sub=subs["c"]) == []
        assert times(search, unit="H30.11", event="sign_in") == mine
    assert times(search, unit="H30.99") == []


def test_a_page_looks_through_so_many_records_and_says_where_to_go_on(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CANDIDATES", 5)
    search = fill(database, (0, AuditEvent.SIGN_IN, "rare", "c", ""),
                  *((n, AuditEvent.SIGN_IN, "s", "c", "") for n in range(1, 13)),
                  (-1, AuditEvent.SIGN_IN, "s", "c", "192.0.2.9"),
                  *((n, AuditEvent.TOKEN_ISSUED, "t", "d", "") for n in range(6)))
    first, place = search.page(Wanted(sub="s", client_id="d"), before=None, limit=3)
    assert (first, place is not None) == ([], True)
    for rare in ({"sub": "rare", "client_id": "c"}, {"source": "192.0.2.9", "sub": "s"}):
        page, place = search.page(Wanted(**rare), before=None, limit=3)
        assert (len(page), place) == (1, None), "what is rare leads"
    assert times(search, 2, event="sign_in", client_id="c") == list(range(12, -2, -1))


def test_a_record_is_found_by_its_number(database: Database) -> None:
    search = fill(database, (0, AuditEvent.SIGN_IN, "s", "c", "192.0.2.1"))
    (record,) = search.page(Wanted(), before=None, limit=1)[0]
    assert search.find(record.position.id) == record
    assert search.find(record.position.id + 1) is None


def test_a_large_agency_is_found_as_a_small_one_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = SqlOfficers(database, FakeClock())
    subs = [*(mirror.remember(make_officer(unit, posts=(Post(unit, "", "Sở", "Chuyên viên"),)), now=T0 - 2 * 10**6)
              for unit in ("H30.1", "H30.1.2", "H30.10")), ""]
    events = (AuditEvent.SIGN_IN, AuditEvent.TOKEN_ISSUED)
    search = fill(database, *((n, events[n % 2], subs[n % 4], f"c{n % 3}", "") for n in range(24)))
    questions: list[dict[str, Any]] = [
        {"unit": "H30.1"}, {"unit": "H30.1", "event": "sign_in"}, {"unit": "H30.1", "client_id": "c1"}, {"unit": "H30.10"},
        {"unit": "H30.9"}]
    small = [times(search, 3, **wanted) for wanted in questions]
    monkeypatch.setattr(module, "SMALL", -1)
    assert [times(search, 3, **wanted) for wanted in questions] == small
    assert small[0] == [n for n in range(23, -1, -1) if n % 4 in (0, 1)]


def test_issue_7_what_is_searched_by_is_read_from_indexes_alone(postgresql: Any) -> None:
    """Of the newest records that lead, only those are read that the page shows."""
    with postgresql.lent("template_idp") as url:
        database = Database(url)
        search = fill(database, *RECORDS)
        with database.durable.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE audit")
        with database.transaction(database.relaxed) as cursor:
            for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
                cursor.execute(f"SET LOCAL {setting} = off")
            cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            for lead, asked in (("client_id", {"event": "sign_in"}), ("event", {"client_id": "c1"}), ("sub", {})):
                look = search._pages[lead, ""]
                look.compile()
                cursor.execute(f"EXPLAIN {look._compiled.sql}", {
                    **look._compiled.constants, **dict.fromkeys(("sub", "source", "client_id", "event"), ""), lead: "x", **asked,
                    "start": 0, "before_at": 2**40, "before_id": 0, "limit": 50})
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert f"Index Only Scan Backward using ix_audit_{lead}_at_id" in plan, plan
        database.dispose()
