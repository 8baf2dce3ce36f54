"""Line 6: authorization responses and errors carry iss; state is returned unchanged."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.adapters.sql.database import Database
from idp.jose import jwt
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.response import FRONT_CHANNEL
from tests.provider import CALLER, ISSUER, House

STATES = ["xyz", "a b&c=d#e%20", "trạng thái đ", "\r\nSet-Cookie: a=b", "\x00", '"><script>', "x" * 4000, "\u2028"]


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_line_06_answers_and_errors_carry_iss_and_the_state_as_it_came(house: House, state: str, mode: str) -> None:
    answer = house.provider.issue_code(house.asked(state=state, response_mode=mode), session=house.session(), caller=CALLER)
    with pytest.raises(AuthorizationError) as caught:
        house.asked(state=state, response_mode=mode, prompt="none login")
    refusal = house.provider.error_response(caught.value)
    refused_later = house.provider.error_response(house.asked(state=state, response_mode=mode).refuse("access_denied", "No."))
    for response in (answer, refusal, refused_later):
        assert response.response_mode == mode
        told = dict(response.parameters)
        assert (told["iss"], told["state"]) == (ISSUER, state)
        assert len(told) == len(response.parameters)
        told_in = urlsplit(response.location())
        assert dict(parse_qsl(told_in.fragment if mode == "fragment" else told_in.query))["state"] == state
        assert response.location().isascii()
        assert response.location().isprintable()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", ["query.jwt", "fragment.jwt", "form_post.jwt"])
def test_line_06_signed_answers_carry_both_inside_and_only_there(house: House, state: str, mode: str) -> None:
    asked = house.asked(state=state, response_mode=mode)
    answer = house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    for response in (answer, house.provider.error_response(asked.refuse("access_denied", "No."))):
        (name, token), = response.parameters
        told = jwt.verify(token, house.keys.verification(), algorithms=["RS256"], typ="JWT", issuer=ISSUER, audience="qlvb",
                          now=house.clock.now())
        assert (name, told["iss"], told["state"]) == ("response", ISSUER, state)
        assert response.location().isascii()
        assert response.location().isprintable()


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_line_06_answers_with_tokens_do_too(database: Database, response_type: str, mode: str) -> None:
    house = House(database, front_channel=True)
    house.client(response_types=FRONT_CHANNEL, grant_types=("authorization_code", "implicit"))
    asked = house.asked(response_type=response_type, response_mode=mode, state=STATES[1])
    answer = house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    for response in (answer, house.provider.error_response(asked.refuse("access_denied", "No."))):
        told = dict(response.parameters)
        assert (response.response_mode, told["iss"], told["state"]) == (mode, ISSUER, STATES[1])


def test_line_06_without_state_only_iss(house: House) -> None:
    with pytest.raises(AuthorizationError) as caught:
        house.asked(state=None, prompt="none login")
    told = dict(house.provider.error_response(caught.value).parameters)
    assert set(told) == {"error", "error_description", "iss"}
