"""Seal key and remembered heads in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.adapters.seal_files import RETIRED, Es256SealSigner, FileSealHeads
from idp.audit.chain import SealHead
from idp.errors import ConfigurationError, UnavailableError


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


def test_a_retired_key_that_cannot_be_read_refuses_to_start(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    retire(tmp_path, rsa.generate_private_key(65537, 2048).public_key())
    with pytest.raises(ConfigurationError, match="P-256"):
        Es256SealSigner(key, tmp_path)
    (tmp_path / RETIRED / "2026-11.pem").write_text("nonsense")
    with pytest.raises(ConfigurationError, match="not a public key"):
        Es256SealSigner(key, tmp_path)


def test_heads_of_several_chains_are_kept_beside_each_other(tmp_path: Path) -> None:
    heads = FileSealHeads(tmp_path / "heads.json")
    assert heads.last(1) is None
    heads.keep(1, SealHead(5, b"a" * 32))
    heads.keep(2, SealHead(1, b"b" * 32))
    heads.keep(1, SealHead(6, b"c" * 32))
    again = FileSealHeads(tmp_path / "heads.json")
    assert (again.last(1), again.last(2), again.last(3)) == (SealHead(6, b"c" * 32), SealHead(1, b"b" * 32), None)
    assert [path.name for path in tmp_path.iterdir()] == ["heads.json"]
    assert (tmp_path / "heads.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{", '{"1": 5}', '{"1": {"number": "x", "hash": "zz"}}', "\x80"])
def test_a_damaged_file_is_said_so_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(content, encoding="utf-8")
    heads = FileSealHeads(path)
    with pytest.raises(UnavailableError):
        heads.last(1)
    with pytest.raises(UnavailableError):
        heads.keep(1, SealHead(1, b"x" * 32))
    assert path.read_text(encoding="utf-8") == content


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        FileSealHeads(tmp_path / "missing" / "heads.json").keep(1, SealHead(1, b"x" * 32))
