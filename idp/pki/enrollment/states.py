"""From the request for a certificate to its end: which steps there are, who takes each, and how long it may take.

Sources: Decree 68/2024 as provinces apply it (request by the agency, consolidated by the province's desk, issued by the
Government's authority; return of the device within 5 working days after revocation, unlocking within 1). What is due for
renewal is worked out from the end of validity and is no state: a certificate whose renewal is asked for signs until the new one
is active.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a certificate stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    """Sent back to who asked, with a reason, to be corrected."""
    AGENCY_APPROVED = "agency_approved"
    PROVINCE_APPROVED = "province_approved"
    SENT = "sent_to_ca"
    ISSUED = "issued"
    READY = "ready_for_handover"
    HANDED_OVER = "handed_over"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOCKED = "device_locked"
    """Too many wrong PINs; the desk unlocks the device."""
    REVOCATION_REQUESTED = "revocation_requested"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DEVICE_RETURNED = "device_returned"
    DEVICE_LOST = "device_lost_recorded"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What somebody does to it."""

    SUBMIT = "submit"
    APPROVE = "approve"
    APPROVE_FOR_PROVINCE = "approve_for_province"
    RETURN = "return"
    CANCEL = "cancel"
    SEND = "send"
    REJECT = "reject"
    """The issuer refuses."""
    ISSUE = "issue"
    COMPLETE = "complete"
    """The certificate itself comes after its number was noted."""
    RECEIVE = "receive"
    """The device with the certificate has come to the desk."""
    HAND_OVER = "hand_over"
    CONFIRM = "confirm"
    """The holder confirms that the device has come."""
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    LOCK = "lock"
    UNLOCK = "unlock"
    ASK_REVOCATION = "ask_revocation"
    REPORT_LOSS = "report_loss"
    REVOKE = "revoke"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    RETURN_DEVICE = "return_device"
    RECORD_LOSS = "record_loss"


class Part(StrEnum):
    """Who acts."""

    HOLDER = "holder"
    """The officer whose certificate it is; for a seal, who keeps it."""
    AGENCY = "agency"
    """An administrator of the holder's agency."""
    DESK = "desk"
    """The province's registration desk."""
    SYSTEM = "system"
    """Time, the directory, or what the issuer sends."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an act leads to.

    Attributes:
        to: The state afterwards.
        by: Who may do it.
    """

    to: State
    by: frozenset[Part]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is in a state, and for how long.

    Attributes:
        part: Who has to act.
        working_days: In how many working days.
    """

    part: Part
    working_days: int


_H, _A, _D, _S = Part.HOLDER, Part.AGENCY, Part.DESK, Part.SYSTEM


def _steps(*rows: tuple[State | tuple[State, ...], Act, State, tuple[Part, ...]]) -> Mapping[tuple[State, Act], Step]:
    return {(state, act): Step(to, frozenset(by)) for states, act, to, by in rows
            for state in (states if isinstance(states, tuple) else (states,))}


BEFORE_SENDING: Final = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.AGENCY_APPROVED, State.PROVINCE_APPROVED)
ON_THE_WAY: Final = (*BEFORE_SENDING, State.SENT, State.ISSUED, State.READY, State.HANDED_OVER)
"""States in which somebody waits for a certificate; a holder has one such request for each kind of device."""
HANDED_IN: Final = tuple(state for state in ON_THE_WAY if state not in (State.DRAFT, State.RETURNED))
"""On the way, and not with who asks: nothing has to be done there for it to go on."""
IN_USE: Final = (State.ACTIVE, State.SUSPENDED, State.LOCKED)
"""States of a certificate that counts as the holder's one; ``SIGNS`` alone of them signs."""
BEFORE_REVOCATION: Final = (State.ISSUED, State.READY, State.HANDED_OVER, *IN_USE)
WITH_A_CERTIFICATE: Final = (*BEFORE_REVOCATION, State.REVOCATION_REQUESTED)
"""The issuer has issued, and nobody has ended it."""
SIGNS: Final = (State.ACTIVE,)
ENDED: Final = (State.REVOKED, State.EXPIRED, State.SUPERSEDED)
"""The certificate is of no use any more, and its device is to come back."""

