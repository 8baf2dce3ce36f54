"""An issuing authority whose root is on a machine that is connected to nothing: a request goes there, and its result comes back.

Sources: RFC 5280 §4.2.1.9 (path length), §5 (the root's list); ``deploy/ceremony.py`` is what runs there. Nothing of a result is
believed: it is linted as if it were about to be signed here, and has to be of our names, our addresses and our key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from ...audit import Caller
from ...clock import Clock
from ...errors import ConfigurationError, RefusedError
from .assembly import Addresses, pointers
from .hierarchy import ANY_POLICY, ROOT, Founded, keep, name_of
from .keys import KeyMaker
from .lint import LintError, ToBeSigned, lint, lint_signed
from .ports import Authority, CertificateStore
from .profile import PROFILES, Profile
from .subject import shortened

LONGEST: Final = 64 * 1024
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_MEMBERS: Final = ("name", "root", "issuing", "crl")


class MisfitError(RefusedError):
    """A result of a ceremony that is not taken; the sentence says why."""

    status = 422
    code = "misfit"


@dataclass(frozen=True, slots=True)
class Result:
    """What came back.

    Attributes:
        crl: The root's list of revoked certificates.
    """

    name: str
    root: x509.Certificate
    issuing: x509.Certificate
    crl: x509.CertificateRevocationList


def requested(store: CertificateStore, keys: KeyMaker, addresses: Addresses, *, organization: str, name: str) -> bytes:
    """Make the key of a new issuing authority, where it stays, and the request that goes to the root.

    Raises:
        RefusedError: 422 ``name``; 409 ``name_taken``.
        ConfigurationError: there is a key of this name.
    """
    if not _NAME.fullmatch(name) or name == ROOT:
        raise RefusedError("A name of an authority has small letters, digits and hyphens.", code="name", status=422)
    if any(one.name == name for one in store.authorities()):
        raise RefusedError("There is an authority of this name.", code="name_taken", status=409)
    public = keys.make(name)
    csr = x509.CertificateSigningRequestBuilder().subject_name(name_of(organization, f"Issuing CA {name}")).sign(
        keys.opened(name, public), SHA384())
    return json.dumps({"name": name, "organization": shortened(organization), "origin": addresses.origin,
                       "csr": csr.public_bytes(Encoding.PEM).decode()}, ensure_ascii=False, indent=1).encode()


def read(content: bytes) -> Result:
    """Read what came back. Raises MisfitError."""
    try:
        if len(content) > LONGEST:
            raise ValueError("too long")
        found: Mapping[str, Any] = json.loads(content)
        name, root, issuing, crl = (str(found[member]) for member in _MEMBERS)
        return Result(name, x509.load_pem_x509_certificate(root.encode()), x509.load_pem_x509_certificate(issuing.encode()),
                      x509.load_pem_x509_crl(crl.encode()))
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm, RecursionError) as err:
        raise MisfitError("This is not the result of a ceremony.", debug=str(err)) from err


def adopted(store: CertificateStore, keys: KeyMaker, addresses: Addresses, clock: Clock, caller: Caller, result: Result, *,
            organization: str) -> Founded:
    """Take an authority in whose root signed it elsewhere; and the root, if there is none here.

    Raises:
        MisfitError: something of it is not as it has to be.
        RefusedError: 409 ``name_taken``, ``another_root``.
        ConfigurationError: its key is not here.
    """
    there = {one.name: one for one in store.authorities()}
    if result.name in there:
        raise RefusedError("There is an authority of this name.", code="name_taken", status=409)
    root = there.get(ROOT)
    if root is not None and root.certificate != result.root.public_bytes(Encoding.DER):
        raise RefusedError("There is another root here.", code="another_root", status=409)
    _check(result, addresses, clock, organization=organization)
    _check_key(keys, result)
    if root is None:
        root = keep(store, clock, caller, Authority(
            name=ROOT, kind="root", certificate=result.root.public_bytes(Encoding.DER), key="", issuer=ROOT,
            created_at=clock.now()))
    issuing = keep(store, clock, caller, Authority(
        name=result.name, kind="issuing", certificate=result.issuing.public_bytes(Encoding.DER), key=keys.place(result.name),
        issuer=ROOT, created_at=clock.now()))
    return Founded(root, issuing, None)


def _check(result: Result, addresses: Addresses, clock: Clock, *, organization: str) -> None:
    root, issuing, now = result.root, result.issuing, clock.moment()
    if not _NAME.fullmatch(result.name) or result.name == ROOT:
        raise MisfitError("The name of the authority is none.")
    for certificate, common in ((root, "Root CA"), (issuing, f"Issuing CA {result.name}")):
        if certificate.subject != name_of(organization, common):
            raise MisfitError(f"{certificate.subject.rfc4514_string()} is not the name of {common} here.")
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise MisfitError(f"{certificate.subject.rfc4514_string()} is not valid at this moment; look at the clocks.")
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
            raise MisfitError("Keys of authorities are on the curve P-384.")
        if not isinstance(certificate.signature_hash_algorithm, SHA384):
            raise MisfitError("Authorities are signed with SHA-384.")
    for certificate, profile, issuer in ((root, PROFILES["root"], None), (issuing, PROFILES["issuing"], root)):
        try:
            made = _to_be_signed(certificate, profile)
            lint_signed(certificate, lint(made, issuer), issuer)
        except (LintError, ValueError) as err:
            raise MisfitError(f"{certificate.subject.rfc4514_string()}: {err}.") from err
    public = root.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    said = {type(one.value): one.value for one in issuing.extensions}
    wanted = (*pointers(addresses, ROOT, 0), x509.CertificatePolicies([x509.PolicyInformation(ANY_POLICY, None)]))
    if any(said.get(type(one)) != one for one in wanted):
        raise MisfitError(f"It names other addresses than {addresses.origin}, or another policy.")
    ends = result.crl.next_update_utc
    if not result.crl.is_signature_valid(public) or ends is None or ends <= now:
        raise MisfitError("Its list of revoked certificates is not the root's, or has ended.")
    if result.crl.get_revoked_certificate_by_serial_number(issuing.serial_number) is not None:
        raise MisfitError("The root has revoked it.")


def _check_key(keys: KeyMaker, result: Result) -> None:
    """The key that was certified is the one that is here: it signs, and the certificate verifies."""
    public = result.issuing.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(keys.opened(result.name, public).sign(result.name.encode(), ec.ECDSA(SHA384())), result.name.encode(),
                      ec.ECDSA(SHA384()))
    except InvalidSignature as err:
        raise ConfigurationError("The key that was certified is not the one that is here.",
                                 remedy="Take the result of this authority's own request.") from err


def _to_be_signed(certificate: x509.Certificate, profile: Profile) -> ToBeSigned:
    return ToBeSigned(
        profile=profile, subject=certificate.subject, issuer=certificate.issuer, public_key=certificate.public_key(),
        serial=certificate.serial_number, not_before=certificate.not_valid_before_utc, not_after=certificate.not_valid_after_utc,
        extensions=tuple((one.value, one.critical) for one in certificate.extensions))
