"""Key files: made once, closed to others, and the sealing under them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.adapters.key_files import AUDIT_SEAL_KEY, KEY_ENCRYPTION_KEY, SESSION_KEY, FileSealer, KeyFolder
from idp.errors import ConfigurationError

from ..contracts.key_store import at_once

EXPECTED = "05b0386d1246e497773ab5e153fc75686b2b3dde26742635e1288421a48bd767"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    keys = KeyFolder(tmp_path / "keys")
    keys.make()
    return keys


def test_make_makes_everything_closed_to_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = KeyFolder(tmp_path / "a" / "keys").make()
    finally:
        os.umask(old)
    folder = tmp_path / "a" / "keys"
    assert set(made) == {KEY_ENCRYPTION_KEY, SESSION_KEY, AUDIT_SEAL_KEY}
    assert (mode(folder), mode(folder / "clients")) == (0o700, 0o700)
    assert {mode(folder / name) for name in made} == {0o600}
    assert {path.name for path in folder.iterdir()} == {*made, "clients"}
    KeyFolder(folder).check()


def test_make_never_touches_what_is_there(keys: KeyFolder) -> None:
    before = {path.name: path.read_bytes() for path in keys.folder.iterdir() if path.is_file()}
    (keys.folder / SESSION_KEY).unlink()
    assert keys.make() == (SESSION_KEY,)
    after = {path.name: path.read_bytes() for path in keys.folder.iterdir() if path.is_file()}
    assert after[SESSION_KEY] != before[SESSION_KEY]
    assert {**after, SESSION_KEY: b""} == {**before, SESSION_KEY: b""}


def test_every_secret_of_the_folder_is_listed(keys: KeyFolder) -> None:
    keys.client_secrets().make("qlvb.secret", "a-long-random-value")
    (keys.folder / "clients" / ".left-over").write_text("x")
    (keys.folder / "audit-head.json").write_text("{}")
    names = [str(path.relative_to(keys.folder)) for path in keys.secret_files()]
    assert names == [KEY_ENCRYPTION_KEY, SESSION_KEY, AUDIT_SEAL_KEY, "clients/qlvb.secret"]
    assert KeyFolder(keys.folder / "nowhere").secret_files() == []


def test_rfc5869_what_is_derived_is_the_same_for_ever_and_another_for_each_purpose(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("A" * 43)
    path.chmod(0o600)
    # A change of this value would make strangers of all officers at applications with pairwise subjects.
    assert FileSealer(path).derive("pairwise subjects").hex() == EXPECTED
    assert FileSealer(path).derive("something else").hex() != EXPECTED


def test_nodes_with_one_key_encryption_key_derive_the_same(keys: KeyFolder, tmp_path: Path) -> None:
    other = KeyFolder(tmp_path / "other")
    other.make()
    assert keys.sealer().derive("x") != other.sealer().derive("x")
    (other.folder / KEY_ENCRYPTION_KEY).write_bytes((keys.folder / KEY_ENCRYPTION_KEY).read_bytes())
    assert keys.sealer().derive("x") == other.sealer().derive("x")


def test_make_closes_a_folder_that_git_left_open(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "README.md").write_text("x")
    KeyFolder(folder).make()
    assert mode(folder) == 0o700


def test_processes_that_begin_at_once_end_with_one_key(tmp_path: Path) -> None:
    results = at_once(8, lambda: KeyFolder(tmp_path / "keys").make())
    assert all(isinstance(result, tuple) for result in results)
    made = [name for result in results for name in result]  # type: ignore[attr-defined]
    assert sorted(made) == sorted([KEY_ENCRYPTION_KEY, SESSION_KEY, AUDIT_SEAL_KEY])
    assert not [path for path in (tmp_path / "keys").iterdir() if path.name.startswith(".")]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file stands here")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        KeyFolder(tmp_path / "keys").make()


@pytest.mark.parametrize("bits", [0o755, 0o701, 0o704, 0o720, 0o770, 0o777])
def test_a_folder_open_to_others_is_refused_with_the_command(keys: KeyFolder, bits: int) -> None:
    for folder in (keys.folder, keys.folder / "clients"):
        folder.chmod(bits)
        with pytest.raises(ConfigurationError, match="open to others") as caught:
            keys.check()
        assert caught.value.remedy == f"Run: chmod 700 {folder}"
        folder.chmod(0o700)
    keys.folder.chmod(0o750)
    keys.check()


def test_a_missing_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        KeyFolder(tmp_path / "keys").check()
    assert "keys init" in caught.value.remedy


@pytest.mark.parametrize("bits", [0o644, 0o604, 0o660, 0o622, 0o700, 0o666])
def test_a_key_that_others_can_read_or_write_is_refused(keys: KeyFolder, bits: int) -> None:
    for name in (KEY_ENCRYPTION_KEY, SESSION_KEY, AUDIT_SEAL_KEY):
        (keys.folder / name).chmod(bits)
    for read in (keys.sealer, keys.session_key, keys.audit_seal_key):
        with pytest.raises(ConfigurationError, match="can be used by others"):
            read()


def test_missing_keys_name_the_command(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    for read in (keys.sealer, keys.session_key, keys.audit_seal_key):
        with pytest.raises(ConfigurationError, match="cannot be read") as caught:
            read()
        assert "keys init" in caught.value.remedy


def test_the_audit_seal_key_is_p256(keys: KeyFolder) -> None:
    assert isinstance(keys.audit_seal_key().curve, ec.SECP256R1)
    path = keys.folder / AUDIT_SEAL_KEY
    for other in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with pytest.raises(ConfigurationError, match="not a P-256 key"):
            keys.audit_seal_key()
    path.write_text("no key")
    with pytest.raises(ConfigurationError, match="not a private key"):
        keys.audit_seal_key()


def test_the_session_key_has_256_random_bits(keys: KeyFolder, tmp_path: Path) -> None:
    other = KeyFolder(tmp_path / "other")
    other.make()
    assert len(keys.session_key()) == 43
    assert keys.session_key() != other.session_key()


def test_what_was_sealed_opens_in_its_own_context_only(keys: KeyFolder) -> None:
    sealer = keys.sealer()
    for plain in (b"", b"x", os.urandom(5000)):
        sealed = sealer.seal(plain, context="totp:u-1")
        assert keys.sealer().open(sealed, context="totp:u-1") == plain
        assert plain == b"" or plain not in sealed or len(plain) < 8
        for context in ("totp:u-2", "totp:u-1 ", "", "signing_key:u-1"):
            with pytest.raises(ConfigurationError, match="altered or stands in the wrong place"):
                sealer.open(sealed, context=context)


def test_equal_texts_are_sealed_differently(keys: KeyFolder) -> None:
    sealer = keys.sealer()
    assert len({sealer.seal(b"same", context="c") for _ in range(200)}) == 200


def test_every_altered_byte_is_found(keys: KeyFolder) -> None:
    sealer = keys.sealer()
    sealed = sealer.seal(b"secret", context="c")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(ConfigurationError):
            sealer.open(bytes(changed), context="c")
    for length in range(len(sealed)):
        with pytest.raises(ConfigurationError):
            sealer.open(sealed[:length], context="c")


def test_fault_27_another_key_is_named_as_the_cause(keys: KeyFolder, tmp_path: Path) -> None:
    other = KeyFolder(tmp_path / "other")
    other.make()
    sealed = other.sealer().seal(b"secret", context="c")
    assert sealed.startswith(bytes.fromhex(other.sealer().key_id))
    with pytest.raises(ConfigurationError, match="sealed under another key") as caught:
        keys.sealer().open(sealed, context="c")
    assert other.sealer().key_id in caught.value.debug


@pytest.mark.parametrize("text", ["short", "!" * 43, "A" * 42, "A" * 44 + "====", "AAAA " * 9, "0" * 64])
def test_what_is_no_key_is_refused(keys: KeyFolder, text: str) -> None:
    path = keys.folder / KEY_ENCRYPTION_KEY
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="32 bytes in base64url"):
        FileSealer(path)


def test_client_secrets_are_made_once_and_exchanged_whole(keys: KeyFolder) -> None:
    files = keys.client_secrets()
    assert files.read("qlvb.secret") is None
    assert files.make("qlvb.secret", "first") == "first"
    assert files.make("qlvb.secret", "second") == "first"
    files.exchange("qlvb.secret", "third")
    assert files.read("qlvb.secret") == "third"
    path = keys.folder / "clients" / "qlvb.secret"
    assert mode(path) == 0o600
    assert [child.name for child in path.parent.iterdir()] == ["qlvb.secret"]
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be used by others"):
        files.read("qlvb.secret")


def test_processes_that_make_a_client_secret_at_once_agree(keys: KeyFolder) -> None:
    number = iter(range(100))
    results = at_once(10, lambda: keys.client_secrets().make("qlvb.secret", f"secret-{next(number)}"))
    assert len(set(map(str, results))) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc/passwd", ".x", "a\0b", "a b", "x" * 200])
def test_names_of_secret_files_stay_in_their_folder(keys: KeyFolder, name: str) -> None:
    files = keys.client_secrets()
    for act in (files.read, lambda n: files.make(n, "x"), lambda n: files.exchange(n, "x")):
        with pytest.raises(ConfigurationError, match="not the name of a secret file"):
            act(name)
