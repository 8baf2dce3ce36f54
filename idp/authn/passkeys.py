"""Passkeys of officers: making one, naming them, taking one away, and proving one after the password.

Spec: Web Authentication Level 2 §7.1, §7.2 (what the relying party keeps and compares), §6.1.1 (signature counter), §14.6.1 (user
handles); security checklist 15, 31, 34. The ceremonies themselves are judged in ``webauthn``.

A challenge is kept by the server for one purpose in one place (a browser's interaction, or a session), for five minutes; the next
one replaces it, and whoever answers takes it away, right or wrong, in one statement: no answer counts twice. A credential is one
officer's for ever. The user handle that authenticators keep is random, made once per officer, and no other identifier. A counter
that does not grow is refused in the statement that raises it (§6.1.1 leaves that to the relying party): somebody may have a copy.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..notices import Notice, NoticeKind
from .assurance import MFA, POP, TWO_FACTORS, USER
from .second_factor import Acceptance, Proof, Standing, told
from .webauthn import CHALLENGE_SECONDS, Assertion, CeremonyError, Judged, RelyingParty, read_assertion

PASSKEY: Final = "passkey"
"""Name of the factor in records and forms, and of the field with the browser's answer."""
MOST: Final = 10
"""Passkeys that one officer may have."""
MAX_NAME: Final = 64


