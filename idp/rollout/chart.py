"""A line of what was reached against the line of what was needed, as points in a picture: pages and paper draw the same.

Only places are worked out here, in the units of the picture; words, colours and the table beneath are the page's
(WCAG 2.2: title, description and the same numbers as text).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from .coverage import Coverage

_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture: its size, and where the lines stand in it."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int


LARGE: Final = Frame(560, 286, 40, 476, 20, 258)
SMALL: Final = Frame(330, 250, 40, 316, 20, 222)
PAPER: Final = Frame(560, 122, 36, 490, 10, 102)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a place: a number of people at the left, or a day below."""

    at: float
    value: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture.

    Attributes:
        real: Points of what was reached: ``x,y x,y …``.
        area: The same, closed below.
        need: Points of what was needed on each day, and on to the deadline.
        end: Where the line of what was reached ends; ``end_need`` the same of what was needed then.
        goal: Where the line of what is needed ends.
    """

    frame: Frame
    levels: Sequence[Mark]
    days: Sequence[Mark]
    real: str
    area: str
    need: str
    end: tuple[float, float]
    end_need: tuple[float, float]
    goal: tuple[float, float]


def draw(coverage: Coverage, frame: Frame) -> Chart:
    """Draw a campaign's course up to its last day."""
    first, last, deadline = coverage.days[0].day, coverage.last.day, coverage.campaign.deadline
    span = max((max(last, deadline) - first).days, 1)
    step = _step(max(max(day.counted for day in coverage.days), 1), frame)
    most = max(max(max(day.counted, day.done) for day in coverage.days), 1)
    top = -(-most // step) * step

    def x(day: date) -> float:
        return round(frame.left + (frame.right - frame.left) * (day - first).days / span, 1)

    def y(many: int) -> float:
        return round(frame.bottom - (frame.bottom - frame.top) * many / top, 1)

    real = [(x(day.day), y(day.done)) for day in coverage.days]
    need = [(x(day.day), y(day.needed)) for day in coverage.days]
    goal = (x(max(last, deadline)), y(coverage.last.counted))
    if deadline > last:
        need.append(goal)
    below = [(real[0][0], float(frame.bottom)), *real, (real[-1][0], float(frame.bottom))]
    wanted = sorted({first, last, max(last, deadline)})
    days = [Mark(x(day), 0, day) for n, day in enumerate(wanted) if not n or x(day) - x(wanted[n - 1]) > 40 or day == last]
    kept = [mark for n, mark in enumerate(days) if n + 1 == len(days) or days[n + 1].at - mark.at > 40]
    return Chart(frame, [Mark(y(many), many) for many in range(0, top + 1, step)], kept, _points(real), _points(below),
                 _points(need), real[-1], (x(last), y(coverage.last.needed)), goal)


def _step(most: int, frame: Frame) -> int:
    """Give how far levels are apart: 1, 2 or 5 times a power of ten, at most four or so of them."""
    least, size = max(1, -(-most // (4 if frame.height > 200 else 2))), 1
    while True:
        for one in _STEPS:
            if one * size >= least:
                return one * size
        size *= 10


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{at},{height}" for at, height in points)
