"""One-time codes from an authenticator app: one step of 30 seconds to either side, each step once, whichever node sees it.

Spec: RFC 6238 (TOTP, SHA-1, 6 digits) over RFC 4226; "once" is RFC 6238 §5.2 and OWASP ASVS 5.0 6.5.1. The last accepted step
only grows, by one conditional update in the database (security checklist 15, 28): a code is worthless after its use and so
is every code before it, even when the clock jumps back. Seeds are sealed under the key-encryption key, bound to the officer.

An officer who enrols an app gets a seed that was made here. It counts for nothing until a code of it has come, which has to be
within ten minutes; until then the app before it works as ever, and in the moment of the first code it is replaced (checklist 33).
It is shown to the browser that asked for it, and confirmed there: no second browser of the officer, nor one of somebody who got
as far as the officer did, reads a seed that is about to count.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import pyotp

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..errors import RefusedError
from ..jose.keyset import Sealer
from ..notices import Notice, NoticeKind
from .assurance import OTP, TWO_FACTORS
from .second_factor import Acceptance, Proof, Standing, told

STEP_SECONDS = 30
_STEPS = (-1, 0, 1)
ENROLMENT_SECONDS = 600
_SEED_BYTES = 16
"""Least length of a seed: 128 bits (RFC 4226 §4, R6)."""


class UnusableSeedError(RefusedError):
    """A seed that is no base32, or shorter than 128 bits."""

    code = "unusable_seed"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An officer's authenticator app.

    Attributes:
        sealed_seed: Base32 text, sealed.
        last_step: Number of the last step accepted; 0 at first.
        created_at: When it was enrolled.
    """

    sealed_seed: bytes
    last_step: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An app that is being enrolled.

    Attributes:
        sealed_seed: Base32 text, sealed.
        expires_at: When it is too late for its first code.
    """

    sealed_seed: bytes
    expires_at: int


class TotpStore(Protocol):
    """Where seeds and last steps stand. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, entry_uuid: str) -> Enrolment | None:
        """Find an officer's enrolment."""
        ...

    def use(self, entry_uuid: str, step: int, record: AuditRecord) -> bool:
        """Raise the last step to ``step`` if it is lower, and then write the record: durable, one atomic statement.

        Of any number of callers with the same step, on any node, exactly one gets True.
        """
        ...

    def put(self, entry_uuid: str, sealed_seed: bytes, now: int, record: AuditRecord, notice: Notice) -> None:
        """Enrol an officer, or replace the seed and forget the last step; record and notice are written with it."""
        ...

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take the app away, and then write record and notice; False when there was none, or as ``Factor.remove`` says."""
        ...

    def keep_pending(self, entry_uuid: str, browser: bytes, sealed_seed: bytes, expires_at: int) -> None:
        """Keep a seed until it is confirmed, in place of one that was not, of whichever browser; the app is left alone."""
        ...

    def pending(self, entry_uuid: str, browser: bytes) -> Pending | None:
        """Find the seed that is to be confirmed, expired or not; None where another browser (SHA-256) began."""
        ...

    def confirm(self, entry_uuid: str, sealed_seed: bytes, step: int, now: int, record: AuditRecord,
                notice: Notice) -> bool:
        """Make this very pending seed the officer's app with ``step`` used, and write record and notice: durable, one atomic act.

        Of any number of callers exactly one gets True; nobody does at ``expires_at`` or later.
        """
        ...


class Totp:
    """The factor ``otp``; one app per officer."""

    name: Final = OTP
    level: Final = TWO_FACTORS

    def __init__(self, store: TotpStore, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock

    def enrolled(self, entry_uuid: str) -> bool:
        """Tell whether an officer has an authenticator app."""
        return self._store.find(entry_uuid) is not None

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give the app, if the officer has one; the last accepted step tells when it was used."""
        found = self._store.find(entry_uuid)
        return () if found is None else (Standing(OTP, found.created_at, found.last_step * STEP_SECONDS or None),)

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Check the code in the field ``otp`` and use it up."""
        acceptance = self.accept(entry_uuid, answer.get("otp", ""), record)
        return Proof(acceptance, (OTP,) if acceptance is Acceptance.ACCEPTED else ())

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take the app away."""
        return not id and self._store.remove(entry_uuid, record, told(NoticeKind.FACTOR_REMOVED, record), keep_one=keep_one)

    def accept(self, entry_uuid: str, code: str, record: AuditRecord) -> Acceptance:
        """Check a code and use it up.

        Args:
            entry_uuid: The officer's stable identifier.
            code: As typed; spaces do not matter.
            record: Written in the same act when the code is accepted.

        Source: RFC 6238 §4.2, §5.2.
        """
        enrolment = self._store.find(entry_uuid)
        if enrolment is None:
            return Acceptance.NOT_ENROLLED
        matches = self._matches(entry_uuid, enrolment.sealed_seed, code)
        if not matches:
            return Acceptance.REFUSED
        fresh = [step for step in matches if step > enrolment.last_step]
        if not fresh or not self._store.use(entry_uuid, fresh[0], record):
            return Acceptance.REUSED
        return Acceptance.ACCEPTED

    def begin(self, entry_uuid: str, browser: str) -> None:
        """Make a seed for an officer who enrols an app in a browser; one that was begun and not confirmed is forgotten."""
        sealed = self._sealer.seal(pyotp.random_base32().encode("ascii"), context=_context(entry_uuid))
        self._store.keep_pending(entry_uuid, _digest(browser), sealed, self._clock.now() + ENROLMENT_SECONDS)

    def begun(self, entry_uuid: str, browser: str) -> str | None:
        """Give the seed that waits for its first code, as base32 text, to be shown to its officer; None when none waits here."""
        pending = self._store.pending(entry_uuid, _digest(browser))
        if pending is None or pending.expires_at <= self._clock.now():
            return None
        return self._sealer.open(pending.sealed_seed, context=_context(entry_uuid)).decode("ascii")

    def confirm(self, officer: MirroredOfficer, code: str, browser: str,
                caller: Caller) -> Literal["confirmed", "wrong", "expired"]:
        """Take the first code of the app that an officer enrols; from then on it is the officer's app, and the code is used.

        Args:
            officer: Whose app it will be.
            code: As typed.
            browser: Identifier of the browser; in another one than that which began nothing waits (``expired``).
            caller: Who asks.
        """
        entry_uuid = officer.officer.entry_uuid
        now = self._clock.now()
        pending = self._store.pending(entry_uuid, _digest(browser))
        if pending is None or pending.expires_at <= now:
            return "expired"
        matches = self._matches(entry_uuid, pending.sealed_seed, code)
        if not matches:
            return "wrong"
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, now, sub=officer.sub, source=caller.source, request_id=caller.request_id,
                             detail={"factor": OTP, "replaced": self._store.find(entry_uuid) is not None})
        kept = self._store.confirm(entry_uuid, pending.sealed_seed, matches[-1], now, record,
                                   told(NoticeKind.FACTOR_ADDED, record))
        return "confirmed" if kept else "expired"

    def _matches(self, entry_uuid: str, sealed_seed: bytes, code: str) -> list[int]:
        """Give the steps around now whose code this is, earliest first."""
        return steps_of(self._sealer.open(sealed_seed, context=_context(entry_uuid)).decode("ascii"), code, self._clock.now())

    def check_seed(self, seed: str) -> None:
        """Tell whether a seed can be enrolled. Raises UnusableSeedError."""
        _seed(seed)

    def enrol(self, entry_uuid: str, seed: str, *, sub: str = "", source: str = "cli") -> bool:
        """Give an officer an authenticator app by its seed.

        Args:
            entry_uuid: The officer's stable identifier.
            seed: Base32, at least 128 bits; spaces and case do not matter.
            sub: The officer's subject, if known yet, for the audit record.
            source: Who does it.

        Returns:
            False when the officer has this very seed already; then nothing is written and used steps stay used.

        Raises:
            UnusableSeedError: not base32, or too short.
        """
        text = _seed(seed)
        enrolment = self._store.find(entry_uuid)
        if enrolment is not None:
            current = self._sealer.open(enrolment.sealed_seed, context=_context(entry_uuid))
            if hmac.compare_digest(current, text.encode("ascii")):
                return False
        now = self._clock.now()
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, now, sub=sub, source=source,
                             detail={"factor": "otp", "entry_uuid": entry_uuid, "replaced": enrolment is not None})
        self._store.put(entry_uuid, self._sealer.seal(text.encode("ascii"), context=_context(entry_uuid)), now, record,
                        told(NoticeKind.FACTOR_ADDED, record))
        return True


