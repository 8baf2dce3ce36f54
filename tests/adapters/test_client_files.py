"""Registration files on the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from idp.adapters.client_files import ClientFiles, read_software_issuers
from idp.errors import ConfigurationError
from idp.oauth.clients.registration import RegistrationPolicy, parse

from ..fakes.client_keys import jwks_of, pair


def put(folder: Path, name: str, content: str | bytes) -> Path:
    (folder / name).mkdir()
    path = folder / name / "client.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_files_are_read_in_order_and_other_folders_passed_over(tmp_path: Path) -> None:
    second = put(tmp_path, "qlvb", 'client_id = "qlvb"\nclient_name = "Quản lý văn bản"\n[province]\nconsent = "implied"\n')
    first = put(tmp_path, "cong", 'client_id = "cong"\n')
    put(tmp_path, ".hidden", "not toml")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "README.md").write_text("x")
    files = ClientFiles().read(tmp_path)
    assert [file.name for file in files] == [str(first), str(second)]
    assert files[1].metadata == {"client_id": "qlvb", "client_name": "Quản lý văn bản", "province": {"consent": "implied"}}


def test_a_folder_without_files_gives_none(tmp_path: Path) -> None:
    assert ClientFiles().read(tmp_path) == ()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        ClientFiles().read(tmp_path / "clients")
    assert "IDP_CLIENTS_DIR" in caught.value.remedy


@pytest.mark.parametrize("content", [b"x", b"a = 1\na = 2\n", b"[province]\n[province]\n", b'a = "\xff"', b"a = ", b"\x00"])
def test_what_is_no_toml_is_told_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, "qlvb", content)
    with pytest.raises(ConfigurationError, match="is not valid TOML") as caught:
        ClientFiles().read(tmp_path)
    assert str(path) in caught.value.message


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    put(tmp_path, "qlvb", "#" * (64 * 1024 + 1))
    with pytest.raises(ConfigurationError, match="longer than"):
        ClientFiles().read(tmp_path)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "qlvb" / "client.toml").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ClientFiles().read(tmp_path)


def test_the_registration_files_of_this_repository_are_accepted_in_development() -> None:
    files = ClientFiles().read(Path(__file__).parents[2] / "clients")
    assert {file.metadata["client_id"] for file in files} >= {"qlvb", "cong-thong-tin"}
    for file in files:
        members = {name: value for name, value in file.metadata.items() if name != "client_id"}
        parse(members, RegistrationPolicy(development=True), client_id=file.metadata["client_id"], source="file")


def test_who_may_vouch_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "issuers.json"
    path.write_text(json.dumps({"https://issuer.example": json.loads(jwks_of(pair("ES256")))}), encoding="utf-8")
    found = read_software_issuers(path)
    assert [key.kid for key in found["https://issuer.example"]] == ["ES256-0"]
    assert read_software_issuers(None) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"https://issuer.example":[]}', b"\xff", b"[" * 60_000,
                                     b'{"https://issuer.example":{"keys":[{"kty":"oct","k":"AAAA"}]}}'])
def test_a_file_that_does_not_say_who_may_vouch_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "issuers.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="vouch"):
        read_software_issuers(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_software_issuers(tmp_path / "none.json")
