"""``flask totp import`` and ``flask throttle clear``: what operators do by hand."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.access import SqlAccess
from idp.cli.authn import throttle, totp
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.deprovisioning import Deprovisioning
from tests.authn.house import SEED, Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, officer

OTHER = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory([officer("lanhdao"), officer("quantri.coquan")])


@pytest.fixture
def house(database: Database, directory: FakeDirectory) -> Node:
    return Node(database, directory, FakeClock())


@pytest.fixture
def services(house: Node, directory: FakeDirectory) -> SimpleNamespace:
    return SimpleNamespace(settings=SimpleNamespace(development=True), directory=directory, totp=house.totp, mirror=house.mirror,
                           sign_in=house.sign_in)


def run(services: Any, *arguments: str) -> Result:
    app = Flask("test")
    for group in (totp, throttle):
        app.cli.add_command(group.commands(lambda: services))
    return app.test_cli_runner().invoke(args=list(arguments))


def seeds(folder: Path, content: object, mode: int = 0o600) -> str:
    path = folder / "seeds.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(mode)
    return str(path)


def test_seeds_are_imported_once(services: Any, house: Node, tmp_path: Path) -> None:
    path = seeds(tmp_path, {"lanhdao": SEED, "Quantri.CoQuan": OTHER})
    first = run(services, "totp", "import", "--file", path, "--json")
    assert (first.exit_code, json.loads(first.output)) == (0, {"enrolled": ["Quantri.CoQuan", "lanhdao"], "unchanged": []})
    assert house.outcome("lanhdao") == "accepted"
    leader = house.mirror.by_uid("lanhdao")
    assert leader is not None
    assert house.factor(leader, house.code()) == "accepted"
    again = run(services, "totp", "import", "--file", path, "--json")
    assert json.loads(again.output) == {"enrolled": [], "unchanged": ["Quantri.CoQuan", "lanhdao"]}
    assert house.factor(leader, house.code()) == "reused"


@pytest.mark.parametrize(("content", "says"), [
    ({"lanhdao": SEED, "nobody": SEED}, "nobody"), ({"lanhdao": "JBSWY3DP"}, "short"), ("{", "JSON"), ([], "object"),
    ({"lanhdao": 7}, "object"), ("[" * 100_000, "JSON")], ids=range(6))
def test_a_file_that_is_not_right_changes_nothing(services: Any, house: Node, tmp_path: Path, content: object, says: str) -> None:
    result = run(services, "totp", "import", "--file", seeds(tmp_path, content))
    assert result.exit_code == 1
    assert says in result.output
    assert SEED not in result.output
    assert not house.totp.enrolled(officer("lanhdao").entry_uuid)


def test_in_production_a_file_that_others_can_read_is_refused(services: Any, tmp_path: Path) -> None:
    services.settings.development = False
    open_to_all = run(services, "totp", "import", "--file", seeds(tmp_path, {"lanhdao": SEED}, 0o644))
    assert (open_to_all.exit_code, "chmod 600" in open_to_all.output) == (1, True)
    assert run(services, "totp", "import", "--file", seeds(tmp_path, {"lanhdao": SEED})).exit_code == 0


def test_a_directory_that_is_down_is_said(services: Any, directory: FakeDirectory, tmp_path: Path) -> None:
    directory.down = True
    result = run(services, "totp", "import", "--file", seeds(tmp_path, {"lanhdao": SEED}))
    assert (result.exit_code, "directory" in result.output) == (1, True)


def test_an_operator_unblocks_an_officer(services: Any, house: Node) -> None:
    for _ in range(10):
        house.outcome("lanhdao", "wrong")
    assert house.outcome("lanhdao") == "throttled"
    result = run(services, "throttle", "clear", "--officer", "LanhDao@haugiang.gov.vn", "--source", "203.0.113.7", "--json")
    assert json.loads(result.output) == {"counters_cleared": 3}
    assert house.outcome("lanhdao") == "accepted"


def test_clear_without_a_target_is_a_usage_error(services: Any) -> None:
    assert run(services, "throttle", "clear").exit_code == 2


def test_frozen_factors_are_released_once_their_officer_is_back(services: Any, house: Node, database: Database) -> None:
    services.deprovisioning = away = Deprovisioning(SqlAccess(database), house.mirror, house.clock)
    sub = house.mirror.remember(officer("lanhdao"), now=1)
    release = ("totp", "release", "--officer", " LanhDao ", "--json")
    assert run(services, *release).exit_code == 1, "not frozen"
    house.mirror.remember(officer("lanhdao", disabled=True), now=2)
    away.of(OfficerChange(ChangeKind.DISABLED, sub, None, house.mirror.by_sub(sub), house.clock.now()))
    assert run(services, *release).exit_code == 1, "not back"
    house.mirror.remember(officer("lanhdao"), now=3)
    away.of(OfficerChange(ChangeKind.RETURNED, sub, None, house.mirror.by_sub(sub), house.clock.now()))
    done = run(services, *release)
    assert (done.exit_code, json.loads(done.output)) == (0, {"officer": "lanhdao", "sub": sub, "released": True})
    assert run(services, "totp", "release", "--officer", "nobody").exit_code == 1
