"""The two tiers are made: a root whose key leaves the machine, and an issuing authority that it vouches for.

Sources: RFC 5280 §4.2.1.9 (path length), trust-services C.1. The root's key is handed to whoever runs this, once, and is kept
nowhere here: it is needed again only for the next issuing authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from .assembly import BACKDATED, Addresses, assembled, pointers, random_serial
from .keys import KeyMaker
from .lint import Linted, lint, lint_signed
from .ports import Authority, CertificateStore
from .profile import PROFILES
from .subject import shortened

ROOT: Final = "root"
ANY_POLICY: Final = ObjectIdentifier("2.5.29.32.0")


@dataclass(frozen=True, slots=True)
class Founded:
    """What was made.

    Attributes:
        root_key: The root's private key; whoever gets it keeps it away from here. None when the root was there.
    """

    root: Authority
    issuing: Authority
    root_key: ec.EllipticCurvePrivateKey | None


def found(store: CertificateStore, keys: KeyMaker, addresses: Addresses, clock: Clock, caller: Caller, *, organization: str,
          name: str, root_key: ec.EllipticCurvePrivateKey | None = None) -> Founded:
    """Make an issuing authority, and the root if there is none.

    Args:
        store: Where authorities rest.
        keys: Makes the issuing authority's key.
        addresses: What certificates say.
        clock: Source of the time.
        caller: Who does it.
        organization: The province.
        name: Of the issuing authority, for addresses.
        root_key: Of the root that is there, or made for the first one and kept already; None makes one for the first.

    Raises:
        RefusedError: 409 ``name_taken``, ``root_key_needed`` (there is a root already), ``another_root``.
    """
    there = {one.name: one for one in store.authorities()}
    if name in there or name == ROOT:
        raise RefusedError("There is an authority of this name.", code="name_taken", status=409)
    root, made_key = there.get(ROOT), None
    if root is None:
        if root_key is None:
            root_key = made_key = ec.generate_private_key(ec.SECP384R1())
        root = keep(store, clock, caller, Authority(
            name=ROOT, kind="root", certificate=_root(organization, root_key, clock).public_bytes(Encoding.DER), key="",
            issuer=ROOT,
            created_at=clock.now()))
    elif root_key is None:
        raise RefusedError("There is a root; its key is needed for another issuing authority.", code="root_key_needed",
                           status=409)
    top = x509.load_der_x509_certificate(root.certificate)
    assert root_key is not None
    if top.public_key() != root_key.public_key():
        raise RefusedError("This is not the key of the root.", code="another_root", status=409)
    certificate = _issuing(organization, name, top, root_key, keys.make(name), addresses, clock)
    issuing = keep(store, clock, caller, Authority(
        name=name, kind="issuing", certificate=certificate.public_bytes(Encoding.DER), key=keys.place(name), issuer=ROOT,
        created_at=clock.now()))
    return Founded(root, issuing, made_key)


def sign_with(key: Any, what: Linted, digest: Any) -> x509.Certificate:
    """Sign what has passed the lint, with a key that is at hand."""
    made = what.to_be_signed
    builder = x509.CertificateBuilder(made.issuer, made.subject, made.public_key, made.serial, made.not_before, made.not_after)
    for extension, critical in made.extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, digest)


def _root(organization: str, key: ec.EllipticCurvePrivateKey, clock: Clock) -> x509.Certificate:
    now = clock.moment().replace(microsecond=0)
    linted = lint(assembled(
        PROFILES["root"], name_of(organization, "Root CA"), None, key.public_key(), serial=random_serial(),
        not_before=now - BACKDATED,
        not_after=now + timedelta(days=PROFILES["root"].days)), None)
    signed = sign_with(key, linted, SHA384())
    lint_signed(signed, linted, None)
    return signed


def _issuing(organization: str, name: str, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey,
             public_key: ec.EllipticCurvePublicKey, addresses: Addresses, clock: Clock) -> x509.Certificate:
    now = clock.moment().replace(microsecond=0)
    linted = lint(assembled(
        PROFILES["issuing"], name_of(organization, f"Issuing CA {name}"), root, public_key, serial=random_serial(),
        not_before=max(now - BACKDATED, root.not_valid_before_utc),
        not_after=min(now + timedelta(days=PROFILES["issuing"].days), root.not_valid_after_utc),
        status=pointers(addresses, ROOT, 0), policy=x509.CertificatePolicies([x509.PolicyInformation(ANY_POLICY, None)])), root)
    signed = sign_with(root_key, linted, SHA384())
    lint_signed(signed, linted, root)
    return signed


def name_of(organization: str, common_name: str) -> x509.Name:
    """Give the name of an authority of ours."""
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, shortened(organization)),
                      x509.NameAttribute(NameOID.COMMON_NAME, shortened(f"{common_name} (pilot)"))])


def keep(store: CertificateStore, clock: Clock, caller: Caller, authority: Authority) -> Authority:
    """Keep a new authority with its record. Raises RefusedError 409 ``name_taken``."""
    record = AuditRecord(AuditEvent.AUTHORITY_FOUNDED, clock.now(), source=caller.source, request_id=caller.request_id,
                         detail={"authority": authority.name, "kind": authority.kind, **caller.by})
    if not store.add_authority(authority, record):
        raise RefusedError("There is an authority of this name.", code="name_taken", status=409)
    return authority
