"""The Government's authority behind the port ``CertificateAuthority``: asked by a signed list, answered by certificates in files.

Sources: Decree 68/2024 (requests, issue); trust-services E.2 (an answer is matched with its request), E.6 (every certificate
that was ever seen is kept); RFC 5280 §4.1.2.2 (one serial number, one certificate). The list is made once: who asks again for the
same batch gets what went out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...jose.keyset import Sealer
from ..authority.csr import Listed, fingerprint
from ..authority.ports import Letter, Received, Told, Wanted
from ..forms import Sheets
from . import batch, received
from .batch import requests
from .chain import PublishedChain
from .ports import Batch, BatchStore, Moment, Seen, SeenCertificates
from .received import UnfitError

OwnKeys = Callable[[str, str], bool]
"""Tells whether a key (SHA-256 of its SubjectPublicKeyInfo) is our own, or certified here for anybody else than this holder."""


class GovernmentAuthority:
    """Asks and receives.

    Args:
        batches: Lists that went out.
        seen: Certificates that came.
        chain: Who may have issued them.
        signers: Our signing keys.
        sealer: Seals the files that went out.
        sheets: Files of spreadsheets.
        clock: Source of the time.
        listed: Keys that others know.
        own: Keys that are certified here.
    """

    def __init__(self, batches: BatchStore, seen: SeenCertificates, chain: PublishedChain, signers: batch.Signers, sealer: Sealer,
                 sheets: Sheets, clock: Clock, *, listed: Listed, own: OwnKeys) -> None:
        self._batches, self._seen, self._chain, self._signers = batches, seen, chain, signers
        self._sealer, self._sheets, self._clock, self._listed, self._own = sealer, sheets, clock, listed, own

    @property
    def chain(self) -> PublishedChain:
        """Give the chain that vouches for what comes."""
        return self._chain

    def ready(self) -> None:
        """People carry lists at any time."""

    def request(self, letter: Letter, wanted: Sequence[Wanted], caller: Caller) -> Mapping[str, Received | RefusedError]:
        """Make the list of a batch, signed, and keep it; its answer comes later."""
        if self._batches.find(letter.batch) is None:
            now = self._clock.now()
            content, digest, signature = batch.made(letter, wanted, self._sheets, self._signers, now)
            record = AuditRecord(AuditEvent.BATCH_SIGNED, now, sub=letter.by, source=caller.source, request_id=caller.request_id,
                                 detail={"batch": letter.batch, "document": letter.document, "rows": len(wanted),
                                         "sha256": digest, **caller.by})
            self._batches.keep(Batch(
                number=letter.batch, document=letter.document, made_at=now, made_by=letter.by, rows=len(wanted), sha256=digest,
                signature=signature, sealed=self._sealer.seal(content, context=_context(letter.batch))), record)
        return {}

    def receive(self, wanted: Wanted, der: bytes, *, dry: bool, told: Told | None = None) -> Received:
        """See that a certificate is the answer to a request and what was said of it (``told``), and keep it."""
        sha256 = hashlib.sha256(der).hexdigest()
        now = self._clock.now()
        seen = Seen(sha256=sha256, der=der, seen_at=now, number=wanted.number, holder=wanted.holder)
        try:
            if not self._chain:
                raise UnfitError("No chain of the Government's authority is known here.", code="no_chain")
            certificate = received.read(der)
            spki = fingerprint(certificate.public_key())
            seen = replace(seen, issuer=certificate.issuer.rfc4514_string(), serial=f"{certificate.serial_number:x}", spki=spki)
            answer = received.check(certificate, wanted, self._chain, self._clock.moment(), listed=self._listed)
            if self._own(spki, wanted.holder) or any(one.holder != wanted.holder for one in self._seen.of_key(spki)):
                raise UnfitError("The key is certified for somebody else.", code="certificate_key_known")
            if told is not None:
                told(answer)
            has = self._seen.claimed(answer.issuer, answer.serial) if dry else self._seen.claim(answer.issuer, answer.serial,
                                                                                                sha256)
            if has not in ("", sha256):
                raise UnfitError("The issuer has given this number to another certificate.", code="certificate_serial_twice")
        except UnfitError as err:
            if not dry:
                self._seen.keep(replace(seen, verdict=err.code))
            raise
        if not dry:
            self._seen.keep(seen)
        return answer

    def file(self, number: str) -> bytes | None:
        """Give the file of a list as it went out, byte for byte; None where there is no such list."""
        kept = self._batches.find(number)
        return None if kept is None else self._sealer.open(kept.sealed, context=_context(number))

    def numbers(self, batch: str) -> Sequence[str]:
        """Give the numbers of the requests on a list as it went out; none where there is no such list."""
        kept = self._batches.find(batch)
        return () if kept is None else requests(kept.signature)

    def newest(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Batch]:
        """Give the lists that went out, newest first, without their files; as ``BatchStore.newest``."""
        return self._batches.newest(limit, after=after, before=before)


def _context(number: str) -> str:
    return f"certificate batch {number}"
