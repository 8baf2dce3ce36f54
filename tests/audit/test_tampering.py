"""What whoever writes the database can do to the trail, and where it shows: in the whole walk, and on the page.

Whoever administers the database has every row of it, and neither the key that seals nor what is remembered outside. Records that
wait for their seal (half a second) are not protected yet: the last row of the table says so.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from idp.adapters.sql.database import Database
from idp.audit.inspection import Inspection
from tests.audit_desk import Desk
from tests.fakes.seals import MemorySealHeads, MemorySealSigner

EACH = 7
"""Records under one seal; the desk below has five seals."""


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    for _day in range(5):
        desk.write(EACH)
        desk.seal()
        desk.clock.advance(86400)
    return desk


def cut(desk: Desk, last: int) -> None:
    """Take away all seals after one, with their records."""
    for row in desk.ids()[last * EACH:]:
        desk.tamper("DELETE FROM audit WHERE id = :id", id=row)
    desk.tamper("DELETE FROM audit_seal WHERE number > :last", last=last)


def changed(desk: Desk) -> None:
    desk.tamper("UPDATE audit SET source = '203.0.113.9' WHERE id = :id", id=desk.ids()[20])


def deleted(desk: Desk) -> None:
    desk.tamper("DELETE FROM audit WHERE id = :id", id=desk.ids()[20])


def days_swapped(desk: Desk) -> None:
    """The records of the second and of the third day change places."""
    ids = desk.ids()
    second, third = ids[EACH:2 * EACH], ids[2 * EACH:3 * EACH]
    for row in (*second, *third):
        desk.tamper("UPDATE audit SET id = id + 1000000 WHERE id = :id", id=row)
    for here, there in (*zip(second, third, strict=True), *zip(third, second, strict=True)):
        desk.tamper("UPDATE audit SET id = :there WHERE id = :here + 1000000", here=here, there=there)


def times_swapped(desk: Desk) -> None:
    """The records stay, and are said to be of the other day."""
    for row, by in ((desk.ids()[EACH], 86400), (desk.ids()[2 * EACH], -86400)):
        desk.tamper("UPDATE audit SET at = at + :by WHERE id = :id", by=by, id=row)


def seals_swapped(desk: Desk) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        desk.tamper("UPDATE audit_seal SET number = :after WHERE number = :before", before=before, after=after)


def end_cut(desk: Desk) -> None:
    cut(desk, 3)


def end_cut_and_sealed_on(desk: Desk) -> None:
    """The end goes, and the worker seals what comes then with the true key, further than the chain ever went."""
    cut(desk, 3)
    desk.write(4 * EACH)
    desk.seal()


def end_sealed_again(desk: Desk) -> None:
    """Seals go, a record under them is changed, and the worker seals it once more with the true key."""
    desk.tamper("DELETE FROM audit_seal WHERE number > 3")
    desk.tamper("UPDATE audit SET source = '203.0.113.9' WHERE id = :id", id=desk.ids()[-1])
    desk.seal()


def everything_gone(desk: Desk) -> None:
    desk.tamper("DELETE FROM audit")
    desk.tamper("DELETE FROM audit_seal")


def begun_anew(desk: Desk) -> None:
    """The chain is thrown away with its name."""
    everything_gone(desk)
    desk.tamper("DELETE FROM version WHERE name IN ('audit_chain', 'audit_highest_id')")
    desk.write(EACH)
    desk.seal()


def sealed_with_another_key(desk: Desk) -> None:
    desk.tamper("DELETE FROM audit_seal")
    desk.store.release()
    other = Desk(desk.database, MemorySealSigner(), MemorySealHeads())
    while other.chain.seal(limit=EACH).records:
        pass


def not_sealed_yet(desk: Desk) -> None:
    desk.write(1)
    desk.tamper("DELETE FROM audit WHERE id = :id", id=desk.ids()[-1])


TABLE: dict[Callable[[Desk], None], set[str]] = {
    changed: {"record_changed"}, deleted: {"record_missing"}, times_swapped: {"record_changed"},
    # Walked from the other side the same disorder has another first place; the databases order what was moved differently.
    days_swapped: {"record_changed", "record_added", "record_missing"}, seals_swapped: {"seal_changed"},
    end_cut: {"end_missing"}, everything_gone: {"end_missing"},
    end_cut_and_sealed_on: {"end_replaced"}, end_sealed_again: {"end_replaced"},
    begun_anew: {"other_chain"}, sealed_with_another_key: {"signature_invalid"}, not_sealed_yet: {""}}
"""What is done, and how it shows, in the walk and on the page at the end of the chain alike."""
AT_THE_END = {"end_missing", "end_replaced", "other_chain"}


@pytest.mark.parametrize("tamper", TABLE, ids=lambda tamper: tamper.__name__)
def test_security_61_what_is_done_to_the_database_shows_in_the_walk_and_on_the_page(
    desk: Desk, tamper: Callable[[Desk], None],
) -> None:
    inspection = Inspection(desk.store, desk.signer, desk.chain)
    assert (desk.chain.verify().broken, inspection.stretch().broken, desk.chain.head_conflict()) == (None, None, "")
    tamper(desk)
    walk, page = desk.chain.verify().broken, inspection.stretch()
    assert {found.what if found else "" for found in (walk, page.broken)} <= TABLE[tamper]
    assert page.known == 5
    assert (page.next == 0) or page.broken is None
    assert (desk.chain.head_conflict() != "") == (TABLE[tamper] <= AT_THE_END or tamper is sealed_with_another_key)


def test_security_61_the_worker_does_not_forget_what_it_knew_over_a_replaced_end(desk: Desk) -> None:
    end_cut_and_sealed_on(desk)
    desk.write(EACH)
    assert desk.chain.seal().head == "conflict"
    known, broken = desk.chain.end()
    assert known is not None
    assert broken is not None
    assert (known.head.number, broken.what) == (5, "end_replaced")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_machine_that_remembers_nothing_says_that_it_has_not_compared(desk: Desk) -> None:
    for heads in (MemorySealHeads(), desk.heads):
        desk.heads.broken = heads is desk.heads
        elsewhere = Desk(desk.database, desk.signer, heads)
        found = Inspection(elsewhere.store, elsewhere.signer, elsewhere.chain).stretch()
        assert (found.newest, found.known, found.broken) == (5, None, None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_earlier_seals_are_not_compared_with_the_end(desk: Desk) -> None:
    end_cut(desk)
    inspection = Inspection(desk.store, desk.signer, desk.chain)
    assert (inspection.stretch(2).known, inspection.stretch(2).broken) == (None, None)
    assert inspection.stretch(99).broken is not None
