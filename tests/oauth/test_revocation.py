"""RFC 7009: a client gives back its own tokens."""

from __future__ import annotations

import pytest

from tests.provider import House


def test_rfc7009_s2_1_an_access_token_ends_alone(house: House) -> None:
    tokens = house.tokens_for()
    reply = house.revoke(tokens["access_token"])
    assert (reply.status, reply.body) == (200, b"{}")
    assert not house.is_active(tokens["access_token"])
    assert house.userinfo(tokens["access_token"]).status == 401
    assert house.refresh(tokens["refresh_token"]).status == 200
    assert house.events().count("token.revoked") == 1


def test_rfc7009_s2_1_a_refresh_token_ends_its_family(house: House) -> None:
    session = house.session()
    tokens = house.tokens_for(session=session)
    other = house.tokens_for(session=session)
    second = house.refresh(tokens["refresh_token"]).json
    assert house.revoke(second["refresh_token"]).status == 200
    for token in (tokens["access_token"], second["access_token"]):
        assert not house.is_active(token)
    assert house.refresh(second["refresh_token"]).error == "invalid_grant"
    assert house.is_active(other["access_token"])
    assert house.events().count("token.revoked") == 1


def test_a_used_refresh_token_ends_its_family_as_well(house: House) -> None:
    tokens = house.tokens_for()
    second = house.refresh(tokens["refresh_token"]).json
    house.revoke(tokens["refresh_token"])
    assert house.refresh(second["refresh_token"]).error == "invalid_grant"


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "đ"])
def test_rfc7009_s2_1_a_wrong_hint_is_ignored(house: House, hint: str) -> None:
    tokens = house.tokens_for()
    assert house.revoke(tokens["access_token"], token_type_hint=hint).status == 200
    assert not house.is_active(tokens["access_token"])
    assert house.revoke(tokens["refresh_token"], token_type_hint=hint).status == 200
    assert not house.is_active(tokens["refresh_token"])


@pytest.mark.parametrize("value", ["x" * 43, "a.b.c", "đ", "x" * 60000])
def test_rfc7009_s2_2_an_unknown_token_gives_200(house: House, value: str) -> None:
    assert (house.revoke(value).status, house.revoke(value).body) == (200, b"{}")
    assert house.events() == []


def test_rfc7009_s2_1_a_missing_token_is_an_invalid_request(house: House) -> None:
    assert house.revoke("").error == "invalid_request"


def test_security_17_a_strangers_token_lives_on_and_nothing_is_said_of_it(house: House) -> None:
    house.client("other")
    tokens = house.tokens_for()
    machine = house.machine().json
    for token in (tokens["access_token"], tokens["refresh_token"], machine["access_token"]):
        reply = house.revoke(token, client_id="other")
        assert (reply.status, reply.body) == (200, b"{}")
        assert house.is_active(token)


def test_revoking_twice_is_recorded_once(house: House) -> None:
    tokens = house.tokens_for()
    for _ in range(2):
        house.revoke(tokens["access_token"])
        house.revoke(tokens["refresh_token"])
    assert house.events().count("token.revoked") == 2


def test_a_machines_token_can_be_revoked(house: House) -> None:
    token = house.machine().json["access_token"]
    house.revoke(token)
    assert not house.is_active(token)


def test_rfc7009_s5_a_public_client_gives_back_its_own_tokens_by_its_name(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    mine = house.tokens_for(client_id="spa", secret=None)
    strangers = house.tokens_for()
    assert house.revoke(strangers["access_token"], client_id="spa", secret=None).status == 200
    assert house.is_active(strangers["access_token"])
    assert house.revoke(mine["access_token"], client_id="spa", secret=None).status == 200
    assert house.userinfo(mine["access_token"]).status == 401


def test_rfc7009_s2_1_the_caller_must_authenticate(house: House) -> None:
    token = house.tokens_for()["access_token"]
    for reply in (house.revoke(token, secret="wrong"), house.revoke(token, client_id="nobody"),
                  house.revoke(token, secret=None), house.post("/revoke", {"token": token})):
        assert (reply.status, reply.error) == (401, "invalid_client")
    assert house.is_active(token)
