"""What each kind of certificate is like, as data that refuses to load when it is wrong.

Sources: RFC 5280 §4.2 (extensions), RFC 3739 §3.2.3 (nonRepudiation alone for signatures that commit their holder), RFC 6960
§4.2.2.2 (OCSP signers), RFC 3161 §2.3 (time-stamp signers: the purpose critical and alone), RFC 9336 (documentSigning). Names
and addresses come from the directory and never from a request (security checklist 48).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""id-kp-documentSigning (RFC 9336)."""
_USAGES: Final = frozenset({"digital_signature", "content_commitment", "key_encipherment", "key_agreement", "key_cert_sign",
                            "crl_sign"})
_PURPOSES: Final = {
    "client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "ocsp": ExtendedKeyUsageOID.OCSP_SIGNING,
    "time_stamp": ExtendedKeyUsageOID.TIME_STAMPING, "document": DOCUMENT_SIGNING, "mail": ExtendedKeyUsageOID.EMAIL_PROTECTION}
_NAMES: Final = frozenset({"mail", "dns"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of certificate.

    Attributes:
        usages: Names of key usages (RFC 5280 §4.2.1.3, as ``x509.KeyUsage`` has them).
        purposes: Of ``_PURPOSES``; empty for none.
        names: Kinds of alternative names that it must have: ``mail``, ``dns``.
        days: How long it is good, unless less is asked for.
        most_days: How long one may be good at most.
        authority: It may issue certificates; ``path_length`` says how deep.
        revocable: It says where its status is told. What lives shortly, and roots, do not.
        no_check: Nobody asks for its status (RFC 6960 §4.2.2.2.1).
        policy: Last arc of its policy; 0 for none of its own.
        of: Whose it is: ``officer``, ``agency``, ``service`` or ``house``.

    Raises:
        ValueError: it contradicts itself.
    """

    name: str
    usages: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    purposes_critical: bool = False
    names: tuple[str, ...] = ()
    days: int
    most_days: int
    authority: bool = False
    path_length: int | None = None
    revocable: bool = True
    no_check: bool = False
    policy: int = 0
    of: str = "house"

    def __post_init__(self) -> None:
        """See that it does not contradict itself."""
        signs_certificates = "key_cert_sign" in self.usages
        wrong = {
            "unknown usage": not set(self.usages) <= _USAGES or not self.usages,
            "unknown purpose": not set(self.purposes) <= _PURPOSES.keys(),
            "unknown name": not set(self.names) <= _NAMES,
            "days": not 0 < self.days <= self.most_days <= 20 * 366,
            "authorities sign certificates, others do not": self.authority is not signs_certificates,
            "path length": self.path_length is not None and not self.authority,
            "nonRepudiation alone": "content_commitment" in self.usages and len(self.usages) > 1,
            "a time-stamp signer has one purpose, and it is critical": "time_stamp" in self.purposes and (
                self.purposes != ("time_stamp",) or not self.purposes_critical),
            "an OCSP signer has one purpose": "ocsp" in self.purposes and self.purposes != ("ocsp",),
            "only an OCSP signer is not checked": self.no_check is not ("ocsp" in self.purposes),
            "officers are told by their mailbox": self.of in {"officer", "agency"} and "mail" not in self.names,
            "servers are told by their name": "server" in self.purposes and "dns" not in self.names,
            "policy": not self.authority and not self.policy,
        }
        for what, holds in wrong.items():
            if holds:
                raise ValueError(f"profile {self.name}: {what}")


PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (
    Profile(name="root", usages=("key_cert_sign", "crl_sign"), authority=True, days=20 * 365, most_days=20 * 366,
            revocable=False),
    Profile(name="issuing", usages=("key_cert_sign", "crl_sign"), authority=True, path_length=0, days=10 * 365,
            most_days=10 * 366),
    Profile(name="officer_signing", usages=("content_commitment",), purposes=("document",), names=("mail",), days=365,
            most_days=2 * 366, policy=1, of="officer"),
    Profile(name="officer_authentication", usages=("digital_signature",), purposes=("client",), names=("mail",), days=365,
            most_days=366, policy=2, of="officer"),
    Profile(name="agency_seal", usages=("content_commitment",), purposes=("document",), names=("mail",), days=365,
            most_days=2 * 366,
            policy=3, of="agency"),
    Profile(name="tls_client", usages=("digital_signature",), purposes=("client",), names=("dns",), days=365, most_days=398,
            policy=4, of="service"),
    Profile(name="tls_server", usages=("digital_signature",), purposes=("server",), names=("dns",), days=200, most_days=398,
            policy=5,
            of="service"),
    Profile(name="ocsp_signer", usages=("digital_signature",), purposes=("ocsp",), days=30, most_days=31, revocable=False,
            no_check=True, policy=6),
    Profile(name="time_stamp_signer", usages=("digital_signature",), purposes=("time_stamp",), purposes_critical=True, days=365,
            most_days=3 * 366, policy=7),
)}
"""Every kind of certificate that is issued here, by name."""


def key_usage(profile: Profile) -> x509.KeyUsage:
    """Give the key usage of a profile."""
    return x509.KeyUsage(**{name: name in profile.usages for name in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
        "crl_sign", "encipher_only", "decipher_only")})


def purposes(profile: Profile) -> x509.ExtendedKeyUsage:
    """Give the purposes of a profile that has any."""
    return x509.ExtendedKeyUsage([_PURPOSES[name] for name in profile.purposes])