class Purpose(StrEnum):
    """What a challenge is for; an answer for one purpose is none for another."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of one officer.

    Attributes:
        passkey_id: Ours, for forms and records.
        entry_uuid: Whose it is.
        user_handle: The officer's, as the authenticator keeps it.
        credential_id: The authenticator's name for it.
        public_key: COSE key.
        sign_count: The counter as last seen; 0 where the authenticator has none.
        synced: It can be on several devices of its owner.
        name: What the officer calls it.
    """

    passkey_id: str
    entry_uuid: str
    user_handle: bytes
    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    transports: tuple[str, ...]
    name: str
    created_at: int
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that was kept.

    Attributes:
        entry_uuid: The officer whose answer is awaited; empty where anybody's is.
    """

    value: bytes
    entry_uuid: str
    expires_at: int


class PasskeyStore(Protocol):
    """Where passkeys and challenges stand. Every verb may raise UnavailableError(dependency="database")."""

    def keep_challenge(self, place: bytes, challenge: Challenge) -> None:
        """Keep a challenge in a place, instead of the one that was there."""
        ...

    def take_challenge(self, place: bytes) -> Challenge | None:
        """Take the challenge of a place away, durably: of any number of callers on any node exactly one gets it."""
        ...

    def user_handle(self, entry_uuid: str, fresh: bytes) -> bytes:
        """Give an officer's user handle; of parallel first calls all get the same one of their ``fresh`` ones."""
        ...

    def find(self, credential_id: bytes) -> Passkey | None:
        """Find a passkey by the authenticator's name for it."""
        ...

    def of(self, entry_uuid: str) -> list[Passkey]:
        """Give an officer's passkeys, oldest first."""
        ...

    def add(self, passkey: Passkey, record: AuditRecord, notice: Notice) -> bool:
        """Keep a new passkey, and write record and notice with it; False, and nothing written, if somebody has the credential."""
        ...

    def use(self, passkey_id: str, sign_count: int, now: int, record: AuditRecord) -> bool:
        """Raise the counter and note the use, and write the record with it; False when the counter does not grow or it is gone.

        One atomic statement: of any number of callers with the same counter exactly one gets True. A counter that is and stays 0
        is none (§6.1.1).
        """
        ...

    def rename(self, entry_uuid: str, passkey_id: str, name: str, record: AuditRecord) -> bool:
        """Give one of an officer's passkeys another name; False when the officer has no such one."""
        ...

    def remove(self, entry_uuid: str, passkey_id: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take one of an officer's passkeys away, and write record and notice with it.

        False when the officer has no such one, or as ``Factor.remove`` says.
        """
        ...


class Passkeys:
    """The officers' passkeys, and the factor ``passkey`` after a password.

    Args:
        store: Where they are kept.
        party: Us in the ceremonies; None where browsers could not make passkeys for the issuer (an address without a name).
        clock: Source of the time.
    """

    name: Final = PASSKEY
    level: Final = TWO_FACTORS

    def __init__(self, store: PasskeyStore, party: RelyingParty | None, clock: Clock) -> None:
        self._store = store
        self._party = party
        self._clock = clock

    @property
    def offered(self) -> bool:
        """Whether there can be passkeys at this issuer."""
        return self._party is not None

    def of(self, entry_uuid: str) -> list[Passkey]:
        """Give an officer's passkeys, oldest first."""
        return self._store.of(entry_uuid) if self.offered else []

    # What the browser is asked

    def ask_to_sign_in(self, within: str) -> dict[str, Any]:
        """Ask whoever is there for a passkey, in an interaction; nothing in it depends on any name."""
        return self._relying_party.request_options(challenge=self._new_challenge(Purpose.SIGN_IN, within, ""), allowed=(),
                                                   verification="required")

    def ask_second_factor(self, officer: MirroredOfficer, within: str) -> dict[str, Any]:
        """Ask an officer whose password was right for one of their passkeys."""
        entry_uuid = officer.officer.entry_uuid
        return self._relying_party.request_options(
            challenge=self._new_challenge(Purpose.SECOND_FACTOR, within, entry_uuid), allowed=self._store.of(entry_uuid),
            verification="preferred")

    def ask_to_enrol(self, officer: MirroredOfficer, sid: str) -> dict[str, Any]:
        """Ask for a new passkey of an officer, in a session."""
        entry_uuid = officer.officer.entry_uuid
        return self._relying_party.creation_options(
            challenge=self._new_challenge(Purpose.ENROL, sid, entry_uuid), login_name=officer.officer.uid,
            name=officer.officer.name, existing=self._store.of(entry_uuid),
            user_handle=self._store.user_handle(entry_uuid, secrets.token_bytes(32)))

    # What becomes of the answer

    def enrol(self, officer: MirroredOfficer, sid: str, answer: str, name: str, caller: Caller) -> str:
        """Keep a new passkey.

        Args:
            officer: Whose session it is; fresh authentication is the caller's to see to.
            sid: The session that was asked.
            answer: The browser's answer.
            name: What the officer calls it.
            caller: Who asks.

        Returns:
            ``enrolled``, ``unnamed``, ``too_many``, ``expired`` (it was not asked, or too long ago), ``refused`` or ``taken``.
        """
        entry_uuid = officer.officer.entry_uuid
        wished = tidy_name(name)
        if not wished:
            return "unnamed"
        if len(self._store.of(entry_uuid)) >= MOST:
            return "too_many"
        challenge = self.take_challenge(Purpose.ENROL, sid, entry_uuid)
        if challenge is None:
            return "expired"
        try:
            made = self._relying_party.judge_registration(answer, challenge)
        except CeremonyError:
            return "refused"
        now = self._clock.now()
        passkey = Passkey(
            passkey_id=secrets.token_urlsafe(12), entry_uuid=entry_uuid, credential_id=made.credential_id,
            user_handle=self._store.user_handle(entry_uuid, secrets.token_bytes(32)), public_key=made.public_key,
            sign_count=made.sign_count, synced=made.synced, transports=made.transports, name=wished, created_at=now)
        record = self._record(AuditEvent.FACTOR_ENROLLED, officer, caller, id=passkey.passkey_id, synced=made.synced)
        notice = told(NoticeKind.FACTOR_ADDED, record, name=wished)
        return "enrolled" if self._store.add(passkey, record, notice) else "taken"

    def take_challenge(self, purpose: Purpose, within: str, entry_uuid: str) -> bytes | None:
        """Take the challenge of a purpose in a place; None when there is none any more, or it is another officer's."""
        kept = self._store.take_challenge(place_of(purpose, within))
        if kept is None or kept.expires_at <= self._clock.now() or kept.entry_uuid != entry_uuid:
            return None
        return kept.value

    def find(self, credential_id: bytes) -> Passkey | None:
        """Find a passkey by the authenticator's name for it."""
        return self._store.find(credential_id)

    def judge(self, answer: Assertion, passkey: Passkey, challenge: bytes, *, alone: bool) -> Judged:
        """Judge an assertion with a passkey, all but its counter.

        Args:
            answer: As read.
            passkey: That of the answer's credential.
            challenge: As taken.
            alone: The passkey is the only proof: the authenticator must have verified its user, and must say whose it is.

        Raises:
            CeremonyError: it is not right.
        """
        if answer.user_handle != passkey.user_handle and (alone or answer.user_handle):
            raise CeremonyError("the user handle is another one")
        judged = self._relying_party.judge_assertion(answer, challenge, passkey.public_key, must_verify=alone)
        if judged.synced != passkey.synced:
            raise CeremonyError("the backup eligibility has changed")
        return judged

    def use(self, passkey: Passkey, judged: Judged, record: AuditRecord) -> bool:
        """Note the use of a passkey that was judged; False when its counter did not grow, or it was removed meanwhile."""
        return self._store.use(passkey.passkey_id, judged.sign_count, self._clock.now(), record)

    # After the password

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give an officer's passkeys."""
        return tuple(Standing(PASSKEY, one.created_at, one.last_used_at, one.passkey_id, one.name) for one in self.of(entry_uuid))

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Check the browser's answer in the field ``passkey``.

        ``within`` names the interaction that was asked; the page's view puts it there, whatever the form held.
        """
        if not self.of(entry_uuid):
            return Proof(Acceptance.NOT_ENROLLED)
        challenge = self.take_challenge(Purpose.SECOND_FACTOR, answer.get("within", ""), entry_uuid)
        if challenge is None:
            return Proof(Acceptance.REFUSED, reason="challenge")
        try:
            told = read_assertion(answer.get(PASSKEY, ""))
            passkey = self.find(told.credential_id)
            if passkey is None:
                return Proof(Acceptance.REFUSED, reason="unknown")
            if passkey.entry_uuid != entry_uuid:
                return Proof(Acceptance.REFUSED, reason="other_officer")
            judged = self.judge(told, passkey, challenge, alone=False)
        except CeremonyError as err:
            return Proof(Acceptance.REFUSED, reason=f"invalid: {err}")
        if not self.use(passkey, judged, record):
            return Proof(Acceptance.REFUSED, reason="counter")
        return Proof(Acceptance.ACCEPTED, proven(judged))

    # What the officer does with them

    def rename(self, officer: MirroredOfficer, passkey_id: str, name: str, caller: Caller) -> str:
        """Give a passkey another name: ``renamed``, ``unnamed`` or ``gone``."""
        wished = tidy_name(name)
        if not wished:
            return "unnamed"
        if not any(one.passkey_id == passkey_id for one in self._store.of(officer.officer.entry_uuid)):
            return "gone"  # also whatever was sent that is no identifier
        record = self._record(AuditEvent.FACTOR_RENAMED, officer, caller, id=passkey_id)
        return "renamed" if self._store.rename(officer.officer.entry_uuid, passkey_id, wished, record) else "gone"

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take one of an officer's passkeys away; its owner is told."""
        known = next((one for one in self._store.of(entry_uuid) if one.passkey_id == id), None)
        return known is not None and self._store.remove(
            entry_uuid, id, record, told(NoticeKind.FACTOR_REMOVED, record, name=known.name), keep_one=keep_one)

    @property
    def _relying_party(self) -> RelyingParty:
        if self._party is None:
            raise CeremonyError("there are no passkeys at this issuer")
        return self._party

    def _new_challenge(self, purpose: Purpose, within: str, entry_uuid: str) -> bytes:
        challenge = Challenge(secrets.token_bytes(32), entry_uuid, self._clock.now() + CHALLENGE_SECONDS)
        self._store.keep_challenge(place_of(purpose, within), challenge)
        return challenge.value

    def _record(self, event: AuditEvent, officer: MirroredOfficer, caller: Caller, **detail: str | bool) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=officer.sub, source=caller.source, request_id=caller.request_id,
                           detail={"factor": PASSKEY, **detail})


def proven(judged: Judged) -> tuple[str, ...]:
    """Give the RFC 8176 values of a right answer.

    ``pop``: a key was proven; without attestation nobody knows whether hardware keeps it, so neither ``hwk`` nor ``swk``.
    ``user``: somebody was there. ``mfa``: the authenticator verified its user, so that what one has and what one knows or is came
    together; it does not say which, so neither ``pin`` nor ``fpt`` nor ``face``.
    """
    return (POP, USER, MFA) if judged.verified else (POP, USER)


def place_of(purpose: Purpose, within: str) -> bytes:
    """Give the place of a challenge: SHA-256 of what it is for and of the interaction's or session's identifier."""
    return hashlib.sha256(f"{purpose.value}\0{within}".encode()).digest()


def tidy_name(text: str) -> str:
    """Give the name of a passkey as it is kept: one line, NFC, nothing that hides or turns text round, at most 64 characters."""
    line = " ".join(unicodedata.normalize("NFC", text[:4 * MAX_NAME]).split())
    return "".join(sign for sign in line if unicodedata.category(sign)[0] != "C")[:MAX_NAME].strip()
