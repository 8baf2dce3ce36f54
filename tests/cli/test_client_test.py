"""``flask clients test``: a registration is examined and walked, and nothing of it is left anywhere."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, func, inspect, select, table

from idp.app import build_services, create_app
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants import jwt_bearer, token_exchange
from tests.fakes.certificates import issue
from tests.fakes.client_keys import jwks_of, pair
from tests.fakes.directory import FakeDirectory, make_officer
from tests.whole import CLIENT, make_settings

KEYS = json.loads(jwks_of(pair("ES256"), pair("RSA-OAEP-256"), pair("ECDH-ES")))
APP: dict[str, Any] = {**CLIENT, "redirect_uris": ["https://app.example/cb", "https://app.example/cb2"],
                       "client_uri": "https://app.example/", "post_logout_redirect_uris": ["https://app.example/"],
                       "backchannel_logout_uri": "https://app.example/out"}


WAYS: tuple[dict[str, Any], ...] = (
    {"token_endpoint_auth_method": "client_secret_post"},
    {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"]},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks",
     "token_endpoint_auth_signing_alg": "PS256"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [pair("EdDSA").as_dict(private=False)]},
     "token_endpoint_auth_signing_alg": "EdDSA", "dpop_bound_access_tokens": True},
    {"id_token_encrypted_response_alg": "RSA-OAEP-256", "userinfo_encrypted_response_alg": "ECDH-ES", "jwks": KEYS},
    {"userinfo_signed_response_alg": "ES256", "id_token_signed_response_alg": "EdDSA",
     "province": {"access_token_format": "jwt"}},
    {"subject_type": "pairwise", "sector_identifier_uri": "https://app.example/sector"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": KEYS},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "app.example",
     "tls_client_certificate_bound_access_tokens": True},
    {"province": {"required_acr": "urn:haugiang:acr:2", "consent": "ask"}},
)
"""Members by which applications differ in how they authenticate and are answered."""
APPS: dict[str, dict[str, Any]] = {
    "plain": {}, "silent": {"backchannel_logout_uri": ""}, "disabled": {}, "other-secret": {},
    "leaders": {"province": {"allowed_groups": ["lanhdao"]}},
    "certified": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": KEYS}}
"""Applications of one deployment, by their client_id."""
MACHINE = {"client_id": "lgsp", "client_name": "Trục", "grant_types": ["client_credentials"], "scope": "service"}


pytestmark = pytest.mark.usefixtures("keys_made_before")


@pytest.fixture(scope="module")
def people() -> FakeDirectory:
    return FakeDirectory([make_officer("canbo"), make_officer("lanhdao", groups=("lanhdao",)),
                          make_officer("nghiviec", disabled=True)])


def serve(folder: Path, url: str, people: FakeDirectory, clients: Any = (APP,), **settings: Any) -> Flask:
    """Start a deployment once, as the provider does, and give the application of its commands."""
    made = make_settings(folder, url, clients, **settings)
    create_app(made, directory=people)
    return create_app(made, serve=False, directory=people)


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'idp.sqlite3')}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="module")
def shared_url(sqlite_template: Path, folder: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, folder / 'idp.sqlite3')}"


@pytest.fixture(scope="module")
def app(folder: Path, shared_url: str, people: FakeDirectory) -> Flask:
    """One deployment with every application of ``APPS``; a test that changes one is the only one to use it."""
    return serve(folder, shared_url, people,
                 [MACHINE, *({**APP, **members, "client_id": name} for name, members in APPS.items())])


@pytest.fixture(scope="module")
def ways(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, people: FakeDirectory) -> Flask:
    """One deployment that can check everything, with an application for each of ``WAYS``."""
    folder = tmp_path_factory.mktemp("ways")
    authorities = folder / "authorities.pem"
    authorities.write_text(issue("authority", authority=True).pem)
    return serve(folder, f"sqlite:///{shutil.copy(sqlite_template, folder / 'idp.sqlite3')}", people,
                 [{**APP, **members, "client_id": f"way-{number}"} for number, members in enumerate(WAYS)],
                 mtls_origin="https://mtls.example", tls_client_ca_file=authorities, dpop_nonce_required=True)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["clients", "test", *arguments])


def answer(app: Flask, *arguments: str, status: int = 0) -> dict[str, Any]:
    result = run(app, *arguments, "--json")
    assert result.exit_code == status, result.output[-1500:]
    told = dict(json.loads(result.stdout))
    assert told["fit"] is (status == 0)
    return told


def steps(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["step"], step["state"]) for step in told["walk"]]


def rows(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = {name: int(connection.scalar(select(func.count()).select_from(table(name))) or 0)
                  for name in inspect(engine).get_table_names()}
    engine.dispose()
    return counts


def files(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


CODE_FLOW = ["authorization request", "token", "userinfo", "refresh", "introspection", "revocation", "back-channel logout"]


def test_a_healthy_application_is_walked_through_every_grant_and_nothing_of_it_is_left(
    database_url: str, tmp_path: Path, people: FakeDirectory, monkeypatch: pytest.MonkeyPatch,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    app = serve(tmp_path, database_url, people)
    before, keys = rows(database_url), files(tmp_path / "keys")

    told = answer(app, "qlvb")
    assert told["findings"] == []
    assert steps(told) == [(name, "ok") for name in [
        *CODE_FLOW, "client credentials", "introspection", "revocation", "logout"]]
    assert rows(database_url) == before
    assert files(tmp_path / "keys") == keys
    assert list(scratch.iterdir()) == []


def test_it_is_said_in_lines_too(app: Flask) -> None:
    result = run(app, "silent")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("warning  backchannel_logout_uri: ")
    assert " Remedy: " in lines[0]
    assert "ok       userinfo: claims: email, " in result.stdout
    assert lines[-1] == "silent works; 1 thing to look at."


@pytest.mark.parametrize("number", range(len(WAYS)), ids=["-".join(members) for members in WAYS])
def test_every_way_of_authentication_and_answering_is_walked(number: int, ways: Flask) -> None:
    told = answer(ways, f"way-{number}")
    assert told["findings"] == []
    assert {state for _, state in steps(told)} == {"ok"}
    assert {"token", "userinfo", "refresh", "revocation", "logout"} <= {name for name, _ in steps(told)}


def test_a_machine_is_walked_through_its_one_grant(app: Flask) -> None:
    told = answer(app, "lgsp")
    assert told["findings"] == []
    assert steps(told) == [("client credentials", "ok"), ("introspection", "ok"), ("revocation", "ok")]
    assert told["walk"][0]["found"].startswith("scopes: service; ")


GIVEN = ["token", "userinfo", "refresh", "introspection", "revocation"]


def test_requests_that_have_to_be_signed_and_pushed_are(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    client = {**APP, "require_pushed_authorization_requests": True, "require_signed_request_object": True, "jwks": KEYS,
              "request_object_signing_alg": "ES256", "dpop_bound_access_tokens": True}
    told = answer(serve(tmp_path, url, people, [client], dpop_nonce_required=True), "qlvb")
    assert told["findings"] == []
    assert {state for _, state in steps(told)} == {"ok"}
    assert told["walk"][0]["found"].endswith("; the requests were signed and pushed.")


@pytest.mark.parametrize("members", [
    {"token_endpoint_auth_method": "private_key_jwt", "dpop_bound_access_tokens": True},
    {"token_endpoint_auth_method": "private_key_jwt", "dpop_bound_access_tokens": True, "require_signed_request_object": True},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "tls_client_certificate_bound_access_tokens": True}])
def test_an_application_of_the_profile_fapi2_is_walked_and_keeps_its_refresh_token(
    members: dict[str, Any], url: str, tmp_path: Path, people: FakeDirectory,
) -> None:
    bank = {**APP, **members, "jwks": KEYS, "province": {"profile": "fapi2"}}
    told = answer(serve(tmp_path, url, people, [bank], mtls_origin="https://mtls.example"), "qlvb")
    assert told["findings"] == []
    assert {state for _, state in steps(told)} == {"ok"}
    assert "pushed" in told["walk"][0]["found"]
    assert "the refresh token stays" in next(step["found"] for step in told["walk"] if step["step"] == "refresh")


def test_a_deployment_that_takes_pushed_requests_alone_is_pushed_to(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    told = answer(serve(tmp_path, url, people, require_pushed_authorization_requests=True), "qlvb")
    assert {state for _, state in steps(told)} == {"ok"}
    assert told["walk"][0]["found"].endswith("; the requests were pushed.")


def test_a_device_is_walked_to_its_tokens(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    device = {"client_id": "tv", "client_name": "Màn hình", "grant_types": [GRANT_TYPE_OF[Kind.DEVICE], "refresh_token"],
              "response_types": [], "scope": "openid profile offline_access", "token_endpoint_auth_method": "none",
              "province": {"required_acr": "urn:haugiang:acr:2", "consent": "ask"}}
    told = answer(serve(tmp_path, url, people, [device]), "tv")
    assert steps(told) == [(name, "ok") for name in ("device authorization", "token", "userinfo", "refresh", "revocation")]
    assert told["walk"][0]["found"].endswith("/device.")


BANK: dict[str, Any] = {
    "client_id": "bank", "client_name": "Quầy", "grant_types": [GRANT_TYPE_OF[Kind.CIBA], "refresh_token"],
    "response_types": [], "scope": "openid profile offline_access", "backchannel_token_delivery_mode": "poll"}


@pytest.mark.parametrize("members", [{}, {
    "backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": "https://app.example/ciba",
    "backchannel_authentication_request_signing_alg": "EdDSA", "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [pair("EdDSA").as_dict(private=False), pair("ES256").as_dict(private=False)]}}], ids=["poll", "signed ping"])
def test_an_application_that_asks_by_name_is_walked_to_its_tokens(
    members: dict[str, Any], url: str, tmp_path: Path, people: FakeDirectory,
) -> None:
    before = rows(url)
    told = answer(serve(tmp_path, url, people, [{**BANK, **members}]), "bank")
    assert steps(told) == [(name, "ok") for name in ("backchannel authentication", *GIVEN)]
    assert told["walk"][0]["found"].endswith("the request was signed." if members else "by name.")
    assert {name for name, count in rows(url).items() if count != before[name]}.isdisjoint({"grants", "deferred", "outbox"})


def test_an_exchange_is_walked_with_a_stand_in_of_the_other_application(
    url: str, tmp_path: Path, people: FakeDirectory,
) -> None:
    bus = {"client_id": "lgsp", "client_name": "Trục", "grant_types": [token_exchange.GRANT_TYPE], "response_types": [],
           "scope": "openid profile unit", "province": {"exchange_from": ["lgsp", "qlvb"], "allowed_groups": ["lanhdao"]}}
    app = serve(tmp_path, url, people, [APP, bus], require_pushed_authorization_requests=True)
    told = answer(app, "lgsp")
    assert steps(told) == [("token exchange", "ok"), ("introspection", "ok"), ("revocation", "ok")]
    assert told["walk"][0]["found"].startswith("for a token of qlvb, scopes: openid profile unit; Bearer, ")
    refused = answer(app, "lgsp", "--officer", "canbo", status=1)
    assert refused["walk"][-1]["state"] == "failed", "the officer may use the other application and not this one"


def test_what_could_not_be_walked_says_why(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    bus = {"client_id": "lgsp", "client_name": "Trục", "grant_types": [token_exchange.GRANT_TYPE, jwt_bearer.GRANT_TYPE],
           "response_types": [], "scope": "openid profile", "province": {"exchange_from": ["lgsp"]}}
    bank = {**BANK, "province": {"allowed_groups": ["lanhdao"]}}
    issuers = tmp_path / "issuers.json"
    issuers.write_text(json.dumps({"https://nhansu.example": {"jwks": KEYS, "clients": ["lgsp"], "scope": "openid"}}))
    app = serve(tmp_path, url, people, [bus, bank], assertion_issuers_file=issuers)
    told = answer(app, "lgsp", status=1)
    assert steps(told) == [(token_exchange.GRANT_TYPE, "failed"), (jwt_bearer.GRANT_TYPE, "skipped")]
    assert "exchange_from" in told["walk"][0]["found"]
    refused = answer(app, "bank", "--officer", "canbo", status=1)["walk"]
    assert [(step["step"], step["state"]) for step in refused] == [(GRANT_TYPE_OF[Kind.CIBA], "failed")]
    assert "unknown_user_id" in refused[0]["found"]
    assert "allowed_groups" in refused[0]["remedy"]


def test_response_types_of_the_browser_are_walked_where_they_are_offered(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    client = {**APP, "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "code id_token", "id_token"],
              "scope": "openid profile"}
    told = answer(serve(tmp_path, url, people, [client], legacy_response_types=True), "qlvb")
    assert [finding["member"] for finding in told["findings"]] == ["response_types"]
    assert ("response type code id_token", "ok") in steps(told)


# What is wrong


def test_an_officer_whom_the_application_does_not_admit_is_refused_on_the_walk(app: Flask) -> None:
    assert answer(app, "leaders", "--officer", "lanhdao")["walk"][0]["state"] == "ok"
    for uid in ("canbo", "nghiviec"):
        refused = answer(app, "leaders", "--officer", uid, status=1)
        assert refused["walk"][0]["state"] == "failed"
        assert "access_denied" in refused["walk"][0]["found"]
        assert "allowed_groups" in refused["walk"][0]["remedy"]
    assert answer(app, "leaders")["walk"][0]["state"] == "ok", "an invented officer is one whom it admits"


def test_a_method_that_the_deployment_cannot_check_is_found_and_refused_on_the_walk(app: Flask) -> None:
    told = answer(app, "certified", status=1)
    assert [(line["member"], line["state"]) for line in told["findings"]] == [("token_endpoint_auth_method", "failed")]
    assert ("authorization_code", "failed") in steps(told)
    assert "invalid_client" in next(step["found"] for step in told["walk"] if step["state"] == "failed")


def test_a_disabled_application_is_a_failure(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["clients", "disable", "disabled"]).exit_code == 0
    assert answer(app, "disabled", status=1)["findings"][0]["member"] == "client_id"


def test_the_secret_file_of_another_node_is_found(app: Flask, folder: Path) -> None:
    (folder / "keys" / "clients" / "other-secret.secret").write_text("x" * 43)
    told = answer(app, "other-secret", status=1)
    assert [(line["member"], line["state"]) for line in told["findings"]] == [("province.secret_file", "failed")]
    assert "x" * 43 not in json.dumps(told)


def test_a_registration_of_other_rules_is_not_walked(url: str, tmp_path: Path, people: FakeDirectory) -> None:
    client = {**APP, "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "id_token"]}
    serve(tmp_path, url, people, [client], legacy_response_types=True)
    today = create_app(make_settings(tmp_path, url, [client]), serve=False, directory=people)
    told = answer(today, "qlvb", status=1)
    assert ("grant_types", "failed") in [(line["member"], line["state"]) for line in told["findings"]]
    assert steps(told) == [("registration", "failed")]


# Registrations in files


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_a_registration_that_is_not_entered_yet_is_tested_from_its_file(
    kind: str, app: Flask, shared_url: str, tmp_path: Path,
) -> None:
    new = {**APP, "client_id": "new", "province": {"owner": "Sở Nội vụ", "consent": "implied"}}
    path = tmp_path / f"new.{kind}"
    if kind == "json":
        path.write_text(json.dumps(new))
    else:
        make_settings(tmp_path / "files", shared_url, [new])
        path = tmp_path / "files" / "clients" / "new" / "client.toml"
    before = rows(shared_url)
    told = answer(app, "--file", str(path))
    assert (told["client_id"], told["findings"]) == ("new", [])
    assert {state for _, state in steps(told)} == {"ok"}
    assert rows(shared_url) == before


def test_a_file_that_would_be_refused_is_told_the_member(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    path.write_text('client_id = "new"\nclient_name = "X"\nredirect_uris = ["https://a.example/cb#part"]\n')
    told = answer(app, "--file", str(path), status=1)
    assert [line["member"] for line in told["findings"]] == ["redirect_uris"]
    assert told["walk"] == []
    path.write_text('client_id = "new"\nredirect_uri = ["x"]\n')
    assert answer(app, "--file", str(path), status=1)["findings"][0]["state"] == "failed"


@pytest.mark.parametrize(("name", "content"), [("a.toml", "= 1"), ("a.json", "{"), ("b.json", "[]"), ("c.json", "x" * 70_000)])
def test_a_file_that_is_none_is_refused_in_one_sentence(name: str, content: str, app: Flask, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    result = run(app, "--file", str(tmp_path / name), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] in result.stderr


def test_usage_and_names_that_nobody_has(app: Flask, folder: Path) -> None:
    assert run(app).exit_code == 2
    assert run(app, "plain", "--file", str(folder / "idp.sqlite3")).exit_code == 2
    for arguments, sentence in ((("nobody",), "no such client"), (("plain", "--officer", "nobody"), "no officer")):
        result = run(app, *arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr


def test_the_copy_has_the_keys_that_its_discovery_speaks_of(url: str, people: FakeDirectory, tmp_path: Path) -> None:
    services = build_services(make_settings(tmp_path, url), directory=people)
    with services.rehearse({}) as (copy, _door):
        copy.encryption_keys.prove()
        assert sorted(key["kty"] for key in json.loads(copy.keys.published()[0])["keys"] if key["use"] == "enc") == ["EC", "RSA"]
