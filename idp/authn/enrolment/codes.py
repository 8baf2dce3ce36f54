"""Codes by which an officer enrols a first factor from outside: given by an administrator who has seen who it is.

Sources: NIST SP 800-63B-4 §4.1.2 (binding an authenticator), SP 800-63A-4 (enrolment codes), OWASP ASVS 5.0 6.4.1, 6.5.1-6.5.3;
security checklist 15, 28, 33. A stolen password does not come with one, so that from outside it never becomes two factors.

One code per officer, in one row: a new one replaces the old one. It is good once, for a short time, for its officer only, and
opens only the place that it was typed in (a sign-in under way, by its identifier), for as long as enrolling takes. It has 50
random bits; what is kept is a keyed digest, bound to the officer, as of recovery codes. Every try is counted before it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer
from ...errors import IdpError
from ...notices import Notice, NoticeKind
from ..lockout import NO_DEVICE, KnownDevice, Lockout, ThrottledError, network_of
from ..recovery_codes import plain
from ..second_factor import FactorStep

OPEN_SECONDS: Final = 900
"""How long a code that was taken lets its officer enrol."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A code as it is told, once.

    Attributes:
        expires_at: From when on it opens nothing.
    """

    code: str
    expires_at: int


class EnrolmentCodeStore(Protocol):
    """Where codes are kept. Every verb may raise UnavailableError(dependency="database")."""

    def put(self, entry_uuid: str, digest: bytes, expires_at: int, record: AuditRecord, notice: Notice) -> None:
        """Give an officer a code in place of the one before, which opens nothing any more; record and notice go with it."""
        ...

    def take(self, entry_uuid: str, digest: bytes, place: bytes, open_until: int, now: int, record: AuditRecord) -> bool:
        """Use up this very code for a place if it is neither used nor over, and then write the record: one atomic statement.

        Of any number of callers with the same code, on any node, exactly one gets True.
        """
        ...

    def opened(self, entry_uuid: str, place: bytes, now: int) -> bool:
        """Tell whether the officer's code has opened a place, and its time is not over."""
        ...


class EnrolmentCodes:
    """Gives and takes them.

    Args:
        store: Where they are kept.
        limits: Of guesses at them.
        key: Of the digests; every node has the same.
        audit: Where refusals are recorded.
        clock: Source of the time.
        lifetime_seconds: How long one is good.
    """

    def __init__(self, store: EnrolmentCodeStore, limits: Lockout, audit: AuditTrail, clock: Clock, *, key: bytes,
                 lifetime_seconds: int) -> None:
        self._store = store
        self._limits = limits
        self._audit = audit
        self._clock = clock
        self._key = key
        self._lifetime = lifetime_seconds

    def give(self, officer: MirroredOfficer, caller: Caller) -> EnrolmentCode:
        """Make a code, to be shown once; whether the caller may is the caller's to see to. The officer is told."""
        code, now = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)), self._clock.now()
        until = now + self._lifetime
        record = AuditRecord(AuditEvent.ENROLMENT_CODE_GIVEN, now, sub=officer.sub, source=caller.source,
                             request_id=caller.request_id, detail={"expires_at": until, **caller.by})
        self._store.put(officer.officer.entry_uuid, self._digest(officer.officer.entry_uuid, code), until, record,
                        Notice(NoticeKind.ENROLMENT_CODE_GIVEN, officer.sub, now, caller.source))
        return EnrolmentCode(f"{code[:5]}-{code[5:]}", until)

    def redeem(self, officer: MirroredOfficer, typed: str, place: str, caller: Caller, *,
               device: KnownDevice = NO_DEVICE) -> FactorStep:
        """Try a code of an officer whose password was right.

        Args:
            officer: Who it is said to be.
            typed: As typed; case, spaces and hyphens do not matter.
            place: What it is to open: the identifier of the sign-in under way.
            caller: Who asks.
            device: Which the browser shows.

        Returns:
            ``accepted``, ``refused`` or ``throttled``.
        """
        entry_uuid, now = officer.officer.entry_uuid, self._clock.now()
        try:
            guess = self._limits.take(entry_uuid, caller.source, device=device.mark(entry_uuid))
        except ThrottledError as refusal:
            self._refused("throttled", officer, caller)
            return FactorStep("throttled", retry_after_seconds=refusal.retry_after_seconds)
        record = AuditRecord(AuditEvent.ENROLMENT_CODE_ACCEPTED, now, sub=officer.sub, source=caller.source,
                             request_id=caller.request_id)
        try:
            taken = self._store.take(entry_uuid, self._digest(entry_uuid, plain(typed)), place_of(place), now + OPEN_SECONDS,
                                     now, record)
        except IdpError:
            self._limits.release(guess)
            raise
        if taken:
            self._limits.good(guess)
            return FactorStep("accepted")
        self._refused("refused", officer, caller)
        if guess.instead is not None:
            return FactorStep("throttled", retry_after_seconds=guess.instead.retry_after_seconds)
        return FactorStep("refused")

    def opened(self, entry_uuid: str, place: str) -> bool:
        """Tell whether a code of the officer's has opened a place."""
        return bool(place) and self._store.opened(entry_uuid, place_of(place), self._clock.now())

    def _refused(self, reason: str, officer: MirroredOfficer, caller: Caller) -> None:
        self._audit.repeated(AuditRecord(
            AuditEvent.ENROLMENT_CODE_REFUSED, self._clock.now(), sub=officer.sub, source=caller.source,
            request_id=caller.request_id, detail={"reason": reason}), about=network_of(caller.source))

    def _digest(self, entry_uuid: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{entry_uuid}\0{code}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def place_of(identifier: str) -> bytes:
    """Give what the store knows of a place: SHA-256 of its identifier."""
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).digest()
