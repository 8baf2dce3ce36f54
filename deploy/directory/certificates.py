"""A certification authority of the directory's own and the server certificate that clients verify (RFC 5280, RFC 6125).

Kept under ``var/``; made again when they are missing or within thirty days of their end. Private keys have mode 0600.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")
_RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Authority:
    """An authority that signs server certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate for clients' trust stores."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class TlsFiles:
    """Where slapd and its clients find them."""

    authority: Path
    certificate: Path
    key: Path


def make_authority(name: str = "Sample directory CA", *, days: int = 3650) -> Authority:
    """Make a new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256()))
    return Authority(certificate, key)


def make_server_certificate(
    authority: Authority, names: Sequence[str] = LOOPBACK_NAMES, *, not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> tuple[bytes, bytes]:
    """Issue a server certificate.

    Args:
        authority: Who signs it.
        names: Host names and addresses it is for.
        not_before: Default an hour ago.
        not_after: Default in a year.

    Returns:
        Certificate and private key, PEM.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sample directory")]))
        .issuer_name(authority.certificate.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(hours=1)).not_valid_after(not_after or now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def ensure_tls_files(folder: Path) -> TlsFiles:
    """Give the files for a server on loopback, making what is missing or soon too old."""
    files = TlsFiles(folder / "ca.crt", folder / "server.crt", folder / "server.key")
    if not _usable(files):
        authority = make_authority()
        certificate, key = make_server_certificate(authority)
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "ca.key", _pem(authority.key))
        files.authority.write_bytes(authority.pem)
        files.certificate.write_bytes(certificate)
        write_private(files.key, key)
    return files


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _usable(files: TlsFiles) -> bool:
    try:
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        certificate.verify_directly_issued_by(authority)
    except (OSError, ValueError, TypeError):
        return False
    end = datetime.now(UTC) + _RENEW_BEFORE
    return files.key.is_file() and certificate.not_valid_after_utc > end and authority.not_valid_after_utc > end


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**chosen: bool) -> x509.KeyUsage:
    everything = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                  "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: chosen.get(name, False) for name in everything})


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
