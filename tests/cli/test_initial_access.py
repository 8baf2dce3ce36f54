"""``flask clients initial-access-token ...``."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.sql.database import Database
from idp.adapters.sql.registrations import SqlInitialAccess
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.cli import clients
from idp.errors import UnavailableError
from idp.oauth.clients.initial_access import InitialAccess
from idp.oauth.clients.registration import RegistrationPolicy

from ..fakes.clock import FakeClock

OWNER = "Sở Thông tin và Truyền thông"


@pytest.fixture
def services(database: Database) -> SimpleNamespace:
    clock = FakeClock()
    return SimpleNamespace(clock=clock, initial_access=InitialAccess(
        SqlInitialAccess(database), SqlAuditTrail(database), clock, RegistrationPolicy(),
        software_issuers={"https://issuer.example"}))


def run(services: Any, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(clients.commands(lambda: services))
    return app.test_cli_runner().invoke(args=["clients", "initial-access-token", *arguments])


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(result: Result, status: int = 1) -> str:
    assert result.exit_code == status
    if result.stdout:
        assert json.loads(result.stdout)["error"] in result.stderr
    return result.stderr


def test_create_shows_the_token_once_and_it_is_good(services: Any) -> None:
    made = answer(run(services, "create", "--owner", OWNER, "--quota", "3", "--json"))
    assert (made["quota"], made["used"], made["state"], made["clients"]) == (3, 0, "open", [])
    assert made["expires_at"] == services.clock.now() + 30 * 86400
    assert made["terms"] == {
        "owner": OWNER, "consent": "ask", "scope": "address email offline_access openid phone profile",
        "grant_types": ["authorization_code", "refresh_token"], "require_pkce": True, "required_acr": "", "allowed_groups": [],
        "software_issuer": "", "owner_unit": ""}
    assert services.initial_access.admit(made["initial_access_token"], Caller("x", "x")).token_id == made["id"]
    for listing in (run(services, "list"), run(services, "list", "--json")):
        assert made["id"] in listing.output
        assert made["initial_access_token"] not in listing.output


def test_create_takes_every_term(services: Any) -> None:
    made = answer(run(services, "create", "--owner", OWNER, "--expires", "12h", "--consent", "implied", "--scope", "openid unit",
                      "--grant-types", "authorization_code,client_credentials", "--allow-no-pkce", "--required-acr",
                      "urn:haugiang:acr:2", "--allowed-group", "vanthu", "--allowed-group", "lanhdao",
                      "--software-issuer", "https://issuer.example", "--owner-unit", "H30.11", "--json"))
    assert made["terms"] == {
        "owner": OWNER, "consent": "implied", "scope": "openid unit",
        "grant_types": ["authorization_code", "client_credentials"], "require_pkce": False,
        "required_acr": "urn:haugiang:acr:2", "allowed_groups": ["lanhdao", "vanthu"],
        "software_issuer": "https://issuer.example", "owner_unit": "H30.11"}
    assert made["expires_at"] == services.clock.now() + 12 * 3600


def test_a_last_day_counts_to_its_end_in_vietnam_and_never_is_never(services: Any) -> None:
    assert answer(run(services, "create", "--owner", OWNER, "--expires", "2026-12-31", "--json"))["expires_at"] == 1798736400
    assert answer(run(services, "create", "--owner", OWNER, "--expires", "never", "--json"))["expires_at"] is None
    assert "never expires" in run(services, "list").output


def test_create_for_people(services: Any) -> None:
    result = run(services, "create", "--owner", OWNER)
    assert result.exit_code == 0
    assert "initial_access_token  " in result.output
    assert "not shown again" in result.output


@pytest.mark.parametrize(("arguments", "word"), [
    (["--owner", " "], "owner"), (["--owner", "x", "--quota", "0"], "quota"), (["--owner", "x", "--scope", "admin"], "scope"),
    (["--owner", "x", "--expires", "2001-01-01"], "has passed"), (["--owner", "x", "--grant-types", "implicit"], "grant_types"),
    (["--owner", "x", "--required-acr", "2"], "required_acr"), (["--owner", "x", "--software-issuer", "y"], "software_issuer"),
])
def test_bad_terms_are_exit_status_1_with_a_sentence(services: Any, arguments: list[str], word: str) -> None:
    assert word in refusal(run(services, "create", *arguments, "--json"))
    assert answer(run(services, "list", "--json")) == {"initial_access_tokens": []}


@pytest.mark.parametrize("arguments", [
    ["create"], ["create", "--owner", "x", "--expires", "soon"], ["create", "--owner", "x", "--expires", "2026-13-01"],
    ["create", "--owner", "x", "--quota", "many"], ["create", "--owner", "x", "--consent", "never"], ["revoke"], ["unknown"],
    ["list", "extra"],
])
def test_bad_usage_is_exit_status_2(services: Any, arguments: list[str]) -> None:
    assert run(services, *arguments).exit_code == 2


def test_revoke_ends_a_token_once(services: Any) -> None:
    made = answer(run(services, "create", "--owner", OWNER, "--json"))
    assert answer(run(services, "revoke", made["id"], "--json")) == {"id": made["id"], "revoked": True, "changed": True}
    assert answer(run(services, "revoke", made["id"], "--json"))["changed"] is False
    assert run(services, "revoke", made["id"]).output == f"{made['id']} is revoked, as it was before.\n"
    assert answer(run(services, "list", "--json"))["initial_access_tokens"][0]["state"] == "revoked"
    assert "no such initial access token" in refusal(run(services, "revoke", "unknown", "--json"))


def test_a_database_that_is_away_is_exit_status_1(services: Any) -> None:
    def away() -> None:
        raise UnavailableError("Briefly unavailable.", dependency="database")

    services.initial_access = SimpleNamespace(tokens=away)
    assert "Briefly unavailable" in refusal(run(services, "list"))
