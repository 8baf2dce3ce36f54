"""What one window of changes holds back, counts and writes; with numbers alone, on no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from idp.audit import Caller
from idp.directory.changes import ChangeKind, OfficerChange, kind_of
from idp.directory.ledger import Find, Standing
from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Officer
from idp.directory.window import Window
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer


class StoppedError(Exception):
    """The brake would have stopped it."""


@dataclass
class House:
    """Officers as mirrored, a brake that writes down what it is asked, and the directory as it is now."""

    mirrored: dict[str, MirroredOfficer] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    now: dict[str, Officer] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def window(self, **how: Any) -> Window:
        return Window(self, self, self.now.get, FakeClock(), where="test", caller=Caller("cli", "test"), **how)  # type: ignore[arg-type]

    def known(self, entry_uuids: Sequence[str]) -> Mapping[str, MirroredOfficer]:
        return {each: self.mirrored[each] for each in entry_uuids if each in self.mirrored}

    def standings(self) -> Iterator[Standing]:
        for entry_uuid, one in self.mirrored.items():
            if one.status != "gone":
                yield Standing(entry_uuid, one.officer.dn, one.status == "active", ())

    def note_page(self, officers: Sequence[Officer], *, now: int, find: Find, source: str,
                  request_id: str) -> list[OfficerChange]:
        changes = []
        for officer in officers:
            before = self.mirrored.get(officer.entry_uuid)
            after = MirroredOfficer("sub", officer, "disabled" if officer.disabled else "active")
            kind = kind_of(before, after)
            if kind is not None:
                changes.append(OfficerChange(kind, "sub", before, after, now))
            self.mirrored[officer.entry_uuid] = after
        return changes

    def remove_page(self, entry_uuids: Sequence[str], *, now: int, find: Find, source: str,
                    request_id: str) -> list[OfficerChange]:
        self.removed += entry_uuids
        return []

    def check(self, losses: int, *, where: str) -> bool:
        self.asked.append(losses)
        return False

    def empty(self, *, where: str) -> None:
        raise StoppedError


@pytest.fixture
def house() -> House:
    people = [make_officer(f"o{number}", number=number + 1) for number in range(3)]
    return House({one.entry_uuid: MirroredOfficer(f"sub{one.uid}", one, "active") for one in people})


def uuid(number: int) -> str:
    return make_officer("x", number=number + 1).entry_uuid


def test_who_is_gone_and_seen_again_is_neither_lost_nor_removed(house: House) -> None:
    window = house.window()
    window.lose([uuid(0), uuid(1)])
    window.see([house.mirrored[uuid(0)].officer])
    window.close()
    assert (house.asked, house.removed) == ([1], [uuid(1)])


def test_who_was_disabled_and_is_seen_well_again_is_not_lost(house: House) -> None:
    window, officer = house.window(), house.mirrored[uuid(0)].officer
    window.see([replace(officer, disabled=True)])
    window.see([officer])
    window.close()
    assert house.asked == [0]
    assert house.mirrored[uuid(0)].status == "active"


@pytest.mark.parametrize("then", ["gone", "not present"])
def test_who_is_disabled_and_then_gone_is_one_loss(house: House, then: str) -> None:
    window = house.window()
    window.see([replace(house.mirrored[uuid(0)].officer, disabled=True)])
    if then == "gone":
        window.lose([uuid(0)])
    window.close({uuid(1), uuid(2)} if then == "not present" else None)
    assert (house.asked, house.removed) == ([1], [uuid(0)])


def test_who_was_no_longer_active_or_is_nobody_is_no_loss(house: House) -> None:
    house.mirrored[uuid(0)] = replace(house.mirrored[uuid(0)], status="disabled")
    house.mirrored[uuid(1)] = replace(house.mirrored[uuid(1)], status="gone")
    window = house.window()
    assert window.lose([uuid(0), uuid(1), "a-group"]) == ["a-group"]
    window.close()
    assert (house.asked, house.removed) == ([0], [uuid(0)])


def test_an_answer_without_anybody_is_stopped_and_one_with_strangers_alone_is_a_matter_of_how_many(house: House) -> None:
    with pytest.raises(StoppedError):
        house.window().close(set())
    stranger = make_officer("la", number=77)
    window = house.window()
    window.see([stranger])
    window.close({stranger.entry_uuid})
    assert house.asked == [3]


def test_a_dry_run_tells_of_an_empty_answer_and_writes_nothing(house: House) -> None:
    before = dict(house.mirrored)
    window = house.window(dry=True)
    assert window.close(set()) is False
    assert window.figures[ChangeKind.REMOVED] == 3
    assert (house.mirrored, house.removed, house.asked) == (before, [], [])


@pytest.mark.parametrize("look_at_joiners", [True, False])
def test_joiners_are_looked_up_again_where_others_may_have_seen_newer_facts(house: House, *, look_at_joiners: bool) -> None:
    joiner = make_officer("moi", number=50)
    house.now[joiner.entry_uuid] = replace(joiner, disabled=True)
    window = house.window(look_at_joiners=look_at_joiners)
    window.see([joiner, make_officer("khac", number=51)])
    assert house.mirrored[joiner.entry_uuid].officer.disabled is look_at_joiners
    assert house.mirrored[uuid(50)].status == "active", "who is not found is taken as seen"
