"""Temporary passes: a code in place of the second factor for some hours, for an officer who has none at hand and must work.

Sources: NIST SP 800-63B-4 §4.2 (loss of an authenticator), OWASP ASVS 5.0 6.4.1, 6.5.1-6.5.3; RFC 8176 (amr); security checklist
15, 28, 33, 34. Two persons give one (``administration.people.temporary_access``); here it is made and tried, after the right
password only. It replaces nothing but the second factor, and only on the way to applications and own pages: it is never level 3,
proves no second kind of factor (``authn.assurance.TEMPORARY``), makes no device remembered, administers nothing, and neither adds
nor removes a factor. So a code that was overheard ends by itself, and leaves nothing behind.

One pass per officer, in one row. It has 50 random bits in ten signs that can be read out over the telephone; what is kept is a
keyed digest, bound to the officer and to the proposal. Every try is counted before it is made, apart from all other guesses.
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
from ..assurance import TWO_FACTORS
from ..lockout import NO_DEVICE, KnownDevice, Lockout, ThrottledError, network_of
from ..recovery_codes import plain

LEVEL: Final = TWO_FACTORS
"""What a password and a pass amount to while its time goes on."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10


@dataclass(frozen=True, slots=True)
class StandingPass:
    """A pass that could be used now.

    Attributes:
        pass_id: Of the proposal that it was given by.
        until: From when on it opens nothing, seconds since the epoch.
    """

    pass_id: str
    until: int


@dataclass(frozen=True, slots=True)
class PassStep:
    """What became of a try.

    Attributes:
        outcome: ``accepted``, ``refused`` or ``throttled``.
        until: The end of the pass; 0 unless accepted.
        retry_after_seconds: Set when throttled.
    """

    outcome: str
    until: int = 0
    retry_after_seconds: int | None = None


class PassStore(Protocol):
    """Where passes are kept. Every verb may raise UnavailableError(dependency="database")."""

    def standing(self, sub: str, now: int) -> StandingPass | None:
        """Give an officer's pass that is neither over nor used up nor ended."""
        ...

    def use(self, sub: str, digest: bytes, now: int, record: AuditRecord, notice: Notice) -> int | None:
        """Use this very pass if it stands, and then write record and notice: one atomic statement; gives when it ends.

        Of any number of callers with a pass for a single use, on any node, exactly one gets an end.
        """
        ...


class TemporaryPasses:
    """Makes and tries them.

    Args:
        store: Where they are kept.
        limits: Of guesses at them.
        audit: Where refusals are recorded.
        clock: Source of the time.
        key: Of the digests; every node has the same.
    """

    def __init__(self, store: PassStore, limits: Lockout, audit: AuditTrail, clock: Clock, *, key: bytes) -> None:
        self._store, self._limits, self._audit, self._clock, self._key = store, limits, audit, clock, key

    def make(self, sub: str, pass_id: str) -> tuple[str, bytes]:
        """Make a code, to be shown once, and what is kept of it."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        return f"{code[:5]}-{code[5:]}", self._digest(sub, pass_id, code)

    def standing(self, sub: str) -> StandingPass | None:
        """Give an officer's pass that could be used now; None for most."""
        return self._store.standing(sub, self._clock.now())

    def redeem(self, officer: MirroredOfficer, typed: str, caller: Caller, *, client_id: str = "",
               device: KnownDevice = NO_DEVICE) -> PassStep:
        """Try the pass of an officer whose password was right; the officer is told of its use.

        Args:
            officer: Who it is said to be.
            typed: As typed; case, spaces and hyphens do not matter.
            caller: Who asks.
            client_id: The application that the officer is on the way to.
            device: Which the browser shows.

        Raises:
            UnavailableError: the database does not answer; then no guess was counted.
        """
        now, sub, entry_uuid = self._clock.now(), officer.sub, officer.officer.entry_uuid
        try:
            guess = self._limits.take(entry_uuid, caller.source, device=device.mark(entry_uuid))
        except ThrottledError as refusal:
            self._refused("throttled", officer, caller, client_id)
            return PassStep("throttled", retry_after_seconds=refusal.retry_after_seconds)
        record = AuditRecord(AuditEvent.TEMPORARY_PASS_USED, now, sub=sub, client_id=client_id, source=caller.source,
                             request_id=caller.request_id)
        try:
            found = self._store.standing(sub, now)
            until = None if found is None else self._store.use(
                sub, self._digest(sub, found.pass_id, plain(typed)), now, record,
                Notice(NoticeKind.TEMPORARY_PASS_USED, sub, now, caller.source))
        except IdpError:
            self._limits.release(guess)
            raise
        if until is not None:
            self._limits.good(guess)
            return PassStep("accepted", until)
        self._refused("refused" if found is not None else "none", officer, caller, client_id)
        if guess.instead is not None:
            return PassStep("throttled", retry_after_seconds=guess.instead.retry_after_seconds)
        return PassStep("refused")

    def _refused(self, reason: str, officer: MirroredOfficer, caller: Caller, client_id: str) -> None:
        self._audit.repeated(AuditRecord(
            AuditEvent.TEMPORARY_PASS_WRONG, self._clock.now(), sub=officer.sub, client_id=client_id, source=caller.source,
            request_id=caller.request_id, detail={"reason": reason}), about=network_of(caller.source))

    def _digest(self, sub: str, pass_id: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{sub}\0{pass_id}\0{code}".encode("utf-8", "surrogatepass"), hashlib.sha256)
