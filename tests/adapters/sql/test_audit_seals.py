"""The audit chain on both databases: what sealing covers and what verification finds."""

from __future__ import annotations

import os
import pwd
import subprocess
import threading
import time

import psycopg
import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.trail import seals
from idp.adapters.sql.trail.seals import SqlSealStore
from idp.audit.seal import Break, SealHead
from tests.audit_desk import Desk
from tests.fakes.seals import MemorySealHeads, MemorySealSigner
from tests.postgresql import PostgreSQL


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_every_record_is_sealed_once_and_the_chain_holds(desk: Desk) -> None:
    desk.write(20)
    assert desk.chain.verify().unsealed == 20
    assert desk.seal() == 20
    assert desk.seal() == 0
    report = desk.chain.verify()
    assert (report.seals, report.records, report.unsealed, report.broken) == (3, 20, 0, None)


def test_an_empty_trail_holds(desk: Desk) -> None:
    assert desk.chain.seal().records == 0
    report = desk.chain.verify()
    assert (report.seals, report.records, report.unsealed, report.broken) == (0, 0, 0, None)


def test_a_restarted_worker_goes_on_from_the_last_seal(desk: Desk) -> None:
    desk.write(3)
    desk.seal()
    desk.store.release()
    again = Desk(desk.database, desk.signer, desk.heads)
    again.write(4)
    assert again.seal() == 4
    report = again.chain.verify()
    assert (report.records, report.broken) == (7, None)


def whole(desk: Desk, records: int) -> set[str]:
    """Seal until so many are; gives what became of the heads.

    PostgreSQL seals what no writer could still come before, and its own upkeep counts as one for a moment.
    """
    heads = set[str]()
    while records > 0:
        done = desk.chain.seal()
        records -= done.records
        heads |= {done.head} if done.records else set()
    assert records == 0
    return heads


def test_only_one_process_seals(desk: Desk) -> None:
    second = Desk(desk.database, desk.signer, desk.heads)
    desk.write(2)
    assert desk.store.hold()
    assert not second.store.hold()
    assert second.chain.seal().records == 0
    desk.store.release()
    whole(second, 2)


def test_two_that_both_believe_they_seal_cannot_fork_the_chain(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlSealStore, "hold", lambda _self: True)
    desks = [desk, *(Desk(desk.database, desk.signer, desk.heads) for _ in range(3))]
    done = threading.Event()

    def go(one: Desk) -> None:
        while not done.is_set():
            one.chain.seal(limit=5)

    threads = [threading.Thread(target=go, args=(one,)) for one in desks]
    for thread in threads:
        thread.start()
    desk.write(60)
    done.set()
    for thread in threads:
        thread.join()
    desk.seal()
    report = desk.chain.verify()
    assert (report.records, report.broken) == (60, None)


