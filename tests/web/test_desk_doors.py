"""Every step of a certificate request, by everybody and through every door, answers as one table says.

The table is written down here by hand, beside the one that the product works from (docs/operations/certificate-desk.md, section
4). All of it is asked of the rooms; each act is asked of the pages and of the API too, so that no door has a rule of its own. The
command line has no such act: it keeps account of devices (tests/cli/pki/test_custody.py) and administers no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from shutil import copy
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import bindparam, null, update

from idp.adapters.sql.tables import EnrollmentRow
from idp.administration.audit.actors import Actors
from idp.administration.enrollment.requests import ACTS, EnrollmentAdministration
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Enrollment, Kind, Search
from idp.pki.enrollment.states import State
from idp.roles import Administrator, Role, RoleGroups
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.administration.test_enrollments import asked
from tests.pki.enrollment.house import CALLER, IDENTITY, LAST_DAY, MONDAY, House

from .console import Browser, Console

BOTH, PROVINCE = ("agency", "province"), ("province",)
WITH_CERTIFICATE = "issued ready_for_handover handed_over active suspended device_locked"
TABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "submit": {"draft returned": ("agency",)},
    "approve": {"submitted": BOTH},
    "approve_for_province": {"agency_approved": PROVINCE},
    "return": {"submitted": BOTH, "agency_approved province_approved sent_to_ca": PROVINCE},
    "cancel": {"draft submitted returned agency_approved province_approved": BOTH},
    "send": {"province_approved": PROVINCE},
    "receive": {"issued": PROVINCE},
    "hand_over": {"ready_for_handover": PROVINCE},
    "waive_test_signature": {"handed_over": PROVINCE},
    "suspend": {"active": PROVINCE},
    "resume": {"suspended": PROVINCE},
    "lock": {"active": BOTH},
    "unlock": {"device_locked": PROVINCE},
    "ask_revocation": {WITH_CERTIFICATE: BOTH},
    "report_loss": {WITH_CERTIFICATE: BOTH},
    "revoked": {"revocation_requested": PROVINCE},
    "device_returned": {"revoked expired superseded": PROVINCE},
    "device_lost": {"revoked expired superseded": PROVINCE},
}
"""By act: in which states, and who of the administrators."""
OWN: Mapping[str, str] = {"submit": "draft returned", "cancel": "draft submitted returned agency_approved province_approved",
                          "confirm": "handed_over", "lock": "active", "report_loss": WITH_CERTIFICATE}
"""What an officer does with the own one, and in which states."""
ROLES = ("agency", "other_agency", "province", "auditor", "machine")
NEEDS = {"return": {"reason": "x"}, "cancel": {"reason": "x"}, "send": {"document": "1/X"}, "receive": {"device_serial": "TK-1"},
         "hand_over": {"identity_number": IDENTITY, "record": "1/BB"}, "waive_test_signature": {"reason": "x"},
         "suspend": {"reason": "x"}, "ask_revocation": {"reason": "x"}, "revoked": {"document": "1/X"},
         "device_returned": {"record": "1/BB"}, "device_lost": {"record": "1/BB"}}


def expected(act: str, state: str, role: str) -> str:
    """Say what the table says: ``done``, or the status of the refusal."""
    if role == "other_agency":
        return "404"
    allowed = [roles for states, roles in TABLE[act].items() if state in states.split()]
    return "409" if not allowed else "done" if role in allowed[0] else "403"


class Shelf:
    """A store with one request on it."""

    def __init__(self) -> None:
        self.one: Any = None

    def find(self, enrollment_id: str) -> Enrollment | None:
        return self.one if self.one.enrollment_id == enrollment_id else None

    def move(self, before: Enrollment, after: Enrollment, *_: Any) -> bool:
        done = self.one.revision == before.revision
        self.one = after if done else self.one
        return done

    def page(self, search: Search, *, after: str, limit: int, before: str = "") -> Sequence[Enrollment]:
        fits = self.one.holder == search.holder and (not search.states or self.one.state in search.states)
        return [self.one] if fits else []

    def history(self, enrollment_id: str) -> Sequence[Any]:
        return ()

    def by_serial(self, serial: str) -> Sequence[Enrollment]:
        return ()


@pytest.fixture(scope="module")
def house() -> House:
    shelf, devices = Shelf(), SimpleNamespace(by_serial=lambda kind, serial: None)
    return House(shelf, devices)  # type: ignore[arg-type]


def stands(house: House, state: str) -> Enrollment:
    """Put a request on the shelf that other people have brought to a state."""
    shelf: Any = house.store
    shelf.one = Enrollment(
        enrollment_id="2026-00000001", kind=Kind.PERSON, holder=house.subs["holder"], unit_code="H30.11", unit_name="Sở",
        name="Nguyễn Văn Mẫu", mail="holder@haugiang.gov.vn", device_kind=DeviceKind.SOFTWARE, state=State(state), since=MONDAY,
        requester=house.subs["agency2"], agency_approver="a", province_approver="p", handed_over_by="g", challenge="c",
        identity_digest=house.desk.digest(IDENTITY), not_before=MONDAY - 1, not_after=LAST_DAY, serial="54")
    found: Enrollment = shelf.one
    return found


def outcome(do: Callable[[], Any]) -> str:
    try:
        do()
    except RefusedError as err:
        return str(err.status)
    return "done"


def test_every_act_in_every_state_by_every_administrator_as_the_table_says(house: House) -> None:
    rooms: Any = SimpleNamespace(desk=house.desk, custody=house.custody, ending=house.ending, moves=house.moves, waiting=None)
    room = EnrollmentAdministration(rooms, Actors(house.mirror, RoleGroups()))
    people = {"agency": house.actor("agency").administrator, "other_agency": house.actor("other_agency").administrator,
              "province": house.actor("desk").administrator, "auditor": house.actor("auditor").administrator,
              "machine": Administrator(role=Role.MACHINE, client_id="qlvb")}
    wrong = []
    for act in TABLE:
        for state in State:
            for role in ROLES:
                who = people[role]
                assert who is not None
                number = stands(house, state).enrollment_id
                found = outcome(lambda: room.act(who, number, {"act": act, **NEEDS.get(act, {})}, CALLER))  # noqa: B023
                moved = house.found(number).revision
                if found != expected(act, state, role) or moved != (found == "done"):
                    wrong.append((act, state.value, role, found, expected(act, state, role), moved))
                # What is offered on a page is what is done.
                offered = "" if role == "other_agency" else act in room.workable_one(
                    who, stands(house, state).enrollment_id)["acts"]
                if offered != (found == "done" if role != "other_agency" else ""):
                    wrong.append((act, state.value, role, "offered", str(offered), moved))
    assert wrong == []
    assert set(TABLE) == set(ACTS)


def test_every_act_of_officers_upon_their_own_in_every_state_and_upon_nobody_elses(house: House) -> None:
    ways: dict[str, Callable[[str, str], Any]] = {
        "submit": lambda sub, number: house.own.submit(sub, number, CALLER),
        "cancel": lambda sub, number: house.own.cancel(sub, number, "x", CALLER),
        "confirm": lambda sub, number: house.own.confirm(sub, number, CALLER),
        "lock": lambda sub, number: house.own.lock(sub, number, CALLER),
        "report_loss": lambda sub, number: house.own.report_loss(sub, number, CALLER)}
    wrong = []
    for act, do in ways.items():
        for state in State:
            for uid, allowed in (("holder", "done" if state in OWN[act].split() else "409"), ("stranger", "404"),
                                 ("agency", "404"), ("desk", "404"), ("auditor", "404")):
                number = stands(house, state).enrollment_id
                found = outcome(lambda: do(house.subs[uid], number))  # noqa: B023
                if found != allowed:
                    wrong.append((act, state.value, uid, found, allowed))
    assert wrong == []


class Doors:
    """One request in one app, and everybody with a browser and a token."""

    def __init__(self, console: Console) -> None:
        office = self.office = console.office
        holder = office.officer("canbo", unit=IT)
        self.number = str(asked(office, office.token("vanthu", "quantri-coquan", unit=IT), holder, submit=True,
                                device_kind="software", identity_number=IDENTITY).json["id"])
        self.tokens = {"agency": office.agency(), "other_agency": office.token("khac", "quantri-coquan", unit=HOME),
                       "province": office.province(), "auditor": office.auditor(), "machine": office.machine(),
                       "holder": office.token("canbo", unit=IT)}
        self.browsers: dict[str, Browser] = {
            "agency": console.person("quantri.coquan", "quantri-coquan", unit=IT),
            "other_agency": console.person("khac", "quantri-coquan", unit=HOME),
            "province": console.person("quantri", "quantri-tinh"),
            "auditor": console.person("kiemtoan", "kiemtoan"), "holder": console.person("canbo", unit=IT)}
        table: Any = EnrollmentRow.__table__
        now = office.clock.now()
        self._set = office.database.write(update(table).values(
            state=bindparam("to"), active_key=null(), not_before=now - 60, not_after=now + 86400 * 900, requester="r",
            agency_approver="a", province_approver="p", handed_over_by="g", challenge="c", serial="54"))

    def put(self, state: str) -> None:
        self._set.run(to=state)

    def state(self) -> str:
        return str(self.office.call("GET", f"/enrollments/{self.number}", self.tokens["province"]).json["state"])


@pytest.fixture(scope="module")
def doors(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    target = tmp_path_factory.mktemp("doors") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Doors(Console(office))
    office.close()


@pytest.mark.parametrize("act", TABLE)
def test_both_doors_answer_as_the_table_says(doors: Doors, act: str) -> None:
    state = next(iter(TABLE[act])).split()[0]
    over = next(one.value for one in State if not any(one.value in states.split() for states in TABLE[act]))
    for role in (*ROLES, "holder"):
        for at in (state, over):
            # An officer who administers nothing, and an auditor, are sent away at the door.
            says = "403" if role in ("holder", "auditor") else expected(act, at, role)
            doors.put(at)
            answer = doors.office.call("POST", f"/enrollments/{doors.number}/acts", doors.tokens[role],
                                       {"act": act, **NEEDS.get(act, {})})
            assert str(answer.status_code) == says.replace("done", "200"), (role, at, answer.text)
            assert (doors.state() != at) == (says == "done"), (role, at)
            if role == "machine":
                continue
            doors.put(at)
            browser = doors.browsers[role]
            token = "/account/certificates/new" if role in ("auditor", "holder") else "/admin/certificates/import"
            page = browser.post(f"/admin/certificates/{doors.number}/acts/{act}", token, **NEEDS.get(act, {}))
            # Batches are sent on a page of their own.
            shown = "404" if act == "send" and says != "403" else says.replace("done", "303")
            assert str(page.status_code) in ({shown, "404"} if act == "send" else {shown}), (role, at)
            assert (doors.state() != at) == (says == "done" and act != "send"), (role, at)


@pytest.mark.parametrize(("act", "path"), [("submit", "submit"), ("cancel", "cancel"), ("confirm", "confirm"), ("lock", "lock"),
                                           ("report_loss", "lost")])
def test_the_officers_own_door_is_for_the_officer_alone(doors: Doors, act: str, path: str) -> None:
    state = OWN[act].split()[0]
    address = f"/account/certificates/{doors.number}/{path}"
    for role in ("agency", "other_agency", "province", "auditor"):
        doors.put(state)
        assert doors.browsers[role].post(address, "/account/certificates/new").status_code == 404, role
        assert doors.state() == state
    doors.put("cancelled")
    assert doors.browsers["holder"].post(address, "/account/certificates/new").status_code == 409
    doors.put(state)
    assert doors.browsers["holder"].post(address, "/account/certificates/new").status_code == 303
    assert (doors.state() == state) == (act == "confirm"), "a receipt leaves the step as it is"


def test_the_command_line_has_no_act_of_the_desk() -> None:
    """But for lists of SIMs, which are taken in the name of an administrator, with that administrator's rights."""
    folder = Path(__file__).parents[2] / "idp" / "cli"
    said = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py"))}
    assert [name for name, text in said.items() if ".enrollment_lists" in text] == ["sims.py"]
    assert said["sims.py"].count(".enrollment_lists") == said["sims.py"].count("enrollment_lists.take(") == 1
    everything = "".join(said.values())
    assert ".enrollments" not in everything
    assert "certificate_desk.desk" not in everything
