"""Who has to act next is told what waits: once for a step and all that came to it, and of nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import literal_column, update

from idp.adapters.sql.database import Database, parameter
from idp.adapters.sql.directory.administrators import SqlAgencyAdministrators
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.pki.waiting import DIGEST, SqlWaiting
from idp.audit import Caller
from idp.directory.officer import Post
from idp.notices import NoticeKind
from idp.pki.enrollment.states import TURNS, Part, State
from idp.pki.enrollment.waiting import AGAIN_SECONDS, LONGEST_SECONDS, SETTLED_SECONDS, STEPS, WAITING, Waiting
from idp.roles import Administrator, Role, RoleGroups
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

from .house import CALLER, MONDAY, House

WORKER = Caller("worker", "worker")
APPROVE, RETURNED, SEND, HAND_OVER, END = STEPS


class Told(House):
    """The desk, with those who are told."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlEnrollments(database), SqlDevices(database))
        self.notices, self.waits = SqlNotices(database), SqlWaiting(database)
        self.agencies, self.desks = ["agency", "agency2", "other_agency"], ["desk", "desk2"]
        self.waiting = Waiting(self.waits, self, self.clock)

    def all(self) -> Sequence[Administrator]:
        return [who for uid in self.agencies if (who := self.actor(uid).administrator)]

    def of_the_province(self) -> Sequence[Administrator]:
        return [who for uid in self.desks if (who := self.actor(uid).administrator)]

    def later(self, seconds: int = SETTLED_SECONDS) -> int:
        self.clock.advance(seconds)
        return self.waiting.tell(WORKER)

    def told(self, uid: str) -> list[tuple[NoticeKind, str]]:
        return [(one.kind, one.detail["count"]) for one in reversed(self.notices.of(self.subs[uid], limit=50))
                if one.kind in STEPS]

    def many(self, count: int, by: str = "agency") -> list[str]:
        return [self.asked(by=by, **{"holder": self.joined(f"canbo{number}")}).enrollment_id for number in range(count)]


@pytest.fixture
def house(database: Database) -> Told:
    return Told(database)


def test_a_batch_is_told_of_once_to_those_who_may_approve_it_and_to_nobody_else(house: Told) -> None:
    house.many(12)
    assert house.waiting.tell(WORKER) == 0, "rows are still coming"
    assert house.later() == 1
    assert house.told("agency2") == [(APPROVE, "12")]
    for uid in ("agency", "other_agency", "desk", "desk2", "auditor", "holder"):
        assert house.told(uid) == [], uid
    for _ in range(3):
        assert house.later(AGAIN_SECONDS) == 0, "nothing new has come"


def test_each_step_tells_who_acts_next(house: Told) -> None:
    first, second, third = house.many(3)
    for number in (first, second, third):
        house.desk.approve(house.actor("agency2"), number, CALLER)
    assert house.later() == 2
    assert house.told("desk") == house.told("desk2") == [(APPROVE, "3")]
    house.desk.send_back(house.actor("desk"), third, "thiếu ngày cấp", CALLER)
    house.desk.approve_for_province(house.actor("desk"), first, CALLER)
    house.later(AGAIN_SECONDS)
    assert house.told("agency") == house.told("agency2") == [(RETURNED, "1")], "who asked corrects it as well"
    assert house.told("desk")[1:] == [(SEND, "1")]
    house.desk.approve_for_province(house.actor("desk2"), second, CALLER)
    house.later(AGAIN_SECONDS)
    assert house.told("desk")[2:] == [(SEND, "2")], "of a step again, when something new has come to it"
    house.desk.send(house.actor("desk"), first, "1/X", "", CALLER)
    house.desk.issued(house.actor("desk"), house.found(first), serial="54ab", issuer="CN=CA", not_before=MONDAY - 60,
                      not_after=MONDAY + 86400 * 900, certificate=b"", device_serial="TK-1", caller=CALLER)
    house.later(AGAIN_SECONDS)
    assert house.told("desk")[3:] == [(HAND_OVER, "1")]
    house.custody.receive(house.actor("desk"), first, "TK-1", CALLER)
    house.later(AGAIN_SECONDS)
    assert house.told("agency")[1:] == [(HAND_OVER, "1")], "it is the agency that fetches it"
    assert house.told("other_agency") == []


def test_what_is_to_be_revoked_or_unlocked_is_the_desks(house: Told) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    house.ending.lock(house.actor("holder"), number, CALLER)
    house.later()
    house.ending.unlock(house.actor("desk"), number, CALLER)
    house.ending.report_loss(house.actor("holder"), number, CALLER)
    house.later(AGAIN_SECONDS)
    assert house.told("desk") == [(END, "1"), (END, "1")]
    assert house.told("agency2") == []


def test_an_agency_that_has_nobody_to_approve_is_the_provinces(house: Told) -> None:
    house.agencies.remove("agency2")
    house.asked(by="agency")
    house.later()
    assert (house.told("agency"), house.told("desk")) == ([], [(APPROVE, "1")])


def test_a_holder_is_not_told_to_approve_the_own_request_and_the_province_is_where_nobody_else_may(house: Told) -> None:
    number = house.asked(by="desk", holder=house.subs["agency"]).enrollment_id
    house.later()
    assert (house.told("agency"), house.told("agency2")) == ([], [(APPROVE, "1")])
    house.agencies.remove("agency2")
    house.asked(by="desk", holder=house.joined("canbo"))
    house.later(AGAIN_SECONDS)
    assert house.told("agency") == [(APPROVE, "1")], "another's, and never the own"
    assert house.told("desk") == [], "who asked does not approve"
    assert house.told("desk2") == [(APPROVE, "1")], "the agency has nobody but the holder"
    assert house.desk.approve(house.actor("desk2"), number, CALLER).state is State.AGENCY_APPROVED


