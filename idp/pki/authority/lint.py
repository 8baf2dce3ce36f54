"""What is about to be signed is looked at first, and nothing else can be signed: ``Linted`` is made here and nowhere else.

Sources: RFC 5280 §4.1, §4.2, Appendix A (upper bounds); security checklist 48 and 50; Boulder's rule that every certificate is
linted before it is signed. What a profile says is not believed here but checked again, on the very extensions that are signed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .profile import Profile, key_usage, purposes

_LONGEST_NAME: Final = 64
_FEWEST_SERIAL_BITS: Final = 64
_MOST_SERIAL_BITS: Final = 159
"""Twenty octets with a leading zero bit (RFC 5280 §4.1.2.2)."""


class LintError(Exception):
    """Something is not as it has to be; a mistake of ours, and never anybody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBeSigned:
    """A certificate without its signature.

    Attributes:
        extensions: Each with whether it is critical, in the order in which they stand.
    """

    profile: Profile
    subject: x509.Name
    issuer: x509.Name
    public_key: Any
    serial: int
    not_before: datetime
    not_after: datetime
    extensions: tuple[tuple[x509.ExtensionType, bool], ...]

    @property
    def spki(self) -> bytes:
        """Give the public key, DER."""
        der: bytes = self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return der


class Linted:
    """A certificate that may be signed. Made by ``lint`` alone."""

    __slots__ = ("to_be_signed",)

    def __init__(self, to_be_signed: ToBeSigned, *, by: object) -> None:
        if by is not _LINT:
            raise TypeError("only lint() says that something may be signed")
        self.to_be_signed = to_be_signed


_LINT: Final = object()


def lint(made: ToBeSigned, issuer: x509.Certificate | None) -> Linted:
    """Look at what is about to be signed.

    Args:
        made: The certificate.
        issuer: The certificate of who signs; None for a root, which signs itself.

    Raises:
        LintError: with what is wrong.
    """
    found: dict[type[Any], tuple[Any, bool]] = {type(extension): (extension, critical) for extension, critical in made.extensions}
    if len(found) != len(made.extensions):
        raise LintError("an extension stands twice")
    if not _FEWEST_SERIAL_BITS - 16 <= made.serial.bit_length() <= _MOST_SERIAL_BITS:
        raise LintError("the serial number has too few or too many bits")
    lint_subject(made.subject)
    _lint_time(made, issuer)
    _lint_extensions(made, found)
    _lint_key_identifiers(made, found, issuer)
    return Linted(made, by=_LINT)


def lint_signed(signed: x509.Certificate, what: Linted, issuer: x509.Certificate | None) -> None:
    """See that what came back is what was to be signed, by who was to sign it.

    Raises:
        LintError: it is something else.
    """
    made = what.to_be_signed
    signer = issuer if issuer is not None else signed
    try:
        signed.verify_directly_issued_by(signer)
    except (InvalidSignature, ValueError, TypeError) as err:
        raise LintError("the signature is not the issuer's") from err
    same = (signed.serial_number == made.serial and signed.subject == made.subject and signed.issuer == made.issuer
            and signed.not_valid_before_utc == made.not_before and signed.not_valid_after_utc == made.not_after
            and signed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == made.spki
            and [(one.value, one.critical) for one in signed.extensions] == list(made.extensions))
    if not same:
        raise LintError("what was signed is not what was to be signed")


def lint_subject(subject: x509.Name) -> None:
    """Look at a subject alone, before there is anything to be signed.

    Raises:
        LintError: with what is wrong.
    """
    if not list(subject):
        raise LintError("the subject is empty")
    for attribute in subject:
        value = str(attribute.value)
        if not value.strip() or value != value.strip() or value != unicodedata.normalize("NFC", value):
            raise LintError(f"a name is empty, or not in its normal form: {attribute.oid.dotted_string}")
        if len(value) > _LONGEST_NAME:
            raise LintError(f"a name has more than {_LONGEST_NAME} characters: {attribute.oid.dotted_string}")
        if any(unicodedata.category(sign)[0] == "C" for sign in value):
            raise LintError(f"a name has signs that nobody sees: {attribute.oid.dotted_string}")


def _lint_time(made: ToBeSigned, issuer: x509.Certificate | None) -> None:
    if made.not_before.tzinfo is None or made.not_before.microsecond or made.not_after.microsecond:
        raise LintError("moments are whole seconds of UTC")
    if not made.not_before < made.not_after or (made.not_after - made.not_before).days > made.profile.most_days:
        raise LintError("the time is longer than the profile's")
    if issuer is not None and (made.not_after > issuer.not_valid_after_utc or made.not_before < issuer.not_valid_before_utc):
        raise LintError("the time is not within the issuer's")


def _lint_extensions(made: ToBeSigned, found: dict[type[Any], tuple[Any, bool]]) -> None:
    profile = made.profile
    wanted: dict[type[Any], tuple[Any, bool]] = {
        x509.BasicConstraints: (x509.BasicConstraints(ca=profile.authority, path_length=profile.path_length), True),
        x509.KeyUsage: (key_usage(profile), True)}
    if profile.purposes:
        wanted[x509.ExtendedKeyUsage] = (purposes(profile), profile.purposes_critical)
    for kind, expected in wanted.items():
        if found.get(kind) != expected:
            raise LintError(f"{kind.__name__} is not the profile's")
    if not profile.purposes and x509.ExtendedKeyUsage in found:
        raise LintError("a purpose that the profile does not have")
    if (x509.OCSPNoCheck in found) is not profile.no_check:
        raise LintError("OCSPNoCheck is not the profile's")
    if (x509.SubjectAlternativeName in found) is not bool(profile.names):
        raise LintError("the alternative names are not the profile's")
    if (x509.CRLDistributionPoints in found) is not profile.revocable or (
            x509.AuthorityInformationAccess in found) is not profile.revocable:
        raise LintError("where its status is told is not the profile's")
    if made.subject != made.issuer and x509.CertificatePolicies not in found:
        raise LintError("the policy is missing")


def _lint_key_identifiers(made: ToBeSigned, found: dict[type[Any], tuple[Any, bool]], issuer: x509.Certificate | None) -> None:
    own = found.get(x509.SubjectKeyIdentifier)
    if own is None or own[0] != x509.SubjectKeyIdentifier.from_public_key(made.public_key):
        raise LintError("the subject key identifier is not the key's")
    if issuer is None:
        if made.subject != made.issuer:
            raise LintError("a root is its own issuer")
        return
    theirs = found.get(x509.AuthorityKeyIdentifier)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    if theirs is None or theirs[0].key_identifier != identifier or made.issuer != issuer.subject:
        raise LintError("the issuer is another one")
