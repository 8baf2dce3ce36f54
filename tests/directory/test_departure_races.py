"""What is given at the very moment at which access ends, on PostgreSQL: the write is made to last, and the end begins within it.

SQLite has one writer at a time, so that there is no such moment (``test_deprovisioning`` runs twenty at once on both).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import DeferredAuthorizationRow, GrantRow, SessionRow
from idp.directory.changes import ChangeKind, OfficerChange
from idp.oauth.grants import jwt_bearer
from tests.fakes.client_keys import pair
from tests.followed import until
from tests.postgresql import PostgreSQL
from tests.provider import CALLER, REGISTERED, SECRET, House
from tests.security.test_matrix import CIBA, HRM, vouch

TABLES = ("sso_session", "oauth_grant", "deferred_authorization")
SLOW = """
    CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
""" + "".join(f"CREATE TRIGGER take_time BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION take_time();" for table in TABLES)


@pytest.fixture
def conninfo(postgresql: PostgreSQL) -> str:
    return postgresql.create("template_idp").replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def house(conninfo: str) -> Iterator[House]:
    database = Database(conninfo)
    house = House(database, assertion_issuers={HRM.issuer: HRM})
    house.client(grant_types=(*REGISTERED.grant_types, CIBA, jwt_bearer.GRANT_TYPE), backchannel_token_delivery_mode="poll")
    yield house
    database.dispose()


def sign_in(house: House) -> Callable[[], object]:
    sub = house.officer()
    return lambda: house.session(sub)


def approve(house: House) -> Callable[[], object]:
    session, device = house.session(), house.device(scope="openid offline_access")
    return lambda: house.approve(device, session)


def code(house: House) -> Callable[[], object]:
    session = house.session()
    return lambda: house.code(session, scope="openid offline_access")


def bring_an_assertion(house: House) -> Callable[[], object]:
    house.officer()
    return lambda: house.token({"grant_type": jwt_bearer.GRANT_TYPE, "assertion": vouch(house, pair("ES256", 5))})


def ask_by_name(house: House) -> Callable[[], object]:
    house.officer()
    return lambda: house.post("/bc-authorize", {"scope": "openid", "login_hint": "canbo"}, client_id="qlvb", secret=SECRET)


def is_disabled(house: House) -> None:
    after = house.officers.by_uid("canbo")
    assert after is not None
    house.disable()
    house.deprovisioning.of(OfficerChange(ChangeKind.DISABLED, after.sub, None, after, house.clock.now()))


def is_ended_by_an_administrator(house: House) -> None:
    house.deprovisioning.end_access(house.officer(), "administrator", CALLER)


def living(house: House) -> list[Any]:
    """Give what an officer could still use."""
    lives = ((SessionRow, SessionRow.ended_at.is_(None)), (GrantRow, GrantRow.revoked_at.is_(None)),
             (DeferredAuthorizationRow, DeferredAuthorizationRow.state == "pending"))
    return [row for mapped, condition in lives for row in house.database.read(select(mapped.__table__).where(condition)).all()]


@pytest.mark.parametrize("end", [is_disabled, is_ended_by_an_administrator])
@pytest.mark.parametrize("give", [sign_in, approve, code, bring_an_assertion, ask_by_name])
def test_what_is_being_given_when_access_ends_is_ended_too(
    house: House, conninfo: str, give: Callable[[House], Callable[[], object]], end: Callable[[House], None],
) -> None:
    act = give(house)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(SLOW)
        giving = threading.Thread(target=act)
        giving.start()
        until(lambda: connection.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone())
        end(house)
        giving.join()
    assert living(house) == []