def test_what_falls_back_to_the_province_after_it_was_told_of_other_things_is_told(house: Told) -> None:
    house.agencies = ["agency2", "other_agency"]
    first, second = house.many(2)
    house.desk.approve(house.actor("agency2"), first, CALLER)
    house.later()
    assert (house.told("agency2"), house.told("desk")) == ([(APPROVE, "1")], [(APPROVE, "1")])
    house.later(AGAIN_SECONDS)
    house.agencies = ["other_agency"]
    house.later()
    assert house.told("desk") == house.told("desk2") == [(APPROVE, "1"), (APPROVE, "2")]
    for _ in range(3):
        assert house.later(AGAIN_SECONDS) == 0, "once"
    house.desk.approve(house.actor("desk2"), second, CALLER)
    house.later(AGAIN_SECONDS)
    assert len(house.told("desk")) == 3


def test_of_those_who_were_told_before_it_was_kept_of_what_nobody_is_told_again(house: Told, database: Database) -> None:
    house.many(1)
    house.later()
    database.write(guard=update(DIGEST).where(DIGEST.c.kind == parameter(DIGEST.c.kind)).values(
        told_of=literal_column("NULL")).returning(DIGEST.c.sub)).run(kind=APPROVE.value)
    assert house.later(AGAIN_SECONDS) == 0


def test_what_waits_for_somebody_is_what_they_are_told_of_and_how_much_of_it_is_late(house: Told) -> None:
    first, *_ = house.many(3)
    house.desk.approve(house.actor("agency2"), first, CALLER)
    house.asked(by="desk", holder=house.subs["agency2"])

    def waits(uid: str) -> dict[str, tuple[int, int]]:
        who = house.actor(uid).administrator
        assert who is not None
        return {state.value: found for state, found in house.waiting.of(who).items()}

    assert waits("agency2") == {"submitted": (2, 0)}
    assert waits("agency") == {"submitted": (1, 0)}, "not what they asked for themselves"
    assert waits("desk") == waits("desk2") == {"agency_approved": (1, 0)}
    assert waits("other_agency") == waits("auditor") == {}
    house.later()
    for uid in ("agency", "agency2", "desk", "desk2"):
        assert [count for _, count in house.told(uid)] == [str(count) for count, _ in waits(uid).values()], uid
    house.clock.advance(40 * 86400)
    assert waits("agency2") == {"submitted": (2, 2)}
    house.agencies = ["other_agency"]
    assert waits("desk2") == {"submitted": (3, 3), "agency_approved": (1, 1)}
    assert waits("desk")["submitted"] == (2, 2), "the fourth is the desk's own asking"


def test_ready_devices_wait_for_the_agency_that_fetches_them_too(house: Told) -> None:
    house.brought(State.READY)
    for uid in ("agency", "agency2", "desk"):
        who = house.actor(uid).administrator
        assert who is not None
        assert house.waiting.of(who) == {State.READY: (1, 0)}


def test_holders_who_administer_nothing_make_no_groups_of_their_own(house: Told) -> None:
    house.many(3)
    house.later()
    assert [len(told.of or ()) for told in house.waits.told().values()] == [1]


def test_of_what_goes_on_coming_one_is_told_all_the_same_and_once_an_hour(house: Told) -> None:
    for number in range(LONGEST_SECONDS // 30 + 3):
        house.asked(by="agency", holder=house.joined(f"tung{number}"))
        house.later(30)
    assert len(house.told("agency2")) == 1
    house.later(AGAIN_SECONDS - 91)
    assert len(house.told("agency2")) == 1
    house.later(60)
    assert len(house.told("agency2")) == 2


def test_two_workers_at_the_same_moment_tell_once(house: Told) -> None:
    house.asked(by="agency")
    house.clock.advance(SETTLED_SECONDS)
    gate, told = threading.Barrier(4), []

    def work() -> None:
        gate.wait()
        told.append(house.waiting.tell(WORKER))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 1
    assert house.told("agency2") == [(APPROVE, "1")]


def test_the_administrators_of_the_province_are_those_of_its_group(database: Database) -> None:
    clock, mirror = FakeClock(MONDAY), SqlOfficers(database)
    groups = {"tinh": ("quantri-tinh",), "hai": ("quantri-tinh", "quantri-coquan"), "coquan": ("quantri-coquan",),
              "kiemtoan": ("kiemtoan",), "khong": ()}
    subs = {uid: mirror.remember(make_officer(uid, groups=names, posts=(Post("H30.11", "", "Sở", ""),)), now=MONDAY)
            for uid, names in groups.items()}
    mirror.remember(make_officer("nghi", groups=("quantri-tinh",), disabled=True), now=MONDAY)
    found = SqlAgencyAdministrators(database, RoleGroups(), clock)
    assert {who.sub for who in found.of_the_province()} == {subs["tinh"], subs["hai"]}
    assert {who.sub for who in found.all()} == {subs["coquan"]}
    assert {who.role for who in found.of_the_province()} == {Role.PROVINCE}


def test_every_step_of_administrators_is_told_of_and_by_the_table_of_turns() -> None:
    theirs = {state for state, turn in TURNS.items() if turn.part in (Part.AGENCY, Part.DESK)}
    assert theirs - set(WAITING) == {State.DRAFT}, "a draft is its maker's own"
    for states in STEPS.values():
        for state, parts in states.items():
            assert TURNS[state].part in parts
