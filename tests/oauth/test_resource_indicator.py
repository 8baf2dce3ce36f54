"""RFC 8707: an access token is for the resources that were named, and for no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AccessTokenRow
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.client import Client
from idp.oauth.tokens.resource_indicator import InvalidTargetError, audience, is_for, is_resource, may_target, scope_at
from tests.provider import CALLER, ISSUER, House, json_segment

RECORDS = "https://hoso.haugiang.example/api"
ARCHIVE = "urn:haugiang:luu-tru"
STRANGE = "https://strange.example/"
RESOURCES = ((RECORDS, "service unit"), (ARCHIVE, ""))


@pytest.fixture
def asking(house: House) -> House:
    """An application that may name two resources, and a server that answers for one of them."""
    house.client(resources=RESOURCES)
    house.client("hoso", serves=frozenset({RECORDS}))
    return house


def code_for(house: House, *resources: str, scope: str = "openid unit service offline_access") -> str:
    """Issue a code whose request names resources."""
    parameters = {name: [value] for name, value in house.parameters(scope=scope).items()} | {"resource": list(resources)}
    request = house.provider.parse_authorization(parameters)
    return dict(house.provider.issue_code(request, session=house.session(), caller=CALLER).parameters)["code"]


def stored_audiences(database: Database) -> list[str]:
    return sorted(row.audience for row in database.read(select(AccessTokenRow.__table__)).all())


# The rule

@pytest.mark.parametrize("text", [RECORDS, ARCHIVE, "https://a.example", "https://a.example/x?y=z", "https://[::1]:80/", "a:b"])
def test_rfc8707_s2_absolute_uris_name_resources(text: str) -> None:
    assert is_resource(text)


@pytest.mark.parametrize("text", ["", "hoso", "/api", "//a.example/", "https:", "https://a.example/#f", "https://a.example/#",
                                  "https://a.example/ b", "https://đ.example/", 'https://a.example/"', "https://a.example/\\",
                                  "1a:b", "https://a.example/" + "x" * 512, None, 7, [RECORDS]])
def test_rfc8707_s2_everything_else_does_not(text: object) -> None:
    assert not is_resource(text)


@given(st.text())
def test_what_names_a_resource_can_stand_in_a_list_with_spaces(text: str) -> None:
    assert not is_resource(text) or (len(text.split()) == 1 and "#" not in text and text.isascii())


CLIENT = Client(client_id="a", client_name="A", resources=RESOURCES)


@pytest.mark.parametrize(("sent", "granted", "expected"), [
    ((), None, ()), ((), (), ()), ((ISSUER,), None, ()), ((ISSUER,), (), ()), ((RECORDS,), None, (RECORDS,)),
    ((RECORDS, RECORDS), None, (RECORDS,)), ((), (RECORDS, ARCHIVE), (RECORDS, ARCHIVE)),
    ((ARCHIVE,), (RECORDS, ARCHIVE), (ARCHIVE,)),
    ((ISSUER,), (RECORDS, ISSUER), ()), ((), (RECORDS, ISSUER), (RECORDS, ISSUER)),
    ((STRANGE,), None, None), ((RECORDS, STRANGE), None, None), ((RECORDS,), (), None), ((ARCHIVE,), (RECORDS,), None),
    ((ISSUER,), (RECORDS,), None), ((), (STRANGE,), None), ((RECORDS + "/",), None, None), ((RECORDS.upper(),), None, None)])
def test_rfc8707_s2_2_what_is_asked_for_stays_within_grant_and_registration(
        sent: tuple[str, ...], granted: tuple[str, ...] | None, expected: tuple[str, ...] | None) -> None:
    if expected is None:
        with pytest.raises(InvalidTargetError):
            audience(CLIENT, sent, granted=granted, issuer=ISSUER)
    else:
        assert audience(CLIENT, sent, granted=granted, issuer=ISSUER) == expected


def test_an_application_may_name_what_its_operator_registered_and_the_issuer() -> None:
    assert may_target(CLIENT, [], issuer=ISSUER)
    assert may_target(CLIENT, [ISSUER, RECORDS, ARCHIVE], issuer=ISSUER)
    assert not may_target(CLIENT, [RECORDS, STRANGE], issuer=ISSUER)


def test_rfc8707_s2_2_a_token_has_the_scopes_of_every_resource_it_is_for() -> None:
    asked = ("openid", "profile", "service", "unit", "offline_access")
    assert scope_at(CLIENT, asked, ()) == asked
    assert scope_at(CLIENT, asked, (ARCHIVE,)) == asked
    assert scope_at(CLIENT, asked, (RECORDS, ARCHIVE)) == ("openid", "service", "unit", "offline_access")


def test_rfc9068_s4_a_token_without_audience_is_for_the_issuer() -> None:
    assert is_for(ISSUER, (), issuer=ISSUER)
    assert is_for(ISSUER, (RECORDS, ISSUER), issuer=ISSUER)
    assert not is_for(ISSUER, (RECORDS,), issuer=ISSUER)
    assert not is_for(RECORDS, (), issuer=ISSUER)


# The authorization endpoint

@pytest.mark.parametrize("named", [[STRANGE], [RECORDS, STRANGE], ["not a uri"], [RECORDS + "#f"]])
def test_rfc8707_s2_1_a_resource_that_is_not_the_applications_is_an_invalid_target(asking: House, named: list[str]) -> None:
    with pytest.raises(AuthorizationError) as refused:
        code_for(asking, *named)
    assert refused.value.code == "invalid_target"


def test_security_9_resource_is_the_only_parameter_that_may_come_twice(asking: House) -> None:
    assert code_for(asking, RECORDS, ARCHIVE, RECORDS, "")
    for name in ("audience", "scope", "nonce"):
        parameters = {key: [value] for key, value in asking.parameters().items()} | {name: ["openid", "openid"]}
        with pytest.raises(AuthorizationError) as refused:
            asking.provider.parse_authorization(parameters)
        assert refused.value.code == "invalid_request"


# The token endpoint

def test_rfc8707_s2_2_a_code_gives_a_token_for_all_that_was_named(asking: House, database: Database) -> None:
    told = asking.redeem(code_for(asking, RECORDS, ARCHIVE)).json
    assert told["scope"] == "openid unit service offline_access"
    assert "id_token" in told
    assert asking.introspect(told["access_token"]).json["aud"] == [RECORDS, ARCHIVE]
    assert stored_audiences(database) == [f"{RECORDS} {ARCHIVE}"]


def test_rfc8707_s2_2_codes_and_refresh_tokens_narrow(asking: House, database: Database) -> None:
    told = asking.redeem(code_for(asking, RECORDS, ARCHIVE, scope="openid profile service"), resource=RECORDS).json
    assert asking.introspect(told["access_token"]).json["aud"] == RECORDS
    assert told["scope"] == "openid service"
    told = asking.refresh(told["refresh_token"], resource=ARCHIVE).json
    assert asking.introspect(told["access_token"]).json["aud"] == ARCHIVE
    assert told["scope"] == "openid profile service"
    told = asking.refresh(told["refresh_token"]).json
    assert asking.introspect(told["access_token"]).json["aud"] == [RECORDS, ARCHIVE]
    assert stored_audiences(database) == sorted([RECORDS, ARCHIVE, f"{RECORDS} {ARCHIVE}"])


@pytest.mark.parametrize("named", [(), (ARCHIVE,), (ISSUER,)])
def test_rfc8707_s2_2_nothing_widens_and_what_is_refused_is_not_used_up(asking: House, named: tuple[str, ...]) -> None:
    code = code_for(asking, *named)
    assert asking.redeem(code, resource=RECORDS).error == "invalid_target"
    told = asking.redeem(code)
    assert told.status == 200
    assert asking.refresh(told.json["refresh_token"], resource=RECORDS).error == "invalid_target"
    assert asking.refresh(told.json["refresh_token"], resource=STRANGE).error == "invalid_target"
    assert asking.refresh(told.json["refresh_token"]).status == 200


def test_what_an_operator_takes_back_is_not_given_any_more(asking: House) -> None:
    code = code_for(asking, RECORDS)
    refresh_token = asking.redeem(code_for(asking, RECORDS)).json["refresh_token"]
    asking.client(resources=())
    assert asking.redeem(code).error == "invalid_target"
    assert asking.refresh(refresh_token).error == "invalid_target"


def test_a_resource_at_which_no_scope_is_left_is_an_invalid_target(asking: House) -> None:
    asking.client(resources=((RECORDS, "service"), (ARCHIVE, "unit")))
    code = code_for(asking, RECORDS, ARCHIVE, scope="service unit")
    assert asking.redeem(code).error == "invalid_target"
    assert asking.redeem(code, resource=ARCHIVE).json["scope"] == "unit"


def test_rfc8707_s2_machines_name_resources_too(asking: House) -> None:
    told = asking.token("grant_type=client_credentials&scope=service&resource=" + f"&resource={RECORDS}&resource={ARCHIVE}")
    assert asking.introspect(told.json["access_token"]).json["aud"] == [RECORDS, ARCHIVE]
    assert asking.machine(resource=RECORDS).json["scope"] == "service"
    assert asking.introspect(asking.machine(resource=ISSUER).json["access_token"]).json["aud"] == ISSUER
    assert asking.machine(resource=STRANGE).error == "invalid_target"


def test_a_machine_has_no_scope_at_a_resource_that_its_operator_did_not_give_it(asking: House) -> None:
    asking.client(resources=((RECORDS, "unit"), (ARCHIVE, "service")))
    assert asking.machine(resource=RECORDS, scope="service").error == "invalid_scope"
    assert "scope" not in asking.machine(resource=RECORDS).json
    assert asking.machine(resource=ARCHIVE, scope="service").json["scope"] == "service"
    assert asking.machine(scope="service").json["scope"] == "service"


@pytest.mark.parametrize(("path", "body"), [
    ("/token", "grant_type=client_credentials&audience=a&audience=b"),
    ("/introspect", f"token=x&resource={RECORDS}&resource={ARCHIVE}"),
    ("/token", "grant_type=client_credentials&scope=service&scope=service"), ("/revoke", "token=x&resource=a:b&resource=a:c")])
def test_security_9_nothing_else_repeats(asking: House, path: str, body: str) -> None:
    reply = asking.post(path, body, client_id="qlvb", secret="a-machine-made-secret")
    assert (reply.status, reply.error) == (400, "invalid_request")


def test_rfc9068_s3_a_jwt_names_its_audience(asking: House) -> None:
    asking.client(access_token_format="jwt")

    def claims(reply: Any) -> dict[str, Any]:
        return json_segment(reply.json["access_token"].split(".")[1])
    assert claims(asking.machine())["aud"] == ISSUER
    assert claims(asking.machine(resource=RECORDS))["aud"] == RECORDS
    assert claims(asking.redeem(code_for(asking, RECORDS, ARCHIVE)))["aud"] == [RECORDS, ARCHIVE]


def test_a_token_through_the_browser_is_for_the_resources_named(database: Database) -> None:
    house = House(database, front_channel=True)
    house.client(resources=RESOURCES, grant_types=("implicit",), response_types=("id_token token",))
    asked = house.asked(response_type="id_token token", resource=RECORDS, scope="openid profile unit")
    made = dict(house.provider.issue_code(asked, session=house.session(), caller=CALLER).parameters)
    told = house.introspect(made["access_token"]).json
    assert (told["aud"], told["scope"], made["scope"]) == (RECORDS, "openid unit", "openid unit")
    assert house.userinfo(made["access_token"]).status == 401


# Where a token is honoured

def test_rfc7662_s4_a_server_learns_of_tokens_meant_for_it_only(asking: House) -> None:
    meant = asking.machine(resource=RECORDS).json["access_token"]
    told = asking.introspect(meant, client_id="hoso").json
    assert (told["active"], told["aud"], told["client_id"]) == (True, RECORDS, "qlvb")
    assert asking.is_active(meant)
    asking.client("other", serves=frozenset({ARCHIVE}))
    assert asking.introspect(meant, client_id="other").json == {"active": False}
    for token in (asking.machine(resource=ARCHIVE).json["access_token"], asking.machine().json["access_token"]):
        assert asking.introspect(token, client_id="hoso").json == {"active": False}


def test_a_server_learns_nothing_of_refresh_tokens(asking: House) -> None:
    token = asking.redeem(code_for(asking, RECORDS)).json["refresh_token"]
    assert asking.introspect(token, client_id="hoso").json == {"active": False}


def test_rfc9068_s4_userinfo_refuses_a_token_for_another_resource(asking: House) -> None:
    token = asking.redeem(code_for(asking, RECORDS)).json["access_token"]
    reply = asking.userinfo(token)
    assert (reply.status, reply.error) == (401, "invalid_token")
    code = code_for(asking, RECORDS, ISSUER)
    told = asking.redeem(code, resource=ISSUER).json
    assert asking.userinfo(told["access_token"]).status == 200
    both = asking.refresh(told["refresh_token"]).json["access_token"]
    assert asking.userinfo(both).status == 200
    assert asking.introspect(both).json["aud"] == [RECORDS, ISSUER]


# The audit trail

def test_the_audit_trail_tells_whom_a_token_is_for(asking: House) -> None:
    told = asking.redeem(code_for(asking, RECORDS, ARCHIVE)).json
    asking.refresh(told["refresh_token"], resource=ARCHIVE)
    asking.machine(resource=RECORDS)
    asking.machine()
    details = [json.loads(row.detail) for row in asking.audited() if row.event in {"token.issued", "token.refreshed"}]
    assert [detail.get("audience", "") for detail in details] == [f"{RECORDS} {ARCHIVE}", ARCHIVE, RECORDS, ""]
