"""A published chain is read from a folder, and nothing in it counts whose fingerprint was not written down."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.chain_files import FINGERPRINTS, read
from idp.errors import ConfigurationError
from tests.pki.government.chain import Government

CHAIN = Government(datetime(2026, 11, 27, tzinfo=UTC)).chain
NAME = "IDP_GOVERNMENT_CHAIN_DIR"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root.cer").write_bytes(CHAIN[0].public_bytes(Encoding.DER))
    (tmp_path / "ca.PEM").write_bytes(b"\n" + CHAIN[1].public_bytes(Encoding.PEM))
    (tmp_path / "note.txt").write_text("nothing")
    first, second = (one.fingerprint(SHA256()).hex() for one in CHAIN)
    pairs = ":".join(first[n:n + 2] for n in range(0, 64, 2)).upper()
    (tmp_path / FINGERPRINTS).write_text(f"# published on paper\n{pairs}  root.cer\n\n{second}\n")
    return tmp_path


def test_a_chain_is_read(folder: Path) -> None:
    assert sorted(read(folder, NAME), key=lambda one: one.serial_number) == sorted(CHAIN, key=lambda one: one.serial_number)
    assert read(None, NAME) == []


@pytest.mark.parametrize(("file", "content"), [
    (FINGERPRINTS, b""), (FINGERPRINTS, b"12ab root.cer"), (FINGERPRINTS, b"\xff\xfe"), ("other.crt", b"none"),
    ("root.cer", b"")])
def test_what_is_wrong_with_a_chain_is_said(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(ConfigurationError, match=NAME):
        read(folder, NAME)


def test_a_folder_that_is_none_or_empty(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read(tmp_path / "none", NAME)
    (tmp_path / FINGERPRINTS).write_text("")
    with pytest.raises(ConfigurationError, match="no certificate"):
        read(tmp_path, NAME)


def test_a_certificate_that_was_added_to_the_folder_is_refused(folder: Path) -> None:
    other = Government(datetime(2026, 11, 28, tzinfo=UTC)).root
    (folder / "other.cer").write_bytes(other.public_bytes(Encoding.DER))
    with pytest.raises(ConfigurationError, match="not among its fingerprints"):
        read(folder, NAME)
