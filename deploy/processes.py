"""Child processes that are started together and never outlive their parent.

Each child leads a process group of its own, so that Ctrl-C in the terminal reaches only the parent, which then stops all of
them in order; should the parent be killed outright, the kernel ends them (``setpriv --pdeathsig``).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 10


class StartError(Exception):
    """Something did not start.

    Attributes:
        remedy: What to do about it.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass
class Child:
    """One process and everything it starts in turn.

    Attributes:
        log: What it writes.
        once: It does one thing and ends.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    once: bool = False

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def last_lines(self, count: int = 15) -> str:
        """Give the end of what it wrote."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
        return ""


class Children:
    """All children of one run, stopped in the reverse order of their start.

    Args:
        logs: Folder for what they write, one file each, begun anew.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._all: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str],
              once: bool = False) -> Child:
        """Start one."""
        guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        path = self._logs / f"{name}.log"
        with path.open("wb") as log:
            process = subprocess.Popen([*guard, *map(str, command)], cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        child = Child(name, process, path, once)
        self._all.append(child)
        return child

    def dead(self) -> Child | None:
        """Give a child that has ended by itself and was not meant to."""
        return next((child for child in self._all if not child.alive and (child.process.returncode != 0 or not child.once)), None)

    def stop(self) -> None:
        """Stop all: politely first, and after ten seconds together with whatever they started."""
        for child in reversed(self._all):
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for child in reversed(self._all):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, until - time.monotonic()))
            # Also after a polite end: nothing of its group may be left.
            _signal(child, signal.SIGKILL)
            child.process.wait()
        self._all.clear()


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)
