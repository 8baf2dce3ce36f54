"""Certificate revocation lists in a folder, as an operator's timer fetches them (port ``pki.path_validation.RevocationLists``).

Spec: RFC 5280 §5 and §6.3. A list counts when its issuer signed it, it covers every certificate of that issuer (no delta, no
indirect list, no share of a divided one), and its ``nextUpdate`` has not passed; of several the newest. Nothing is fetched while
somebody signs in. A file is read again when it changed, looked at once in five seconds.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from ..errors import ConfigurationError
from ..pki.path_validation import RevocationStatus

LOOK_SECONDS = 5.0
MOST_BYTES = 64 * 2**20
_MINE = "Make it the property of the account that runs the worker."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    changed: tuple[int, int]
    crl: x509.CertificateRevocationList | None
    signed_by: dict[bytes, bool] = field(default_factory=dict)
    """By issuer's certificate (DER): whether its key made the signature."""


class CrlFiles:
    """Lists in ``folder``, files ``*.crl`` in DER or PEM; without a folder nothing is known of anybody.

    Args:
        folder: Where they are.
        look_seconds: How long a look at the folder holds.
    """

    def __init__(self, folder: Path | None, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._folder, self._look_seconds = folder, look_seconds
        self._files: dict[Path, _File] = {}
        self._looked_at = -1e9
        self._lock = threading.Lock()

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> RevocationStatus:
        """Tell how a certificate stands by the newest list that its issuer signed."""
        newest = self.newest(issuer, moment)
        if newest is None:
            return "unknown"
        found = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
        return "good" if found is None else "revoked"

    def newest(self, issuer: x509.Certificate, moment: datetime) -> x509.CertificateRevocationList | None:
        """Give the newest list that an issuer signed, that covers everything of it and has not ended; None for none."""
        lists = [crl for file in self._lists() if (crl := file.crl) is not None and crl.issuer == issuer.subject
                 and _covers_everything(crl) and crl.last_update_utc <= moment and crl.next_update_utc is not None
                 and moment < crl.next_update_utc and _is_signed(file, crl, issuer)]
        return max(lists, key=lambda crl: crl.last_update_utc, default=None)

    def state(self, moment: datetime) -> dict[str, int]:
        """Give how many lists there are, how many of them are out of date, and how many files hold none."""
        files = self._lists()
        lists = [file.crl for file in files if file.crl is not None]
        late = sum(crl.next_update_utc is None or crl.next_update_utc <= moment for crl in lists)
        return {"lists": len(lists), "out_of_date": late, "unreadable": len(files) - len(lists)}

    def _lists(self) -> list[_File]:
        with self._lock:
            if monotonic() - self._looked_at >= self._look_seconds:
                self._look()
                self._looked_at = monotonic()
            return list(self._files.values())

    def _look(self) -> None:
        found: dict[Path, _File] = {}
        try:
            paths = sorted(self._folder.glob("*.crl")) if self._folder is not None else []
            for path in paths:
                seen = path.stat()
                changed = (seen.st_mtime_ns, seen.st_size)
                known = self._files.get(path)
                found[path] = known if known is not None and known.changed == changed else _File(changed, _read(path))
        except OSError as err:
            _log.warning("revocation lists cannot be read: %s", err)
            return  # what was read counts until its time has passed
        self._files = found


class ListFolder:
    """Where fetched lists are kept (port ``pki.government.fetching.ListFolder``).

    Args:
        folder: Read by ``CrlFiles``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        """Give the file of a name."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as err:
            raise ConfigurationError(f"{self._folder} cannot be read.", remedy=_MINE) from err

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, whole."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(self._folder / name)
        except OSError as err:
            raise ConfigurationError(f"{self._folder} cannot be written.", remedy=_MINE) from err


def _is_signed(file: _File, crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    name = issuer.public_bytes(Encoding.DER)
    known = file.signed_by.get(name)
    if known is None:
        try:
            known = crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
            known = False
        file.signed_by[name] = known
    return known


def _read(path: Path) -> x509.CertificateRevocationList | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("larger than 64 MB")
        data = path.read_bytes()
        return x509.load_pem_x509_crl(data) if data.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl(data)
    except (OSError, ValueError, UnsupportedAlgorithm) as err:
        _log.warning("%s is no revocation list: %s", path.name, err)
        return None


def _covers_everything(crl: x509.CertificateRevocationList) -> bool:
    """A list that is a share or a change of another, or that speaks for other issuers, does not say who is good."""
    try:
        return not any(isinstance(extension.value, x509.IssuingDistributionPoint | x509.DeltaCRLIndicator) or (
            extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)) for extension in crl.extensions)
    except ValueError:
        return False
