"""Mutual TLS: the certificate that a request came with, and whether it is that of the application.

Spec: RFC 8705 §2.1 (tls_client_auth), §2.2 (self_signed_tls_client_auth), §3 (bound tokens). The connection ends at our proxy,
which is the only one to be believed about the certificate (security checklist 55). A certificate of an authority is verified
against the authorities that the operator named, for TLS client authentication, now; a self-signed one counts by its key, which
must be among the keys that the application registered, and its own dates say nothing here (§2.2; a proxy may look at them).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ..client import Client
from ..clients.keys import ClientKey

PKI: Final = "tls_client_auth"
SELF_SIGNED: Final = "self_signed_tls_client_auth"
METHODS: Final = (PKI, SELF_SIGNED)
LONGEST: Final = 16 * 1024
NAMES: Final = ("tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip",
                "tls_client_auth_san_email")
"""Members of a registration of which one names the subject (RFC 8705 §2.1.2)."""
_SMALLEST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class ClientCertificate:
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
        except (x509.ExtensionNotFound, ValueError):
            return found
        found["tls_client_auth_san_dns"] = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
        found["tls_client_auth_san_uri"] = set(names.get_values_for_type(x509.UniformResourceIdentifier))
        found["tls_client_auth_san_ip"] = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
        found["tls_client_auth_san_email"] = set(names.get_values_for_type(x509.RFC822Name))
        return found


def read(escaped: str) -> ClientCertificate | None:
    """Read what the proxy passes on: one certificate in PEM, URL-encoded; None when it is no sound certificate.

    Source: nginx ``$ssl_client_escaped_cert``.
    """
    if not 0 < len(escaped) <= LONGEST:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(unquote_to_bytes(escaped))
        der, key = certificate.public_bytes(Encoding.DER), certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA_BITS:
        jwk: ClientKey = RSAKey(key, None)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
        jwk = ECKey(key, None)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        jwk = OKPKey(key, None)
    else:
        return None
    thumbprint = urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")
    return ClientCertificate(certificate, thumbprint, jwk.thumbprint())


class CertificateAuthorities:
    """The authorities whose certificates authenticate applications; none: ``tls_client_auth`` is not offered.

    Args:
        certificates: Roots and intermediates, as the operator named them.
    """

    def __init__(self, certificates: Sequence[x509.Certificate] = ()) -> None:
        self._store = Store(list(certificates)) if certificates else None

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return self._store is not None

    def vouch_for(self, shown: ClientCertificate, moment: datetime) -> bool:
        """Tell whether a certificate was issued by one of them, for TLS client authentication, and is valid now."""
        if self._store is None:
            return False
        policy = ExtensionPolicy.permit_all().may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
        builder = PolicyBuilder().store(self._store).time(moment.replace(tzinfo=None)).max_chain_depth(3).extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=policy)
        try:
            builder.build_client_verifier().verify(shown.certificate, [])
        except (VerificationError, ValueError):
            return False
        return _is_for_clients(shown.certificate)


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """Tell whether the purposes that a certificate names, if it names any, include TLS client authentication."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def names_of(client: Client) -> dict[str, str]:
    """Give the one name that a client registered for ``tls_client_auth`` (RFC 8705 §2.1.2); empty where it registered none."""
    return {name: value for name in NAMES if (value := getattr(client, name))}


def is_the_clients(shown: ClientCertificate, client: Client, *, authorities: CertificateAuthorities, keys: Sequence[ClientKey],
                   moment: datetime) -> bool:
    """Tell whether a certificate authenticates a client by the method that it registered.

    Args:
        shown: As the proxy passed it on.
        client: Registered for one of ``METHODS``.
        authorities: For ``tls_client_auth``.
        keys: The client's registered keys, for ``self_signed_tls_client_auth``.
        moment: Now.
    """
    if client.token_endpoint_auth_method == SELF_SIGNED:
        return any(key.thumbprint() == shown.key_thumbprint for key in keys)
    (member, registered), = names_of(client).items()
    return registered in shown.subject_names().get(member, set()) and authorities.vouch_for(shown, moment)
