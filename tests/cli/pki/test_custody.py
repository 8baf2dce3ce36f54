"""``flask custody``: the account of devices at the command line, by the rules of the room and in somebody's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.cli.pki import custody
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.audit_desk import events_of


class Desk:
    """A deployment with people, whose commands are run."""

    def __init__(self, office: Office) -> None:
        self.office, self.app = office, Flask("test")
        self.app.cli.add_command(custody.commands(lambda: office.services))
        office.officer("agency", "quantri-coquan", unit=IT)
        office.officer("kiemtoan", "kiemtoan")
        self.subs = {"desk": office.officer("desk", "quantri-tinh"), "canbo": office.officer("canbo", unit=IT)}

    def run(self, *arguments: str) -> Result:
        return self.app.test_cli_runner().invoke(args=["custody", *arguments])

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        return result.stderr


@pytest.fixture(scope="module")
def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One office for all; each test has devices of its own."""
    target = tmp_path_factory.mktemp("custody") / "custody.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Desk(office)
    office.close()


def test_a_device_from_the_stock_to_an_officer_and_back(desk: Desk) -> None:
    made = desk.json("enter", "token", "tk-0001", "--by", "desk")["device"]
    assert made["serial"] == "TK-0001"
    given = desk.json("hand-over", "tk-0001", "--to", "CanBo", "--record", "07/BB", "--by", "desk")["device"]
    assert (given["state"], given["holder"], given["record"]) == ("handed_over", desk.subs["canbo"], "07/BB")
    assert desk.json("demand-return", made["id"], "--by", "desk")["device"]["state"] == "return_due"
    assert desk.json("overdue") == {"devices": []}
    desk.office.clock.advance(14 * 86400)
    assert "TK-0001  return_due  canbo, H30.11  due " in desk.run("overdue").output
    assert "OVERDUE" in desk.run("overdue").output
    assert desk.json("take-back", "TK-0001", "--record", "08/BB", "--by", "desk")["device"]["state"] == "returned"
    assert "in_stock" in desk.run("restock", "TK-0001", "--by", "desk").output
    shown = desk.run("show", "TK-0001").output
    for words in ("hand_over      by desk, from desk, to canbo  record 07/BB", "record 08/BB"):
        assert words in shown
    assert [line["handling"] for line in desk.json("show", made["id"])["device"]["history"]] == [
        "register", "hand_over", "demand_return", "take_back", "restock"]
    records = [str(record) for record in events_of(desk.office.database, "device.handled")]
    assert len([text for text in records if made["id"] in text and desk.subs["desk"] in text and "cli" in text]) == 4


def test_security_38_the_rules_are_those_of_whoever_answers_for_it(desk: Desk) -> None:
    desk.json("enter", "token", "TK-0101", "--by", "desk")
    assert "is no administrator" in desk.refused("enter", "token", "TK-0102", "--by", "canbo")
    assert "is no administrator" in desk.refused("enter", "token", "TK-0102", "--by", "kiemtoan")
    assert "is no administrator" in desk.refused("enter", "token", "TK-0102", "--by", "nobody")
    assert "province's desk" in desk.refused("enter", "token", "TK-0102", "--by", "agency")
    assert "to themselves" in desk.refused("hand-over", "TK-0101", "--to", "desk", "--record", "7", "--by", "desk")
    assert "no such officer" in desk.refused("hand-over", "TK-0101", "--to", "nobody", "--record", "7", "--by", "desk")
    assert "no such device" in desk.refused("lost", "TK-0101", "--by", "agency"), "it is not with the agency"
    assert "no such device" in desk.refused("show", "TK-0199")
    assert "does not take take_back" in desk.refused("take-back", "TK-0101", "--record", "8", "--by", "desk")
    desk.json("hand-over", "TK-0101", "--to", "canbo", "--for-agency", "--record", "07", "--by", "desk")
    assert desk.json("lost", "TK-0101", "--by", "agency")["device"]["state"] == "lost"
    assert "province's desk" in desk.refused("record-loss", "TK-0101", "--record", "09", "--by", "agency")
    assert desk.json("record-loss", "TK-0101", "--record", "09/BB", "--by", "desk")["device"]["record"] == "09/BB"


def test_lists_by_state_kind_agency_and_words_and_two_devices_of_one_number(desk: Desk) -> None:
    for kind, serial in (("token", "LS-0001"), ("sim", "8984048000000000009"), ("hsm", "LS-0001")):
        desk.json("enter", kind, serial, "--by", "desk")
    assert {one["kind"] for one in desk.json("list", "--find", "ls-0001")["devices"]} == {"token", "hsm"}
    (sim,) = desk.json("list", "--kind", "sim", "--state", "in_stock")["devices"]
    assert sim["serial"] == "8984048000000000009"
    assert desk.run("list", "--unit", HOME).output == "Nothing.\n"
    assert desk.run("list", "--unit", "x'").exit_code == desk.run("list", "--kind", "car").exit_code == 2
    refused = desk.refused("show", "LS-0001")
    assert "Several devices have this number" in refused
    assert all(one["id"] in refused for one in desk.json("list", "--find", "ls-0001")["devices"])
