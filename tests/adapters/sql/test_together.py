"""Several acts as one transaction of a thread, on both databases and by both ways of running statements."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from idp.adapters.sql.database import Database, Write, insert_row, parameter
from idp.adapters.sql.streaming import Stream
from idp.adapters.sql.tables import SeenOnceRow

TABLE: Any = SeenOnceRow.__table__


class Rows:
    """Writes and counts rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.add = database.write(insert_row(SeenOnceRow))
        self.relaxed = database.write(insert_row(SeenOnceRow), durable=False)
        self.count = database.read(select(func.count().label("rows")).select_from(TABLE))
        self.look = database.look(select(func.count().label("rows")).select_from(TABLE))
        self.stream = Stream(database, select(TABLE.c.key))
        self.after = database.write(guard=insert(TABLE).values({c.name: parameter(c) for c in TABLE.c}).returning(TABLE.c.until),
                                    after=select(TABLE.c.key).where(TABLE.c.until == parameter(TABLE.c.until)).with_for_update())

    def of_another_thread(self) -> int:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(self.count.one().rows))
        thread.start()
        thread.join()
        return found[0]


@pytest.fixture(params=[True, False], ids=["prepared", "cursor"])
def rows(request: pytest.FixtureRequest, database_url: str) -> Any:
    database = Database(database_url, prepared=request.param)
    yield Rows(database)
    database.dispose()


def one(number: int) -> dict[str, Any]:
    return {"key": bytes([number]) * 32, "until": 1}


def never(_: BaseException) -> bool:
    return False


def test_it_is_seen_by_its_thread_alone_until_it_is_committed(rows: Rows) -> None:
    with rows.database.together(never):
        rows.add.run(**one(1))
        rows.relaxed.run(**one(2))
        rows.add.run_all([one(3), one(4)])
        rows.after.run(**one(5))
        assert (rows.count.one().rows, rows.look.one().rows, rows.of_another_thread()) == (5, 5, 0)
        assert list(rows.stream.rows()) == [], "what is read in a stream is what is committed"
    assert (rows.count.one().rows, rows.of_another_thread()) == (5, 5)


def test_what_is_raised_undoes_it_all_unless_it_is_kept(rows: Rows) -> None:
    def cut_off(number: int, *, keeps: bool) -> None:
        with rows.database.together(lambda _err: keeps):
            rows.add.run(**one(number))
            raise ValueError("so")

    for keeps, number in ((False, 1), (True, 2)):
        with pytest.raises(ValueError, match="so"):
            cut_off(number, keeps=keeps)
    assert rows.count.one().rows == 1
    rows.add.run(**one(3))
    assert rows.of_another_thread() == 2


@pytest.mark.parametrize("way", ["run", "run_all", "after"])
def test_a_refused_statement_leaves_those_before_it(rows: Rows, way: str) -> None:
    def again(write: Write) -> None:
        write.run_all([one(2), one(1)]) if way == "run_all" else write.run(**one(1))

    with rows.database.together(never):
        rows.add.run(**one(1))
        with pytest.raises(rows.database.durable.dialect.loaded_dbapi.IntegrityError):
            again(rows.after if way == "after" else rows.add)
        rows.add.run(**one(3))
    assert rows.of_another_thread() == 2


def test_there_is_none_in_another(rows: Rows) -> None:
    with rows.database.together(never):
        rows.add.run(**one(1))
        with pytest.raises(RuntimeError, match="already"), rows.database.together(never):
            pass
    assert rows.of_another_thread() == 1
