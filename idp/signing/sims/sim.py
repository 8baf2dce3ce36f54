"""One signing SIM: its states, and who may bring it from one to the next.

Source: trust-services E.3; security checklist 38 and 57. Whoever asks, whoever approves for the agency and whoever approves for
the province are three, and none of them is the holder but who asks. A loss blocks at once, whoever reports it, before any
paperwork.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ...errors import RefusedError
from ...pki.enrollment.moves import Actor
from ...roles import Right, Role


class State(StrEnum):
    """Where a SIM is."""

    REQUESTED = "requested"
    """Its number is not proven yet."""
    NUMBER_VERIFIED = "number_verified"
    AGENCY_APPROVED = "agency_approved"
    APPROVED = "approved"
    CARD_GIVEN = "card_given"
    """The number of the card is known; the carrier's service does not know it yet."""
    BOUND = "bound"
    """Registered, and the certificate belongs to its key; a first signature is missing."""
    ACTIVE = "active"
    PIN_BLOCKED = "pin_blocked"
    REFUSED = "refused"
    LOST = "lost"
    SWAPPED = "swapped"
    """Another card answers for the number."""
    REPLACED = "replaced"
    DEACTIVATED = "deactivated"


class Act(StrEnum):
    """What is done with a SIM."""

    ASK = "ask"
    SEND_CODE = "send_code"
    WRONG_CODE = "wrong_code"
    NOTE_OWNER = "note_owner"
    """Whether the carrier says that the number is the holder's."""
    VERIFY = "verify"
    APPROVE = "approve"
    APPROVE_FOR_PROVINCE = "approve_for_province"
    REFUSE = "refuse"
    GIVE_CARD = "give_card"
    CERTIFY = "certify"
    TAKE_CERTIFICATE = "take_certificate"
    """The Government's authority has made its certificate."""
    BIND = "bind"
    TEST = "test"
    ACTIVATE = "activate"
    BLOCK_PIN = "block_pin"
    UNLOCK = "unlock"
    REPORT_LOSS = "report_loss"
    NOTE_SWAP = "note_swap"
    DOUBT = "doubt"
    """The carrier says of too many at once that they were exchanged: this one signs nothing until somebody has looked."""
    DISMISS_DOUBT = "dismiss_doubt"
    REPLACE = "replace"
    DEACTIVATE = "deactivate"
    END_LOGIN = "end_login"
    """The carrier knows another key for signing in than the one that was bound, or none: the SIM signs documents only."""


class By(StrEnum):
    """Who does it."""

    HOLDER = "holder"
    ASKS = "asks"
    """Whoever asks for certificates in the holder's agency."""
    AGENCY = "agency"
    """An administrator of the holder's agency."""
    HOTLINE = "hotline"
    """Whoever reports losses there; also of the province."""
    DESK = "desk"
    """An administrator of the province."""
    SYSTEM = "system"


_S, _A, _B = State, Act, By
OPEN: Final = (_S.REQUESTED, _S.NUMBER_VERIFIED, _S.AGENCY_APPROVED, _S.APPROVED)
"""Not a card yet."""
LIVE: Final = (*OPEN, _S.CARD_GIVEN, _S.BOUND, _S.ACTIVE, _S.PIN_BLOCKED)
"""There is one such of a number, and one of a card."""
CARDS: Final = (_S.CARD_GIVEN, _S.BOUND, _S.ACTIVE, _S.PIN_BLOCKED)
CHECKED: Final = (_S.ACTIVE, _S.PIN_BLOCKED)
"""Looked at every night."""


Row = tuple[tuple[State, ...], Act, State, tuple[By, ...]]


def _steps(*rows: Row) -> Mapping[tuple[State, Act], tuple[State, frozenset[By]]]:
    return {(state, act): (to, frozenset(by)) for states, act, to, by in rows for state in states}


