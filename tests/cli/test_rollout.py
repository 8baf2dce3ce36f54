"""``flask rollout``: begun by a dry run, followed, reported in three forms, closed."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.app import create_app
from idp.pki.enrollment.working_days import day_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer
from tests.whole import make_settings


def test_a_campaign_from_its_beginning_to_its_end(tmp_path: Path, sqlite_template: Path) -> None:
    target = tmp_path / "idp.sqlite3"
    target.write_bytes(sqlite_template.read_bytes())
    clock = FakeClock()
    people = FakeDirectory([make_officer(f"canbo{n}", number=n + 1, mail="" if n else None) for n in range(3)])
    app = create_app(make_settings(tmp_path, f"sqlite:///{target}"), serve=False, directory=people, clock=clock)

    def run(*arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["rollout", *arguments])

    mirror = SqlOfficers(Database(f"sqlite:///{target}"), clock)
    for officer in people.officers.values():
        mirror.remember(officer, now=clock.now())
    asked = ["create", "--name", "Hộp thư", "--goal", "mailbox", "--deadline", str(day_of(clock.now()) + timedelta(days=30))]
    assert run(*asked, "--dry-run").output == "3 would count, 0 would be left out.\n"
    assert run("list", "--json").output == '{"campaigns": []}\n'
    made = json.loads(run(*asked, "--json").output)
    assert (made["id"], made["figures"]["counted"], made["figures"]["done"]) == ("CD-2023-0001", 3, 1)
    assert run(*asked).exit_code == 1
    clock.advance(86400)
    first = run("report", "--campaign", "Hộp thư", "--format", "csv").stdout_bytes
    assert first.startswith(b"\xef\xbb\xbf")
    assert "Tổng số" in first.decode()
    page = tmp_path / "page.html"
    assert run("report", "--campaign", made["id"], "--format", "html", "-o", str(page)).exit_code == 0
    text = page.read_text()
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "<polyline" in text
    assert not re.search(r"(?:src|href)=|url\((?!\"?data:)|@import", text)
    assert "Traceback" not in run("report", "--campaign", made["id"], "--format", "html", "-o", str(page)).output
    assert run("report", "--campaign", made["id"], "--format", "xlsx").stdout_bytes.startswith(b"PK")
    assert json.loads(run("report", "--campaign", made["id"], "--json").output)["figures"]["done"] == 1
    clock.advance(40 * 86400)
    assert run("report", "--campaign", made["id"], "--on", str(day_of(clock.now()) - timedelta(days=41))).stdout_bytes == first
    for wrong in ("2020-01-01", "2999-01-01", "x"):
        assert run("report", "--campaign", made["id"], "--on", wrong).exit_code == 1
    assert run("report", "--campaign", "CD-2023-0002").exit_code == 1
    assert run("deadline", "--campaign", made["id"], "--to", str(day_of(clock.now()) + timedelta(days=9)), "--reason", "chậm"
               ).exit_code == 0
    assert run("close", "--campaign", made["id"], "--reason", "xong").exit_code == 0
    assert "closed" in run("list").output
    assert run("close", "--campaign", made["id"], "--reason", "xong").exit_code == 1