def test_security_61_a_changed_record_is_named_whatever_column_it_is(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    victim = desk.ids()[9]
    desk.tamper("CREATE TABLE aside AS SELECT * FROM audit WHERE id = :id", id=victim)
    for column, value in (("at", 5), ("event", "sign_in"), ("sub", "somebody else"), ("client_id", ""), ("sid", "x"),
                          ("source", "10.9.9.9"), ("request_id", "x"), ("detail", "{}")):
        desk.tamper(f"UPDATE audit SET {column} = :value WHERE id = :id", value=value, id=victim)
        assert desk.chain.verify().broken == Break(2, victim, "record_changed"), column
        desk.tamper(f"UPDATE audit SET {column} = (SELECT {column} FROM aside) WHERE id = :id", id=victim)
        assert desk.chain.verify().broken is None


def test_security_61_a_deleted_record_is_named_wherever_it_stood(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    ids = desk.ids()
    for index in (19, 13, 7, 6, 0):
        desk.tamper("DELETE FROM audit WHERE id = :id", id=ids[index])
        assert desk.chain.verify().broken == Break(index // 7 + 1, ids[index], "record_missing")


def test_security_61_two_adjacent_deleted_records_are_found(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    ids = desk.ids()
    desk.tamper("DELETE FROM audit WHERE id IN (:a, :b)", a=ids[3], b=ids[4])
    assert desk.chain.verify().broken == Break(1, ids[3], "record_missing")


def test_security_61_a_record_slipped_in_among_sealed_ones_is_named(desk: Desk) -> None:
    desk.write(5)
    gap = desk.ids()[-1] + 1
    desk.tamper("INSERT INTO audit (id, epoch, at, event, sub, client_id, sid, source, request_id, detail)"
                " VALUES (:id, 1, 1, 'x', '', '', '', '', '', '{}')", id=gap)
    if not desk.database.is_sqlite:
        desk.tamper("SELECT setval('audit_id_seq', :id)", id=gap)
    desk.write(5)
    desk.tamper("CREATE TABLE aside AS SELECT * FROM audit WHERE id = :id", id=gap)
    desk.tamper("DELETE FROM audit WHERE id = :id", id=gap)
    desk.seal()
    assert desk.chain.verify().broken is None
    desk.tamper("INSERT INTO audit SELECT * FROM aside")
    assert desk.chain.verify().broken == Break(1, gap, "record_added")


def test_security_61_a_changed_seal_is_found(desk: Desk) -> None:
    for column, value, what in (
        ("sealed_at", 5, "seal_changed"), ("record_count", 6, "seal_changed"), ("hash", b"x" * 32, "seal_changed"),
        ("previous_hash", b"x" * 32, "seal_changed"), ("signature", b"x" * 64, "signature_invalid"),
        ("key_id", "other", "seal_changed"),
    ):
        desk.write(7)
        desk.seal()
        last = desk.store.last_seal()
        assert last is not None
        kept = getattr(last, column)
        desk.tamper(f"UPDATE audit_seal SET {column} = :value WHERE number = :n", value=value, n=last.number)
        broken = desk.chain.verify().broken
        assert (broken.what if broken else None) == what, column
        desk.tamper(f"UPDATE audit_seal SET {column} = :value WHERE number = :n", value=kept, n=last.number)
        assert desk.chain.verify().broken is None


def test_security_61_a_missing_seal_is_found(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    desk.tamper("DELETE FROM audit_seal WHERE number = 2")
    assert desk.chain.verify().broken == Break(2, None, "seal_missing")


def test_security_61_an_end_cut_off_with_its_seals_is_found_by_the_head_kept_outside(desk: Desk) -> None:
    desk.write(20)
    desk.seal()
    desk.tamper("DELETE FROM audit_seal WHERE number = 3")
    desk.tamper("DELETE FROM audit WHERE id > :id", id=desk.ids()[13])
    assert desk.chain.verify().broken == Break(3, None, "end_missing")
    desk.write(3)
    assert whole(desk, 3) == {"conflict"}
    assert desk.chain.verify().broken == Break(3, None, "end_replaced")


def test_security_61_everything_deleted_is_found_by_the_head_kept_outside(desk: Desk) -> None:
    desk.write(3)
    desk.seal()
    desk.tamper("DELETE FROM audit")
    desk.tamper("DELETE FROM audit_seal")
    assert desk.chain.verify().broken == Break(1, None, "end_missing")


def test_a_head_read_from_a_log_line_is_checked_too(desk: Desk) -> None:
    desk.write(3)
    desk.seal()
    last = desk.store.last_seal()
    assert last is not None
    assert desk.chain.verify(SealHead(1, last.hash)).broken is None
    assert desk.chain.verify(SealHead(1, b"y" * 32)).broken == Break(1, None, "end_replaced")
    assert desk.chain.verify(SealHead(9, b"y" * 32)).broken == Break(2, None, "end_missing")


def test_security_61_a_chain_recomputed_with_another_key_is_found(desk: Desk) -> None:
    desk.write(5)
    desk.seal()
    desk.tamper("DELETE FROM audit_seal")
    desk.store.release()
    forger = Desk(desk.database, MemorySealSigner(), MemorySealHeads())
    forger.seal()
    assert desk.chain.verify().broken == Break(1, None, "signature_invalid")


def test_a_head_that_cannot_be_written_does_not_stop_sealing(desk: Desk) -> None:
    desk.write(1)
    assert desk.chain.seal().head == "kept"
    desk.heads.broken = True
    desk.write(3)
    assert whole(desk, 3) == {"unavailable"}
    desk.heads.broken = False
    desk.write(1)
    assert desk.chain.seal().head == "kept"


def test_the_backlog_tells_how_long_the_first_record_waits(desk: Desk) -> None:
    desk.write(2)
    desk.seal()
    desk.write(2)
    desk.clock.advance(40)
    desk.write(1)
    assert desk.chain.backlog() == (3, 40)
    desk.seal()
    assert desk.chain.backlog() == (0, 0)


def test_records_written_by_many_threads_while_sealing_are_all_sealed(desk: Desk) -> None:
    writers = [threading.Thread(target=desk.write, args=(40,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        desk.chain.seal(limit=11)
    desk.seal()
    report = desk.chain.verify()
    assert (report.records, report.unsealed, report.broken) == (160, 0, None)


# PostgreSQL only: transactions that overlap, and clusters whose numbers begin again.


@pytest.fixture
def cluster_desk(postgresql: PostgreSQL) -> Desk:
    return Desk(Database(postgresql.create("template_idp")))


INSERT = ("INSERT INTO audit (epoch, at, event, sub, client_id, sid, source, request_id, detail)"
          " VALUES (1, 1, 'late', '', '', '', '', '', '{}')")


def test_a_transaction_that_commits_late_is_neither_lost_nor_out_of_order(cluster_desk: Desk, postgresql: PostgreSQL) -> None:
    desk = cluster_desk
    with psycopg.connect(postgresql.conninfo(desk.database.url.database or "")) as late:
        late.execute(INSERT)
        desk.write(3)
        assert desk.seal() == 0
        late.commit()
    assert desk.seal() == 4
    report = desk.chain.verify()
    assert (report.records, report.broken) == (4, None)


def test_the_lock_ends_with_its_connection(cluster_desk: Desk) -> None:
    desk = cluster_desk
    assert desk.store.hold()
    other = Desk(desk.database, desk.signer, desk.heads)
    desk.tamper("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", lock=seals._LOCK)
    for _ in range(100):
        if other.store.hold():
            break
        time.sleep(0.05)
    assert other.store.hold()
    with pytest.raises(Exception, match="cannot be reached"):
        desk.store.hold()
    assert not desk.store.hold()


def _copy(source: PostgreSQL, source_url: str, target: PostgreSQL) -> str:
    url = target.create("template1")
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    name, fresh = (u.rsplit("/", 1)[1] for u in (source_url, url))
    dump = subprocess.run([str(source.binaries / "pg_dump"), source.conninfo(name)], capture_output=True, check=True, user=user)
    subprocess.run([str(target.binaries / "psql"), "-q", "-v", "ON_ERROR_STOP=1", target.conninfo(fresh)], input=dump.stdout,
                   capture_output=True, check=True, user=user)
    return url


def _burn(server: PostgreSQL, count: int) -> None:
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        for _ in range(count):
            connection.execute("SELECT pg_current_xact_id()")


def test_a_dump_restored_into_a_new_cluster_goes_on_in_a_new_epoch(cluster_desk: Desk, postgresql: PostgreSQL) -> None:
    desk = cluster_desk
    _burn(postgresql, 2500)
    desk.write(10)
    desk.seal()
    desk.write(4)
    other = PostgreSQL().start()
    try:
        url = _copy(postgresql, desk.database.url.render_as_string(False), other)
        restored = Desk(Database(url), desk.signer, desk.heads)
        restored.write(5)
        done = restored.chain.seal(limit=100)
        assert (done.records, done.epoch) == (9, 2)
        restored.write(6)
        assert restored.seal() == 6
        report = restored.chain.verify()
        assert (report.records, report.unsealed, report.broken) == (25, 0, None)
        restored.tamper("DELETE FROM audit WHERE id = :id", id=restored.ids()[11])
        assert restored.chain.verify().broken is not None
        restored.database.dispose()
    finally:
        other.remove()


def test_a_dump_without_seals_restored_into_a_new_cluster_is_sealed_at_once(
    cluster_desk: Desk, postgresql: PostgreSQL,
) -> None:
    desk = cluster_desk
    _burn(postgresql, 2500)
    desk.write(4)
    other = PostgreSQL().start()
    try:
        url = _copy(postgresql, desk.database.url.render_as_string(False), other)
        restored = Desk(Database(url), desk.signer, MemorySealHeads())
        restored.write(5)
        assert restored.seal() == 9
        assert restored.chain.verify().broken is None
        restored.database.dispose()
    finally:
        other.remove()
