"""Certificates of applications in tests: an authority, what it issues, and what our proxy passes on."""

from __future__ import annotations

import datetime
import functools
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.fakes.clock import FakeClock

NOW = FakeClock().moment()
DAY = datetime.timedelta(days=1)
NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("lgsp.haugiang.example"), x509.UniformResourceIdentifier("urn:lgsp"), x509.RFC822Name("lgsp@haugiang.example"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")))


@dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def escaped(self) -> str:
        """As nginx passes it on."""
        return quote(self.pem, safe="")


def subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hậu Giang"), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issue(name: str, issuer: Identity | None = None, *, authority: bool = False, key: Any = None,
          purposes: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.CLIENT_AUTH,),
          names: Sequence[x509.GeneralName] = NAMES, before: datetime.timedelta = DAY,
          after: datetime.timedelta = DAY) -> Identity:
    """Make a certificate; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder().subject_name(subject(name)).public_key(key.public_key())
        .issuer_name(issuer.certificate.subject if issuer else subject(name)).serial_number(x509.random_serial_number())
        .not_valid_before(NOW - before).not_valid_after(NOW + after)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False))
    if authority:
        builder = builder.add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
    elif names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if purposes and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return Identity(builder.sign(signer, hashes.SHA256()), key)


@functools.cache
def root(name: str = "Authority") -> Identity:
    """An authority; made once per test process."""
    return issue(name, authority=True)


@functools.cache
def small() -> Any:
    """A key that is too small."""
    return rsa.generate_private_key(65537, 1024)
