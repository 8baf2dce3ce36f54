"""The statement port: one act is one transaction, the guard decides, and a lost database is said so.

Every promise is held on SQLite and, on PostgreSQL, by both executors: the driver's cursor and the prepared statements.
"""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from psycopg import DataError, IntegrityError, ProgrammingError
from sqlalchemy import bindparam, func, literal_column, select, text, update
from sqlalchemy.types import DateTime

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database, insert_row, parameter
from idp.adapters.sql.streaming import Stream
from idp.adapters.sql.tables import (
    AuthorizationCodeRow,
    ClientRow,
    ConsentRow,
    InteractionRow,
    SessionClientRow,
    VersionRow,
)
from idp.errors import UnavailableError
from tests.postgresql import PostgreSQL

CLIENT = ClientRow.__table__
CODE = AuthorizationCodeRow.__table__
CONSENT = ConsentRow.__table__
INTERACTION = InteractionRow.__table__
SESSION_CLIENT = SessionClientRow.__table__
VERSION = VersionRow.__table__

ROW = {"digest": b"x" * 32, "grant_id": "g", "client_id": "c", "redirect_uri": "https://a/", "code_challenge": "",
       "code_challenge_method": "", "created_at": 1, "expires_at": 2, "used_at": None,
       "dpop_jkt": ""}
CONSENT_VALUES = {"sub": "u", "scope": "openid", "given_at": 5, "withdrawn_at": None}