def steps_of(seed: str, code: str, now: int) -> list[int]:
    """Give the steps around now whose code of this seed (base32) was typed, earliest first."""
    generator = pyotp.TOTP(seed)
    typed = _digits(code)
    current = now // STEP_SECONDS
    # All steps are computed and compared, whichever matches, so that time tells nothing about the code.
    return [step for step in (current + offset for offset in _STEPS)
            if hmac.compare_digest(generator.generate_otp(max(0, step)).encode("ascii"), typed)]


def _context(entry_uuid: str) -> str:
    return f"totp:{entry_uuid}"


def _digest(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()


def _digits(code: str) -> bytes:
    """Give six ASCII digits, or bytes that no code equals."""
    if len(code) > 32:
        return b""
    plain = "".join(unicodedata.normalize("NFKC", code).replace("-", " ").split())
    return plain.encode("ascii") if len(plain) == 6 and plain.isascii() and plain.isdigit() else b""


def _seed(seed: str) -> str:
    text = "".join(seed.split()).upper().rstrip("=")
    try:
        size = len(pyotp.TOTP(text).byte_secret())
    except (binascii.Error, ValueError) as err:
        raise UnusableSeedError("The TOTP seed is not base32 or is too short.") from err
    if size < _SEED_BYTES:
        raise UnusableSeedError("The TOTP seed is shorter than 128 bits.")
    return text
