"""wrk and a refresh loop: the two ways of asking, and what they report."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode


@dataclass(frozen=True)
class Round:
    """What one round showed: answers, seconds, latencies in milliseconds, and how many answers were not as expected."""

    answers: int
    seconds: float
    p50: float
    p99: float
    wrong: int


def _milliseconds(text: str) -> float:
    number, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def wrk(
    folder: Path,
    url: str,
    *,
    seconds: int,
    connections: int,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    bodies: list[str] | None = None,
) -> Round:
    """Run wrk pinned to core 1; several bodies are sent in turn."""
    script = folder / "wrk.lua"
    lines = [f'wrk.method = "{method}"'] + [f'wrk.headers["{name}"] = "{value}"' for name, value in (headers or {}).items()]
    if bodies:
        lines += [
            "local bodies = {" + ",".join(json.dumps(body) for body in bodies) + "}",
            "local n = 0",
            "request = function() n = n % #bodies + 1; return wrk.format(nil, nil, nil, bodies[n]) end",
        ]
    script.write_text("\n".join(lines))
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    answers, took = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    socket = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    wrong = (int(bad.group(1)) if bad else 0) + (sum(map(int, socket.groups())) if socket else 0)
    return Round(
        int(answers),
        float(took),
        _milliseconds(re.search(r"50%\s+(\S+)", out).group(1)),
        _milliseconds(re.search(r"99%\s+(\S+)", out).group(1)),
        wrong,
    )


def refresh_rounds(port: int, client_id: str, secret: str, tokens: list[str], *, seconds: int) -> Round:
    """Rotate refresh tokens over one keep-alive connection; the list is changed to the successors."""
    os.sched_setaffinity(0, {1})
    connection = http.client.HTTPConnection("127.0.0.1", port)
    basic = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {"Authorization": basic, "Content-Type": "application/x-www-form-urlencoded"}
    latencies, wrong, number = [], 0, 0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        connection.request("POST", "/token", urlencode({"grant_type": "refresh_token", "refresh_token": tokens[number]}), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        latencies.append((time.perf_counter() - before) * 1000)
        if response.status == 200:
            tokens[number] = answer["refresh_token"]
        else:
            wrong += 1
        number = (number + 1) % len(tokens)
    latencies.sort()
    return Round(
        len(latencies),
        time.perf_counter() - started,
        latencies[len(latencies) // 2],
        latencies[int(len(latencies) * 0.99)],
        wrong,
    )
