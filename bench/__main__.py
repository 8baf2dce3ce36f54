"""Run the cases and print a table: ``python -m bench [--database ...] [--only ...] [--base REVISION]``."""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from .driver import Round, refresh_rounds, wrk
from .system import System

ROOT = Path(__file__).resolve().parents[1]
MUST = {
    "discovery": 33,
    "jwks": 33,
    "client_credentials": 290,
    "client_credentials_jwt": 500,
    "introspection": 240,
    "userinfo": 220,
    "refresh": 1000,
}
"""CPU microseconds per operation to reach, PostgreSQL, 16 connections."""


def _case(system: System, name: str, folder: Path, seconds: int, connections: int) -> Round:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def basic(client: str) -> dict[str, str]:
        return {**form, "Authorization": "Basic " + base64.b64encode(f"{client}:{system.secret(client)}".encode()).decode()}

    options = {"seconds": seconds, "connections": connections}
    if name == "discovery":
        return wrk(folder, f"{system.base}/.well-known/openid-configuration", **options)
    if name == "jwks":
        return wrk(folder, f"{system.base}/jwks", **options)
    if name in {"client_credentials", "client_credentials_jwt"}:
        client = "load" if name == "client_credentials" else "load-jwt"
        return wrk(
            folder,
            f"{system.base}/token",
            method="POST",
            headers=basic(client),
            bodies=["grant_type=client_credentials"],
            **options,
        )
    if name == "introspection":
        bodies = [urlencode({"token": token}) for token in system.access_tokens]
        return wrk(folder, f"{system.base}/introspect", method="POST", headers=basic("load"), bodies=bodies, **options)
    if name == "userinfo":
        return wrk(folder, f"{system.base}/userinfo", headers={"Authorization": f"Bearer {system.access_tokens[0]}"}, **options)
    return refresh_rounds(system.port, "load", system.secret("load"), system.refresh_tokens, seconds=seconds)


def measure(
    backend: str, names: list[str], *, root: Path, seconds: int, rounds: int, connections: int
) -> dict[str, dict[str, float]]:
    """Run the cases against one state of the code and give medians by case."""
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as text:
        folder = Path(text)
        folder.chmod(0o755)
        system = System(folder, backend, root)
        results: dict[str, dict[str, float]] = {}
        try:
            system.start()
            for name in names:
                _case(system, name, folder, 1, connections)
                seen = []
                for _ in range(rounds):
                    before = system.cpu_seconds()
                    outcome = _case(system, name, folder, seconds, connections)
                    cpu = (system.cpu_seconds() - before) / max(outcome.answers, 1) * 1e6
                    seen.append((cpu, outcome.answers / outcome.seconds, outcome.p50, outcome.p99, outcome.wrong))
                columns = list(zip(*seen, strict=True))
                results[name] = {
                    key: statistics.median(column)
                    for key, column in zip(("cpu_us", "per_second", "p50_ms", "p99_ms", "wrong"), columns, strict=True)
                }
            results["memory"] = {"pss_mib": system.memory_mebibytes()}
        finally:
            system.stop()
    return results


def _print(backend: str, results: dict[str, dict[str, float]], base: dict[str, dict[str, float]] | None) -> None:
    print(f"\n{backend}: CPU us per operation, requests/s, p50 and p99 in ms{', ratio to the base' if base else ''}")
    for name, row in results.items():
        if name == "memory":
            print(f"  memory (one worker)      {row['pss_mib']:8.0f} MiB PSS")
            continue
        must = f"must {MUST[name]}" if backend == "postgresql" else ""
        ratio = f"x{row['cpu_us'] / base[name]['cpu_us']:.2f}" if base and name in base else ""
        wrong = f"  WRONG ANSWERS: {row['wrong']:.0f}" if row["wrong"] else ""
        print(
            f"  {name:24} {row['cpu_us']:8.0f} {row['per_second']:9.0f}/s {row['p50_ms']:7.1f} {row['p99_ms']:7.1f}  {must:10} {ratio}{wrong}"
        )


def main() -> int:
    """Parse the arguments, measure, print; exit 1 when an answer was wrong."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite", "both"], default="both")
    parser.add_argument("--only", nargs="*", choices=list(MUST), default=list(MUST))
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--base", help="Git revision to compare with")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    backends = ["postgresql", "sqlite"] if arguments.database == "both" else [arguments.database]
    options = {"seconds": arguments.seconds, "rounds": arguments.rounds, "connections": arguments.connections}
    everything, wrong = {}, 0.0
    with tempfile.TemporaryDirectory(prefix="idp-base-") as text:
        tree = Path(text) / "tree"
        if arguments.base:
            subprocess.run(
                ["git", "worktree", "add", "--detach", str(tree), arguments.base], cwd=ROOT, check=True, capture_output=True
            )
        try:
            for backend in backends:
                base = measure(backend, arguments.only, root=tree, **options) if arguments.base else None
                results = everything[backend] = measure(backend, arguments.only, root=ROOT, **options)
                wrong += sum(row.get("wrong", 0) for row in results.values())
                if not arguments.json:
                    _print(backend, results, base)
        finally:
            if arguments.base:
                subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True, capture_output=True)
    if arguments.json:
        print(json.dumps(everything))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
