"""What is to be done next for somebody who is missing, and who has to do it.

Source: Decree 68/2024 as provinces apply it: the agency asks, the province's desk consolidates and hands over, the Government's
authority issues, the holder activates. Mailboxes are asked for in writing, which the records clerk sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from ..pki.enrollment.states import State
from .campaign import Goal


class Owner(StrEnum):
    """Who has to act."""

    OFFICER = "officer"
    AGENCY = "agency"
    DESK = "desk"
    AUTHORITY = "authority"
    CLERK = "records_clerk"


class Step(StrEnum):
    """What is to be done, the earliest first."""

    ASK = "ask"
    SUBMIT = "submit"
    CORRECT = "correct"
    APPROVE = "approve"
    APPROVE_FOR_PROVINCE = "approve_for_province"
    SEND = "send"
    ISSUE = "issue"
    RECEIVE = "receive"
    HAND_OVER = "hand_over"
    ACTIVATE = "activate"
    RESUME = "resume"
    UNLOCK = "unlock"
    OPEN_MAILBOX = "open_mailbox"
    ENROL_FACTOR = "enrol_factor"
    SIGN_IN = "sign_in"
    CONNECT = "connect"
    PROVE_LOGOUT = "prove_logout"


_OF_STATES: Final[Mapping[str, Step]] = {
    State.DRAFT: Step.SUBMIT, State.RETURNED: Step.CORRECT, State.SUBMITTED: Step.APPROVE,
    State.AGENCY_APPROVED: Step.APPROVE_FOR_PROVINCE, State.PROVINCE_APPROVED: Step.SEND, State.SENT: Step.ISSUE,
    State.ISSUED: Step.RECEIVE, State.READY: Step.HAND_OVER, State.HANDED_OVER: Step.ACTIVATE, State.SUSPENDED: Step.RESUME,
    State.LOCKED: Step.UNLOCK}
"""In all other states there is nothing to go on with: somebody asks anew."""
_OF_GOALS: Final[Mapping[Goal, Step]] = {
    Goal.MAILBOX: Step.OPEN_MAILBOX, Goal.SECOND_FACTOR: Step.ENROL_FACTOR, Goal.SIGNED_IN: Step.SIGN_IN,
    Goal.CONNECTED: Step.CONNECT, Goal.LOGOUT: Step.PROVE_LOGOUT}
_ORDER: Final = {step: number for number, step in enumerate(Step)}
OWNERS: Final[Mapping[Step, Owner]] = {
    Step.ASK: Owner.AGENCY, Step.SUBMIT: Owner.AGENCY, Step.CORRECT: Owner.AGENCY, Step.APPROVE: Owner.AGENCY,
    Step.APPROVE_FOR_PROVINCE: Owner.DESK, Step.SEND: Owner.DESK, Step.ISSUE: Owner.AUTHORITY, Step.RECEIVE: Owner.DESK,
    Step.HAND_OVER: Owner.DESK, Step.ACTIVATE: Owner.OFFICER, Step.RESUME: Owner.DESK, Step.UNLOCK: Owner.DESK,
    Step.OPEN_MAILBOX: Owner.CLERK, Step.ENROL_FACTOR: Owner.OFFICER, Step.SIGN_IN: Owner.OFFICER, Step.CONNECT: Owner.AGENCY,
    Step.PROVE_LOGOUT: Owner.AGENCY}


def next_step(goal: Goal, stages: tuple[str, ...]) -> Step:
    """Give what is to be done next for somebody who has not reached the goal.

    Args:
        goal: Of the campaign.
        stages: Where what there is of them stands; of several requests the one that has come farthest counts.
    """
    return _OF_GOALS.get(goal) or _farthest(stages)


@cache
def _farthest(stages: tuple[str, ...]) -> Step:
    """Give it by what stands; asked for very many people of whom few differ."""
    return max((_OF_STATES.get(stage, Step.ASK) for stage in stages), key=_ORDER.__getitem__, default=Step.ASK)
