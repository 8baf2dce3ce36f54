"""Who vouches for a certificate: the path to an authority that the operator named, and whether anything on it was withdrawn.

Spec: RFC 5280 §6 (path validation), by ``cryptography.x509.verification``; §4.2.1.3 and §4.2.1.12 (a certificate that says what
its key is for must say that it is for proving who one is in a handshake). A path is at most three certificates long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, Protocol

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from .shown_certificate import UNREADABLE, ShownCertificate

RevocationStatus = Literal["good", "revoked", "unknown"]


class RevocationLists(Protocol):
    """What the authorities have published about certificates that they withdrew."""

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> RevocationStatus:
        """Tell how a certificate stands.

        ``unknown`` when there is no list of its issuer, signed by it and not past its ``nextUpdate``. Never raises, and never
        waits for anybody outside.
        """
        ...

    def state(self, moment: datetime) -> dict[str, int]:
        """Count the ``lists``, those of them that are ``out_of_date``, and files that are ``unreadable``."""
        ...


class CertificateAuthorities:
    """The authorities that vouch for what is shown in a handshake; none: nothing is vouched for.

    Args:
        certificates: Roots and intermediates, as the operator named them.
    """

    def __init__(self, certificates: Sequence[x509.Certificate] = ()) -> None:
        named = {certificate.subject for certificate in certificates}
        # One whose issuer stands beside it is on the way, not the end of it: its issuer may withdraw it.
        anchors = [certificate for certificate in certificates
                   if certificate.issuer == certificate.subject or certificate.issuer not in named]
        self._between = [certificate for certificate in certificates if certificate not in anchors]
        self._store = Store(anchors) if anchors else None

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return self._store is not None

    def path(self, shown: ShownCertificate, moment: datetime) -> tuple[x509.Certificate, ...]:
        """Give the certificates from the one that was shown up to an authority that the operator named.

        Empty unless one of them issued it, for TLS client authentication, and it is valid at that moment.
        """
        return self.path_of(shown.certificate, moment) if _is_for_clients(shown.certificate) else ()

    def path_of(self, certificate: x509.Certificate, moment: datetime) -> tuple[x509.Certificate, ...]:
        """Give the path from a certificate up to an authority that the operator named, whatever it is for.

        Empty unless one of them issued it and it is valid at that moment.
        """
        if self._store is None:
            return ()
        policy = ExtensionPolicy.permit_all().may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
        builder = PolicyBuilder().store(self._store).time(moment.replace(tzinfo=None)).max_chain_depth(3).extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=policy)
        try:
            found = builder.build_client_verifier().verify(certificate, self._between)
        except (VerificationError, ValueError):
            return ()
        return tuple(found.chain)

    def vouch_for(self, shown: ShownCertificate, moment: datetime) -> bool:
        """Tell whether a certificate was issued by one of them, for TLS client authentication, and is valid then."""
        return bool(self.path(shown, moment))


def standing(path: Sequence[x509.Certificate], lists: RevocationLists, moment: datetime) -> RevocationStatus:
    """Tell how the worst certificate of a path stands; the last one is trusted by name, so nobody can withdraw it."""
    found = {lists.status(certificate, issuer, moment) for certificate, issuer in pairwise(path)}
    return "revoked" if "revoked" in found else "unknown" if "unknown" in found or len(path) < 2 else "good"


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """Tell whether the purposes that a certificate names, if it names any, include TLS client authentication."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except UNREADABLE:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in purposes
