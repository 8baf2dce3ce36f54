"""``flask factors``: what an officer has, taken away, and codes for one who has nothing yet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from idp.cli.authn import factors
from tests.administration.conftest import office
from tests.administration.office import Office

__all__ = ["office"]
SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"


def run(office: Office, *arguments: str) -> Any:
    app = Flask("test")
    app.cli.add_command(factors.commands(lambda: office.services))
    return app.test_cli_runner().invoke(args=["factors", *arguments])


@pytest.fixture
def lan(office: Office) -> str:
    sub = office.officer("lan", "lanhdao")
    office.services.totp.enrol(office.directory.officers["lan"].entry_uuid, SEED, sub=sub)
    return sub


def test_list_and_remove(office: Office, lan: str) -> None:
    assert run(office, "list", "--officer", "lan").output == "otp\n"
    assert json.loads(run(office, "remove", "--officer", "lan", "--factor", "passkey", "--json").output)["removed"] == []
    answer = json.loads(run(office, "remove", "--officer", " LAN ", "--json").output)
    assert answer == {"officer": "lan", "sub": lan, "removed": ["otp"]}
    assert "no second factor" in run(office, "list", "--officer", "lan").output
    assert [told.kind.value for told in office.services.notices.of(lan)] == ["factor.removed", "factor.added"]
    record = [one for one in office.audited() if one.event == "factor.removed"]
    assert [(one.sub, one.source) for one in record] == [(lan, "cli")]


def test_codes_open_the_way_for_who_needs_two_factors_and_has_none(office: Office) -> None:
    office.officer("quantri.moi", "quantri-tinh")
    codes = run(office, "issue-codes", "--officer", "quantri.moi").output.split()
    assert len(codes) == 10
    assert json.loads(run(office, "list", "--officer", "quantri.moi", "--json").output)["factors"][0]["left"] == 10
    told = str([tuple(one) for one in office.audited()])
    assert not [code for code in codes if code in told]


@pytest.mark.parametrize("verb", ["list", "remove", "issue-codes"])
def test_nobody_of_that_name(office: Office, verb: str) -> None:
    answer = run(office, verb, "--officer", "nobody", "--json")
    assert answer.exit_code == 1
    assert "no officer" in json.loads(answer.stdout)["error"]
