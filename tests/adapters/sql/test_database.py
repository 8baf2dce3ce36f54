"""The statement port: one act is one transaction, the guard decides, and a lost database is said so."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, literal_column, select, update

from idp.adapters.sql.database import Database, insert_row, parameter
from idp.adapters.sql.tables import AuthorizationCodeRow, ConsentRow, SessionClientRow, VersionRow
from idp.errors import UnavailableError
from tests.postgresql import PostgreSQL

CODE = AuthorizationCodeRow.__table__
CONSENT = ConsentRow.__table__
SESSION_CLIENT = SessionClientRow.__table__
VERSION = VersionRow.__table__

ROW = {"digest": b"x" * 32, "grant_id": "g", "client_id": "c", "redirect_uri": "https://a/", "code_challenge": "",
       "code_challenge_method": "", "created_at": 1, "expires_at": 2, "used_at": None}
CONSENT_VALUES = {"sub": "u", "scope": "openid", "given_at": 5, "withdrawn_at": None}


def take_code(database: Database):
    guard = (update(CODE).where(CODE.c.digest == parameter(CODE.c.digest), CODE.c.used_at.is_(None))
             .values(used_at=parameter(CODE.c.used_at, "now")).returning(CODE.c.grant_id, CODE.c.client_id))
    return database.write(insert_row(ConsentRow), guard=guard)


@pytest.fixture
def with_code(database: Database) -> Database:
    database.write(insert_row(AuthorizationCodeRow)).run(**ROW)
    return database


def count(database: Database, table) -> int:
    return database.read(select(func.count().label("n")).select_from(table)).one().n


def test_the_guard_tells_its_row_and_the_acts_happen(with_code: Database) -> None:
    assert take_code(with_code).run(digest=b"x" * 32, now=7, client_id="c", **CONSENT_VALUES) == ("g", "c")
    assert count(with_code, CONSENT) == 1


def test_without_the_guards_row_nothing_is_written(with_code: Database) -> None:
    assert take_code(with_code).run(digest=b"y" * 32, now=7, client_id="c", **CONSENT_VALUES) is None
    assert count(with_code, CONSENT) == 0


def test_of_twenty_threads_one_wins(with_code: Database) -> None:
    act = take_code(with_code)
    barrier = threading.Barrier(20)

    def attempt(number: int):
        barrier.wait()
        return act.run(digest=b"x" * 32, now=number, client_id=f"c{number}", **CONSENT_VALUES)

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(attempt, range(20)))
    assert sum(result is not None for result in results) == 1
    assert count(with_code, CONSENT) == 1


def test_a_refused_act_undoes_its_guard(with_code: Database) -> None:
    act = take_code(with_code)
    with_code.write(insert_row(ConsentRow)).run(client_id="c", **CONSENT_VALUES)
    with pytest.raises(Exception, match=r"(?i)unique"):
        act.run(digest=b"x" * 32, now=7, client_id="c", **CONSENT_VALUES)
    assert with_code.read(select(CODE.c.used_at)).one().used_at is None
    assert act.run(digest=b"x" * 32, now=7, client_id="other", **CONSENT_VALUES) is not None


def test_an_upsert_works_behind_a_guard(with_code: Database) -> None:
    upsert = (with_code.insert(VERSION).values(name=parameter(VERSION.c.name), value=1)
              .on_conflict_do_update(index_elements=["name"], set_={"value": VERSION.c.value + literal_column("1")}))
    guard = (update(CODE).where(CODE.c.digest == parameter(CODE.c.digest)).values(used_at=parameter(CODE.c.used_at))
             .returning(CODE.c.grant_id))
    act = with_code.write(upsert, guard=guard)
    act.run(digest=b"x" * 32, used_at=1, name="clients")
    act.run(digest=b"x" * 32, used_at=2, name="clients")
    assert act.run(digest=b"n" * 32, used_at=2, name="clients") is None
    assert with_code.read(select(VERSION.c.value)).one().value == 2


def test_an_insert_from_a_select_happens_only_behind_its_guard(with_code: Database) -> None:
    insert_clients = with_code.insert(SESSION_CLIENT).from_select(
        ["sid", "client_id", "sub", "first_used_at", "last_used_at"],
        select(CODE.c.grant_id, CODE.c.client_id, literal_column("'u'"), CODE.c.created_at, CODE.c.created_at))
    guard = (update(CODE).where(CODE.c.digest == parameter(CODE.c.digest), CODE.c.used_at.is_(None))
             .values(used_at=parameter(CODE.c.used_at)).returning(CODE.c.grant_id))
    act = with_code.write(insert_clients, guard=guard)
    assert act.run(digest=b"n" * 32, used_at=1) is None
    assert count(with_code, SESSION_CLIENT) == 0
    assert act.run(digest=b"x" * 32, used_at=1) == ("g",)
    assert count(with_code, SESSION_CLIENT) == 1


def test_a_statement_that_needs_a_python_side_default_is_refused_at_start(database: Database) -> None:
    several = database.read(select(CODE.c.grant_id).where(CODE.c.client_id.in_(["a", "b"])))
    with pytest.raises(RuntimeError, match="expansion"):
        several.compile()


def test_a_database_that_went_away_is_unavailable_and_comes_back() -> None:
    own = PostgreSQL().start()
    try:
        database = Database(own.url("postgres"))
        database.ping()
        own.stop()
        with pytest.raises(UnavailableError) as caught:
            database.ping()
        assert caught.value.dependency == "database"
        assert "port" not in caught.value.message
        with pytest.raises(UnavailableError):
            database.ping()
        own.start()
        for _ in range(8):
            try:
                database.ping()
                break
            except UnavailableError:
                continue
        database.ping()
        database.dispose()
    finally:
        own.remove()
