"""The table of steps: nothing unreachable, nothing without an end, and whose turn it is wherever somebody waits."""

from __future__ import annotations

from idp.pki.enrollment import states
from idp.pki.enrollment.states import STEPS, TURNS, Act, Part, State, step


def test_every_state_is_reached_from_a_draft() -> None:
    reached, more = {State.DRAFT}, {State.DRAFT}
    while more:
        more = {found.to for (state, _), found in STEPS.items() if state in more} - reached
        reached |= more
    assert reached == set(State)


def test_every_act_is_possible_somewhere_and_by_somebody() -> None:
    assert {act for _, act in STEPS} == set(Act)
    assert all(found.by for found in STEPS.values())


def test_only_what_is_over_has_no_way_on() -> None:
    over = {state for state in State if not any(one is state for one, _ in STEPS)}
    assert over == {State.CANCELLED, State.DEVICE_RETURNED, State.DEVICE_LOST}


def test_wherever_somebody_waits_it_is_somebodys_turn() -> None:
    assert set(State) - set(TURNS) == {State.ACTIVE, State.SUSPENDED, State.CANCELLED, State.DEVICE_RETURNED, State.DEVICE_LOST}
    for state, turn in TURNS.items():
        if turn.part is not Part.SYSTEM and turn.part is not Part.HOLDER:
            assert any(turn.part in found.by for (one, _), found in STEPS.items() if one is state), state


def test_nobody_but_the_desk_takes_a_request_further_than_the_agency() -> None:
    for act in (Act.APPROVE_FOR_PROVINCE, Act.SEND, Act.REJECT, Act.RECEIVE, Act.HAND_OVER, Act.SUSPEND, Act.RESUME, Act.UNLOCK,
                Act.REVOKE, Act.RETURN_DEVICE, Act.RECORD_LOSS):
        assert {part for (_, one), found in STEPS.items() if one is act for part in found.by} == {Part.DESK}, act


def test_a_request_is_cancelled_only_before_it_was_sent() -> None:
    assert {state for state, act in STEPS if act is Act.CANCEL} == set(states.BEFORE_SENDING)
    assert step(State.SENT, Act.CANCEL) is None


def test_a_loss_is_reported_wherever_there_is_a_certificate() -> None:
    assert {state for state, act in STEPS if act is Act.REPORT_LOSS} == set(states.BEFORE_REVOCATION)
    assert states.SIGNS == (State.ACTIVE,)
