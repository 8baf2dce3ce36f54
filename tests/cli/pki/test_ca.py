"""The authority at the command line: founded, issuing, revoking; and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from flask import Flask

from deploy import ceremony
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
    later = desk.json("issue", "--csr", desk.csr(), "--profile", "officer_signing", "--officer", "canbo")[1]["serial"]
    assert desk.json("show", issued["serial"])[1]["successors"] == [later]
    assert f"Issued later for the same subject, and not revoked: {later}" in desk.run("show", issued["serial"]).output
    assert desk.json("revoke", "--serial", later, "--reason", "superseded")[1]["successors"] == []
    assert desk.json("enrollment-password", "--profile", "tls_client", "--host", "a.example", "--name", "\u200b")[0] == 1
    assert desk.json("enrollment-password", "--profile", "officer_authentication", "--officer", "canbo")[0] == 0
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


def test_a_key_with_its_certificate_goes_into_a_new_file_and_its_password_is_said_once(desk: Desk, tmp_path: Path) -> None:
    desk.run("init", "--root-key", str(tmp_path / "root.pem"))
    out = tmp_path / "canbo.p12"
    status, told = desk.json("issue-p12", "--officer", "canbo", "--out", str(out))
    assert status == 0
    assert oct(out.stat().st_mode & 0o777) == "0o600"
    key, certificate, chain = load_key_and_certificates(out.read_bytes(), told["password"].encode())
    assert key is not None
    assert certificate is not None
    assert (f"{certificate.serial_number:x}", len(chain)) == (told["serial"], 2)
    before = out.read_bytes()
    assert desk.json("issue-p12", "--officer", "canbo", "--out", str(out))[0] == 1
    assert out.read_bytes() == before
    assert desk.json("issue-p12", "--officer", "khongco", "--out", str(tmp_path / "x.p12"))[0] == 1
    assert not (tmp_path / "x.p12").exists()
    assert "shown once" in desk.run("issue-p12", "--officer", "canbo", "--out", str(tmp_path / "y.p12")).stdout


def test_the_signer_of_time_stamps_is_made_on_demand(desk: Desk, tmp_path: Path) -> None:
    assert desk.json("time-stamp-signer")[0] == 1
    desk.run("init", "--root-key", str(tmp_path / "root.pem"))
    first, second = desk.json("time-stamp-signer"), desk.json("time-stamp-signer")
    assert (first[0], second[0]) == (0, 0)
    assert first[1]["serial"] != second[1]["serial"]
    purposes = x509.load_pem_x509_certificate(second[1]["certificate"].encode()).extensions.get_extension_for_class(
        x509.ExtendedKeyUsage)
    assert (purposes.critical, list(purposes.value)) == (True, [x509.ExtendedKeyUsageOID.TIME_STAMPING])
    assert "IDP_TSA_ACCESS" in desk.run("time-stamp-signer").stderr


def test_the_key_is_kept_before_anything_is_made_with_it(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    assert desk.run("init", "--root-key", str(root), "--name", "Không được").exit_code == 1
    assert load_pem_private_key(root.read_bytes(), None)
    assert desk.json("init", "--root-key", str(tmp_path / "none" / "root.pem"))[0] == 1


def test_where_nothing_can_be_written_nothing_is_made(desk: Desk, tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "file", tmp_path / ("x" * 300)):  # the second cannot even be looked at
        for verb in (("request", "--out"), ("init", "--root-key")):
            assert "cannot be written" in desk.run(*verb, str(place)).stderr, verb
    assert desk.json("request", "--out", str(tmp_path / "request.json"))[0] == 0  # no key of that name was left
    assert desk.run("request", "--out", str(tmp_path / "again.json")).exit_code == 1
    assert not (tmp_path / "again.json").exists()


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


def test_a_ceremony_on_a_machine_of_its_own(desk: Desk, tmp_path: Path) -> None:
    """The one file of the ceremony runs by itself, in a folder with nothing else of ours, and without our environment."""
    away = tmp_path / "away"
    away.mkdir()
    shutil.copy(Path(ceremony.__file__), away / "ceremony.py")
    (away / "passphrase").write_text("bốn từ không ai đoán được")

    def offline(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-I", "ceremony.py", *arguments, "--passphrase-file", "passphrase"], cwd=away,
                              env={}, capture_output=True, text=True, encoding="utf-8", check=False)

    code, asked = desk.json("request", "--out", str(away / "pilot.json"))
    assert (code, asked["name"]) == (0, "pilot")
    assert asked["sha256"] == hashlib.sha256((away / "pilot.json").read_bytes()).hexdigest()
    assert desk.run("request", "--out", str(away / "pilot.json")).exit_code == 1
    assert desk.run("request", "--out", str(away / "other.json")).exit_code == 1  # its key is there already
    done = offline("issue", "pilot.json", "out")
    assert done.returncode == 0, done.stderr
    assert "BIÊN BẢN" in done.stdout
    protocol = "".join((away / "out" / "protocol.txt").read_text().split())
    assert asked["sha256"] in protocol
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (away / "out").iterdir()} == dict.fromkeys(
        ("root.key", "root.crt", "pilot.crt", "root.crl", "result.json", "protocol.txt"), "0o600")
    with pytest.raises(TypeError):
        load_pem_private_key((away / "out" / "root.key").read_bytes(), None)

    assert desk.run("init", "--ceremony", str(away / "pilot.json")).exit_code == 1
    assert desk.run("init", "--ceremony", str(away / "pilot.json"), "--root-key", "x").exit_code == 2
    assert desk.run("crl", "--root-list", str(away / "out" / "root.crl")).exit_code == 1
    code, made = desk.json("init", "--ceremony", str(away / "out" / "result.json"))
    assert (code, made["name"], made["root_key"]) == (0, "pilot", None)
    assert all(digest in protocol for digest in made["sha256"].values())
    code, issued = desk.json("issue", "--csr", desk.csr(), "--profile", "officer_signing", "--officer", "canbo")
    assert code == 0
    for name, content in (("leaf", issued["certificate"]), ("chain", "".join(issued["chain"][:1])), ("root", made["root"])):
        (away / f"{name}.pem").write_text(content)
    verified = subprocess.run(["openssl", "verify", "-x509_strict", "-policy_check", "-CAfile", "root.pem", "-untrusted",
                               "chain.pem", "leaf.pem"], cwd=away, capture_output=True, text=True, check=False)
    assert verified.stdout == "leaf.pem: OK\n"

    again = ("--root-key", "out/root.key", "--root", "out/root.crt")
    assert offline("crl", "next", *again, "--previous", "out/root.crl", "--revoke", "out/pilot.crt").returncode == 0
    shown = subprocess.run(["openssl", "crl", "-in", "next/root.crl", "-CAfile", "out/root.crt", "-noout", "-text"], cwd=away,
                           capture_output=True, text=True, check=False)
    assert "verify OK" in shown.stderr
    assert "Cessation Of Operation" in shown.stdout
    assert desk.run("crl", "--root-list", str(away / "next" / "root.crl")).exit_code == 0
    refused = desk.run("crl", "--root-list", str(away / "out" / "root.crl"))
    assert (refused.exit_code, "newer list" in refused.output) == (1, True)
    assert desk.run("crl", "--root-list", str(away / "pilot.json")).exit_code == 1
    assert desk.run("crl", "--root-list", "x", "--root-key", "x").exit_code == 2


@pytest.fixture
def umask_given_back() -> Iterator[None]:
    """Give this process its umask back: the ceremony's is for a machine of its own, and servers of later tests read files."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["issue", "request", "here"], "is there already"), (["issue", "none", "out"], "not a request"),
    (["issue", "passphrase", "out"], "not a request"), (["issue", "request", "out", "--root-key", "x"], "belong together"),
    (["crl", "out", "--root-key", "here/key", "--root", "passphrase"], "cannot be read"),
    (["crl", "out", "--root-key", "passphrase", "--root", "root"], "is the passphrase right"),
    (["crl", "out", "--root-key", "key", "--root", "other"], "is not the key of"),
    (["crl", "out", "--root-key", "key", "--root", "root", "--revoke", "other"], "was not issued by this root"),
    (["crl", "out", "--root-key", "key", "--root", "root", "--previous", "foreign"], "is not a list of this root"),
    (["issue", "short", "out"], "fewer than"), (["issue", "weak", "out"], "does not fit"),
    (["issue", "named", "out"], "does not fit")])
