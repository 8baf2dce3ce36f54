"""Officers are found by any part of what is known of them, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.search import SqlOfficerSearch
from idp.directory.mirror import national_number, search_words
from idp.directory.officer import Post
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.postgresql import PostgreSQL

HEALTH = Post("H30.5", "", "Sở Y tế", "Bác sĩ")
WARD = Post("H30.5.2", "", "Trạm Y tế", "Y sĩ")


@pytest.fixture
def search(database: Database) -> SqlOfficerSearch:
    mirror = SqlOfficers(database)
    for number, (uid, name, facts) in enumerate((
            ("an.nguyen", "Nguyễn Văn An", {"phone": "+842933123456", "posts": (HEALTH,)}),
            ("dung.do", "Đỗ Thị Dung", {"posts": (WARD,)}), ("thanh.100", "Lê Thành 100%", {}),
            ("nghiviec", "Nguyễn Nghỉ Việc", {"disabled": True}), ("ra.di", "Nguyễn Ra Đi", {}))):
        mirror.remember(make_officer(uid, name, number=number + 1, **facts), now=1)
    mirror.ledger.remove("00000000-0000-4000-8000-000000000005", now=2)
    return SqlOfficerSearch(database)


def found(search: SqlOfficerSearch, text: str, unit: str = "") -> list[str]:
    return [one.officer.officer.uid for one in search.search(search_words(text), unit=unit, after=None, limit=50)]


@pytest.mark.parametrize(("text", "uids"), [
    ("nguyen", ["nghiviec", "an.nguyen"]), ("NGUYỄN an", ["an.nguyen"]), ("guye", ["nghiviec", "an.nguyen"]), ("đỗ", ["dung.do"]),
    ("Do", ["dung.do"]), ("0293 3123 456", []), ("+842933123456", []), ("3123456", []), ("456", []), ("nguyen 293", []),
    ("dung.do@haugiang", ["dung.do"]), ("bac si", ["an.nguyen"]), ("100%", ["thanh.100"]), ("%", []), ("___", []), ("ra di", []),
    ("khong co ai", []), ("", []),
    ("Nguyễn Văn An, Sở Y tế", ["an.nguyen"]), ("nguyen van an;", ["an.nguyen"]), ("an (Sở Y tế) - bác sĩ.", ["an.nguyen"]),
    ("Sở Y tế, Nguyễn Văn An, Bác sĩ", ["an.nguyen"]), ("Nguyễn Văn An, Trạm Y tế", []), (",", []), ("---", [])])
def test_any_part_without_accents_and_nobody_who_is_gone(search: SqlOfficerSearch, text: str, uids: list[str]) -> None:
    assert found(search, text) == uids


@pytest.mark.parametrize(("text", "uids"), [
    ("0293 3123 456", ["an.nguyen"]), ("+84 293 3123456", ["an.nguyen"]), ("84293.3123456", ["an.nguyen"]), ("02933123457", []),
    ("2933123456", []), ("0293312345", []), ("3123456", []), ("%", []), ("", [])])
def test_a_telephone_number_is_found_whole_or_not_at_all(search: SqlOfficerSearch, text: str, uids: list[str]) -> None:
    number = national_number(text)
    assert [one.officer.uid for one in (search.by_phone(number, limit=9) if number else [])] == uids


def test_only_of_an_agency_and_below(search: SqlOfficerSearch) -> None:
    assert found(search, "haugiang", "H30.5") == ["dung.do", "an.nguyen"]
    assert found(search, "haugiang", "H30.5.2") == ["dung.do"]
    assert found(search, "haugiang", "H30") == found(search, "haugiang")


@pytest.mark.parametrize("small", [1, 10_000])
def test_an_agency_is_its_code_and_those_below_and_no_code_that_only_begins_so(
        database: Database, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    """By the index that begins with the agency, and by that of words."""
    monkeypatch.setattr("idp.adapters.sql.directory.search.SMALL", small)
    mirror = SqlOfficers(database)
    for number, code in enumerate(("H30.5", "H30.5.1", "H30.5.1.9", "H30.51", "H30.5-1", "H30.4", "H30.6", "H30", "h30.5.1", "")):
        mirror.remember(make_officer(f"o{number}", number=number + 1, posts=(Post(code, "", "Sở", ""),)), now=1)
    search = SqlOfficerSearch(database)
    assert sorted(found(search, "mau haugiang", "H30.5")) == ["o0", "o1", "o2"]
    assert sorted(found(search, "v m", "H30.5.1")) == ["o1", "o2"]
    assert found(search, "khong", "H30.5") == []


def test_page_by_page_nobody_is_left_out_or_seen_twice(search: SqlOfficerSearch) -> None:
    seen, after = [], None
    while page := search.search(("haugiang",), unit="", after=after, limit=1):
        seen.append(page[0].officer.officer.uid)
        after = page[0].place
    assert seen == found(search, "haugiang")
    assert len(seen) == 4


@pytest.mark.parametrize(("unit", "small"), [("", 10_000), ("H30.5", 10_000), ("H30.5", 1)])
def test_whatever_is_found_is_reached_page_by_page_however_many_have_the_words(
        database: Database, monkeypatch: pytest.MonkeyPatch, unit: str, small: int) -> None:
    """Few are put in order at once, more are read from a place on: both give everybody once, by name, to the last."""
    monkeypatch.setattr("idp.adapters.sql.directory.search.SMALL", small)
    mirror, clock = SqlOfficers(database), FakeClock()
    names = ["Nguyễn Văn A", "nguyễn văn a", "Lê-B", "Lê B", "Đỗ 100%", "Ngô Ÿ", "Ngô z", "Ngô"] * 3
    for number, name in enumerate(names):
        posts = (HEALTH, WARD)[number % 2:] if number % 5 else (Post("H30.9", "", "Sở", "", ends_at=clock.now() - 1), HEALTH)
        mirror.remember(make_officer(f"o{number:02}", name, number=number + 1, posts=posts), now=1)
    search = SqlOfficerSearch(database, clock)
    expected = [one.place for one in search.search(("haugiang",), unit=unit, after=None, limit=100)]
    assert expected == sorted(expected)
    assert len(expected) == len(names)
    for share, near in ((10**9, 3), (10**9, 4000), (0, 3)):
        monkeypatch.setattr("idp.adapters.sql.directory.search.SHARE", share)
        monkeypatch.setattr("idp.adapters.sql.directory.search.SAMPLE", 100)
        monkeypatch.setattr("idp.adapters.sql.directory.search.NEAR", near)
        search = SqlOfficerSearch(database, clock)
        for limit in (1, 7, len(names), 100):
            seen: list[tuple[str, str]] = []
            while page := search.search(("haugiang",), unit=unit, after=seen[-1] if seen else None, limit=limit):
                assert len(page) <= limit
                seen += [one.place for one in page]
            assert seen == expected, (share, near, limit)
        assert search.search(("haugiang", "khongco"), unit=unit, after=None, limit=9) == []


def test_who_is_meant_is_found_behind_those_of_whom_only_the_hidden_number_has_the_digits(database: Database) -> None:
    mirror = SqlOfficers(database)
    for number in range(1, 8):
        mirror.remember(make_officer(f"o{number}-84293" if number in (4, 7) else f"o{number}", f"Lê {number}", number=number,
                                     phone=f"+8429312345{number}"), now=1)
    search, seen = SqlOfficerSearch(database), list[str]()
    after = None
    while page := search.search(("84293",), unit="", after=after, limit=1):
        seen += [one.officer.officer.uid for one in page]
        after = page[-1].place
    assert seen == ["o4-84293", "o7-84293"]


def test_the_index_of_words_stands_open_to_one_statement_alone(postgresql: PostgreSQL) -> None:
    """PostgreSQL takes two words for rare, whichever they are, and would gather everybody for three hundred of an agency."""
    database = Database(postgresql.url("template_idp"))
    search = SqlOfficerSearch(database)
    everybody = search._of_all
    statements = {"near": everybody._near, "gathered": everybody._gathered, "ordered": everybody._ordered,
                  "sampled": everybody._sampled, "moved": search._moved, "small": search._of_small}
    with database.cursor(database.relaxed) as cursor:
        for way in ("seqscan", "indexscan", "indexonlyscan"):  # only bitmaps are left, and the index of words gives nothing else
            cursor.execute(f"SET enable_{way} = off")
        used = {name: {"ix_officer_trigrams" in _plan(cursor, reads[count]) for count in range(3)}
                for name, reads in statements.items()}
    database.dispose()
    assert used == {name: {name == "gathered"} for name in statements}


def _plan(cursor: Any, read: Any) -> str:
    read.compile()
    types = [{1043: "varchar", 20: "bigint"}[oid] for oid in read._compiled.oids]
    cursor.execute(f"PREPARE asked({', '.join(types)}) AS {read._compiled.sql.decode()}")
    values = ["'x'" if one == "varchar" else "1" for one in types]
    plan = cursor.execute(f"EXPLAIN EXECUTE asked({', '.join(values)})").fetchall()
    cursor.execute("DEALLOCATE asked")
    return "\n".join(line for line, in plan)


def test_postgresql_has_its_trigram_index_and_without_it_finds_the_same(own_database_url: str) -> None:
    assert schema.has_trigrams(own_database_url)
    database = Database(own_database_url)
    SqlOfficers(database).remember(make_officer("dung.do", "Đỗ Thị Dung", number=1), now=1)
    if not database.is_sqlite:
        with database.durable.connect() as connection:
            connection.exec_driver_sql("DROP INDEX ix_officer_trigrams")
        assert not schema.has_trigrams(own_database_url)
    assert found(SqlOfficerSearch(database), "ung do") == ["dung.do"]
    database.dispose()
