"""``flask directory ...``: on the directory in memory, and once on a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.access import SqlAccess
from idp.adapters.sql.directory.tasks import SqlTasks
from idp.administration.tasks import TaskAdministration
from idp.cli import directory
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.deprovisioning import Deprovisioning
from idp.directory.feed import NoChanges
from idp.directory.officer import Post
from idp.directory.term import ENDED, end_of
from tests.administration.office import Office
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer
from tests.followed import Followed


@pytest.fixture
def services(database: Database) -> SimpleNamespace:
    people = FakeDirectory([
        make_officer("canbo", groups=("lanhdao", "vanthu")), make_officer("nghiviec", disabled=True),
        make_officer("quantri.coquan", "Lê Thị Thử", groups=("quantri-coquan",))])
    followed = Followed(database, people, NoChanges(), clock=FakeClock())
    return SimpleNamespace(directory=people, mirror=followed.mirror, clock=followed.clock, mirroring=followed,
                           settings=SimpleNamespace(ldap_mail_domain="haugiang.gov.vn"))


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    office = Office(database_url)
    yield office
    office.close()


def run(services: Any, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(directory.commands(lambda: services))
    return app.test_cli_runner().invoke(args=["directory", *arguments])


def test_show_tells_a_person_all_there_is_to_know(services: SimpleNamespace) -> None:
    result = run(services, "show", "CanBo@haugiang.gov.vn")
    assert result.exit_code == 0
    for expected in ("Nguyễn Văn Mẫu", "Văn phòng UBND tỉnh", "H30.1, 000.00.01.H30", "lanhdao, vanthu",
                     "Lê Thị Thử, 0293 000 0001", "at the first sign-in"):
        assert expected in result.output


def test_tasks_are_shown_and_done_with_a_proof(services: SimpleNamespace, database: Database) -> None:
    clock = FakeClock()
    house = Deprovisioning(SqlAccess(database), services.mirror, clock)
    services.administration = SimpleNamespace(tasks=TaskAdministration(SqlTasks(database), clock, lambda task: []))
    assert run(services, "tasks").output == "Nothing.\n"
    sub = services.mirror.remember(make_officer("nghiviec", disabled=True), now=1)
    house.of(OfficerChange(ChangeKind.DISABLED, sub, None, services.mirror.by_sub(sub), clock.now()))
    shown = json.loads(run(services, "tasks", "--json").output)["tasks"]
    assert sorted(task["kind"] for task in shown) == ["certificate_revocation", "sim_revocation"]
    assert "nghiviec" in run(services, "tasks").output
    assert run(services, "tasks", "--done", shown[0]["id"]).exit_code == 1, "no proof"
    assert run(services, "tasks", "--done", shown[0]["id"], "--proof", "Số 12").exit_code == 0
    again = run(services, "tasks", "--done", shown[0]["id"], "--proof", "Số 12")
    assert (again.exit_code, "done before" in again.output) == (1, True)
    assert run(services, "tasks", "--done", "unknown", "--proof", "x").exit_code == 1
    assert len(json.loads(run(services, "tasks", "--json").output)["tasks"]) == 1
    clock.advance(2 * 86400)
    assert "OVERDUE" in run(services, "tasks").output
    assert "Số 12" in run(services, "tasks", "--all").output


def test_show_tells_a_program_the_same_and_the_subject(services: SimpleNamespace) -> None:
    sub = services.mirror.remember(services.directory.find_by_login("canbo"), now=1)
    answer = json.loads(run(services, "show", "canbo", "--json").output)
    assert (answer["sub"], answer["mirrored"], answer["uid"], answer["contact"]["phone"]) == (sub, True, "canbo", "+842930000001")
    assert answer["posts"][0]["unit_code_2016"] == "000.00.01.H30"
    services.directory.add(make_officer("canbo", "Nguyễn Văn Khác"))
    assert json.loads(run(services, "show", "canbo", "--json").output)["mirrored"] is False
    assert "changed since" in run(services, "show", "canbo").output


def test_show_tells_sponsor_and_end_of_a_guest_and_until_when_a_post_is_acting(services: SimpleNamespace) -> None:
    ends_at = end_of(date(2098, 12, 31))
    services.directory.add(make_officer("khach", guest="vendor", sponsor="uid=lanhdao", ends_at=ends_at, posts=(
        Post("H30.1", "", "Văn phòng", "Quyền Chánh Văn phòng", ends_at),)))
    services.directory.add(make_officer("khongngay", guest="vendor", disabled=True, ends_at=ENDED))
    shown = run(services, "show", "khach").output
    assert "guest      vendor, for uid=lanhdao\n" in shown
    assert "until      2098-12-31\n" in shown
    assert ", acting until 2098-12-31\n" in shown
    shown = run(services, "show", "khongngay").output
    assert "vendor, for nobody: no sponsor" in shown
    assert "no last day that can be read" in shown
    assert "guest" not in run(services, "show", "canbo").output


def test_show_refuses_whom_nobody_knows(services: SimpleNamespace) -> None:
    result = run(services, "show", "khongco")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "khongco" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_reset_shows_the_password_once_and_ends_everything(office: Office) -> None:
    sub = office.officer("canbo")
    office.session(sub)
    answer = json.loads(run(office.services, "reset-password", " CanBo@haugiang.gov.vn", "--json").output)
    assert (answer["uid"], answer["sub"], answer["expires_at"]) == ("canbo", sub, office.clock.now() + 86400)
    assert office.directory.passwords["canbo"] == answer["one_time_password"]
    assert "session.ended" in [one.event for one in office.audited()]
    result = run(office.services, "reset-password", "canbo")
    assert office.directory.passwords["canbo"] in result.stdout
    assert office.directory.passwords["canbo"] != answer["one_time_password"]


def test_a_reset_that_cannot_be_is_1_and_says_why(office: Office) -> None:
    office.officer("nghiviec", disabled=True)
    office.officer("canbo")
    for uid, said in (("khongco", "no officer"), ("nghiviec", "disabled")):
        result = run(office.services, "reset-password", uid)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
    office.directory.resets = False
    assert "no account for it" in run(office.services, "reset-password", "canbo").stderr
    assert run(office.services, "reset-password").exit_code == 2


def test_usage_errors_end_with_2(services: SimpleNamespace) -> None:
    assert run(services, "show").exit_code == 2
    assert run(services, "sync", "--wipe").exit_code == 2


def test_check_is_content_with_a_directory_in_order(services: SimpleNamespace) -> None:
    result = run(services, "check", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.output)
    assert answer["ok"]
    assert {"officers", "uids", "mail addresses", "agencies"} <= {line["name"] for line in answer["checks"]}
    assert "3, of them 1 disabled" in run(services, "check").output


def test_check_names_what_keeps_officers_out(services: SimpleNamespace) -> None:
    services.directory.add(make_officer("khac", mail="canbo@haugiang.gov.vn"))
    result = run(services, "check")
    assert result.exit_code == 1
    assert "BAD  mail addresses" in result.output
    assert "canbo@haugiang.gov.vn" in result.output


def test_check_and_show_of_a_directory_that_is_down(services: SimpleNamespace) -> None:
    services.directory.down = True
    assert run(services, "check").exit_code == 1
    assert json.loads(run(services, "check", "--json").output)["ok"] is False
    shown = run(services, "show", "canbo")
    assert shown.exit_code == 1
    assert "does not answer" in shown.stderr


def test_the_sample_directory_is_in_order(services: SimpleNamespace, ldap_directory: LdapDirectory) -> None:
    services.directory = ldap_directory
    result = run(services, "check", "--json")
    answer = {line["name"]: line for line in json.loads(result.output)["checks"]}
    assert answer["uids"]["ok"]
    assert "khonghopthu" in answer["mailboxes"]["detail"]
    assert answer["decoy"]["ok"]


def test_sync_tells_what_it_did_and_a_dry_run_only_what_it_would_do(services: SimpleNamespace) -> None:
    dry = json.loads(run(services, "sync", "--dry-run", "--json").stdout)
    assert (dry["dry_run"], dry["seen"], dry["joined"], dry["removed"]) == (True, 3, 3, 0)
    assert services.mirror.by_uid("canbo") is None
    assert "3 officers in 0 agencies: 3 joined." in run(services, "sync").stdout
    assert "nothing has changed" in run(services, "sync").stdout
    services.directory.add(make_officer("canbo", "Trần Thị Khác", groups=("lanhdao", "vanthu")))
    assert json.loads(run(services, "sync", "--json").stdout)["renamed"] == 1


def test_sync_refuses_an_empty_answer_and_release_needs_something_to_release(services: SimpleNamespace) -> None:
    run(services, "sync")
    refused = run(services, "release", "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["error"]) == (1, "The brake has stopped nothing.")
    services.directory.officers.clear()
    emptied = run(services, "sync")
    assert emptied.exit_code == 1
    assert "none of 2 was removed" in emptied.stderr
    services.directory.add(make_officer("canbo"))
    checked = run(services, "check")
    assert (checked.exit_code, "BAD  mirror" in checked.output) == (1, True)
    assert json.loads(run(services, "release", "--json").stdout) == {
        "released": True, "reason": "empty", "losses": 2, "active": 2}


def test_show_names_what_the_mirror_has_otherwise_and_whom_only_the_mirror_has(services: SimpleNamespace) -> None:
    run(services, "sync")
    services.directory.add(make_officer("canbo", phone="+842930000022"))
    assert "differs    phone: mirrored as '+842930000001'" in run(services, "show", "canbo").output
    services.directory.remove("canbo")
    gone = run(services, "show", "canbo")
    assert gone.exit_code == 1
    assert "The mirror has one, who is active" in gone.stderr
