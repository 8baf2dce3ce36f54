"""A certificate that was shown in a TLS handshake: read, and refused when its key is weak or of no kind that we know.

The connection ends at our proxy, which is the only one to be believed about the certificate (security checklist 55); that its
key is held was proven there. Source: nginx ``$ssl_client_escaped_cert``; RFC 8705 §2.1.2 and §3.1 for names and thumbprint.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey, OKPKey, RSAKey

UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
                     x509.UnsupportedGeneralNameType)
"""What the library says of certificates that it cannot read, or parts of which it cannot: not all are ``ValueError``."""
LONGEST: Final = 16 * 1024
_SMALLEST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate that the proxy saw in the handshake; possession of its key was proven there.

    Attributes:
        certificate: As parsed.
        thumbprint: SHA-256 of its DER form, base64url (``x5t#S256``, RFC 8705 §3.1).
        key_thumbprint: RFC 7638 thumbprint of its key.
    """

    certificate: x509.Certificate
    thumbprint: str
    key_thumbprint: str

    def subject_names(self) -> dict[str, set[str]]:
        """Give what it says of its subject, by the registration member that may name it (RFC 8705 §2.1.2)."""
        found: dict[str, set[str]] = {"tls_client_auth_subject_dn": {self.certificate.subject.rfc4514_string()}}
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, *UNREADABLE):
            return found
        found["tls_client_auth_san_dns"] = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
        found["tls_client_auth_san_uri"] = set(names.get_values_for_type(x509.UniformResourceIdentifier))
        found["tls_client_auth_san_ip"] = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
        found["tls_client_auth_san_email"] = set(names.get_values_for_type(x509.RFC822Name))
        return found


def read(escaped: str) -> ShownCertificate | None:
    """Read what the proxy passes on: one certificate in PEM, URL-encoded; None when it is no sound certificate."""
    if not 0 < len(escaped) <= LONGEST:
        return None
    try:
        return shown(x509.load_pem_x509_certificate(unquote_to_bytes(escaped)))
    except UNREADABLE:
        return None


def shown(certificate: x509.Certificate) -> ShownCertificate | None:
    """Take a certificate whose key is strong enough and of a kind that we know; None for any other.

    Raises:
        ValueError, UnsupportedAlgorithm: its key cannot be read.
    """
    der, key = certificate.public_bytes(Encoding.DER), certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA_BITS:
        thumbprint = RSAKey(key, None).thumbprint()
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
        thumbprint = ECKey(key, None).thumbprint()
    elif isinstance(key, ed25519.Ed25519PublicKey):
        thumbprint = OKPKey(key, None).thumbprint()
    else:
        return None
    return ShownCertificate(certificate, urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii"), thumbprint)
