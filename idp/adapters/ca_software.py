"""Keys of issuing authorities as files in ``keys/ca/``, mode 0600 (``pki.authority``: ``CertificateSigner`` and ``KeyMaker``).

A key is read once and kept; a file that others can read is refused, and so is a key that is not the authority's.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ..errors import ConfigurationError
from ..pki.authority.hierarchy import sign_with
from ..pki.authority.lint import Linted
from ..pki.authority.ports import Authority
from ..settings import read_secret

FOLDER: Final = "ca"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_RESTORE: Final = "Restore it from the backup."


class SoftwareKeys:
    """Keys in files.

    Args:
        folder: ``keys/ca``; made when the first key is.
        write: Writes a whole file, mode 0600, under a name that must be free; False when it is taken.
    """

    def __init__(self, folder: Path, write: Callable[[Path, bytes], bool]) -> None:
        self._folder, self._write = folder, write
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._lock = threading.Lock()

    def make(self, name: str) -> ec.EllipticCurvePublicKey:
        """Make the key of an authority."""
        path = self._path(name)
        key = ec.generate_private_key(ec.SECP384R1())
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = self._write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        except OSError as err:
            raise ConfigurationError(f"{path} cannot be written.",
                                     remedy="Make its folder the property of the account that runs this.") from err
        if not written:
            raise ConfigurationError(f"There is a key {path} already.", remedy="Choose another name for the authority.")
        return key.public_key()

    def place(self, name: str) -> str:
        """Give where the key of an authority is: its name."""
        return name

    def opened(self, name: str, public: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Give the key of a name, whose public part is known."""
        return self._read(name, public, name)

    def sign(self, authority: Authority, what: Linted) -> x509.Certificate:
        """Sign what has passed the lint."""
        return sign_with(self.key(authority), what, SHA384())

    def key(self, authority: Authority) -> ec.EllipticCurvePrivateKey:
        """Give the key of an authority, for its lists of revoked certificates too.

        Raises:
            ConfigurationError: missing, readable by others, or another one than the authority's.
        """
        with self._lock:
            if authority.name not in self._keys:
                self._keys[authority.name] = self._read(
                    authority.key, x509.load_der_x509_certificate(authority.certificate).public_key(), authority.name)
            return self._keys[authority.name]

    def _read(self, place: str, public: object, name: str) -> ec.EllipticCurvePrivateKey:
        path = self._path(place)
        try:
            key = load_pem_private_key(read_secret(path).encode(), password=None)
        except (ValueError, TypeError) as err:
            raise ConfigurationError(f"{path} is not a private key.", remedy=_RESTORE) from err
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != public:
            raise ConfigurationError(f"{path} is not the key of the authority {name}.", remedy=_RESTORE)
        return key

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name of an authority.", remedy="Use small letters, digits and hyphens.")
        return self._folder / f"{name}.pem"
