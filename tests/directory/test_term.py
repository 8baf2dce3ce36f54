"""What ends with a day, at the midnight after it in Vietnam, for every reader of an officer; and the change that it becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.ldap.entries import officer_of
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.search import SqlOfficerSearch
from idp.directory.changes import ChangeKind
from idp.directory.mirror import MirroredOfficer, search_words
from idp.directory.officer import Officer, Post
from idp.directory.term import ENDED, EndedTerms, as_of, end_of, last_day_of, mirrored_as_of, next_end, status_as_of
from idp.directory.unit import UnitTree
from idp.errors import UnavailableError
from idp.roles import RoleGroups
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

HERE = Post("H30.2", "000.00.02.H30", "Sở Nội vụ", "Phó Giám đốc")
LAST_DAY = date(2026, 11, 30)
END = int(datetime(2026, 12, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp())
ACTING = Post("H30.11", "000.00.11.H30", "Sở Thông tin và Truyền thông", "Quyền Giám đốc", END)
ADMINISTRATOR = make_officer("an", groups=("quantri-coquan",), posts=(ACTING, HERE))
GUEST = make_officer("khach", posts=(HERE,), guest="contractor", sponsor="uid=an", ends_at=END)


def test_a_day_is_over_at_midnight_in_vietnam_and_not_before() -> None:
    assert end_of(LAST_DAY) == END
    assert as_of(ADMINISTRATOR, END - 1) is ADMINISTRATOR
    assert as_of(ADMINISTRATOR, END).posts == (HERE,)
    assert not as_of(GUEST, END - 1).disabled
    assert as_of(GUEST, END).disabled
    assert [status_as_of(status, END, now) for status, now in (
        ("active", END - 1), ("active", END), ("gone", END), ("disabled", END - 1))] == ["active", "disabled", "gone", "disabled"]
    assert status_as_of("active", 0, END) == "active"


@given(st.dates(min_value=date(1971, 1, 1)))
def test_the_end_of_any_day_tells_the_day(day: date) -> None:
    assert last_day_of(end_of(day)) == day
    assert end_of(day) > 0


def test_what_ended_stays_ended_and_somebody_who_is_gone_stays_gone() -> None:
    later = as_of(as_of(GUEST, END), END + 1)
    assert later.disabled
    assert mirrored_as_of(MirroredOfficer("s", GUEST, "gone"), END).status == "gone"
    assert next_end(GUEST) == next_end(ADMINISTRATOR) == END
    assert next_end(later) is next_end(as_of(ADMINISTRATOR, END)) is next_end(make_officer()) is None


def read(**attributes: str) -> Officer:
    values = {name: [value.encode()] for name, value in ({"entryUUID": "u", "uid": "an"} | attributes).items()}
    officer = officer_of("uid=an", values, UnitTree())
    assert officer is not None
    return officer


def test_a_post_has_its_last_day_in_the_fourth_place() -> None:
    post = read(vnPost="1$H30.11$Quyền Giám đốc$20261130").main_post
    assert (post.unit_code, post.title, post.ends_at) == ("H30.11", "Quyền Giám đốc", END)
    assert read(vnPost="1$H30.11$Giám đốc").main_post.ends_at == 0
    assert read(vnPost="1$H30.11$Giám đốc$").main_post.ends_at == 0


@pytest.mark.parametrize("day", ["soon", "20261332", "2026", "$20261130", "-"])
def test_an_end_that_nobody_can_read_has_passed(day: str) -> None:
    assert read(vnPost=f"1$H30.11$Quyền Giám đốc${day}").main_post.ends_at == ENDED
    assert read(employeeType="Vendor", vnValidTo=day).ends_at == ENDED
    assert read(vnValidTo=day).ends_at == ENDED


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_stands_in_the_attributes_is_an_officer(post: str, day: str) -> None:
    officer = as_of(read(vnPost=post, vnValidTo=day, employeeType=post), END)
    assert all(one.ends_at == 0 or one.ends_at > END for one in officer.posts)


def test_a_guest_has_a_sponsor_and_an_end_and_one_without_an_end_has_none_left() -> None:
    guest = read(employeeType="Contractor", manager="uid=sep", vnValidTo="20261130")
    assert (guest.guest, guest.sponsor, guest.ends_at) == ("contractor", "uid=sep", END)
    assert as_of(read(employeeType="intern", manager="uid=sep"), 2).disabled
    own = read(employeeType="civil servant", manager="uid=sep")
    assert (own.guest, own.sponsor, own.ends_at) == ("", "", 0)


def test_a_guest_never_administers_whatever_groups_say() -> None:
    for group in RoleGroups().names:
        officer = MirroredOfficer("s", replace(GUEST, groups=(group,), posts=(ACTING,)), "active")
        assert RoleGroups().administrator(officer, client_id="c", read_only=False) is None
        own = MirroredOfficer("s", replace(officer.officer, guest=""), "active")
        assert RoleGroups().administrator(own, client_id="c", read_only=False) is not None


def test_every_reader_of_the_mirror_sees_the_end_at_that_second(database: Database) -> None:
    clock = FakeClock(END - 1)
    mirror, search = SqlOfficers(database, clock), SqlOfficerSearch(database, clock)
    subs = [mirror.remember(officer, now=1) for officer in (ADMINISTRATOR, GUEST)]

    def seen() -> set[tuple[str, str, str]]:
        rows = [reader(value) for officer, sub in zip((ADMINISTRATOR, GUEST), subs, strict=True) for reader, value in (
            (mirror.by_sub, sub), (mirror.by_uid, officer.uid), (mirror.by_entry_uuid, officer.entry_uuid))]
        rows += [found.officer for found in search.search(search_words("nguyen"), unit="", after=None, limit=9)]
        return {(row.officer.uid, row.status, row.officer.main_post.unit_code) for row in rows if row is not None}

    def overseen() -> str:
        found = RoleGroups().administrator(mirror.by_sub(subs[0]), client_id="c", read_only=False)
        assert found is not None
        return found.unit

    assert (seen(), overseen()) == ({("an", "active", "H30.11"), ("khach", "active", "H30.2")}, "H30.11")
    clock.advance(1)
    assert (seen(), overseen()) == ({("an", "active", "H30.2"), ("khach", "disabled", "H30.2")}, "H30.2")


def test_the_workers_pass_makes_a_move_and_a_disabling_of_it_once(database: Database) -> None:
    clock = FakeClock(END - 1)
    mirror = SqlOfficers(database, clock)
    directory = {officer.entry_uuid: officer for officer in (ADMINISTRATOR, GUEST)}
    subs = [mirror.remember(officer, now=1) for officer in directory.values()]
    mirror.ledger.done([one.number for one in mirror.ledger.pending(after=0, limit=9)])
    terms = EndedTerms(mirror.ledger, lambda entry_uuid: as_of(directory[entry_uuid], clock.now()), clock)

    def kinds() -> dict[str, ChangeKind]:
        return {one.change.sub: one.change.kind for one in mirror.ledger.pending(after=0, limit=9)}

    assert (terms.settle(), kinds()) == (0, {})
    clock.advance(1)
    assert terms.settle() == 2
    assert kinds() == {subs[0]: ChangeKind.MOVED, subs[1]: ChangeKind.DISABLED}
    assert (terms.settle(), mirror.ledger.ended(clock.now())) == (0, {})
    assert [found.officer.uid for found in SqlOfficerSearch(database, clock).search(
        search_words("nguyen"), unit="H30.11", after=None, limit=9)] == []


def test_a_term_that_was_prolonged_a_moment_ago_ends_nothing_and_an_outage_is_made_good(database: Database) -> None:
    clock = FakeClock(END)
    mirror = SqlOfficers(database, clock)
    mirror.remember(GUEST, now=1)
    answers: list[Officer | None] = []

    def find(_: str) -> Officer | None:
        if not answers:
            raise UnavailableError("down", dependency="directory")
        return answers[0]

    terms = EndedTerms(mirror.ledger, find, clock)
    with pytest.raises(UnavailableError):
        terms.settle()
    known = mirror.by_uid("khach")
    assert known is not None
    assert known.status == "disabled", "nobody is let in meanwhile"
    answers.append(replace(GUEST, ends_at=END + 86400))
    assert terms.settle() == 1
    known = mirror.by_uid("khach")
    assert known is not None
    assert (known.status, known.officer.ends_at) == ("active", END + 86400)
