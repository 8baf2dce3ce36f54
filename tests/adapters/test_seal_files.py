"""Seal key and remembered heads in files."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.adapters.seal_files import RETIRED, Es256SealSigner, FileSealHeads
from idp.audit.chain import KnownHead, SealHeads
from idp.audit.seal import SealHead
from idp.errors import ConfigurationError, UnavailableError
from tests.fakes.seals import MemorySealHeads


def retire(folder: Path, public: Any, name: str = "2026-11.pem") -> None:
    (folder / RETIRED).mkdir(exist_ok=True)
    (folder / RETIRED / name).write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_rfc7518_s3_4_a_signature_is_64_bytes_and_fits_its_message_only(tmp_path: Path) -> None:
    signer = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    for _ in range(20):
        signature = signer.sign(b"hash")
        assert len(signature) == 64
        assert signer.verify(signer.key_id, b"hash", signature)
    assert not signer.verify(signer.key_id, b"hasH", signature)
    assert not signer.verify("other", b"hash", signature)
    for wrong in (b"", b"x" * 64, b"\0" * 64, signature + b"x", signature[:63]):
        assert not signer.verify(signer.key_id, b"hash", wrong)
    assert len(signer.key_id) <= 64


def test_seals_of_a_retired_key_still_verify(tmp_path: Path) -> None:
    old = ec.generate_private_key(ec.SECP256R1())
    before = Es256SealSigner(old, tmp_path)
    signature = before.sign(b"hash")
    after = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    assert not after.verify(before.key_id, b"hash", signature)
    retire(tmp_path, old.public_key())
    after = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    assert after.verify(before.key_id, b"hash", signature)


def test_documents_are_signed_as_others_check_them_and_outlive_the_key(tmp_path: Path) -> None:
    old = ec.generate_private_key(ec.SECP256R1())
    before = Es256SealSigner(old, tmp_path)
    signature = before.sign_der(b"manifest")
    assert before.verify_der(before.key_id, b"manifest", signature)
    assert not before.verify_der(before.key_id, b"manifesT", signature)
    after = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    assert not after.verify_der(before.key_id, b"manifest", signature)
    assert not after.signed(b"manifest", signature)
    retire(tmp_path, old.public_key())
    after = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    assert after.verify_der(before.key_id, b"manifest", signature)
    assert not after.verify_der(after.key_id, b"manifest", signature)
    assert after.signed(b"manifest", signature)
    for wrong in (b"", b"x" * 70, signature + b"x", signature[:-1]):
        assert not after.signed(b"manifest", wrong)


def test_a_retired_key_that_cannot_be_read_refuses_to_start(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    retire(tmp_path, rsa.generate_private_key(65537, 2048).public_key())
    with pytest.raises(ConfigurationError, match="P-256"):
        Es256SealSigner(key, tmp_path)
    (tmp_path / RETIRED / "2026-11.pem").write_text("nonsense")
    with pytest.raises(ConfigurationError, match="not a public key"):
        Es256SealSigner(key, tmp_path)


@pytest.fixture(params=["memory", "file"])
def heads(request: pytest.FixtureRequest, tmp_path: Path) -> SealHeads:
    return MemorySealHeads() if request.param == "memory" else FileSealHeads(tmp_path / "heads.json")


def head(chain: int, number: int) -> KnownHead:
    return KnownHead(chain, SealHead(number, bytes([chain]) * 31 + bytes([number])))


def test_the_newest_seal_of_the_chain_of_today_is_known(heads: SealHeads) -> None:
    assert heads.newest() is None
    heads.keep(head(1, 5))
    heads.keep(head(1, 6))
    assert heads.newest() == head(1, 6)


def test_a_seal_before_the_newest_is_not_kept(heads: SealHeads) -> None:
    heads.keep(head(1, 6))
    heads.keep(head(1, 5))
    assert heads.newest() == head(1, 6)


def test_another_chain_is_accepted_and_never_only_kept(heads: SealHeads) -> None:
    heads.keep(head(1, 5))
    heads.keep(head(2, 9))
    assert heads.newest() == head(1, 5)
    heads.accept(head(2, 0))
    assert heads.newest() == head(2, 0)
    heads.keep(head(1, 6))
    heads.keep(head(2, 1))
    assert heads.newest() == head(2, 1)
    heads.accept(head(1, 3))
    assert heads.newest() == head(1, 3)


def test_chains_that_were_left_stay_readable_in_a_file_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "heads.json"
    heads = FileSealHeads(path)
    heads.keep(head(1, 5))
    heads.accept(head(2, 1))
    assert FileSealHeads(path).newest() == head(2, 1)
    assert list(json.loads(path.read_text())) == ["1", "2"]
    assert json.loads(path.read_text())["1"] == {"number": 5, "hash": head(1, 5).head.hash.hex()}
    assert [entry.name for entry in tmp_path.iterdir()] == ["heads.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_processes_that_keep_and_accept_at_once_lose_nothing(tmp_path: Path) -> None:
    """Reading, deciding and writing is one step for everybody who shares the file."""
    path = tmp_path / "heads.json"
    FileSealHeads(path).keep(head(1, 1))

    def keep() -> None:
        for number in range(2, 100):
            FileSealHeads(path).keep(head(1, number))

    def accept() -> None:
        FileSealHeads(path).accept(head(2, 1))

    threads = [threading.Thread(target=work) for work in (keep, keep, accept)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FileSealHeads(path).newest() == head(2, 1)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"1": 5}', '{"1": {"number": "x", "hash": "zz"}}', "\x80"])
def test_a_damaged_file_is_said_so_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(content, encoding="utf-8")
    heads = FileSealHeads(path)
    with pytest.raises(UnavailableError):
        heads.newest()
    with pytest.raises(UnavailableError):
        heads.keep(head(1, 1))
    with pytest.raises(UnavailableError):
        heads.accept(head(1, 1))
    assert path.read_text(encoding="utf-8") == content


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        FileSealHeads(tmp_path / "missing" / "heads.json").keep(head(1, 1))
