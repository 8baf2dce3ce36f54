"""``flask worker``: runs until it is told to end; shows and revives dead notices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.key_files import KeyFolder
from idp.cli import worker
from idp.errors import UnavailableError
from idp.outbox import FailingReceiver, QueueState

from ..fakes.clock import FakeClock

ROOT = Path(__file__).parents[2]


class Outbox:
    def __init__(self) -> None:
        self.dead = 2

    def revive(self, client_id: str, *, now: int) -> int:
        revived, self.dead = self.dead, 0
        return revived

    def state(self) -> QueueState:
        return QueueState(3, 1_700_000_000, self.dead, (FailingReceiver("qlvb", 3, self.dead, "HTTP 500"),))


def run(made: Any, *arguments: str) -> Result:
    app = Flask("test")
    services = SimpleNamespace(outbox=Outbox(), mail=Outbox(), clock=FakeClock())
    app.cli.add_command(worker.commands(lambda: services, lambda _services: made))  # type: ignore[arg-type,return-value]
    return app.test_cli_runner().invoke(args=["worker", *arguments])


def test_notices_are_shown_by_application() -> None:
    result = run(None, "notices")
    assert result.stdout == "3 notices wait, 2 are dead.\nqlvb: 3 wait, 2 dead; last answer: HTTP 500\n"
    assert json.loads(run(None, "notices", "--json").stdout) == {
        "waiting": 3, "oldest_waiting_at": 1_700_000_000, "dead": 2, "revived": 0,
        "failing": [{"client_id": "qlvb", "waiting": 3, "dead": 2, "last_error": "HTTP 500"}]}


def test_dead_notices_are_queued_anew() -> None:
    assert run(None, "notices", "--retry", "qlvb").stdout.startswith("2 dead notices of qlvb are queued anew.\n3 notices wait")


def test_mail_that_waits_or_is_dead_is_shown_and_queued_anew() -> None:
    assert run(None, "mail").stdout == "3 mails wait, 2 are dead; last answer: HTTP 500.\n"
    assert run(None, "mail", "--retry").stdout.startswith("2 dead mails are queued anew.\n3 mails wait, 0 are dead")
    assert json.loads(run(None, "mail", "--json").stdout) == {
        "waiting": 3, "oldest_waiting_at": 1_700_000_000, "dead": 2, "revived": 0, "last_error": "HTTP 500"}


def test_once_does_what_is_due_and_says_what_went_wrong() -> None:
    calls: list[str] = []
    assert run(SimpleNamespace(once=lambda: calls.append("once")), "run", "--once").exit_code == 0
    assert calls == ["once"]

    def away() -> None:
        raise UnavailableError("The service is briefly unavailable.", dependency="database")

    assert run(SimpleNamespace(once=away), "run", "--once").exit_code == 1


def test_interface_s3_a_program_is_told_how_it_ended_or_why_it_did_not_begin() -> None:
    done = run(SimpleNamespace(once=lambda: None), "run", "--once", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"ended": "once"})

    def away() -> None:
        raise UnavailableError("The service is briefly unavailable.", dependency="database")

    refused = run(SimpleNamespace(once=away), "run", "--once", "--json")
    assert (refused.exit_code, set(json.loads(refused.stdout))) == (1, {"error", "remedy"})


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_runs_logs_json_and_ends_with_0_on_a_signal(
    ending: signal.Signals, tmp_path: Path, sqlite_template: Path,
) -> None:
    database = tmp_path / "idp.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    folder = KeyFolder(tmp_path / "keys")
    folder.make()
    (tmp_path / "ldap.password").write_text("x" * 20)
    (tmp_path / "ldap.password").chmod(0o600)
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith(("IDP_", "FLASK"))},
                   "IDP_ENV": "development", "IDP_DATABASE_URL": f"sqlite:///{database}", "IDP_KEYS_DIR": str(folder.folder),
                   "IDP_CLIENTS_DIR": str(tmp_path), "IDP_LDAP_BIND_PASSWORD_FILE": str(tmp_path / "ldap.password")}
    log, said = (tmp_path / "log").open("w+"), (tmp_path / "said").open("w+")
    process = subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", "worker", "run", "--json"], cwd=ROOT,
                               env=environment, stderr=log, stdout=said)
    try:
        end = time.monotonic() + 90
        while "worker started" not in (tmp_path / "log").read_text():
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        asked = time.monotonic()
        process.send_signal(ending)
        assert process.wait(60) == 0
        assert time.monotonic() - asked < 30
    finally:
        process.kill()
        process.wait()
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert (events[0], events[-1]) == ("worker started", "worker stopped")
    assert json.loads((tmp_path / "said").read_text()) == {"ended": "signal"}