STEPS: Final[Mapping[tuple[State, Act], Step]] = _steps(
    ((State.DRAFT, State.RETURNED), Act.SUBMIT, State.SUBMITTED, (_H, _A)),
    (State.SUBMITTED, Act.APPROVE, State.AGENCY_APPROVED, (_A, _D)),
    (State.AGENCY_APPROVED, Act.APPROVE_FOR_PROVINCE, State.PROVINCE_APPROVED, (_D,)),
    (State.SUBMITTED, Act.RETURN, State.RETURNED, (_A, _D)),
    ((State.AGENCY_APPROVED, State.PROVINCE_APPROVED), Act.RETURN, State.RETURNED, (_D,)),
    (BEFORE_SENDING, Act.CANCEL, State.CANCELLED, (_H, _A, _D, _S)),
    (State.PROVINCE_APPROVED, Act.SEND, State.SENT, (_D,)),
    (State.SENT, Act.REJECT, State.RETURNED, (_D,)),
    (State.SENT, Act.ISSUE, State.ISSUED, (_D, _S)),
    (State.ISSUED, Act.COMPLETE, State.ISSUED, (_D, _S)),
    (State.READY, Act.COMPLETE, State.READY, (_D, _S)),
    (State.HANDED_OVER, Act.COMPLETE, State.HANDED_OVER, (_D, _S)),
    (State.ISSUED, Act.RECEIVE, State.READY, (_D,)),
    (State.READY, Act.HAND_OVER, State.HANDED_OVER, (_D,)),
    (State.HANDED_OVER, Act.CONFIRM, State.HANDED_OVER, (_H,)),
    (State.HANDED_OVER, Act.ACTIVATE, State.ACTIVE, (_H, _D)),
    (State.ACTIVE, Act.SUSPEND, State.SUSPENDED, (_D,)),
    (State.SUSPENDED, Act.RESUME, State.ACTIVE, (_D,)),
    (State.ACTIVE, Act.LOCK, State.LOCKED, (_H, _A, _D)),
    (State.LOCKED, Act.UNLOCK, State.ACTIVE, (_D,)),
    (BEFORE_REVOCATION, Act.ASK_REVOCATION, State.REVOCATION_REQUESTED, (_H, _A, _D, _S)),
    (BEFORE_REVOCATION, Act.REPORT_LOSS, State.REVOCATION_REQUESTED, (_H, _A, _D)),
    (State.REVOCATION_REQUESTED, Act.REVOKE, State.REVOKED, (_D,)),
    (WITH_A_CERTIFICATE, Act.EXPIRE, State.EXPIRED, (_S,)),
    (IN_USE, Act.SUPERSEDE, State.SUPERSEDED, (_S,)),
    (ENDED, Act.RETURN_DEVICE, State.DEVICE_RETURNED, (_D,)),
    (ENDED, Act.RECORD_LOSS, State.DEVICE_LOST, (_D,)),
)
"""Every act there is in every state; what is not here is refused."""

TURNS: Final[Mapping[State, Turn]] = {
    State.DRAFT: Turn(_A, 5),
    State.SUBMITTED: Turn(_A, 2),
    State.RETURNED: Turn(_A, 5),
    State.AGENCY_APPROVED: Turn(_D, 3),
    State.PROVINCE_APPROVED: Turn(_D, 2),
    State.SENT: Turn(_S, 3),
    State.ISSUED: Turn(_D, 2),
    State.READY: Turn(_D, 5),
    State.HANDED_OVER: Turn(_H, 3),
    State.LOCKED: Turn(_D, 1),
    State.REVOCATION_REQUESTED: Turn(_D, 1),
    State.REVOKED: Turn(_H, 5),
    State.EXPIRED: Turn(_H, 5),
    State.SUPERSEDED: Turn(_H, 5),
}
"""Whose turn it is; nobody's in the other states."""


def step(state: State, act: Act) -> Step | None:
    """Give what an act leads to; None where it is not possible in this state."""
    return STEPS.get((state, act))
