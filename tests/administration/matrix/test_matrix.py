"""Security checklist 38: every page and verb × every role × own and other agency, against the table in ``expected``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from idp.web import api
from tests.administration.office import PLENTY, Office

from .expected import API, NOT_LENT, PAGES
from .probing import PEOPLE, ROLES, World, operations


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    target = tmp_path_factory.mktemp("matrix") / "idp.sqlite3"
    shutil.copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield World(office)
    office.close()


def compare(found: dict[str, str], table: Mapping[str, str]) -> None:
    """Hold what happened against the table; a failure shows the lines that would make it true."""
    other = [f'"{key}": "{row}",' for key, row in found.items() if table.get(key) != row]
    assert not other, "not as the table says:\n" + "\n".join(other)
    assert found.keys() == table.keys()


def test_security_38_every_operation_of_the_api_lets_in_whom_the_table_says(world: World) -> None:
    mounted = operations(api.create(world.office.services), "/api/v1")
    compare({f"{method} {path}": world.api(method, path) for method, path in mounted}, API)


def test_security_38_every_page_of_the_console_lets_in_whom_the_table_says(world: World) -> None:
    compare({f"{method} {path}": world.page(method, path) for method, path in operations(world.console.app, "/admin")}, PAGES)


def test_security_38_a_deputy_gets_what_the_giver_gets_by_every_route_and_never_lends(world: World) -> None:
    """Asked in the two tests before, each time just before the giver."""
    for door, table, roles in (("api", API, ROLES), ("page", PAGES, PEOPLE)):
        lent = world.lent[door]
        assert lent.keys() == table.keys()
        giver = {key: row.split()[roles.index("agency")] for key, row in table.items()}
        assert {key: cell for key, cell in lent.items() if cell != giver[key]} == {
            key: cell for key, cell in NOT_LENT.items() if key in table}


def test_the_table_has_a_cell_for_everybody_and_nobody_without_a_role_is_let_in() -> None:
    for table, roles in ((API, ROLES), (PAGES, PEOPLE)):
        for key, row in table.items():
            assert len(row.split()) == len(roles), key
            assert "+" not in row.split()[0] or key in {"POST /break-glass", "GET /openapi.json"}, key
            assert key.startswith("GET ") or key == "POST /break-glass" or "+" not in row.split()[1] or (
                key in {"POST /certificates/{enrollment_id}/identity", "POST /audit/export", "POST /accounts/file",
                        "POST /officers/file", "POST /role-holders/file", "POST /jobs", "POST /officers/{sub}/phone",
                        "POST /enrollments/{enrollment_id}/identity",
                        *(f"POST /{place}/{{campaign_id}}/{name}/file" for place in ("campaigns", "rollout")
                          for name in ("missing", "members", "movements", "reminders"))}), key


def test_no_role_of_an_agency_reaches_another_agency() -> None:
    narrow = ("help_desk", "clerk", "registration", "agency")
    for table, roles in ((API, ROLES), (PAGES, PEOPLE)):
        for key, row in table.items():
            for role, cell in zip(roles, row.split(), strict=True):
                if role in narrow and len(cell) == 2 and key != "GET /officers/{sub}/signing-certificates":
                    assert cell[1] != "+", (key, role)