STEPS: Final = _steps(
    ((_S.REQUESTED,), _A.SEND_CODE, _S.REQUESTED, (_B.HOLDER, _B.ASKS)),
    ((_S.REQUESTED,), _A.WRONG_CODE, _S.REQUESTED, (_B.HOLDER,)),
    ((_S.REQUESTED,), _A.VERIFY, _S.NUMBER_VERIFIED, (_B.HOLDER,)),
    *(((state,), _A.NOTE_OWNER, state, (_B.DESK,)) for state in OPEN),
    # Where an agency has nobody who may, another administrator of the province does it.
    ((_S.NUMBER_VERIFIED,), _A.APPROVE, _S.AGENCY_APPROVED, (_B.AGENCY, _B.DESK)),
    ((_S.AGENCY_APPROVED,), _A.APPROVE_FOR_PROVINCE, _S.APPROVED, (_B.DESK,)),
    ((_S.NUMBER_VERIFIED,), _A.REFUSE, _S.REFUSED, (_B.AGENCY, _B.DESK)),
    ((_S.AGENCY_APPROVED,), _A.REFUSE, _S.REFUSED, (_B.DESK,)),
    ((_S.APPROVED,), _A.GIVE_CARD, _S.CARD_GIVEN, (_B.DESK,)),
    ((_S.CARD_GIVEN,), _A.GIVE_CARD, _S.CARD_GIVEN, (_B.DESK,)),
    ((_S.CARD_GIVEN,), _A.CERTIFY, _S.CARD_GIVEN, (_B.SYSTEM,)),
    # Also of one that was bound and whose first signature fits another key than the certificate says.
    ((_S.CARD_GIVEN, _S.BOUND), _A.TAKE_CERTIFICATE, _S.CARD_GIVEN, (_B.DESK, _B.SYSTEM)),
    ((_S.CARD_GIVEN,), _A.BIND, _S.BOUND, (_B.SYSTEM,)),
    ((_S.BOUND,), _A.TEST, _S.BOUND, (_B.HOLDER,)),
    ((_S.BOUND,), _A.ACTIVATE, _S.ACTIVE, (_B.SYSTEM,)),
    # One that never signed is no nearer to it by being unlocked: its first signature is tried again.
    ((_S.ACTIVE,), _A.BLOCK_PIN, _S.PIN_BLOCKED, (_B.SYSTEM,)),
    ((_S.PIN_BLOCKED,), _A.UNLOCK, _S.ACTIVE, (_B.DESK, _B.SYSTEM)),
    (LIVE, _A.REPORT_LOSS, _S.LOST, (_B.HOLDER, _B.HOTLINE, _B.DESK)),
    (CARDS, _A.NOTE_SWAP, _S.SWAPPED, (_B.SYSTEM,)),
    *(((state,), act, state, (_B.SYSTEM,)) for state in CARDS for act in (_A.DOUBT, _A.DISMISS_DOUBT)),
    ((_S.ACTIVE,), _A.END_LOGIN, _S.ACTIVE, (_B.SYSTEM,)), ((_S.PIN_BLOCKED,), _A.END_LOGIN, _S.PIN_BLOCKED, (_B.SYSTEM,)),
    ((_S.LOST, _S.SWAPPED), _A.REPLACE, _S.REPLACED, (_B.SYSTEM,)),
    ((*LIVE, _S.LOST, _S.SWAPPED), _A.DEACTIVATE, _S.DEACTIVATED, (_B.HOLDER, _B.DESK, _B.SYSTEM)))
"""Every step there is: to which state, and by whom."""
MOST_CODES: Final = 5
"""Codes that go to one number within an hour, whoever asks for them."""
MOST_CODES_OF_ONE: Final = 10
"""Codes that go out for one officer's SIMs within an hour, to whatever numbers."""
GOVERNMENT: Final = "Government"
"""Stands for the name of an authority where the certificate is the Government's; no authority of ours is called so (small
letters)."""
AWAITED: Final = "waits_for_certificate"
"""Reason of a card that was given, and whose certificate the Government's authority has to make."""
ANOTHER_KEY: Final = "certificate_another_key"
"""Reason of one whose key is not that of the certificate that came."""
REASONED: Final = frozenset({Act.REFUSE, Act.UNLOCK})
"""Acts that say why."""
HELD: Final = frozenset({Act.TEST, Act.ACTIVATE, Act.UNLOCK, Act.DOUBT})
"""Acts that wait while a SIM is in doubt."""


