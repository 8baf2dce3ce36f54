"""Who signs time-stamps, and that each leaves its record before it is given away.

Spec: RFC 3161 §2.1 (a key for this alone, a trustworthy time, no look at what is stamped), §2.3. The signer's key is made here,
rests sealed in the database so that every node signs with it, and is replaced while its certificate still counts for half a
year: a time-stamp has to be verified long after it was made. No signer is made unless an operator asks for the first one.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...errors import ConfigurationError
from ...jose.keyset import Sealer
from ..authority.issuance import Issuance, Order
from ..authority.ports import CertificateStore, Status
from ..authority.subject import Subject
from ..status.ports import Signer, StatusStore
from .question import Question, StampRefusedError, read
from .token import Stamper, Statement, granted, random_serial, refused

PROFILE: Final = "time_stamp_signer"
PLACE: Final = "time-stamps:"
"""Under which the signer rests beside those of OCSP answers; no authority can be called so."""
RENEW_SECONDS: Final = 180 * 86400
_LOOK_SECONDS: Final = 60
_CONTEXT: Final = "time-stamp signer"


class TimeStamps:
    """The time-stamp authority.

    Args:
        certificates: What was issued; a revoked signer signs nothing.
        store: Where the signer rests.
        issuance: Issues its certificate.
        sealer: Seals its key.
        audit: Has a record of each time-stamp.
        policy: Dotted; the one that there is.
        accuracy_seconds: By how much the clock may be wrong.
        offered: Whether anybody may ask at all (``IDP_TSA_ACCESS``).
    """

    def __init__(self, certificates: CertificateStore, store: StatusStore, issuance: Issuance, sealer: Sealer, audit: AuditTrail,
                 clock: Clock, *, organization: str, policy: str, accuracy_seconds: int, offered: bool) -> None:
        self._certificates, self._store, self._issuance, self._sealer = certificates, store, issuance, sealer
        self._audit, self._clock, self._organization = audit, clock, organization
        self._policy, self._accuracy_seconds, self._switched_on = policy, accuracy_seconds, offered
        self._known: Stamper | None = None
        self._looked_at = -_LOOK_SECONDS
        self._lock = threading.Lock()

    @property
    def switched_on(self) -> bool:
        """Whether anybody may ask at all."""
        return self._switched_on

    def offered(self) -> bool:
        """Tell whether there is somebody who signs, and anybody may ask; looked up once a minute."""
        return self._switched_on and self._stamper() is not None

    def signer(self) -> Signer | None:
        """Give the signer in use, however its certificate stands."""
        return self._store.signer(PLACE)

    def make_signer(self, caller: Caller) -> Signer:
        """Make a new signer in the place of the one before, whose key is gone then.

        Raises:
            ConfigurationError: there is no authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._issuance.issue(Order(profile=PROFILE, public_key=key.public_key(), subject=Subject(
            name="Time-stamps", organization=self._organization)), caller)
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        made = Signer(authority=PLACE, serial=issued.record.serial, certificate=issued.record.der,
                      not_after=issued.record.not_after, sealed_key=self._sealer.seal(plain, context=_CONTEXT))
        self._store.put_signer(made)
        self._looked_at = -_LOOK_SECONDS
        return made

    def renew_due(self, caller: Caller) -> int:
        """Replace a signer whose certificate counts for less than half a year, or whose key opens no more; gives how many.

        For the worker.
        """
        found = self.signer()
        if found is None or (found.not_after - self._clock.now() >= RENEW_SECONDS and self._key(found) is not None):
            return 0
        self.make_signer(caller)
        return 1

    def answer(self, request: bytes, caller: Caller) -> bytes:
        """Stamp a digest, or say why not (TimeStampResp, DER). Whatever is sent, there is an answer.

        Raises:
            UnavailableError: the record cannot be written; nothing is stamped then (security checklist 62).
        """
        try:
            return self._stamped(read(request), caller)
        except StampRefusedError as why:
            return refused(why)

    def _stamped(self, question: Question, caller: Caller) -> bytes:
        if question.policy not in {"", self._policy}:
            raise StampRefusedError("Time-stamps are given under another policy.", code="unaccepted_policy")
        stamper = self._stamper()
        if stamper is None:
            raise StampRefusedError("Nobody signs time-stamps now.", code="time_not_available")
        now = self._clock.now()
        said = Statement(serial=random_serial(), policy=self._policy, at=datetime.fromtimestamp(now, UTC),
                         accuracy_seconds=self._accuracy_seconds)
        made = granted(question, said, stamper)
        self._audit.record(AuditRecord(
            AuditEvent.TIME_STAMPED, now, sub=caller.officer, client_id=caller.client_id, source=caller.source,
            request_id=caller.request_id,
            detail={"serial": f"{said.serial:x}", "algorithm": question.algorithm, "imprint": question.imprint.hex()}))
        return made

    def _stamper(self) -> Stamper | None:
        now = self._clock.now()
        if now - self._looked_at >= _LOOK_SECONDS:
            with self._lock:
                if now - self._looked_at >= _LOOK_SECONDS:
                    self._known, self._looked_at = self._read(now), now
        return self._known

    def _read(self, now: int) -> Stamper | None:
        signer = self._store.signer(PLACE)
        if signer is None or signer.not_after <= now:
            return None
        for authority in self._certificates.authorities():
            found = self._certificates.find(authority.name, signer.serial)
            if found is not None and found.der == signer.certificate and found.status is Status.GOOD:
                key = self._key(signer)
                return None if key is None else Stamper(key, signer.certificate, authority.certificate)
        return None

    def _key(self, signer: Signer) -> ec.EllipticCurvePrivateKey | None:
        """Open a signer's key; None where it was sealed under a key-encryption key that is gone."""
        try:
            key = load_der_private_key(self._sealer.open(signer.sealed_key, context=_CONTEXT), None)
        except ConfigurationError:
            return None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key
