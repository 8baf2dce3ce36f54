"""Lists of revoked certificates: made by the worker when something was revoked, and every half day; kept, and given as they are.

Spec: RFC 5280 §5 (version 2, number, authority key identifier, issuing distribution point for a part of the certificates),
§5.3.1 (reasons; a suspension is certificateHold). Security checklist 52: the number only grows. It is no less than the
millisecond in which a list is made, so that it does not go back after the database was restored from a backup either. A
certificate that has ended stays on the lists of its last day. The root's list is made when its key is at hand, for a year.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from ...clock import Clock
from ...errors import ConfigurationError, RefusedError, UnavailableError
from ..authority.assembly import Addresses
from ..authority.ports import Authority, Certificate, CertificateStore
from .ports import AuthorityKeys, RevocationList, StatusStore

LIFETIME_SECONDS: Final = 86400
EVERY_SECONDS: Final = 43200
"""A list is made anew when half of its time is over."""
OVERLAP_SECONDS: Final = 86400
"""So long after its end a revoked certificate still stands on lists."""
_MOST_NUMBER: Final = 1 << 62
"""Of a list made elsewhere: the database counts on from it."""
_REASONS: Final = {
    "key_compromise": x509.ReasonFlags.key_compromise, "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded, "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "certificate_hold": x509.ReasonFlags.certificate_hold, "privilege_withdrawn": x509.ReasonFlags.privilege_withdrawn}


class RevocationListMaker:
    """Makes lists.

    Args:
        certificates: What was issued and revoked.
        store: Where lists rest.
        keys: Who holds the authorities' keys.
        addresses: What certificates say of where lists are.
        clock: Source of the time.
    """

    def __init__(self, certificates: CertificateStore, store: StatusStore, keys: AuthorityKeys, addresses: Addresses,
                 clock: Clock) -> None:
        self._certificates, self._store, self._keys = certificates, store, keys
        self._addresses, self._clock = addresses, clock

    def make_due(self) -> int:
        """Make every list that says something else now, or whose time is half over; gives how many. For the worker."""
        made, failed = 0, None
        for authority in self._certificates.authorities():
            try:
                made += sum(self._make_if_due(authority, shard) for shard in range(self._certificates.shards(authority.name))
                            if authority.kind == "issuing")
            except (UnavailableError, ConfigurationError) as err:  # one key that is away keeps no other authority's lists back
                failed = err
        if failed is not None:
            raise failed
        return made

    def make(self, authority: Authority, shard: int, *, key: Any = None,
             lifetime_seconds: int = LIFETIME_SECONDS) -> RevocationList:
        """Make a list now.

        Args:
            authority: Whose.
            shard: Which part of its certificates.
            key: Of the root, which is not kept here.
            lifetime_seconds: How long it counts.
        """
        now = self._clock.now()
        revoked = self._revoked(authority, shard, now)
        number = self._certificates.next_crl_number(authority.name, int(self._clock.moment().timestamp() * 1000))
        made = RevocationList(
            authority=authority.name, shard=shard, number=number, made_at=now, next_update=now + lifetime_seconds,
            content=_content(revoked),
            der=self._signed(authority, shard, revoked, number, now, now + lifetime_seconds,
                             key if key is not None else self._keys.key(authority)))
        self._store.put_list(made)
        return made

    def take(self, authority: Authority, der: bytes) -> RevocationList:
        """Take a list of a root whose key is elsewhere, made there.

        Raises:
            RefusedError: 422 ``misfit``: it is none, not this authority's, of no further number, or not of this time.
        """
        made, now = self._read(authority, der), self._clock.now()
        if made.made_at > now or made.next_update <= now:
            raise _misfit("The list does not count at this moment; look at the clocks.")
        if self._certificates.next_crl_number(authority.name, made.number) != made.number or not self._store.put_list(made):
            raise _misfit("There is a newer list already.")
        return made

    def _read(self, authority: Authority, der: bytes) -> RevocationList:
        issuer = x509.load_der_x509_certificate(authority.certificate)
        try:
            crl = x509.load_der_x509_crl(der)
            ours = crl.is_signature_valid(issuer.public_key()) and crl.issuer == issuer.subject  # type: ignore[arg-type]
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            partial = [one for one in crl.extensions if one.critical]
            end = crl.next_update_utc
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound) as err:
            raise _misfit("This is not a list of revoked certificates.") from err
        if not ours or partial or end is None or not 0 < number < _MOST_NUMBER:
            raise _misfit(f"This is not a whole list of {authority.name}.")
        return RevocationList(
            authority=authority.name, shard=0, number=number, made_at=int(crl.last_update_utc.timestamp()),
            next_update=int(end.timestamp()), content=hashlib.sha256(der).hexdigest(), der=der)

    def find(self, authority: str, shard: int) -> RevocationList | None:
        """Find the newest list."""
        return self._store.find_list(authority, shard)

    def _make_if_due(self, authority: Authority, shard: int) -> bool:
        now = self._clock.now()
        last = self._store.find_list(authority.name, shard)
        if last is not None and now - last.made_at < EVERY_SECONDS and last.content == _content(self._revoked(authority, shard,
                                                                                                              now)):
            return False
        self.make(authority, shard)
        return True

    def _revoked(self, authority: Authority, shard: int, now: int) -> Sequence[Certificate]:
        return self._certificates.revoked(authority.name, shard, now - OVERLAP_SECONDS)

    def _signed(self, authority: Authority, shard: int, revoked: Sequence[Certificate], number: int, now: int, until: int,
                key: Any) -> bytes:
        issuer = x509.load_der_x509_certificate(authority.certificate)
        moment = datetime.fromtimestamp(now, UTC)
        builder = (
            x509.CertificateRevocationListBuilder(
                issuer.subject, moment, moment + timedelta(seconds=until - now),
                revoked_certificates=[_entry(one) for one in revoked])
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value), critical=False)
            .add_extension(x509.CRLNumber(number), critical=False))
        if shard or self._certificates.shards(authority.name) > 1:
            builder = builder.add_extension(x509.IssuingDistributionPoint(
                full_name=[x509.UniformResourceIdentifier(self._addresses.crl(authority.name, shard))], relative_name=None,
                only_contains_user_certs=False, only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
                only_contains_attribute_certs=False), critical=True)
        return builder.sign(key, SHA384()).public_bytes(Encoding.DER)


def _misfit(why: str) -> RefusedError:
    return RefusedError(why, code="misfit", status=422)


def reason_of(certificate: Certificate) -> x509.ReasonFlags | None:
    """Give why a certificate was revoked; None where nobody said (RFC 5280 §5.3.1: then nothing is said)."""
    return _REASONS.get(certificate.reason)


def _entry(certificate: Certificate) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(int(certificate.serial, 16), datetime.fromtimestamp(certificate.revoked_at or 0,
                                                                                                 UTC))
    reason = reason_of(certificate)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()


def _content(revoked: Sequence[Certificate]) -> str:
    told = "\n".join(f"{one.serial} {one.status} {one.reason} {one.revoked_at}" for one in revoked)
    return hashlib.sha256(told.encode()).hexdigest()
