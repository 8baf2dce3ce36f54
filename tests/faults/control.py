"""What the machine does to anybody at a moment: a server without a directory, asked beside the product, by the same program.

It runs as the product does (the same server, as many threads) and has a little to reckon for each answer. Where its answers take
twice as long as before, so may the product's.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from deploy.ports import free_port

from .product import THREADS

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 2000
"""Of PBKDF2: about half a millisecond."""
TRIES = 5
TYPE = "text/x-control"


def app(environ: Mapping[str, Any], start: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Reckon, and answer."""
    environ["wsgi.input"].read()
    digest = hashlib.pbkdf2_hmac("sha256", b"control", b"control", ROUNDS)
    start("200 OK", [("Content-Type", TYPE)])
    return [digest.hex().encode()]


@contextlib.contextmanager
def control() -> Iterator[str]:
    """Run it; gives its URL."""
    with contextlib.ExitStack() as stack:
        yield next(url for url in (stack.enter_context(_started(free_port())) for _ in range(TRIES)) if url)


@contextlib.contextmanager
def _started(port: int) -> Iterator[str]:
    """Run it on a port; gives "" where it ended, because somebody else was quicker there."""
    url = f"http://127.0.0.1:{port}/"
    process = subprocess.Popen([
        Path(sys.executable).parent / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--http", "1",
        "--blocking-threads", str(THREADS), "--workers", "1", "--log-level", "warning", "--port", str(port),
        f"{__name__}:app"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield url if _answers(process, url) else ""
    finally:
        process.terminate()
        process.wait(60)


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    give_up = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(requests.RequestException):
            return requests.get(url, timeout=5).headers.get("Content-Type") == TYPE
        time.sleep(0.05)
    return False
