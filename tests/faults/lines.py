"""What the log says of directory servers' coming and going while a run lasts, and waiting for it to be said.

One line for each transition and none for a request: while a server is away there is exactly one, however many are refused
meanwhile; the lines of one server take turns; and there are no others, but where the machine itself stood still for so long
that a server that was well met a time-out.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator

AWAY, BACK = "does not answer", "answers again"
STILL_SECONDS = 0.5
"""A quarter of the shortest time-out: one call passes several programs that may all be kept waiting."""
_LINE = re.compile(rf"directory server (\S+) ({AWAY}|{BACK})")


class Lines:
    """The lines of one run; nothing is away when it begins.

    Args:
        log: Gives what the log says of servers, from its beginning.
    """

    def __init__(self, log: Callable[[], list[str]]) -> None:
        self._log = log
        self.until(BACK, or_none=True)
        self._before = len(log())
        self._while_away: list[int] = []

    def said(self) -> list[str]:
        """Give all of this run."""
        return self._log()[self._before:]

    def until(self, what: str, *, or_none: bool = False) -> None:
        """Wait until the last line says so, half a minute at most."""
        def last_says() -> bool:
            lines = self._log()[-1:]
            return what in lines[0] if lines else or_none

        until(last_says, 30)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """In the block something is taken away, and stays away; goes on when the log has said so."""
        before = len(self.said())
        yield
        self.until(AWAY)
        self._while_away.append(len(self.said()) - before)

    def one_for_each(self, transitions: int, stood_still: float) -> bool:
        """Tell whether there was one line for each transition, and none for anything else.

        Args:
            transitions: So many were caused.
            stood_still: Seconds for which the machine gave a thread no turn that was to have one, at most.
        """
        found = [_LINE.search(line) for line in self.said()]
        servers: dict[str, list[str]] = {}
        for one in found:
            if one is None:
                return False
            servers.setdefault(one[1], []).append(one[2])
        take_turns = all(says == ([AWAY, BACK] * len(says))[:len(says)] for says in servers.values())
        enough = len(found) == transitions or (stood_still > STILL_SECONDS and len(found) > transitions)
        return take_turns and enough and all(count == 1 for count in self._while_away)


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something, but not for ever."""
    give_up = time.monotonic() + seconds
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.05)
