"""A driver of its own: many keep-alive connections in one process, for refresh tokens that change with every answer.

    python -m bench.loop < job.json

The job is a JSON object: port, seconds, connections, and either ``requests`` (texts of whole requests, sent in turn) or
``rotate`` (head of the request, refresh tokens; each answer's token takes the place of the one that was sent). It answers with
one JSON object: answers, wrong, seconds, milliseconds (every latency), tokens.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import deque
from typing import Any
from urllib.parse import urlencode


class Source:
    """What is asked next, and what an answer changes."""

    def __init__(self, job: dict[str, Any]) -> None:
        rotate = job.get("rotate")
        self._head: str = rotate["head"] if rotate else ""
        self.tokens: deque[str] = deque(rotate["tokens"] if rotate else ())
        self._requests: deque[bytes] = deque(text.encode() for text in job.get("requests", ()))

    def next(self) -> bytes:
        """Give the next request; a refresh token is with one connection at a time."""
        if self._requests:
            self._requests.rotate(-1)
            return self._requests[-1]
        body = urlencode({"grant_type": "refresh_token", "refresh_token": self.tokens.popleft()})
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def answered(self, status: int, body: bytes) -> bool:
        """Take an answer in and tell whether it was right."""
        if status == 200 and self._head:
            self.tokens.append(json.loads(body)["refresh_token"])
        return status in (200, 201)


class Line:
    """One keep-alive connection with one request under way."""

    def __init__(self, port: int, source: Source) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._source = source
        self._received = b""
        self._asked_at = 0.0

    def ask(self) -> None:
        """Send the next request."""
        self._asked_at = time.perf_counter()
        self.socket.sendall(self._source.next())

    def hear(self) -> tuple[float, bool] | None:
        """Receive; give the latency in milliseconds and whether the answer was right, or None while it is incomplete."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed a connection")
        self._received += part
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return None
        self._received = b""
        latency = (time.perf_counter() - self._asked_at) * 1000
        return latency, self._source.answered(int(head[9:12]), body)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job."""
    source = Source(job)
    latencies, wrong = [], 0
    with selectors.DefaultSelector() as selector:
        lines = [Line(job["port"], source) for _ in range(job["connections"])]
        started = time.perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.ask()
        waiting = len(lines)
        while waiting:
            for key, _ in selector.select(timeout=10) or [(None, 0)]:
                if key is None:
                    raise TimeoutError("no answer for ten seconds")
                heard = key.data.hear()
                if heard is None:
                    continue
                latencies.append(heard[0])
                wrong += not heard[1]
                if time.perf_counter() - started < job["seconds"]:
                    key.data.ask()
                else:
                    waiting -= 1
        took = time.perf_counter() - started
        for line in lines:
            line.socket.close()
    return {"answers": len(latencies), "wrong": wrong, "seconds": took, "milliseconds": latencies, "tokens": list(source.tokens)}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
