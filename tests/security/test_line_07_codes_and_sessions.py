"""Lines 7 and 14: what ends between the look at a code or a refresh token and its use is ended for that use as well.

The provider's own extension point lies between the two, so the order is made and not hoped for; threads try the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import literal_column, select, update

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuthorizationCodeRow, GrantRow
from tests.provider import CALLER, House

Meanwhile = list[Callable[[], object]]


@pytest.fixture
def meanwhile() -> Meanwhile:
    """Acts that happen once, after the next code or refresh token was found good and before it is used."""
    return []


@pytest.fixture
def house(database: Database, meanwhile: Meanwhile) -> Iterator[House]:
    def extension(grant: Any) -> None:
        grant.register_hook("before_save_token", lambda *_: [meanwhile.pop()() for _ in tuple(meanwhile)])

    yield House(database, extensions=(extension,))
    assert not meanwhile


def revoked(house: House) -> None:
    """Revoke every grant, as an administrator would."""
    grants: Any = GrantRow.__table__
    house.database.write(update(grants).values(revoked_at=literal_column("1"))).run()


def unused_codes(house: House) -> int:
    codes: Any = AuthorizationCodeRow.__table__
    return len(house.database.read(select(codes.c.digest).where(codes.c.used_at.is_(None))).all())


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_line_07_a_logout_between_look_and_use_leaves_a_code_worthless(house: House, meanwhile: Meanwhile, scope: str) -> None:
    session = house.session()
    code = house.code(session, scope=scope)
    meanwhile.append(lambda: house.sessions.end(session.sid, "logout", CALLER))
    assert house.redeem(code).error == "invalid_grant"
    assert house.live_refresh_tokens() == 0
    assert unused_codes(house) == 1
    assert {"code.replayed", "token.issued"}.isdisjoint(house.events())
    assert house.redeem(code).error == "invalid_grant"


def test_line_07_a_grant_revoked_between_look_and_use_gives_nothing(house: House, meanwhile: Meanwhile) -> None:
    code = house.code(scope="openid offline_access")
    meanwhile.append(lambda: revoked(house))
    assert house.redeem(code).error == "invalid_grant"
    assert unused_codes(house) == 1
    assert {"code.replayed", "token.issued"}.isdisjoint(house.events())


def test_line_07_a_second_use_between_look_and_use_is_a_replay(house: House, meanwhile: Meanwhile) -> None:
    code = house.code(scope="openid offline_access")
    first: list[Any] = []
    meanwhile.append(lambda: first.append(house.redeem(code)))
    assert house.redeem(code).error == "invalid_grant"
    assert first[0].status == 200
    assert house.events().count("code.replayed") == 1
    assert not house.is_active(first[0].json["access_token"])


@pytest.mark.parametrize("repeated", [False, True], ids=["rotation", "grace"])
def test_line_14_a_grant_revoked_between_look_and_use_is_not_refreshed(
        house: House, meanwhile: Meanwhile, repeated: bool) -> None:
    token = house.tokens_for(scope="openid offline_access")["refresh_token"]
    if repeated:
        house.refresh(token)
    refreshed = house.events().count("token.refreshed")
    meanwhile.append(lambda: revoked(house))
    assert house.refresh(token).error == "invalid_grant"
    assert house.events().count("token.refreshed") == refreshed
    assert "refresh.replayed" not in house.events()


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_line_07_a_logout_beside_the_use_of_a_code_is_no_replay_and_leaves_nothing_half_done(house: House, scope: str) -> None:
    sub = house.officer()
    for _ in range(12):
        session = house.session(sub)
        code = house.code(session, scope=scope)
        with ThreadPoolExecutor(2) as pool:
            reply = pool.submit(house.redeem, code)
            end = pool.submit(house.sessions.end, session.sid, "logout", CALLER)
        assert end.result() == ["qlvb"]
        if reply.result().status == 200:
            assert house.is_active(reply.result().json["access_token"]) is ("offline_access" in scope)
        else:
            assert reply.result().error == "invalid_grant"
    assert "code.replayed" not in house.events()
    assert house.events().count("token.issued") == 12 - unused_codes(house)
