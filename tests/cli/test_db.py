"""Migrations by hand: what Flask-Migrate's verbs say to programs, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.app import create_app

from .test_refusals import UNREACHABLE, environment, fit, people

__all__ = ["environment"]


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["db", *arguments])


def told(app: Flask, *arguments: str) -> dict[str, Any]:
    """What a verb that does its work tells a program."""
    done = run(app, *arguments, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refusal(app: Flask, *arguments: str) -> dict[str, str]:
    """What a verb that refuses tells a program."""
    done = run(app, *arguments, "--json")
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    answer: dict[str, str] = json.loads(done.stdout)
    assert set(answer) == {"error", "remedy"}
    assert all(answer.values())
    return answer


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    """A deployment whose database nobody migrated."""
    url = (f"sqlite:///{tmp_path / 'idp.sqlite3'}" if request.param == "sqlite" else
           request.getfixturevalue("postgresql").create("template1"))
    return create_app(fit(tmp_path, url), serve=False, directory=people())


def test_interface_s3_a_program_reads_where_the_database_is(app: Flask) -> None:
    assert told(app, "current") == {"said": [], "revision": "", "latest": False}
    done = told(app, "upgrade")
    assert (done["latest"], set(done)) == (True, {"said", "revision", "latest"})
    [head] = told(app, "heads")["said"]
    assert head.split() == [done["revision"], "(head)"]
    assert told(app, "current") == {"said": [head], "revision": done["revision"], "latest": True}
    before = told(app, "downgrade")
    assert before["latest"] is False
    assert f"{before['revision']} -> {done['revision']} (head)" in told(app, "history")["said"][0]
    assert told(app, "upgrade", "--sql", f"{before['revision']}:{done['revision']}")["said"] != []
    assert told(app, "current")["revision"] == before["revision"]


def test_without_json_people_read_what_alembic_prints(app: Flask) -> None:
    done = run(app, "upgrade")
    assert (done.exit_code, done.stdout) == (0, "")


@pytest.mark.parametrize("arguments", [("upgrade", "nonsense"), ("downgrade", "nonsense"), ("show", "nonsense")])
def test_a_revision_that_is_none_is_refused_by_name(app: Flask, arguments: tuple[str, ...]) -> None:
    assert "nonsense" in refusal(app, *arguments)["error"]


@pytest.mark.parametrize("url", [UNREACHABLE, "sqlite:////nowhere/idp.sqlite3"])
def test_a_database_that_does_not_answer_is_refused_with_its_remedy(url: str, tmp_path: Path) -> None:
    app = create_app(fit(tmp_path, url), serve=False, directory=people())
    for verb in ("upgrade", "current"):
        assert "IDP_DATABASE_URL" in refusal(app, verb)["remedy"]


def test_wrong_settings_are_refused_with_their_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_FOO", "1")
    assert "IDP_FOO" in refusal(create_app(serve=False), "upgrade")["error"]
