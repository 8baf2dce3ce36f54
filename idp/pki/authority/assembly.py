"""A certificate is put together from its profile; whether it may be signed is for ``lint`` to say.

Spec: RFC 5280 §4.1.2.2 (serial numbers), §4.2.1 (extensions), §4.2.1.4 (policies), §4.2.1.13 and §4.2.2.1 (where status and
issuers are found).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ObjectIdentifier

from .lint import ToBeSigned
from .profile import Profile, key_usage, purposes

BACKDATED: Final = timedelta(minutes=5)
"""Clocks that are slow take a new certificate all the same."""
_SERIAL_BITS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where certificates say that their status and their issuers are found.

    Attributes:
        origin: Of the certificate services, for example ``http://pki.haugiang.gov.vn``.
        policy_arc: Policies are arcs below it.
    """

    origin: str
    policy_arc: str

    def ocsp(self) -> str:
        """Give the address of the responder."""
        return f"{self.origin}/ocsp"

    def issuer(self, name: str) -> str:
        """Give the address of an authority's certificate."""
        return f"{self.origin}/ca/{name}.crt"

    def crl(self, name: str, shard: int) -> str:
        """Give the address of a list."""
        return f"{self.origin}/crl/{name}.crl" if shard == 0 else f"{self.origin}/crl/{name}-{shard}.crl"


def random_serial() -> int:
    """Give a serial number: positive, 120 random bits below a one, sixteen octets."""
    return (1 << _SERIAL_BITS) | secrets.randbits(_SERIAL_BITS)


def policy(addresses: Addresses, profile: Profile) -> x509.CertificatePolicies:
    """Give the policy of a profile: its number alone, as RFC 5280 §4.2.1.4 recommends; the issuer's name says "pilot"."""
    oid = ObjectIdentifier(f"{addresses.policy_arc}.{profile.policy}")
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None)])


def pointers(addresses: Addresses, authority: str, shard: int) -> tuple[x509.ExtensionType, ...]:
    """Give where the status and the issuer of a certificate are found."""
    uri = x509.UniformResourceIdentifier
    return (
        x509.AuthorityInformationAccess([
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, uri(addresses.ocsp())),
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, uri(addresses.issuer(authority)))]),
        x509.CRLDistributionPoints([x509.DistributionPoint([uri(addresses.crl(authority, shard))], None, None, None)]))


def assembled(profile: Profile, subject: x509.Name, issuer: x509.Certificate | None, public_key: Any, *, serial: int,
              not_before: datetime, not_after: datetime, names: x509.SubjectAlternativeName | None = None,
              status: Sequence[x509.ExtensionType] = (), policy: x509.CertificatePolicies | None = None) -> ToBeSigned:
    """Put a certificate together; ``lint`` says whether it may be signed."""
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=profile.authority, path_length=profile.path_length), True), (key_usage(profile), True)]
    if profile.purposes:
        extensions.append((purposes(profile), profile.purposes_critical))
    extensions.append((x509.SubjectKeyIdentifier.from_public_key(public_key), False))
    if issuer is not None:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        extensions.append((x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False))
    if names is not None:
        extensions.append((names, False))
    if policy is not None:
        extensions.append((policy, False))
    if profile.revocable:
        extensions += [(one, False) for one in status]
    if profile.no_check:
        extensions.append((x509.OCSPNoCheck(), False))
    return ToBeSigned(profile=profile, subject=subject, issuer=issuer.subject if issuer else subject, public_key=public_key,
                      serial=serial,
                      not_before=not_before, not_after=not_after, extensions=tuple(extensions))
