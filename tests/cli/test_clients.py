"""``flask clients ...``: registering applications by hand and from files."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.client_files import ClientFiles
from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.clients import SqlClientStore
from idp.adapters.sql.database import Database
from idp.cli import clients
from idp.oauth.client import ClientRegistry
from idp.oauth.clients.client_secret import ClientSecrets
from idp.oauth.clients.registrar import Registrar
from idp.oauth.clients.registration import RegistrationPolicy
from idp.oauth.clients.sectors import Sectors
from idp.oauth.ports import digest

from ..fakes.clock import FakeClock
from ..fakes.documents import FakeDocuments
from ..fakes.registrations import Office

METADATA = {"client_name": "Cổng thông tin", "redirect_uris": ["http://localhost:9000/cb"], "scope": "openid profile"}
TOML = """client_id = "qlvb"
client_name = "Quản lý văn bản"
redirect_uris = ["http://localhost:8001/oidc/callback"]
grant_types = ["authorization_code", "refresh_token"]

[province]
owner = "Văn phòng UBND tỉnh"
consent = "implied"
"""


@pytest.fixture
def services(database: Database, tmp_path: Path) -> SimpleNamespace:
    keys, clock, store = KeyFolder(tmp_path / "keys"), FakeClock(), SqlClientStore(database)
    keys.make()
    registry = ClientRegistry(store, clock)
    registrar = Registrar(store, registry, keys.client_secrets(), clock, RegistrationPolicy(development=True),
                          Sectors(FakeDocuments().document), ClientSecrets(keys.sealer()))
    return SimpleNamespace(clients=registry, registrar=registrar, read_client_files=ClientFiles().read, keys_dir=keys.folder)


def run(services: Any, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(clients.commands(lambda: services))
    return app.test_cli_runner().invoke(args=["clients", *arguments])


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(result: Result) -> str:
    assert result.exit_code == 1
    if result.stdout:
        assert json.loads(result.stdout)["error"] in result.stderr
    return result.stderr


def metadata(folder: Path, content: object = METADATA) -> str:
    path = folder / "client.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "clients" / "qlvb").mkdir(parents=True)
    (tmp_path / "clients" / "qlvb" / "client.toml").write_text(TOML, encoding="utf-8")
    return tmp_path / "clients"


def test_interface_s3_create_prints_the_registration_response_with_the_secret_once(services: Any, tmp_path: Path) -> None:
    made = answer(run(services, "create", "--file", metadata(tmp_path), "--json"))
    assert made["client_secret_expires_at"] == 0
    assert made["redirect_uris"] == METADATA["redirect_uris"]
    client = services.clients.find(made["client_id"])
    assert client.check_client_secret(made["client_secret"])
    for result in (run(services, "show", made["client_id"], "--json"), run(services, "show", made["client_id"]),
                   run(services, "list", "--json")):
        assert result.exit_code == 0
        assert made["client_secret"] not in result.output


def test_create_for_people_shows_identifier_and_secret(services: Any, tmp_path: Path) -> None:
    result = run(services, "create", "--file", metadata(tmp_path))
    assert result.exit_code == 0
    assert "client_secret  " in result.output
    public = run(services, "create", "--file", metadata(tmp_path, {**METADATA, "token_endpoint_auth_method": "none"}))
    assert "client_secret" not in public.output


def test_an_operator_may_give_the_table_province(services: Any, tmp_path: Path) -> None:
    made = answer(run(services, "create", "--file", metadata(tmp_path, {**METADATA, "province": {"consent": "implied"}}),
    "--json"))
    assert services.clients.find(made["client_id"]).consent == "implied"
    assert "province" not in made


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "is not JSON"), (b"[]", "is not a JSON object"), (b"\xff", "is not JSON"), (b"{" * 5000, "is not JSON"), (b"1",
    "JSON object"),
    (b"[" * 20000, "is not JSON"), (b" " * 70000, "larger than"), (json.dumps({**METADATA,
    "grant_types": ["password"]}).encode(), "grant_types"),
    (json.dumps({**METADATA, "redirect_uris": ["http://a.example/"]}).encode(), "redirect_uris"),
])
def test_a_bad_registration_is_exit_status_1_with_a_sentence(services: Any, tmp_path: Path, content: bytes,
sentence: str) -> None:
    assert sentence in refusal(run(services, "create", "--file", metadata(tmp_path, content), "--json"))
    assert services.clients.all() == ()


def test_bad_usage_is_exit_status_2(services: Any, tmp_path: Path) -> None:
    for arguments in (["create"], ["create", "--file", str(tmp_path / "none")], ["apply"], ["apply", str(tmp_path / "none")],
    ["show"],
                      ["rotate-secret"], ["registration-access-token"], ["disable"], ["list", "extra"], ["unknown"]):
        assert run(services, *arguments).exit_code == 2


def test_apply_enters_the_files_and_makes_the_secrets(services: Any, files: Path) -> None:
    done = answer(run(services, "apply", str(files), "--json"))
    assert done == {"created": ["qlvb"], "changed": [], "unchanged": [], "not_in_files": [], "warnings": []}
    secret = (services.keys_dir / "clients" / "qlvb.secret").read_text().strip()
    assert services.clients.find("qlvb").check_client_secret(secret)
    assert answer(run(services, "apply", str(files), "--json"))["unchanged"] == ["qlvb"]
    assert run(services, "apply", str(files)).output == "unchanged: qlvb\n"


def test_apply_tells_the_file_and_the_member_that_is_wrong(services: Any, files: Path) -> None:
    path = files / "qlvb" / "client.toml"
    path.write_text(TOML + 'profile = "fapi2"\n', encoding="utf-8")
    sentence = refusal(run(services, "apply", str(files)))
    assert str(path) in sentence
    assert "token_endpoint_auth_method: the profile fapi2 needs private_key_jwt" in sentence
    assert "docs/clients.md" in sentence


def test_apply_tells_of_a_lost_secret_file(services: Any, files: Path) -> None:
    run(services, "apply", str(files))
    (services.keys_dir / "clients" / "qlvb.secret").unlink()
    result = run(services, "apply", str(files), "--json")
    assert "missing here" in answer(result)["warnings"][0]
    assert "rotate-secret qlvb" in result.stderr


def test_list_and_show(services: Any, files: Path) -> None:
    run(services, "apply", str(files))
    assert answer(run(services, "list", "--json")) == {"clients": [{
        "client_id": "qlvb", "client_name": "Quản lý văn bản", "owner": "Văn phòng UBND tỉnh", "source": "file",
        "disabled": False}]}
    assert "Quản lý văn bản" in run(services, "list").output
    shown = answer(run(services, "show", "qlvb", "--json"))
    assert (shown["source"], shown["disabled"], shown["province"]["consent"]) == ("file", False, "implied")
    assert not [name for name in shown if "secret" in name]
    text = run(services, "show", "qlvb").output
    assert "http://localhost:8001/oidc/callback" in text
    assert "implied" in text


def test_rotate_secret_shows_the_new_secret_once(services: Any, files: Path) -> None:
    run(services, "apply", str(files))
    path = services.keys_dir / "clients" / "qlvb.secret"
    old = path.read_text().strip()
    rotated = answer(run(services, "rotate-secret", "qlvb", "--json"))
    client = services.clients.find("qlvb")
    assert client.check_client_secret(rotated["client_secret"])
    assert not client.check_client_secret(old)
    assert path.read_text().strip() == rotated["client_secret"]
    assert "client_secret  " in run(services, "rotate-secret", "qlvb").output


def test_registration_access_token_is_for_applications_that_registered_themselves(services: Any) -> None:
    office = Office()
    services.client_configuration = office.configuration
    told = office.register()
    given = answer(run(services, "registration-access-token", told["client_id"], "--json"))
    assert given == {"client_id": told["client_id"], "registration_client_uri": told["registration_client_uri"],
                     "registration_access_token": given["registration_access_token"]}
    assert office.store.digests[told["client_id"]] == digest(given["registration_access_token"])
    assert "registration_access_token  " in run(services, "registration-access-token", told["client_id"]).output
    assert "no application that registered itself" in refusal(run(services, "registration-access-token", "unknown", "--json"))


def test_disable_and_enable(services: Any, files: Path) -> None:
    run(services, "apply", str(files))
    assert answer(run(services, "disable", "qlvb", "--json")) == {"client_id": "qlvb", "disabled": True, "changed": True}
    assert services.clients.find("qlvb") is None
    assert answer(run(services, "disable", "qlvb", "--json"))["changed"] is False
    assert run(services, "enable", "qlvb").output == "qlvb is open.\n"
    assert services.clients.find("qlvb")


def test_unknown_clients_are_exit_status_1(services: Any) -> None:
    for verb in ("show", "rotate-secret", "disable", "enable"):
        assert "no such client" in refusal(run(services, verb, "unknown", "--json"))
