"""The chain and what is known of it outside the database: nobody begins it anew unseen, and an operator may, on the record.

What single seals show is in test_seal.py, what the databases contribute in tests/adapters/sql/test_audit_seals.py.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from idp.adapters.seal_files import FileSealHeads
from idp.adapters.sql.database import Database
from idp.audit import AuditEvent, Caller
from idp.audit.chain import Acceptance, BrokenChainError, KnownHead
from idp.audit.seal import Break, SealHead, genesis
from idp.errors import UnavailableError
from tests.audit_desk import Desk
from tests.fakes.seals import MemorySealHeads

OPERATOR = Caller("cli", "r-1")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def node(desk: Desk, heads: MemorySealHeads | None = None) -> Desk:
    """A worker on another node: the same database and key, a memory of its own."""
    return Desk(desk.database, desk.signer, heads or MemorySealHeads())


def launder(desk: Desk, *, chain: int | None) -> None:
    """Alter the trail and throw away everything in the database that could show it."""
    desk.tamper("DELETE FROM audit WHERE id = :id", id=desk.ids()[4])
    desk.tamper("UPDATE audit SET sub = 'somebody else' WHERE id = :id", id=desk.ids()[5])
    desk.tamper("DELETE FROM audit_seal")
    desk.tamper("DELETE FROM version WHERE name IN ('audit_chain', 'audit_highest_id')")
    if chain is not None:
        desk.tamper("INSERT INTO version (name, value) VALUES ('audit_chain', :chain)", chain=chain)


def known(desk: Desk) -> KnownHead:
    found = desk.heads.newest()
    assert found is not None
    return found


def make_anew(desk: Desk) -> None:
    """A new database with the keys of the one before."""
    for table in ("audit", "audit_seal", "version"):
        desk.tamper(f"DELETE FROM {table}")


@pytest.mark.parametrize("chain", [None, 4711], ids=["without a chain", "with a chain of the forger's"])
def test_security_61_a_chain_that_was_thrown_away_is_not_begun_anew_and_found(desk: Desk, chain: int | None) -> None:
    desk.write(20)
    desk.seal()
    before = known(desk)
    launder(desk, chain=chain)
    desk.write(3)
    done = desk.chain.seal()
    assert (done.records, done.head) == (0, "other_chain")
    report = desk.chain.verify()
    assert (report.broken, report.chain, report.known) == (Break(3, None, "other_chain"), chain, before)
    assert desk.chain.head_conflict() == (f"chain {before.chain} is known up to seal 3, the database has "
                                          + ("none" if chain is None else f"chain {chain}"))
    assert (desk.store.chain(), desk.store.last_seal(), known(desk)) == (chain, None, before)
    assert desk.chain.backlog()[0] == 22


def test_security_61_a_worker_that_was_restarted_does_not_begin_it_anew_either(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    launder(desk, chain=None)
    desk.store.release()
    assert node(desk, desk.heads).chain.seal().head == "other_chain"


def test_verification_writes_nothing(desk: Desk) -> None:
    desk.write(2)
    assert desk.chain.verify().broken is None
    assert desk.chain.head_conflict() == ""
    assert desk.store.chain() is None


def test_a_new_database_with_old_keys_is_accepted_on_the_record_and_sealed_from_its_first_record(desk: Desk) -> None:
    desk.write(9)
    desk.seal()
    before = known(desk)
    make_anew(desk)
    desk.write(2)
    assert desk.chain.seal().head == "other_chain"
    done = desk.chain.accept("a new database for the training course", desk.trail, OPERATOR)
    chain = desk.store.chain()
    assert chain not in {None, before.chain}
    assert done == Acceptance(KnownHead(chain or 0, SealHead(0, genesis(chain or 0))), before)
    assert desk.chain.head_conflict() == ""
    assert desk.chain.verify().broken is None
    assert desk.seal() == 3
    report = desk.chain.verify()
    assert (report.records, report.broken, known(desk).head.number) == (3, None, 1)
    record = desk.records()[-1]
    assert (record.event, record.source, record.request_id) == (AuditEvent.AUDIT_CHAIN_ACCEPTED, "cli", "r-1")
    assert json.loads(record.detail) == {
        "reason": "a new database for the training course", "chain": str(chain), "seal": 0, "known_chain": str(before.chain),
        "known_seal": 2, "known_hash": before.head.hash.hex()}


def test_an_older_copy_of_the_database_is_accepted_at_its_end(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    before = known(desk)
    desk.tamper("DELETE FROM audit WHERE id > :id", id=desk.ids()[13])
    desk.tamper("DELETE FROM audit_seal WHERE number = 3")
    assert desk.chain.verify().broken == Break(3, None, "end_missing")
    assert desk.chain.head_conflict() == "seal 3 is known, the database ends at 2"
    done = desk.chain.accept("restored after the fire", desk.trail, OPERATOR)
    assert (done.now, done.before) == (known(desk), before)
    assert (known(desk).chain, known(desk).head.number) == (before.chain, 2)
    desk.write(3)
    assert desk.seal() == 4
    assert desk.chain.verify().broken is None


def test_a_chain_that_went_on_from_an_older_end_is_accepted_too(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    desk.tamper("DELETE FROM audit WHERE id > :id", id=desk.ids()[13])
    desk.tamper("DELETE FROM audit_seal WHERE number = 3")
    desk.write(8)
    desk.seal()
    assert desk.chain.verify().broken == Break(3, None, "end_replaced")
    assert desk.chain.head_conflict() == "seal 3 differs"
    desk.chain.accept("restored after the fire", desk.trail, OPERATOR)
    assert desk.chain.verify().broken is None
    assert desk.chain.head_conflict() == ""


def test_security_61_a_chain_that_does_not_hold_by_itself_is_not_accepted(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    before = known(desk)
    desk.tamper("DELETE FROM audit_seal WHERE number = 3")
    desk.tamper("UPDATE audit SET sub = 'x' WHERE id = :id", id=desk.ids()[2])
    with pytest.raises(BrokenChainError) as caught:
        desk.chain.accept("it will be all right", desk.trail, OPERATOR)
    assert caught.value.report.broken == Break(1, desk.ids()[2], "record_changed")
    assert known(desk) == before
    assert len(desk.ids()) == 20


def test_security_62_without_its_record_no_chain_is_accepted(desk: Desk) -> None:
    class Refusing:
        def record(self, record: object) -> None:
            raise UnavailableError("The audit trail cannot be written.", dependency="database")

    desk.write(2)
    desk.seal()
    before = known(desk)
    make_anew(desk)
    with pytest.raises(UnavailableError):
        desk.chain.accept("restored", Refusing(), OPERATOR)
    assert known(desk) == before


def test_where_nothing_differs_nothing_is_accepted(desk: Desk) -> None:
    assert desk.chain.accept("to be sure", desk.trail, OPERATOR) == Acceptance(None)
    desk.write(2)
    desk.seal()
    assert desk.chain.accept("to be sure", desk.trail, OPERATOR) == Acceptance(known(desk))
    assert len(desk.ids()) == 2


def test_security_61_a_chain_that_was_left_is_another_one_again(desk: Desk) -> None:
    """Whoever keeps a copy of the database from before cannot put it back unseen, though its seals are genuine."""
    desk.write(9)
    desk.seal()
    old = known(desk)
    desk.tamper("CREATE TABLE seal_aside AS SELECT * FROM audit_seal")
    desk.tamper("CREATE TABLE audit_aside AS SELECT * FROM audit")
    try:
        make_anew(desk)
        desk.chain.accept("made anew", desk.trail, OPERATOR)
        desk.seal()
        make_anew(desk)
        desk.tamper("INSERT INTO audit_seal SELECT * FROM seal_aside")
        desk.tamper("INSERT INTO audit SELECT * FROM audit_aside")
        desk.tamper("INSERT INTO version (name, value) VALUES ('audit_chain', :chain)", chain=old.chain)
        assert desk.chain.verify().broken == Break(1, None, "other_chain")
        assert desk.chain.accept("back to the one before", desk.trail, OPERATOR).now == old
        assert desk.chain.verify().broken is None
    finally:
        desk.tamper("DROP TABLE seal_aside")
        desk.tamper("DROP TABLE audit_aside")


def test_what_is_remembered_but_cannot_be_read_begins_no_chain(desk: Desk) -> None:
    desk.heads.broken = True
    desk.write(2)
    done = desk.chain.seal()
    assert (done.records, done.head, desk.store.chain()) == (0, "unavailable", None)
    desk.heads.broken = False
    assert desk.chain.seal().records == 2
    desk.heads.broken = True
    desk.write(1)
    done = desk.chain.seal()
    assert (done.records, done.head) == (1, "unavailable")


# Several nodes


def test_a_worker_in_reserve_remembers_the_chain_too(desk: Desk) -> None:
    desk.write(9)
    desk.seal()
    reserve = node(desk)
    assert (reserve.chain.seal().head, known(reserve)) == ("kept", known(desk))
    desk.write(1)
    desk.seal()
    reserve.chain.seal()
    assert known(reserve) == known(desk)
    launder(desk, chain=None)
    desk.store.release()
    assert reserve.chain.seal().head == "other_chain"


def test_security_61_a_forged_seal_is_not_remembered_by_a_worker_in_reserve(desk: Desk) -> None:
    desk.write(9)
    desk.seal()
    reserve = node(desk)
    reserve.chain.seal()
    before = known(reserve)
    desk.tamper("UPDATE audit_seal SET hash = :x, signature = :y WHERE number = 2", x=b"x" * 32, y=b"y" * 64)
    desk.tamper("UPDATE audit_seal SET number = 3 WHERE number = 2")
    assert (reserve.chain.seal().head, known(reserve)) == ("", before)
    assert reserve.chain.verify().broken is not None


def test_a_node_that_was_away_goes_on_from_what_it_knew(desk: Desk) -> None:
    other = node(desk)
    desk.write(3)
    desk.seal()
    other.chain.seal()
    desk.write(20)
    desk.seal()
    desk.store.release()
    other.write(1)
    assert (other.seal(), known(other).head.number) == (1, known(desk).head.number + 1)
    assert other.chain.verify().broken is None
    assert desk.chain.verify().broken is None


def test_a_node_that_has_not_accepted_the_chain_leaves_sealing_to_one_that_has(desk: Desk) -> None:
    desk.write(3)
    desk.seal()
    other = node(desk)
    other.chain.seal()
    make_anew(desk)
    assert desk.chain.seal().head == "other_chain"
    other.chain.accept("made anew", other.trail, OPERATOR)
    other.write(2)
    assert other.seal() == 3
    assert desk.chain.verify().broken == Break(1, None, "other_chain")
    desk.chain.accept("made anew", desk.trail, OPERATOR)
    assert desk.chain.verify().broken is None
    assert known(desk) == known(other)


def test_two_workers_of_one_node_share_what_is_remembered_without_a_false_alarm(desk: Desk, tmp_path: Path) -> None:
    desks = [Desk(desk.database, desk.signer, FileSealHeads(tmp_path / "audit-head.json")) for _ in range(2)]
    stop, found = threading.Event(), set[str]()

    def work(one: Desk) -> None:
        while not stop.is_set():
            found.add(one.chain.seal(limit=3).head)

    threads = [threading.Thread(target=work, args=(one,)) for one in desks]
    for thread in threads:
        thread.start()
    desk.write(60)
    stop.set()
    for thread in threads:
        thread.join()
    assert found <= {"", "kept"}
    desks[0].seal()
    desks[1].seal()
    assert desks[0].chain.verify().broken is None
    assert desks[0].chain.verify().records == 60


def test_security_61_a_chain_accepted_meanwhile_is_not_overwritten_by_a_worker_that_still_seals_another(tmp_path: Path) -> None:
    heads = FileSealHeads(tmp_path / "audit-head.json")
    heads.keep(KnownHead(1, SealHead(5, b"a" * 32)))
    heads.accept(KnownHead(2, SealHead(0, genesis(2))))
    heads.keep(KnownHead(1, SealHead(6, b"b" * 32)))
    assert heads.newest() == KnownHead(2, SealHead(0, genesis(2)))
