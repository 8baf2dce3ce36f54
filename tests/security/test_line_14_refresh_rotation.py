"""Line 14: refresh tokens rotate; a lost answer has its grace, every other repeat ends the family."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.server import Lifetimes
from tests.provider import House


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
