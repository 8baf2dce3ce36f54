"""The post that an officer acts in: which are offered, when it is asked, and what is told of it as long as it is held."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.post_choices import SqlPostChoices
from idp.directory.officer import Officer, Post
from idp.oauth.authorization_request import AuthorizationRequest
from idp.oauth.grants import token_exchange
from idp.oauth.ports import digest
from idp.oidc.acting_post import ASK_AGAIN, ActingPosts, Held, claim_of, held_of, noted, offered
from idp.sessions.interaction import Interaction
from tests.fakes.client_keys import jwks_of, pair, signed
from tests.provider import CALLER, ISSUER, REDIRECT_URI, REGISTERED, House

CLERK = Post("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Chuyên viên")
ACTING = Post("H30.2", "000.02.00.H30", "Sở Thông tin và Truyền thông", "Quyền Giám đốc", ends_at=0)
PARTY = Post("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Bí thư Chi bộ")
BOTH = (CLERK, ACTING)
PERSON = Officer(entry_uuid="u", dn="d", uid="canbo", name="Cán Bộ", posts=BOTH)
REQUEST = AuthorizationRequest(client_id="qlvb", redirect_uri=REDIRECT_URI, response_type="code", response_mode="query",
                               scope=("openid", "post"))


def by_name(scope: str = "openid", **parts: Any) -> AuthorizationRequest:
    """A request as it is stored, which asks for the claim in some places."""
    claims = {part: {"post": {"values": values} if values else {}} for part, values in parts.items()}
    return replace(REQUEST, scope=tuple(scope.split()), claims=json.dumps(claims))


# Which are offered

@pytest.mark.parametrize(("request_", "posts", "expected"), [
    (REQUEST, BOTH, BOTH),
    (REQUEST, (ACTING,), (ACTING,)),
    (REQUEST, (), ()),
    (REQUEST, (CLERK, replace(CLERK, ends_at=9), ACTING), BOTH),
    (REQUEST, (CLERK, PARTY), (CLERK, PARTY)),
    (replace(REQUEST, scope=("openid", "unit")), BOTH, ()),
    (by_name(userinfo=None), BOTH, BOTH),
    (by_name(id_token=None), BOTH, BOTH),
    # §5.5.1: with a value
    (by_name(id_token=[claim_of(ACTING)]), BOTH, (ACTING,)),
    (by_name(id_token=[claim_of(ACTING), claim_of(CLERK)]), BOTH, BOTH),
    (by_name(id_token=[claim_of(PARTY)]), BOTH, ()),
    (by_name(id_token=["H30.2"]), BOTH, ()),
    (by_name(id_token=[{"unit_code": "H30.2"}]), BOTH, ()),
    (by_name(id_token=[claim_of(ACTING)], userinfo=[claim_of(CLERK)]), BOTH, ()),
    (by_name(id_token=[claim_of(ACTING)], userinfo=None), BOTH, (ACTING,)),
    # what is asked for by name goes first, and the scope takes whatever there is
    (by_name("openid post", id_token=[claim_of(ACTING)]), BOTH, (ACTING,)),
    (by_name("openid post", id_token=[claim_of(PARTY)]), BOTH, BOTH),
])
def test_core_s5_5_1_posts_that_would_do(request_: AuthorizationRequest, posts: tuple[Post, ...],
                                         expected: tuple[Post, ...]) -> None:
    assert offered(request_, REGISTERED, replace(PERSON, posts=posts)) == expected


def test_core_s5_5_1_an_application_whose_registration_lacks_the_scope_asks_nobody() -> None:
    client = replace(REGISTERED, scope=frozenset({"openid", "unit"}))
    assert offered(by_name(id_token=None), client, PERSON) == ()


# When it is asked

OPENED = Interaction(id="i", kind="authorize", client_id="qlvb", request="{}", return_to="/", browser_digest=b"", created_at=0,
                     expires_at=9)


def test_one_of_several_posts_is_asked_for_once_in_a_session_and_application(house: House) -> None:
    posts = ActingPosts(SqlPostChoices(house.database), house.clock)
    session, other = house.session(), house.client("other")
    assert posts.settle(REQUEST, REGISTERED, session, PERSON, None) == (None, True)
    assert posts.choose(REGISTERED, session, ACTING, CALLER)
    assert posts.settle(REQUEST, REGISTERED, session, PERSON, None) == (ACTING, False)
    assert posts.settle(REQUEST, other, session, PERSON, None) == (None, True)
    assert posts.settle(REQUEST, REGISTERED, house.session(), PERSON, None) == (None, True)
    assert posts.settle(by_name(id_token=[claim_of(CLERK)]), REGISTERED, session, PERSON, None) == (CLERK, False)
    assert posts.choose(REGISTERED, session, CLERK, CALLER)
    assert posts.settle(REQUEST, REGISTERED, session, PERSON, None) == (CLERK, False)
    assert posts.last(session) == held_of(CLERK)
    assert [record.event for record in house.audited()].count("post.chosen") == 2
    assert json.loads(house.audited()[-1].detail) == {"unit_code": "H30.1", "title": "Chuyên viên"}


def test_a_chosen_post_that_was_lost_is_asked_for_again_or_gives_way_to_the_only_one(house: House) -> None:
    posts, session = ActingPosts(SqlPostChoices(house.database), house.clock), house.session()
    posts.choose(REGISTERED, session, ACTING, CALLER)
    assert posts.settle(REQUEST, REGISTERED, session, replace(PERSON, posts=(CLERK, PARTY)), None) == (None, True)
    assert posts.settle(REQUEST, REGISTERED, session, replace(PERSON, posts=(CLERK,)), None) == (CLERK, False)
    assert posts.settle(REQUEST, REGISTERED, session, replace(PERSON, posts=()), None) == (None, False)
    assert posts.chosen(session, replace(PERSON, posts=(CLERK, PARTY))) == {}


@pytest.mark.parametrize("word", ["select_account", ASK_AGAIN])
def test_core_s3_1_2_1_select_account_asks_for_the_post_again_once(house: House, word: str) -> None:
    posts, session = ActingPosts(SqlPostChoices(house.database), house.clock), house.session()
    asking, begun = replace(REQUEST, prompt=(word,)), replace(OPENED, created_at=house.clock.now() + 5)
    posts.choose(REGISTERED, session, ACTING, CALLER)
    assert posts.settle(asking, REGISTERED, session, PERSON, None) == (ACTING, True)
    assert posts.settle(asking, REGISTERED, session, PERSON, begun) == (ACTING, True)
    house.clock.advance(6)
    posts.choose(REGISTERED, session, CLERK, CALLER)
    assert posts.settle(asking, REGISTERED, session, PERSON, begun) == (CLERK, False)


def test_asking_again_forgets_the_answer_to_one_application(house: House) -> None:
    posts, session, other = ActingPosts(SqlPostChoices(house.database), house.clock), house.session(), house.client("other")
    for client in (REGISTERED, other):
        posts.choose(client, session, ACTING, CALLER)
    posts.ask_again(session, "qlvb")
    posts.ask_again(session, "nobody\x00")
    assert posts.chosen(session, PERSON) == {"other": ACTING}


def test_nothing_is_kept_for_a_session_that_has_ended(house: House) -> None:
    posts, session = ActingPosts(SqlPostChoices(house.database), house.clock), house.session()
    stranger = replace(session, sub="another")
    assert not posts.choose(REGISTERED, stranger, ACTING, CALLER)
    posts.choose(REGISTERED, session, ACTING, CALLER)
    house.sessions.end(session.sid, "logout", CALLER)
    assert not posts.choose(REGISTERED, session, CLERK, CALLER)
    assert posts.chosen(session, PERSON) == {}
    assert [record.event for record in house.audited()].count("post.chosen") == 1


def test_a_strangely_long_code_and_title_are_kept(database: Database) -> None:
    house = House(database)
    posts, session = ActingPosts(SqlPostChoices(database), house.clock), house.session()
    long = Post("H30." + "9" * 300, "", "", "Phó " * 200)
    assert posts.choose(REGISTERED, session, long, CALLER)
    assert posts.last(session) == held_of(long)


# What is told

def granted(house: House, post: Post | None = ACTING, **changes: str) -> dict[str, Any]:
    """Go the whole way as an officer of two posts who acts in one."""
    sub = house.officer(posts=BOTH)
    request = replace(house.asked(**{"scope": "openid post offline_access", **changes}), post=noted(post))
    answer = house.provider.issue_code(request, session=house.session(sub), caller=CALLER)
    return dict(house.redeem(dict(answer.parameters)["code"]).json)


def everywhere(house: House, tokens: dict[str, Any]) -> list[Any]:
    """Give the claim as the ID token, UserInfo and introspection tell it."""
    return [answer.get("post") for answer in (
        house.id_claims(tokens["id_token"]), house.userinfo(tokens["access_token"]).json,
        house.introspect(tokens["access_token"]).json)]


def test_the_post_is_told_with_both_codes_in_id_token_userinfo_and_introspection(house: House) -> None:
    told = {"unit_code": "H30.2", "unit_code_2016": "000.02.00.H30", "unit_name": "Sở Thông tin và Truyền thông",
            "title": "Quyền Giám đốc"}
    tokens = granted(house)
    assert everywhere(house, tokens) == [told, told, told]
    assert everywhere(house, house.refresh(tokens["refresh_token"]).json) == [told, told, told]


@pytest.mark.parametrize("changes", [{"posts": (CLERK,)}, {"posts": ()}, {"posts": (CLERK, replace(ACTING, title="Giám đốc"))},
                                     {"posts": (CLERK, replace(ACTING, unit_code="H30.3"))}])
def test_a_post_that_was_lost_is_told_nowhere_nor_another_in_its_place(house: House, changes: dict[str, Any]) -> None:
    tokens = granted(house)
    house.officer(**changes)
    assert everywhere(house, tokens)[1:] == [None, None]
    assert everywhere(house, house.refresh(tokens["refresh_token"]).json) == [None, None, None]


def test_an_acting_post_that_ends_is_told_nowhere_from_that_second_on(house: House) -> None:
    tokens = granted(house)
    house.officer(posts=(CLERK, replace(ACTING, ends_at=house.clock.now() + 60)))
    house.clock.advance(59)
    assert everywhere(house, tokens)[1:] == [claim_of(ACTING)] * 2
    house.clock.advance(1)
    assert everywhere(house, tokens)[1:] == [None, None]
    assert everywhere(house, house.refresh(tokens["refresh_token"]).json) == [None, None, None]


def test_a_post_that_comes_back_is_told_again(house: House) -> None:
    tokens = granted(house)
    house.officer(posts=(CLERK,))
    house.officer(posts=BOTH)
    assert everywhere(house, tokens)[1:] == [claim_of(ACTING)] * 2


def test_a_renamed_agency_is_told_by_its_new_name(house: House) -> None:
    tokens = granted(house)
    house.officer(posts=(CLERK, replace(ACTING, unit_name="Sở Khoa học và Công nghệ")))
    assert [told["unit_name"] for told in everywhere(house, tokens)[1:]] == ["Sở Khoa học và Công nghệ"] * 2


def test_where_no_post_was_noted_or_asked_for_none_is_told(house: House) -> None:
    assert everywhere(house, granted(house, None)) == [None, None, None]
    assert everywhere(house, granted(house, scope="openid unit")) == [None, None, None]


def test_core_s5_5_by_name_it_is_told_where_it_was_asked_for(house: House) -> None:
    wish = {"id_token": {"post": {"essential": True}}}
    assert everywhere(house, granted(house, scope="openid", claims=json.dumps(wish))) == [claim_of(ACTING), None, None]
    wish = {"userinfo": {"post": None}}
    assert everywhere(house, granted(house, scope="openid", claims=json.dumps(wish))) == [None, claim_of(ACTING), None]


@pytest.mark.parametrize("essential", [True, False])
def test_core_s5_5_1_a_value_that_the_officer_does_not_act_in_is_left_out(house: House, *, essential: bool) -> None:
    for value, told in ((claim_of(CLERK), None), (claim_of(ACTING), claim_of(ACTING))):
        wish = {"post": {"value": value, "essential": essential}}
        tokens = granted(house, scope="openid", claims=json.dumps({"id_token": wish, "userinfo": wish}))
        assert everywhere(house, tokens)[:2] == [told, told]


def test_a_narrowed_access_token_tells_no_post_and_introspection_keeps_silent(house: House) -> None:
    tokens = granted(house)
    narrow = house.refresh(tokens["refresh_token"], scope="openid").json
    assert everywhere(house, narrow)[1:] == [None, None]


def test_an_application_of_pairwise_subjects_is_told_the_same_post(house: House) -> None:
    house.client(subject_type="pairwise")
    assert everywhere(house, granted(house)) == [claim_of(ACTING)] * 3


def pushed(house: House, **asked: str) -> AuthorizationRequest:
    return house.opened(house.push(**asked).json["request_uri"])


def signed_request(house: House, **asked: str) -> AuthorizationRequest:
    house.client(jwks=jwks_of(pair("ES256")))
    now = house.clock.now()
    claims = house.parameters(**asked) | {"iss": "qlvb", "aud": ISSUER, "nbf": now, "exp": now + 300}
    return house.provider.parse_authorization(
        {"client_id": ["qlvb"], "request": [signed(claims, pair("ES256"), typ="oauth-authz-req+jwt")]})


@pytest.mark.parametrize("way", [pushed, signed_request])
@pytest.mark.parametrize("asked", [{"scope": "openid post"}, {"scope": "openid", "claims": '{"id_token":{"post":null}}'}])
def test_pushed_and_signed_requests_ask_as_any_other(house: House, way: Any, asked: dict[str, str]) -> None:
    request = way(house, **asked)
    client = house.registry.find("qlvb")
    assert client is not None
    assert offered(request, client, PERSON) == BOTH
    session = house.session(house.officer(posts=BOTH))
    answer = house.provider.issue_code(replace(request, post=noted(ACTING)), session=session, caller=CALLER)
    tokens = house.redeem(dict(answer.parameters)["code"]).json
    assert house.id_claims(tokens["id_token"])["post"] == claim_of(ACTING)


def test_core_s3_2_an_id_token_that_comes_through_the_browser_tells_it_too(database: Database) -> None:
    house = House(database, front_channel=True)
    house.client(response_types=("code", "id_token"), grant_types=("authorization_code", "implicit"))
    request = replace(house.asked(response_type="id_token", scope="openid post"), post=noted(ACTING))
    answer = house.provider.issue_code(request, session=house.session(house.officer(posts=BOTH)), caller=CALLER)
    assert house.id_claims(dict(answer.parameters)["id_token"])["post"] == claim_of(ACTING)


def test_whoever_acts_by_exchange_is_told_the_officers_own_post(house: House) -> None:
    house.client("acting", grant_types=(token_exchange.GRANT_TYPE,), exchange_from=("qlvb",))
    tokens = granted(house)
    exchanged = house.token({"grant_type": token_exchange.GRANT_TYPE, "subject_token": tokens["access_token"],
                             "subject_token_type": token_exchange.ACCESS_TOKEN}, client_id="acting").json["access_token"]
    assert house.introspect(exchanged, client_id="acting").json["post"] == claim_of(ACTING)
    house.officer(posts=(CLERK,))
    assert "post" not in house.introspect(exchanged, client_id="acting").json


def test_no_request_names_the_post_itself(house: House) -> None:
    asked = house.asked(scope="openid post", post=noted(ACTING), prompt="")
    assert asked.post == ""
    assert house.push(post=noted(ACTING), scope="openid post").status == 201
    reply = house.push(prompt=ASK_AGAIN)
    assert (reply.status, reply.error) == (400, "invalid_request")


def test_a_device_is_told_the_post_that_the_officer_approved_in(house: House) -> None:
    asked = house.device(scope="openid post")
    session = house.session(house.officer(posts=BOTH))
    deferred = house.deferred.find(digest(asked.json["device_code"]))
    assert deferred is not None
    assert house.approvals.approve(deferred, session, CALLER, post=noted(ACTING))
    assert everywhere(house, house.poll(asked).json) == [claim_of(ACTING)] * 3


def test_discovery_lists_claim_and_scope(house: House) -> None:
    told = house.call("GET", "/.well-known/openid-configuration").json
    assert "post" in told["claims_supported"]
    assert "post" in told["scopes_supported"]


def test_what_a_post_is_known_by_has_one_mark() -> None:
    assert Held("H30.1", "A").mark != Held("H30.1", "B").mark
    assert held_of(CLERK) == held_of(replace(CLERK, unit_name="Khác", unit_code_2016="", ends_at=5))
