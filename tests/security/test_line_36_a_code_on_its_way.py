"""Lines 7 and 36: a session that ends while something is being issued in it takes the new grant along and tells the application.

On PostgreSQL a statement that waited for a row sees everything else as it was when it began, so the end of a session has to look
after it has waited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import literal_column, select, text

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import GrantRow, OutboxRow
from idp.oauth.response import FRONT_CHANNEL
from tests.postgresql import PostgreSQL
from tests.provider import CALLER, House


@pytest.fixture(params=[True, False], ids=["prepared", "cursor"])
def house(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> Iterator[House]:
    with postgresql.lent("template_idp") as url:
        database = Database(url, prepared=request.param)
        house = House(database, front_channel=True)
        house.client(response_types=("code", *FRONT_CHANNEL), grant_types=("authorization_code", "refresh_token", "implicit"))
        yield house
        database.dispose()


def until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not what():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def waiting(house: House) -> int:
    locks = select(literal_column("count(*)").label("n")).select_from(text("pg_locks")).where(text("NOT granted"))
    return int(house.database.read(locks).one().n)


@pytest.mark.parametrize("response_type", ["code", "id_token token", "code id_token token"])
def test_line_36_the_end_of_a_session_waits_for_what_is_issued_and_then_sees_it(house: House, response_type: str) -> None:
    session = house.session()
    asked = house.asked(scope="openid", response_type=response_type)
    holder = house.database.durable.raw_connection()
    with ThreadPoolExecutor(2) as pool, holder.driver_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO session_client (sid, client_id, sub, first_used_at, last_used_at)"
                       " VALUES (%s, 'qlvb', %s, 1, 1)", (session.sid, session.sub))
        answer = pool.submit(house.provider.issue_code, asked, session=session, caller=CALLER)
        until(lambda: waiting(house) == 1)
        end = pool.submit(house.sessions.end, session.sid, "logout", CALLER)
        until(lambda: waiting(house) == 2)
        cursor.execute("ROLLBACK")
        told = dict(answer.result().parameters)
        end.result()
    holder.close()
    grants = house.database.read(select(GrantRow.__table__.c.revoked_at)).all()
    assert [row.revoked_at is not None for row in grants] == [True]
    assert [row.receiver for row in house.database.read(select(OutboxRow.__table__.c.receiver)).all()] == ["qlvb"]
    assert "code" not in told or house.redeem(told["code"]).error == "invalid_grant"
    assert "access_token" not in told or house.userinfo(told["access_token"]).error == "invalid_token"
    assert house.events().count("session.ended") == 1


def test_line_36_of_many_ends_one_counts_and_the_connections_stay_good(house: House) -> None:
    for _ in range(3):
        session = house.session()
        house.tokens_for(session=session)
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda _, sid=session.sid: house.sessions.end(sid, "logout", CALLER), range(8)))
        assert sorted(map(len, told)) == [0] * 7 + [1]
    assert house.events().count("session.ended") == 3
    assert len(house.database.read(select(OutboxRow.__table__.c.id)).all()) == 3
