"""Officers are found by any part of what is known of them, on both databases."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.search import SqlOfficerSearch
from idp.directory.mirror import search_words
from idp.directory.officer import Post
from tests.fakes.directory import make_officer

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
    ("Do", ["dung.do"]), ("0293 3123 456", ["an.nguyen"]), ("+84 293 3123456", ["an.nguyen"]), ("3123456", ["an.nguyen"]),
    ("dung.do@haugiang", ["dung.do"]), ("bac si", ["an.nguyen"]), ("100%", ["thanh.100"]), ("%", []), ("___", []), ("ra di", []),
    ("khong co ai", []), ("", [])])
def test_any_part_without_accents_and_nobody_who_is_gone(search: SqlOfficerSearch, text: str, uids: list[str]) -> None:
    assert found(search, text) == uids


def test_only_of_an_agency_and_below(search: SqlOfficerSearch) -> None:
    assert found(search, "haugiang", "H30.5") == ["dung.do", "an.nguyen"]
    assert found(search, "haugiang", "H30.5.2") == ["dung.do"]
    assert found(search, "haugiang", "H30") == found(search, "haugiang")


def test_page_by_page_nobody_is_left_out_or_seen_twice(search: SqlOfficerSearch) -> None:
    seen, after = [], None
    while page := search.search(("haugiang",), unit="", after=after, limit=1):
        seen.append(page[0].officer.officer.uid)
        after = page[0].place
    assert seen == found(search, "haugiang")
    assert len(seen) == 4


def test_postgresql_has_its_trigram_index(database: Database) -> None:
    if database.is_sqlite:
        assert database.url.get_backend_name() == "sqlite"
        return
    with database.durable.connect() as connection:
        assert connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_officer_trigrams'").scalar()
