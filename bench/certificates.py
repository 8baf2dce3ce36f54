"""``python -m bench.certificates [SECONDS]``: certificates a second, by one and by two processes, on both databases; JSON lines.

In the rooms themselves, without HTTP: keys of requests are made beforehand, everything else of an issue is done (checks, lint,
intent, signature P-384, record, each with its commit). What must be reached: 200 a second on two cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.clock import SystemClock
from tests.pki.authority.house import House
from tests.postgresql import PostgreSQL

KEYS = 300


def main(seconds: float) -> None:
    """Measure each way once."""
    server = PostgreSQL(durable=True).start()
    try:
        for kind in ("sqlite", "postgresql"):
            for processes in (1, 2):
                with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
                    url = f"sqlite:///{folder}/idp.sqlite3" if kind == "sqlite" else server.create()
                    schema.upgrade(url)
                    House(Database(url), Path(folder), clock=SystemClock()).founded()
                    before = _server_seconds(server.pid)
                    found = _measured(url, folder, processes, seconds)
                    served = 1000 * (_server_seconds(server.pid) - before) / found.pop("issued")
                    print(json.dumps({"database": kind, "processes": processes, **found, "server_ms_each": round(served, 2)}),
                          flush=True)
    finally:
        server.remove()


def _measured(url: str, folder: str, processes: int, seconds: float) -> dict[str, float]:
    context = get_context("spawn")
    ready, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=_work, args=(url, folder, seconds, ready, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    found = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return {"issued": sum(count for count, *_ in found), "a_second": round(sum(count / clock for count, clock, _ in found), 1),
            "processor_ms_each": round(1000 * sum(cpu for *_, cpu in found) / sum(count for count, *_ in found), 2)}


def _server_seconds(pid: int) -> float:
    """Give the processor time of PostgreSQL so far: of its processes, and of those that have ended."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == pid:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == pid:
                ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _work(url: str, folder: str, seconds: float, ready: Any, results: Any) -> None:
    house = House(Database(url), Path(folder), clock=SystemClock())
    keys = [ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(KEYS)]
    house.issue(public_key=keys[0])
    ready.wait()
    began, cpu, count = time.monotonic(), time.process_time(), 0
    while time.monotonic() - began < seconds:
        # A key is used again with the same holder and purpose, as at a renewal.
        house.issue(public_key=keys[count % KEYS])
        count += 1
    results.put((count, time.monotonic() - began, time.process_time() - cpu))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
