"""An application reads, changes and deletes its registration (RFC 7592)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.oauth.clients.dynamic import Registered
from idp.oauth.clients.keys import read_jwks
from idp.oauth.clients.registrar import Registrar
from idp.oauth.clients.registration import RegistrationPolicy, to_metadata
from idp.oauth.clients.sectors import Sectors
from idp.oidc.consent import Consents
from tests.contracts.key_store import at_once
from tests.fakes.client_keys import SECRETS, assertion_of, jwks_of, pair, secret_key, signed
from tests.fakes.client_store import FakeSecretFiles
from tests.provider import CALLER, ISSUER, REDIRECT_URI, SIGNING, House, Reply

METADATA: dict[str, Any] = {"client_name": "Ứng dụng", "redirect_uris": [REDIRECT_URI],
                            "grant_types": ["authorization_code", "refresh_token"]}


@pytest.fixture
def house(registry_house: House) -> House:
    return registry_house


def registered(house: House, metadata: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    reply = house.register(house.leave(**terms), metadata or METADATA)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def changed(house: House, told: dict[str, Any], **members: Any) -> Reply:
    return house.manage("PUT", told, {**METADATA, "client_id": told["client_id"], **members})


def refused(reply: Reply, error: str = "invalid_client_metadata", status: int = 400) -> str:
    assert (reply.status, reply.error) == (status, error), reply.body
    sentence = str(reply.json["error_description"])
    assert sentence.isascii()
    return sentence


def desk(house: House) -> Registrar:
    return Registrar(house.client_store, house.registry, FakeSecretFiles(), house.clock, RegistrationPolicy(),
                     Sectors(house.documents.document), SECRETS)


# Reading

def test_rfc7592_s2_1_reading_gives_everything_registered_and_the_token_that_is_good(house: House) -> None:
    told = registered(house)
    for _ in range(2):
        reply = house.manage("GET", told)
        assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
        assert reply.json == {name: value for name, value in told.items() if not name.startswith("client_secret")}


def test_rfc7592_s2_1_each_token_opens_its_own_registration_only(house: House) -> None:
    first, second = registered(house), registered(house)
    initial = house.leave()
    for method in ("GET", "PUT", "DELETE"):
        for told, token in ((first, second["registration_access_token"]), (second, first["registration_access_token"]),
                            (first, initial), (first, first["client_secret"]), (first, "x" * 43)):
            reply = house.manage(method, told, {**METADATA, "client_id": told["client_id"]}, token=token)
            refused(reply, "invalid_token", 401)
            assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    assert len(house.client_store.all()) == 2
    assert house.manage("GET", first).status == 200


@pytest.mark.parametrize("path", ["/register/", "/register/unknown", "/register/*", "/register/%00", "/register/đ", "/register/"
                                  + "x" * 500])
def test_an_address_that_nobody_was_given_is_401_like_a_wrong_token(house: House, path: str) -> None:
    told = registered(house)
    reply = house.call("GET", path, headers={"authorization": f"Bearer {told['registration_access_token']}"})
    refused(reply, "invalid_token", 401)


def test_addresses_below_are_nobodys(house: House) -> None:
    told = registered(house)
    house.app._fallback = lambda _environ, start: (start("404 NOT FOUND", []), [b""])[1]
    for path in (f"/register/{told['client_id']}/", f"/register/{told['client_id']}/x", "/registerx"):
        assert house.call("GET", path, headers={"authorization": f"Bearer {told['registration_access_token']}"}).status == 404


def test_rfc6750_s3_1_without_a_token_only_that_one_is_needed_is_said(house: House) -> None:
    told = registered(house)
    reply = house.call("GET", f"/register/{told['client_id']}")
    refused(reply, "invalid_token", 401)
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="registration"'


def test_security_18_a_disabled_application_cannot_look_after_itself(house: House) -> None:
    told = registered(house)
    desk(house).disable(told["client_id"], CALLER)
    for method in ("GET", "PUT", "DELETE"):
        refused(house.manage(method, told, {**METADATA, "client_id": told["client_id"]}), "invalid_token", 401)
    desk(house).enable(told["client_id"], CALLER)
    assert house.manage("GET", told).status == 200


def test_other_methods_are_not_allowed(house: House) -> None:
    told = registered(house)
    for method in ("POST", "PATCH", "HEAD", "OPTIONS"):
        reply = house.manage(method, told)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, PUT, DELETE")


# Changing

def test_rfc7592_s2_2_a_change_replaces_everything_and_exchanges_the_token(house: House) -> None:
    told = registered(house, {**METADATA, "logo_uri": "https://app.example/l.png", "contacts": ["a@app.example"]})
    house.clock.advance(100)
    reply = changed(house, told, client_name="Mới", policy_uri="https://app.example/p")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    now = reply.json
    assert (now["client_name"], now["policy_uri"], now["client_id_issued_at"]) == (
        "Mới", "https://app.example/p", told["client_id_issued_at"])
    assert not {"logo_uri", "contacts", "client_secret"} & now.keys()
    assert now["registration_client_uri"] == told["registration_client_uri"]
    assert now["registration_access_token"] != told["registration_access_token"]
    refused(house.manage("GET", told), "invalid_token", 401)
    assert house.manage("GET", now).json == now
    client = house.registry.find(told["client_id"])
    assert client is not None
    assert client.client_name == "Mới"
    assert client.check_client_secret(told["client_secret"])


def test_rfc7592_s2_2_what_was_read_and_cleaned_may_be_sent_back(house: House) -> None:
    told = registered(house)
    read = house.manage("GET", told).json
    sent = {name: value for name, value in read.items() if name not in (
        "registration_access_token", "registration_client_uri", "client_id_issued_at")}
    again = house.manage("PUT", told, sent)
    assert again.status == 200
    assert {**again.json, "registration_access_token": ""} == {**read, "registration_access_token": ""}


@pytest.mark.parametrize("name", ["registration_access_token", "registration_client_uri", "client_secret_expires_at",
                                  "client_id_issued_at"])
def test_rfc7592_s2_2_what_is_ours_must_not_be_in_a_change(house: House, name: str) -> None:
    told = registered(house)
    assert name in refused(changed(house, told, **{name: told[name]}))
    assert house.manage("GET", told).status == 200


@pytest.mark.parametrize("client_id", [None, "", "qlvb", 7, [], True])
def test_rfc7592_s2_2_a_change_names_its_client(house: House, client_id: Any) -> None:
    told = registered(house)
    assert "client_id" in refused(house.manage("PUT", told, {**METADATA, "client_id": client_id}))


@pytest.mark.parametrize("secret", ["mine", "", 7, ["x"], {}, True, "\u0000", "đ"])
def test_rfc7592_s2_2_a_secret_is_never_chosen(house: House, secret: Any) -> None:
    told = registered(house)
    assert "client_secret" in refused(changed(house, told, client_secret=secret))
    assert changed(house, told, client_secret=told["client_secret"]).status == 200
    client = house.registry.find(told["client_id"])
    assert client is not None
    assert client.check_client_secret(told["client_secret"])


@pytest.mark.parametrize(("members", "error"), [
    ({"redirect_uris": ["https://app.example/cb#f"]}, "invalid_redirect_uri"), ({"redirect_uris": []}, "invalid_client_metadata"),
    ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"), ({"scope": "groups"}, "invalid_client_metadata"),
    ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"), ({"client_name": 7}, "invalid_client_metadata"),
])
def test_a_refused_change_changes_nothing(house: House, members: Any, error: str) -> None:
    told = registered(house)
    before = house.client_store.all()
    refused(changed(house, told, **members), error)
    assert house.client_store.all() == before
    assert house.manage("GET", told).status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"client_id":"x","client_id":"x"}', b"\xff"])
def test_security_44_a_body_that_is_no_sound_object_is_refused(house: House, body: bytes) -> None:
    told = registered(house)
    refused(house.manage("PUT", told, body), "invalid_request")


def test_security_37_a_change_stays_within_the_terms_and_below_the_operators_table(house: House) -> None:
    told = registered(house, {**METADATA, "scope": "openid"}, require_pkce=False, consent="implied")
    now = changed(house, told, scope="openid groups unit profile", grant_types=["authorization_code", "client_credentials"],
                  province={"owner": "x"}, consent="ask", require_pkce=True, owner="x").json
    assert (now["scope"], now["grant_types"]) == ("openid profile", ["authorization_code"])
    client = house.registry.find(told["client_id"])
    assert client is not None
    assert (client.owner, client.consent, client.require_pkce) == ("Sở Nội vụ", "implied", False)


def test_what_operators_decided_since_stays(house: House) -> None:
    told = registered(house, scope=frozenset({"openid", "groups"}))
    client = house.client_store.all()[0]
    decided = replace(client, show_groups=False, owner="Văn phòng UBND tỉnh", login_name_attribute="mail", required_level=2,
                      required_acr="urn:haugiang:acr:2", allowed_groups=frozenset({"vanthu"}), access_token_format="jwt",
                      resources=(("https://hoso.example/api", "openid"),), serves=frozenset({"https://a.example/api"}))
    house.client_store.change(decided, now=house.clock.now(), caller=CALLER)
    now = changed(house, told, scope="openid groups").json
    assert now["scope"] == "openid"
    assert to_metadata(house.client_store.all()[0])["province"] == to_metadata(decided)["province"]


def test_security_37_no_application_gives_itself_types_of_authorization_details(house: House) -> None:
    told = registered(house, {**METADATA, "authorization_details_types": [SIGNING]})
    assert "authorization_details_types" not in told
    told |= changed(house, told, authorization_details_types=[SIGNING]).json
    assert house.client_store.all()[0].authorization_details_types == ()
    decided = replace(house.client_store.all()[0], authorization_details_types=(SIGNING,))
    house.client_store.change(decided, now=house.clock.now(), caller=CALLER)
    assert changed(house, told).json["authorization_details_types"] == [SIGNING]


@pytest.mark.parametrize("laxer", [
    {"token_endpoint_auth_method": "client_secret_basic"}, {"dpop_bound_access_tokens": False},
    {"require_pushed_authorization_requests": False}, {"id_token_signed_response_alg": "RS256"},
    {"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"}], ids=lambda members: next(iter(members)))
def test_fapi2_an_application_that_was_given_the_profile_changes_to_nothing_less(house: House, laxer: dict[str, Any]) -> None:
    bank = {"redirect_uris": ["https://bank.example/cb"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks": json.loads(jwks_of(pair("ES256"))), "dpop_bound_access_tokens": True}
    told = registered(house, {**METADATA, **bank})
    decided = replace(house.client_store.all()[0], profile="fapi2", require_pushed_authorization_requests=True)
    house.client_store.change(decided, now=house.clock.now(), caller=CALLER)
    refused(changed(house, told, **{**bank, **laxer}))
    now = changed(house, told, **bank).json
    assert (now["id_token_signed_response_alg"], now["require_pushed_authorization_requests"]) == ("ES256", True)
    assert house.client_store.all()[0].fapi2


def test_security_5_an_application_that_becomes_public_uses_pkce_from_then_on(house: House) -> None:
    told = registered(house, require_pkce=False)
    now = changed(house, told, token_endpoint_auth_method="none").json
    assert not {"client_secret", "client_secret_expires_at"} & now.keys()
    client, = house.client_store.all()
    assert (client.require_pkce, client.secret_digest) == (True, None)
    assert house.machine(client_id=told["client_id"], secret=told["client_secret"]).status == 401
    again = changed(house, now, client_id=told["client_id"]).json
    assert again["client_secret"] != told["client_secret"]
    assert (again["client_secret_expires_at"], house.client_store.all()[0].require_pkce) == (0, True)
    assert house.client_store.all()[0].check_client_secret(again["client_secret"])


def test_a_secret_that_was_given_up_does_not_come_back(house: House) -> None:
    told = registered(house)
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(jwks_of(pair("ES256")))}
    now = changed(house, told, **keys).json
    assert house.client_store.all()[0].secret_digest is None
    back = changed(house, now, client_id=told["client_id"]).json
    assert not house.client_store.all()[0].check_client_secret(told["client_secret"])
    assert house.client_store.all()[0].check_client_secret(back["client_secret"])


def test_an_application_that_begins_to_sign_with_its_secret_gets_a_new_one_and_loses_the_copy_when_it_ends(house: House) -> None:
    told = registered(house)
    now = changed(house, told, token_endpoint_auth_method="client_secret_jwt").json
    assert now["client_secret"] != told["client_secret"]

    def proves(secret: str) -> bool:
        proof = assertion_of(told["client_id"], ISSUER, house.clock.now(), secret_key(secret))
        return house.post("/introspect", {"token": "x" * 43} | proof).status == 200

    assert proves(now["client_secret"])
    assert not proves(told["client_secret"])
    again = changed(house, now, client_id=told["client_id"], token_endpoint_auth_method="client_secret_jwt",
                    client_name="Mới").json
    assert "client_secret" not in again
    assert proves(now["client_secret"])
    plain = changed(house, again, client_id=told["client_id"]).json
    assert "client_secret" not in plain
    assert house.client_store.all()[0].sealed_secret is None
    assert house.client_store.all()[0].check_client_secret(now["client_secret"])
    assert not proves(now["client_secret"])


def test_a_change_of_an_operator_in_between_is_not_lost(house: House) -> None:
    told = registered(house)
    client, store = house.client_store.all()[0], house.configuration._desk.store
    act, tries = store.replace, []

    def slow(known: Registered, new: Any, **more: Any) -> bool:
        if not tries:
            house.client_store.change(replace(client, consent="implied"), now=house.clock.now(), caller=CALLER)
        tries.append(known)
        return act(known, new, **more)

    store.replace = slow  # type: ignore[method-assign]
    assert changed(house, told, client_name="Mới").status == 200
    found, = house.client_store.all()
    assert (len(tries), found.client_name, found.consent) == (2, "Mới", "implied")


def test_a_registration_that_never_rests_is_told(house: House) -> None:
    told = registered(house)
    house.configuration._desk.store.replace = lambda *_known, **_more: False  # type: ignore[method-assign]
    refused(changed(house, told), "invalid_request", 409)


def test_registration_s5_an_address_outside_the_sector_is_refused_at_a_change_too(house: House) -> None:
    sector = {"sector_identifier_uri": "https://sector.example/uris.json"}
    house.documents[sector["sector_identifier_uri"]] = json.dumps(METADATA["redirect_uris"]).encode()
    told = registered(house, {**METADATA, **sector})
    refused(changed(house, told, redirect_uris=[*METADATA["redirect_uris"], "https://app.example/new"], **sector))
    house.documents.clear()
    refused(changed(house, told, **sector))
    assert changed(house, told).status == 200


def test_rfc7591_s2_3_a_change_is_vouched_for_where_the_token_asked_for_it(house: House) -> None:
    house.software_issuers["https://software.example"] = read_jwks(json.loads(jwks_of(pair("ES256"))))
    vouched = {"software_statement": signed({"iss": "https://software.example", "exp": house.clock.now() + 60,
                                             "redirect_uris": METADATA["redirect_uris"]}, pair("ES256"))}
    told = registered(house, {**METADATA, **vouched}, software_issuer="https://software.example")
    assert house.manage("GET", told).json["software_statement"] == vouched["software_statement"]
    refused(changed(house, told, redirect_uris=["https://thief.example/"]), "invalid_software_statement")
    now = changed(house, told, redirect_uris=["https://thief.example/"], **vouched).json
    assert now["redirect_uris"] == METADATA["redirect_uris"]


def test_a_statement_that_is_left_out_of_a_change_is_gone(house: House) -> None:
    house.software_issuers["https://software.example"] = read_jwks(json.loads(jwks_of(pair("ES256"))))
    vouched = signed({"iss": "https://software.example", "exp": house.clock.now() + 60}, pair("ES256"))
    told = registered(house, {**METADATA, "software_statement": vouched})
    assert "software_statement" not in changed(house, told).json


def test_security_15_of_many_changes_at_once_with_one_token_one_is_made(house: House) -> None:
    told = registered(house)
    house.database.prepare()
    names = iter("abcdefghij")
    replies: list[Any] = at_once(10, lambda: changed(house, told, client_name=next(names)))
    assert sorted(reply.status for reply in replies) == [200] + [401] * 9
    winner = next(reply.json for reply in replies if reply.status == 200)
    assert house.manage("GET", winner).json == winner


# Deleting

def test_rfc7592_s2_3_deleting_ends_everything_of_the_client(house: House) -> None:
    told = registered(house, {**METADATA, "grant_types": [*METADATA["grant_types"], "client_credentials"]},
                      grant_types=("authorization_code", "refresh_token", "client_credentials"), scope=frozenset(
                          {"openid", "offline_access", "service"}))
    other = registered(house)
    who = {"client_id": told["client_id"], "secret": told["client_secret"]}
    session = house.session()
    tokens = house.tokens_for(session=session, scope="openid offline_access", **who)
    theirs = house.tokens_for(session=session, client_id=other["client_id"], secret=other["client_secret"])
    house.machine(scope="service", **who)
    reply = house.manage("DELETE", told)
    assert (reply.status, reply.body) == (204, b"")
    assert not {"Content-Type", "Content-Length"} & reply.headers.keys()
    assert reply.headers["Cache-Control"] == "no-store"
    assert house.registry.find(told["client_id"]) is None
    assert house.refresh(tokens["refresh_token"], **who).status == 401
    assert house.userinfo(tokens["access_token"]).error == "invalid_token"
    assert house.userinfo(theirs["access_token"]).status == 200
    for method in ("GET", "PUT", "DELETE"):
        refused(house.manage(method, told, {**METADATA, "client_id": told["client_id"]}), "invalid_token", 401)
    assert house.audited()[-1].event == "client.deleted"
    assert house.audited()[-1].client_id == told["client_id"]


def test_nothing_of_a_deleted_client_lives_on_under_its_identifier(house: House) -> None:
    told = registered(house, {**METADATA, "grant_types": [*METADATA["grant_types"], "client_credentials"]},
                      grant_types=("authorization_code", "refresh_token", "client_credentials"))
    who = {"client_id": told["client_id"], "secret": told["client_secret"]}
    session = house.session()
    tokens = house.tokens_for(session=session, scope="openid offline_access", **who)
    machine = house.machine(**who).json["access_token"]
    code = house.code(session, client_id=told["client_id"])
    consents = Consents(SqlConsents(house.database), SqlAuditTrail(house.database), house.clock)
    consents.give(session.sub, told["client_id"], ("openid",), CALLER)
    assert house.manage("DELETE", told).status == 204
    _, secret = desk(house).create({**METADATA, "client_id": told["client_id"], "grant_types": [
        "authorization_code", "refresh_token", "client_credentials"]}, CALLER)
    who["secret"] = str(secret)
    assert house.redeem(code, **who).error == "invalid_grant"
    assert house.refresh(tokens["refresh_token"], **who).error == "invalid_grant"
    assert not house.is_active(tokens["access_token"], **who)
    assert not house.is_active(machine, **who)
    assert not consents.covers(session.sub, told["client_id"], ("openid",))
    assert house.sessions.clients(session.sid) == []


def test_security_15_of_many_deletions_at_once_one_is_made(house: House) -> None:
    told = registered(house)
    house.database.prepare()
    replies: list[Any] = at_once(8, lambda: house.manage("DELETE", told))
    assert sorted(reply.status for reply in replies) == [204] + [401] * 7
    assert house.events().count("client.deleted") == 1


def test_a_change_and_a_deletion_at_once_do_not_bring_a_client_back(house: House) -> None:
    told = registered(house)
    house.database.prepare()
    acts = iter([lambda: house.manage("DELETE", told), lambda: changed(house, told)] * 4)
    replies: list[Any] = at_once(8, lambda: next(acts)())
    statuses = sorted(reply.status for reply in replies)
    assert statuses[1:] == [401] * 7
    assert len(house.client_store.all()) == (1 if statuses[0] == 200 else 0)


# Records, and a token that was lost

def test_changes_leave_records_without_secrets(house: House) -> None:
    told = registered(house)
    now = changed(house, told).json
    record = house.audited()[-1]
    assert (record.event, record.client_id, json.loads(record.detail)) == (
        "client.changed", told["client_id"], {"what": "metadata", "by": "client"})
    written = "".join(str(tuple(row)) for row in house.audited())
    assert told["registration_access_token"] not in written
    assert now["registration_access_token"] not in written


def test_an_operator_gives_a_new_token_to_one_that_lost_its_own(house: House) -> None:
    told = registered(house)
    given = house.configuration.renew_token(told["client_id"], CALLER)
    assert given["registration_client_uri"] == f"{ISSUER}/register/{told['client_id']}"
    refused(house.manage("GET", told), "invalid_token", 401)
    assert house.manage("GET", told, token=given["registration_access_token"]).status == 200
    assert house.events()[-1] == "client.changed"
