"""The published chain of another authority, as a folder: certificates, and beside them the fingerprints that were published.

Spec: RFC 5280 §3.2 (roots and intermediates). ``fingerprints.txt`` names the SHA-256 of each certificate, one a line, as the
authority published it on another way than the certificates: whoever can put a file into the folder cannot add an authority.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from ..errors import ConfigurationError

FINGERPRINTS: Final = "fingerprints.txt"
_ENDS: Final = {".crt", ".cer", ".pem", ".der"}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def read(folder: Path | None, setting: str) -> list[x509.Certificate]:
    """Read the certificates of a folder, DER or PEM; none without a folder.

    Raises:
        ConfigurationError: it cannot be read, holds no certificate, or one that ``fingerprints.txt`` does not name.
    """
    if folder is None:
        return []
    try:
        known = _fingerprints(folder / FINGERPRINTS)
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDS)
        found = [certificate for path in paths for certificate in _certificates(path.read_bytes())]
    except (OSError, ValueError, UnsupportedAlgorithm) as err:
        raise ConfigurationError(f"{setting}: {folder} cannot be read as a chain of certificates.", debug=str(err),
                                 remedy=f"Put the certificates there, and their SHA-256 into {FINGERPRINTS}.") from err
    strangers = [one.subject.rfc4514_string() for one in found if one.fingerprint(SHA256()).hex() not in known]
    if strangers or not found:
        what = f"{strangers[0]} is not among its fingerprints" if strangers else "no certificate is there"
        raise ConfigurationError(f"{setting}: {folder}: {what}.", remedy="Compare the certificates with those that the authority"
                                 f" has published, and write their SHA-256 into {FINGERPRINTS}.")
    return found


def _fingerprints(path: Path) -> set[str]:
    """Give the digests of a file: the first word of each line, with or without colons; ``#`` begins a remark."""
    lines = [line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
    words = {words[0].replace(":", "").lower() for words in lines if words}
    if wrong := [word for word in words if not _DIGEST.fullmatch(word)]:
        raise ValueError(f"{wrong[0]} is no SHA-256")
    return words


def _certificates(content: bytes) -> list[x509.Certificate]:
    if content.lstrip().startswith(b"-----BEGIN"):
        return list(x509.load_pem_x509_certificates(content))
    return [x509.load_der_x509_certificate(content)]
