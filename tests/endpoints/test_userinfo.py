"""UserInfo: a token in exactly one place, and the challenges of RFC 6750."""

from __future__ import annotations

import json

import pytest

from idp.directory.officer import Post
from tests.provider import ACR_PREFIX, CALLER, House

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def token(house: House) -> str:
    return house.tokens_for(scope="openid profile email")["access_token"]


def test_oidc_core_s5_3_1_get_and_post_with_a_header_and_post_with_a_body_answer_alike(house: House, token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    replies = [house.call("GET", "/userinfo", headers=bearer), house.call("POST", "/userinfo", headers=bearer),
               house.call("POST", "/userinfo", headers=bearer | FORM),
               house.call("POST", "/userinfo", headers=FORM, body=f"access_token={token}".encode())]
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert replies[0].json["name"] == "Nguyễn Thị Cán Bộ"
    assert set(replies[0].json) == {"sub", "name", "given_name", "family_name", "preferred_username", "email", "email_verified"}
    assert replies[0].headers["Content-Type"] == "application/json"
    assert replies[0].headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in replies[0].headers
    assert "Set-Cookie" not in replies[0].headers


def test_the_scheme_is_case_insensitive(house: House, token: str) -> None:
    assert house.call("GET", "/userinfo", headers={"authorization": f"bEARER {token}"}).status == 200


def test_rfc6750_s3_1_without_a_token_nothing_is_said_but_that_one_is_needed(house: House) -> None:
    for headers in ({}, {"authorization": "Basic cWx2Yjp4"}):
        reply = house.call("GET", "/userinfo", headers=headers)
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == 'Bearer realm="userinfo"'


@pytest.mark.parametrize("value", ["x" * 43, "a.b.c", "x", "x" * 9000])
def test_rfc6750_s3_1_a_token_that_is_not_good_is_invalid_token(house: House, value: str) -> None:
    reply = house.userinfo(value)
    assert (reply.status, reply.error) == (401, "invalid_token")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("headers", "body", "query"), [
    ({"authorization": "Bearer T"} | FORM, b"access_token=T", ""),
    ({}, b"", "access_token=T"),
    ({"authorization": "Bearer T"}, b"", "access_token=T"),
    (FORM, b"access_token=T&access_token=T", ""),
    (FORM, b"access_token=%ff", ""),
    ({"authorization": "Bearer "}, b"", ""),
    ({"authorization": "Bearer a b"}, b"", ""),
    ({"authorization": "Bearer \xff"}, b"", ""),
])
def test_rfc6750_s2_the_token_is_sent_in_exactly_one_way(house: House, token: str, headers, body, query) -> None:
    headers = {name: value.replace("T", token) if name == "authorization" else value for name, value in headers.items()}
    reply = house.call("POST" if body else "GET", "/userinfo", headers=headers, body=body.replace(b"T", token.encode()),
                       query=query.replace("T", token))
    assert (reply.status, reply.error) == (400, "invalid_request")
    assert 'error="invalid_request"' in reply.headers["WWW-Authenticate"]


def test_rfc6750_s3_1_a_token_without_openid_has_insufficient_scope(house: House) -> None:
    reply = house.userinfo(house.tokens_for(scope="profile")["access_token"])
    assert (reply.status, reply.error) == (403, "insufficient_scope")
    assert 'scope="openid"' in reply.headers["WWW-Authenticate"]


def test_security_18_what_stops_an_officer_stops_userinfo(house: House) -> None:
    session = house.session()
    token = house.tokens_for(session=session)["access_token"]
    house.disable()
    assert house.userinfo(token).error == "invalid_token"
    house.disable(status="active")
    house.client(disabled=True)
    assert house.userinfo(token).error == "invalid_token"
    house.client(disabled=False, allowed_groups=frozenset({"van-thu"}))
    assert house.userinfo(token).error == "invalid_token"
    house.client(allowed_groups=frozenset())
    assert house.userinfo(token).status == 200
    house.sessions.end(session.sid, "logout", CALLER)
    assert house.userinfo(token).error == "invalid_token"


def test_rfc9470_s3_a_token_of_less_than_is_demanded_now_is_answered_with_the_level_that_is_enough(house: House) -> None:
    token = house.tokens_for(session=house.session())["access_token"]
    house.officer(groups=("can-bo", "lanhdao"))
    told = house.userinfo(token)
    assert (told.status, told.error) == (401, "insufficient_user_authentication")
    assert f'acr_values="{ACR_PREFIX}2"' in told.headers["WWW-Authenticate"]
    house.client(required_acr=f"{ACR_PREFIX}3", required_level=3)
    assert f'acr_values="{ACR_PREFIX}3"' in house.userinfo(token).headers["WWW-Authenticate"]
    house.disable()
    assert house.userinfo(token).error == "invalid_token", "whoever may not come at all is not asked to prove more"


def test_what_changed_in_the_directory_shows_under_the_same_subject(house: House) -> None:
    session = house.session()
    token = house.tokens_for(session=session, scope="openid profile")["access_token"]
    house.officer(uid="canbo", name="Trần Thị Cán Bộ")
    told = house.userinfo(token).json
    assert (told["sub"], told["name"]) == (session.sub, "Trần Thị Cán Bộ")


def test_an_acting_post_that_has_ended_is_told_by_neither_userinfo_nor_id_token(house: House) -> None:
    acting = Post("H30.7", "000.00.07.H30", "Sở Y tế", "Quyền Giám đốc", house.clock.now() + 1)
    session = house.session(house.officer(posts=(acting, Post("H30.8", "000.00.08.H30", "Sở Tư pháp", "Phó Giám đốc"))))
    asked = json.dumps({"id_token": {"unit_code": None, "posts": None}})

    def codes(told: dict[str, object]) -> tuple[object, object]:
        posts = told["posts"]
        assert isinstance(posts, list)
        return told["unit_code"], [post["unit_code"] for post in posts]

    early, late = (house.code(session, scope="openid unit offline_access", claims=asked) for _ in range(2))
    tokens = house.redeem(early).json
    told = [house.userinfo(tokens["access_token"]).json, house.id_claims(tokens["id_token"])]
    assert [codes(one) for one in told] == [("H30.7", ["H30.7", "H30.8"])] * 2
    house.clock.advance(1)
    told = [house.userinfo(tokens["access_token"]).json, house.id_claims(house.redeem(late).json["id_token"]),
            house.id_claims(house.refresh(tokens["refresh_token"]).json["id_token"])]
    assert [codes(one) for one in told] == [("H30.8", ["H30.8"])] * 3
