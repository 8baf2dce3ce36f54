"""Refresh tokens: each once, a short grace, and never more than one that lives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import GrantRow
from idp.directory.officer import Post
from idp.oauth.grant import Grant, Standing
from idp.oauth.grants.refresh_token import Step, step_for
from idp.oauth.ports import StoredRefreshToken
from idp.oauth.server import Lifetimes
from tests.provider import CALLER, House

GRANT = Grant("g", "qlvb", "s", "sid", "openid", True, 0, 1, (), "", 0, 9999, None, Standing("active"))
TOKEN = StoredRefreshToken(b"d", "openid", 9999, None, None, True, GRANT)


@pytest.mark.parametrize(("used_at", "successor", "successor_used", "grace", "step"), [
    (None, None, True, 10, Step.ROTATE),
    (None, None, True, 0, Step.ROTATE),
    (1000, b"s", False, 10, Step.REPLACE_SUCCESSOR),
    (990, b"s", False, 10, Step.REPLACE_SUCCESSOR),
    (1003, b"s", False, 10, Step.REPLACE_SUCCESSOR),
    (989, b"s", False, 10, Step.END_THE_FAMILY),
    (1600, b"s", False, 10, Step.END_THE_FAMILY),
    (1000, b"s", True, 10, Step.END_THE_FAMILY),
    (1000, None, True, 10, Step.END_THE_FAMILY),
    (1000, b"s", False, 0, Step.END_THE_FAMILY),
])
def test_security_14_what_a_presented_token_deserves(used_at, successor, successor_used, grace, step) -> None:
    token = replace(TOKEN, used_at=used_at, successor=successor, successor_used=successor_used)
    assert step_for(token, now=1000, grace_seconds=grace) is step


@pytest.mark.parametrize("grace", [0, 10])
def test_fapi2_s5_3_2_1_a_token_that_does_not_rotate_stays_and_knows_no_grace(grace: int) -> None:
    assert step_for(TOKEN, now=1000, grace_seconds=grace, rotates=False) is Step.KEEP
    used = replace(TOKEN, used_at=1000, successor=b"s", successor_used=False)
    assert step_for(used, now=1000, grace_seconds=grace, rotates=False) is Step.END_THE_FAMILY


def test_rfc6749_s5_2_an_officer_who_moved_into_an_agency_that_needs_two_factors_refreshes_nothing(house: House) -> None:
    """The same refresh is good again, once the officer is elsewhere: nothing was used up by the refusal."""
    home = Post("H30.1", "000.01.00.H30", "Văn phòng UBND tỉnh", "Chuyên viên")
    first = house.tokens_for(session=house.session(), scope="openid offline_access")
    strong = house.tokens_for(session=house.session(acr=2, amr=("pwd", "otp", "mfa")))
    house.officer(posts=(home, Post("H30.9.2", "000.02.09.H30", "Phòng Giá", "Chuyên viên")))
    refused = house.refresh(first["refresh_token"])
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert house.refresh(strong["refresh_token"]).status == 200
    house.officer(posts=(home,))
    assert house.refresh(first["refresh_token"]).status == 200


def test_rfc6749_s6_a_refresh_gives_new_tokens_of_the_same_grant(house: House) -> None:
    session = house.session(acr=2, amr=("pwd", "otp", "mfa"))
    first = house.tokens_for(session=session, scope="openid profile")
    house.clock.advance(500)
    second = house.refresh(first["refresh_token"]).json
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == "openid profile"
    before, after = house.id_claims(first["id_token"]), house.id_claims(second["id_token"])
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid", "nonce"):
        assert after[name] == before[name]
    assert after["auth_time"] == session.auth_time
    assert after["iat"] == before["iat"] + 500
    assert house.is_active(first["access_token"])
    assert house.live_refresh_tokens() == 1
    assert house.events()[-1] == "token.refreshed"


def test_rfc6749_s6_scope_may_shrink_for_the_access_token_and_never_grow(house: House) -> None:
    first = house.tokens_for(scope="openid profile email")["refresh_token"]
    narrow = house.refresh(first, scope="openid").json
    assert narrow["scope"] == "openid"
    assert house.introspect(narrow["access_token"]).json["scope"] == "openid"
    assert house.refresh(narrow["refresh_token"], scope="openid phone").error == "invalid_scope"
    assert house.refresh(narrow["refresh_token"], scope='"').error == "invalid_scope"
    assert house.refresh(narrow["refresh_token"]).json["scope"] == "openid profile email"


def test_a_refused_scope_uses_nothing_up(house: House) -> None:
    token = house.tokens_for()["refresh_token"]
    assert house.refresh(token, scope="openid groups").error == "invalid_scope"
    assert house.refresh(token).status == 200


def test_a_scope_withdrawn_from_the_client_is_gone_from_the_next_token(house: House) -> None:
    token = house.tokens_for(scope="openid profile email")["refresh_token"]
    house.client(scope=frozenset({"openid", "profile"}))
    assert house.refresh(token).json["scope"] == "openid profile"


def test_rfc6749_s10_4_a_refresh_token_is_bound_to_its_client(house: House) -> None:
    house.client("other")
    token = house.tokens_for()["refresh_token"]
    assert house.refresh(token, client_id="other").error == "invalid_grant"
    assert house.refresh(token).status == 200
    # Nor does a stranger who shows a used token end the family.
    assert house.refresh(token, client_id="other").error == "invalid_grant"
    assert house.live_refresh_tokens() == 1


@pytest.mark.parametrize("value", ["x" * 43, "đ", "x" * 60000])
def test_an_unknown_token_is_invalid_grant(house: House, value: str) -> None:
    assert house.refresh(value).error == "invalid_grant"
    assert house.token({"grant_type": "refresh_token"}).error == "invalid_request"


def test_other_kinds_of_tokens_are_no_refresh_tokens(house: House) -> None:
    tokens = house.tokens_for()
    for value in (tokens["access_token"], tokens["id_token"], house.code()):
        assert house.refresh(value).error == "invalid_grant"


def test_a_client_that_lost_the_refresh_grant_is_unauthorized(house: House) -> None:
    token = house.tokens_for()["refresh_token"]
    house.client(grant_types=("authorization_code",))
    assert house.refresh(token).error == "unauthorized_client"


# What ends a family from outside

@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_security_18_a_disabled_officer_gets_no_new_token(house: House, scope: str) -> None:
    token = house.tokens_for(scope=scope)["refresh_token"]
    house.disable()
    assert house.refresh(token).error == "invalid_grant"


def test_security_18_an_officer_who_left_the_applications_group_gets_no_new_token(house: House) -> None:
    token = house.tokens_for()["refresh_token"]
    house.client(allowed_groups=frozenset({"can-bo"}))
    again = house.refresh(token)
    assert again.status == 200
    house.officer(groups=())
    assert house.refresh(again.json["refresh_token"]).error == "invalid_grant"


def test_security_18_a_disabled_client_gets_no_new_token(house: House) -> None:
    token = house.tokens_for()["refresh_token"]
    house.client(disabled=True)
    assert house.refresh(token).status == 401


def test_a_family_without_offline_access_ends_with_its_session(house: House) -> None:
    session = house.session()
    bound = house.tokens_for(session=session, scope="openid")
    offline = house.tokens_for(session=session, scope="openid offline_access")
    house.sessions.end(session.sid, "logout", CALLER)
    assert house.refresh(bound["refresh_token"]).error == "invalid_grant"
    assert not house.is_active(bound["access_token"])
    assert house.refresh(offline["refresh_token"]).status == 200


def test_a_family_without_offline_access_ends_with_the_sessions_limits(house: House) -> None:
    token = house.tokens_for(scope="openid")["refresh_token"]
    house.clock.advance(3600)
    assert house.refresh(token).error == "invalid_grant"


def test_security_14_the_absolute_lifetime_is_not_moved_by_rotation(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_token_seconds=1000))
    token = house.tokens_for(scope="openid offline_access")["refresh_token"]
    for _ in range(3):
        house.clock.advance(300)
        token = house.refresh(token).json["refresh_token"]
    assert house.is_active(token)
    house.clock.advance(100)
    assert not house.is_active(token)
    assert house.refresh(token).error == "invalid_grant"
    row, = database.read(select(GrantRow.__table__)).all()
    assert row.revoked_at is None
