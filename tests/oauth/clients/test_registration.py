"""Client metadata in, client out, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.errors import RefusedError
from idp.oauth.client import SCOPES, Client
from idp.oauth.clients.members import InvalidClientMetadataError
from idp.oauth.clients.registration import (
    RegistrationPolicy,
    from_metadata,
    parse,
    registration_response,
    standard_metadata,
    to_metadata,
)
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants.delegation import GRANT_TYPE as TOKEN_EXCHANGE
from idp.oauth.grants.jwt_bearer import GRANT_TYPE as JWT_BEARER
from idp.oauth.response import ALGORITHMS

from ...contracts.client_records import CLIENT, PUBLIC
from ...fakes.client_keys import jwks_of, pair

PRODUCTION = RegistrationPolicy()
DEVELOPMENT = RegistrationPolicy(development=True)
LEAST: dict[str, Any] = {"redirect_uris": ["https://a.example/cb"]}
QLVB: dict[str, Any] = {
    "client_name": "Hệ thống Quản lý văn bản", "client_uri": "http://localhost:8001/",
    "redirect_uris": ["http://localhost:8001/oidc/callback"], "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "client_secret_basic", "scope": "openid profile email unit offline_access service",
    "backchannel_logout_uri": "http://localhost:8001/oidc/backchannel-logout",
    "province": {"owner": "Văn phòng UBND tỉnh", "allowed_groups": [], "required_acr": "", "consent": "implied", "profile": "",
                 "require_pkce": True, "access_token_format": "opaque", "login_name_attribute": "uid", "exchange_from": [],
                 "assertion_audience": "issuer", "secret_file": "qlvb.secret"}}


def register(policy: RegistrationPolicy = PRODUCTION, source: Any = "registered", **members: Any) -> Client:
    return parse({**LEAST, **members}, policy, client_id="qlvb", source=source)


def refusal(policy: RegistrationPolicy = PRODUCTION, source: Any = "registered", **members: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        register(policy, source, **members)
    assert caught.value.code in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert caught.value.message.isascii()
    assert not set('"\\') & set(caught.value.message)
    return caught.value.message


def test_interface_s4_the_example_file_is_accepted_in_development_as_it_stands() -> None:
    client = parse(QLVB, DEVELOPMENT, client_id="qlvb", source="file", created_at=5)
    assert client.client_name == "Hệ thống Quản lý văn bản"
    assert client.scope == {"openid", "profile", "email", "unit", "offline_access", "service"}
    assert (client.consent, client.secret_file, client.owner) == ("implied", "qlvb.secret", "Văn phòng UBND tỉnh")
    assert (client.source, client.created_at, client.disabled) == ("file", 5, False)
    with pytest.raises(RefusedError, match="http is accepted on loopback"):
        parse(QLVB, PRODUCTION, client_id="qlvb", source="file")


def test_rfc7591_s2_defaults() -> None:
    client = register()
    assert client.grant_types == ("authorization_code",)
    assert client.response_types == ("code",)
    assert client.token_endpoint_auth_method == "client_secret_basic"
    assert (client.application_type, client.id_token_signed_response_alg) == ("web", "RS256")
    assert client.scope == {"openid", "profile", "email", "phone", "address"}
    assert (client.client_name, client.consent, client.require_pkce, client.access_token_format) == ("qlvb", "ask", True,
    "opaque")
    assert client.secret_file == ""


def test_offline_access_is_in_the_default_scope_of_clients_that_refresh() -> None:
    assert "offline_access" in register(grant_types=["authorization_code", "refresh_token"]).scope


def test_a_machine_needs_no_redirect_uri_and_has_no_scope_by_default() -> None:
    client = parse({"grant_types": ["client_credentials"]}, PRODUCTION, client_id="job", source="registered")
    assert (client.redirect_uris, client.response_types, client.scope) == ((), (), frozenset())


def test_null_is_as_good_as_absent() -> None:
    assert register(logo_uri=None, scope=None, default_max_age=None, jwks=None) == register()


@pytest.mark.parametrize("members", [
    {"client_nam": "x"}, {"Redirect_uris": []}, {"client_secret": "mine"}, {"client_secret_expires_at": 0}, {"client_id": "x"},
    {"": 1},
    {"registration_access_token": "x"}, {"sources": "file"}, {"disabled": False}, {"owner": "x"}, {"require_pkce": False},
    {"consent": "implied"}, {"allowed_groups": []}, {"skip_consent": True}, {"client_name#": "x"}, {"client_name#vi_VN": "x"},
    {"redirect_uris#vi": ["https://a.example/"]}, {"client_name#v": "x"}, {"scope#vi": "openid"}, {"ÿ" * 300: 1}, {'"\\\n': 1},
    {"province": {"ownr": "x"}}, {"province": {"client_name": "x"}}, {"province": {"": 1}},
])
def test_interface_s6_unknown_members_are_refused(members: dict[str, Any]) -> None:
    assert "unknown" in refusal(**members)


@pytest.mark.parametrize("members", [
    {"request_uris": ["https://a.example/r"]},
    {"default_acr_values": ["x"]},
    {"software_statement": "x.y.z"}, {"authorization_encrypted_response_alg": "RSA-OAEP-256"},
    {"authorization_encrypted_response_enc": "A256GCM"},
    {"backchannel_user_code_parameter": True},
])
def test_what_is_not_offered_yet_is_refused_with_a_sentence(members: dict[str, Any]) -> None:
    assert "not offered yet" in refusal(**members)


def test_rfc9101_s10_5_an_application_may_register_how_it_signs_its_requests() -> None:
    keys = {"jwks": json.loads(jwks_of(pair("ES256")))}
    client = register(request_object_signing_alg="ES256", require_signed_request_object=True, **keys)
    assert (client.request_object_signing_alg, client.require_signed_request_object) == ("ES256", True)
    assert register().request_object_signing_alg == ""
    for alg in ("none", "HS256", "ES512"):
        assert refusal(request_object_signing_alg=alg, **keys).startswith("request_object_signing_alg: , ES256, PS256, RS256")
    for members in ({"request_object_signing_alg": "ES256"}, {"require_signed_request_object": True}):
        assert "jwks" in refusal(**members)


def test_rfc9101_s10_5_a_public_application_that_must_sign_gets_no_devices() -> None:
    given = {"require_signed_request_object": True, "jwks": json.loads(jwks_of(pair("ES256"))),
             "grant_types": ["authorization_code", GRANT_TYPE_OF[Kind.DEVICE]]}
    assert register(**given).require_signed_request_object
    assert refusal(**given, token_endpoint_auth_method="none").startswith("require_signed_request_object: ")
    assert register(**given | {"require_signed_request_object": False}, token_endpoint_auth_method="none").public


def test_rfc9101_s10_5_an_application_may_register_how_it_encrypts_its_requests() -> None:
    client = register(request_object_encryption_alg="ECDH-ES")
    assert (client.request_object_encryption_alg, client.request_object_encryption_enc) == ("ECDH-ES", "A128CBC-HS256")
    assert register(request_object_encryption_alg="RSA-OAEP-256", request_object_encryption_enc="A256GCM")
    assert refusal(request_object_encryption_enc="A256GCM").startswith("request_object_encryption_enc: only together")
    assert refusal(request_object_encryption_alg="RSA1_5").startswith("request_object_encryption_alg")


def test_rfc9126_s6_an_application_may_register_that_it_pushes_all_its_requests() -> None:
    assert register(require_pushed_authorization_requests=True).require_pushed_authorization_requests is True
    assert register().require_pushed_authorization_requests is False
    assert refusal(require_pushed_authorization_requests="yes").startswith("require_pushed_authorization_requests: true or false")
    assert "authorization endpoint" in refusal(require_pushed_authorization_requests=True, grant_types=["client_credentials"],
                                               redirect_uris=[])


FETCHING = RegistrationPolicy(request_uris=True)


def test_registration_s2_an_application_may_register_where_its_requests_stand() -> None:
    keys = {"jwks": json.loads(jwks_of(pair("ES256")))}
    uris = ["https://a.example/r", "https://a.example/r#GyQ-1_", "https://b.example:8443/r?x=%20"]
    client = register(FETCHING, request_uris=[*uris, uris[0]], **keys)
    assert client.request_uris == tuple(uris)
    assert from_metadata("qlvb", to_metadata(client), source="registered", secret_digest=None, disabled=False,
                         created_at=0).request_uris == tuple(uris)
    assert register(FETCHING).request_uris == ()
    assert "not offered" in refusal(request_uris=uris, **keys)
    assert register(FETCHING, request_uris=uris).jwks == ""  # what it publishes is not signed
    assert "jwks" in refusal(FETCHING, request_uris=uris, request_object_signing_alg="ES256")
    assert "jwks" in refusal(FETCHING, request_uris=uris, require_signed_request_object=True)
    assert "authorization endpoint" in refusal(FETCHING, request_uris=uris, grant_types=["client_credentials"],
                                               redirect_uris=[], **keys)


def test_registration_s2_an_application_may_register_that_what_it_publishes_is_unsigned() -> None:
    uris = ["https://a.example/r"]
    client = register(FETCHING, request_uris=uris, request_object_signing_alg="none")
    assert (client.request_uris, client.request_object_signing_alg) == (tuple(uris), "none")
    assert register(FETCHING, request_uris=uris, jwks=json.loads(jwks_of(pair("ES256")))).request_object_signing_alg == ""


@pytest.mark.parametrize("members", [
    {"request_uris": []}, {"require_signed_request_object": True}, {"request_object_encryption_alg": "ECDH-ES"},
    {"province": {"profile": "fapi2"}}], ids=str)
def test_nothing_goes_unsigned_by_value_or_against_another_member(members: dict[str, Any]) -> None:
    given = {"request_uris": ["https://a.example/r"], "request_object_signing_alg": "none",
             "jwks": json.loads(jwks_of(pair("ES256")))}
    assert refusal(FETCHING, **given | members).startswith("request_object_signing_alg: ")


@pytest.mark.parametrize("uri", [
    "http://a.example/r", "http://localhost/r", "ftp://a.example/r", "urn:ietf:params:oauth:request_uri:x", "a.example/r", "", 5,
    None, "#x", "https://a.example/r#a#b", "https://a.example/r#a b", "https://a.example/r#đ", "https://u:p@a.example/r",
    "https://*.example/r", f"https://a.example/{'r' * 600}", f"https://a.example/r#{'r' * 600}", "https:///r",
    "https://a.example\\r"])
def test_rfc9101_s5_2_a_request_uri_is_https_and_short(uri: Any) -> None:
    assert refusal(FETCHING, request_uris=[uri], jwks=json.loads(jwks_of(pair("ES256")))).startswith("request_uris: ")


def test_request_uris_is_a_list_of_no_more_than_50() -> None:
    keys = {"jwks": json.loads(jwks_of(pair("ES256")))}
    for value in ("https://a.example/r", [f"https://a.example/{number}" for number in range(51)], {}):
        assert refusal(FETCHING, request_uris=value, **keys).startswith("request_uris: ")


@pytest.mark.parametrize("members", [{"subject_type": "public"}, {"dpop_bound_access_tokens": False}, {"request_uris": []},
{"jwks_uri": ""},
                                     {"default_acr_values": []}])
def test_members_that_ask_for_what_happens_anyway_are_accepted(members: dict[str, Any]) -> None:
    assert register(**members) == register()


ENCRYPTING = {"jwks": json.loads(jwks_of(pair("RSA-OAEP-256"), pair("ECDH-ES")))}


@pytest.mark.parametrize(("members", "kept"), [
    ({"userinfo_signed_response_alg": "ES256"}, {"userinfo_signed_response_alg": "ES256"}),
    ({"id_token_encrypted_response_alg": "RSA-OAEP-256", **ENCRYPTING},
     {"id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A128CBC-HS256"}),
    ({"userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A256GCM", **ENCRYPTING},
     {"userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A256GCM"}),
    ({"id_token_encrypted_response_alg": "ECDH-ES+A128KW", "jwks_uri": "https://a.example/jwks"},
     {"id_token_encrypted_response_enc": "A128CBC-HS256"}),
])
def test_oidc_registration_s2_how_answers_are_signed_and_encrypted(members: dict[str, Any], kept: dict[str, str]) -> None:
    client = register(**members)
    assert {name: getattr(client, name) for name in kept} == kept
    assert kept.items() <= standard_metadata(client).items()
    assert register(**standard_metadata(client)) == client


@pytest.mark.parametrize(("members", "word"), [
    ({"userinfo_signed_response_alg": "none"}, "userinfo_signed_response_alg"),
    ({"userinfo_signed_response_alg": "HS256"}, "userinfo_signed_response_alg"),
    ({"id_token_encrypted_response_alg": "RSA1_5", **ENCRYPTING}, "id_token_encrypted_response_alg"),
    ({"id_token_encrypted_response_alg": "RSA-OAEP", **ENCRYPTING}, "id_token_encrypted_response_alg"),
    ({"userinfo_encrypted_response_alg": "dir", **ENCRYPTING}, "userinfo_encrypted_response_alg"),
    ({"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128CBC", **ENCRYPTING}, "_enc"),
    ({"id_token_encrypted_response_enc": "A128GCM", **ENCRYPTING}, "only together"),
    ({"userinfo_encrypted_response_enc": "A128GCM"}, "only together"),
    ({"id_token_encrypted_response_alg": "ECDH-ES"}, "needs jwks or jwks_uri"),
    ({"userinfo_encrypted_response_alg": "RSA-OAEP-256", "jwks": json.loads(jwks_of(pair("ECDH-ES")))}, "no key in it fits"),
    ({"userinfo_encrypted_response_alg": "RSA-OAEP-256", "jwks": json.loads(jwks_of(pair("RS256")))}, "no key in it fits"),
])
def test_oidc_registration_s2_what_nobody_could_read_or_trust_is_refused(members: dict[str, Any], word: str) -> None:
    assert word in refusal(**members)


@pytest.mark.parametrize("members", [
    {}, {"redirect_uris": ["https://a.example/cb", "https://a.example:8443/other"]},
    {"redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "sector_identifier_uri": "https://s.example/uris.json"},
    {"redirect_uris": ["vn.gov.example.app:/cb"], "application_type": "native",
     "sector_identifier_uri": "https://s.example/uris.json"},
])
def test_core_s8_1_pairwise_subjects_need_one_sector(members: dict[str, Any]) -> None:
    client = register(subject_type="pairwise", **members)
    assert (client.subject_type, client.sector_identifier_uri) == ("pairwise", members.get("sector_identifier_uri", ""))
    assert register(**standard_metadata(client)) == client


@pytest.mark.parametrize("members", [
    {"redirect_uris": ["https://a.example/cb", "https://b.example/cb"]},
    {"redirect_uris": ["https://a.example/cb", "https://x.a.example/"]},
    {"redirect_uris": ["vn.gov.example.app:/cb"], "application_type": "native"},
    {"redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb"], "application_type": "native"},
    {"redirect_uris": [], "grant_types": ["client_credentials"]},
])
def test_core_s8_1_without_one_host_pairwise_subjects_are_refused(members: dict[str, Any]) -> None:
    assert "sector_identifier_uri" in refusal(subject_type="pairwise", **members)


@pytest.mark.parametrize("members", [{"subject_type": "private"}, {"subject_type": ["public"]}, {"subject_type": ""},
                                     {"sector_identifier_uri": "http://a.example/s"}, {"sector_identifier_uri": "a.example"}])
def test_core_s8_malformed_subject_members_are_refused(members: dict[str, Any]) -> None:
    assert next(iter(members)) in refusal(**members)


@pytest.mark.parametrize(("table", "word"), [
    ({"profile": "FAPI2"}, "fapi2 are offered"), ({"profile": 0}, "fapi2"), ({"profile": []}, "fapi2"),
    ({"exchange_from": ["x"]}, "token-exchange"), ({"exchange_from": "x"}, "list"), ({"exchange_from": ["a b"]}, "client_id"),
    ({"exchange_from": [1]}, "list"), ({"assertion_audience": "token"}, "issuer, token_endpoint"),
    ({"required_acr": "urn:haugiang:acr:3"}, "required_acr: one of urn:haugiang:acr:1, urn:haugiang:acr:2"),
    ({"required_acr": "2"}, "required_acr"), ({"required_acr": 2}, "required_acr"), ({"consent": "never"}, "ask, implied"),
    ({"consent": True}, "consent"), ({"require_pkce": "no"}, "true or false"), ({"access_token_format": "JWT"}, "opaque, jwt"),
    ({"login_name_attribute": "cn"}, "uid, mail"), ({"allowed_groups": "vanthu"}, "list"), ({"allowed_groups": [1]}, "list"),
    ({"allowed_groups": ["a\nb"]}, "list"), ({"show_groups": 1}, "true or false"), ({"owner": ["x"]}, "text"),
    ({"owner": "x" * 201}, "200"), ({"serves": "https://a.example"}, "serves: a list"),
    ({"serves": ["https://a.example/#f"]}, "without fragment"), ({"serves": ["a"] * 51}, "50"), ({"resources": ["a:b"]}, "table"),
    ({"resources": {"api": ""}}, "absolute URIs"), ({"resources": {"https://a.example/ b": ""}}, "absolute URIs"),
    ({"resources": {"a:b": "service scim"}}, "scopes"), ({"resources": {"a:b": ["service"]}}, "scopes"),
    ({"resources": {"a:b": None}}, "scopes"), ({"resources": {f"a:{number}": "" for number in range(51)}}, "50"),
])
def test_the_table_province_is_checked(table: dict[str, Any], word: str) -> None:
    message = refusal(province=table)
    assert message.startswith("province.")
    assert word in message


def test_rfc9396_s10_types_of_authorization_details_are_those_offered_and_go_with_a_code() -> None:
    policy = RegistrationPolicy(details_types=("urn:x:signing",))
    assert register(policy, authorization_details_types=["urn:x:signing"]).authorization_details_types == ("urn:x:signing",)
    assert register(policy).authorization_details_types == ()
    for types in (["urn:x:other"], "urn:x:signing", ["urn:x:signing", ""], [7]):
        assert "authorization_details_types" in refusal(policy, authorization_details_types=types)
    assert "none is all that is offered" in refusal(authorization_details_types=["urn:x:signing"])
    assert "authorization_details_types" in refusal(policy, authorization_details_types=["urn:x:signing"], redirect_uris=[],
                                                    grant_types=["client_credentials"])


def test_rfc8707_operators_say_which_resources_an_application_may_name_and_which_it_answers_for() -> None:
    client = register(province={"resources": {"urn:x:y": "", "https://a.example/api": "service  unit"}, "serves": ["a:b", "a:b"]})
    assert client.resources == (("https://a.example/api", "service unit"), ("urn:x:y", ""))
    assert client.serves == {"a:b"}
    assert (register().resources, register().serves) == ((), frozenset())
    for known in (client, register()):
        table = to_metadata(known)["province"]
        again = {name: table[name] for name in ("resources", "serves")}
        assert (register(province=again).resources, register(province=again).serves) == (known.resources, known.serves)
    assert "authenticate" in refusal(token_endpoint_auth_method="none", province={"serves": ["a:b"]})


@pytest.mark.parametrize("table", [1, "x", [], True, [["owner", "x"]]])
def test_province_is_a_table(table: Any) -> None:
    assert refusal(province=table) == "province: a table is expected."


def test_required_acr_is_kept_as_registered_and_as_a_level() -> None:
    client = register(RegistrationPolicy(acr_prefix="urn:x:"), province={"required_acr": "urn:x:2"})
    assert (client.required_acr, client.required_level) == ("urn:x:2", 2)
    assert register().required_level == 0


def test_security_5_pkce_may_be_waived_for_confidential_clients_only() -> None:
    assert register(province={"require_pkce": False}).require_pkce is False
    assert "public" in refusal(token_endpoint_auth_method="none", province={"require_pkce": False})


def test_rfc8628_s4_a_device_needs_no_address_and_may_refresh() -> None:
    client = register(grant_types=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"], redirect_uris=[],
                      token_endpoint_auth_method="none")
    assert (client.redirect_uris, client.response_types) == ((), ())
    assert client.scope == {"openid", "profile", "email", "phone", "address", "offline_access"}
    assert "pairwise" in refusal(grant_types=["urn:ietf:params:oauth:grant-type:device_code"], redirect_uris=[],
                                 subject_type="pairwise")


def test_interface_s6_groups_are_for_clients_that_may_see_them() -> None:
    assert not register().show_groups
    assert register(scope="openid groups").show_groups
    assert register(province={"show_groups": True}).show_groups
    assert "show_groups is false" in refusal(scope="openid groups", province={"show_groups": False})


@pytest.mark.parametrize(("members", "word"), [
    ({"grant_types": []}, "grant_types"), ({"grant_types": ["password"]}, "token-exchange are offered"),
    ({"grant_types": "authorization_code"}, "list"),
    ({"grant_types": ["implicit"]}, "grant_types"), ({"grant_types": ["refresh_token"], "redirect_uris": []},
    "refresh_token goes with"),
    ({"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}, "only authorization_code uses"),
    ({"response_types": ["token"]}, "code is all that is offered"),
    ({"response_types": ["code id_token"]}, "response_types"), ({"response_types": []}, "response_types"),
    ({"redirect_uris": []}, "at least one"),
    ({"redirect_uris": "https://a.example/cb"}, "list"), ({"redirect_uris": ["https://a.example/cb"] * 51}, "50"),
    ({"grant_types": ["client_credentials"]}, "only authorization_code uses"),
    ({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]}, "secret"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "needs jwks"), ({"token_endpoint_auth_method": "secret_jwt"},
    "are offered"),
    ({"token_endpoint_auth_method": ["none"]}, "are offered"), ({"id_token_signed_response_alg": "none"}, "RS256, PS256"),
    ({"id_token_signed_response_alg": "HS256"}, "RS256, PS256"), ({"id_token_signed_response_alg": "ES384"}, "ES256, EdDSA"),
    ({"scope": "openid everything"}, "scope"), ({"scope": ["openid"]}, "scope"), ({"scope": "openid\tprofile"}, "scope"),
    ({"scope": "admin"}, "scope"), ({"default_max_age": -1}, "seconds"), ({"default_max_age": "60"}, "seconds"),
    ({"default_max_age": True}, "seconds"), ({"default_max_age": 1.5}, "seconds"), ({"require_auth_time": "yes"},
    "true or false"),
    ({"application_type": "mobile"}, "web, native"), ({"client_name": "a\nb"}, "one line"), ({"client_name": "x" * 201}, "200"),
    ({"client_name": "a\u202eb"}, "one line"), ({"client_name": "\u3164"}, "one line"),
    ({"client_name#en": "a\u2066b"}, "one line"),
    ({"client_name": 1}, "text"), ({"client_name": "\ud800"}, "text"), ({"contacts": "a@b.vn"}, "list"), ({"contacts": [None]},
    "list"),
    ({"logo_uri": "http://a.example/l"}, "logo_uri"), ({"client_uri": "javascript:alert(1)"}, "client_uri"), ({"tos_uri": 1},
    "tos_uri"),
    ({"initiate_login_uri": "http://a.example/"}, "initiate_login_uri"), ({"backchannel_logout_uri": "https://a.example/b#f"},
    "fragment"),
    ({"backchannel_logout_uri": "http://10.0.0.1/b"}, "backchannel_logout_uri"), ({"backchannel_logout_session_required": "x"},
    "true or false"),
    ({"post_logout_redirect_uris": ["http://a.example/"]}, "post_logout_redirect_uris"), ({"post_logout_redirect_uris": [1]},
    "text"),
    ({"province": {"secret_file": "x"}}, "only a client in clients/"),
])
def test_bad_members_are_named(members: dict[str, Any], word: str) -> None:
    assert word in refusal(**members)


# Response types that send tokens through the browser

BROWSER = RegistrationPolicy(front_channel=True)


@pytest.mark.parametrize(("grant_types", "response_types", "kept"), [
    (["implicit"], ["id_token"], ("id_token",)), (["implicit"], ["token id_token", "id_token"], ("id_token token", "id_token")),
    (["authorization_code", "implicit"], ["id_token code"], ("code id_token",)),
    (["authorization_code", "implicit", "refresh_token"], ["code", "code token", "token code"], ("code", "code token")),
    (["implicit", "authorization_code"], ["code token id_token"], ("code id_token token",)),
])
def test_oidc_registration_s2_response_types_go_with_their_grant_types(grant_types: list[str], response_types: list[str],
                                                                        kept: tuple[str, ...]) -> None:
    client = register(BROWSER, grant_types=grant_types, response_types=response_types)
    assert client.response_types == kept
    assert client.scope >= {"openid", "profile"}
    assert from_metadata("qlvb", to_metadata(client), source="registered", secret_digest=None, disabled=False,
                         created_at=0) == client


@pytest.mark.parametrize("members", [
    {"grant_types": ["implicit"]}, {"grant_types": ["implicit"], "response_types": ["id_token"]},
    {"response_types": ["code", "code id_token"]}, {"grant_types": ["authorization_code", "implicit"]},
])
def test_security_8_without_the_setting_they_cannot_be_registered(members: dict[str, Any]) -> None:
    assert "offered" in refusal(**members)


@pytest.mark.parametrize(("members", "word"), [
    ({"grant_types": ["implicit"]}, "response_types: id_token and token go with"),
    ({"grant_types": ["implicit"], "response_types": ["code"]}, "response_types: code goes with"),
    ({"grant_types": ["implicit"], "response_types": ["code id_token"]}, "response_types: code goes with"),
    ({"grant_types": ["authorization_code", "implicit"]}, "response_types: id_token and token go with"),
    ({"grant_types": ["authorization_code", "implicit"], "response_types": ["id_token"]}, "response_types: code goes with"),
    ({"response_types": ["code", "code token"]}, "response_types: id_token and token go with"),
    ({"response_types": ["code", "id_token"]}, "response_types: id_token and token go with"),
    ({"grant_types": ["implicit"], "response_types": ["token"]}, "response_types: code, id_token"),
    ({"grant_types": ["implicit"], "response_types": ["none"]}, "response_types: code, id_token"),
    ({"grant_types": ["implicit"], "response_types": ["id_token", "id_token id_token"]}, "response_types: code, id_token"),
    ({"grant_types": ["implicit"], "response_types": ["id_token"], "redirect_uris": []}, "redirect_uris: authorization_code and"),
    ({"grant_types": ["implicit", "refresh_token"], "response_types": ["id_token"]}, "refresh_token goes with a grant"),
    ({"grant_types": ["implicit"], "response_types": ["id_token"], "redirect_uris": ["https://localhost/cb"]}, "no loopback"),
    ({"grant_types": ["implicit"], "response_types": ["id_token"], "redirect_uris": ["https://127.0.0.1/cb"]}, "no loopback"),
])
def test_oidc_registration_s2_contradictions_are_refused(members: dict[str, Any], word: str) -> None:
    assert word in refusal(BROWSER, **members)


def test_oidc_registration_s2_native_and_developers_implicit_clients_may_be_on_loopback() -> None:
    implicit: dict[str, Any] = {"grant_types": ["implicit"], "response_types": ["id_token"],
                                "redirect_uris": ["http://localhost/cb"]}
    assert register(BROWSER, application_type="native", **implicit)
    assert register(RegistrationPolicy(development=True, front_channel=True), **implicit)


def test_oidc_core_s11_offline_access_is_not_in_the_default_scope_of_implicit_clients() -> None:
    assert "offline_access" not in register(BROWSER, grant_types=["implicit"], response_types=["id_token"]).scope


# Signed answers (JARM)

@pytest.mark.parametrize("alg", ALGORITHMS)
def test_jarm_s3_the_algorithm_of_signed_answers(alg: str) -> None:
    client = register(authorization_signed_response_alg=alg)
    assert client.authorization_signed_response_alg == alg
    assert standard_metadata(client)["authorization_signed_response_alg"] == alg
    assert register().authorization_signed_response_alg == "RS256"


@pytest.mark.parametrize("alg", ["none", "HS256", "", "rs256", ["RS256"], True])
def test_jarm_s3_none_and_shared_secrets_sign_nothing(alg: Any) -> None:
    assert refusal(authorization_signed_response_alg=alg).startswith("authorization_signed_response_alg: RS256")


@pytest.mark.parametrize("client_id", ["", "-x", ".x", "a b", "a/b", "a\n", "đ", "x" * 129, "../x"])
def test_identifiers_are_plain(client_id: str) -> None:
    with pytest.raises(InvalidClientMetadataError, match="client_id"):
        parse(LEAST, PRODUCTION, client_id=client_id, source="registered")


def test_a_file_needs_a_name_and_has_a_secret_file() -> None:
    assert "client_name" in refusal(source="file")
    assert "client_name" in refusal(source="file", client_name="  ")
    assert register(source="file", client_name="x").secret_file == "qlvb.secret"
    for name in ("../x", "a/b", ".x", "/etc/passwd", "a b"):
        assert "plain file name" in refusal(source="file", client_name="x", province={"secret_file": name})
    assert "authenticates with a secret" in refusal(source="file", client_name="x", token_endpoint_auth_method="none",
    province={"secret_file": "x.secret"})


@pytest.mark.parametrize(("uri", "redirect_uri"), [
    ("https://a.example/out", "https://a.example/cb"), ("https://a.example/out?x=1", "https://a.example/cb"),
    ("https://A.example:443/out", "https://a.Example/cb"), ("https://a.example:8443/out", "https://a.example:8443/cb"),
    ("https://10.1.2.3/out", "https://10.1.2.3/cb"),
])
def test_frontchannel_logout_s2_the_address_has_the_origin_of_a_redirect_uri(uri: str, redirect_uri: str) -> None:
    client = register(frontchannel_logout_uri=uri, frontchannel_logout_session_required=True, redirect_uris=[redirect_uri])
    assert (client.frontchannel_logout_uri, client.frontchannel_logout_session_required) == (uri, True)


@pytest.mark.parametrize(("uri", "word"), [
    ("https://b.example/out", "those of a redirect URI"), ("https://a.example:8443/out", "those of a redirect URI"),
    ("https://sub.a.example/out", "those of a redirect URI"), ("https://a.example.evil.example/", "those of a redirect URI"),
    ("http://a.example/out", "https"), ("http://localhost/out", "https"), ("https://a.example/out#f", "fragment"),
    ("https://u@a.example/out", "user name"), ("/out", "https://"), ("javascript:alert(1)", "https://"), (1, "text"),
    ("https://a.example/out?sid=1", "sid"), ("https://a.example/out?x=1&iss", "iss"), ("https://*.a.example/out", "wildcards"),
])
def test_frontchannel_logout_s2_other_addresses_are_refused(uri: Any, word: str) -> None:
    message = refusal(frontchannel_logout_uri=uri)
    assert message.startswith("frontchannel_logout_uri: ")
    assert word in message


def test_frontchannel_logout_s2_in_development_loopback_http_is_accepted() -> None:
    local = {"redirect_uris": ["http://localhost:8001/cb"], "frontchannel_logout_uri": "http://localhost:8001/out"}
    assert register(DEVELOPMENT, **local).frontchannel_logout_uri == "http://localhost:8001/out"
    assert "redirect URI" in refusal(DEVELOPMENT, **{**local, "frontchannel_logout_uri": "http://localhost:8002/out"})
    assert "http is accepted" in refusal(**local)


def test_frontchannel_logout_needs_an_address_that_a_policy_can_name() -> None:
    six = {"redirect_uris": ["https://[2001:db8::1]/cb"], "frontchannel_logout_uri": "https://[2001:db8:0::1]/out"}
    assert "IPv6" in refusal(**six)
    assert "true or false" in refusal(frontchannel_logout_session_required="yes")


def test_frontchannel_logout_is_for_clients_with_redirect_uris() -> None:
    assert "redirect URI" in refusal(grant_types=["client_credentials"], redirect_uris=[], scope="",
                                     frontchannel_logout_uri="https://a.example/out")


def test_text_is_normalised_to_nfc() -> None:
    assert register(client_name=" Qua\u0309n ly\u0301 ").client_name == "Quản lý"


def test_native_clients_have_loopback_and_private_use_addresses() -> None:
    uris = ["http://127.0.0.1/cb", "vn.gov.example.app:/cb", "https://a.example/cb"]
    client = register(application_type="native", token_endpoint_auth_method="none", redirect_uris=uris,
    post_logout_redirect_uris=uris)
    assert client.redirect_uris == client.post_logout_redirect_uris == tuple(uris)
    assert "http is accepted" in refusal(redirect_uris=uris[:1])


@pytest.mark.parametrize("client", [CLIENT, PUBLIC, Client(client_id="x", client_name="x"), replace(CLIENT, disabled=True,
source="registered")])
def test_what_is_stored_is_what_was_registered(client: Client) -> None:
    stored = json.loads(json.dumps(to_metadata(client)))
    assert from_metadata(client.client_id, stored, source=client.source, secret_digest=client.secret_digest,
    disabled=client.disabled,
                         created_at=client.created_at) == client


def test_a_stored_client_outlives_a_stricter_policy() -> None:
    stored = to_metadata(parse(QLVB, DEVELOPMENT, client_id="qlvb", source="file"))
    assert from_metadata("qlvb", stored, source="file", secret_digest=None, disabled=False, created_at=0).redirect_uris


def test_rfc7591_s3_2_1_the_response_holds_what_was_registered() -> None:
    client = replace(register(logo_uri="https://a.example/l.png", grant_types=["authorization_code", "refresh_token"]),
    created_at=9)
    answer = registration_response(client, "s3cret")
    assert answer == {
        "client_id": "qlvb", "client_id_issued_at": 9, "client_secret": "s3cret", "client_secret_expires_at": 0,
        "client_name": "qlvb",
        "logo_uri": "https://a.example/l.png", "redirect_uris": ["https://a.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic", "scope": "openid profile email phone address offline_access",
        "backchannel_logout_session_required": False, "frontchannel_logout_session_required": False,
        "dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": False,
        "id_token_signed_response_alg": "RS256", "authorization_signed_response_alg": "RS256", "require_auth_time": False,
        "require_signed_request_object": False, "require_pushed_authorization_requests": False,
        "introspection_signed_response_alg": "RS256",
        "application_type": "web", "subject_type": "public"}
    assert not {"client_secret", "client_secret_expires_at"} & set(registration_response(PUBLIC, None))


def test_the_response_can_be_registered_again() -> None:
    client = replace(CLIENT, scope=frozenset({"openid"}), software_statement="")
    policy = replace(PRODUCTION, details_types=client.authorization_details_types)
    assert standard_metadata(parse(standard_metadata(client), policy, client_id="qlvb",
    source="registered")) == standard_metadata(client)


def test_rfc7591_s2_2_what_officers_are_shown_may_be_registered_in_languages() -> None:
    tagged = {"client_name#en": " Portal ", "client_name#vi-VN": "Cổng", "policy_uri#en": "https://a.example/en"}
    client = register(client_name="Portal", **tagged)
    assert dict(client.localized) == {**tagged, "client_name#en": "Portal"}
    assert standard_metadata(client).items() >= dict(client.localized).items()
    assert (client.in_language("en").client_name, client.in_language("en").policy_uri) == ("Portal", "https://a.example/en")
    assert client.in_language("vi").client_name == "Cổng"
    assert client.in_language("vi").policy_uri == ""
    assert client.in_language("fr") is client
    assert register(**{"client_name#en": ""}).localized == ()


def test_rfc7591_s2_2_an_exact_tag_goes_before_one_with_a_region() -> None:
    for names in (("client_name#vi", "client_name#vi-VN"), ("client_name#VI", "client_name#VI-vn")):
        client = register(**dict(zip(names, ("exact", "region"), strict=True)))
        assert client.in_language("vi").client_name == "exact"


@pytest.mark.parametrize("members", [
    {"client_name#en": 7}, {"client_name#en": "x" * 201}, {"client_name#en": "a\nb"}, {"logo_uri#en": "javascript:alert(1)"},
    {"tos_uri#en": "http://a.example/"}, {"client_name#en": "x", "client_name#EN": "y"},
    {f"client_name#en-{number:04}": "x" for number in range(21)},
])
def test_rfc7591_s2_2_and_are_judged_as_those_without_a_tag(members: dict[str, Any]) -> None:
    refusal(**members)


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
    ["https://a.example/cb", "none", "code", "authorization_code", "openid groups", "native"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6)
NAMES = st.sampled_from([*standard_metadata(CLIENT), "jwks", "province", "client_id"]) | st.text(max_size=8)
TABLES = st.dictionaries(st.sampled_from(list(to_metadata(CLIENT)["province"])) | st.text(max_size=8), VALUES, max_size=4)


@settings(max_examples=800, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), TABLES | st.none(), st.sampled_from(["file", "registered"]))
def test_whatever_is_registered_is_refused_or_holds_what_the_rules_say(members: dict[str, Any], table: Any, source: Any) -> None:
    try:
        client = parse({**LEAST, **members, "province": table}, PRODUCTION, client_id="x", source=source)
    except RefusedError as err:
        assert err.message.isascii()  # noqa: PT017
        return
    assert client.scope <= set(SCOPES)
    assert client.grant_types
    assert client.require_pkce or not client.public
    assert from_metadata("x", json.loads(json.dumps(to_metadata(client))), source=source, secret_digest=None, disabled=False,
                         created_at=0) == client


ASSERTING: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(jwks_of(pair("ES256")))}


def test_rfc7523_s2_2_a_client_with_keys_needs_no_secret() -> None:
    client = register(**ASSERTING, token_endpoint_auth_signing_alg="ES256")
    assert (client.has_secret, client.public, json.loads(client.jwks)) == (False, False, ASSERTING["jwks"])
    again = from_metadata("qlvb", json.loads(json.dumps(to_metadata(client))), source="registered", secret_digest=None,
                          disabled=False, created_at=0)
    assert again == client
    assert standard_metadata(client)["jwks"] == ASSERTING["jwks"]
    assert register(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://a.example/jwks").jwks == ""


def test_oidc_core_s9_a_client_that_signs_with_its_secret() -> None:
    client = register(token_endpoint_auth_method="client_secret_jwt", token_endpoint_auth_signing_alg="HS256",
                      province={"assertion_audience": "token_endpoint"})
    assert (client.has_secret, client.signs_with_secret, client.public) == (True, True, False)
    assert not register().signs_with_secret
    assert not register(**ASSERTING).signs_with_secret
    stored = json.dumps(to_metadata(replace(client, sealed_secret=b"sealed")))
    assert "sealed" not in stored


@pytest.mark.parametrize(("members", "word"), [
    ({"jwks": 0}, "JWK Set"), ({"jwks": {"keys": [pair("ES256").as_dict(private=True)]}}, "private"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "symmetric"), ({"jwks": {"keys": [], "x": "y" * 40_000}}, "longer than"),
    ({"jwks_uri": "http://a.example/jwks"}, "jwks_uri"), ({"jwks_uri": "https://a.example/jwks#f"}, "fragment"),
    ({**ASSERTING, "jwks_uri": "https://a.example/jwks"}, "not together"),
    ({**ASSERTING, "token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg"),
    ({**ASSERTING, "token_endpoint_auth_signing_alg": "none"}, "token_endpoint_auth_signing_alg"),
    ({"token_endpoint_auth_signing_alg": "ES256"}, "only for private_key_jwt"),
    *(({"introspection_signed_response_alg": alg}, "introspection_signed_response_alg")
      for alg in ("none", "HS256", "", "ES384")),
    ({"introspection_encrypted_response_alg": "RSA1_5"}, "introspection_encrypted_response_alg"),
    ({"introspection_encrypted_response_enc": "A128GCM"}, "only together with"),
    ({"introspection_encrypted_response_alg": "RSA-OAEP-256"}, "needs jwks"),
    ({"introspection_encrypted_response_alg": "RSA-OAEP-256", "jwks": json.loads(jwks_of(pair("ES256")))}, "no key in it fits"),
    *(({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": alg}, "HS256 are offered")
      for alg in ("ES256", "RS256", "HS384", "HS512", "none")),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "needs jwks"),
    ({"token_endpoint_auth_method": "tls_client_auth"}, "exactly one"), ({"tls_client_auth_san_dns": "a.example"}, "exactly one"),
    ({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example",
      "tls_client_auth_subject_dn": "CN=a"}, "exactly one"),
    ({"dpop_bound_access_tokens": True, "tls_client_certificate_bound_access_tokens": True}, "not to both"),
    ({"dpop_bound_access_tokens": "yes"}, "true or false"), ({"tls_client_certificate_bound_access_tokens": 1}, "true or false"),
    ({"province": {"assertion_audience": "token_endpoint"}}, "only for private_key_jwt"),
])
def test_keys_and_what_goes_with_them(members: dict[str, Any], word: str) -> None:
    assert word in refusal(**members)


def test_rfc8693_a_client_may_be_registered_for_token_exchange() -> None:
    client = register(redirect_uris=[], grant_types=["client_credentials", TOKEN_EXCHANGE], scope="openid",
                      province={"exchange_from": ["qlvb", "cong-thong-tin"]})
    assert client.exchange_from == ("qlvb", "cong-thong-tin")
    assert client.check_grant_type(TOKEN_EXCHANGE)
    assert register(redirect_uris=[], grant_types=[TOKEN_EXCHANGE]).exchange_from == ()
    assert "secret" in refusal(redirect_uris=[], grant_types=[TOKEN_EXCHANGE], token_endpoint_auth_method="none")


def test_rfc7523_s2_1_assertions_are_registered_only_where_they_are_offered() -> None:
    offered = RegistrationPolicy(assertion_grant=True)
    assert "offered" in refusal(redirect_uris=[], grant_types=[JWT_BEARER])
    assert register(offered, redirect_uris=[], grant_types=[JWT_BEARER]).check_grant_type(JWT_BEARER)
    assert "secret" in refusal(offered, redirect_uris=[], grant_types=[JWT_BEARER], token_endpoint_auth_method="none")
