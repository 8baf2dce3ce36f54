"""One line for each transition and none for a request: what the faults demand of the log, on invented logs."""

from __future__ import annotations

import pytest

from .lines import Lines

ONE, OTHER = "directory server ldap://one", "directory server ldap://other"
GONE, THERE = f"{ONE} does not answer: TIMEOUT", f"{ONE} answers again"


def held(before: list[str], away: list[str], after: list[str], *, stood_still: float = 0.0, transitions: int = 2) -> bool:
    """Let a log say this, and tell whether it is as it must be."""
    log = [*before]
    lines = Lines(lambda: log)
    with lines.away():
        log.extend(away)
    log.extend(after)
    return lines.one_for_each(transitions, stood_still)


def test_a_line_for_going_and_one_for_coming_back() -> None:
    assert held([], [GONE], [THERE])
    assert held([GONE, THERE], [GONE], [THERE])
    assert held([], [GONE], [f"{OTHER} does not answer: x", THERE, f"{OTHER} answers again"], transitions=4)


@pytest.mark.parametrize("stood_still", [0.0, 9.0])
@pytest.mark.parametrize(("away", "after"), [
    ([GONE, GONE], [THERE]),
    ([GONE, THERE, GONE], [THERE]),
    ([GONE], [THERE, THERE]),
    ([GONE], []),
    ([GONE], ["directory server ldap://one is refused"]),
])
def test_a_line_for_a_request_or_one_too_few_is_found_on_every_machine(away: list[str], after: list[str],
                                                                       stood_still: float) -> None:
    assert not held([], away, after, stood_still=stood_still)


def test_a_server_that_was_well_may_be_left_out_only_where_the_machine_stood_still() -> None:
    assert not held([], [GONE], [THERE, GONE, THERE])
    assert held([], [GONE], [THERE, GONE, THERE], stood_still=0.6)
