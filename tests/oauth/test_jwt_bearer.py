"""RFC 7523 §2.1: an issuer that the operator trusts vouches for an officer, and an application gets a token for them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.oauth.client import SCOPES
from idp.oauth.clients import assertion
from idp.oauth.clients.assertion_issuers import AssertionIssuer
from idp.oauth.grants.jwt_bearer import GRANT_TYPE, scope_of
from idp.oauth.server import GRANT_TYPES
from tests.fakes.client_keys import jwks_of, pair, proof_of, signed
from tests.provider import ACR_PREFIX, CALLER, ISSUER, SECRET, SIGNING, House, Reply, json_segment

HRM = "https://nhansu.haugiang.example"
OTHER = "https://khac.haugiang.example"
KEYS = "https://nhansu.haugiang.example/jwks"
TRUSTED = AssertionIssuer(issuer=HRM, clients=frozenset({"lgsp"}), scope=frozenset({"openid", "profile", "unit"}),
                          jwks=jwks_of(*(pair(alg) for alg in assertion.ALGORITHMS)))
SECOND = replace(TRUSTED, issuer=OTHER, jwks=jwks_of(pair("ES256", 1)))
API = "https://luutru.haugiang.example/api"


def make(database: Database, *, second: AssertionIssuer = SECOND, **changes: Any) -> House:
    trusted = replace(TRUSTED, **changes)
    house = House(database, assertion_issuers={trusted.issuer: trusted, second.issuer: second})
    house.client("lgsp", grant_types=(GRANT_TYPE,), scope=frozenset({"openid", "profile", "email", "offline_access"}))
    return house


@pytest.fixture
def house(database: Database) -> House:
    made = make(database)
    made.officer()
    return made


def vouch(house: House, key: Any = None, *, alg: str | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """An assertion; ``name=None`` leaves a claim out."""
    now = house.clock.now()
    claims = {"iss": HRM, "sub": "canbo", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(9)}
    return signed(claims | changes, key or pair("ES256"), alg=alg, **(header or {}))


def bring(house: House, value: str | None, *, client_id: str = "lgsp", secret: str | None = SECRET,
          headers: dict[str, str] | None = None, **more: str) -> Reply:
    form: dict[str, str | None] = {"grant_type": GRANT_TYPE, "assertion": value, **more}
    if secret is None:
        form["client_id"] = client_id
    return house.post("/token", form, client_id=client_id, secret=secret, headers=headers)


def refusal(reply: Reply, error: str = "invalid_grant") -> str:
    assert (reply.status, reply.error) == (400, error), reply.body
    sentence: str = reply.json["error_description"]
    assert sentence.isascii()
    assert not set('"\\') & set(sentence)
    return sentence


def test_rfc7523_s2_1_an_assertion_gives_an_access_token_alone(house: House) -> None:
    answer = bring(house, vouch(house)).json
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 600, "openid profile")
    told = house.introspect(answer["access_token"], client_id="lgsp").json
    sub = house.officers.by_uid("canbo").sub  # type: ignore[union-attr]
    assert (told["active"], told["sub"], told["username"], told["client_id"]) == (True, sub, "canbo", "lgsp")
    assert (told["acr"], told["amr"], told["auth_time"]) == (f"{ACR_PREFIX}1", [], house.clock.now())
    assert house.userinfo(answer["access_token"]).json["name"]
    assert house.live_refresh_tokens() == 0


@pytest.mark.parametrize("alg", assertion.ALGORITHMS)
def test_rfc7523_s3_every_offered_algorithm(house: House, alg: str) -> None:
    assert bring(house, vouch(house, pair(alg))).status == 200


def test_rfc9068_a_jwt_says_the_same(house: House) -> None:
    house.client("lgsp", access_token_format="jwt")
    claims = json_segment(bring(house, vouch(house)).json["access_token"].split(".")[1])
    assert (claims["acr"], claims["amr"], claims["client_id"]) == (f"{ACR_PREFIX}1", [], "lgsp")


def test_security_61_the_record_names_the_issuer(house: House) -> None:
    bring(house, vouch(house))
    record = house.audited()[-1]
    assert (record.event, record.client_id, record.sid) == ("token.issued", "lgsp", "")
    assert json.loads(record.detail) == {"grant_type": "jwt-bearer", "issuer": HRM, "scope": "openid profile"}
    assert record.sub == house.officers.by_uid("canbo").sub  # type: ignore[union-attr]


def test_the_subject_may_be_ours_where_the_issuer_is_registered_so(database: Database) -> None:
    house = make(database, subject="sub")
    sub = house.officer()
    assert bring(house, vouch(house, sub=sub)).status == 200
    refusal(bring(house, vouch(house)))


def test_the_issuers_keys_may_be_published(database: Database) -> None:
    house = make(database, jwks="", jwks_uri=KEYS)
    house.officer()
    assert bring(house, vouch(house)).status == 503
    house.clock.advance(60)
    house.documents[KEYS] = jwks_of(pair("ES256")).encode()
    assert bring(house, vouch(house)).status == 200


# Whose word, about whom, for whom


def test_security_1_without_an_issuer_the_grant_is_not_offered(database: Database) -> None:
    house = House(database)
    house.client("lgsp", grant_types=(GRANT_TYPE,))
    assert bring(house, vouch(house)).error == "unsupported_grant_type"
    assert house.call("GET", "/.well-known/openid-configuration").json["grant_types_supported"] == list(GRANT_TYPES)
    offered = make(database).call("GET", "/.well-known/openid-configuration").json["grant_types_supported"]
    assert offered == [*GRANT_TYPES, GRANT_TYPE]


@pytest.mark.parametrize(("changes", "word"), [
    ({"iss": "https://nobody.example"}, "issuer"), ({"iss": None}, "issuer"), ({"iss": 1}, "issuer"), ({"iss": ""}, "issuer"),
    ({"iss": "lgsp"}, "issuer"), ({"iss": ISSUER}, "issuer"),
    ({"sub": "nobody"}, "known"), ({"sub": None}, "sub"), ({"sub": ""}, "sub"), ({"sub": 7}, "subject"),
    ({"sub": "x" * 256}, "does not name"), ({"sub": "canbo\x00"}, "sub"), ({"sub": "\ud800"}, "JWT"), ({"sub": "*"}, "known"),
    ({"aud": None}, "aud"), ({"aud": f"{ISSUER}/token"}, "aud"), ({"aud": [ISSUER, "https://other.example"]}, "aud"),
    ({"aud": []}, "aud"), ({"aud": [[ISSUER]]}, "aud"), ({"aud": {"a": ISSUER}}, "aud"), ({"aud": HRM}, "aud"),
    ({"exp": None}, "expires"), ({"exp": "soon"}, "exp"), ({"iat": None}, "issued"), ({"iat": "x"}, "iat"),
    ({"jti": None}, "jti"), ({"jti": ""}, "jti"), ({"jti": 7}, "jti"), ({"jti": "x" * 256}, "jti"),
])
def test_rfc7523_s3_members_that_are_missing_or_wrong(house: House, changes: dict[str, Any], word: str) -> None:
    assert word in refusal(bring(house, vouch(house, **changes)))
    assert house.events() == []


def test_rfc7523_s3_an_audience_of_one_is_taken(house: House) -> None:
    assert bring(house, vouch(house, aud=[ISSUER])).status == 200


@pytest.mark.parametrize(("name", "seconds", "good"), [
    ("exp", -9, True), ("exp", -10, False), ("exp", 310, True), ("exp", 311, False), ("nbf", 10, True), ("nbf", 11, False),
    ("iat", 10, True), ("iat", 11, False), ("iat", -310, True), ("iat", -311, False),
])
def test_rfc7523_s3_times_bear_ten_seconds_of_skew_and_five_minutes_of_life(
        house: House, name: str, seconds: int, good: bool) -> None:
    reply = bring(house, vouch(house, **{name: house.clock.now() + seconds}))
    if good:
        assert reply.status == 200
    else:
        refusal(reply)


@pytest.mark.parametrize("how", [
    {"key": pair("ES256", 1)}, {"key": pair("ES256", 1), "header": {"kid": "ES256-0"}}, {"header": {"kid": "unknown"}},
    {"key": pair("ES256", 1), "iss": OTHER, "aud": HRM}, {"key": pair("RS256"), "alg": "PS256"}, {"header": {"typ": "at+jwt"}},
    {"header": {"jwk": pair("ES256", 1).as_dict(private=False)}, "key": pair("ES256", 1)}, {"header": {"zip": "DEF"}},
])
def test_rfc7523_s3_what_the_issuer_did_not_sign_is_refused(house: House, how: dict[str, Any]) -> None:
    refusal(bring(house, vouch(house, **how)))


def test_one_issuers_key_does_not_sign_for_another(house: House) -> None:
    assert bring(house, vouch(house, pair("ES256", 1), iss=OTHER)).status == 200
    refusal(bring(house, vouch(house, iss=OTHER, header={"kid": "ES256-1"})))


def test_security_11_our_own_tokens_are_no_assertions(house: House) -> None:
    tokens = house.tokens_for(scope="openid")
    for value in (tokens["id_token"], tokens["access_token"], "a.b.c", "x", "đ", "x" * 60_000):
        refusal(bring(house, value))


def test_only_applications_that_are_named_may_bring_them(house: House) -> None:
    house.client("second", grant_types=(GRANT_TYPE,))
    assert "may not bring" in refusal(bring(house, vouch(house), client_id="second"))


def test_rfc6749_s5_2_the_application_needs_the_grant_type_and_its_secret(house: House) -> None:
    value = vouch(house)
    house.client("lgsp", grant_types=("client_credentials",))
    refusal(bring(house, value), "unauthorized_client")
    house.client("lgsp", grant_types=(GRANT_TYPE,))
    assert bring(house, value, secret="wrong").error == "invalid_client"
    house.client("lgsp", disabled=True)
    assert bring(house, value).error == "invalid_client"
    house.client("lgsp", disabled=False, token_endpoint_auth_method="none")
    assert bring(house, value, secret=None).error == "invalid_client"


def test_rfc7521_s4_1_a_request_without_an_assertion(house: House) -> None:
    assert "assertion" in refusal(bring(house, None), "invalid_request")
    assert "assertion" in refusal(bring(house, ""), "invalid_request")


# Once


def test_rfc7523_s3_a_jti_counts_once(house: House) -> None:
    value = vouch(house, jti="one")
    assert bring(house, value).status == 200
    assert "before" in refusal(bring(house, value))
    assert "before" in refusal(bring(house, vouch(house, jti="one")))
    assert bring(house, vouch(house, pair("ES256", 1), iss=OTHER, jti="one")).status == 200


def test_security_15_of_many_at_once_one_gets_a_token(house: House) -> None:
    value = vouch(house)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: bring(house, value), range(8)))
    assert sorted(reply.status for reply in replies) == [200, *[400] * 7]
    assert house.events() == ["token.issued"]


@pytest.mark.parametrize("wrong", [{"scope": "email"}, {"resource": API}])
def test_what_is_refused_uses_no_jti_up(house: House, wrong: dict[str, str]) -> None:
    value = vouch(house)
    assert bring(house, value, **wrong).status == 400
    assert bring(house, value).status == 200


# Never more than what was agreed


def test_rfc6749_s3_3_the_scope_is_within_the_issuers_and_the_applications(house: House) -> None:
    assert bring(house, vouch(house), scope="profile").json["scope"] == "profile"
    for scope in ("email", "unit", "offline_access", "openid unit", "admin", 'a"b'):
        refusal(bring(house, vouch(house), scope=scope), "invalid_scope")
    house.client("lgsp", scope=frozenset({"email"}))
    refusal(bring(house, vouch(house)), "invalid_scope")


@given(st.lists(st.sampled_from(SCOPES)), st.frozensets(st.sampled_from(SCOPES)), st.frozensets(st.sampled_from(SCOPES)))
def test_no_scope_comes_out_that_was_not_agreed(asked: list[str], agreed: frozenset[str], registered: frozenset[str]) -> None:
    words = scope_of(" ".join(asked), issuer=replace(TRUSTED, scope=agreed), registered=registered)
    if words is not None:
        assert words
        assert set(words) <= agreed & registered - {"offline_access"}


def test_rfc8707_s2_2_the_token_is_for_the_resources_that_are_named(house: House) -> None:
    refusal(bring(house, vouch(house), resource=API), "invalid_target")
    house.client("lgsp", resources=((API, ""),))
    token = bring(house, vouch(house), resource=API).json["access_token"]
    assert house.introspect(token, client_id="lgsp").json["aud"] == API
    assert house.userinfo(token).error == "invalid_token"


def test_rfc9449_s5_a_proof_binds_the_token(house: House) -> None:
    proof = {"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now())}
    assert bring(house, vouch(house), headers=proof).json["token_type"] == "DPoP"
    house.client("lgsp", dpop_bound_access_tokens=True)
    value = vouch(house)
    refusal(bring(house, value), "invalid_dpop_proof")
    proof = {"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now())}
    assert bring(house, value, headers=proof).status == 200


# Officers and levels

STOPS: dict[str, Callable[[House], object]] = {
    "officer disabled": lambda house: house.disable(),
    "officer gone": lambda house: house.disable(status="gone"),
    "application for another group": lambda house: house.client("lgsp", allowed_groups=frozenset({"van-thu"})),
    "application for a higher level": lambda house: house.client("lgsp", required_level=2),
    "officer needs two factors": lambda house: house.officer(groups=("can-bo", "lanhdao")),
}


@pytest.mark.parametrize("reason", STOPS)
def test_security_18_what_stops_an_officer_stops_assertions_and_what_came_of_them(house: House, reason: str) -> None:
    token = bring(house, vouch(house)).json["access_token"]
    STOPS[reason](house)
    refusal(bring(house, vouch(house)))
    level = reason in {"application for a higher level", "officer needs two factors"}
    assert house.userinfo(token).error == ("insufficient_user_authentication" if level else "invalid_token")
    assert house.introspect(token, client_id="lgsp").json == {"active": False}
    assert house.events() == ["token.issued"]


def test_security_18_an_operator_who_ends_an_officers_sessions_ends_it(house: House) -> None:
    token = bring(house, vouch(house)).json["access_token"]
    house.deprovisioning.end_access(house.officer(), "administrator", CALLER)
    assert not house.is_active(token, client_id="lgsp")


def test_a_higher_level_needs_an_issuer_that_stands_for_it(database: Database) -> None:
    house = make(database, level=2)
    house.officer(groups=("lanhdao",))
    house.client("lgsp", required_level=2)
    token = bring(house, vouch(house)).json["access_token"]
    assert house.introspect(token, client_id="lgsp").json["acr"] == f"{ACR_PREFIX}2"
    refusal(bring(house, vouch(house, pair("ES256", 1), iss=OTHER, acr=f"{ACR_PREFIX}2")))


def test_an_officer_who_is_disabled_meanwhile_gets_nothing_written(house: House) -> None:
    """Between the look and the write."""
    store = house.store
    write = store.issue_without_session

    def late(*arguments: Any) -> bool:
        house.disable()
        return write(*arguments)

    store.issue_without_session = late  # type: ignore[method-assign]
    refusal(bring(house, vouch(house)))
    assert house.events() == []


def test_core_s8_1_a_pairwise_application_is_told_its_own_name_for_the_officer(house: House) -> None:
    """The issuer names the officer as we do; what comes out never says so."""
    house.client("lgsp", subject_type="pairwise", sector_identifier_uri="https://lgsp.example/sector", access_token_format="jwt")
    token = bring(house, vouch(house)).json["access_token"]
    told = {json_segment(token.split(".")[1])["sub"], house.introspect(token, client_id="lgsp").json["sub"],
            house.userinfo(token).json["sub"]}
    assert len(told) == 1
    assert told.isdisjoint({house.officers.by_uid("canbo").sub})  # type: ignore[union-attr]


def test_rfc9396_s6_no_officer_saw_documents_so_that_none_are_given(house: House) -> None:
    house.client("lgsp", authorization_details_types=(SIGNING,))
    value = vouch(house)
    refusal(bring(house, value, authorization_details=json.dumps([{"type": SIGNING}])), "invalid_authorization_details")
    assert bring(house, value).status == 200
