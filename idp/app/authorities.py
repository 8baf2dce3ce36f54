"""The certificates of authorities that an operator named."""

from __future__ import annotations

from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from ..errors import ConfigurationError
from ..pki.path_validation import CertificateAuthorities
from ..settings import Settings


def of_applications(settings: Settings) -> CertificateAuthorities:
    """Read the authorities whose certificates authenticate applications. Raises ConfigurationError."""
    return _authorities(settings.tls_client_ca_file, "IDP_TLS_CLIENT_CA_FILE")


def of_officers(settings: Settings) -> CertificateAuthorities:
    """Read the authorities whose certificates officers sign in with; none where certificates are not asked for.

    Raises:
        ConfigurationError: the file is not named, cannot be read, or holds no certificates.
    """
    if not settings.certificate_origin:
        return CertificateAuthorities()
    if settings.officer_ca_file is None:
        raise ConfigurationError("IDP_CERTIFICATE_ORIGIN is set, but no authority of officers' certificates is named.",
                                 remedy="Name the file with their certificates in IDP_OFFICER_CA_FILE.")
    return _authorities(settings.officer_ca_file, "IDP_OFFICER_CA_FILE")


def _authorities(path: Path | None, name: str) -> CertificateAuthorities:
    if path is None:
        return CertificateAuthorities()
    try:
        return CertificateAuthorities(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"{name}: {path} holds no certificates.",
                                 remedy="Put the certificates of the authorities there, in PEM.") from err
