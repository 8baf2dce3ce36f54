"""The registration endpoint: who may, what is taken, what is answered (RFC 7591 §3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.oauth.clients.keys import read_jwks
from tests.contracts.key_store import at_once
from tests.fakes.client_keys import assertion_of, jwks_of, pair, secret_key, signed
from tests.provider import CALLER, ISSUER, REDIRECT_URI, House, Reply

LEAST: dict[str, Any] = {"redirect_uris": [REDIRECT_URI]}


def registered(house: House, metadata: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    reply = house.register(house.leave(**terms), LEAST if metadata is None else metadata)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def refused(reply: Reply, error: str = "invalid_client_metadata", status: int = 400) -> str:
    assert (reply.status, reply.error) == (status, error), reply.body
    told = str(reply.json["error_description"])
    assert told.isascii()
    assert not set('"\\') & set(told)
    assert reply.headers["Cache-Control"] == "no-store"
    return told


# What is answered

def test_rfc7591_s3_2_1_the_answer_holds_everything_registered(registry_house: House) -> None:
    house = registry_house
    reply = house.register(house.leave(), {**LEAST, "client_name": "Ứng dụng", "logo_uri": "https://app.example/l.png"})
    assert reply.status == 201
    assert (reply.headers["Content-Type"], reply.headers["Cache-Control"]) == ("application/json", "no-store")
    answer = reply.json
    client_id, secret, token = (answer.pop(name) for name in ("client_id", "client_secret", "registration_access_token"))
    assert answer == {
        "client_id_issued_at": house.clock.now(), "client_secret_expires_at": 0,
        "registration_client_uri": f"{ISSUER}/register/{client_id}", "client_name": "Ứng dụng",
        "logo_uri": "https://app.example/l.png", "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code"], "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid profile email phone address", "backchannel_logout_session_required": False,
        "frontchannel_logout_session_required": False, "dpop_bound_access_tokens": False,
        "tls_client_certificate_bound_access_tokens": False, "authorization_signed_response_alg": "RS256",
        "introspection_signed_response_alg": "RS256", "require_pushed_authorization_requests": False,
        "require_signed_request_object": False,
        "id_token_signed_response_alg": "RS256", "require_auth_time": False, "application_type": "web", "subject_type": "public"}
    assert min(len(secret), len(token)) >= 43
    client = house.registry.find(client_id)
    assert client is not None
    assert client.check_client_secret(secret)
    assert (client.source, client.owner, client.consent, client.require_pkce) == ("registered", "Sở Nội vụ", "ask", True)


def test_a_new_application_signs_officers_in(registry_house: House) -> None:
    house = registry_house
    told = registered(house, {**LEAST, "grant_types": ["authorization_code", "refresh_token"]})
    tokens = house.tokens_for(client_id=told["client_id"], secret=told["client_secret"])
    assert house.id_claims(tokens["id_token"])["aud"] == told["client_id"]
    assert house.refresh(tokens["refresh_token"], client_id=told["client_id"], secret=told["client_secret"]).status == 200


def test_public_applications_and_those_with_keys_get_no_secret(registry_house: House) -> None:
    for members in ({"token_endpoint_auth_method": "none"},
                    {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(jwks_of(pair("ES256")))}):
        told = registered(registry_house, {**LEAST, **members})
        assert not {"client_secret", "client_secret_expires_at"} & told.keys()
        assert {name: told[name] for name in members} == members


def test_an_application_that_signs_with_its_secret_proves_itself_with_what_it_was_told(registry_house: House) -> None:
    told = registered(registry_house, {**LEAST, "token_endpoint_auth_method": "client_secret_jwt"})
    form = {"token": "x" * 43}
    proof = assertion_of(told["client_id"], ISSUER, registry_house.clock.now(), secret_key(told["client_secret"]))
    assert registry_house.post("/introspect", form | proof).json == {"active": False}
    assert registry_house.post("/introspect", form, client_id=told["client_id"], secret=told["client_secret"]).status == 401


def test_two_registrations_have_nothing_in_common(registry_house: House) -> None:
    first, second = registered(registry_house), registered(registry_house)
    ours = ("client_id", "client_secret", "registration_access_token", "registration_client_uri")
    assert not {first[name] for name in ours} & {second[name] for name in ours}


# Who may

@pytest.mark.parametrize("authorization", ["", "Basic eDp4", "bearerx y"])
def test_rfc6750_s3_1_without_a_token_only_that_one_is_needed_is_said(registry_house: House, authorization: str) -> None:
    reply = registry_house.register("", LEAST, authorization=authorization)
    refused(reply, "invalid_token", 401)
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="registration"'


def test_rfc7591_s3_2_2_a_token_that_is_not_good_is_invalid_token(registry_house: House) -> None:
    house = registry_house
    expired, revoked, used_up = house.leave(seconds=1), house.leave(), house.leave()
    house.initial_access.revoke(house.initial_access.admit(revoked, CALLER).token_id, CALLER)
    house.clock.advance(1)
    assert house.register(used_up, LEAST).status == 201
    for token in (expired, revoked, used_up, "x" * 43, "x", "a.b.c"):
        reply = house.register(token, LEAST)
        refused(reply, "invalid_token", 401)
        assert 'Bearer realm="registration", error="invalid_token"' in reply.headers["WWW-Authenticate"]
    assert len(house.client_store.all()) == 1
    assert house.events().count("initial_access.refused") == 3


def test_rfc6750_s2_3_a_token_in_the_address_is_refused(registry_house: House) -> None:
    token = registry_house.leave()
    reply = registry_house.call("POST", "/register", query=f"access_token={token}", body=json.dumps(LEAST).encode(),
                                headers={"content-type": "application/json"})
    refused(reply, "invalid_request")


def test_security_11_no_other_token_registers(registry_house: House) -> None:
    house = registry_house
    told = registered(house, {**LEAST, "grant_types": ["authorization_code", "refresh_token"]})
    initial = house.leave()
    tokens = house.tokens_for(client_id=told["client_id"], secret=told["client_secret"])
    for value in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"], told["client_secret"],
                  told["registration_access_token"]):
        refused(house.register(value, LEAST), "invalid_token", 401)
    for value in (initial, told["registration_access_token"]):
        assert house.userinfo(value).error == "invalid_token"
        assert not house.is_active(value, client_id=told["client_id"], secret=told["client_secret"])


def test_a_strangers_body_is_not_even_read(registry_house: House) -> None:
    refused(registry_house.register("x" * 43, b"\xff" * 70_000), "invalid_token", 401)


# The body

@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"[]", 400), (b"[{}]", 400), (b"null", 400), (b'"x"', 400), (b"{", 400), (b"\xff", 400),
    (b'{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}', 400),
    (b'{"a":' * 21 + b"1" + b"}" * 21, 400), (b"[" * 60_000, 400), (b'{"x":"' + b"x" * 65_536 + b'"}', 413),
])
def test_security_44_a_body_that_is_no_sound_object_is_refused(registry_house: House, body: bytes, status: int) -> None:
    refused(registry_house.register(registry_house.leave(), body), "invalid_request", status)
    assert registry_house.initial_access.tokens()[0].used == 0


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/json", "application/jsonx",
                                          "application/json; charset=utf-16", "application/json;" + " " * 200])
def test_rfc7591_s3_1_another_content_type_is_refused(registry_house: House, content_type: str) -> None:
    refused(registry_house.register(registry_house.leave(), LEAST, **{"content-type": content_type}), "invalid_request")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", 'APPLICATION/JSON; charset="utf-8"'])
def test_the_same_type_in_other_words_is_taken(registry_house: House, content_type: str) -> None:
    assert registry_house.register(registry_house.leave(), LEAST, **{"content-type": content_type}).status == 201


# What is taken of it

def test_security_37_no_application_speaks_about_what_is_the_operators(registry_house: House) -> None:
    told = registered(registry_house, {
        **LEAST, "province": {"consent": "implied", "require_pkce": False, "owner": "x"}, "consent": "implied",
        "require_pkce": False, "owner": "x", "allowed_groups": ["lanhdao"], "show_groups": True, "source": "file",
        "disabled": False, "profile": "fapi2", "skip_consent": True, "trusted": True})
    client = registry_house.registry.find(told["client_id"])
    assert client is not None
    assert (client.consent, client.require_pkce, client.owner, client.allowed_groups, client.show_groups, client.source) == (
        "ask", True, "Sở Nội vụ", frozenset(), False, "registered")
    assert not {"province", "consent", "owner", "skip_consent", "trusted", "source"} & told.keys()


def test_rfc7591_s2_unknown_members_are_ignored_and_not_echoed(registry_house: House) -> None:
    told = registered(registry_house, {**LEAST, "client_secret": "mine", "client_id": "qlvb", "registration_access_token": "mine",
                                       "x": {"y": [1]}, "đ": 1, "": None})
    assert "x" not in told
    assert told["client_id"] != "qlvb"
    assert "mine" not in told.values()


def test_rfc7591_s2_2_members_in_languages_are_taken_and_told(registry_house: House) -> None:
    told = registered(registry_house, {**LEAST, "client_name": "Cổng", "client_name#en": "Portal", "client_name#": "x",
                                       "redirect_uris#en": ["https://a.example/"]})
    assert told["client_name#en"] == "Portal"
    assert not {"client_name#", "redirect_uris#en"} & told.keys()


def test_the_terms_of_the_token_are_those_of_the_application(registry_house: House) -> None:
    told = registered(registry_house, scope=frozenset({"openid", "groups"}), consent="implied", require_pkce=False,
                      required_acr="urn:haugiang:acr:2", allowed_groups=("vanthu",))
    client = registry_house.registry.find(told["client_id"])
    assert client is not None
    assert (client.consent, client.require_pkce, client.required_level, client.allowed_groups, client.show_groups) == (
        "implied", False, 2, {"vanthu"}, True)
    assert told["scope"] == "openid"


def test_security_5_a_public_application_uses_pkce_whatever_the_token_allows(registry_house: House) -> None:
    told = registered(registry_house, {**LEAST, "token_endpoint_auth_method": "none"}, require_pkce=False)
    client = registry_house.registry.find(told["client_id"])
    assert client is not None
    assert client.require_pkce


def test_rfc7591_s3_2_1_scopes_and_grant_types_beyond_the_terms_are_left_out_and_the_answer_tells(registry_house: House) -> None:
    told = registered(registry_house, {
        **LEAST, "scope": "openid groups unit profile whatever",
        "grant_types": ["authorization_code", "implicit", "client_credentials", "refresh_token",
                        "urn:ietf:params:oauth:grant-type:device_code"]})
    assert told["scope"] == "openid profile"
    assert told["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(("terms", "members", "word"), [
    ({}, {"scope": "groups unit"}, "scope"), ({}, {"grant_types": ["client_credentials"]}, "grant_types"),
    ({}, {"grant_types": ["password"]}, "grant_types"),
    ({"grant_types": ("client_credentials",)}, {}, "grant_types: client_credentials may be registered"),
])
def test_where_nothing_would_be_left_it_is_refused(registry_house: House, terms: Any, members: Any, word: str) -> None:
    assert word in refused(registry_house.register(registry_house.leave(**terms), {**LEAST, **members}))


def test_a_machine_registers_where_the_terms_let_it(registry_house: House) -> None:
    told = registered(registry_house, {"grant_types": ["client_credentials"]}, grant_types=("client_credentials",),
                      scope=frozenset({"service"}))
    assert (told["scope"], told["redirect_uris"], told["response_types"]) == ("", [], [])
    assert registry_house.machine(client_id=told["client_id"], secret=told["client_secret"]).status == 200


@pytest.mark.parametrize(("members", "error", "word"), [
    ({"redirect_uris": []}, "invalid_client_metadata", "redirect_uris"),
    ({"redirect_uris": None}, "invalid_client_metadata", "redirect_uris"),
    ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["https://app.example/cb#f"]}, "invalid_redirect_uri", "fragment"),
    ({"redirect_uris": ["https://*.example/cb"]}, "invalid_redirect_uri", "wildcards"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": "https://app.example/cb"}, "invalid_client_metadata", "redirect_uris"),
    ({"redirect_uris": [7]}, "invalid_redirect_uri", "redirect_uris"),
    ({"initiate_login_uri": "http://app.example/start"}, "invalid_client_metadata", "initiate_login_uri"),
    ({"logo_uri": "data:image/png;base64,AA"}, "invalid_client_metadata", "logo_uri"),
    ({"policy_uri": "javascript:alert(1)"}, "invalid_client_metadata", "policy_uri"),
    ({"jwks_uri": "http://app.example/jwks"}, "invalid_client_metadata", "jwks_uri"),
    ({"jwks": {"keys": []}, "jwks_uri": "https://app.example/jwks"}, "invalid_client_metadata", "jwks"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata", "jwks"),
    ({"token_endpoint_auth_method": "secret_jwt"}, "invalid_client_metadata", "token_endpoint_auth_method"),
    ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata", "token_endpoint_auth_method"),
    ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata", "id_token_signed_response_alg"),
    ({"id_token_encrypted_response_alg": "RSA-OAEP"}, "invalid_client_metadata", "id_token_encrypted_response_alg"),
    ({"subject_type": "transient"}, "invalid_client_metadata", "subject_type"),
    ({"response_types": ["token"]}, "invalid_client_metadata", "response_types"),
    ({"application_type": "desktop"}, "invalid_client_metadata", "application_type"),
    ({"client_name": ["x"]}, "invalid_client_metadata", "client_name"),
    ({"client_name": "a\nb"}, "invalid_client_metadata", "client_name"),
    ({"contacts": "a@example.vn"}, "invalid_client_metadata", "contacts"),
    ({"default_max_age": "600"}, "invalid_client_metadata", "default_max_age"),
    ({"require_auth_time": 1}, "invalid_client_metadata", "require_auth_time"),
    ({"scope": ["openid"]}, "invalid_client_metadata", "scope"),
    ({"grant_types": "authorization_code"}, "invalid_client_metadata", "grant_types"),
    ({"grant_types": ["authorization_code", 1]}, "invalid_client_metadata", "grant_types"),
    ({"software_statement": "eyJhbGciOiJub25lIn0.e30."}, "invalid_software_statement", "software statement"),
])
def test_rfc7591_s3_2_2_what_is_wrong_is_told_and_the_quota_stays(
        registry_house: House, members: Any, error: str, word: str) -> None:
    assert word in refused(registry_house.register(registry_house.leave(), {**LEAST, **members}), error)
    assert registry_house.client_store.all() == []
    assert registry_house.initial_access.tokens()[0].used == 0


def test_what_json_has_and_nobody_needs_does_not_break_the_answer(registry_house: House) -> None:
    keys = json.loads(jwks_of(pair("ES256")))
    told = registered(registry_house, {**LEAST, "jwks": {**keys, "x": [2**70, 1e300, "\u0000", "đ", True]}})
    assert told["jwks"]["keys"] == keys["keys"]


def test_registration_s5_a_sector_that_holds_every_address_is_kept_and_another_refused(registry_house: House) -> None:
    house = registry_house
    sector = "https://sector.example/uris.json"
    asked = {**LEAST, "sector_identifier_uri": sector}
    assert "sector_identifier_uri" in refused(house.register(house.leave(), asked))
    house.documents[sector] = b'["https://other.example/"]'
    assert "every redirect URI" in refused(house.register(house.leave(), asked))
    assert all(token.used == 0 for token in house.initial_access.tokens())
    house.documents[sector] = json.dumps(["https://other.example/", *LEAST["redirect_uris"]]).encode()
    assert registered(house, asked)["sector_identifier_uri"] == sector
    refused(house.register(house.leave(), {**LEAST, "sector_identifier_uri": "http://sector.example/"}))


ISSUER_OF_SOFTWARE = "https://software.example"


def statement(house: House, **claims: Any) -> str:
    return signed({"iss": ISSUER_OF_SOFTWARE, "exp": house.clock.now() + 60, **claims}, pair("ES256"))


def test_rfc7591_s3_1_1_what_is_vouched_for_takes_precedence_and_the_statement_is_told_unmodified(registry_house: House) -> None:
    house = registry_house
    house.software_issuers[ISSUER_OF_SOFTWARE] = read_jwks(json.loads(jwks_of(pair("ES256"))))
    vouched = statement(house, client_name="Khảo sát", redirect_uris=LEAST["redirect_uris"], software_id="survey",
                        scope="openid groups", province={"consent": "implied"}, consent="implied", client_id="qlvb", sub="x")
    told = registered(house, {"redirect_uris": ["https://thief.example/"], "client_name": "x", "contacts": ["a@x.example"],
                              "software_statement": vouched})
    assert (told["client_name"], told["redirect_uris"], told["software_id"], told["contacts"], told["scope"]) == (
        "Khảo sát", LEAST["redirect_uris"], "survey", ["a@x.example"], "openid")
    assert told["software_statement"] == vouched
    client = house.registry.find(told["client_id"])
    assert client is not None
    assert (client.consent, client.software_statement) == ("ask", vouched)


def test_rfc7591_s3_2_2_a_statement_by_nobody_we_trust_is_unapproved(registry_house: House) -> None:
    house = registry_house
    asked = {**LEAST, "software_statement": statement(house)}
    refused(house.register(house.leave(), asked), "unapproved_software_statement")
    house.software_issuers[ISSUER_OF_SOFTWARE] = read_jwks(json.loads(jwks_of(pair("ES256", 1))))
    refused(house.register(house.leave(), asked), "invalid_software_statement")
    assert all(token.used == 0 for token in house.initial_access.tokens())


def test_what_is_vouched_for_is_judged_like_everything_else(registry_house: House) -> None:
    house = registry_house
    house.software_issuers[ISSUER_OF_SOFTWARE] = read_jwks(json.loads(jwks_of(pair("ES256"))))
    asked = {**LEAST, "software_statement": statement(house, redirect_uris=["http://software.example/"])}
    refused(house.register(house.leave(), asked), "invalid_redirect_uri")


def test_a_token_may_ask_for_a_statement(registry_house: House) -> None:
    house = registry_house
    house.software_issuers[ISSUER_OF_SOFTWARE] = read_jwks(json.loads(jwks_of(pair("ES256"))))
    token = house.leave(software_issuer=ISSUER_OF_SOFTWARE)
    refused(house.register(token, LEAST), "invalid_software_statement")
    assert house.register(token, {**LEAST, "software_statement": statement(house)}).status == 201


# How many

def test_security_15_of_twenty_at_once_as_many_register_as_the_quota_says(registry_house: House) -> None:
    house = registry_house
    house.database.prepare()
    token = house.leave(quota=7)
    statuses = [reply.status for reply in at_once(20, lambda: house.register(token, LEAST))]  # type: ignore[attr-defined]
    assert sorted(statuses) == [201] * 7 + [401] * 13
    assert len(house.client_store.all()) == 7
    assert house.initial_access.tokens()[0].used == 7
    assert house.events().count("client.created") == 7


def test_a_registration_leaves_a_record_that_names_its_token_and_no_secret(registry_house: House) -> None:
    told = registered(registry_house)
    record = registry_house.audited()[-1]
    token, = registry_house.initial_access.tokens()
    assert (record.event, record.client_id, record.source) == ("client.created", told["client_id"], "198.51.100.7")
    assert json.loads(record.detail) == {"source": "registered", "initial_access": token.token_id}
    assert token.clients == (told["client_id"],)
    written = "".join(str(tuple(row)) for row in registry_house.audited())
    assert not any(told[name] in written for name in ("client_secret", "registration_access_token"))


def test_other_methods_are_not_allowed(registry_house: House) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW"):
        reply = registry_house.call(method, "/register")
        assert (reply.status, reply.headers["Allow"]) == (405, "POST")
        assert "Access-Control-Allow-Origin" not in reply.headers
