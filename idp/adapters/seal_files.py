"""What the audit chain keeps outside the database: the key that signs seals, and the newest seal of each chain.

Whoever owns the database can rewrite every row and every hash; without the key the seals no longer fit, and with the remembered
head a cut-off end is noticed. Both lie in ``keys/``: copies of the head also leave by the log (docs/operations/audit.md).
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from ..audit.chain import SealHead
from ..errors import ConfigurationError, UnavailableError

RETIRED: Final = "audit-seal-retired"
"""Folder beside the key with public keys (PEM) that signed earlier seals."""

HEADS: Final = "audit-heads.json"

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

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Tell whether a known key of that name signed this."""
        public = self._known.get(key_id)
        if public is None or len(signature) != 64:
            return False
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        try:
            public.verify(der, message, _SIGNATURE)
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
    """Newest seals in one small JSON file, replaced at once or not at all: chain -> number and hash."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self, chain: int) -> SealHead | None:
        """Give what is remembered of a chain.

        Raises:
            UnavailableError: there is a file, but it cannot be read.
        """
        entry = self._read().get(str(chain))
        return None if entry is None else SealHead(int(entry["number"]), bytes.fromhex(str(entry["hash"])))

    def keep(self, chain: int, head: SealHead) -> None:
        """Remember the newest seal of a chain; other chains in the file stay.

        Raises:
            UnavailableError: it cannot be written.
        """
        known = self._read()
        known[str(chain)] = {"number": head.number, "hash": head.hash.hex()}
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with temporary.open("w", encoding="ascii") as file:
                json.dump(known, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o600)
            temporary.replace(self._path)
        except OSError as err:
            raise _unavailable(err) from err

    def _read(self) -> dict[str, dict[str, str | int]]:
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as err:
            raise _unavailable(err) from err
        try:
            known = json.loads(text)
            return {str(chain): {"number": int(entry["number"]), "hash": bytes.fromhex(entry["hash"]).hex()}
                    for chain, entry in known.items()}
        except (ValueError, TypeError, KeyError, AttributeError) as err:
            raise _unavailable(err) from err


def _unavailable(err: Exception) -> UnavailableError:
    return UnavailableError("The remembered end of the audit chain cannot be read or written.", dependency="audit_head",
                            debug=f"{type(err).__name__}: {err}"[:300])
