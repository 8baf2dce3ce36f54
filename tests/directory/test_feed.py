"""What the feed makes of what it hears: on a directory in memory and both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.feed import SqlFeedRecord
from idp.adapters.sql.tables import AuditRow
from idp.audit import Caller
from idp.directory.aftermath import Aftermath, Several
from idp.directory.brake import BrakedError, BrakeRule
from idp.directory.changes import OfficerChange
from idp.directory.feed import LEASE_SECONDS, Batch
from idp.directory.officer import Officer, Post
from idp.directory.unit import Unit, UnitEntry
from idp.errors import RefusedError, UnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer
from tests.followed import Followed

ME = Caller("cli", "test")


class Script:
    """A source that gives what a test says."""

    name = "syncrepl"

    def __init__(self, directory: FakeDirectory) -> None:
        self.directory = directory
        self.batches: list[Batch] = []
        self.cookies: list[str] = []

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        self.cookies.append(cookie)
        if not cookie:
            everyone = tuple(self.directory.officers.values())
            take(Batch(everyone, tuple(self.directory.agencies.values()), complete=True, cookie="c1",
                       present=frozenset(o.entry_uuid for o in everyone) | self.directory.agencies.keys()))
        while self.batches and going_on():
            take(self.batches[0])
            self.batches.pop(0)


class House(Followed):
    """Hundred officers, mirrored."""

    def __init__(self, database: Database, *, count: int = 100, **options: Any) -> None:
        self.people = FakeDirectory([make_officer(f"o{n}", number=n + 1) for n in range(count)])
        self.script = Script(self.people)
        self.time = FakeClock()
        super().__init__(database, self.people, self.script, clock=self.time, **options)
        self.catch_up()
        self.happened()

    def hear(self, *officers: Officer, **facts: Any) -> None:
        """Hear of changes that have happened in the directory."""
        for officer in officers:
            self.people.officers = {uid: o for uid, o in self.people.officers.items() if o.entry_uuid != officer.entry_uuid}
            self.people.add(officer)
        self.script.batches.append(Batch(officers, cookie=facts.pop("cookie", "c2"), **facts))
        self.catch_up()

    def gone(self, *uids: str, **facts: Any) -> Batch:
        """Let officers leave the directory, and give what is heard of it."""
        entry_uuids = [self.people.officers.pop(uid).entry_uuid for uid in uids]
        return Batch(gone=entry_uuids, cookie="c2", **facts)

    def officer(self, uid: str, **facts: Any) -> Officer:
        return replace(self.people.officers[uid], **facts)

    def audited(self, event: str) -> list[Any]:
        return self.database.read(select(AuditRow.__table__).where(AuditRow.event == event)).all()


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_everybody_is_mirrored_from_nothing_and_the_cookie_is_kept(database: Database) -> None:
    house = House(database)
    assert house.ledger.active() == 100
    assert (house.record.state().cookie, house.record.state().reconciled_at) == ("c1", house.time.now())
    assert len(house.audited("officer.joined")) == 100


def test_what_is_mirrored_already_writes_nothing(house: House) -> None:
    house.hear(house.officer("o1"), house.officer("o2"), cookie="c3")
    assert house.happened() == []
    assert house.record.state().cookie == "c3"


def test_a_change_is_recorded_without_names_and_remembered_with_both_states(house: House) -> None:
    there = Post("H30.14", "000.00.14.H30", "Sở Thông tin và Truyền thông", "Chuyên viên")
    house.hear(house.officer("o1", posts=(there,), name="Trần Thị Khác", groups=("lanhdao",)))
    [change] = house.happened()
    assert change.before is not None
    assert change.after is not None
    assert (change.kind.value, change.before.officer.name, change.after.officer.name) == (
        "moved", "Nguyễn Văn Mẫu", "Trần Thị Khác")
    [record] = house.audited("officer.moved")
    assert record.sub == change.sub
    assert '"from_unit":"H30.1"' in record.detail
    assert '"groups_added":"lanhdao"' in record.detail
    assert "Khác" not in record.detail


def test_an_older_look_never_undoes_a_newer_one(house: House) -> None:
    """Heard of before a sign-in saw the newer state."""
    old = house.officer("o1", phone="+842930000055")
    house.people.add(replace(old, phone="+842930000066"))
    house.mirror.learn(house.people.officers["o1"], now=5, look=lambda: house.people.find(old.entry_uuid))
    house.script.batches.append(Batch((old,), cookie="c2"))
    house.catch_up()
    known = house.mirror.by_uid("o1")
    assert known is not None
    assert known.officer.phone == "+842930000066"


def test_a_sign_in_with_an_old_look_does_not_bring_a_disabled_officer_back(house: House) -> None:
    before = house.officer("o1")
    house.hear(replace(before, disabled=True))
    known = house.mirror.learn(before, now=9, look=lambda: house.people.find(before.entry_uuid))
    assert known.status == "disabled"
    assert [change.kind.value for change in house.happened()] == ["disabled"]


def test_a_sign_in_whose_entry_has_gone_writes_nothing(house: House) -> None:
    before = house.officer("o1")
    changed = replace(before, phone="+842930000077")
    assert house.mirror.learn(changed, now=9, look=lambda: None).officer.phone == before.phone
    assert house.happened() == []


def test_of_twenty_that_see_the_same_change_one_writes_it(house: House) -> None:
    changed = house.officer("o1", phone="+842930000099")
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: house.ledger.note(changed, now=n, look=lambda: changed), range(20)))
    assert len(house.happened()) == 1
    assert len(house.audited("officer.changed")) == 1


def test_one_worker_of_several_listens_and_another_takes_over_when_its_lease_ends(house: House) -> None:
    house.record.give_back("whoever")
    holders = [f"worker{n}" for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        took = list(pool.map(lambda holder: house.record.take(
            holder, source="syncrepl", now=house.time.now(), until=house.time.now() + LEASE_SECONDS, heard=True), holders))
    assert took.count(True) == 1
    asked = len(house.script.cookies)
    house.another().round(once=True)
    assert len(house.script.cookies) == asked
    house.time.advance(LEASE_SECONDS + 1)
    house.another().round(once=True)
    assert len(house.script.cookies) == asked + 1
    assert house.record.keep(holders[took.index(True)], "stolen") is False


def test_a_crash_before_the_cookie_was_kept_hears_the_same_again(house: House) -> None:
    house.script.batches.append(Batch((house.officer("o1", phone="+842930000088"),), cookie=None))
    house.people.add(house.officer("o1", phone="+842930000088"))
    house.catch_up()
    assert house.record.state().cookie == "c1"
    house.hear(house.officer("o1"))
    assert [change.kind.value for change in house.happened()] == ["changed"]


# The brake


def test_f25_so_many_may_leave_and_not_one_more(database: Database) -> None:
    house = House(database, count=300)  # five in a hundred: fifteen
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(15)]))
    house.catch_up()
    assert house.ledger.active() == 285
    house.script.batches.append(house.gone("o20"))
    with pytest.raises(BrakedError, match="16 of 300"):
        house.catch_up()
    assert house.ledger.active() == 285
    house.time.advance(3601)
    house.brake.release(ME)
    house.catch_up()
    assert house.ledger.active() == 284


@pytest.mark.parametrize("how", ["gone", "disabled", "not present", "refresh"])
def test_f25_a_mass_loss_changes_nobody_and_is_said_once(house: House, how: str) -> None:
    leaving = [f"o{n}" for n in range(11)]
    if how == "disabled":
        house.script.batches.append(Batch([house.officer(uid, disabled=True) for uid in leaving], cookie="c2"))
        for uid in leaving:
            house.people.add(house.officer(uid, disabled=True))
    elif how == "refresh":
        house.script.batches += [house.gone(uid, refreshing=True) for uid in leaving]
        house.script.batches.append(Batch(cookie="c2"))
    elif how == "gone":
        house.script.batches.append(house.gone(*leaving))
    else:
        house.gone(*leaving)
        house.script.batches.append(Batch(present=frozenset(o.entry_uuid for o in house.people.officers.values()), cookie="c2"))
    with pytest.raises(BrakedError, match="11 of 100"):
        house.catch_up()
    house.catch_up()
    assert house.ledger.active() == 100
    assert house.happened() == []
    assert len(house.audited("directory.braked")) == 1
    assert house.record.state().cookie == "c1"


def test_a_release_lets_through_what_was_reported_once(house: House) -> None:
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(11)]))
    with pytest.raises(BrakedError):
        house.catch_up()
    house.brake.release(ME)
    house.catch_up()
    assert house.ledger.active() == 89
    assert {change.kind.value for change in house.happened()} == {"removed"}
    assert len(house.audited("directory.released")) == 1
    assert house.record.state().allowance == 0
    house.script.batches.append(house.gone("o50"))
    house.time.advance(1)
    house.catch_up()  # what was let through does not count against the next one
    assert house.ledger.active() == 88
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(60, 72)]))
    with pytest.raises(BrakedError):
        house.catch_up()


def test_a_release_does_not_let_more_through_than_was_reported(house: House) -> None:
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(11)]))
    with pytest.raises(BrakedError):
        house.catch_up()
    house.gone(*[f"o{n}" for n in range(20, 80)])
    house.brake.release(ME)
    with pytest.raises(BrakedError, match="71 of 100"):
        house.catch_up()
    assert house.ledger.active() == 100


def test_nothing_is_released_that_was_not_stopped(house: House) -> None:
    with pytest.raises(RefusedError, match="stopped nothing"):
        house.brake.release(ME)
    assert house.audited("directory.released") == []


def test_an_empty_answer_removes_nobody_even_when_released(house: House) -> None:
    house.people.officers.clear()
    for _ in range(2):
        with pytest.raises(BrakedError, match="none of 100"):
            house.feed.reconcile(ME)
        house.brake.release(ME)
    assert house.ledger.active() == 100
    assert house.happened() == []


def test_a_directory_that_was_always_empty_is_no_reason_to_stop(database: Database) -> None:
    assert House(database, count=0).record.state().braked_at == 0


def test_in_small_directories_a_few_may_always_leave(database: Database) -> None:
    house = House(database, count=12, rule=BrakeRule(5, 10))
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(10)]))
    house.catch_up()
    assert house.ledger.active() == 2


def test_who_was_disabled_long_ago_is_no_loss_when_removed(house: House) -> None:
    for start in (0, 8):
        house.hear(*[house.officer(f"o{n}", disabled=True) for n in range(start, start + 8)])
        house.time.advance(3601)
    house.script.batches.append(house.gone(*[f"o{n}" for n in range(16)]))
    house.catch_up()
    assert house.ledger.active() == 84


# Reconciliation


def test_a_reconciliation_finds_what_was_not_heard(house: House) -> None:
    house.people.add(make_officer("moi", number=900))
    house.people.remove("o3")
    house.people.add(house.officer("o4", phone="+842930000044"))
    dry = house.feed.reconcile(ME, dry=True)
    assert (dry["joined"], dry["removed"], dry["changed"], dry["seen"]) == (1, 1, 1, 100)
    assert house.happened() == []
    assert house.feed.reconcile(ME) == dry
    assert house.kinds() == {"moi": "joined", "o3": "removed", "o4": "changed"}


def test_who_is_missing_from_a_listing_and_still_there_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = [officer for officer in house.people.everyone() if officer.uid != "o3"]
    monkeypatch.setattr(house.people, "everyone", lambda: iter(everyone))
    house.feed.reconcile(ME)
    assert house.happened() == []


def test_a_listing_that_breaks_off_removes_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def half() -> Any:
        yield from list(house.people.officers.values())[:98]
        raise UnavailableError("gone", dependency="directory")

    monkeypatch.setattr(house.people, "everyone", half)
    with pytest.raises(UnavailableError):
        house.feed.reconcile(ME)
    assert house.happened() == []


def test_everything_is_compared_once_a_night(house: House) -> None:
    house.people.add(make_officer("moi", number=900))
    house.catch_up()
    assert house.happened() == []
    house.time.advance(86400)
    house.catch_up()
    assert house.kinds() == {"moi": "joined"}


# Agencies and groups


def test_an_agency_that_changed_is_written_after_its_officers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = UnitEntry("00000000-0000-4000-9000-000000000001", Unit("H30.1", "000.00.01.H30", "Văn phòng mới"))
    renamed = house.officer("o1", posts=(replace(house.officer("o1").main_post, unit_name="Văn phòng mới"),))
    house.people.add(renamed)
    monkeypatch.setattr(house.ledger, "within", lambda _code: (_ for _ in ()).throw(UnavailableError("x", dependency="database")))
    house.script.batches.append(Batch(units=(entry,), cookie="c2"))
    with pytest.raises(UnavailableError):
        house.catch_up()
    assert house.units.units() == ()
    monkeypatch.undo()
    house.catch_up()
    assert [unit.unit.name for unit in house.units.units()] == ["Văn phòng mới"]
    assert house.kinds() == {"o1": "changed"}
    house.script.batches.append(Batch(gone=(entry.entry_uuid,), cookie="c3"))
    house.catch_up()
    assert house.units.units() == ()


@pytest.mark.parametrize("heard", [{"groups_changed": True}, {"gone": ["the-entry-of-a-group"]}])
def test_a_groups_change_reaches_whom_the_group_holds_now_and_whom_it_held(house: House, heard: dict[str, Any]) -> None:
    house.hear(house.officer("o1", groups=("lanhdao",)))
    house.happened()
    house.people.add(house.officer("o1", groups=()))
    house.people.add(house.officer("o2", groups=("lanhdao",)))
    house.script.batches.append(Batch(**heard, cookie="c3"))
    house.catch_up()
    assert house.kinds() == {"o1": "changed", "o2": "changed"}


# Consequences


class Told:
    """Consequences that are written down, and fail for some."""

    def __init__(self, *failing: str) -> None:
        self.heard: list[tuple[str, str]] = []
        self.failing = set(failing)

    def of(self, change: OfficerChange) -> None:
        assert change.after is not None
        uid = change.after.officer.uid
        if uid in self.failing:
            raise RuntimeError("a receiver's fault")
        self.heard.append((uid, change.kind.value))


def aftermath(house: House, consequences: Any) -> Aftermath:
    return Aftermath(house.ledger, Several([consequences]), SqlFeedRecord(house.database, "consequences"), house.time)


def test_consequences_are_drawn_once_in_order_after_the_mirror(house: House) -> None:
    told = Told()
    house.hear(house.officer("o1", disabled=True))
    house.hear(house.officer("o1", disabled=False))
    house.hear(house.officer("o2", phone="+842930000022"))
    aftermath(house, told).round()
    aftermath(house, told).round()
    assert told.heard == [("o1", "disabled"), ("o1", "returned"), ("o2", "changed")]
    assert house.ledger.waiting() == (0, None)


def test_after_a_crash_between_mirror_and_consequences_they_are_drawn(house: House) -> None:
    house.hear(house.officer("o1", disabled=True))
    assert house.ledger.waiting()[0] == 1
    told = Told()
    aftermath(house, told).round()
    assert told.heard == [("o1", "disabled")]


def test_one_officers_trouble_holds_up_nobody_else_and_keeps_the_order(house: House) -> None:
    told = Told("o1")
    house.hear(house.officer("o1", disabled=True))
    house.hear(house.officer("o2", disabled=True))
    house.hear(house.officer("o1", disabled=False))

    def bearing(consequences: Any, change: OfficerChange) -> bool:
        try:
            consequences.of(change)
        except RuntimeError:
            return False
        return True

    aftermath(house, told).round(bearing)
    assert told.heard == [("o2", "disabled")]
    told.failing.clear()
    aftermath(house, told)  # another worker waits for the lease
    house.time.advance(21)
    aftermath(house, told).round()
    assert told.heard[1:] == [("o1", "disabled"), ("o1", "returned")]


def test_of_several_workers_one_draws_consequences(house: House) -> None:
    house.hear(*[house.officer(f"o{n}", phone=f"+84293999{n:04}") for n in range(60)])
    told, ready = Told(), threading.Barrier(20)

    def sweep(worker: Aftermath) -> None:
        ready.wait()
        worker.round()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(sweep, [aftermath(house, told) for _ in range(20)]))
    assert len(told.heard) == 60