@pytest.mark.usefixtures("umask_given_back")
def test_what_stops_a_ceremony_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                                              sentence: str) -> None:
    monkeypatch.chdir(tmp_path)
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(2)]
    now = ceremony._now()
    roots = [ceremony._root("Tỉnh", key, now) for key in keys]
    (tmp_path / "here").mkdir()
    phrase = "a long enough passphrase"
    for name, one in zip(("root", "other"), roots, strict=True):
        (tmp_path / name).write_bytes(one.public_bytes(Encoding.PEM))
    sealed = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase.encode()))
    (tmp_path / "key").write_bytes(sealed)
    (tmp_path / "foreign").write_bytes(ceremony._list(roots[1], keys[1], [], now, 0).public_bytes(Encoding.PEM))
    (tmp_path / "passphrase").write_text("short" if "short" in arguments else phrase)

    def asked(key: Any, **more: str) -> str:
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA384()).public_bytes(Encoding.PEM)
        return json.dumps({"name": "pilot", "organization": "Tỉnh", "origin": "http://pki.example", "csr": csr.decode(), **more})

    (tmp_path / "request").write_text(asked(keys[0]))
    (tmp_path / "short").write_text(asked(keys[0]))
    (tmp_path / "weak").write_text(asked(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "named").write_text(asked(keys[0], name="root"))
    with pytest.raises(SystemExit, match=sentence):
        ceremony.main([*arguments, "--passphrase-file", "passphrase"])
    assert not (tmp_path / "out").exists()


def test_interface_s5_init_needs_no_argument_and_the_key_is_to_be_taken_away(desk: Desk) -> None:
    code, made = desk.json("init")
    assert code == 0
    key = Path(made["root_key"])
    assert (key.name, oct(key.stat().st_mode & 0o777)) == ("root.pem", "0o600")
    assert "still on this machine" in desk.app.test_cli_runner().invoke(args=["doctor"]).output
    assert desk.json("init", "--name", "second")[0] == 0
    key.rename(desk.folder / "safe.pem")
    assert desk.run("init", "--name", "third").exit_code == 1
    assert "still on this machine" not in desk.app.test_cli_runner().invoke(args=["doctor"]).output
    assert desk.run("init", "--name", "third", "--root-key", str(desk.folder / "safe.pem")).exit_code == 0
