"""One signature by SIM, from the question to the release: its states, and what each of them may become.

Source: ETSI TS 102 204 §6; security checklist 57 and 58. A transaction is stored before anybody is asked, its hash never changes,
and each step is written by the number of changes that it was decided on (``revision``), with a line of history. A signature that
came too late, or after the officer had said "not me", is kept as evidence and is never where it could be released from.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from ..errors import RefusedError
from .mobile_signature import DigestName


class State(StrEnum):
    """Where a transaction is."""

    CREATED = "created"
    """Stored; whether the service has heard of it is not known."""
    SENT = "sent"
    """The service has taken it, and the phone is asked."""
    READY = "ready"
    """Signed, and verified here."""
    RELEASED = "released"
    """Given to the application that asked, once."""
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LATE = "late"
    """A signature came when nobody waited for one any more."""


Purpose = Literal["signature", "login", "approval"]
SIGNATURE: Final[Purpose] = "signature"
LOGIN: Final[Purpose] = "login"
APPROVAL: Final[Purpose] = "approval"
"""What a card is asked for: a signature of a document, to prove who signs in, or who approves what an application asks by name.
None of them is ever taken for another; all but the first are made with the key for signing in (decision 0011)."""
DENIED: Final = "denied"
"""Outcome of what the officer says they never asked for."""
NOT_FETCHED: Final = "not_fetched"
"""Outcome of a signature that the application did not take in time."""
ANSWERED: Final = "answered"
"""Outcome of a question about a request that was answered elsewhere meanwhile."""
SIM_BLOCKED: Final = "sim_blocked"
"""Outcome of a signature by a SIM that was reported lost, exchanged or blocked meanwhile."""
STANDING_UNKNOWN: Final = "standing_unknown"
"""Outcome of a signature of whose certificate nobody could tell how it stands."""
OPEN: Final = (State.CREATED, State.SENT)
_S: Final = State
STEPS: Final[Mapping[State, frozenset[State]]] = {
    _S.CREATED: frozenset({_S.CREATED, _S.SENT, _S.FAILED, _S.TIMED_OUT}),
    _S.SENT: frozenset({_S.SENT, _S.READY, _S.FAILED, _S.TIMED_OUT}),
    _S.READY: frozenset({_S.RELEASED, _S.FAILED}),
    _S.RELEASED: frozenset({_S.RELEASED}),
    _S.FAILED: frozenset({_S.FAILED, _S.LATE}), _S.TIMED_OUT: frozenset({_S.TIMED_OUT, _S.LATE}),
    _S.LATE: frozenset({_S.LATE}),
}
"""Every step there is. From itself to itself: asked again, or a note of the officer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A signature that was asked for.

    Attributes:
        transaction_id: Our name of it, also at the service; begins with a letter.
        client_id: The application that asked, and that alone gets the signature.
        idempotency_key: Its own name of it; asking twice with the same is asking once.
        sub: The officer.
        unit_code: The agency for which they sign; ``title`` their post at that moment.
        msisdn: The number, international, without ``+``.
        iccid: The card.
        carrier: Name of the service.
        certificate: SHA-256 of the certificate that belongs to the card's key.
        digest: The hash; ``digest_name`` its algorithm.
        document: Number of the document, as the officer knows it.
        subject: What it is about, in full, for the browser.
        text: What the phone shows, exactly as sent.
        code: The four digits.
        timeout_seconds: How long the officer has.
        outcome: What came of it (``Outcome``, ``DENIED``, ``NOT_FETCHED``); empty while it is open.
        service_transaction: The service's name of it; empty until it has one.
        signature: To be released; None in every other state than ``ready`` and ``released``.
        created_at: Seconds since the epoch; so ``ended_at``, ``deadline_at`` (after it a signature is late, and no phone shows
            it; moved on when the service takes the question).
        next_try_at: When somebody looks again; None for never.
        tries: How often somebody has.
        signed_at: When a signature that holds came, whose certificate's standing nobody has told yet; None else.
        denied_at: When the officer said that they never asked for it.
        occupies: Whether the card may still show it: it is asked for nothing else until then.
        sid: The officer's session when it was asked for, with its ``acr``, ``amr`` (words parted by blanks) and ``auth_time``;
            empty and 0 where an application asked by itself.
        purpose: What it is for.
        binding: Of ``login``: the sign-in that alone it opens, browser included; of ``approval``: the request that alone it
            answers (SHA-256, hexadecimal); else empty.
        source: From where it was asked for; with ``user_agent``.
        revision: Number of changes.
    """

    transaction_id: str
    client_id: str
    idempotency_key: str
    sub: str
    unit_code: str
    title: str
    msisdn: str
    iccid: str
    carrier: str
    certificate: bytes
    digest_name: DigestName
    digest: bytes
    document: str
    subject: str
    text: str
    code: str
    timeout_seconds: int
    state: State
    outcome: str = ""
    service_transaction: str = ""
    signature: bytes | None = None
    created_at: int
    deadline_at: int
    next_try_at: int | None
    ended_at: int | None = None
    signed_at: int | None = None
    denied_at: int | None = None
    occupies: bool = True
    tries: int = 0
    sid: str = ""
    acr: str = ""
    amr: str = ""
    auth_time: int = 0
    purpose: Purpose = SIGNATURE
    binding: str = ""
    source: str = ""
    user_agent: str = ""
    revision: int = 0

    @property
    def proves(self) -> bool:
        """Tell whether it shows who the officer is, by the key for that, and is no document of theirs."""
        return self.purpose != SIGNATURE


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a transaction's history; lines are only added.

    Attributes:
        at_us: When, microseconds since the epoch.
        code: The service's code, ``finer`` the one below it; 0 where nobody was asked.
        proofs: SHA-256 (hexadecimal) of each octet string that shows it, by what it is: ``sent``, ``received``, ``signature``,
            ``certificate``, ``standing``.
        note: The service's or the officer's words, one line.
    """

    transaction_id: str
    at_us: int
    state: State
    outcome: str
    code: int
    finer: int
    proofs: Mapping[str, str]
    note: str


