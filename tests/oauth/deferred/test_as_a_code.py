"""What an officer approves elsewhere obeys the rules of what comes with a code: each is tested for devices and for CIBA."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.client import Client
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants import delegation, token_exchange
from idp.sessions.single_sign_on import Session
from tests.fakes.client_keys import jwks_of, pair, proof_of, signed
from tests.provider import CALLER, ISSUER, REGISTERED, SECRET, SIGNING, House, Reply, json_segment

RECORDS = "https://hoso.haugiang.example/api"
ARCHIVE = "urn:haugiang:luu-tru"
STRANGE = "https://strange.example/"
PATHS = {Kind.DEVICE: "/device_authorization", Kind.CIBA: "/bc-authorize"}
DETAILS = json.dumps([{"type": SIGNING}])


@dataclass(frozen=True)
class Way:
    """One of the two ways, with an application that may name two resources, and an officer who is signed in."""

    house: House
    kind: Kind
    session: Session

    @property
    def grant_type(self) -> str:
        return GRANT_TYPE_OF[self.kind]

    def client(self, **members: Any) -> Client:
        given = {"grant_types": (*REGISTERED.grant_types, GRANT_TYPE_OF[Kind.CIBA]), "backchannel_token_delivery_mode": "poll",
                 "resources": ((RECORDS, "openid service unit"), (ARCHIVE, ""))}
        return self.house.client("qlvb", **(given | members))

    def ask(self, *more: tuple[str, str], secret: str | None = SECRET, scope: str = "openid profile service") -> Reply:
        form = [("scope", scope), *more]
        if self.kind is Kind.CIBA:
            form.append(("login_hint", "canbo"))
        if secret is None:
            form.append(("client_id", "qlvb"))
        return self.house.post(PATHS[self.kind], urlencode(form), client_id="qlvb", secret=secret)

    def approved(self, *more: tuple[str, str], secret: str | None = SECRET, scope: str = "openid profile service") -> str:
        reply = self.ask(*more, secret=secret, scope=scope)
        assert reply.status == 200, reply.body
        if self.kind is Kind.DEVICE:
            assert self.house.approve(reply, self.session)
            return str(reply.json["device_code"])
        deferred, = self.house.approvals.awaiting(self.session.sub)
        assert self.house.approvals.approve(deferred, self.session, CALLER)
        return str(reply.json["auth_req_id"])

    def fetch(self, value: str, *more: tuple[str, str], secret: str | None = SECRET, headers: Any = None) -> Reply:
        form = [("grant_type", self.grant_type), ("device_code" if self.kind is Kind.DEVICE else "auth_req_id", value), *more]
        if secret is None:
            form.append(("client_id", "qlvb"))
        return self.house.post("/token", urlencode(form), client_id="qlvb", secret=secret, headers=headers)

    def tokens(self, *more: tuple[str, str], scope: str = "openid profile service") -> dict[str, Any]:
        reply = self.fetch(self.approved(*more, scope=scope))
        assert reply.status == 200, reply.body
        return dict(reply.json)


@pytest.fixture(params=list(Kind))
def way(house: House, request: pytest.FixtureRequest) -> Way:
    made = Way(house, request.param, house.session())
    made.client()
    return made


def test_rfc8707_s2_1_the_resources_that_are_named_are_whom_the_token_is_for(way: Way) -> None:
    told = way.tokens(("resource", RECORDS), ("resource", ARCHIVE), ("resource", RECORDS))
    assert way.house.introspect(told["access_token"]).json["aud"] == [RECORDS, ARCHIVE]
    assert told["scope"] == "openid service"
    assert way.house.userinfo(told["access_token"]).status == 401


@pytest.mark.parametrize("named", [(STRANGE,), (RECORDS, STRANGE), ("not a uri",), (RECORDS + "#f",)])
def test_rfc8707_s2_1_a_resource_that_is_not_the_applications_is_an_invalid_target(way: Way, named: tuple[str, ...]) -> None:
    reply = way.ask(*(("resource", name) for name in named))
    assert (reply.status, reply.error) == (400, "invalid_target")
    assert way.house.audited() == [] or "approval.asked" not in way.house.events()


def test_rfc8707_s2_2_token_requests_narrow_and_never_widen(way: Way) -> None:
    value = way.approved(("resource", RECORDS), ("resource", ARCHIVE))
    assert way.fetch(value, ("resource", ISSUER)).error == "invalid_target"
    told = way.fetch(value, ("resource", RECORDS)).json
    assert way.house.introspect(told["access_token"]).json["aud"] == RECORDS
    assert way.house.refresh(told["refresh_token"], resource=STRANGE).error == "invalid_target"
    told = way.house.refresh(told["refresh_token"], resource=ARCHIVE).json
    assert way.house.introspect(told["access_token"]).json["aud"] == ARCHIVE
    assert way.house.introspect(way.house.refresh(told["refresh_token"]).json["access_token"]).json["aud"] == [RECORDS, ARCHIVE]


def test_rfc8707_s2_2_who_named_none_is_given_none_later(way: Way) -> None:
    value = way.approved()
    assert way.fetch(value, ("resource", RECORDS)).error == "invalid_target"
    told = way.fetch(value).json
    assert way.house.refresh(told["refresh_token"], resource=RECORDS).error == "invalid_target"


def test_a_resource_that_an_operator_took_back_meanwhile_is_not_given(way: Way) -> None:
    value = way.approved(("resource", RECORDS))
    way.client(resources=())
    assert way.fetch(value).error == "invalid_target"


@pytest.mark.parametrize("name", ["scope", "login_hint", "claims", "client_id"])
def test_security_9_nothing_else_may_come_twice(way: Way, name: str) -> None:
    assert way.ask((name, "openid"), (name, "openid")).error == "invalid_request"


@pytest.mark.parametrize(("name", "value"), [("request", "a.b.c"), ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
                                             ("claims", '{"id_token":{"acr":{"essential":true}}}')])
def test_what_is_read_at_the_authorization_endpoint_alone_is_refused(way: Way, name: str, value: str) -> None:
    reply = way.ask((name, value))
    assert (reply.status, reply.error) == (400, "invalid_request")
    assert "approval.asked" not in way.house.events()


def test_rfc9396_s5_documents_are_not_put_to_an_officer_who_would_not_see_them(way: Way) -> None:
    way.client(authorization_details_types=(SIGNING,))
    assert way.ask(("authorization_details", DETAILS)).error == "invalid_authorization_details"
    value = way.approved()
    assert way.fetch(value, ("authorization_details", DETAILS)).error == "invalid_authorization_details"
    told = way.fetch(value).json
    assert way.house.refresh(told["refresh_token"], authorization_details=DETAILS).error == "invalid_authorization_details"


def test_rfc6749_s6_a_refresh_narrows_the_scope_for_once_and_never_widens_it(way: Way) -> None:
    told = way.tokens()
    assert way.house.refresh(told["refresh_token"], scope="openid email").error == "invalid_scope"
    narrowed = way.house.refresh(told["refresh_token"], scope="openid").json
    assert narrowed["scope"] == "openid"
    assert way.house.refresh(narrowed["refresh_token"]).json["scope"] == "openid profile service"


def test_security_14_a_refresh_token_used_twice_ends_the_family(way: Way) -> None:
    told = way.tokens()
    newer = way.house.refresh(told["refresh_token"]).json
    way.house.clock.advance(11)
    assert way.house.refresh(told["refresh_token"]).error == "invalid_grant"
    assert way.house.refresh(newer["refresh_token"]).error == "invalid_grant"
    assert not way.house.is_active(newer["access_token"])


def test_core_s11_offline_access_outlives_the_session_where_it_was_asked_for_alone(way: Way) -> None:
    bound, offline = way.tokens(), way.tokens(scope="openid offline_access")
    way.house.sessions.end(way.session.sid, "logout", CALLER)
    assert way.house.refresh(bound["refresh_token"]).error == "invalid_grant"
    assert way.house.refresh(offline["refresh_token"]).status == 200
    way.house.deprovisioning.end_access(way.session.sub, "administrator", CALLER)
    assert way.house.refresh(offline["refresh_token"]).error == "invalid_grant"


def test_core_s8_1_the_application_knows_the_officer_by_one_name_in_every_token(way: Way) -> None:
    way.client(subject_type="pairwise", access_token_format="jwt", sector_identifier_uri="https://qlvb.example/sector")
    known = way.house.id_claims(way.house.tokens_for(session=way.session)["id_token"])["sub"]
    assert known != way.session.sub
    told = way.tokens()
    told |= {"again": way.house.refresh(told["refresh_token"]).json["id_token"]}
    assert {way.house.id_claims(told["id_token"])["sub"], way.house.id_claims(told["again"])["sub"],
            json_segment(told["access_token"].split(".")[1])["sub"], way.house.introspect(told["access_token"]).json["sub"],
            way.house.userinfo(told["access_token"]).json["sub"]} == {known}


def test_rfc9449_s5_the_refresh_token_of_a_public_device_needs_its_key(house: House) -> None:
    way = Way(house, Kind.DEVICE, house.session())
    way.client(token_endpoint_auth_method="none", grant_types=(way.grant_type, "refresh_token"))
    own, thief = ({"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now(), pair("ES256", number))} for number in (1, 2))
    told = way.fetch(way.approved(secret=None), secret=None, headers=own).json
    form = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"], "client_id": "qlvb"}
    assert told["token_type"] == "DPoP"
    assert house.post("/token", form).error == "invalid_grant"
    assert house.post("/token", form, headers=thief).error == "invalid_grant"
    own = {"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now(), pair("ES256", 1))}
    assert house.post("/token", form, headers=own).status == 200


def test_ciba_s7_1_1_a_signed_request_names_its_resources_in_a_list(house: House) -> None:
    way = Way(house, Kind.CIBA, house.session())
    way.client(backchannel_authentication_request_signing_alg="ES256", jwks=jwks_of(pair("ES256")))
    now = house.clock.now()

    def ask(number: int, named: Any) -> Reply:
        token = signed({"iss": "qlvb", "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60, "jti": str(number),
                        "scope": "openid service", "login_hint": "canbo", "resource": named}, pair("ES256"))
        return house.post("/bc-authorize", {"request": token}, client_id="qlvb", secret=SECRET)

    assert ask(1, [RECORDS, STRANGE]).error == ask(2, STRANGE).error == "invalid_target"
    assert ask(3, [RECORDS, 7]).error == ask(4, {"a": 1}).error == "invalid_request"
    reply = ask(5, [RECORDS, ARCHIVE])
    assert house.approvals.approve(house.approvals.awaiting(way.session.sub)[0], way.session, CALLER)
    told = way.fetch(reply.json["auth_req_id"]).json
    assert house.introspect(told["access_token"]).json["aud"] == [RECORDS, ARCHIVE]
    beside = house.post("/bc-authorize", {"request": "a.b.c", "resource": RECORDS}, client_id="qlvb", secret=SECRET)
    assert beside.error == "invalid_request"


@pytest.mark.parametrize("grant_type", ["client_credentials", delegation.GRANT_TYPE])
def test_rfc9396_s6_grants_without_documents_that_an_officer_saw_give_none(house: House, grant_type: str) -> None:
    house.client(grant_types=(*REGISTERED.grant_types, delegation.GRANT_TYPE), authorization_details_types=(SIGNING,),
                 exchange_from=("qlvb", "origin"))
    house.client("origin")
    token = house.tokens_for(client_id="origin")["access_token"]
    form = {"grant_type": grant_type, "subject_token": token, "subject_token_type": token_exchange.ACCESS_TOKEN}
    if grant_type == "client_credentials":
        form = {"grant_type": grant_type}
    assert house.token(form | {"authorization_details": DETAILS}).error == "invalid_authorization_details"
    assert house.token(form).status == 200


# RFC 9101 §10.5 and RFC 9126 §6 speak of the authorization endpoint

def test_rfc9101_s10_5_what_no_browser_carries_is_neither_signed_nor_pushed(house: House) -> None:
    house.client(require_signed_request_object=True, require_pushed_authorization_requests=True, jwks=jwks_of(pair("ES256")),
                 grant_types=(*REGISTERED.grant_types, GRANT_TYPE_OF[Kind.CIBA]), backchannel_token_delivery_mode="poll")
    with pytest.raises(AuthorizationError):
        house.asked()
    assert house.push().error == "invalid_request"
    house.officer()
    assert house.device().status == 200
    asking = {"scope": "openid", "login_hint": "canbo"}
    assert house.post("/bc-authorize", asking, client_id="qlvb", secret=SECRET).status == 200
    for secret in (None, "wrong"):
        assert house.device(secret=secret).error == "invalid_client"
        assert house.post("/bc-authorize", {**asking, "client_id": "qlvb"} if secret is None else asking, client_id="qlvb",
                          secret=secret).error == "invalid_client"


def test_ciba_s7_1_1_who_registered_an_algorithm_signs_its_requests_here(house: House) -> None:
    house.client(backchannel_authentication_request_signing_alg="ES256", jwks=jwks_of(pair("ES256")),
                 grant_types=(*REGISTERED.grant_types, GRANT_TYPE_OF[Kind.CIBA]), backchannel_token_delivery_mode="poll")
    house.officer()
    reply = house.post("/bc-authorize", {"scope": "openid", "login_hint": "canbo"}, client_id="qlvb", secret=SECRET)
    assert (reply.status, reply.error) == (400, "invalid_request")
