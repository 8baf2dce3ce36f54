"""Line 7: codes are random, short-lived, used once and bound; a replay revokes what was issued."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from tests.provider import CALLER, REDIRECT_URI, House, new_verifier


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_07_codes_have_256_random_bits(house: House) -> None:
    session = house.session()
    codes = {house.code(session) for _ in range(20)}
    assert len(codes) == 20
    assert {len(code) for code in codes} == {43}


def test_line_07_a_code_dies_after_60_seconds(house: House) -> None:
    code = house.code()
    house.clock.advance(60)
    assert house.redeem(code).error == "invalid_grant"


def test_line_07_a_code_is_bound_to_client_redirect_uri_verifier_and_session(house: House) -> None:
    house.client("other")
    session = house.session()
    code = house.code(session)
    assert house.redeem(code, client_id="other").error == "invalid_grant"
    assert house.redeem(code, redirect_uri=REDIRECT_URI + "?x").error == "invalid_grant"
    assert house.redeem(code, code_verifier=new_verifier()).error == "invalid_grant"
    house.sessions.end(session.sid, "logout", CALLER)
    assert house.redeem(code).error == "invalid_grant"


def test_line_07_second_use_of_a_code_revokes_the_family(house: House) -> None:
    code = house.code()
    first = house.redeem(code).json
    house.clock.advance(30)
    assert house.redeem(code).error == "invalid_grant"
    assert not house.is_active(first["access_token"])
    assert house.userinfo(first["access_token"]).status == 401
    assert house.refresh(first["refresh_token"]).error == "invalid_grant"
    assert house.redeem(code).error == "invalid_grant"
    assert house.events().count("code.replayed") == 1


def test_line_07_a_replay_with_a_wrong_verifier_or_after_expiry_is_punished_too(house: House) -> None:
    code = house.code()
    first = house.redeem(code).json
    house.clock.advance(300)
    assert house.redeem(code, code_verifier=None).error == "invalid_grant"
    assert not house.is_active(first["access_token"])


def test_line_07_a_replay_ends_only_its_own_family(house: House) -> None:
    session = house.session()
    code = house.code(session)
    house.redeem(code)
    other = house.tokens_for(session=session)
    house.redeem(code)
    assert house.is_active(other["access_token"])
