"""Renewals for many at once: each row as a single renewal, nothing twice, and what is left out is said."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.units import SqlUnits
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.pki.forecast import SqlForecast
from idp.administration.access import ForbiddenError
from idp.administration.audit.actors import Actors
from idp.administration.enrollment import renewals
from idp.administration.enrollment.expiry import ExpiryForecast
from idp.administration.enrollment.renewals import Renewals
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Enrollment, Kind, Purpose, Search
from idp.pki.enrollment.states import State
from idp.roles import Administrator, Role, RoleGroups
from tests.fakes.directory import make_officer
from tests.pki.enrollment.house import CALLER, ELSEWHERE, HEALTH, LAST_DAY, House
from tests.pki.expiry.records import put

DAY = 86400


class Many(House):
    """The desk, and certificates that stand in it without their course."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlEnrollments(database), SqlDevices(database))
        store = SqlForecast(database)
        actors = Actors(self.mirror, RoleGroups())
        self.due = ExpiryForecast(store, SqlUnits(database), SheetFiles(), actors, self.clock)
        rooms: Any = SimpleNamespace(desk=self.desk, moves=self.moves)
        self.renewals = Renewals(rooms, store, self.due, actors)
        self.near_the_end(30)

    def who(self, uid: str = "agency") -> Administrator:
        found = self.actor(uid).administrator
        assert found is not None
        return found

    def certificate(self, uid: str, **more: Any) -> Enrollment:
        if uid not in self.subs:
            self.subs[uid] = self.joined(uid)
        officer = self.mirror.by_sub(self.subs[uid])
        assert officer is not None
        return put(self.store, "H30.11", LAST_DAY, holder=self.subs[uid], **{
            "personal": b"sealed", "identity_digest": "d", "name": officer.officer.name, **more})

    def asked_for(self) -> list[Enrollment]:
        return list(self.store.page(Search(states=(State.SUBMITTED,)), after="", limit=500))

    def ask(self, *found: Enrollment, uid: str = "agency") -> dict[str, Any]:
        return self.renewals.ask(self.who(uid), {"enrollments": [one.enrollment_id for one in found]}, CALLER)


@pytest.fixture
def house(database: Database) -> Many:
    return Many(database)


def test_what_is_planned_is_done_as_single_renewals_are(house: Many) -> None:
    found = [house.certificate(f"canbo{number}") for number in range(3)]
    plan = house.renewals.planned(house.who())
    assert ([one["id"] for one in plan.renewed], plan.left_out, plan.followed, plan.more) == (
        [one.enrollment_id for one in found], [], 0, False)
    assert house.asked_for() == []
    answer = house.ask(*found)
    assert answer["done"] == 3
    made = {one.enrollment_id: one for one in house.asked_for()}
    assert [(item["id"], item["code"], item["state"]) for item in answer["items"]] == [
        (one.enrollment_id, None, "submitted") for one in found]
    for item, old in zip(answer["items"], found, strict=True):
        new = made[item["request"]]
        assert (new.purpose, new.replaces, new.holder, new.requester, new.device_kind) == (
            Purpose.RENEW, old.enrollment_id, old.holder, house.subs["agency"], old.device_kind)
        assert (new.personal, new.identity_digest) == (old.personal, old.identity_digest)
    with pytest.raises(RefusedError, match="three people"):
        house.desk.approve(house.actor("agency"), answer["items"][0]["request"], CALLER)
    assert house.desk.approve(house.actor("agency2"), answer["items"][0]["request"], CALLER).state is State.AGENCY_APPROVED
    after = house.renewals.planned(house.who())
    assert (after.renewed, after.left_out, after.followed) == ([], [], 3)


def test_those_that_cannot_be_renewed_take_no_place_of_those_that_can(house: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "MOST_AT_ONCE", 2)
    for number in range(5):
        house.certificate("canbo0", kind=Kind.DEVICE, device_kind=DeviceKind.SOFTWARE, request=b"x", name=f"may{number}")
    found = [house.certificate(f"canbo{number}") for number in range(1, 4)]
    plan = house.renewals.planned(house.who())
    assert [one["id"] for one in plan.renewed] == [one.enrollment_id for one in found[:2]]
    assert ([one["code"] for one in plan.left_out], plan.unnamed, plan.more) == (["needs_request"] * 2, 3, True)
    assert house.ask(*found[:2])["done"] == 2
    plan = house.renewals.planned(house.who())
    assert ([one["id"] for one in plan.renewed], plan.unnamed, plan.more) == ([found[2].enrollment_id], 3, False)


def test_sent_twice_nothing_is_asked_for_twice_and_the_request_there_is_named(house: Many) -> None:
    found = [house.certificate(f"canbo{number}") for number in range(4)]
    answers: list[dict[str, Any]] = []
    ready = threading.Barrier(3)

    def press(uid: str) -> None:
        ready.wait()
        answers.append(house.ask(*found, uid=uid))

    threads = [threading.Thread(target=press, args=(uid,)) for uid in ("agency", "agency", "desk")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["done"] for answer in answers) == 4
    assert sorted(one.replaces for one in house.asked_for()) == sorted(one.enrollment_id for one in found)
    requests = {one.replaces: one.enrollment_id for one in house.asked_for()}
    for answer in answers:
        assert {item["id"]: item["request"] for item in answer["items"]} == requests
        assert {item["code"] for item in answer["items"]} <= {None, "already_asked"}