class SimError(RefusedError):
    """What somebody wants of a SIM cannot be done. Codes stand at the verbs of ``SimEnrollment``."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Sim:
    """A number with its card, for one officer.

    Attributes:
        sim_id: Our name of it.
        sub: The holder; of a seal, who keeps it.
        unit_code: The holder's agency when it was asked for, with ``unit_name``.
        seal: Whether it signs as the agency, and not as the holder.
        name: As it is to stand in the certificate.
        msisdn: International, without ``+``.
        carrier: Name of the service.
        iccid: Number of the card; empty until there is one.
        since: When it came to this state.
        requester: Who asked; ``agency_approver`` and ``province_approver`` are others.
        owner_match: Whether the carrier says that the number is the holder's; None where nobody has asked.
        certificate: DER; empty until there is one, with its ``serial`` (hexadecimal) and ``authority``.
        login_certificate: DER, of the card's other key, by which the holder signs in; empty where there is none, or none any
            more. With ``login_serial`` and ``login_authority``, which stay.
        reason: Why it was refused, blocked or ended.
        code_digest: Of the code that proves the number; empty where none is out.
        code_until: Until when that code counts.
        code_tries: Wrong codes since the last one was sent.
        test_transaction: The first signature, under way or made.
        to_revoke: Why its certificates have to be revoked: ``lost``, ``swapped`` or ``ended``, or ``login``: only the one for
            signing in; empty where they need not be, or were.
        checked_at: When the service was last asked how it stands; 0 for never.
        doubt: Which doubt it is in (``brake``): the carrier says that it was exchanged, as of too many others at once; ``reason``
            is what the carrier said. Empty where it is in none.
        revision: Counts changes; whoever decided on an older one has lost.
    """

    sim_id: str
    sub: str
    unit_code: str
    unit_name: str
    seal: bool = False
    name: str
    msisdn: str
    carrier: str
    iccid: str = ""
    state: State = State.REQUESTED
    since: int
    created_at: int
    requester: str
    agency_approver: str = ""
    province_approver: str = ""
    owner_match: bool | None = None
    certificate: bytes = b""
    serial: str = ""
    authority: str = ""
    login_certificate: bytes = b""
    login_serial: str = ""
    login_authority: str = ""
    reason: str = ""
    code_digest: bytes = b""
    code_until: int = 0
    code_tries: int = 0
    test_transaction: str = ""
    to_revoke: str = ""
    checked_at: int = 0
    doubt: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a SIM's history; lines are only added.

    Attributes:
        number: Of the line, from 0.
        actor: Subject of who did it; empty for the system.
        detail: Small facts: ``iccid``, ``reason``, ``serial``.
    """

    sim_id: str
    number: int
    at: int
    act: Act
    state: State
    actor: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimChange:
    """A step that was decided. ``before`` is None for a new SIM."""

    before: Sim | None
    after: Sim
    entry: Entry


def moved(sim: Sim, act: Act, actor: Actor, now: int, *, detail: Mapping[str, str] | None = None, system: bool = False,
          **values: object) -> SimChange:
    """Decide a step.

    Args:
        sim: As it is.
        act: What is done.
        actor: Who does it; with ``system`` for whom.
        now: Seconds since the epoch.
        detail: For the history.
        system: Time, the carrier or the directory does it.
        values: What changes besides the state.

    Raises:
        SimError: 409 ``wrong_state``; 403 ``not_yours``; 409 ``another_person``: somebody else has to do it; 409 ``in_doubt``.
    """
    step = STEPS.get((sim.state, act))
    if step is None:
        raise SimError("The SIM is not where this could be done.", code="wrong_state")
    to, by = step
    if not system:
        _check(sim, act, actor, by)
    if sim.doubt and act in HELD:
        raise SimError("What the carrier says of this SIM is being checked.", code="in_doubt")
    since = {} if to is sim.state else {"since": now}
    settled = {"doubt": ""} if to not in CARDS or act is Act.DISMISS_DOUBT else {}
    after = dataclasses.replace(
        sim, state=to, revision=sim.revision + 1, **{**since, **values, **settled})  # type: ignore[arg-type]
    return SimChange(sim, after, Entry(sim.sim_id, after.revision, now, act, to, "" if system else actor.sub, detail or {}))


