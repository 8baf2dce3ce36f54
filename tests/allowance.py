"""How long things may take on a machine that does other things too.

What the product promises in seconds it promises on a machine of its own. The suite runs beside itself, and beside whatever else
the machine does, so a limit is stretched by what the machine keeps from us at that moment, and by nothing where it keeps nothing.
"""

from __future__ import annotations

import os
import time

SAMPLE_SECONDS = 0.05
ALONE = 1.15
"""A share of time that an idle machine keeps too."""


def slowness() -> float:
    """Give how many seconds pass for one second of processor time: 1.0 on a machine of our own."""
    began, wanted = time.monotonic(), time.thread_time() + SAMPLE_SECONDS
    while time.thread_time() < wanted:
        pass
    return (time.monotonic() - began) / SAMPLE_SECONDS


def allowed(seconds: float) -> float:
    """Give how long something may take that is promised in so many seconds.

    What the machine did a moment ago counts too: a sample of now says little about ten seconds that have passed, so the load of
    the last minute is asked as well. Several programs wait for the processor one after the other where we wait once: three times
    what we see is what they may need.
    """
    found = max(slowness(), os.getloadavg()[0] / (os.cpu_count() or 1))
    return seconds if found < ALONE else 3 * found * seconds
