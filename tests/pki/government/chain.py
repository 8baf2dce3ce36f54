"""A published chain of a test's own; its names say so, and nothing of it pretends to be anybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
CERTIFYING = {"key_cert_sign": True, "crl_sign": True}
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
          "crl_sign", "encipher_only", "decipher_only")


@cache
def key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(1000 + number, ec.SECP256R1())


def name(common: str, **more: str) -> x509.Name:
    oids = {"mail": NameOID.EMAIL_ADDRESS, "unit": NameOID.ORGANIZATIONAL_UNIT_NAME}
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Thử nghiệm"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common),
                      *(x509.NameAttribute(oids[one], value) for one, value in more.items())])


def certified(subject: x509.Name, public_key: Any, issuer: x509.Name, issuer_key: Any, begins: datetime, days: int, *,
              authority: bool = False, usage: dict[str, bool] | None = None, serial: int | None = None, digest: Any = None,
              extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()) -> x509.Certificate:
    """Sign whatever is asked for."""
    given = usage if usage is not None else CERTIFYING if authority else {"content_commitment": True}
    begins = begins.replace(microsecond=0)
    builder = x509.CertificateBuilder(issuer, subject, public_key, serial or x509.random_serial_number(), begins,
                                      begins + days * DAY)
    for extension, critical in (
            (x509.BasicConstraints(ca=authority, path_length=None), True),
            (x509.KeyUsage(**{one: given.get(one, False) for one in USAGES}), True),
            (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False), *extensions):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, digest or hashes.SHA256())


@dataclass
class Government:
    """A root, an intermediate, and what they sign."""

    now: datetime

    def __post_init__(self) -> None:
        past = self.now - 100 * DAY
        self.root = certified(name("Thử nghiệm Root"), key(1).public_key(), name("Thử nghiệm Root"), key(1), past, 7000,
                              authority=True)
        self.between = certified(name("Thử nghiệm CA"), key(2).public_key(), self.root.subject, key(1), past, 3000,
                                 authority=True)

    @property
    def chain(self) -> list[x509.Certificate]:
        return [self.root, self.between]

    def issue(self, common: str, mail: str, number: int = 10, *, begins: datetime | None = None, days: int = 1000,
              **more: Any) -> x509.Certificate:
        """Issue a certificate as the Government's authority does, with the mailbox in the subject."""
        given = {"subject": name(common, **({"mail": mail} if mail else {})), "public_key": key(number).public_key(),
                 "issuer": self.between.subject, "issuer_key": key(2), "begins": begins or self.now - DAY, "days": days, **more}
        return certified(**given)

    def der(self, *given: Any, **more: Any) -> bytes:
        return self.issue(*given, **more).public_bytes(Encoding.DER)

    def revoked(self, *certificates: x509.Certificate) -> bytes:
        """Give the intermediate's list of revoked certificates."""
        builder = x509.CertificateRevocationListBuilder(self.between.subject, self.now - DAY, self.now + 30 * DAY)
        for one in certificates:
            builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder(one.serial_number, self.now - DAY).build())
        return builder.sign(key(2), hashes.SHA256()).public_bytes(Encoding.DER)
