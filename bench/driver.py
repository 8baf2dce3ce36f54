"""The two ways of asking, both pinned to core 1: wrk, and a loop of our own for what changes with every answer."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = "1"


@dataclass(frozen=True)
class Call:
    """A request that is sent again and again; several bodies are sent in turn."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    bodies: tuple[str, ...] = ()

    def text(self, body: str) -> str:
        """Give the whole request for one body."""
        length = (("Content-Length", str(len(body))),) if body else ()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost",
                 *(f"{name}: {value}" for name, value in (*self.headers, *length))]
        return "\r\n".join(lines) + "\r\n\r\n" + body


@dataclass(frozen=True)
class Round:
    """What one round showed: answers, seconds, latencies in milliseconds, and how many answers were not as expected."""

    answers: int
    seconds: float
    p50: float
    p99: float
    wrong: int


def drive(port: int, call: Call, *, seconds: float, connections: int, folder: Path) -> Round:
    """Send a call for some seconds: by wrk where it is installed, else by our own loop."""
    if shutil.which("wrk") and seconds >= 1:
        return _wrk(port, call, seconds=int(seconds), connections=connections, folder=folder)
    return _loop({"requests": [call.text(body) for body in call.bodies or ("",)]}, port, seconds, connections)[0]


def rotate(port: int, head: str, tokens: list[str], *, seconds: float, connections: int) -> Round:
    """Rotate refresh tokens; the list is changed to the successors."""
    outcome, successors = _loop({"rotate": {"head": head, "tokens": tokens}}, port, seconds, connections)
    tokens[:] = successors
    return outcome


def _loop(what: dict[str, object], port: int, seconds: float, connections: int) -> tuple[Round, list[str]]:
    job = {**what, "port": port, "seconds": seconds, "connections": connections}
    out = subprocess.run(["taskset", "-c", CORE, sys.executable, "-m", "bench.loop"], input=json.dumps(job), cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    found = json.loads(out)
    latencies: Sequence[float] = sorted(found["milliseconds"])
    outcome = Round(found["answers"], found["seconds"], latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)],
                    found["wrong"])
    return outcome, found["tokens"]


def _wrk(port: int, call: Call, *, seconds: int, connections: int, folder: Path) -> Round:
    script = folder / "wrk.lua"
    lines = [f'wrk.method = "{call.method}"', *(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
                                                for name, value in call.headers)]
    if call.bodies:
        lines += ["local bodies = {" + ",".join(json.dumps(body) for body in call.bodies) + "}", "local n = 0",
                  "request = function() n = n % #bodies + 1; return wrk.format(nil, nil, nil, bodies[n]) end"]
    script.write_text("\n".join(lines))
    out = subprocess.run(
        ["taskset", "-c", CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script),
         f"http://127.0.0.1:{port}{call.path}"], capture_output=True, text=True, check=True).stdout
    answers, took = _found(r"(\d+) requests in ([\d.]+)(m?s)", out)[:2]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    wrong = (int(bad[1]) if bad else 0) + (sum(map(int, broken.groups())) if broken else 0)
    for found in (bad, broken):
        if found:
            print(f"{call.path}: {found[0]}", file=sys.stderr)
    return Round(int(answers), float(took), _milliseconds(*_found(r"50%\s+([\d.]+)(us|ms|s)", out)),
                 _milliseconds(*_found(r"99%\s+([\d.]+)(us|ms|s)", out)), wrong)


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"wrk said something else:\n{text}")
    return found.groups()


def _milliseconds(number: str, unit: str) -> float:
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
