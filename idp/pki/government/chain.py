"""The chain that the Government's authority has published, as data: whoever is not below it has issued nothing for us.

Spec: RFC 5280 §6 (``path_validation``). Which certificates these are, and by which fingerprints, is the operator's to say; no
authority of ours is among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ..path_validation import CertificateAuthorities, RevocationLists, RevocationStatus, standing


class PublishedLists(RevocationLists, Protocol):
    """The lists themselves, too."""

    def newest(self, issuer: x509.Certificate, moment: datetime) -> x509.CertificateRevocationList | None:
        """Give the list by which ``status`` tells about certificates of an issuer; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate of the chain.

    Attributes:
        subject: As text (RFC 4514).
        sha256: Fingerprint, hexadecimal.
        root: It vouches for itself.
        not_after: When it ends.
    """

    subject: str
    sha256: str
    root: bool
    not_after: datetime


class PublishedChain:
    """Roots and intermediates.

    Args:
        certificates: As they were published; none: no certificate of the Government's can be checked.
        lists: What these authorities have withdrawn, as far as it was fetched.
    """

    def __init__(self, certificates: Sequence[x509.Certificate], lists: PublishedLists) -> None:
        self._certificates, self._lists = certificates, lists
        self._authorities = CertificateAuthorities(certificates)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._authorities)

    def links(self) -> list[Link]:
        """Name what is there."""
        return [Link(one.subject.rfc4514_string(), one.fingerprint(SHA256()).hex(), one.subject == one.issuer,
                     one.not_valid_after_utc) for one in self._certificates]

    def path(self, certificate: x509.Certificate, moment: datetime) -> tuple[x509.Certificate, ...]:
        """Give the certificates from this one up to a root; empty unless the chain vouches for it at that moment."""
        return self._authorities.path_of(certificate, moment)

    def standing(self, path: Sequence[x509.Certificate], moment: datetime) -> RevocationStatus:
        """Tell whether anything on a path was withdrawn; ``unknown`` where no list says so."""
        return standing(path, self._lists, moment)

    def told(self, path: Sequence[x509.Certificate], moment: datetime) -> tuple[RevocationStatus, bytes]:
        """Tell how a path stands, and by which lists: PEM, one after another. ``standing`` without them."""
        lists = [self._lists.newest(issuer, moment) for issuer in path[1:]]
        found = ["unknown" if crl is None else "good" if crl.get_revoked_certificate_by_serial_number(one.serial_number) is None
                 else "revoked" for one, crl in zip(path, lists, strict=False)]
        status: RevocationStatus = "revoked" if "revoked" in found else "unknown" if not found or "unknown" in found else "good"
        return status, b"".join(crl.public_bytes(Encoding.PEM) for crl in lists if crl is not None)

    def lists_state(self, moment: datetime) -> dict[str, int]:
        """Count the lists that were fetched, those ``out_of_date``, and files that are ``unreadable``."""
        return self._lists.state(moment)

    def signed_list(self, crl: x509.CertificateRevocationList) -> bool:
        """Tell whether one of these authorities signed a list."""
        return any(_signed(crl, one) for one in self._certificates)

    def list_addresses(self) -> tuple[str, ...]:
        """Give where the intermediates say that their issuers publish lists (RFC 5280 §4.2.1.13)."""
        return tuple(dict.fromkeys(address for one in self._certificates for address in list_addresses(one)))


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def list_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Give the HTTP addresses at which the list about a certificate is published, as it says."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(name.value for point in points for name in point.full_name or ()
                 if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://")))
