"""RFC 7662, told only to those whom it concerns."""

from __future__ import annotations

import pytest
from sqlalchemy import literal_column, update

from idp.adapters.sql.tables import AccessTokenRow
from tests.provider import ACR_PREFIX, CALLER, ISSUER, SECRET, House

INACTIVE = b'{"active":false}'


def test_rfc7662_s2_2_an_active_token_of_an_officer(house: House) -> None:
    session = house.session()
    token = house.tokens_for(session=session, scope="openid profile")["access_token"]
    now = house.clock.now()
    assert house.introspect(token).json == {
        "active": True, "iss": ISSUER, "client_id": "qlvb", "token_type": "Bearer", "scope": "openid profile", "aud": ISSUER,
        "iat": now, "exp": now + 600, "sub": session.sub, "auth_time": session.auth_time, "acr": f"{ACR_PREFIX}1",
        "amr": ["pwd"], "username": "canbo"}


@pytest.mark.parametrize(("acr", "amr"), [(1, ("pwd",)), (2, ("pwd", "otp", "mfa"))])
def test_rfc9470_s6_2_introspection_tells_the_level_and_when_it_was_reached(house: House, acr: int, amr: tuple[str, ...]) -> None:
    session = house.session(acr=acr, amr=amr)
    house.clock.advance(300)
    tokens = house.tokens_for(session=session, scope="openid offline_access")
    house.clock.advance(300)
    for token in (tokens["access_token"], house.refresh(tokens["refresh_token"]).json["access_token"]):
        told = house.introspect(token).json
        assert (told["acr"], told["auth_time"]) == (f"{ACR_PREFIX}{acr}", session.auth_time)


def test_the_login_name_is_told_with_the_scope_profile_only(house: House) -> None:
    assert "username" not in house.introspect(house.tokens_for(scope="openid")["access_token"]).json


def test_refresh_tokens_are_introspected_too(house: House) -> None:
    token = house.tokens_for(scope="openid offline_access")["refresh_token"]
    told = house.introspect(token).json
    assert (told["active"], told["client_id"], told["scope"]) == (True, "qlvb", "openid offline_access")
    house.refresh(token)
    assert house.introspect(token).body == INACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", "đ"])
def test_rfc7662_s2_1_a_wrong_hint_is_ignored(house: House, hint: str) -> None:
    tokens = house.tokens_for()
    assert house.introspect(tokens["access_token"], token_type_hint=hint).json["active"]
    assert house.introspect(tokens["refresh_token"], token_type_hint=hint).json["active"]


def test_security_17_a_strangers_token_is_inactive(house: House) -> None:
    house.client("other")
    tokens = house.tokens_for(scope="openid offline_access")
    machine = house.machine().json
    for token in (tokens["access_token"], tokens["refresh_token"], machine["access_token"]):
        assert house.introspect(token).json["active"]
        assert house.introspect(token, client_id="other").body == INACTIVE


def test_a_client_in_the_audience_may_ask(house: House) -> None:
    house.client("resource-server")
    token = house.tokens_for()["access_token"]
    house.database.write(update(AccessTokenRow.__table__).values(audience=literal_column("'x resource-server'"))).run()
    told = house.introspect(token, client_id="resource-server").json
    assert told["active"]
    assert told["aud"] == ["x", "resource-server"]


@pytest.mark.parametrize("value", ["x" * 43, "a.b.c", "đ", "x" * 60000])
def test_an_unknown_token_is_inactive(house: House, value: str) -> None:
    assert house.introspect(value).body == INACTIVE


def test_rfc7662_s2_1_a_missing_token_is_an_invalid_request(house: House) -> None:
    assert house.introspect("").error == "invalid_request"


def test_rfc7662_s2_1_the_caller_must_authenticate(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    token = house.tokens_for()["access_token"]
    for reply in (house.introspect(token, secret="wrong"), house.introspect(token, client_id="nobody"),
                  house.post("/introspect", {"token": token}), house.post("/introspect", {"token": token, "client_id": "spa"}),
                  house.call("POST", "/introspect", body=f"token={token}".encode(), headers={
                      "content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {token}"})):
        assert reply.status == 401
        assert reply.error == "invalid_client"
        assert "WWW-Authenticate" in reply.headers


def test_security_18_what_stops_a_token_shows_at_once(house: House) -> None:
    session = house.session()
    token = house.tokens_for(session=session)["access_token"]
    house.client("other")

    house.client(allowed_groups=frozenset({"van-thu"}))
    assert house.introspect(token).body == INACTIVE
    house.client(allowed_groups=frozenset())
    assert house.is_active(token)
    house.disable()
    assert house.introspect(token).body == INACTIVE
    house.disable(status="active")
    assert house.is_active(token)
    house.sessions.end(session.sid, "logout", CALLER)
    assert house.introspect(token).body == INACTIVE


def test_a_token_of_a_client_disabled_meanwhile_is_inactive_to_its_audience(house: House) -> None:
    house.client("resource-server")
    token = house.tokens_for()["access_token"]
    house.database.write(update(AccessTokenRow.__table__).values(audience=literal_column("'resource-server'"))).run()
    house.client(disabled=True)
    assert house.introspect(token, client_id="resource-server").body == INACTIVE
    assert house.introspect(token).status == 401


def test_client_secret_post_works_here_too(house: House) -> None:
    house.client(token_endpoint_auth_method="client_secret_post")
    form = {"grant_type": "client_credentials", "client_id": "qlvb", "client_secret": SECRET}
    token = house.post("/token", form).json["access_token"]
    assert house.post("/introspect", {"token": token, "client_id": "qlvb", "client_secret": SECRET}).json["active"]
