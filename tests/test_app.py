"""The composition root: what refuses to start, and what a start does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql import schema
from idp.app import create_app
from idp.errors import ConfigurationError, UnavailableError

from .fakes.directory import FakeDirectory
from .whole import CLIENT, make_app, make_settings, secret_of


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    return f"sqlite:///{tmp_path / 'idp.sqlite3'}"


def test_missing_migrations_refuse_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="migrations") as caught:
        make_app(tmp_path, f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert "db upgrade" in caught.value.remedy


def test_a_database_behind_the_code_refuses_to_start(database_url: str, tmp_path: Path) -> None:
    schema.downgrade(database_url, "base")
    with pytest.raises(ConfigurationError, match="migrations"):
        make_app(tmp_path, database_url)


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
    assert {key["alg"] for key in first["keys"]} == {"ES256", "RS256", "PS256", "EdDSA"}


def test_line_01_discovery_lists_every_mounted_protocol_address(url: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, url)
    client = app.test_client()
    document = client.get("/.well-known/openid-configuration", headers={"Host": "localhost:8000"}).json
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
