"""Line 15: every single use is one atomic database operation; here codes and refresh tokens, with threads on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.server import Lifetimes
from tests.provider import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_15_one_code_and_twenty_threads_have_one_winner(house: House) -> None:
    code = house.code()
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: house.redeem(code), range(20)))
    assert sorted(reply.status for reply in replies) == [200] + [400] * 19
    assert {reply.error for reply in replies if reply.status == 400} == {"invalid_grant"}
    winner = next(reply.json for reply in replies if reply.status == 200)
    assert not house.is_active(winner["access_token"])
    assert house.live_refresh_tokens() == 0
    assert house.events().count("token.issued") == 1
    assert house.events().count("code.replayed") == 1


def together(house: House, token: str, threads: int = 20) -> list:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda _: house.refresh(token), range(threads)))


def test_line_15_refresh_without_grace_one_200_nineteen_invalid_grant_family_dead(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_grace_seconds=0))
    token = house.tokens_for()["refresh_token"]
    replies = together(house, token)
    assert sorted(reply.status for reply in replies) == [200] + [400] * 19
    assert {reply.error for reply in replies if reply.status == 400} == {"invalid_grant"}
    winner = next(reply.json for reply in replies if reply.status == 200)
    assert house.live_refresh_tokens() == 0
    assert not house.is_active(winner["access_token"])
    assert house.refresh(winner["refresh_token"]).error == "invalid_grant"
    assert house.events().count("refresh.replayed") == 1


def test_line_15_refresh_with_grace_never_leaves_two_live_refresh_tokens(house: House) -> None:
    token = house.tokens_for()["refresh_token"]
    for _ in range(3):
        replies = together(house, token)
        assert {reply.status for reply in replies} == {200}
        assert house.live_refresh_tokens() == 1
        alive = [reply.json["refresh_token"] for reply in replies if house.is_active(reply.json["refresh_token"])]
        assert len(alive) == 1
        token = alive[0]
    assert house.events().count("token.refreshed") == 60


def test_line_15_refresh_of_repeats_against_the_successors_holder(house: House) -> None:
    first = house.tokens_for()["refresh_token"]
    for _ in range(5):
        second = house.refresh(first).json["refresh_token"]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(house.refresh, [first, second] * 4))
        assert {reply.status for reply in replies} <= {200, 400}
        assert house.live_refresh_tokens() <= 1
        first = house.tokens_for(session=house.session())["refresh_token"]
