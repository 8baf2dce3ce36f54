"""``flask sims import|export``: lists at the command line, by the rules of the console and in somebody's name."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.sheets import SheetFiles
from idp.cli import sims
from idp.pki.enrollment.moves import Actor
from tests.administration.office import CALLER, IT, PLENTY, Office
from tests.audit_desk import events_of
from tests.web.phones import Phones

HEAD = "Họ và tên;Địa chỉ thư điện tử công vụ;Số điện thoại di động;Nhà mạng;Số ICCID của SIM;Chính chủ"


class Desk:
    """A deployment with a carrier, whose commands are run."""

    def __init__(self, office: Office) -> None:
        self.phones, self.app = Phones(office), Flask("test")
        self.office = self.phones.office
        self.app.cli.add_command(sims.commands(lambda: self.phones.office.services))
        office.officer("agency", "quantri-coquan", unit=IT)
        office.officer("desk", "quantri-tinh")
        office.officer("kiemtoan", "kiemtoan")

    def run(self, *arguments: object) -> Result:
        return self.app.test_cli_runner().invoke(args=["sims", *map(str, arguments)])


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path) -> Iterator[Desk]:
    office = Office(f"sqlite:///{copy(sqlite_template, tmp_path / 'sims.sqlite3')}", rates=PLENTY)
    yield Desk(office)
    office.close()


def test_a_list_is_tried_taken_and_written_out_in_somebodys_name(desk: Desk, tmp_path: Path) -> None:
    sub = desk.phones.officer("mot")
    known: Any = desk.office.services.mirror.by_sub(sub)
    file, out = tmp_path / "sim.csv", tmp_path / "out.csv"
    file.write_text("\n".join((HEAD, f"{known.officer.name};{known.officer.mail};0912 345 678;mang;;",
                               f"{known.officer.name};{known.officer.mail};12;mang;;")))
    store = desk.phones.house.store
    tried = desk.run("import", file, "--by", "agency")
    assert (tried.exit_code, store.of_officer(sub)) == (1, [])
    assert "Tried: 1 rows, 0 of them before; 1 to be corrected." in tried.stdout
    assert "row 3" in tried.stdout
    taken = desk.run("import", file, "--by", "agency", "--take", "--json")
    assert (taken.exit_code, json.loads(taken.stdout)["good"], len(store.of_officer(sub))) == (1, 1, 1)
    assert desk.run("import", file, "--by", "kiemtoan", "--take").exit_code == 1
    assert desk.run("import", file, "--by", "nobody").exit_code == 1
    assert desk.run("import", file).exit_code == 2, "somebody answers for it"
    assert desk.run("import", file, "--by", "agency", "--form", "ket_qua_cap").exit_code == 1, "results are the province's"

    assert desk.run("export", out, "--by", "desk").stderr.startswith("Error: No SIM waits"), "the number is not proven"
    sim = desk.phones.house.sims.send_code(Actor(sub), store.of_officer(sub)[0].sim_id, CALLER)
    desk.phones.house.sims.verify(sub, sim.sim_id, desk.phones.house.inbox.code, CALLER)
    assert desk.run("export", out, "--by", "agency").exit_code == 1
    assert desk.run("export", tmp_path / "out.pdf", "--by", "desk").exit_code == 2
    assert not out.exists()
    for place in (tmp_path / "none" / "out.csv", tmp_path / f"{'x' * 300}.csv"):
        assert "cannot be written" in desk.run("export", place, "--by", "desk").stderr
    assert desk.run("export", out, "--by", "desk").stdout == f"Written: {out}\n"
    assert [str(one[3]) for one in SheetFiles().read(out.read_bytes())[1:]] == ["0912345678"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(events_of(desk.office.database, "personal_data.read")) == 1
    assert desk.run("export", out, "--by", "desk").exit_code == 1, "what is there stays"
    assert len(events_of(desk.office.database, "personal_data.read")) == 1, "and nothing is read for it"
