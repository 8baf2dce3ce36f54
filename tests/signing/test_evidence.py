"""The file that proves a signature, as OpenSSL verifies it by the commands that stand in it; and our word on certificates."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.audit import Caller
from idp.errors import UnavailableError
from idp.pki.authority.ports import Reason
from idp.signing.evidence import package
from idp.signing.signing import Order, Signing
from idp.signing.standing import OwnStandings
from idp.signing.transaction import State, Transaction
from tests.pki.authority.house import run
from tests.pki.timestamp.test_time_stamps import House as Authority

from .cards import Bound, Card, Carrier, Known

CALLER = Caller("192.0.2.7", "r-1")
HASH = hashlib.sha256(b"van ban").digest()


class PssCard(Card):
    """A card that signs with RSASSA-PSS."""

    def sign(self, digest: bytes) -> bytes:
        made: bytes = self.key.sign(digest, padding.PSS(padding.MGF1(SHA256()), 32), utils.Prehashed(SHA256()))
        return made


class House:
    """A province with an authority, and one officer with a card that it has certified."""

    def __init__(self, database: Database, folder: Path, kind: str = "p256") -> None:
        self.authority, self.carrier = Authority(database, folder), Carrier()
        self.clock, self.store = self.authority.clock, SqlTransactions(database)
        key: Any = ec.generate_private_key(ec.SECP256R1()) if kind == "p256" else rsa.generate_private_key(65537, 2048)
        self.card = (PssCard if kind == "pss" else Card)("84912000001", "8984012000000000001", key)
        self.issued = self.authority.issue(public_key=key.public_key())
        self.card.der = self.issued.record.der
        self.standings = OwnStandings(lambda asked: self.authority.ocsp.answer(asked).der, self.authority.store.authorities)
        self.signing = Signing(self.store, Bound({"sub-1": self.card}), self.standings, {"mang": self.carrier}, self.clock)

    def asked(self) -> Transaction:
        return self.signing.ask(Order(
            client_id="qlvb", idempotency_key="k-1", sub="sub-1", unit_code="H30.1", title="Giám đốc", digest_name="sha256",
            digest=HASH, document="12/CV-STTTT", subject="Công văn"), CALLER)

    def signed(self) -> Transaction:
        one = self.asked()
        self.carrier.signatures[one.transaction_id] = self.card.sign(HASH)
        self.clock.advance(10)
        self.signing.go_on(CALLER, most=10)
        found = self.store.find(one.transaction_id)
        assert found is not None
        return found

    def package(self, one: Transaction, *, stamped: bool = True) -> bytes:
        chain = self.authority.issuance.chain(self.authority.issuance.authority())
        return package(one, self.store.events(one.transaction_id), self.store.blob, chain,
                       (lambda asked: self.authority.stamps.answer(asked, CALLER)) if stamped else None)


@pytest.fixture
def make(database: Database, tmp_path: Path) -> Callable[..., House]:
    return lambda kind="p256": House(database, tmp_path / "authority", kind)


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        bundle.extractall(folder)
    return folder


def verdicts(folder: Path, at: int) -> dict[str, str]:
    """Do what README.txt says; by the verb of OpenSSL."""
    said = {}
    for line in (folder / "README.txt").read_text().splitlines():
        if line.startswith("openssl "):
            words = [str(folder / word) if (folder / word).is_file() else word for word in shlex.split(line)]
            if words[1] == "ts":
                words += ["-attime", str(at)]  # the tests' clock is not the machine's
            said[words[1]] = run(*words)
    return said


@pytest.mark.parametrize("kind", ["p256", "rsa", "pss"])
def test_openssl_verifies_it_by_the_commands_that_stand_in_it(make: Callable[..., House], kind: str, tmp_path: Path) -> None:
    house = make(kind)
    folder = unpacked(house.package(house.signed()), tmp_path / "evidence")
    said = verdicts(folder, house.clock.now())
    assert set(said) == {"pkeyutl", "verify", "ocsp", "ts"}
    assert said["pkeyutl"].startswith("0\n"), said
    assert said["verify"].startswith("0\n"), said
    assert "certificate.pem: good" in said["ocsp"]
    assert "Response verify OK" in said["ocsp"]
    assert "Verification: OK" in said["ts"]
    (folder / "digest.bin").write_bytes(hashlib.sha256(b"another").digest())
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes() + b" ")
    changed = verdicts(folder, house.clock.now())
    assert not changed["pkeyutl"].startswith("0\n")
    assert "FAILED" in changed["ts"]


def test_a_standing_that_was_told_later_is_found_too(make: Callable[..., House], monkeypatch: pytest.MonkeyPatch,
                                                    tmp_path: Path) -> None:
    house = make()

    def away(_certificate: bytes) -> Any:
        raise UnavailableError("away", dependency="authority")

    house.asked()
    with monkeypatch.context() as broken:
        broken.setattr(house.standings, "of", away)
        house.signed()
    house.clock.advance(10)
    house.signing.go_on(CALLER, most=10)
    (one,) = house.store.of_officer("sub-1", limit=2)
    said = verdicts(unpacked(house.package(one), tmp_path / "evidence"), house.clock.now())
    assert one.state.value == "ready"
    assert "certificate.pem: good" in said["ocsp"]


def test_the_manifest_names_everything_and_tells_the_course(make: Callable[..., House], tmp_path: Path) -> None:
    house = make()
    one = house.signed()
    content = house.package(one, stamped=False)
    assert content == house.package(one, stamped=False)
    folder = unpacked(content, tmp_path / "evidence")
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256, name
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {*manifest["files"], "manifest.json", "README.txt"}
    assert [event["state"] for event in manifest["course"]] == ["created", "sent", "ready"]
    assert manifest["transaction"]["digest"] == HASH.hex()
    assert manifest["transaction"]["code"] == one.code
    assert not {"signature", "next_try_at"} & set(manifest["transaction"])
    for event in manifest["course"]:
        assert {f"blobs/{sha256}" for sha256 in event["proofs"].values()} <= set(manifest["files"])


def test_also_of_what_failed(make: Callable[..., House], tmp_path: Path) -> None:
    house = make()
    one = house.asked()
    house.carrier.signatures[one.transaction_id] = b"\x01" * 64
    house.clock.advance(10)
    house.signing.go_on(CALLER, most=10)
    failed = house.store.find(one.transaction_id)
    assert failed is not None
    assert failed.state is State.FAILED
    folder = unpacked(house.package(failed), tmp_path / "evidence")
    assert not (folder / "signature.bin").exists()
    assert "no signature that holds" in (folder / "README.txt").read_text()
    assert (folder / "blobs" / hashlib.sha256(b"\x01" * 64).hexdigest()).exists()


def test_evidence_that_is_missing_or_changed_is_not_passed_over(make: Callable[..., House]) -> None:
    house = make()
    one = house.signed()
    events = house.store.events(one.transaction_id)
    for blob in (lambda sha256: None, lambda sha256: b"another"):
        with pytest.raises(RuntimeError, match="missing"):
            package(one, events, blob, [])


def test_without_a_time_stamp_there_is_no_file_that_says_it_has_one(make: Callable[..., House]) -> None:
    house = make()
    one = house.signed()
    house.authority.stamps = house.authority.another(offered=False)
    with pytest.raises(UnavailableError):
        package(one, house.store.events(one.transaction_id), house.store.blob, [],
                lambda asked: house.authority.stamps.answer(asked[:-1], CALLER))


def test_our_word_on_certificates(make: Callable[..., House]) -> None:
    house = make()
    assert house.standings.of(house.card.der).status == "good"
    house.authority.issuance.revoke(house.issued.record.serial, Reason.CERTIFICATE_HOLD, CALLER)
    assert house.standings.of(house.card.der).status == "revoked"
    assert house.standings.of(Card("1", "2").der).status == "unknown"
    assert house.standings.of(b"x").status == "unknown"
    assert Known().of(b"").status == "good"
    silent = OwnStandings(lambda asked: b"\x30\x03\x0a\x01\x06", house.authority.store.authorities)
    with pytest.raises(UnavailableError):
        silent.of(house.card.der)
