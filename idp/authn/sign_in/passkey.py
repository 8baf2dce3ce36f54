"""Signing in with a passkey alone: no name is typed, and it obeys every rule that a password sign-in obeys.

Sources: Web Authentication Level 2 §7.2, OWASP ASVS 5.0 6.3.4 (all pathways equal), 6.3.8; security checklist 18, 23, 27, 31.
Everything that is wrong gets one outcome; what it was stands in the audit trail. A try is counted before it is made: on the
officer whose passkey is named, as a wrong one-time code would be, or on the name of a credential that nobody has.

No bind is made: ``without_password`` says who may sign in. Two things of the password alone do not touch a passkey: that it must
be changed or has expired, which is asked for when it is next used, and that the server locks it for a while after wrong guesses,
because a passkey cannot be guessed and strangers could lock officers out.

A passkey whose authenticator verified its user is two factors (NIST SP 800-63B-4 §3.1.7, multi-factor cryptographic
authentication; passkeys that their owner's devices share are admitted at this level).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import Directory
from ...errors import IdpError
from ..lockout import Guess, Lockout, ThrottledError
from ..passkeys import PASSKEY, Passkey, Passkeys, Purpose, proven
from ..webauthn import Assertion, CeremonyError, Judged, encode, read_assertion
from .without_password import look


@dataclass(frozen=True, slots=True)
class PasskeyStep:
    """What became of a passkey.

    Attributes:
        outcome: ``expired`` when this browser was not asked, or too long ago, or has answered already.
        officer: Who it is, now in the mirror; None unless accepted.
        amr: RFC 8176 values that were proven; empty unless accepted.
        retry_after_seconds: Set when throttled.
    """

    outcome: Literal["accepted", "refused", "expired", "throttled"]
    officer: MirroredOfficer | None = None
    amr: tuple[str, ...] = ()
    retry_after_seconds: int | None = None


class _RefusedError(Exception):
    """Why a passkey does not open anything."""

    def __init__(self, reason: str, why: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.why = why


class PasskeySignIn:
    """The first step of a sign-in, by passkey.

    Args:
        limits: Of guesses, those of the second factor ``passkey``.
        frozen: Tells of an officer, by entryUUID, whether the factors are frozen (``second_factor``); then passkeys are too.
    """

    def __init__(self, passkeys: Passkeys, directory: Directory, mirror: OfficerMirror, audit: AuditTrail, clock: Clock, *,
                 limits: Lockout, frozen: Callable[[str], bool] = lambda _entry_uuid: False) -> None:
        self._frozen = frozen
        self._passkeys = passkeys
        self._directory = directory
        self._mirror = mirror
        self._audit = audit
        self._clock = clock
        self._limits = limits

    def attempt(self, text: str, within: str, caller: Caller, *, client_id: str = "") -> PasskeyStep:
        """Try the browser's answer. SIGN_IN itself is recorded with the session, not here.

        Args:
            text: As the browser sent it.
            within: The interaction that was asked.
            caller: Who asks.
            client_id: The application that the officer is on the way to.

        Raises:
            UnavailableError: the database does not answer; then no guess was counted.
        """
        answer, passkey, malformed = self._read(text)
        account = passkey.entry_uuid if passkey else f"credential {encode(answer.credential_id) if answer else ''}"
        try:
            guess = self._limits.take(account, caller.source)
        except ThrottledError as refusal:
            self._refused(_RefusedError("throttled"), passkey, caller, client_id)
            return PasskeyStep("throttled", retry_after_seconds=refusal.retry_after_seconds)
        try:
            if answer is None:
                raise _RefusedError("malformed", malformed)
            return self._tried(answer, passkey, within, guess, caller, client_id)
        except _RefusedError as refusal:
            self._refused(refusal, passkey, caller, client_id)
            if guess.instead is not None:
                return PasskeyStep("throttled", retry_after_seconds=guess.instead.retry_after_seconds)
            return PasskeyStep("expired" if refusal.reason == "challenge" else "refused")
        except IdpError:
            self._limits.release(guess)
            raise

    def _read(self, text: str) -> tuple[Assertion | None, Passkey | None, str]:
        try:
            answer = read_assertion(text)
        except CeremonyError as err:
            return None, None, str(err)
        return answer, self._passkeys.find(answer.credential_id), ""

    def _tried(self, answer: Assertion, passkey: Passkey | None, within: str, guess: Guess, caller: Caller,
               client_id: str) -> PasskeyStep:
        challenge = self._passkeys.take_challenge(Purpose.SIGN_IN, within, "")
        if challenge is None:
            raise _RefusedError("challenge")
        if passkey is None:
            raise _RefusedError("unknown")
        judged = self._judged(answer, passkey, challenge)
        officer, by_mirror = self._officer(passkey.entry_uuid, caller)
        detail: dict[str, str | int | bool] = {"factor": PASSKEY, "id": passkey.passkey_id}
        if by_mirror:
            detail["directory"] = "unavailable"
        record = AuditRecord(AuditEvent.FACTOR_ACCEPTED, self._clock.now(), sub=officer.sub, client_id=client_id,
                             source=caller.source, request_id=caller.request_id, detail=detail)
        if not self._passkeys.use(passkey, judged, record):
            raise _RefusedError("counter")
        self._limits.good(guess)
        return PasskeyStep("accepted", officer, proven(judged))

    def _judged(self, answer: Assertion, passkey: Passkey, challenge: bytes) -> Judged:
        try:
            return self._passkeys.judge(answer, passkey, challenge, alone=True)
        except CeremonyError as err:
            raise _RefusedError("invalid", str(err)) from err

    def _officer(self, entry_uuid: str, caller: Caller) -> tuple[MirroredOfficer, bool]:
        """Give the officer as the directory has them now, and whether the mirror had to answer for it."""
        found = look(entry_uuid, caller, directory=self._directory, mirror=self._mirror, clock=self._clock, frozen=self._frozen)
        if found.refused or found.officer is None:
            raise _RefusedError(found.refused)
        return found.officer, found.by_mirror

    def _refused(self, refusal: _RefusedError, passkey: Passkey | None, caller: Caller, client_id: str) -> None:
        mirrored = self._mirror.by_entry_uuid(passkey.entry_uuid) if passkey else None
        detail: dict[str, str | int | bool] = {"factor": PASSKEY, "reason": refusal.reason}
        detail |= {name: value for name, value in (("why", refusal.why), ("id", passkey.passkey_id if passkey else "")) if value}
        self._audit.record(AuditRecord(
            AuditEvent.FACTOR_REFUSED, self._clock.now(), sub=mirrored.sub if mirrored else "", client_id=client_id,
            source=caller.source, request_id=caller.request_id, detail=detail))
