"""``flask sessions end``: the officer's sessions end, tokens are revoked, applications are told."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from click.testing import Result
from flask import Flask

from idp.audit import Caller
from idp.cli import sessions
from idp.errors import UnavailableError


class House:
    def __init__(self) -> None:
        self.mirror = SimpleNamespace(by_uid=lambda uid: {"canbo": SimpleNamespace(
            sub="sub-1", officer=SimpleNamespace(uid="canbo"))}.get(uid))
        self.deprovisioning = SimpleNamespace(end_access=self.end_access)
        self.ended: list[tuple[Any, ...]] = []

    def end_access(self, sub: str, reason: str, caller: Caller) -> list[str]:
        self.ended.append((sub, reason, caller.source))
        return ["qlvb", "cong-thong-tin"]


def run(house: Any, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(sessions.commands(lambda: house))
    return app.test_cli_runner().invoke(args=["sessions", *arguments])


def test_interface_s3_an_officer_is_out_everywhere() -> None:
    house = House()
    result = run(house, "end", "--officer", " CanBo ", "--json")
    assert json.loads(result.stdout) == {"officer": "canbo", "sub": "sub-1", "applications_told": ["cong-thong-tin", "qlvb"]}
    assert house.ended == [("sub-1", "administrator", "cli")]
    assert "cong-thong-tin, qlvb" in run(house, "end", "--officer", "canbo").stdout


def test_interface_s3_an_unknown_officer_is_1_and_missing_usage_2() -> None:
    house = House()
    result = run(house, "end", "--officer", "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No officer nobody" in result.stderr
    assert run(house, "end").exit_code == 2
    assert house.ended == []


def test_a_database_that_is_away_is_1() -> None:
    def away(_uid: str) -> None:
        raise UnavailableError("Briefly unavailable.", dependency="database")

    house = House()
    house.mirror = SimpleNamespace(by_uid=away)
    assert run(house, "end", "--officer", "canbo").exit_code == 1
