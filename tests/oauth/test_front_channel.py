"""Hybrid and implicit answers: what leaves through the browser, what it stands on, and when it ends."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AccessTokenRow, AuthorizationCodeRow, GrantRow, SessionClientRow
from idp.audit import AuditEvent
from idp.oauth import response
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.grants.authorization_code import agreed, begin
from idp.oauth.ports import NewTokens
from idp.oauth.provider_request import ProviderRequest
from idp.oauth.response import FRONT_CHANNEL
from idp.oauth.server import Lifetimes
from idp.oidc.id_token import half_hash
from idp.sessions.single_sign_on import Session
from tests.provider import CALLER, ISSUER, REDIRECT_URI, House, json_segment

WITH_TOKEN = [kind for kind in FRONT_CHANNEL if response.gives(kind, "token")]
WITH_ID_TOKEN = [kind for kind in FRONT_CHANNEL if response.gives(kind, "id_token")]
HYBRID = [kind for kind in FRONT_CHANNEL if response.gives(kind, "code")]
BESIDE = {"token": {"access_token", "token_type", "expires_in", "scope"}, "id_token": {"id_token"}, "code": {"code"}}
GRANTS = ("authorization_code", "refresh_token", "implicit")


@pytest.fixture
def house(database: Database) -> House:
    house = House(database, front_channel=True)
    house.client(response_types=("code", *FRONT_CHANNEL), grant_types=GRANTS)
    return house


def answer(house: House, response_type: str, session: Session | None = None, **changes: str | None) -> dict[str, str]:
    """Answer a request; checks that it travels in the fragment with state and iss, and gives the rest."""
    sent = house.provider.issue_code(house.asked(response_type=response_type, **changes), session=session or house.session(),
                                     caller=CALLER)
    assert (sent.redirect_uri, sent.response_mode) == (REDIRECT_URI, "fragment")
    told = dict(sent.parameters)
    assert len(told) == len(sent.parameters)
    assert (told.pop("state", None), told.pop("iss")) == (changes.get("state", "xyz"), ISSUER)
    return told


def refused(house: House, response_type: str, session: Session | None = None, **changes: str | None) -> str:
    with pytest.raises(AuthorizationError) as caught:
        answer(house, response_type, session, **changes)
    assert caught.value.response_mode == "fragment"
    return caught.value.code


def rows(house: House, *tables: Any) -> int:
    return sum(len(house.database.read(select(table.__table__)).all()) for table in tables)


# What leaves

@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_multiple_response_types_s5_the_answer_holds_what_was_asked_and_nothing_else(house: House, response_type: str) -> None:
    told = answer(house, response_type)
    assert set(told) == set().union(*(BESIDE[word] for word in response_type.split(" ")))
    if "access_token" in told:
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", "600", "openid profile")


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_rfc6749_s4_2_2_no_refresh_token_is_ever_made(house: House, response_type: str) -> None:
    told = answer(house, response_type, scope="openid offline_access")
    assert "refresh_token" not in told
    assert house.live_refresh_tokens() == 0


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
@pytest.mark.parametrize("response_type", WITH_TOKEN)
def test_the_access_token_is_one_like_any_other(house: House, response_type: str, fmt: str) -> None:
    house.client(access_token_format=fmt)
    session = house.session()
    token = answer(house, response_type, session)["access_token"]
    assert house.userinfo(token).json["sub"] == session.sub
    assert house.introspect(token).json["scope"] == "openid profile"
    assert rows(house, AccessTokenRow) == 1
    house.clock.advance(600)
    assert not house.is_active(token)


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_one_write_leaves_one_record_and_the_clients_part_in_the_session(house: House, response_type: str) -> None:
    session = house.session()
    answer(house, response_type, session)
    assert house.events() == ["sign_in", "front_channel.issued"]
    record = house.audited()[-1]
    assert (record.sub, record.client_id, record.sid) == (session.sub, "qlvb", session.sid)
    assert f'"response_type":"{response_type}"' in record.detail.replace(": ", ":")
    part, = house.database.read(select(SessionClientRow.__table__)).all()
    assert (part.sid, part.client_id) == (session.sid, "qlvb")
    assert (rows(house, GrantRow), rows(house, AuthorizationCodeRow), rows(house, AccessTokenRow)) == (
        1, response.gives(response_type, "code"), response.gives(response_type, "token"))


def test_only_digests_are_stored(house: House, database: Database) -> None:
    told = answer(house, "code id_token token")
    dump = repr([database.read(select(table)).all() for table in GrantRow.metadata.tables.values()])
    for name in ("code", "access_token", "id_token"):
        assert told[name] not in dump


# What an ID token says

@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_oidc_core_s3_2_2_10_and_s3_3_2_11_it_binds_what_travels_with_it(house: House, response_type: str, alg: str) -> None:
    house.client(id_token_signed_response_alg=alg)
    session = house.session()
    told = answer(house, response_type, session, scope="openid")
    claims, now = house.id_claims(told["id_token"]), house.clock.now()
    assert json_segment(told["id_token"].split(".")[0])["alg"] == alg
    bound = {"s_hash": half_hash("xyz", alg)}
    if "code" in told:
        bound["c_hash"] = half_hash(told["code"], alg)
    if "access_token" in told:
        bound["at_hash"] = half_hash(told["access_token"], alg)
    assert claims == {
        "iss": ISSUER, "sub": session.sub, "aud": "qlvb", "iat": now, "exp": now + 600, "auth_time": session.auth_time,
        "acr": "urn:haugiang:acr:1", "amr": ["pwd"], "sid": session.sid, "nonce": "n-0S6_WzA2Mj", **bound}


def test_without_state_there_is_no_s_hash(house: House) -> None:
    assert "s_hash" not in house.id_claims(answer(house, "code id_token", state=None)["id_token"])


def test_oidc_core_s5_4_without_any_access_token_the_id_token_holds_the_claims_of_the_scopes(house: House) -> None:
    claims = house.id_claims(answer(house, "id_token", scope="openid profile email unit")["id_token"])
    assert (claims["name"], claims["preferred_username"]) == ("Nguyễn Thị Cán Bộ", "canbo")
    assert (claims["email"], claims["email_verified"]) == ("canbo@haugiang.gov.vn", True)
    assert claims["unit_code"] == "H30.1"
    assert not {"phone_number", "groups"} & set(claims)
    assert not {"name", "email", "unit_code"} & set(house.id_claims(answer(house, "id_token", scope="openid")["id_token"]))


def test_groups_are_told_in_id_tokens_to_clients_that_may_see_them_only(house: House) -> None:
    assert "groups" not in house.id_claims(answer(house, "id_token", scope="openid groups")["id_token"])
    house.client(show_groups=True)
    assert house.id_claims(answer(house, "id_token", scope="openid groups")["id_token"])["groups"] == ["can-bo"]


@pytest.mark.parametrize("response_type", [kind for kind in WITH_ID_TOKEN if kind != "id_token"])
def test_oidc_core_s5_4_where_an_access_token_can_be_had_userinfo_tells(house: House, response_type: str) -> None:
    told = answer(house, response_type, scope="openid profile email")
    assert not {"name", "email", "preferred_username"} & set(house.id_claims(told["id_token"]))


def test_an_id_token_from_the_browser_is_a_hint_like_any_other(house: House) -> None:
    session = house.session()
    token = answer(house, "id_token", session)["id_token"]
    assert house.asked(id_token_hint=token).id_token_hint_sub == session.sub


# The code of a hybrid answer

@pytest.mark.parametrize("response_type", HYBRID)
def test_oidc_core_s3_3_3_the_code_gives_tokens_of_its_own_about_the_same_officer(house: House, response_type: str) -> None:
    told = answer(house, response_type)
    house.clock.advance(5)
    tokens = house.redeem(told["code"]).json
    second = house.id_claims(tokens["id_token"])
    assert second["at_hash"] == half_hash(tokens["access_token"], "RS256")
    assert tokens["refresh_token"]
    if "id_token" in told:
        first = house.id_claims(told["id_token"])
        same = ("iss", "sub", "aud", "nonce", "auth_time", "acr", "amr", "sid")
        assert [second[name] for name in same] == [first[name] for name in same]
    if "access_token" in told:
        assert tokens["access_token"] != told["access_token"]
        assert house.is_active(told["access_token"])


@pytest.mark.parametrize("response_type", HYBRID)
def test_rfc7636_s4_6_the_code_of_a_hybrid_answer_wants_its_verifier(house: House, response_type: str) -> None:
    code = answer(house, response_type)["code"]
    assert house.redeem(code, code_verifier=None).error == "invalid_grant"
    assert house.redeem(code, code_verifier="x" * 43).error == "invalid_grant"
    assert house.redeem(code).status == 200


@pytest.mark.parametrize("response_type", ["code token", "code id_token token"])
def test_rfc6749_s4_1_2_a_replay_ends_the_token_from_the_browser_too(house: House, response_type: str) -> None:
    told = answer(house, response_type)
    tokens = house.redeem(told["code"]).json
    assert house.redeem(told["code"]).error == "invalid_grant"
    for token in (told["access_token"], tokens["access_token"]):
        assert not house.is_active(token)
        assert house.userinfo(token).status == 401


def test_rfc7009_s2_giving_back_one_token_ends_that_one_and_a_refresh_token_the_family(house: House) -> None:
    told = answer(house, "code token")
    tokens = house.redeem(told["code"]).json
    house.revoke(tokens["access_token"])
    assert (house.is_active(tokens["access_token"]), house.is_active(told["access_token"])) == (False, True)
    house.revoke(tokens["refresh_token"])
    assert not house.is_active(told["access_token"])


# What it stands on

@pytest.mark.parametrize("response_type", WITH_TOKEN)
def test_the_access_token_dies_with_the_session(house: House, response_type: str) -> None:
    session = house.session()
    token = answer(house, response_type, session)["access_token"]
    house.sessions.end(session.sid, "logout", CALLER)
    assert not house.is_active(token)
    assert house.userinfo(token).error == "invalid_token"


def test_the_access_token_lives_no_longer_than_the_session_may(house: House) -> None:
    session = house.session()
    house.clock.advance(86400 - 100)
    assert answer(house, "id_token token", session)["expires_in"] == "100"


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_security_29_nothing_is_issued_or_written_in_a_session_that_has_ended(house: House, response_type: str) -> None:
    session = house.session()
    house.sessions.end(session.sid, "logout", CALLER)
    assert refused(house, response_type, session) == "login_required"
    assert rows(house, GrantRow, AuthorizationCodeRow, AccessTokenRow, SessionClientRow) == 0
    assert "front_channel.issued" not in house.events()


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_security_18_nothing_for_an_officer_who_is_not_active_or_not_admitted(house: House, response_type: str) -> None:
    session = house.session()
    house.client(allowed_groups=frozenset({"van-thu"}))
    assert refused(house, response_type, session) == "access_denied"
    house.client(allowed_groups=frozenset())
    house.disable()
    assert refused(house, response_type, session) == "access_denied"
    assert rows(house, GrantRow, AuthorizationCodeRow, AccessTokenRow) == 0


@pytest.mark.parametrize("with_code", [True, False])
@pytest.mark.parametrize("with_token", [True, False])
@pytest.mark.parametrize("reason", ["ended", "over", "disabled", "another officer"])
def test_security_15_the_one_write_decides(house: House, with_code: bool, with_token: bool, reason: str) -> None:
    """All or nothing, whatever stands in between, on both databases."""
    def issue(session: Session) -> bool:
        asked = house.asked(response_type="code id_token token")
        grant = agreed(asked, session, now=house.clock.now(), offline_seconds=1000)
        code = begin(asked, grant, value="c" * 43, code_seconds=60) if with_code else None
        tokens = NewTokens(access_digest=b"t" * 32, client_id="qlvb", grant_id=grant.grant_id, scope="openid", issued_at=1,
                           expires_at=2) if with_token else None
        request = ProviderRequest({}, caller=CALLER)
        request.client = house.registry.find("qlvb")
        record = house.provider.record(AuditEvent.FRONT_CHANNEL_ISSUED, request, grant, scope="openid")
        return house.store.issue_front_channel(grant, record, code=code, tokens=tokens)

    tables = (GrantRow, AuthorizationCodeRow, AccessTokenRow, SessionClientRow)
    session = house.session()
    good = session
    if reason == "ended":
        house.sessions.end(session.sid, "logout", CALLER)
    elif reason == "over":
        house.clock.advance(86400)
    elif reason == "disabled":
        house.disable()
    else:
        session = Session(**{name: getattr(session, name) for name in session.__slots__} | {"sub": "somebody-else"})
    assert issue(session) is False
    assert rows(house, *tables) == 0
    assert "front_channel.issued" not in house.events()
    if reason == "another officer":
        assert issue(good) is True
        assert rows(house, *tables) == 2 + with_code + with_token


# Looked at once more when it is issued

@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_security_8_a_stored_request_is_worth_nothing_once_the_setting_is_off(house: House, response_type: str) -> None:
    asked, session = house.asked(response_type=response_type), house.session()
    off = House(house.database)
    off.client(response_types=("code", *FRONT_CHANNEL), grant_types=GRANTS)
    with pytest.raises(AuthorizationError) as caught:
        off.provider.issue_code(asked, session=session, caller=CALLER)
    assert (caught.value.code, caught.value.response_mode) == ("unsupported_response_type", "fragment")
    assert rows(house, GrantRow, AccessTokenRow) == 0


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
@pytest.mark.parametrize(("members", "code"), [
    ({"response_types": ("code",)}, "unauthorized_client"), ({"scope": frozenset({"openid"})}, "invalid_scope")])
def test_what_the_registration_no_longer_allows_is_refused(house: House, response_type: str, members: dict[str, Any],
                                                           code: str) -> None:
    asked = house.asked(response_type=response_type)
    house.client(**members)
    with pytest.raises(AuthorizationError) as caught:
        house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    assert caught.value.code == code
    assert rows(house, GrantRow, AccessTokenRow) == 0


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_security_5_pkce_that_became_required_is_asked_for_where_a_code_is(house: House, response_type: str) -> None:
    house.client(require_pkce=False)
    asked = house.asked(response_type=response_type, code_challenge=None, code_challenge_method=None)
    house.client(require_pkce=True)
    if response_type in HYBRID:
        with pytest.raises(AuthorizationError) as caught:
            house.provider.issue_code(asked, session=house.session(), caller=CALLER)
        assert caught.value.code == "invalid_request"
    else:
        assert house.provider.issue_code(asked, session=house.session(), caller=CALLER).parameters


# Elsewhere

@pytest.mark.parametrize("grant_type", ["implicit", "password"])
def test_the_token_endpoint_knows_no_implicit_grant(house: House, grant_type: str) -> None:
    assert house.token({"grant_type": grant_type}).error == "unsupported_grant_type"


def test_a_public_client_gets_tokens_through_the_browser_and_cannot_redeem_what_it_did_not_get(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none", response_types=("id_token token",), grant_types=("implicit",))
    assert answer(house, "id_token token", client_id="spa")["access_token"]
    assert refused(house, "code id_token", client_id="spa") == "unauthorized_client"
    assert house.redeem("x" * 43, client_id="spa", secret=None).error == "unauthorized_client"


def test_a_hybrid_family_with_offline_access_ends_at_its_own_end(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_token_seconds=200), front_channel=True)
    house.client(response_types=("code token",), grant_types=GRANTS)
    assert answer(house, "code token", scope="openid offline_access")["expires_in"] == "200"
