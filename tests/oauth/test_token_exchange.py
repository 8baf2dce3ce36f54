"""RFC 8693: the integration bus gets a token of its own, to act for an officer towards an application."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.oauth.client import SCOPES, Client
from idp.oauth.grants import token_exchange
from idp.oauth.grants.delegation import GRANT_TYPE
from idp.oauth.grants.token_exchange import ACCESS_TOKEN, scope_of
from tests.fakes.certificates import issue
from tests.fakes.client_keys import pair, proof_of
from tests.oauth.test_rich_authorization import wish
from tests.provider import ACR_PREFIX, CALLER, ISSUER, REDIRECT_URI, SECRET, SIGNING, VERIFIER, House, Reply, json_segment

API = "https://luutru.haugiang.example/api"


def bus(house: House, client_id: str = "lgsp", **members: Any) -> Client:
    """Register an application that may exchange tokens of qlvb, and one that it acts towards."""
    if house.registry.find("kho") is None:
        house.client("kho", scope=frozenset())
    given: dict[str, Any] = {"grant_types": ("client_credentials", GRANT_TYPE), "exchange_from": ("qlvb",),
                             "scope": frozenset({"openid", "profile", "email", "service", "offline_access"})}
    return house.client(client_id, **(given | members))


@pytest.fixture
def house(database: Database) -> House:
    made = House(database)
    bus(made)
    return made


def exchange(house: House, token: str, /, *more: tuple[str, str], client_id: str = "lgsp", secret: str | None = SECRET,
             headers: dict[str, str] | None = None, **changes: str | None) -> Reply:
    """Exchange a token; ``name=None`` leaves a parameter out, ``more`` are parameters that may come more than once."""
    form: dict[str, str | None] = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    if secret is None:
        form["client_id"] = client_id
    pairs = [(name, value) for name, value in (form | changes).items() if value is not None]
    return house.post("/token", urlencode([*pairs, *more]), client_id=client_id, secret=secret, headers=headers)


def exchanged(house: House, token: str, *more: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """Exchange a token that is good for it."""
    reply = exchange(house, token, *more, **changes)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def refusal(reply: Reply, error: str = "invalid_request", status: int = 400) -> str:
    """Give the sentence of a refusal."""
    assert (reply.status, reply.error) == (status, error), reply.body
    sentence: str = reply.json["error_description"]
    assert sentence.isascii()
    assert not set('"\\') & set(sentence)
    assert sentence.endswith(".")
    return sentence


def subject_token(house: House, **changes: Any) -> str:
    return str(house.tokens_for(**({"scope": "openid profile offline_access"} | changes))["access_token"])


# What is given


def test_rfc8693_s2_2_1_the_answer(house: House) -> None:
    answer = exchanged(house, subject_token(house), audience="kho", scope="openid")
    assert answer.pop("access_token")
    assert answer == {"issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 600, "scope": "openid"}


def test_rfc8693_s4_1_introspection_tells_the_audience_of_whom_and_by_whom(house: House) -> None:
    session = house.session()
    token = exchanged(house, subject_token(house, session=session), audience="kho", scope="openid profile")["access_token"]
    now = house.clock.now()
    told = {"active": True, "iss": ISSUER, "client_id": "lgsp", "token_type": "Bearer", "scope": "openid profile", "aud": "kho",
            "iat": now, "exp": now + 600, "sub": session.sub, "auth_time": session.auth_time, "acr": f"{ACR_PREFIX}1",
            "amr": ["pwd"], "act": {"sub": "lgsp"}, "username": "canbo"}
    assert house.introspect(token, client_id="kho").json == told
    assert house.introspect(token, client_id="lgsp").json == told
    assert house.introspect(token, client_id="qlvb").json == {"active": False}


def test_rfc8693_s4_1_a_jwt_carries_act_and_its_audience(house: House) -> None:
    bus(house, access_token_format="jwt")
    session = house.session()
    token = exchanged(house, subject_token(house, session=session), audience="kho")["access_token"]
    claims = json_segment(token.split(".")[1])
    assert (claims["aud"], claims["act"], claims["client_id"], claims["sub"]) == ("kho", {"sub": "lgsp"}, "lgsp", session.sub)
    assert house.introspect(token, client_id="kho").json["act"] == {"sub": "lgsp"}


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_rfc8693_s2_1_tokens_of_both_forms_are_exchanged(house: House, fmt: str) -> None:
    house.client(access_token_format=fmt)
    assert house.is_active(exchanged(house, subject_token(house))["access_token"], client_id="lgsp")


def test_without_a_target_the_token_is_for_the_issuer_and_opens_userinfo(house: House) -> None:
    token = exchanged(house, subject_token(house, scope="openid profile email"), scope="openid email")["access_token"]
    assert set(house.userinfo(token).json) == {"sub", "email", "email_verified"}


def test_what_was_asked_for_by_name_is_told_to_the_origin_alone(house: House) -> None:
    token = subject_token(house, scope="openid", claims='{"userinfo":{"email":null}}')
    assert "email" in house.userinfo(token).json
    assert set(house.userinfo(exchanged(house, token)["access_token"]).json) == {"sub"}


def test_a_token_for_an_application_opens_no_userinfo(house: House) -> None:
    token = exchanged(house, subject_token(house), audience="kho")["access_token"]
    assert house.userinfo(token).error == "invalid_token"


def test_several_applications_may_be_the_audience(house: House) -> None:
    token = exchanged(house, subject_token(house), ("audience", "kho"), ("audience", "qlvb"), ("audience", "kho"))["access_token"]
    for client_id in ("kho", "qlvb"):
        assert house.introspect(token, client_id=client_id).json["aud"] == ["kho", "qlvb"]


def test_rfc8707_s2_2_a_resource_of_the_application_may_be_a_target(house: House) -> None:
    bus(house, resources=((API, "service"),))
    token = subject_token(house, scope="openid service")
    answer = exchanged(house, token, resource=API)
    assert set(answer["scope"].split()) == {"openid", "service"}
    assert house.introspect(answer["access_token"], client_id="lgsp").json["aud"] == API
    both = exchanged(house, token, ("audience", "kho"), ("resource", API), ("resource", API))["access_token"]
    assert house.introspect(both, client_id="kho").json["aud"] == ["kho", API]
    assert "scope" in refusal(exchange(house, subject_token(house), resource=API, scope="profile"), "invalid_target")


def test_a_pairwise_target_is_told_the_officer_by_its_own_name(house: House) -> None:
    house.client("kho", subject_type="pairwise", redirect_uris=("https://kho.example/cb",), scope=frozenset({"openid"}))
    bus(house, access_token_format="jwt")
    session = house.session()
    token = exchanged(house, subject_token(house, session=session), audience="kho")["access_token"]
    name = house.introspect(token, client_id="kho").json["sub"]
    assert name != session.sub
    assert json_segment(token.split(".")[1])["sub"] == name
    of_its_own = house.redeem(house.code(session, client_id="kho", redirect_uri="https://kho.example/cb", scope="openid"),
                              client_id="kho", redirect_uri="https://kho.example/cb")
    assert house.introspect(of_its_own.json["access_token"], client_id="kho").json["sub"] == name


def test_security_61_the_record_says_who_acts_for_whom_and_towards_whom(house: House) -> None:
    session = house.session()
    exchanged(house, subject_token(house, session=session), audience="kho", scope="openid")
    record = house.audited()[-1]
    assert (record.event, record.sub, record.client_id, record.sid) == ("token.exchanged", session.sub, "lgsp", session.sid)
    assert record.detail == '{"audience":"kho","origin":"qlvb","scope":"openid","subject_client":"qlvb"}'


# Never more than what went in


def test_rfc8693_s2_1_the_scope_may_only_shrink(house: House) -> None:
    token = subject_token(house, scope="openid profile unit offline_access")
    assert exchanged(house, token)["scope"] == "openid profile"
    assert exchanged(house, token, scope="profile")["scope"] == "profile"
    for scope in ("email", "openid email", "unit", "offline_access", "openid offline_access", "admin", 'a"b', "\x7f"):
        refusal(exchange(house, token, scope=scope), "invalid_scope")
    bus(house, scope=frozenset({"service"}))
    refusal(exchange(house, token), "invalid_scope")
    assert house.events().count("token.exchanged") == 2


@given(st.lists(st.sampled_from(SCOPES)), st.lists(st.sampled_from(SCOPES)), st.frozensets(st.sampled_from(SCOPES)))
def test_rfc8693_s2_1_no_scope_comes_out_that_did_not_go_in(
        asked: list[str], held: list[str], registered: frozenset[str]) -> None:
    words = scope_of(" ".join(asked), held=held, registered=registered)
    if words is not None:
        assert set(words) <= set(held) & registered - {"offline_access"}
        assert not asked or set(words) == set(asked)


def test_no_refresh_token_and_no_id_token_ever(house: House) -> None:
    answer = exchanged(house, subject_token(house, scope="openid offline_access"))
    assert not {"refresh_token", "id_token"} & set(answer)
    assert house.live_refresh_tokens() == 1


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_the_new_token_ends_with_the_old_one(house: House, fmt: str) -> None:
    bus(house, access_token_format=fmt)
    token = subject_token(house)
    house.clock.advance(590)
    answer = exchanged(house, token, audience="kho")
    assert answer["expires_in"] == 10
    assert house.introspect(answer["access_token"], client_id="kho").json["exp"] == house.clock.now() + 10
    if fmt == "jwt":
        assert json_segment(answer["access_token"].split(".")[1])["exp"] == house.clock.now() + 10
    house.clock.advance(10)
    assert not house.is_active(answer["access_token"], client_id="kho")
    assert "not valid" in refusal(exchange(house, token))


def test_targets_of_the_old_token_are_kept_and_looked_at_again(house: House) -> None:
    bus(house, "second", exchange_from=("lgsp",))
    narrowed = exchanged(house, subject_token(house), audience="kho")["access_token"]
    onwards = exchanged(house, narrowed, client_id="second")["access_token"]
    assert house.introspect(onwards, client_id="kho").json["aud"] == "kho"
    assert house.userinfo(onwards).error == "invalid_token"
    house.client("kho", disabled=True)
    refusal(exchange(house, narrowed, client_id="second"))


def test_rfc8693_s4_1_a_chain_is_told_whole_and_bounded(house: House) -> None:
    token = subject_token(house)
    for number in range(token_exchange.MOST_ACTORS):
        before = f"bus{number - 1}" if number else "qlvb"
        bus(house, f"bus{number}", exchange_from=(before,))
        token = exchanged(house, token, client_id=f"bus{number}", audience="kho")["access_token"]
    assert house.introspect(token, client_id="kho").json["act"] == {
        "sub": "bus3", "act": {"sub": "bus2", "act": {"sub": "bus1", "act": {"sub": "bus0"}}}}
    bus(house, "bus4", exchange_from=("bus3",))
    assert "too often" in refusal(exchange(house, token, client_id="bus4"))


def test_rfc9396_what_an_officer_allowed_to_one_application_is_not_handed_on(house: House) -> None:
    house.client(authorization_details_types=(SIGNING,))
    bus(house, authorization_details_types=(SIGNING,))
    session, details = house.session(), json.dumps([wish()])
    asked = replace(house.asked(authorization_details=details), agreed_by=session.sub)
    answer = house.provider.issue_code(asked, session=session, caller=CALLER)
    token = house.redeem(dict(answer.parameters)["code"]).json["access_token"]
    assert "authorization_details" in house.introspect(token).json
    new = exchanged(house, token, audience="kho")
    assert "authorization_details" not in new
    assert "authorization_details" not in house.introspect(new["access_token"], client_id="kho").json
    refusal(exchange(house, token, authorization_details=details), "invalid_authorization_details")


# Whose tokens, by whom


def test_an_application_that_is_not_named_may_not_be_exchanged_from(house: House) -> None:
    bus(house, exchange_from=())
    assert "may not exchange" in refusal(exchange(house, subject_token(house)))
    bus(house, exchange_from=("kho", "qlvb2", "qlv"))
    assert "may not exchange" in refusal(exchange(house, subject_token(house)))


def test_the_last_holder_counts_not_the_origin(house: House) -> None:
    bus(house, "second", exchange_from=("qlvb",))
    token = exchanged(house, subject_token(house))["access_token"]
    assert "may not exchange" in refusal(exchange(house, token, client_id="second"))


def test_rfc6749_s5_2_without_the_grant_type_the_application_is_unauthorized(house: House) -> None:
    bus(house, grant_types=("client_credentials",))
    refusal(exchange(house, subject_token(house)), "unauthorized_client")


def test_rfc8693_s5_public_and_unauthenticated_applications_are_refused(house: House) -> None:
    token = subject_token(house)
    assert exchange(house, token, secret="wrong").status == 401
    bus(house, "spa", token_endpoint_auth_method="none")
    assert exchange(house, token, client_id="spa", secret=None).error == "invalid_client"
    assert "token.exchanged" not in house.events()


def test_a_machines_token_tells_of_no_officer(house: House) -> None:
    assert "officer" in refusal(exchange(house, house.machine().json["access_token"]))


@pytest.mark.parametrize("name", ["refresh_token", "id_token"])
def test_security_11_other_tokens_of_ours_are_no_subject_tokens(house: House, name: str) -> None:
    token = house.tokens_for(scope="openid offline_access")[name]
    assert "not valid" in refusal(exchange(house, token))


@pytest.mark.parametrize("token", ["x", "x" * 43, "a.b.c", "đ", "x" * 60_000])
def test_rfc8693_s2_2_2_a_token_that_is_none_is_an_invalid_request(house: House, token: str) -> None:
    assert "not valid" in refusal(exchange(house, token))


@pytest.mark.parametrize(("changes", "word"), [
    ({"subject_token": None}, "subject_token"), ({"subject_token": ""}, "subject_token"),
    ({"subject_token_type": None}, "subject_token_type"),
    ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "subject_token_type"),
    ({"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}, "subject_token_type"),
    ({"subject_token_type": "đ"}, "subject_token_type"),
    ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "requested_token_type"),
    ({"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "requested_token_type"),
    ({"actor_token": "x"}, "actor_token"), ({"actor_token_type": ACCESS_TOKEN}, "actor_token"),
    ({"actor_token": "x", "actor_token_type": "urn:ietf:params:oauth:token-type:jwt"}, "actor_token_type"),
])
def test_rfc8693_s2_1_malformed_requests(house: House, changes: dict[str, str | None], word: str) -> None:
    assert word in refusal(exchange(house, subject_token(house), **changes))
    assert "token.exchanged" not in house.events()


def test_rfc8693_s2_1_a_requested_token_type_that_is_the_only_one_is_taken(house: House) -> None:
    assert exchanged(house, subject_token(house), requested_token_type=ACCESS_TOKEN)["issued_token_type"] == ACCESS_TOKEN


@pytest.mark.parametrize("name", ["subject_token", "scope", "actor_token", "subject_token_type", "requested_token_type"])
def test_security_9_only_targets_may_come_twice(house: House, name: str) -> None:
    refusal(exchange(house, subject_token(house), (name, ACCESS_TOKEN), (name, ACCESS_TOKEN)))


def test_security_9_the_audience_may_repeat_at_token_exchange_alone(house: House) -> None:
    form = urlencode([("grant_type", "client_credentials"), ("audience", "kho"), ("audience", "kho")])
    assert house.post("/token", form, client_id="lgsp", secret=SECRET).error == "invalid_request"


# The actor


def test_rfc8693_s2_1_an_actor_token_confirms_who_asks(house: House) -> None:
    own = house.machine(client_id="lgsp").json["access_token"]
    answer = exchanged(house, subject_token(house), actor_token=own, actor_token_type=ACCESS_TOKEN, audience="kho")
    assert house.introspect(answer["access_token"], client_id="kho").json["act"] == {"sub": "lgsp"}


def test_rfc8693_s2_2_2_an_actor_token_of_anybody_else_is_refused(house: House) -> None:
    token = subject_token(house)
    mine = house.machine(client_id="lgsp").json["access_token"]
    house.revoke(mine, client_id="lgsp")
    others = [token, house.machine().json["access_token"], exchanged(house, token)["access_token"], mine, "x" * 43]
    for actor in others:
        assert "actor_token" in refusal(exchange(house, token, actor_token=actor, actor_token_type=ACCESS_TOKEN))


# Towards whom


def test_rfc8693_s2_2_2_targets_that_are_none(house: House) -> None:
    token = subject_token(house)
    for more in ({"audience": "nobody"}, {"audience": "đ"}, {"resource": API}, {"resource": "kho?"}, {"resource": "https://x/#f"},
                 {"audience": API}):
        refusal(exchange(house, token, **more), "invalid_target")
    refusal(exchange(house, token, ("audience", "kho"), ("audience", "nobody")), "invalid_target")
    house.client("kho", disabled=True)
    refusal(exchange(house, token, audience="kho"), "invalid_target")
    assert "token.exchanged" not in house.events()


def test_no_more_than_eight_targets_are_named(house: House) -> None:
    bus(house, resources=tuple((f"{API}/{number}", "") for number in range(9)))
    named = [("resource", f"{API}/{number}") for number in range(9)]
    token = subject_token(house)
    assert exchange(house, token, *named[:8]).status == 200
    refusal(exchange(house, token, *named), "invalid_target")


def test_rfc8707_s2_the_issuer_is_a_target(house: House) -> None:
    assert house.userinfo(exchanged(house, subject_token(house), resource=ISSUER)["access_token"]).status == 200


@pytest.mark.parametrize("members", [{"allowed_groups": frozenset({"van-thu"})}, {"required_level": 2}])
@pytest.mark.parametrize("client_id", ["lgsp", "kho"])
def test_security_18_the_officer_may_use_both_applications(house: House, client_id: str, members: dict[str, Any]) -> None:
    house.client(client_id, **members)
    refusal(exchange(house, subject_token(house), audience="kho"), "invalid_target" if client_id == "kho" else "invalid_request")


# It dies with its origin


STOPS = {
    "grant revoked": lambda house, session, tokens: house.revoke(tokens["refresh_token"]),
    "session ended": lambda house, session, tokens: house.sessions.end(session.sid, "logout", CALLER),
    "ended by an operator": lambda house, session, tokens: house.deprovisioning.end_access(
        session.sub, "administrator", CALLER),
    "officer disabled": lambda house, session, tokens: house.disable(),
    "officer gone": lambda house, session, tokens: house.disable(status="gone"),
    "origin disabled": lambda house, session, tokens: house.client(disabled=True),
    "actor disabled": lambda house, session, tokens: house.client("lgsp", disabled=True),
    "origin for another group": lambda house, session, tokens: house.client(allowed_groups=frozenset({"van-thu"})),
    "actor for another group": lambda house, session, tokens: house.client("lgsp", allowed_groups=frozenset({"van-thu"})),
    "origin for a higher level": lambda house, session, tokens: house.client(required_level=2),
    "actor for a higher level": lambda house, session, tokens: house.client("lgsp", required_level=2),
    "officer needs two factors": lambda house, session, tokens: house.officer(groups=("can-bo", "lanhdao")),
    "policy withdrawn": lambda house, session, tokens: house.client("lgsp", exchange_from=()),
}


@pytest.mark.parametrize("reason", STOPS)
@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_security_18_what_stops_the_origin_stops_what_was_exchanged(house: House, reason: str, fmt: str) -> None:
    bus(house, access_token_format=fmt)
    bus(house, "second", exchange_from=("lgsp",))
    session = house.session()
    tokens = house.tokens_for(session=session, scope="openid profile")
    wide = exchanged(house, tokens["access_token"])["access_token"]
    narrow = exchanged(house, tokens["access_token"], audience="kho")["access_token"]
    onwards = exchanged(house, narrow, client_id="second")["access_token"]
    assert house.userinfo(wide).status == 200

    STOPS[reason](house, session, tokens)

    assert house.userinfo(wide).error == "invalid_token"
    for token in (narrow, onwards):
        assert house.introspect(token, client_id="kho").json == {"active": False}
        assert exchange(house, token, client_id="second").error == "invalid_request"
    again = exchange(house, tokens["access_token"], audience="kho")
    assert again.error in {"invalid_request", "invalid_client"}
    assert house.events().count("token.exchanged") == 3


TARGETS_CLOSED = {
    "disabled": {"disabled": True}, "for another group": {"allowed_groups": frozenset({"van-thu"})},
    "for a higher level": {"required_level": 2}}


@pytest.mark.parametrize("reason", TARGETS_CLOSED)
@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_security_18_a_token_ends_with_the_officers_way_to_the_application_that_it_is_for(house: House, reason: str,
                                                                                           fmt: str) -> None:
    bus(house, access_token_format=fmt)
    bus(house, "second", exchange_from=("lgsp",))
    token = exchanged(house, subject_token(house), audience="kho")["access_token"]
    assert house.is_active(token, client_id="kho")
    house.client("kho", **TARGETS_CLOSED[reason])
    assert not house.is_active(token, client_id="lgsp")
    if reason != "disabled":
        assert not house.is_active(token, client_id="kho")
    assert exchange(house, token, client_id="second", audience="qlvb").error == "invalid_request"


def test_the_subject_token_that_was_given_back_is_not_exchanged_any_more(house: House) -> None:
    token = subject_token(house)
    house.revoke(token)
    assert "not valid" in refusal(exchange(house, token))


def test_security_17_whoever_got_it_gives_it_back_and_nobody_else(house: House) -> None:
    token = exchanged(house, subject_token(house), audience="kho")["access_token"]
    house.revoke(token, client_id="kho")
    house.revoke(token, client_id="qlvb")
    assert house.is_active(token, client_id="kho")
    house.revoke(token, client_id="lgsp")
    assert not house.is_active(token, client_id="kho")


# Bound tokens


def proof(house: House, number: int = 0) -> dict[str, str]:
    return {"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now(), pair("ES256", number))}


def bound_subject_token(house: House) -> str:
    form = {"grant_type": "authorization_code", "code": house.code(), "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    reply = house.post("/token", form, client_id="qlvb", secret=SECRET, headers=proof(house))
    assert reply.json["token_type"] == "DPoP"
    return str(reply.json["access_token"])


def test_rfc9449_s5_a_proof_binds_the_new_token(house: House) -> None:
    answer = exchanged(house, subject_token(house), audience="kho", headers=proof(house))
    assert answer["token_type"] == "DPoP"
    assert house.introspect(answer["access_token"], client_id="kho").json["cnf"] == {"jkt": pair("ES256", 0).thumbprint()}
    bus(house, dpop_bound_access_tokens=True)
    refusal(exchange(house, subject_token(house)), "invalid_dpop_proof")


def test_a_bound_token_is_exchanged_by_its_holder_alone_and_stays_bound(house: House) -> None:
    token = bound_subject_token(house)
    assert "bound" in refusal(exchange(house, token))
    assert "bound" in refusal(exchange(house, token, headers=proof(house, 1)))
    answer = exchanged(house, token, headers=proof(house), audience="kho")
    assert house.introspect(answer["access_token"], client_id="kho").json["cnf"] == {"jkt": pair("ES256", 0).thumbprint()}


def test_a_token_bound_to_a_certificate_is_exchanged_with_it_alone_and_stays_bound(database: Database) -> None:
    house = House(database, mutual_tls=True, trusted_proxies=("198.51.100.7",))
    bus(house)
    house.client(tls_client_certificate_bound_access_tokens=True)
    own, others = ({"x-ssl-client-cert": issue(name).escaped} for name in ("own", "other"))
    form = {"grant_type": "authorization_code", "code": house.code(), "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    token = house.post("/token", form, client_id="qlvb", secret=SECRET, headers=own).json["access_token"]
    assert "bound" in refusal(exchange(house, token))
    assert "bound" in refusal(exchange(house, token, headers=others))
    answer = exchanged(house, token, headers=own, audience="kho")
    confirmation = house.introspect(token).json["cnf"]
    assert "x5t#S256" in confirmation
    assert house.introspect(answer["access_token"], client_id="kho").json["cnf"] == confirmation
    bus(house, dpop_bound_access_tokens=True)
    refusal(exchange(house, token, headers=own), "invalid_dpop_proof")
