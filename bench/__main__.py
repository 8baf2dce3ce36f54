"""Run the cases and print a table: ``python -m bench [--database ...] [--only ...] [--base REVISION]``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import lists, mirror, trail
from .cases import MUST, attempt, check
from .driver import Call, drive
from .floor import Floor
from .system import System

ROOT = Path(__file__).resolve().parents[1]
Figures = dict[str, dict[str, float]]


def measure(trees: dict[str, Path], backend: str, names: list[str], *, seconds: float, rounds: int,
            connections: int) -> dict[str, Figures]:
    """Run the cases against one or more states of the code, round by round in turn, and give medians by state and case.

    Turns matter: whatever else the machine does in these minutes, it does to all states alike.
    """
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as text, contextlib.ExitStack() as running:
        systems: dict[str, System] = {}
        for label, tree in trees.items():
            folder = Path(text) / label
            folder.mkdir()
            systems[label] = running.enter_context(System(folder, backend, tree))
        Path(text).chmod(0o755)
        bare = running.enter_context(Floor())
        floor: list[float] = []
        results: dict[str, Figures] = {label: {} for label in trees}
        for name in names:
            seen: dict[str, list[tuple[float, ...]]] = {label: [] for label in trees}
            for system in systems.values():
                check(system, name)
                attempt(system, name, Path(text), seconds=min(1, seconds), connections=connections)
            for _ in range(rounds):
                floor.append(_floor(bare, Path(text), connections))
                for label, system in systems.items():
                    before = system.cpu_seconds()
                    outcome = attempt(system, name, Path(text), seconds=seconds, connections=connections)
                    cpu = (system.cpu_seconds() - before) / max(outcome.answers, 1) * 1e6
                    seen[label].append((cpu, outcome.answers / outcome.seconds, outcome.p50, outcome.p99, outcome.wrong))
            for label, rows in seen.items():
                cpu_us, per_second, p50, p99, wrong = zip(*rows, strict=True)
                results[label][name] = {
                    "cpu_us": statistics.median(cpu_us), "least_us": min(cpu_us), "most_us": max(cpu_us),
                    "per_second": statistics.median(per_second), "p50_ms": statistics.median(p50),
                    "p99_ms": statistics.median(p99), "wrong": sum(wrong)}
        for label, system in systems.items():
            results[label]["memory"] = {"pss_mib": system.memory_mebibytes()}
            results[label]["floor"] = {"cpu_us": statistics.median(floor), "least_us": min(floor), "most_us": max(floor)}
    return results


def _floor(bare: Floor, folder: Path, connections: int) -> float:
    before = bare.cpu_seconds()
    outcome = drive(bare.port, Call("/"), seconds=1, connections=connections, folder=folder)
    return (bare.cpu_seconds() - before) / max(outcome.answers, 1) * 1e6


def table(backend: str, results: dict[str, Figures]) -> str:
    """Give the figures as a Markdown table; the last column compares with the base where there is one."""
    here, base = results["here"], results.get("base")
    lines = [f"### {backend}", "", f"| | CPU µs per operation | least - most | must | requests/s | p50 ms | p99 ms |"
             f"{' base | ratio |' if base else ''}", "|---|---|---|---|---|---|---|" + ("---|---|" if base else "")]
    for name, row in here.items():
        if name not in MUST:
            continue
        must = str(MUST[name] or "") if backend == "postgresql" else ""
        text = (f"| {name} | {row['cpu_us']:.0f} | {row['least_us']:.0f} - {row['most_us']:.0f} | {must} "
                f"| {row['per_second']:.0f} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} |")
        if base:
            text += f" {base[name]['cpu_us']:.0f} | {row['cpu_us'] / base[name]['cpu_us']:.2f} |"
        if row["wrong"]:
            text += f" WRONG ANSWERS: {row['wrong']:.0f}"
        lines.append(text)
    floor = here["floor"]
    lines += ["", f"Memory of the server, one worker: {here['memory']['pss_mib']:.0f} MiB PSS. "
              f"The bare server between the rounds: {floor['cpu_us']:.0f} µs ({floor['least_us']:.0f} - {floor['most_us']:.0f})."]
    return "\n".join(lines)


@contextlib.contextmanager
def _checked_out(revision: str | None) -> Iterator[dict[str, Path]]:
    """Give the states to measure: this tree, and a revision beside it where one is asked for."""
    if not revision:
        yield {"here": ROOT}
        return
    with tempfile.TemporaryDirectory(prefix="idp-base-") as text:
        tree = Path(text) / "tree"
        _git("worktree", "add", "--detach", str(tree), revision)
        try:
            yield {"base": tree, "here": ROOT}
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _state() -> str:
    """Say what is measured, when, and on what."""
    changed = "" if not _git("status", "--porcelain", "--untracked-files=no", "--", "idp") else " with changes"
    revision = _git("rev-parse", "--short", "HEAD")
    return (f"Revision {revision}{changed}, {time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, "
            f"load {os.getloadavg()[0]:.1f} at the start")


def main() -> int:
    """Parse the arguments, measure, print; exit 1 when an answer was wrong."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite", "both"], default="both")
    parser.add_argument("--only", nargs="*", choices=list(MUST), default=list(MUST))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--base", help="Git revision to compare with")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--officers", type=int, help="measure the mirror with so many officers, and nothing else")
    parser.add_argument("--records", type=int, help="measure the audit trail with so many records, and nothing else")
    parser.add_argument("--lists", type=int, help="measure every list with so many officers, 500 applications and --records")
    arguments = parser.parse_args()
    if arguments.lists:
        records = arguments.records or 100_000
        print(f"{_state()}; {arguments.lists} officers, 500 applications, {records} records", flush=True)
        return 0 if lists.measure(arguments.lists, records) else 1
    if arguments.records:
        print(f"{_state()}; {arguments.records} records", flush=True)
        return 0 if trail.measure(arguments.records) else 1
    if arguments.officers:
        print(f"{_state()}; {arguments.officers} officers", flush=True)
        return 0 if mirror.measure(arguments.officers, logins=2000) else 1
    backends = ["postgresql", "sqlite"] if arguments.database == "both" else [arguments.database]
    everything, wrong = {}, 0.0
    if not arguments.json:
        print(f"{_state()}; {arguments.rounds} rounds of {arguments.seconds:g} s, {arguments.connections} connections",
              flush=True)
    with _checked_out(arguments.base) as trees:
        for backend in backends:
            results = everything[backend] = measure(trees, backend, arguments.only, seconds=arguments.seconds,
                                                    rounds=arguments.rounds, connections=arguments.connections)
            wrong += sum(row.get("wrong", 0) for row in results["here"].values())
            if not arguments.json:
                print(f"\n{table(backend, results)}", flush=True)
    if arguments.json:
        print(json.dumps(everything))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
