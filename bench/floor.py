"""The machine's floor: the same server with an application that does nothing, measured beside the product.

It says how fast the machine was in those minutes; about 20 µs on a quiet two-core Xeon VM.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

from deploy.ports import free_port

BODY = b"x" * 1200


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the same bytes to whatever is asked."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]


class Floor:
    """The running server; one worker on core 0, as the product."""

    def __init__(self) -> None:
        self.port = free_port()

    def __enter__(self) -> Floor:
        self._server = subprocess.Popen(
            ["taskset", "-c", "0", str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1",
             "--port", str(self.port), "--workers", "1", "--blocking-threads", "4", "--no-access-log", "bench.floor:app"],
            cwd=Path(__file__).resolve().parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).read()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the bare server did not start")

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(20)

    def cpu_seconds(self) -> float:
        """Give the processor time used so far, in seconds."""
        root = psutil.Process(self._server.pid)
        times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
        return sum(t.user + t.system for t in times)