def possible(sim: Sim, actor: Actor) -> tuple[Act, ...]:
    """Give what somebody may do with a SIM now."""
    found = []
    for (state, act), (_, by) in STEPS.items():
        if state is sim.state and act is not Act.WRONG_CODE and not (sim.doubt and act in HELD):
            try:
                _check(sim, act, actor, by)
            except SimError:
                continue
            found.append(act)
    return tuple(found)


def sees(sim: Sim, actor: Actor) -> bool:
    """Tell whether a SIM is somebody's to see."""
    who = actor.administrator
    return actor.sub == sim.sub or (who is not None and who.may(Right.SEE_SIMS) and who.oversees(sim.unit_code))


def parts(sim: Sim, actor: Actor) -> frozenset[By]:
    """Give every part that somebody has in a SIM."""
    found = {By.HOLDER} if actor.sub and actor.sub == sim.sub else set()
    who = actor.administrator
    if who is None or not who.oversees(sim.unit_code):
        return frozenset(found)
    if who.role is Role.PROVINCE and who.may_change and actor.sub:
        found.add(By.DESK)
    if who.may(Right.ASK_CERTIFICATES) and actor.sub:
        found.add(By.ASKS)
    if who.role is Role.AGENCY and who.may_change:
        found.add(By.AGENCY)
    if who.may(Right.REPORT_SIM_LOSS):
        found.add(By.HOTLINE)
    return frozenset(found)


def _check(sim: Sim, act: Act, actor: Actor, by: frozenset[By]) -> None:
    if not parts(sim, actor) & by:
        raise SimError("This is not yours to do.", code="not_yours", status=403)
    who = actor.administrator
    # Who asks for the own SIM does so as its holder, whatever role they have besides.
    asked = sim.requester if sim.requester != sim.sub else ""
    first = {Act.APPROVE: (asked,), Act.APPROVE_FOR_PROVINCE: (asked, sim.agency_approver), Act.GIVE_CARD: (), Act.UNLOCK: ()}
    if act in first and (sim.sub in (who.persons if who is not None else {actor.sub})
                         or (who.is_behind(*first[act]) if who is not None else actor.sub in first[act])):
        raise SimError("Somebody else has to do this.", code="another_person")


def code_pause(sent: Sequence[tuple[str, int]], msisdn: str, now: int) -> int:
    """Say for how many seconds no code goes to a number.

    Args:
        sent: Number and time of the codes of the last hour for this officer or to this number, oldest first.
        msisdn: The number.
        now: Seconds since the epoch.
    """
    to_number, altogether = [at for number, at in sent if number == msisdn], [at for _, at in sent]
    for times, most in ((to_number, MOST_CODES), (altogether, MOST_CODES_OF_ONE)):
        if len(times) >= most:
            return max(1, times[-most] + 3600 - now)
    return 0


def number_of(text: str) -> str:
    """Read a mobile number of Viet Nam as people type it; gives it international, without ``+``.

    Raises:
        SimError: 422 ``bad_number``.
    """
    digits = re.sub(r"[\s.\-()]", "", text)
    found = re.fullmatch(r"(?:\+?84|0)([0-9]{9})", digits, re.ASCII)
    if found is None:
        raise SimError("This is no mobile number.", code="bad_number", status=422)
    return f"84{found[1]}"


def number_meant(text: str) -> str:
    """Give the end of the numbers that a search means: a whole number, or three digits; empty for anything else."""
    digits = re.sub(r"[\s.\-()]", "", text)
    found = re.fullmatch(r"(?:\+?84|0)([0-9]{9})", digits, re.ASCII)
    if found is not None:
        return f"84{found[1]}"
    return digits if re.fullmatch(r"[0-9]{3}", digits, re.ASCII) else ""


def card_of(text: str) -> str:
    """Read the number of a card: 18 to 20 digits that begin with 89 (ITU-T E.118). Raises SimError 422 ``bad_card``."""
    digits = re.sub(r"[\s.\-]", "", text)
    if re.fullmatch(r"89[0-9]{16,18}", digits, re.ASCII) is None:
        raise SimError("This is no number of a SIM card.", code="bad_card", status=422)
    return digits