@pytest.fixture(params=["sqlite", "cursor", "prepared"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh, migrated database behind each executor: SQLite, and PostgreSQL by cursor and by prepared statements."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["cursor", "prepared"])
def on_postgresql(request: pytest.FixtureRequest) -> Database:
    return request.getfixturevalue(request.param)


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    yield from _used(Database(f"sqlite:///{tmp_path}/idp.sqlite3"))


@pytest.fixture
def cursor(postgresql: PostgreSQL) -> Iterator[Database]:
    yield from _used(Database(postgresql.create("template_idp"), prepared=False))


@pytest.fixture
def prepared(postgresql: PostgreSQL) -> Iterator[Database]:
    yield from _used(Database(postgresql.create("template_idp")))


def _used(database: Database) -> Iterator[Database]:
    yield database
    database.dispose()


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


def test_an_act_done_for_many_tells_each_ones_row(with_code: Database) -> None:
    act = take_code(with_code)
    with_code.write(insert_row(AuthorizationCodeRow)).run(**ROW | {"digest": b"z" * 32, "grant_id": "other"})
    found = act.run_all([{"digest": bytes([letter]) * 32, "now": 7, "client_id": f"c{number}", **CONSENT_VALUES}
                         for number, letter in enumerate(b"xyxz")])
    assert found == [("g", "c"), None, None, ("other", "c")]
    assert {row.client_id for row in with_code.read(select(CONSENT.c.client_id)).all()} == {"c0", "c3"}
    assert act.run_all([]) == []


def test_an_act_done_for_many_without_a_guard_is_done(database: Database) -> None:
    write = database.write(insert_row(VersionRow))
    assert write.run_all([{"name": name, "value": 1} for name in "abc"]) == [(1,)] * 3
    assert count(database, VERSION) == 3


def test_of_an_act_done_for_many_one_refusal_undoes_all(with_code: Database) -> None:
    act = take_code(with_code)
    with_code.write(insert_row(AuthorizationCodeRow)).run(**ROW | {"digest": b"z" * 32})
    many = [{"digest": letter * 32, "now": 7, "client_id": "c", **CONSENT_VALUES} for letter in (b"y", b"x", b"z", b"y")]
    with pytest.raises(Exception, match=r"(?i)unique"):
        act.run_all(many)
    assert count(with_code, CONSENT) == 0
    assert {row.used_at for row in with_code.read(select(CODE.c.used_at)).all()} == {None}
    assert act.run_all(many[:2]) == [None, ("g", "c")]


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


TEXTS = ["", " ", "Văn phòng UBND tỉnh", "\U0001f600", "100 % và 'nháy' \\ \n\t", "x" * 100_000]
BLOBS = [None, b"", b"\x00", b"\x00a\x00", bytes(range(256)), b"\\x00", b"x" * 100_000]
NUMBERS = [0, 1, -1, 2**15, -(2**15) - 1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)]


def test_text_bytes_and_null_come_back_as_they_went(database: Database) -> None:
    keep = database.write(insert_row(ClientRow))
    look = database.read(select(*CLIENT.c).where(CLIENT.c.client_id == parameter(CLIENT.c.client_id)))
    for number, (words, blob) in enumerate(itertools.product(TEXTS, BLOBS)):
        row = {"client_id": f"c{number}", "source": "file", "metadata": words, "secret_digest": blob, "sealed_secret": blob,
               "created_at": 1, "updated_at": 2, "disabled_at": None, "registration_digest": blob, "registration_terms": words,
               "initial_access_id": None}
        keep.run(**row)
        found = look.one(client_id=row["client_id"])
        assert found._asdict() == row
        assert type(found.secret_digest) is type(blob)


def test_whole_numbers_of_every_size_come_back(database: Database) -> None:
    put = database.write(insert_row(VersionRow))
    same = database.read(select(VERSION.c.value).where(VERSION.c.value == parameter(VERSION.c.value)))
    for number in NUMBERS:
        put.run(name=str(number), value=number)
        assert [row.value for row in same.all(value=number)] == [number]
        assert type(same.one(value=number).value) is int


def test_truth_comes_back(database: Database) -> None:
    column = INTERACTION.c.must_change_password
    put, look = database.write(insert_row(InteractionRow)), database.read(select(column).where(column == parameter(column)))
    for flag in (True, False):
        put.run(id=f"i{flag}", kind="page", client_id="", request="{}", return_to="/", browser_digest=None, created_at=1,
                expires_at=2, entry_uuid="", amr="", proven_at=None, must_change_password=flag,
                password_expires_at=None, grace_left=None, authenticated_at=None, authenticated_sid="", done_at=None)
        assert [bool(row.must_change_password) for row in look.all(must_change_password=flag)] == [flag]


def test_a_nul_in_a_text_is_refused_and_never_cut_off(on_postgresql: Database) -> None:
    put = on_postgresql.write(insert_row(VersionRow))
    with pytest.raises(DataError, match=r"(?i)nul|0x00"):
        put.run(name="a\0b", value=1)
    assert count(on_postgresql, VERSION) == 0


def test_a_constraint_error_leaves_every_connection_in_use(on_postgresql: Database) -> None:
    put = on_postgresql.write(insert_row(VersionRow))
    put.run(name="n", value=1)
    backend = on_postgresql.write(
        update(VERSION).values(value=func.pg_backend_pid()).returning(VERSION.c.value), guard=None)
    first = backend.run()
    for _ in range(20):
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            put.run(name="n", value=2)
    assert backend.run() == first
    assert put.run(name="m", value=3) == (1,)


def test_many_threads_read_and_write_over_few_connections(database: Database) -> None:
    put = database.write(insert_row(ConsentRow), durable=False)
    look = database.read(select(CONSENT.c.scope).where(CONSENT.c.sub == parameter(CONSENT.c.sub)))

    def work(thread: int) -> int:
        right = 0
        for number in range(40):
            sub = f"{thread}-{number}"
            put.run(**CONSENT_VALUES | {"sub": sub, "scope": f"scope {sub}"}, client_id="c")
            right += look.one(sub=sub).scope == f"scope {sub}"
        return right

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 16 * 40


def test_several_rows_come_in_order_and_none_is_an_empty_list(database: Database) -> None:
    put = database.write(insert_row(VersionRow))
    for number in range(50):
        put.run(name=f"n{number:02}", value=number)
    from_there = database.read(
        select(VERSION.c.name, VERSION.c.value).where(VERSION.c.value >= parameter(VERSION.c.value)).order_by(VERSION.c.value))
    assert [row.value for row in from_there.all(value=10)] == list(range(10, 50))
    assert from_there.all(value=50) == []
    assert from_there.one(value=50) is None


def test_a_statement_that_takes_too_long_is_cut_and_the_next_is_answered(postgresql: PostgreSQL) -> None:
    for way in (True, False):
        database = Database(postgresql.url("postgres"), statement_timeout_seconds=1, prepared=way)
        with pytest.raises(UnavailableError):
            database.read(select(literal_column("pg_sleep(20)::text").label("slept"))).one()
        database.ping()
        database.dispose()


def test_a_migration_under_a_running_process_costs_at_most_one_answer(on_postgresql: Database) -> None:
    on_postgresql.write(insert_row(VersionRow)).run(name="n", value=1)
    look = on_postgresql.read(select(VERSION.c.name, VERSION.c.value))
    assert look.one() == ("n", 1)
    with on_postgresql.durable.connect() as connection:
        connection.execute(text("ALTER TABLE version ALTER COLUMN value TYPE integer"))
        connection.execute(text("ALTER TABLE version ALTER COLUMN name TYPE text"))
    try:
        assert look.one() == ("n", 1)
    except UnavailableError:
        assert look.one() == ("n", 1)


def test_a_statement_that_the_session_lost_is_prepared_again(prepared: Database) -> None:
    look = prepared.read(select(VERSION.c.name))
    assert look.all() == []
    forget = prepared.write(update(VERSION).values(value=literal_column("1")), durable=False)
    forget.run()
    prepared.executor(prepared.relaxed)._idle[-1].connection.execute("DISCARD ALL")
    assert look.all() == []
    assert forget.run() == (1,)
    prepared.executor(prepared.relaxed)._idle[-1].connection.execute("DISCARD ALL")
    assert forget.run_all([{}, {}]) == [(1,), (1,)]


def test_a_connection_lost_under_an_act_done_for_many_is_unavailable_and_another_is_made(prepared: Database) -> None:
    write = prepared.write(insert_row(VersionRow))
    write.run(name="a", value=1)
    with prepared.relaxed.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                " AND datname = current_database() AND backend_type = 'client backend'"))
    with pytest.raises(UnavailableError):
        write.run_all([{"name": name, "value": 1} for name in "bcd"])
    assert write.run_all([{"name": "e", "value": 1}]) == [(1,)]
    assert {row.name for row in prepared.read(select(VERSION.c.name)).all()} == {"a", "e"}