@dataclass(frozen=True, slots=True)
class Change:
    """A step that was decided, and what is kept of it.

    Attributes:
        before: As it was decided on; None for a new one.
        blobs: What the event's ``proofs`` name, by SHA-256 (hexadecimal).
    """

    before: Transaction | None
    after: Transaction
    event: Event
    blobs: Mapping[str, bytes]


def changed(before: Transaction, state: State, at: datetime, *, code: int = 0, finer: int | None = None, note: str = "",
            proofs: Mapping[str, bytes] | None = None, **values: object) -> Change:
    """Decide a step.

    Raises:
        RefusedError: 409 ``wrong_state``: there is no such step.
    """
    if state not in STEPS[before.state]:
        raise RefusedError("The signature is beyond that.", code="wrong_state", status=409)
    named = dict(values)
    if state in (State.FAILED, State.TIMED_OUT, State.LATE):
        named["signature"] = None
    if state in (State.READY, State.LATE):
        named["occupies"] = False
    after = dataclasses.replace(before, state=state, revision=before.revision + 1, **named)  # type: ignore[arg-type]
    return Change(before, after, *_event(after, at, code, finer, note, proofs or {}))


def begun(transaction: Transaction, at: datetime, proofs: Mapping[str, bytes]) -> Change:
    """Give the first line of a new transaction."""
    return Change(None, transaction, *_event(transaction, at, 0, None, "", proofs))


def _event(of: Transaction, at: datetime, code: int, finer: int | None, note: str,
           proofs: Mapping[str, bytes]) -> tuple[Event, Mapping[str, bytes]]:
    if of.proves:  # no evidence of what an officer wanted: what is needed to go on, and no more
        proofs = {what: content for what, content in proofs.items() if what in ("certificate", "signature")}
    named = {what: hashlib.sha256(content).hexdigest() for what, content in proofs.items()}
    at_us = round(at.timestamp() * 1_000_000)
    line = "".join(letter if letter.isprintable() else " " for letter in note)[:300]
    return (Event(of.transaction_id, at_us, of.state, of.outcome, code, finer or 0, named, line),
            {named[what]: content for what, content in proofs.items()})


def refused_too_often(ended: Sequence[int], now: int, *, most: int, pause_seconds: int) -> int:
    """Say for how many seconds an officer is left alone who has refused ``most`` times within a pause's time; 0: not at all."""
    recent = sorted(at for at in ended if now - pause_seconds < at <= now)
    return max(1, recent[-most] + pause_seconds - now) if len(recent) >= most else 0
