"""What is wrong with a registration: a healthy one shows nothing, and each finding has a registration that shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from idp.errors import ConfigurationError, UnavailableError
from idp.oauth.client import Client, secret_digest
from idp.oauth.client_authentication import Checks
from idp.oauth.clients.examination import CODES, PROBE, Examiner, Finding
from idp.oauth.clients.keys import ClientKeys
from idp.oauth.clients.registration import RegistrationPolicy, parse
from idp.oauth.clients.sectors import Sectors
from idp.oidc.claims import SCOPES
from idp.pki.path_validation import CertificateAuthorities

from ...fakes.certificates import issue
from ...fakes.client_keys import client_assertions, jwks_of, pair
from ...fakes.client_store import FakeSecretFiles
from ...fakes.clock import FakeClock
from ...fakes.documents import FakeDocuments

SECRET = "a-machine-made-secret-of-many-characters"
HEALTHY: Mapping[str, Any] = {
    "client_name": "Quản lý văn bản", "client_uri": "https://app.example/", "redirect_uris": ["https://app.example/cb"],
    "post_logout_redirect_uris": ["https://app.example/"], "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile offline_access", "backchannel_logout_uri": "https://app.example/out",
    "province": {"owner": "Văn phòng UBND tỉnh"}}
KEYS = {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(jwks_of(pair("ES256")))}
PUBLISHED = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks"}
ENCRYPTED = {"id_token_encrypted_response_alg": "RSA-OAEP-256", "jwks_uri": "https://app.example/jwks"}
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": json.loads(jwks_of(pair("ES256")))}
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "app.example"}


class World:
    """A deployment, and what stands at the application's addresses.

    Attributes:
        answers: Statuses that the application gives to a form, by address; the rest of the world does not answer.
        posted: What was sent.
    """

    def __init__(self, *, mutual_tls: bool = False, authorities: bool = False) -> None:
        self.clock, self.documents, self.files = FakeClock(), FakeDocuments(), FakeSecretFiles()
        self.policy = RegistrationPolicy()
        self.answers: dict[str, int] = {"https://app.example/out": 400}
        self.posted: list[tuple[str, Mapping[str, str]]] = []
        keys = ClientKeys(self.documents.document, self.clock)
        trusted = CertificateAuthorities([issue("authority", authority=True).certificate] if authorities else ())
        self.checks = Checks(client_assertions("https://id.example", self.clock), keys, trusted, mutual_tls, self.clock)

    def post(self, url: str, fields: Mapping[str, str]) -> int:
        self.posted.append((url, fields))
        if url not in self.answers:
            raise UnavailableError("No connection.", dependency="receiver")
        return self.answers[url]

    @property
    def examiner(self) -> Examiner:
        return Examiner(policy=self.policy, checks=self.checks, secret_files=self.files,
                        sectors=Sectors(self.documents.document), post=self.post, groups=lambda: frozenset({"can-bo"}),
                        officer_scopes=frozenset(SCOPES))

    def client(self, *, development: bool = False, front_channel: bool = False, **members: Any) -> Client:
        """Register the healthy application with other members; None leaves one out."""
        table = {**HEALTHY["province"], **members.pop("province", {})}
        metadata = {**HEALTHY, **members, "province": table}
        client = parse(metadata, RegistrationPolicy(development=development, front_channel=front_channel), client_id="app",
                       source="file")
        if not client.has_secret:
            return client
        self.files.files["app.secret"] = SECRET
        return replace(client, secret_digest=secret_digest(SECRET))

    def findings(self, client: Client, *, fetch: bool = False, entered: bool = True) -> tuple[Finding, ...]:
        found = self.examiner.examine(client, entered=client if entered else None, fetch=fetch)
        assert {finding.code for finding in found} <= CODES
        return found


def told(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    for finding in findings:
        assert finding.found.endswith("."), finding
        assert len(finding.remedy) > 5, finding
    return {(finding.member, finding.state) for finding in findings}


@pytest.mark.parametrize("fetch", [False, True])
@pytest.mark.parametrize("members", [
    {}, KEYS, PUBLISHED, {**ENCRYPTED, "userinfo_encrypted_response_alg": "ECDH-ES"}, {"token_endpoint_auth_method": "none"},
    {"subject_type": "pairwise", "sector_identifier_uri": "https://app.example/sector"},
    {"grant_types": ["client_credentials"], "redirect_uris": None, "post_logout_redirect_uris": None, "scope": "service"},
    {"province": {"allowed_groups": ["can-bo"], "required_acr": "urn:haugiang:acr:2"}}])
def test_a_healthy_registration_shows_nothing(members: dict[str, Any], fetch: bool) -> None:
    world = World()
    world.documents["https://app.example/jwks"] = jwks_of(pair("ES256"), pair("RSA-OAEP-256"), pair("ECDH-ES")).encode()
    world.documents["https://app.example/sector"] = json.dumps(HEALTHY["redirect_uris"]).encode()
    assert world.findings(world.client(**members), fetch=fetch) == ()


@pytest.mark.parametrize("members", [SELF_SIGNED, PKI, {"tls_client_certificate_bound_access_tokens": True}])
def test_rfc8705_a_registration_for_mutual_tls_is_healthy_where_the_deployment_has_it(members: dict[str, Any]) -> None:
    world = World(mutual_tls=True, authorities=True)
    assert world.findings(world.client(**members)) == ()


WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("token_endpoint_auth_method", "failed", SELF_SIGNED),
    ("token_endpoint_auth_method", "failed", PKI),
    ("tls_client_certificate_bound_access_tokens", "failed", {"tls_client_certificate_bound_access_tokens": True}),
    ("province.assertion_audience", "warning", {**KEYS, "province": {"assertion_audience": "token_endpoint"}}),
    ("jwks", "failed", {**KEYS, "token_endpoint_auth_signing_alg": "PS256"}),
    ("jwks", "failed", {**KEYS, "jwks": {"keys": []}}),
    ("jwks", "failed", {**KEYS, "jwks": json.loads(jwks_of(pair("RSA-OAEP-256")))}),
    ("logo_uri", "warning", {"logo_uri": "https://cdn.example/logo.png"}),
    ("client_uri", "warning", {"client_uri": None}),
    ("province.owner", "warning", {"province": {"owner": ""}}),
    ("province.allowed_groups", "warning", {"province": {"allowed_groups": ["can-bo", "canbo"]}}),
    ("province.require_pkce", "warning", {"province": {"require_pkce": False}}),
    ("scope", "warning", {"scope": "profile offline_access"}),
    ("scope", "warning", {"grant_types": ["authorization_code"]}),
    ("scope", "warning", {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": None,
                          "response_types": [], "post_logout_redirect_uris": None, "scope": "profile"}),
    ("scope", "warning", {"scope": "openid profile"}),
    ("scope", "warning", {"grant_types": ["client_credentials"], "redirect_uris": None, "post_logout_redirect_uris": None,
                          "scope": "email service"}),
    ("post_logout_redirect_uris", "warning", {"post_logout_redirect_uris": None}),
    ("backchannel_logout_uri", "warning", {"backchannel_logout_uri": None}),
    ("backchannel_logout_uri", "warning", {"backchannel_logout_uri": None, "frontchannel_logout_uri": "https://app.example/f"}),
]


@pytest.mark.parametrize(("member", "state", "members"), WRONG)
def test_each_finding_has_a_registration_that_shows_it_and_nothing_else(member: str, state: str, members: dict[str, Any]) -> None:
    world = World()
    assert told(world.findings(world.client(**members))) == {(member, state)}


def test_rfc8705_s2_1_without_authorities_the_setting_that_is_missing_is_named() -> None:
    world = World(mutual_tls=True)
    finding, = world.findings(world.client(**PKI))
    assert "IDP_TLS_CLIENT_CA_FILE" in finding.found
    other, = World().findings(world.client(**PKI))
    assert "IDP_MTLS_ORIGIN" in other.found


def test_an_http_address_from_development_is_a_warning_there_and_a_failure_elsewhere() -> None:
    world = World()
    client = world.client(development=True, redirect_uris=["http://localhost:8001/cb"])
    assert told(world.findings(client)) == {("redirect_uris", "failed")}
    world.policy = RegistrationPolicy(development=True)
    assert told(world.findings(client)) == {("redirect_uris", "warning")}


def test_tokens_through_the_browser_are_a_warning_where_they_are_offered_and_a_failure_elsewhere() -> None:
    world = World()
    client = world.client(front_channel=True, grant_types=["authorization_code", "implicit"],
                          response_types=["code", "id_token"], scope="openid")
    assert ("grant_types", "failed") in told(world.findings(client))
    world.policy = RegistrationPolicy(front_channel=True)
    assert told(world.findings(client)) == {("response_types", "warning")}


def test_a_level_that_nobody_reaches_any_more_is_a_failure() -> None:
    world = World()
    client = replace(world.client(), required_acr="urn:haugiang:acr:3", required_level=3)
    assert told(world.findings(client)) == {("province.required_acr", "failed")}


def test_a_disabled_application_is_a_failure() -> None:
    world = World()
    assert told(world.findings(replace(world.client(), disabled=True))) == {("client_id", "failed")}


# The secret


def test_a_secret_that_was_never_made_is_a_failure() -> None:
    world = World()
    client = replace(world.client(), secret_digest=None)
    assert told(world.findings(client)) == {("client_secret", "failed")}
    assert world.findings(client, entered=False) == ()


def test_a_secret_file_is_missing_differs_or_is_unsafe() -> None:
    world = World()
    client = world.client()
    world.files.files["app.secret"] = SECRET + "x"
    assert told(world.findings(client)) == {("province.secret_file", "failed")}
    del world.files.files["app.secret"]
    assert told(world.findings(client)) == {("province.secret_file", "warning")}

    class Unsafe(FakeSecretFiles):
        def read(self, name: str) -> str | None:
            raise ConfigurationError("It can be used by others.", remedy="Run: chmod 600")

    world.files = Unsafe()
    assert told(world.findings(client)) == {("province.secret_file", "failed")}


def test_no_finding_holds_a_secret() -> None:
    world = World()
    client = world.client()
    world.files.files["app.secret"] = SECRET + "x"
    assert SECRET not in repr(world.findings(client))


# The application's own addresses


def test_checklist_19_nothing_is_fetched_without_leave() -> None:
    world = World()
    client = world.client(**PUBLISHED, subject_type="pairwise", sector_identifier_uri="https://app.example/sector",
                          backchannel_logout_uri="https://app.example/gone")
    assert world.findings(client) == ()
    assert world.posted == []


@pytest.mark.parametrize("content", [None, b"[]", jwks_of(pair("RSA-OAEP-256")).encode()])
def test_rfc7591_s2_keys_that_cannot_be_had_or_used_are_a_failure(content: bytes | None) -> None:
    world = World()
    if content is not None:
        world.documents["https://app.example/jwks"] = content
    assert told(world.findings(world.client(**PUBLISHED), fetch=True)) == {("jwks_uri", "failed")}


def test_a_published_set_without_a_key_to_encrypt_to_is_a_failure() -> None:
    world = World()
    world.documents["https://app.example/jwks"] = jwks_of(pair("ES256")).encode()
    assert told(world.findings(world.client(**ENCRYPTED), fetch=True)) == {("jwks_uri", "failed")}


def test_oidc_registration_s5_a_sector_that_lacks_a_redirect_uri_is_a_failure() -> None:
    world = World()
    world.documents["https://app.example/sector"] = b'["https://app.example/other"]'
    client = world.client(subject_type="pairwise", sector_identifier_uri="https://app.example/sector")
    assert told(world.findings(client, fetch=True)) == {("sector_identifier_uri", "failed")}


@pytest.mark.parametrize("status", [None, 200, 204, 302, 401, 404, 405, 500])
def test_backchannel_logout_s2_8_an_address_that_does_not_refuse_what_is_no_logout_token_is_a_failure(status: int | None) -> None:
    world = World()
    world.answers = {} if status is None else {"https://app.example/out": status}
    assert told(world.findings(world.client(), fetch=True)) == {("backchannel_logout_uri", "failed")}
    assert world.posted == [("https://app.example/out", PROBE)]


def test_a_registration_in_a_file_is_read_by_the_rules_of_today() -> None:
    client = World().examiner.read({"client_id": "app", **HEALTHY})
    assert (client.client_id, client.source, client.owner) == ("app", "file", "Văn phòng UBND tỉnh")
