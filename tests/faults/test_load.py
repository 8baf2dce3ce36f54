"""When times of programs have at most doubled, as the faults demand it."""

from __future__ import annotations

import pytest

from .load import PROGRAM, Answer, at_most_doubled, p95


def asked(*seconds: float) -> list[Answer]:
    return [Answer(PROGRAM, "jwks", 0.0, each, 200) for each in seconds]


def test_one_long_wait_counts_for_all_that_would_have_been_asked_meanwhile() -> None:
    assert p95(asked(*[0.01] * 50, 2.0)) > 1.5
    assert p95(asked(*[0.01] * 50, 0.05)) == 0.01
    assert p95([]) == 0.0


@pytest.mark.parametrize(("before", "during", "control_before", "control_during", "holds"), [
    (0.01, 0.02, 0.005, 0.005, True),
    (0.01, 0.021, 0.005, 0.005, False),
    (0.01, 0.06, 0.005, 0.015, True),
    (0.01, 0.061, 0.005, 0.015, False),
    (0.01, 0.02, 0.005, 0.001, True),
    (0.01, 0.021, 0.0, 0.0, False),
])
def test_twice_as_long_and_by_as_much_more_as_the_control(before: float, during: float, control_before: float,
                                                          control_during: float, *, holds: bool) -> None:
    assert at_most_doubled(before, during, control_before, control_during) is holds