def test_what_is_left_out_is_said_and_asking_all_the_same_changes_nothing(house: Many) -> None:
    good = house.certificate("good")
    asked, draft, changed, moved, disabled = (
        house.certificate(uid) for uid in ("asked", "draft", "changed", "moved", "disabled"))
    keyed = house.certificate("keyed", request=b"PKCS #10", device_kind=DeviceKind.SOFTWARE)
    without_mail = house.certificate("nomail")
    renewal = {"purpose": Purpose.RENEW}
    put(house.store, "H30.11", None, holder=asked.holder, replaces=asked.enrollment_id, state=State.SUBMITTED, **renewal)
    begun = put(house.store, "H30.11", None, holder=draft.holder, replaces=draft.enrollment_id, state=State.DRAFT, **renewal)
    change = put(house.store, "H30.11", None, holder=changed.holder, replaces=changed.enrollment_id, state=State.RETURNED,
                 purpose=Purpose.CHANGE)
    house.mirror.remember(make_officer("moved", posts=(ELSEWHERE,)), now=house.clock.now())
    house.mirror.remember(make_officer("disabled", posts=(HEALTH,), disabled=True), now=house.clock.now())
    house.mirror.remember(make_officer("nomail", posts=(HEALTH,), mail=""), now=house.clock.now())
    later = put(house.store, "H30.11", LAST_DAY + 90 * DAY, holder=house.joined("later"))
    plan = house.renewals.planned(house.who())
    assert [one["id"] for one in plan.renewed] == [good.enrollment_id]
    assert {one["id"]: (one["code"], one["request"] and one["request"]["id"]) for one in plan.left_out} == {
        draft.enrollment_id: ("already_asked", begun.enrollment_id),
        changed.enrollment_id: ("change_on_its_way", change.enrollment_id), moved.enrollment_id: ("not_yours", None),
        disabled.enrollment_id: ("not_active", None), keyed.enrollment_id: ("needs_request", None),
        without_mail.enrollment_id: ("no_mailbox", None)}
    assert plan.followed == 1
    before = len(house.asked_for())
    everything = (asked, draft, changed, moved, disabled, keyed, without_mail, later)
    answer = house.ask(*everything)
    assert [item["code"] for item in answer["items"]] == [
        "already_asked", "already_asked", "change_on_its_way", "not_yours", "not_active", "needs_request", "no_mailbox",
        "too_early"]
    assert answer["items"][1]["request"] == begun.enrollment_id
    assert (answer["done"], len(house.asked_for())) == (0, before)


def test_security_51_an_agency_plans_and_renews_its_own_alone(house: Many) -> None:
    mine, theirs = house.certificate("mine"), put(house.store, "H30.12", LAST_DAY, holder=house.subs["stranger"])
    for unit in ("", "H30.12", "H30"):
        assert [one["id"] for one in house.renewals.planned(house.who(), unit=unit).renewed] == [mine.enrollment_id]
    answer = house.ask(theirs, mine)
    assert [(item["name"], item["code"]) for item in answer["items"]] == [("", "unknown_enrollment"), (mine.name, None)]
    assert [one["id"] for one in house.renewals.planned(house.who("desk"), unit="H30.12").renewed] == [theirs.enrollment_id]
    assert [item["code"] for item in house.ask(theirs, uid="other_agency")["items"]] == [None]


def test_security_38_auditors_and_programs_renew_nothing(house: Many) -> None:
    found = house.certificate("canbo")
    machine = Administrator(role=Role.MACHINE, client_id="console")
    for who in (house.who("auditor"), machine):
        with pytest.raises(ForbiddenError):
            house.renewals.planned(who)
        with pytest.raises(ForbiddenError):
            house.renewals.ask(who, {"enrollments": [found.enrollment_id]}, CALLER)
    assert house.asked_for() == []


def test_a_seal_is_renewed_as_the_certificate_says_and_a_revoked_one_not(house: Many) -> None:
    seal = house.certificate("keeper", kind=Kind.SEAL, name="Sở Y tế", unit_name="Sở Y tế", mail="soyte@haugiang.gov.vn")
    revoked = house.certificate("ended", state=State.REVOKED)
    answer = house.ask(seal, revoked)
    assert [item["code"] for item in answer["items"]] == [None, "nothing_to_replace"]
    [made] = house.asked_for()
    assert (made.kind, made.name, made.unit_code, made.unit_name, made.mail, made.wet_ink) == (
        Kind.SEAL, "Sở Y tế", "H30.11", "Sở Y tế", "soyte@haugiang.gov.vn", False)


@pytest.mark.parametrize("body", [
    {}, {"enrollments": []}, {"enrollments": "x"}, {"enrollments": [1]}, {"enrollments": ["a", "a"]}, {"enrollments": ["a\n"]},
    {"enrollments": [str(number) for number in range(201)]}, {"enrollments": ["a"], "more": 1}])
def test_security_43_what_is_no_list_of_numbers_is_refused(body: dict[str, Any]) -> None:
    nothing: Any = SimpleNamespace(desk=None, moves=None)
    with pytest.raises(RefusedError) as refused:
        Renewals(nothing, nothing, nothing, nothing).ask(Administrator(role=Role.PROVINCE, client_id="c", sub="s"), body, CALLER)
    assert refused.value.status == 422
