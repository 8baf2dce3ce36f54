"""Processes that ask for ports at the same time are not given the same ones."""

from __future__ import annotations

import pytest

from deploy.ports import HIGHEST, LOWEST, beginning, free_ports


@pytest.mark.parametrize("first", [1, 11_990, 32_750])
def test_forty_processes_begin_far_from_each_other(first: int) -> None:
    places = sorted(beginning(process) for process in range(first, first + 40))
    assert LOWEST <= places[0] < places[-1] < HIGHEST
    assert min(after - before for before, after in zip(places, [*places[1:], places[0] + HIGHEST - LOWEST], strict=True)) >= 178


def test_no_port_is_given_twice() -> None:
    given = [port for _ in range(20) for port in free_ports(3)]
    assert len(set(given)) == 60
