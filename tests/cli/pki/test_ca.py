"""The authority at the command line: founded, issuing, revoking; and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from flask import Flask

from idp.app import create_app
from idp.directory.officer import Post
from tests.fakes.directory import FakeDirectory, make_officer
from tests.pki.authority.house import request
from tests.whole import make_settings


class Desk:
    """A deployment whose commands are run."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        url = f"sqlite:///{shutil.copy(template, folder / 'idp.sqlite3')}"
        password = folder / "ldap.password"
        password.touch(mode=0o600)
        password.write_text("a-long-random-value")
        officer = make_officer("canbo", posts=(Post("H30.11", "000.00.11.H30", "Sở Y tế", "Trưởng phòng"),))
        self.app: Flask = create_app(make_settings(folder, url, ldap_bind_password_file=password), serve=False,
                                     directory=FakeDirectory([officer]))
        self.officer = officer

    def run(self, *arguments: str) -> Result:
        return self.app.test_cli_runner().invoke(args=["ca", *arguments])

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        return result.exit_code, json.loads(result.stdout)

    def csr(self, key: Any = None) -> str:
        path = self.folder / "request.der"
        path.write_bytes(request(key or ec.generate_private_key(ec.SECP256R1())))
        return str(path)


@pytest.fixture
def desk(tmp_path: Path, sqlite_template: Path) -> Desk:
    desk = Desk(tmp_path, sqlite_template)
    assert desk.app.test_cli_runner().invoke(args=["directory", "sync"]).exit_code == 0
    return desk


def test_the_root_key_leaves_and_everything_else_works_without_it(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "safe.pem"
    made = desk.run("init", "--root-key", str(root))
    assert made.exit_code == 0
    assert "Take it off this machine now" in made.stdout
    assert oct(root.stat().st_mode & 0o777) == "0o600"
    safe = root.read_bytes()
    root.unlink()
    status, issued = desk.json("issue", "--csr", desk.csr(), "--profile", "officer_signing", "--officer", "canbo")
    assert status == 0
    leaf = x509.load_pem_x509_certificate(issued["certificate"].encode())
    assert f"{leaf.serial_number:x}" == issued["serial"]
    assert "OU=Sở Y tế" in leaf.subject.rfc4514_string()
    chain = [x509.load_pem_x509_certificate(one.encode()) for one in issued["chain"]]
    leaf.verify_directly_issued_by(chain[0])
    chain[0].verify_directly_issued_by(chain[1])
    assert desk.json("show", issued["serial"])[1]["status"] == "good"
    assert desk.json("revoke", "--serial", issued["serial"].upper(), "--reason", "certificate_hold")[1]["status"] == "suspended"
    assert desk.json("restore", "--serial", issued["serial"])[1]["status"] == "good"
    assert desk.json("revoke", "--serial", issued["serial"], "--reason", "key_compromise")[1]["reason"] == "key_compromise"
    assert desk.json("revoke", "--serial", issued["serial"], "--reason", "superseded")[0] == 1
    assert [one["name"] for one in desk.json("show")[1]["authorities"]] == ["root", "pilot"]
    assert desk.run("init", "--root-key", str(root), "--name", "second").exit_code == 1
    root.write_bytes(safe)
    assert desk.run("init", "--root-key", str(root), "--name", "second").exit_code == 0


def test_lists_are_made_by_hand_and_the_roots_with_its_key_alone(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    desk.run("init", "--root-key", str(root))
    assert [one["authority"] for one in desk.json("crl")[1]["lists"]] == ["pilot"]
    assert [one["authority"] for one in desk.json("crl", "--root-key", str(root))[1]["lists"]] == ["root"]
    root.write_bytes(ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert desk.json("crl", "--root-key", str(root))[0] == 1


def test_the_key_is_kept_before_anything_is_made_with_it(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    assert desk.run("init", "--root-key", str(root), "--name", "Không được").exit_code == 1
    assert load_pem_private_key(root.read_bytes(), None)
    assert desk.json("init", "--root-key", str(tmp_path / "none" / "root.pem"))[0] == 1


def test_a_file_that_is_there_is_not_overwritten(desk: Desk, tmp_path: Path) -> None:
    there = tmp_path / "there.pem"
    there.write_text("something of somebody's")
    assert desk.json("init", "--root-key", str(there))[0] == 1
    assert there.read_text() == "something of somebody's"
    assert desk.json("show")[1]["authorities"] == []


@pytest.mark.parametrize(("arguments", "words"), [
    (("--profile", "officer_signing"), "--officer"), (("--profile", "officer_signing", "--officer", "khongco"),
                                                      "no active officer"),
    (("--profile", "tls_server"), "--host"), (("--profile", "agency_seal", "--officer", "canbo"), "--name"),
    (("--profile", "agency_seal", "--officer", "canbo", "--name", "Sở Y tế"), "mailbox")])
def test_what_it_does_not_issue(desk: Desk, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    desk.run("init", "--root-key", str(tmp_path / "root.pem"))
    status, answer = desk.json("issue", "--csr", desk.csr(), *arguments)
    assert (status, words in answer["error"]) == (1, True), answer


def test_a_weak_key_and_a_request_that_is_none(desk: Desk, tmp_path: Path) -> None:
    desk.run("init", "--root-key", str(tmp_path / "root.pem"))
    how = ("--profile", "tls_server", "--host", "a.haugiang.example")
    assert "weak" in desk.json("issue", "--csr", desk.csr(rsa.generate_private_key(3, 2048)), *how)[1]["error"]
    (tmp_path / "none.pem").write_text("nothing")
    assert "certificate request" in desk.json("issue", "--csr", str(tmp_path / "none.pem"), *how)[1]["error"]
    assert desk.json("issue", "--csr", desk.csr(), *how)[0] == 0


def test_before_there_is_an_authority_it_says_what_to_run(desk: Desk) -> None:
    status, answer = desk.json("issue", "--csr", desk.csr(), "--profile", "tls_client", "--host", "a.example")
    assert (status, answer["remedy"]) == (1, "Run: flask --app wsgi ca init")
    assert desk.json("show", "xyz")[0] == 1
