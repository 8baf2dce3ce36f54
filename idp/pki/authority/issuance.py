"""A certificate is made: assembled from profile and directory, linted, its intent recorded, signed, looked at again, recorded.

Sources: RFC 5280 §4; security checklist 48-50; Boulder's order of issuing. The intent, with its serial number, is committed
before the signature: a process that dies in between leaves a number that is never used again, and no certificate that nobody
knows of, because what was signed is given away only after it was recorded. This is the one place where a request has more than
one commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import ConfigurationError, RefusedError
from ...notices import Notice, NoticeKind
from . import ceremony
from .assembly import BACKDATED, Addresses, assembled, pointers, policy, random_serial
from .csr import CsrError, Listed, check_key, fingerprint
from .hierarchy import ROOT, Founded, found
from .keys import KeyMaker
from .lint import Linted, lint, lint_signed
from .ports import Authority, Certificate, CertificateSigner, CertificateStore, Reason, Status
from .profile import PROFILES, Profile
from .subject import Subject

STALE_INTENT_SECONDS: Final = 600
ROOT_LIST_SECONDS: Final = 366 * 86400
"""The root's list counts for a year: its key is in a safe."""
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be issued.

    Attributes:
        authority: Name of the issuing authority; empty for the one in use.
        profile: Name of the profile.
        public_key: Whose possession was proven (``csr.read``), or that was made here.
        subject: Who it is, from the directory.
        holder: Subject of the officer; empty for services.
        unit_code: Code of the agency.
        days: How long, where less than the profile's.
        one_subject: Whether the key may have been certified for this very subject alone, and not only for this holder.
        renews: Serial number of the certificate before, where its holder asked with it.
        told: Whether an officer is told that a certificate was issued; False where the certificate desk tells.
    """

    profile: str
    public_key: Any
    subject: Subject
    authority: str = ""
    holder: str = ""
    unit_code: str = ""
    days: int | None = None
    one_subject: bool = False
    renews: str = ""
    told: bool = True


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate that was signed and that nobody has seen yet: it is given away only after it was recorded.

    Attributes:
        intent: As it was recorded before the signature.
    """

    order: Order
    intent: Certificate
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate.

    Attributes:
        chain: Its issuers, the nearest first, the root last.
    """

    record: Certificate
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


class KnownKeys(Protocol):
    """Keys that others know."""

    def __call__(self, numbers: rsa.RSAPublicNumbers) -> bool:
        """Tell whether a key is among them."""
        ...

    def files(self) -> list[str]:
        """Name the lists that are there."""
        ...


class FirstLists(Protocol):
    """Makes lists of revoked certificates (``pki.status.crl``)."""

    def find(self, authority: str, shard: int) -> object:
        """Find the newest list; None where there is none."""
        ...

    def take(self, authority: Authority, der: bytes) -> object:
        """Take a list that was made elsewhere. Raises RefusedError 422 ``misfit``."""
        ...

    def make(self, authority: Authority, shard: int, *, key: Any = None, lifetime_seconds: int = 86400) -> object:
        """Make a list now."""
        ...


class Issuance:
    """The authority at work.

    Args:
        store: Where everything rests.
        signer: Who holds the keys.
        addresses: What certificates say.
        clock: Source of the time.
        keys: Makes the keys of new authorities.
        organization: The province.
        listed: Keys that others know.
        lists: Makes the first lists of a new authority.
    """

    def __init__(self, store: CertificateStore, signer: CertificateSigner, addresses: Addresses, clock: Clock, *,
                 keys: KeyMaker,
                 organization: str, listed: KnownKeys | None = None, lists: FirstLists | None = None) -> None:
        self._lists = lists
        self._store, self._signer, self._addresses, self._clock, self._listed = store, signer, addresses, clock, listed
        self._keys, self._organization = keys, organization

    def authority(self, name: str = "") -> Authority:
        """Give an issuing authority: by name, or the newest that is not retired.

        Raises:
            RefusedError: 404 ``unknown_authority``.
            ConfigurationError: there is none yet.
        """
        return self._one(self._store.authorities(), name)

    @staticmethod
    def _one(authorities: Sequence[Authority], name: str) -> Authority:
        issuing = [one for one in authorities if one.kind == "issuing" and (one.name == name or not name)
                   and (name or one.retired_at is None)]
        if not issuing and name:
            raise RefusedError("There is no such authority.", code="unknown_authority", status=404)
        if not issuing:
            raise ConfigurationError("There is no certification authority yet.", remedy="Run: flask --app wsgi ca init")
        return issuing[-1]

    @property
    def addresses(self) -> Addresses:
        """Give what certificates say."""
        return self._addresses

    @property
    def listed(self) -> Listed:
        """Give what tells keys that others know."""
        return self._listed or (lambda _numbers: False)

    def listed_files(self) -> list[str]:
        """Name the lists of keys that others know, as far as there are any."""
        return self._listed.files() if self._listed is not None else []

    def authorities(self) -> Sequence[Authority]:
        """Give every authority, oldest first."""
        return self._store.authorities()

    def shards(self, authority: str) -> int:
        """Count the parts into which the certificates of an authority are divided."""
        return self._store.shards(authority)

    def find(self, serial: str, authority: str = "") -> Certificate | None:
        """Find an issued certificate by its number; of every authority, where none is named."""
        names = [authority] if authority else [one.name for one in self._store.authorities() if one.kind == "issuing"]
        for name in reversed(names):
            found = self._store.find(name, serial)
            if found is not None and found.state == "issued":
                return found
        return None

    def of_key(self, spki: str, holder: str, profile: str) -> Certificate | None:
        """Find the newest certificate that stands of a key (SHA-256, hexadecimal), for this holder and purpose."""
        return next((one for one in reversed(self._store.key_used(spki)) if one.state == "issued" and one.status is Status.GOOD
                     and (one.holder, one.profile) == (holder, profile) and one.not_after > self._clock.now()), None)

    def found(self, name: str, caller: Caller, *, root_key: ec.EllipticCurvePrivateKey | None) -> Founded:
        """Make an issuing authority, and the root if there is none; as ``hierarchy.found``."""
        made = found(self._store, self._keys, self._addresses, self._clock, caller, organization=self._organization, name=name,
                     root_key=root_key)
        if self._lists is not None:
            self._lists.make(made.root, 0, key=root_key or made.root_key, lifetime_seconds=ROOT_LIST_SECONDS)
            self._lists.make(made.issuing, 0)
        return made

    def requested(self, name: str) -> bytes:
        """Make the key of a new issuing authority and the request for a root elsewhere; as ``ceremony.requested``."""
        return ceremony.requested(self._store, self._keys, self._addresses, organization=self._organization, name=name)

    def adopted(self, result: ceremony.Result, caller: Caller) -> Founded:
        """Take an issuing authority in that a root elsewhere has signed, and the root's list; as ``ceremony.adopted``."""
        made = ceremony.adopted(self._store, self._keys, self._addresses, self._clock, caller, result,
                                organization=self._organization)
        if self._lists is not None:
            if self._lists.find(ROOT, 0) is None:  # of a root that is known, a list that is here stays: it may be newer
                self._lists.take(made.root, result.crl.public_bytes(Encoding.DER))
            self._lists.make(made.issuing, 0)
        return made

    def issue(self, order: Order, caller: Caller) -> Issued:
        """Issue a certificate: ``sign`` and ``record``."""
        return self.record(self.sign(order), caller)

    def sign(self, order: Order) -> Signed:
        """Sign a certificate. Whatever is raised here, nothing was given away.

        Raises:
            RefusedError: 404 ``unknown_profile`` or ``unknown_authority``; 409 ``retired``; 422 ``incomplete`` (the directory
                knows no mailbox) or ``bad_subject``.
            CsrError: the key is weak, was certified for another holder or purpose, or is revoked.
            UnavailableError, ConfigurationError: the key is out of reach.
        """
        profile = PROFILES.get(order.profile)
        if profile is None or profile.name in {"root", "issuing"}:
            raise RefusedError("There is no such profile.", code="unknown_profile", status=404)
        authorities = self._store.authorities()
        authority = self._one(authorities, order.authority)
        if authority.retired_at is not None:
            raise RefusedError("This authority issues nothing more.", code="retired", status=409)
        check_key(order.public_key, listed=self.listed)
        subject, names = order.subject.issuable(profile.names)
        spki = fingerprint(order.public_key)
        if spki in _keys_of(authorities):
            raise CsrError("This is a key of the authority itself.", code="weak_key")
        self._check_unused(order, spki, subject.rfc4514_string())
        issuer = _read(authority.certificate)
        linted, intent = self._intended(profile, order, authority, issuer, subject, names)
        try:  # again, now that others who come with this key see the intent: of two at the same moment at least one is refused
            self._check_unused(order, spki, intent.subject, own=intent)
        except CsrError:
            self._store.give_up(intent.authority, intent.serial)
            raise
        signed = self._signer.sign(authority, linted)
        lint_signed(signed, linted, issuer)
        return Signed(order, intent, signed, self._chain(authority, authorities))

    def record(self, signed: Signed, caller: Caller) -> Issued:
        """Record what was signed, and with it tell an officer whose it is; only now may it be given away.

        Raises:
            RefusedError: 409 ``changed``: the intent was given up meanwhile.
            UnavailableError: nobody knows whether it was recorded.
        """
        order, now, der = signed.order, self._clock.now(), signed.certificate.public_bytes(Encoding.DER)
        done = replace(signed.intent, state="issued", issued_at=now, der=der, sha256=hashlib.sha256(der).hexdigest())
        record = AuditRecord(AuditEvent.CERTIFICATE_ISSUED, now, sub=order.holder, source=caller.source,
                             request_id=caller.request_id,
                             detail={"authority": done.authority, "serial": done.serial, "profile": done.profile,
                                     "not_after": done.not_after, **({"renews": order.renews} if order.renews else {}),
                                     **caller.by})
        told = order.told and PROFILES[done.profile].of == "officer"
        notice = Notice(NoticeKind.CERTIFICATE_ISSUED, order.holder, now, caller.source, {"serial": done.serial})
        if not self._store.issued(done, record, notice if told else None):
            raise RefusedError("The certificate was given up meanwhile. Please try again.", code="changed", status=409)
        return Issued(done, signed.certificate, signed.chain)

    def chain(self, authority: Authority) -> tuple[x509.Certificate, ...]:
        """Give the certificates of an authority and of those above it, the root last."""
        return self._chain(authority, self._store.authorities())

    @staticmethod
    def _chain(authority: Authority, authorities: Sequence[Authority]) -> tuple[x509.Certificate, ...]:
        by_name = {one.name: one for one in authorities}
        chain = [authority]
        while chain[-1].issuer != chain[-1].name:
            chain.append(by_name[chain[-1].issuer])
        return tuple(_read(one.certificate) for one in chain)

    def revoke(self, serial: str, reason: Reason, caller: Caller, *, authority: str = "") -> Certificate:
        """Revoke a certificate, or with ``certificate_hold`` suspend it.

        Raises:
            RefusedError: 404 ``unknown_certificate``; 409 ``already_revoked``.
        """
        found = self._known(serial, authority)
        if not self._store.revoke(found.authority, serial, self._clock.now(), reason, self._changed(
                AuditEvent.CERTIFICATE_REVOKED, found, caller, reason=reason.value)):
            raise RefusedError("This certificate is revoked already.", code="already_revoked", status=409)
        return self._again(found)

    def restore(self, serial: str, caller: Caller, *, authority: str = "") -> Certificate:
        """Lift a suspension. Raises RefusedError: 404; 409 ``not_suspended``."""
        found = self._known(serial, authority)
        if not self._store.restore(found.authority, serial, self._changed(AuditEvent.CERTIFICATE_RESTORED, found, caller)):
            raise RefusedError("This certificate is not suspended.", code="not_suspended", status=409)
        return self._again(found)

    def successors(self, of: Certificate) -> Sequence[Certificate]:
        """Give what stands of the same holder, subject and profile and was issued after a certificate: it may renew it."""
        return [one for one in self._store.after(of) if one.status is not Status.REVOKED and one.not_after > self._clock.now()]

    def give_up(self, serial: str, authority: str) -> None:
        """Give up a certificate that was signed and not recorded; one that was stands, and nothing else happens."""
        self._store.give_up(authority, serial)

    def settle(self) -> int:
        """Give up intents that came to nothing, because a process died; their numbers stay used. Gives how many."""
        return self._store.fail_intents(self._clock.now() - STALE_INTENT_SECONDS)

    def _intended(self, profile: Profile, order: Order, authority: Authority, issuer: x509.Certificate, subject: x509.Name,
                  names: x509.SubjectAlternativeName | None) -> tuple[Linted, Certificate]:
        now = self._clock.moment().replace(microsecond=0)
        shard = self._store.shard(authority.name)
        days = min(order.days or profile.days, profile.days)
        end = min(now + timedelta(days=days), issuer.not_valid_after_utc)
        for _ in range(_TRIES):
            serial = random_serial()
            linted = lint(assembled(
                profile, subject, issuer, order.public_key, serial=serial, names=names,
                not_before=max(now - BACKDATED, issuer.not_valid_before_utc), not_after=end,
                status=pointers(self._addresses, authority.name, shard), policy=policy(self._addresses, profile)), issuer)
            made = linted.to_be_signed
            intent = Certificate(
                authority=authority.name, serial=f"{serial:x}", profile=profile.name, holder=order.holder,
                unit_code=order.unit_code,
                subject=made.subject.rfc4514_string(), spki=fingerprint(order.public_key), not_before=_epoch(made.not_before),
                not_after=_epoch(made.not_after), intended_at=self._clock.now(), shard=shard)
            if self._store.intend(intent):
                return linted, intent
        raise RefusedError("No serial number was free. Please try again.", code="changed", status=409)

    def knows_key(self, spki: str, holder: str) -> bool:
        """Tell whether a key (SHA-256, hexadecimal) is an authority's of ours, or certified here for anybody but this holder."""
        return spki in _keys_of(self._store.authorities()) or any(
            used.state == "issued" and used.holder != holder for used in self._store.key_used(spki))

    def _known(self, serial: str, authority: str) -> Certificate:
        found = self.find(serial, authority)
        if found is None:
            raise RefusedError("No certificate with this number was issued.", code="unknown_certificate", status=404)
        return found

    def _check_unused(self, order: Order, spki: str, subject: str, own: Certificate | None = None) -> None:
        """Refuse a key that is another's; once there is an intent of one's own, those of others count too."""
        counted = {"issued"} if own is None else {"issued", "intended"}
        for used in self._store.key_used(spki):
            if used.status.value != "good":
                raise CsrError("A certificate for this key was revoked. Make a new key.", code="key_revoked")
            if used.state not in counted:
                continue
            if (used.holder, used.profile) != (order.holder, order.profile):
                raise CsrError("This key has a certificate of another holder or for another purpose.", code="key_reused")
            if order.one_subject and used.subject != subject:
                raise CsrError("This key has a certificate of another subject.", code="key_reused")

    def _changed(self, event: AuditEvent, found: Certificate, caller: Caller, **detail: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=found.holder, source=caller.source, request_id=caller.request_id,
                           detail={"authority": found.authority, "serial": found.serial, **detail, **caller.by})

    def _again(self, found: Certificate) -> Certificate:
        again = self._store.find(found.authority, found.serial)
        assert again is not None
        return again


@lru_cache(maxsize=32)
def _read(certificate: bytes) -> x509.Certificate:
    """Read an authority's certificate (DER); there are few of them, and each issue needs them."""
    return x509.load_der_x509_certificate(certificate)


@lru_cache(maxsize=32)
def _key_of(certificate: bytes) -> str:
    return fingerprint(_read(certificate).public_key())


def _keys_of(authorities: Sequence[Authority]) -> set[str]:
    return {_key_of(one.certificate) for one in authorities}


def _epoch(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
