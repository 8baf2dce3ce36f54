"""``flask keys ...``: what operators do by hand with keys."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.cli import keys
from idp.errors import UnavailableError
from idp.jose.encryption_keys import EncryptionKeys
from idp.jose.keyset import ALGORITHMS, ENCRYPTION_ALGORITHMS, KeyRing

from ..contracts.key_store import CALLER
from ..fakes.clock import FakeClock

KINDS = (*ALGORITHMS, *ENCRYPTION_ALGORITHMS)


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


@pytest.fixture
def services(database: Database, folder: KeyFolder) -> SimpleNamespace:
    folder.make()
    clock = FakeClock()
    ring = KeyRing(SqlKeyStore(database), folder.sealer(), clock)
    encryption = EncryptionKeys(SqlKeyStore(database), folder.sealer(), clock)
    for one in (ring, encryption):
        one.ensure(CALLER)
    return SimpleNamespace(keys=ring, encryption_keys=encryption, clock=clock)


def run(services: Any, folder: KeyFolder, *arguments: str) -> Result:
    def wired() -> Any:
        if isinstance(services, Exception):
            raise services
        return services

    app = Flask("test")
    app.cli.add_command(keys.commands(wired, folder.make))
    return app.test_cli_runner().invoke(args=["keys", *arguments])


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_init_works_before_anything_else_and_twice(folder: KeyFolder) -> None:
    nothing = RuntimeError("no services yet")
    assert sorted(answer(run(nothing, folder, "init", "--json"))["made"]) == ["audit-seal.pem", "key-encryption.key",
    "session.key"]
    assert answer(run(nothing, folder, "init", "--json")) == {"made": []}
    assert "nothing was changed" in run(nothing, folder, "init").output
    folder.check()


def test_init_tells_what_stands_in_the_way(folder: KeyFolder) -> None:
    folder.folder.write_text("a file")
    result = run(RuntimeError(), folder, "init")
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "Remedy:" in result.output


def test_list_shows_states_and_no_private_key(services: Any, folder: KeyFolder) -> None:
    shown = answer(run(services, folder, "list", "--json"))["keys"]
    assert sorted((key["alg"], key["state"]) for key in shown) == sorted(
        (alg, state) for alg in KINDS for state in ("active", "next"))
    assert set(shown[0]) == {"kid", "alg", "state", "created_at", "activated_at", "retired_at", "age_seconds", "private_part"}
    text = run(services, folder, "list").output
    assert [line.split()[:2] for line in text.splitlines()] == [
        [alg, state] for alg in KINDS for state in ("active", "next")]
    assert "since 15/11/2023 05:13" in text


def test_list_tells_the_age_where_the_private_part_is_and_when_the_next_key_takes_over(services: Any, folder: KeyFolder) -> None:
    made = services.clock.now()
    services.keys.rotate("RS256", caller=CALLER)
    services.clock.advance(3 * 86400)
    told = answer(run(services, folder, "list", "--json"))
    assert {key["age_seconds"] for key in told["keys"]} == {3 * 86400}
    assert {key["private_part"] for key in told["keys"] if key["state"] != "retired"} == {"database"}
    assert [key["private_part"] for key in told["keys"] if key["state"] == "retired"] == [None]
    assert told["next_rotation_at"] == dict.fromkeys(KINDS, made + 90 * 86400)
    text = run(services, folder, "list").output
    assert "3 days old" in text
    assert "private part: sealed in the database" in text
    assert text.count("next rotation: 13/02/2024 05:13") == len(KINDS)
    services.clock.advance(90 * 86400)
    assert "next rotation: now due" in run(services, folder, "list").output


def test_rotate_of_one_algorithm_leaves_the_others(services: Any, folder: KeyFolder) -> None:
    services.clock.advance(3601)
    rotated = answer(run(services, folder, "rotate", "--alg", "EdDSA", "--json"))
    states = sorted((key["alg"], key["state"]) for key in rotated["keys"])
    assert [state for alg, state in states if alg == "EdDSA"] == ["active", "next", "retired"]
    assert len(states) == 2 * len(KINDS) + 1
    assert run(services, folder, "rotate", "--alg", "none").exit_code == 2


def test_rotate_answers_with_the_new_states(services: Any, folder: KeyFolder) -> None:
    before = {key["kid"]: key["state"] for key in answer(run(services, folder, "list", "--json"))["keys"]}
    services.clock.advance(3601)
    rotated = answer(run(services, folder, "rotate", "--json"))
    after = {key["kid"]: key["state"] for key in rotated["keys"]}
    assert rotated["warnings"] == []
    assert {before[kid]: after[kid] for kid in before} == {"active": "retired", "next": "active"}
    assert sorted(after.values()) == sorted(["active", "next", "retired"] * len(KINDS))


def test_a_hasty_rotation_is_done_and_told(services: Any, folder: KeyFolder) -> None:
    result = run(services, folder, "rotate")
    assert result.exit_code == 0
    assert "less than an hour ago" in result.stderr


def test_rotate_in_an_emergency_removes_what_ever_signed(services: Any, folder: KeyFolder) -> None:
    services.keys.reload()
    before = {key.kid for key in services.keys.stored() if key.state == "active" or key.alg in ENCRYPTION_ALGORITHMS}
    rotated = answer(run(services, folder, "rotate", "--emergency", "--json"))
    assert not before & {key["kid"] for key in rotated["keys"]}
    assert "old JWK Set" in rotated["warnings"][-1]
    everything = answer(run(services, folder, "list", "--all", "--json"))["keys"]
    assert before == {key["kid"] for key in everything if key["state"] == "removed"}


def test_a_refusal_is_exit_status_1_and_bad_usage_2(services: Any, folder: KeyFolder) -> None:
    def down() -> None:
        raise UnavailableError("The database does not answer.", dependency="database")

    broken = SimpleNamespace(keys=SimpleNamespace(reload=down, ensure=lambda caller: down()),
                             encryption_keys=services.encryption_keys, clock=services.clock)
    for verb in ("list", "rotate"):
        result = run(broken, folder, verb, "--json")
        assert result.exit_code == 1
        assert "does not answer" in result.stderr
        assert json.loads(result.stdout)["error"] == "The database does not answer."
    assert run(services, folder, "rotate", "--now").exit_code == 2
    assert run(services, folder, "sing").exit_code == 2
