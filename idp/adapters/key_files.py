"""Private key material in one folder: the key-encryption key, the browser form key, the audit seal key, client secrets.

Everything is made by ``make``, mode 0600 in a folder of mode 0700, written whole or not at all; two processes that begin at once
end with one file. What others can read is refused. Sealing: AES-256-GCM (NIST SP 800-38D) with a random nonce; the context is
authenticated, so that a sealed value opens only in its own place. What every process must compute alike is derived from the
key-encryption key (RFC 5869), so that there is no second key to hand out.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ..errors import ConfigurationError
from ..settings import read_secret

KEY_ENCRYPTION_KEY: Final = "key-encryption.key"
SESSION_KEY: Final = "session.key"
AUDIT_SEAL_KEY: Final = "audit-seal.pem"
CLIENT_SECRETS: Final = "clients"

_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class KeyFolder:
    """The folder ``keys/`` of one deployment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> tuple[str, ...]:
        """Make what is missing and close the folder to others; gives the names made. Existing keys are never touched.

        Raises:
            ConfigurationError: the folder cannot be written.
        """
        try:
            for folder in (self.folder, self.folder / CLIENT_SECRETS):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            made = []
            for name, content in ((KEY_ENCRYPTION_KEY, _random_line), (SESSION_KEY, _random_line), (AUDIT_SEAL_KEY, _new_pem)):
                path = self.folder / name
                if not path.exists() and write_once(path, content()):
                    made.append(name)
        except OSError as err:
            raise ConfigurationError(f"The folder {self.folder} cannot be written.",
                                     remedy="Make it the property of the account that runs this.", debug=str(err)) from err
        return tuple(made)

    def check(self) -> None:
        """Refuse a folder that is missing or open to others.

        Raises:
            ConfigurationError: with the command that mends it.
        """
        for folder in (self.folder, self.folder / CLIENT_SECRETS):
            try:
                mode = stat.S_IMODE(folder.stat().st_mode)
            except OSError as err:
                raise ConfigurationError(f"The folder {folder} does not exist.",
                                         remedy="Run: flask --app wsgi keys init") from err
            if mode & 0o027:
                raise ConfigurationError(f"The folder {folder} is open to others (mode {mode:04o}).",
                                         remedy=f"Run: chmod 700 {folder}")

    def secret_files(self) -> list[Path]:
        """Give the files that must be there and closed to others, client secrets included; none while there is no folder."""
        if not self.folder.is_dir():
            return []
        clients = sorted(path for path in (self.folder / CLIENT_SECRETS).glob("*") if not path.name.startswith("."))
        return [*(self.folder / name for name in (KEY_ENCRYPTION_KEY, SESSION_KEY, AUDIT_SEAL_KEY)), *clients]

    def sealer(self) -> FileSealer:
        """Give the sealer under this folder's key-encryption key."""
        return FileSealer(self.folder / KEY_ENCRYPTION_KEY)

    def session_key(self) -> str:
        """Give the key that signs the browser cookie with the form token."""
        return read_secret(self.folder / SESSION_KEY)

    def audit_seal_key(self) -> ec.EllipticCurvePrivateKey:
        """Give the P-256 key that signs audit seals.

        Raises:
            ConfigurationError: missing, readable by others, or no P-256 key.
        """
        path = self.folder / AUDIT_SEAL_KEY
        text = read_secret(path)
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError) as err:
            raise ConfigurationError(f"{path} is not a private key.", remedy="Restore it from the backup.") from err
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ConfigurationError(f"{path} is not a P-256 key.", remedy="Restore it from the backup.")
        return key

    def client_secrets(self) -> ClientSecretFiles:
        """Give the files with client secrets."""
        return ClientSecretFiles(self.folder / CLIENT_SECRETS)


class FileSealer:
    """AES-GCM under a key in a file; satisfies ``jose.keyset.Sealer``.

    A sealed value is key id (8 bytes of SHA-256 of the key) || nonce (12) || ciphertext and tag.

    Args:
        path: File with 32 bytes in base64url.

    Raises:
        ConfigurationError: the file is missing, readable by others, or not a key.
    """

    def __init__(self, path: Path) -> None:
        text = read_secret(path)
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ConfigurationError(f"{path} does not hold 32 bytes in base64url.", remedy="Restore it from the backup.")
        self._path = path
        self._key = key
        self._cipher = AESGCM(key)
        self._key_id = hashlib.sha256(b"key-encryption-key\0" + key).digest()[:_KEY_ID_BYTES]

    @property
    def key_id(self) -> str:
        """Identifier of the key, 16 hexadecimal digits; tells nothing about it."""
        return self._key_id.hex()

    def derive(self, purpose: str) -> bytes:
        """Give 32 secret bytes for one purpose; the same as long as the key-encryption key is the same (RFC 5869)."""
        return HKDF(SHA256(), 32, salt=None, info=f"derived\0{purpose}".encode()).derive(self._key)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate for one context."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self._key_id + nonce + self._cipher.encrypt(nonce, plain, self._key_id + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt what ``seal`` gave for the same context.

        Raises:
            ConfigurationError: sealed under another key, for another context, or altered.
        """
        key_id, nonce = sealed[:_KEY_ID_BYTES], sealed[_KEY_ID_BYTES:_KEY_ID_BYTES + _NONCE_BYTES]
        if key_id != self._key_id:
            raise ConfigurationError(f"The database was sealed under another key than {self._path}.",
                                     remedy="Restore the key-encryption key that belongs to this database.",
                                     debug=f"sealed under {key_id.hex()}, have {self.key_id}; {context}")
        try:
            return self._cipher.decrypt(nonce, sealed[_KEY_ID_BYTES + _NONCE_BYTES:], key_id + context.encode())
        except (InvalidTag, ValueError) as err:
            raise ConfigurationError("A sealed value in the database was altered or stands in the wrong place.",
                                     remedy="Restore the row from the backup.", debug=context) from err


class ClientSecretFiles:
    """Secrets of the clients in clients/, one file each; satisfies ``oauth.clients.registrar.SecretFiles``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ConfigurationError(f"{name!r} is not the name of a secret file.", remedy="Correct secret_file.")
        return self._folder / name

    def read(self, name: str) -> str | None:
        """Give the secret; None where there is no file."""
        path = self._path(name)
        return read_secret(path) if path.exists() else None

    def make(self, name: str, secret: str) -> str:
        """Write a new file unless there is one; gives what the file holds afterwards."""
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_once(path, secret.encode() + b"\n")
        except OSError as err:
            raise _not_written(path, err) from err
        return read_secret(path)

    def exchange(self, name: str, secret: str) -> None:
        """Write the file anew, at once or not at all."""
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = _write_temporary(path, secret.encode() + b"\n")
            temporary.replace(path)
            _sync_folder(path.parent)
        except OSError as err:
            raise _not_written(path, err) from err


def _not_written(path: Path, err: OSError) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be written.", remedy="Make its folder the property of the account that runs this.",
                              debug=str(err))


def _random_line() -> bytes:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=") + b"\n"


def _new_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_temporary(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def write_once(path: Path, content: bytes) -> bool:
    """Write a whole file under a name that must be free; False when somebody else was first."""
    temporary = _write_temporary(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
