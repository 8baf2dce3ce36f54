"""The composition root: what refuses to start, and what a start does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.adapters.sql.sessions import SqlSessions
from idp.app import ROOT, create_app
from idp.errors import ConfigurationError, UnavailableError

from .fakes.directory import FakeDirectory
from .lazy_stores import at_once
from .whole import CLIENT, make_app, make_settings, secret_of


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    return f"sqlite:///{tmp_path / 'idp.sqlite3'}"


@pytest.mark.parametrize(("setting", "value"), [
    ("require_second_factor_units", ("H30.3", "Sở Tài chính")), ("require_second_factor_units", ("000.00.03.H30",)),
    ("require_second_factor_networks", ("tinh", "tinhh")), ("require_second_factor_networks", ("outsid",)),
    ("networks", ("outside=10.0.0.0/8",))])
def test_a_rule_for_an_agency_or_a_network_that_there_cannot_be_refuses_to_start(
        url: str, tmp_path: Path, setting: str, value: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=f"IDP_{setting.upper()}") as caught:
        make_app(tmp_path, url, **{"networks": ("tinh=10.0.0.0/8",), setting: value})
    assert "separated by spaces" in caught.value.remedy


def test_a_start_plans_every_statement_of_every_store_so_that_a_mistake_shows_there(database_url: str, tmp_path: Path) -> None:
    with at_once() as number:
        assert number > 60
        app = make_app(tmp_path, database_url)
        assert "_not_made" not in vars(SqlSessions(Database(database_url)))
    assert app.test_client().get("/healthz", headers={"Host": "localhost:8000"}).status_code == 200
    assert "_not_made" in vars(SqlSessions(Database(database_url)))


def test_missing_migrations_refuse_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="migrations") as caught:
        make_app(tmp_path, f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert "db upgrade" in caught.value.remedy


def test_a_database_behind_the_code_refuses_to_start(own_database_url: str, tmp_path: Path) -> None:
    schema.downgrade(own_database_url, "base")
    with pytest.raises(ConfigurationError, match="migrations"):
        make_app(tmp_path, own_database_url)


def test_a_database_that_a_later_release_has_migrated_is_accepted(own_database_url: str, tmp_path: Path) -> None:
    """A node that is not upgraded yet, and a roll-back: docs/operations/deploy.md, Upgrade."""
    engine = create_engine(own_database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit ADD COLUMN of_a_later_release VARCHAR(10)"))
        connection.execute(text("CREATE TABLE of_a_later_release (id INTEGER)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_a_later_release'"))
    engine.dispose()
    client = make_app(tmp_path, own_database_url).test_client()
    answer = client.post("/token", data={"grant_type": "client_credentials"}, auth=("qlvb", secret_of(tmp_path, "qlvb")),
                         headers={"Host": "localhost:8000"})
    assert answer.status_code == 200, answer.text


def test_missing_keys_refuse_to_start(url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, url)
    shutil.rmtree(settings.keys_dir)
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        create_app(settings, directory=FakeDirectory())
    assert "keys init" in caught.value.remedy


def test_keys_that_others_can_read_refuse_to_start(url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, url)
    (settings.keys_dir / "key-encryption.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="others"):
        create_app(settings, directory=FakeDirectory())


def test_a_missing_password_of_the_service_account_refuses_to_start(url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, url, ldap_bind_password_file=tmp_path / "ldap.password")
    with pytest.raises(ConfigurationError, match=r"ldap\.password cannot be read") as caught:
        create_app(settings)
    assert "service account" in caught.value.remedy


def test_a_password_of_the_service_account_that_others_can_read_refuses_to_start(url: str, tmp_path: Path) -> None:
    password = tmp_path / "ldap.password"
    password.write_text("x" * 20)
    password.chmod(0o644)
    settings = make_settings(tmp_path, url, ldap_bind_password_file=password)
    with pytest.raises(ConfigurationError, match=r"ldap\.password can be used by others") as caught:
        create_app(settings)
    assert f"chmod 600 {password}" in caught.value.remedy
    password.chmod(0o600)
    create_app(settings)


@pytest.mark.parametrize("name", ["session.key", "clients/qlvb.secret", "metrics.token"])
def test_any_secret_that_others_can_read_refuses_to_start(name: str, url: str, tmp_path: Path) -> None:
    token = tmp_path / "keys" / "metrics.token"
    token.parent.mkdir(mode=0o700)
    token.write_text("y" * 20)
    token.chmod(0o600)
    make_app(tmp_path, url, metrics_token_file=token)
    (tmp_path / "keys" / name).chmod(0o640)
    make_app(tmp_path, url, metrics_token_file=token)
    (tmp_path / "keys" / name).chmod(0o644)
    with pytest.raises(ConfigurationError, match="others"):
        make_app(tmp_path, url, metrics_token_file=token)


def test_interface_s3_doctor_opens_every_secret_file_of_the_deployment(url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, url, ldap_bind_password_file=tmp_path / "ldap.password",
                             metrics_token_file=tmp_path / "metrics.token")
    KeyFolder(settings.keys_dir).client_secrets().make("qlvb.secret", "a-long-random-value")
    for name in ("session.key", "clients/qlvb.secret"):
        (settings.keys_dir / name).chmod(0o644)
    runner = create_app(settings, serve=False, directory=FakeDirectory()).test_cli_runner()
    findings = json.loads(runner.invoke(args=["doctor", "--json"]).stdout)["findings"]
    bad = "\n".join(line["found"] for line in findings if line["state"] == "failed" and line["check"] == "keys")
    for name in ("session.key can be used", "qlvb.secret can be used", "ldap.password cannot", "metrics.token cannot"):
        assert name in bad
    assert any(line["found"].startswith("2 secret files are there") for line in findings)


def test_fault_27_another_key_encryption_key_refuses_to_start_and_says_why(url: str, tmp_path: Path) -> None:
    make_app(tmp_path, url)
    (tmp_path / "keys" / "key-encryption.key").unlink()
    KeyFolder(tmp_path / "keys").make()
    with pytest.raises(ConfigurationError, match=r"(?i)sealed under another key"):
        make_app(tmp_path, url)


def test_a_database_that_does_not_answer_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        make_app(tmp_path, "postgresql+psycopg://idp@127.0.0.1:1/idp")


def test_a_proxy_that_is_no_address_refuses_to_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="IDP_TRUSTED_PROXIES"):
        make_app(tmp_path, url, trusted_proxies=("nginx",))


def test_a_wrong_registration_refuses_to_start_and_names_the_member(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="redirect_uri"):
        make_app(tmp_path, url, clients=[{**CLIENT, "redirect_uri": ["http://localhost/cb"]}])


def test_a_start_makes_keys_and_client_secrets_once(url: str, tmp_path: Path) -> None:
    first = make_app(tmp_path, url).test_client().get("/jwks", headers={"Host": "localhost:8000"}).json
    secret = secret_of(tmp_path, "qlvb")
    assert make_app(tmp_path, url).test_client().get("/jwks", headers={"Host": "localhost:8000"}).json == first
    assert secret_of(tmp_path, "qlvb") == secret
    assert {key["alg"] for key in first["keys"] if key["use"] == "sig"} == {"ES256", "RS256", "PS256", "EdDSA"}
    assert sorted(key["kty"] for key in first["keys"] if key["use"] == "enc") == ["EC", "RSA"]


def test_line_01_discovery_lists_every_mounted_protocol_address(url: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, url)
    client = app.test_client()
    document = client.get("/.well-known/openid-configuration", headers={"Host": "localhost:8000"}).json
    # No carrier is named here, so that nobody signs; scopes that files alone give are told of nowhere.
    assert {"service", "credential", "admin", "admin:read", "est"}.isdisjoint(document["scopes_supported"])
    addresses = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) >= 7
    for address in addresses:
        path = address.removeprefix("http://localhost:8000")
        assert client.get(path, headers={"Host": "localhost:8000"}).status_code != 404, path


def test_line_02_no_request_header_changes_an_address_that_is_emitted(url: str, tmp_path: Path) -> None:
    client = make_app(tmp_path, url).test_client()
    evil = {"Host": "localhost:8000", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
            "Forwarded": "host=evil.example"}
    for path in ("/.well-known/openid-configuration", "/", "/authorize?client_id=qlvb"):
        answer = client.get(path, headers=evil)
        assert "evil.example" not in answer.text + json.dumps(dict(answer.headers))
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_what_a_start_made_is_not_looked_through_for_garbage(url: str, tmp_path: Path) -> None:
    """A full collection of it stops every thread for 100 ms and more."""
    settings = make_settings(tmp_path, url)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "FLASK"))} | {
        "IDP_CONFIG": str(tmp_path / "nothing.toml"), "IDP_ENV": "development", "IDP_ISSUER": settings.issuer,
        "IDP_DATABASE_URL": url, "IDP_KEYS_DIR": str(settings.keys_dir), "IDP_CLIENTS_DIR": str(settings.clients_dir),
        "IDP_LDAP_BIND_PASSWORD_FILE": str(settings.keys_dir / "ldap-bind.password")}
    (tmp_path / "nothing.toml").touch()
    (settings.keys_dir / "ldap-bind.password").write_text("k3rW-9vQz-Lm2x-Tt70")
    (settings.keys_dir / "ldap-bind.password").chmod(0o600)
    told = "import gc, json, wsgi; print(json.dumps([gc.isenabled(), len(gc.get_objects()), gc.get_freeze_count()]))"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=environment, check=False, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    enabled, looked_through, left_alone = json.loads(done.stdout.splitlines()[-1])
    assert enabled
    assert looked_through < 1_000 < 100_000 < left_alone
