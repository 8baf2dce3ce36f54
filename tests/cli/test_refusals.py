"""Every verb refuses in one sentence with its remedy, in JSON where JSON was asked for, and never with a traceback.

The verbs are those that the application has; one that is new and not in ``ARGUMENTS`` fails the first test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from flask import Flask

from idp.app import create_app
from idp.settings import Settings
from tests.fakes.directory import FakeDirectory, make_officer
from tests.pki.authority.house import request
from tests.whole import make_settings

ROOT = Path(__file__).parents[2]
UNREACHABLE = "postgresql+psycopg://idp@127.0.0.1:1/idp"

_TOMORROW = datetime.now(UTC) + timedelta(days=1)
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "announcements create": ("--text", "Bảo trì", "--until", f"{_TOMORROW:%Y-%m-%dT%H:%M}"), "announcements end": ("x",),
    "announcements list": (),
    "audit accept-chain": ("--reason", "restored"), "audit archive": (), "audit restore": ("2026-01", "--purpose", "kiểm tra"),
    "audit discard": ("2026-01", "--by", "quantri", "--purpose", "quá hạn"),
    "audit export": ("--from", "2026-11-01", "--to", "2026-11-02"), "audit verify": (), "audit heads": (),
    "ca crl": (),
    "ca init": ("--root-key", "ROOT"), "ca issue": ("--csr", "REQUEST", "--profile", "tls_client", "--host", "a.example"),
    "ca request": ("--out", "OUT"),
    "ca issue-p12": ("--officer", "canbo", "--out", "list.txt"),
    "ca restore": ("--serial", "54ab"), "ca revoke": ("--serial", "54ab", "--reason", "superseded"), "ca show": (),
    "ca enrollment-password": ("--profile", "tls_client", "--host", "a.example"), "ca time-stamp-signer": (),
    "break-glass create": (), "break-glass remove": (),
    "clients apply": ("CLIENTS",), "clients create": ("--file", "METADATA"), "clients disable": ("qlvb",),
    "clients enable": ("qlvb",), "clients initial-access-token create": ("--owner", "Văn phòng"),
    "clients initial-access-token list": (), "clients initial-access-token revoke": ("x",),
    "clients registration-access-token": ("qlvb",),
    "clients list": (), "clients rotate-secret": ("qlvb",), "clients show": ("qlvb",), "clients test": ("qlvb",),
    "custody list": (), "custody overdue": (), "custody show": ("TK-0001",),
    "custody enter": ("token", "TK-0001", "--by", "canbo"),
    "custody hand-over": ("TK-0001", "--to", "canbo", "--record", "07", "--by", "canbo"),
    "custody demand-return": ("TK-0001", "--by", "canbo"), "custody restock": ("TK-0001", "--by", "canbo"),
    "custody take-back": ("TK-0001", "--record", "08", "--by", "canbo"), "custody lost": ("TK-0001", "--by", "canbo"),
    "custody record-loss": ("TK-0001", "--record", "09", "--by", "canbo"),
    "officers stop": ("--officer", "canbo", "--reason", "mất máy", "--by", "canbo"), "officers show": ("--officer", "canbo"),
    "officers lift": ("--officer", "canbo", "--reason", "đã tìm thấy", "--by", "canbo"),
    "deputies list": ("--officer", "canbo"), "deputies end": ("x",),
    "directory check": (), "directory release": (), "directory reset-password": ("canbo",), "directory show": ("canbo",),
    "directory sync": (), "directory tasks": (), "doctor": (),
    "factors issue-codes": ("--officer", "canbo"), "factors list": ("--officer", "canbo"),
    "factors remove": ("--officer", "canbo"),
    "forms blank": ("sim_dang_ky", "-o", "list.txt"), "forms check": ("SEEDS",), "forms list": (),
    "keys init": (), "keys list": (), "keys rotate": (), "sessions end": ("--officer", "canbo"),
    "sims list": ("--officer", "canbo"), "sims lost": ("--officer", "canbo", "--reason", "mất"),
    "sims doubts": (), "sims decide": ("dismiss", "--carrier", "Mạng mẫu", "--reason", "nhầm", "--by", "canbo"),
    "sims import": ("SEEDS", "--by", "canbo"), "sims export": ("OUT.csv", "--by", "canbo"),
    "rollout list": (), "rollout report": ("--campaign", "CD-2026-0001"),
    "rollout close": ("--campaign", "CD-2026-0001", "--reason", "xong"),
    "rollout create": ("--name", "X", "--goal", "mailbox", "--deadline", "2099-01-01"),
    "rollout deadline": ("--campaign", "CD-2026-0001", "--to", "2099-01-01", "--reason", "lùi"),
    "throttle clear": ("--officer", "canbo"), "totp import": ("--file", "SEEDS"),
    "totp release": ("--officer", "canbo"),
    "worker mail": (), "worker notices": (), "worker run": ("--once",),
}
"""Arguments with which a verb would do something, by its name."""

WITHOUT_DATABASE = {"break-glass remove", "directory check", "keys init"}
WITHOUT_KEYS = {"keys init"}
OF_CARRIERS = {"sims doubts"}
"""Verbs that read nothing before they know that a carrier is named."""
FREE = {"doctor", "forms blank", "forms check", "forms list"}
"""Verbs that work, or say what is wrong, whatever the deployment is like: tests/cli/pki/test_forms.py."""
MIGRATIONS = {"db"}
"""Flask-Migrate's verbs: tests/cli/test_db.py."""


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of a test."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)
    (tmp_path / "empty.toml").write_text("")
    monkeypatch.setenv("IDP_CONFIG", str(tmp_path / "empty.toml"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment that is fit but for what a test takes away."""
    return fit(tmp_path)


def fit(tmp_path: Path, database_url: str = UNREACHABLE) -> Settings:
    """Give the settings of a deployment, whose files stand beside those that the verbs read."""
    (tmp_path / "seeds.json").write_text(json.dumps({"canbo": "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"}))
    (tmp_path / "request.der").write_bytes(request())
    (tmp_path / "metadata.json").write_text(json.dumps({
        "client_name": "X", "redirect_uris": ["https://x.example/cb"], "province": {"owner": "Văn phòng"}}))
    password = tmp_path / "ldap.password"
    password.touch(mode=0o600)
    password.write_text("a-long-random-value")
    return make_settings(tmp_path, database_url, ldap_bind_password_file=password)


def people() -> FakeDirectory:
    return FakeDirectory([make_officer("canbo")])


def verbs(app: Flask) -> dict[str, click.Command]:
    def below(name: str, command: click.Command) -> dict[str, click.Command]:
        if not isinstance(command, click.Group):
            return {name: command}
        return {found: verb for inner, group in command.commands.items()
                for found, verb in below(f"{name} {inner}", group).items()}

    return {found: verb for name, command in app.cli.commands.items() for found, verb in below(name, command).items()}


def run(app: Flask, verb: str, folder: Path, *more: str) -> Result:
    files = {"CLIENTS": folder / "clients", "METADATA": folder / "metadata.json", "SEEDS": folder / "seeds.json",
             "ROOT": folder / "root.pem", "REQUEST": folder / "request.der", "OUT": folder / "asked.json"}
    arguments = [str(files.get(argument, argument)) for argument in ARGUMENTS[verb]]
    return app.test_cli_runner().invoke(args=[*verb.split(), *arguments, *more])


def refused(app: Flask, verb: str, folder: Path) -> tuple[str, str]:
    """See that a verb refuses rightly, as text and as JSON; gives the sentence and the remedy."""
    text = run(app, verb, folder)
    assert (text.exit_code, type(text.exception), text.stdout) == (1, SystemExit, ""), (text.output, text.exception)
    lines = text.stderr.splitlines()
    assert len(lines) == 1, text.stderr
    answer = run(app, verb, folder, "--json")
    assert (answer.exit_code, answer.stderr) == (1, text.stderr)
    said: dict[str, Any] = json.loads(answer.stdout)
    assert set(said) == {"error", "remedy"}
    assert lines[0] == f"Error: {said['error']} Remedy: {said['remedy']}"
    return said["error"], said["remedy"]


def test_interface_s3_every_verb_is_here_and_takes_json(settings: Settings) -> None:
    known = verbs(create_app(settings, serve=False))
    assert sorted(name for name in known if name.split()[0] not in MIGRATIONS) == sorted(ARGUMENTS)
    assert [name for name, verb in known.items() if "--json" not in [opt for p in verb.params for opt in p.opts]] == []


@pytest.mark.parametrize("verb", [verb for verb in ARGUMENTS if verb not in FREE])
def test_a_database_url_that_is_none_is_refused_in_one_sentence(
    verb: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", "nonsense")
    monkeypatch.setenv("IDP_ISSUER", "https://sso.example.vn")
    error, remedy = refused(create_app(serve=False), verb, tmp_path)
    assert "database URL" in error
    assert "IDP_DATABASE_URL" in remedy


@pytest.mark.parametrize("verb", [verb for verb in ARGUMENTS if verb not in FREE | WITHOUT_DATABASE | OF_CARRIERS])
def test_a_database_that_does_not_answer_is_refused_in_one_sentence(verb: str, unreachable: tuple[Flask, Path]) -> None:
    _error, remedy = refused(unreachable[0], verb, unreachable[1])
    assert "IDP_DATABASE_URL" in remedy


@pytest.mark.parametrize("verb", [verb for verb in ARGUMENTS if verb not in FREE | WITHOUT_DATABASE | OF_CARRIERS])
def test_a_database_without_migrations_is_refused_in_one_sentence(
    verb: str, empty: tuple[Flask, Path],
) -> None:
    error, remedy = refused(empty[0], verb, empty[1])
    assert "db upgrade" in remedy, (error, remedy)


def test_a_worker_does_not_begin_on_a_database_without_migrations(empty: tuple[Flask, Path]) -> None:
    result = empty[0].test_cli_runner().invoke(args=["worker", "run", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["remedy"]) == (1, "Run: flask --app wsgi db upgrade")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('empty') / 'idp.sqlite3'}"
    url: str = request.getfixturevalue("postgresql").create("template1")
    return url


@pytest.fixture(scope="module")
def empty(empty_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Path]:
    """A deployment whose database nobody migrated, and its folder; refused verbs leave nothing, so all of them share it."""
    folder = tmp_path_factory.mktemp("empty")
    return create_app(fit(folder, empty_url), serve=False, directory=people()), folder


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Path]:
    """The same with a database that does not answer."""
    folder = tmp_path_factory.mktemp("unreachable")
    return create_app(fit(folder), serve=False, directory=people()), folder


@pytest.mark.parametrize("verb", [verb for verb in ARGUMENTS if verb not in FREE | WITHOUT_KEYS])
def test_a_missing_keys_folder_is_refused_in_one_sentence(verb: str, settings: Settings, tmp_path: Path) -> None:
    shutil.rmtree(settings.keys_dir)
    error, remedy = refused(create_app(settings, serve=False), verb, tmp_path)
    assert "does not exist" in error
    assert remedy == "Run: flask --app wsgi keys init"


@pytest.mark.parametrize("verb", sorted(OF_CARRIERS))
def test_what_is_of_carriers_says_that_none_is_named(verb: str, empty: tuple[Flask, Path]) -> None:
    error, remedy = refused(empty[0], verb, empty[1])
    assert "No carrier" in error
    assert "IDP_MSSP_FILE" in remedy


@pytest.mark.parametrize("verb", sorted(WITHOUT_DATABASE))
def test_what_needs_no_database_works_without_one(verb: str, settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings, serve=False, directory=people())
    assert run(app, verb, tmp_path, "--json").exit_code == 0


@pytest.mark.parametrize("missing", ["settings", "database", "keys"])
def test_doctor_finds_it_and_says_the_remedy(
    missing: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    if missing == "settings":
        monkeypatch.setenv("IDP_FOO", "1")
        app = create_app(serve=False)
    else:
        if missing == "keys":
            shutil.rmtree(settings.keys_dir)
        app = create_app(settings, serve=False, directory=people())
    text, answer = run(app, "doctor", tmp_path), run(app, "doctor", tmp_path, "--json")
    assert (text.exit_code, answer.exit_code, text.stderr + answer.stderr) == (1, 1, "")
    found = [line for line in json.loads(answer.stdout)["findings"] if line["state"] == "failed"]
    assert found[0]["check"] == missing
    assert all(line["remedy"] for line in found)
    assert f"failed   {missing}: {found[0]['found']} Remedy: {found[0]['remedy']}" in text.stdout


# As an operator types it


def flask(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "FLASK"))}
    (tmp_path / "empty.toml").write_text("")
    environment |= {"IDP_CONFIG": str(tmp_path / "empty.toml"), "IDP_ENV": "development", **variables}
    return subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", *arguments], cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True, timeout=60)


def test_the_list_of_settings_is_there_while_they_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the remedy that wrong settings name."""
    wrong = {"IDP_FOO": "1", "IDP_CODE_LIFETIME_SECONDS": "3600", "IDP_DATABASE_URL": "postgres//idp:hunter2@db/idp"}
    shown = flask(tmp_path, "doctor", "--settings", **wrong)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "IDP_CODE_LIFETIME_SECONDS = 3600  (default: 60)\n    Authorization codes" in shown.stdout
    assert "failed   settings: Unknown setting IDP_FOO." in shown.stdout
    assert "failed   settings: Setting code_lifetime_seconds: Input should be less than or equal to 60." in shown.stdout
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    answer = create_app(serve=False).test_cli_runner().invoke(args=["doctor", "--settings", "--json"])
    listed = json.loads(answer.stdout)
    assert [entry["name"] for entry in listed["settings"]] == list(Settings.model_fields)
    assert listed["problems"][0]["problem"] == "Unknown setting IDP_FOO."
    assert "hunter2" not in shown.stdout + answer.stdout


@pytest.mark.parametrize(("arguments", "url"), [
    (("db", "upgrade"), "nonsense"), (("db", "upgrade"), UNREACHABLE), (("db", "current"), "sqlite:////nowhere/idp.sqlite3"),
    (("keys", "rotate"), "nonsense")])
def test_no_traceback_reaches_the_operator(tmp_path: Path, arguments: tuple[str, ...], url: str) -> None:
    done = flask(tmp_path, *arguments, IDP_DATABASE_URL=url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert "IDP_DATABASE_URL" in done.stderr.partition("Remedy: ")[2]


def test_a_server_that_is_not_fit_still_says_one_sentence(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "FLASK"))}
    done = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=ROOT, env=environment | {"IDP_FOO": "1"}, check=False,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Not started. Unknown setting IDP_FOO. Remedy: ")
    assert done.stderr.count("\n") == 1
