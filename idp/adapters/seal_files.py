"""What the audit chain keeps outside the database: the key that signs seals, and the chain with its newest seal.

Whoever owns the database can rewrite every row and every hash; without the key the seals no longer fit, and with the remembered
head a cut-off end is noticed, and a chain that was begun anew. Both lie in ``keys/``: copies of the head also leave by the log
(docs/operations/audit.md).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from ..audit.chain import KnownHead
from ..audit.seal import SealHead
from ..errors import ConfigurationError, UnavailableError

RETIRED: Final = "audit-seal-retired"
"""Folder beside the key with public keys (PEM) that signed earlier seals."""

HEADS: Final = "audit-head.json"
"""Beside the key: what is remembered."""

_SIGNATURE = ec.ECDSA(hashes.SHA256())


class Es256SealSigner:
    """Signs seals with ES256 (RFC 7518 §3.4: r and s, 32 bytes each) and verifies with current and retired keys.

    Args:
        key: P-256 key of keys/audit-seal.pem.
        folder: The folder that may hold ``audit-seal-retired/*.pem``.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, folder: Path) -> None:
        self._key = key
        self.key_id = _key_id(key.public_key())
        self._known = {self.key_id: key.public_key()}
        for path in sorted((folder / RETIRED).glob("*.pem")):
            public = _read_public(path)
            self._known[_key_id(public)] = public

    def sign(self, message: bytes) -> bytes:
        """Sign a seal's hash."""
        r, s = decode_dss_signature(self._key.sign(message, _SIGNATURE))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_der(self, message: bytes) -> bytes:
        """Sign a document as OpenSSL checks it (port ``DocumentSigner``)."""
        return self._key.sign(message, _SIGNATURE)

    def public_pem(self) -> bytes:
        """Give the public key."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Tell whether a known key of that name signed this."""
        if len(signature) != 64:
            return False
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return self.verify_der(key_id, message, der)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether any known key signed a document."""
        return any(self.verify_der(key_id, message, signature) for key_id in self._known)

    def verify_der(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Tell whether a known key of that name signed a document."""
        public = self._known.get(key_id)
        if public is None:
            return False
        try:
            public.verify(signature, message, _SIGNATURE)
        except InvalidSignature:
            return False
        return True


def _key_id(public: ec.EllipticCurvePublicKey) -> str:
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:32]


def _read_public(path: Path) -> ec.EllipticCurvePublicKey:
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"{path} is not a public key.", remedy="Restore it from the backup.", debug=str(err)) from err
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ConfigurationError(f"{path} is not a P-256 key.", remedy="Restore it from the backup.")
    return public


class FileSealHeads:
    """Chains and their newest seals in one small JSON file, replaced at once or not at all: chain -> number and hash.

    Chains stand in the order in which they were accepted, the one of today last. Several processes of a node share the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def newest(self) -> KnownHead | None:
        """Give what is remembered of the chain that was accepted last.

        Raises:
            UnavailableError: there is a file, but it cannot be read.
        """
        return _newest(self._read())

    def keep(self, known: KnownHead) -> None:
        """Remember a newer seal of the chain of today, or the first chain of all.

        Raises:
            UnavailableError: it cannot be written.
        """
        with self._locked():
            heads = self._read()
            before = _newest(heads)
            if before is None or (before.chain == known.chain and before.head.number < known.head.number):
                self._write(heads | {known.chain: known.head})

    def accept(self, known: KnownHead) -> None:
        """Let this be the chain of today; the others stay in the file.

        Raises:
            UnavailableError: it cannot be written.
        """
        with self._locked():
            others = {chain: head for chain, head in self._read().items() if chain != known.chain}
            self._write(others | {known.chain: known.head})

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process read and write at a time; the lock is on the folder, because the file is replaced."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as err:
            raise _unavailable(err) from err
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
            except OSError as err:
                raise _unavailable(err) from err
            yield
        finally:
            os.close(folder)

    def _write(self, heads: dict[int, SealHead]) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with temporary.open("w", encoding="ascii") as file:
                json.dump({str(chain): {"number": head.number, "hash": head.hash.hex()} for chain, head in heads.items()}, file,
                          indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o600)
            temporary.replace(self._path)
        except OSError as err:
            raise _unavailable(err) from err

    def _read(self) -> dict[int, SealHead]:
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as err:
            raise _unavailable(err) from err
        try:
            return {int(chain): SealHead(int(entry["number"]), bytes.fromhex(entry["hash"]))
                    for chain, entry in json.loads(text).items()}
        except (ValueError, TypeError, KeyError, AttributeError) as err:
            raise _unavailable(err) from err


def _newest(heads: dict[int, SealHead]) -> KnownHead | None:
    return KnownHead(*list(heads.items())[-1]) if heads else None


def _unavailable(err: Exception) -> UnavailableError:
    return UnavailableError("The remembered end of the audit chain cannot be read or written.", dependency="audit_head",
                            debug=f"{type(err).__name__}: {err}"[:300])
