"""``flask deputies``: who acts for whom, and that it ends."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask

from idp.cli.authn import deputies
from idp.pki.enrollment.working_days import day_of
from tests.administration.conftest import office
from tests.administration.office import IT, Office

__all__ = ["office"]


def run(office: Office, *arguments: str) -> Any:
    app = Flask("test")
    app.cli.add_command(deputies.commands(lambda: office.services))
    return app.test_cli_runner().invoke(args=["deputies", *arguments])


def test_listed_and_ended_and_both_are_told(office: Office) -> None:
    assert run(office, "list").output == "Nobody acts for anybody.\n"
    sub, today = office.officer("phophong", unit=IT), day_of(office.clock.now()).isoformat()
    office.call("POST", "/deputies", office.agency(IT), {"deputy": "phophong", "ends_on": today, "reason": "Đi công tác"})
    [one] = json.loads(run(office, "list", "--officer", " PHOPHONG", "--json").output)["items"]
    assert (one["deputy"], one["role"], one["unit"]) == (sub, "agency_administrator", None)
    assert "Nguyễn Văn Mẫu for Nguyễn Văn Mẫu: agency_administrator, until the end of" in run(office, "list").output
    assert run(office, "list", "--officer", "khong.co").exit_code == 1
    assert run(office, "end", one["id"]).output == "Ended.\n"
    for gone in (one["id"], "x"):
        assert run(office, "end", gone).exit_code == 1
    assert [told.kind.value for told in office.services.notices.of(sub)] == ["deputy.ended", "deputy.named"]
    assert [(record.sub, record.source) for record in office.audited() if record.event == "deputy.ended"] == [(sub, "cli")]
    assert office.call("GET", "/officers?q=mau", office.token("phophong", unit=IT)).status_code == 403
