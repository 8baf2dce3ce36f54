"""Line 14: refresh tokens rotate; a lost answer has its grace, every other repeat ends the family."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.database import Database
from idp.audit import AuditEvent, AuditRecord
from idp.oauth.ports import NewTokens, digest
from idp.oauth.server import Lifetimes
from tests.provider import House

RECORD = AuditRecord(AuditEvent.TOKEN_REFRESHED, 0)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_14_grace_a_repeat_gets_a_token_that_replaces_the_successor(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    lost = house.refresh(first).json
    house.clock.advance(10)
    again = house.refresh(first).json
    assert again["refresh_token"] != lost["refresh_token"]
    assert house.live_refresh_tokens() == 1
    assert house.refresh(again["refresh_token"]).status == 200


def test_line_14_grace_holds_for_several_repeats(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    newest = [house.refresh(first).json["refresh_token"] for _ in range(5)][-1]
    assert house.live_refresh_tokens() == 1
    assert house.refresh(newest).status == 200


def test_line_14_the_replaced_successor_ends_the_family(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    stolen = house.refresh(first).json["refresh_token"]
    newest = house.refresh(first).json
    assert house.refresh(stolen).error == "invalid_grant"
    assert not house.is_active(newest["access_token"])
    assert house.live_refresh_tokens() == 0
    assert house.events().count("refresh.replayed") == 1


def test_line_14_a_repeat_after_the_grace_ends_the_family(house: House) -> None:
    first = house.tokens_for()
    second = house.refresh(first["refresh_token"]).json
    house.clock.advance(11)
    assert house.refresh(first["refresh_token"]).error == "invalid_grant"
    assert house.refresh(second["refresh_token"]).error == "invalid_grant"
    assert not house.is_active(first["access_token"])
    assert not house.is_active(second["access_token"])
    assert house.events().count("refresh.replayed") == 1


def test_line_14_a_repeat_after_the_successor_was_used_ends_the_family(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    third = house.refresh(house.refresh(first).json["refresh_token"]).json["refresh_token"]
    assert house.refresh(first).error == "invalid_grant"
    assert house.refresh(third).error == "invalid_grant"


def test_line_14_grace_is_for_clients_that_authenticate(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    first = house.tokens_for(client_id="spa", secret=None)["refresh_token"]
    assert house.refresh(first, client_id="spa", secret=None).status == 200
    assert house.refresh(first, client_id="spa", secret=None).error == "invalid_grant"
    assert house.live_refresh_tokens() == 0


def test_line_14_without_grace_every_repeat_ends_the_family(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_grace_seconds=0))
    first = house.tokens_for()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    assert house.refresh(first).error == "invalid_grant"
    assert house.refresh(second).error == "invalid_grant"


def test_line_14_a_family_that_ended_does_not_end_others(house: House) -> None:
    session = house.session()
    first = house.tokens_for(session=session)["refresh_token"]
    other = house.tokens_for(session=session)["refresh_token"]
    house.refresh(first)
    house.clock.advance(60)
    house.refresh(first)
    assert house.refresh(other).status == 200


# Applications of the profile fapi2: not rotated

def test_line_14_fapi2_the_refresh_token_stays(house: House) -> None:
    house.client(profile="fapi2")
    token = house.tokens_for(scope="openid profile offline_access")["refresh_token"]
    given = []
    for _ in range(3):
        house.clock.advance(100)
        answer = house.refresh(token, scope="openid")
        assert answer.status == 200
        assert "refresh_token" not in answer.json
        given.append(answer.json["access_token"])
    assert len(set(given)) == 3
    assert all(map(house.is_active, given))
    assert house.introspect(given[0]).json["scope"] == "openid"
    assert house.refresh(token).json["scope"] == "openid profile offline_access"
    assert house.live_refresh_tokens() == 1
    assert house.events().count("token.refreshed") == 4
    assert "refresh.replayed" not in house.events()


def test_line_14_fapi2_of_many_at_once_each_gets_a_token(house: House) -> None:
    house.client(profile="fapi2")
    token = house.tokens_for()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: house.refresh(token), range(8)))
    assert [answer.status for answer in answers] == [200] * 8
    assert len({answer.json["access_token"] for answer in answers}) == 8
    assert house.live_refresh_tokens() == 1


def test_line_14_fapi2_it_ends_with_its_family_and_at_its_hour(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_token_seconds=1000))
    house.client(profile="fapi2")
    ended, old = (house.tokens_for(scope="openid offline_access") for _ in range(2))
    assert house.refresh(ended["refresh_token"], client_id="qlvb").status == 200
    assert house.revoke(ended["refresh_token"]).status == 200
    assert house.refresh(ended["refresh_token"]).error == "invalid_grant"
    house.clock.advance(999)
    last = house.refresh(old["refresh_token"]).json
    assert last["expires_in"] == 1
    house.clock.advance(1)
    assert house.refresh(old["refresh_token"]).error == "invalid_grant"


def test_line_14_fapi2_the_write_itself_gives_nothing_for_a_token_that_is_over(house: House) -> None:
    """Who looked before another used the token up, or ended the family, comes too late."""
    used, ended = house.tokens_for(), house.tokens_for()
    stored = house.store.refresh_token(digest(ended["refresh_token"]))
    assert stored is not None
    assert house.refresh(used["refresh_token"]).status == 200
    house.revoke(ended["refresh_token"])
    for number, old in enumerate((used, ended)):
        new = NewTokens(access_digest=bytes([number]) * 32, client_id="qlvb", grant_id=stored.grant.grant_id, scope="openid",
                        issued_at=house.clock.now(), expires_at=house.clock.now() + 60)
        before = house.events()
        assert not house.store.renew(digest(old["refresh_token"]), new, RECORD)
        assert house.store.access_token(new.access_digest) is None
        assert house.events() == before


def test_line_14_fapi2_what_was_used_up_before_the_profile_came_ends_the_family(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    house.client(profile="fapi2")
    assert "refresh_token" not in house.refresh(second).json
    assert house.refresh(first).error == "invalid_grant"
    assert house.refresh(second).error == "invalid_grant"


def test_line_14_fapi2_a_stranger_gets_nothing_and_ends_nothing(house: House) -> None:
    for name in ("qlvb", "other"):
        house.client(name, profile="fapi2")
    token = house.tokens_for()["refresh_token"]
    assert house.refresh(token, client_id="other").error == "invalid_grant"
    assert house.refresh(token).status == 200


@pytest.mark.parametrize("bound", ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"])
def test_line_14_fapi2_clients_are_sender_constrained(house: House, bound: str) -> None:
    house.client(profile="fapi2")
    token = house.tokens_for()["refresh_token"]
    house.client(**{bound: True})
    assert house.refresh(token).status == 400
