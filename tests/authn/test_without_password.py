"""Who may sign in without a password: what the directory says now, what the mirror says while it is away, and what is frozen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.audit import Caller
from idp.authn.sign_in.without_password import Present, look
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer

CALLER = Caller("192.0.2.1", "r")
OFFICER = make_officer("canbo")


class Desk:
    def __init__(self, database: Database) -> None:
        self.directory, self.mirror, self.clock = FakeDirectory([OFFICER]), SqlOfficers(database), FakeClock()
        self.mirror.remember(OFFICER, now=self.clock.now())

    def look(self, *, frozen: Callable[[str], bool] = lambda _entry_uuid: False) -> Present:
        return look(OFFICER.entry_uuid, CALLER, directory=self.directory, mirror=self.mirror, clock=self.clock, frozen=frozen)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_who_is_well_may_sign_in(desk: Desk) -> None:
    found = desk.look()
    assert (found.refused, found.by_mirror) == ("", False)
    assert found.officer is not None
    assert found.officer.officer.uid == "canbo"


def test_the_directory_decides_while_it_answers_and_the_mirror_learns_it(desk: Desk) -> None:
    desk.directory.disabled.add("canbo")
    assert desk.look().refused == "disabled"
    mirrored = desk.mirror.by_entry_uuid(OFFICER.entry_uuid)
    assert mirrored is not None
    assert mirrored.status == "disabled"


def test_who_is_gone_there_is_refused(desk: Desk) -> None:
    desk.directory.officers.clear()
    assert desk.look().refused == "gone"


def test_while_it_is_away_the_mirror_decides_and_it_is_said(desk: Desk) -> None:
    desk.directory.down = True
    found = desk.look()
    assert (found.refused, found.by_mirror) == ("", True)
    desk.directory.down = False
    desk.directory.disabled.add("canbo")
    desk.look()
    desk.directory.down = True
    assert desk.look().refused == "disabled"


def test_frozen_factors_open_nothing(desk: Desk) -> None:
    assert desk.look(frozen=lambda entry_uuid: entry_uuid == OFFICER.entry_uuid).refused == "frozen"