@pytest.mark.parametrize("statement", [
    select(VERSION.c.name).where(func.now() > bindparam("at", type_=DateTime())), select(func.now()),
], ids=["parameter", "column"])
def test_types_that_hot_statements_do_not_hold_are_refused_at_start(prepared: Database, statement) -> None:
    prepared.read(statement)
    with pytest.raises(RuntimeError, match="not for hot statements"):
        prepared.prepare()


def test_a_mistake_in_a_statement_shows_at_start(prepared: Database) -> None:
    prepared.read(select(literal_column("no_such_column")).select_from(VERSION))
    with pytest.raises(ProgrammingError, match="no_such_column"):
        prepared.prepare()


def test_a_mistake_in_what_is_read_through_shows_at_start_as_well(prepared: Database) -> None:
    Stream(prepared, select(literal_column("no_such_column")).select_from(VERSION))
    with pytest.raises(ProgrammingError, match="no_such_column"):
        prepared.prepare()


def test_decision_2_what_is_read_through_is_compiled_once_and_at_start(database: Database, monkeypatch: Any) -> None:
    stream = Stream(database, select(VERSION.c.name).where(VERSION.c.value > parameter(VERSION.c.value)).order_by(VERSION.c.name))
    database.prepare()
    monkeypatch.setattr(Stream, "compile", None)
    database.write(insert_row(VersionRow)).run(name="b", value=2)
    assert [list(stream.rows(value=least)) for least in (0, 2)] == [[("b",)], []]


@pytest.mark.parametrize("way", [True, False], ids=["prepared", "cursor"])
def test_a_database_that_went_away_is_unavailable_and_comes_back(way: bool) -> None:
    own = PostgreSQL().start()
    try:
        database = Database(own.url("postgres"), prepared=way)
        database.ping()
        own.stop()
        with pytest.raises(UnavailableError) as caught:
            database.ping()
        assert caught.value.dependency == "database"
        assert "port" not in caught.value.message
        with pytest.raises(UnavailableError):
            database.ping()
        own.start()
        database.ping()
        database.dispose()
    finally:
        own.remove()


@pytest.mark.parametrize("way", [True, False], ids=["prepared", "cursor"])
@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "killed"])
def test_a_restart_under_load_is_told_and_borne(way: bool, crash: bool) -> None:
    own = PostgreSQL().start()
    try:
        schema.upgrade(own.url("postgres"))
        database = Database(own.url("postgres"), prepared=way)
        put, look = database.write(insert_row(VersionRow)), database.read(select(VERSION.c.name))
        stop, kept, unforeseen, refused = threading.Event(), [], [], []

        def work(thread: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    put.run(name=f"{thread}-{number}", value=1)
                    kept.append(f"{thread}-{number}")
                    look.one()
                except UnavailableError as err:
                    refused.append(err)
                    stop.wait(0.05)
                except BaseException as err:
                    unforeseen.append(err)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        stop.wait(0.5)
        own.stop(crash=crash)
        stop.wait(0.3)
        own.start()
        before = len(kept)
        stop.wait(1)
        stop.set()
        for thread in threads:
            thread.join(30)
        assert unforeseen == []
        assert refused
        assert len(kept) > before
        assert {row.name for row in look.all()} >= set(kept)  # whatever was answered durably is there
        database.dispose()
    finally:
        own.remove()


@pytest.mark.parametrize("way", [True, False], ids=["prepared", "cursor"])
def test_a_restart_while_nobody_asked_costs_no_request(way: bool) -> None:
    own = PostgreSQL().start()
    try:
        schema.upgrade(own.url("postgres"))
        database = Database(own.url("postgres"), prepared=way)
        look = database.read(select(VERSION.c.name))
        writes = [database.write(guard=insert_row(VersionRow).returning(VERSION.c.name), durable=durable, after=after)
                  for durable in (True, False) for after in ((), (select(VERSION.c.name).with_for_update(read=True),))]

        def use_all(name: str) -> None:
            for number, write in enumerate(writes):
                write.run(name=f"{name}-{number}", value=1)

        use_all("before")
        own.stop()
        own.start()
        time.sleep(1.1)
        use_all("after")
        names = {row.name for row in look.all()}
        assert names >= {"before-0", "before-1", *(f"after-{number}" for number in range(len(writes)))}
        database.dispose()
    finally:
        own.remove()
