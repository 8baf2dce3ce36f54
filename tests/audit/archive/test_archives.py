"""Old months leave the database for files: whole, checked, again after any crash, and the chain holds all the while."""

from __future__ import annotations

import json
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp.adapters.sql.database import Database, Write
from idp.adapters.sql.trail.archives import SqlArchives
from idp.adapters.trail.archive_files import FileArchiveFolder
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.audit.archive import archives as room
from idp.audit.archive.archives import Archives, name_of
from idp.audit.archive.file import BrokenArchiveError, check, records_of
from idp.audit.archive.month import Kept, later, month_of, start_of
from idp.audit.inspection import Inspection
from idp.audit.seal import SealHead, StoredRecord
from idp.errors import RefusedError
from tests.audit_desk import Desk, events_of

WORKER = Caller("worker", "w")
EACH = 8
"""Records of a month: two seals."""
FIRST = "2023-11"
"""The month of the clock's first second."""


class KilledError(BaseException):
    """As kill -9: nothing that catches errors catches it."""


class Counted:
    """Does what something else does, and ends the process at the n-th step: before it, or after."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._real, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            self._fuse.burn()
            found = verb(*args, **kwargs)
            self._fuse.burn()
            return found

        return called


class Fuse:
    def __init__(self) -> None:
        self.left: int | None = None

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def archives(desk: Desk, folder: Path | None, *, fuse: Fuse | None = None, stamp: bytes = b"", hot: int = 3, keep: int = 24,
             ) -> Archives:
    files, store = (FileArchiveFolder(folder) if folder else None), SqlArchives(desk.database)
    return Archives(Counted(store, fuse) if fuse else store, desk.store, desk.signer, lambda _digest: stamp,  # type: ignore[arg-type]
                    Counted(files, fuse) if fuse else files, desk.clock, hot_months=hot, keep_months=keep)  # type: ignore[arg-type]


def follow(room_: Archives) -> int:
    try:
        return room_.follow(WORKER, lambda _seconds: False)
    finally:
        release(room_)


def release(room_: Archives) -> None:
    """A process that ended holds no lock."""
    folder: Any = room_._folder
    if folder is not None:
        (folder._real if isinstance(folder, Counted) else folder).release()


def write_months(desk: Desk, months: int, each: int = EACH) -> list[StoredRecord]:
    """Write so many records in each of so many months, and seal them; the clock stands in the last month then."""
    for number in range(months):
        if number:
            desk.clock.advance(start_of(later(month_of(desk.clock.now()), 1)) - desk.clock.now())
        desk.write(each)
        sealed = 0
        while sealed < each:
            sealed += desk.seal()
    return desk.records()


def settled(desk: Desk) -> None:
    """Seal what archiving itself recorded."""
    while desk.store.backlog(after=desk.store.last_seal().last)[0]:  # type: ignore[union-attr]
        desk.seal()


def in_files(folder: Path) -> list[StoredRecord]:
    found: list[StoredRecord] = []
    for path in sorted(folder.glob("audit-*.zip")):
        with path.open("rb") as file:
            found += [record for covered in records_of(file) for record in covered]
    return found


def states(desk: Desk) -> dict[str, str]:
    return {one.month.month: one.state for one in SqlArchives(desk.database).months()}


def test_issue_7_months_older_than_the_hot_ones_leave_the_database_and_the_chain_holds(desk: Desk, folder: Path) -> None:
    before = write_months(desk, 6)
    assert desk.chain.verify().broken is None
    assert follow(archives(desk, folder, stamp=b"stamped")) == 2
    settled(desk)
    assert states(desk) == {FIRST: "purged", later(FIRST, 1): "purged"}
    assert in_files(folder) == before[:2 * EACH]
    assert [one for one in desk.records() if one.event == "token.issued"] == before[2 * EACH:]
    report = desk.chain.verify()
    assert report.purged.last is not None
    assert (report.broken, report.purged.records, report.purged.last.month) == (None, 2 * EACH, later(FIRST, 1))
    assert follow(archives(desk, folder)) == 0  # nothing more is old enough
    told = events_of(desk.database, "audit.archived")
    assert [(one[2]["month"], one[2]["rows"]) for one in told] == [(FIRST, EACH), (later(FIRST, 1), EACH)]
    assert len(events_of(desk.database, "audit.purged")) == 2
    for path in folder.glob("*.zip"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with zipfile.ZipFile(path) as archive:
            assert {*archive.namelist()} == {"records.jsonl", "manifest.json", "manifest.sig", "manifest.tsr", "seal-key.pem",
                                             "README.txt"}
            assert archive.read("manifest.tsr") == b"stamped"
            assert desk.signer.verify_der(desk.signer.key_id, archive.read("manifest.json"), archive.read("manifest.sig"))
    # Without a database: every seal over its records, by the file and the keys alone.
    with (folder / name_of(FIRST)).open("rb") as file:
        assert check(file, None, desk.signer).records == EACH


def test_the_months_go_on_from_the_last_that_left(desk: Desk, folder: Path) -> None:
    before = write_months(desk, 6)
    follow(archives(desk, folder))
    settled(desk)
    desk.clock.advance(start_of(later(month_of(desk.clock.now()), 3)) - desk.clock.now())
    assert follow(archives(desk, folder)) == 3
    settled(desk)
    assert desk.chain.verify().broken is None
    files = in_files(folder)
    assert [one for one in files if one.event == "token.issued"] == before[:5 * EACH]
    # What the first two archives recorded of themselves was of a later month, and is still in the database.
    assert {*files}.isdisjoint(desk.records())


def test_without_a_folder_nothing_leaves(desk: Desk) -> None:
    before = write_months(desk, 6)
    assert follow(archives(desk, None)) == 0
    assert archives(desk, None).overdue() == FIRST
    assert desk.records() == before
    assert desk.chain.verify().broken is None


def test_a_folder_that_is_not_there_is_no_empty_one(desk: Desk, folder: Path) -> None:
    write_months(desk, 6)
    folder.rmdir()
    with pytest.raises(Exception, match="folder of the audit trail's archives"):
        follow(archives(desk, folder))
    assert states(desk) == {}


def test_only_one_process_archives_into_a_folder(desk: Desk, folder: Path) -> None:
    write_months(desk, 6)
    other = FileArchiveFolder(folder)
    assert other.hold()
    assert follow(archives(desk, folder)) == 0
    other.release()
    assert follow(archives(desk, folder)) == 2


def test_every_single_step_of_a_run_may_be_its_last(database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run in which each step is killed once, on one trail: month after month, the fuse one step longer."""
    monkeypatch.setattr(room, "PURGED_AT_ONCE", 3)
    desk = Desk(database)
    before = write_months(desk, 10, each=4)
    fuse, survived = Fuse(), set[int]()
    for length in range(60):
        fuse.left = length
        try:
            follow(archives(desk, folder, fuse=fuse))
        except KilledError:
            survived.add(length)
            (folder / f".{name_of(FIRST)}.part").write_bytes(b"of a process that was killed while it wrote")
        else:
            break
        settled(desk)
        assert desk.chain.verify().broken is None, length
    fuse.left = None
    follow(archives(desk, folder, fuse=fuse))
    settled(desk)
    assert survived >= set(range(12))
    assert {*states(desk).values()} == {"purged"}
    assert in_files(folder) == before[:6 * 4]
    assert [one for one in desk.records() if one.event == "token.issued"] == before[6 * 4:]
    assert desk.chain.verify().broken is None


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, change(name, data))


def _in_a_record(name: str, data: bytes) -> bytes:
    return data.replace(b'"sub3"', b'"sub4"') if name == "records.jsonl" else data


def _without_a_line(name: str, data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[1:]) if name == "records.jsonl" else data


def _without_the_end(name: str, data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-1]) if name == "records.jsonl" else data


def _no_json(name: str, data: bytes) -> bytes:
    return b"{" + data if name == "records.jsonl" else data


def _in_the_manifest(name: str, data: bytes) -> bytes:
    return data.replace(b'"records": 8', b'"records": 9') if name == "manifest.json" else data


def _in_the_signature(name: str, data: bytes) -> bytes:
    return b"0" * len(data) if name == "manifest.sig" else data


def test_an_archive_that_was_tampered_with_is_not_purged(desk: Desk, folder: Path) -> None:
    before = write_months(desk, 5)
    cut_off: Any = archives(desk, folder)
    cut_off._leave = lambda *_args: (_ for _ in ()).throw(KilledError)  # archived and not purged yet
    with pytest.raises(KilledError):
        follow(cut_off)
    path = folder / name_of(FIRST)
    good = path.read_bytes()
    for change in (_in_a_record, _without_a_line, _without_the_end, _no_json, _in_the_manifest, _in_the_signature, b"no ZIP",
                   good[:len(good) // 2], b""):
        path.write_bytes(good if callable(change) else change)
        if callable(change):
            rewritten(path, change)
        with pytest.raises(BrokenArchiveError):
            follow(archives(desk, folder))
        with pytest.raises(BrokenArchiveError):
            archives(desk, folder).check(FIRST)
    path.unlink()
    with pytest.raises(BrokenArchiveError):
        follow(archives(desk, folder))
    assert states(desk) == {FIRST: "archived"}
    assert [one for one in desk.records() if one.event == "token.issued"] == before
    path.write_bytes(good)
    assert follow(archives(desk, folder)) == 1


def test_a_month_whose_chain_does_not_hold_is_not_archived(desk: Desk, folder: Path) -> None:
    before = write_months(desk, 5)
    desk.tamper("UPDATE audit SET sub = 'other' WHERE id = :id", id=before[3].position.id)
    with pytest.raises(BrokenArchiveError, match="does not hold at seal 1"):
        follow(archives(desk, folder))
    assert states(desk) == {}
    assert not [path for path in folder.iterdir() if path.suffix != ".lock" and path.name != ".lock"]


@pytest.fixture
def purged(desk: Desk, folder: Path) -> tuple[Desk, list[StoredRecord]]:
    before = write_months(desk, 6)
    follow(archives(desk, folder))
    settled(desk)
    assert desk.chain.verify().broken is None
    return desk, before


def test_security_61_what_says_that_a_month_was_archived_cannot_be_made_or_changed(
        purged: tuple[Desk, list[StoredRecord]]) -> None:
    desk, before = purged
    for forged, mended, what in (
            # The last archived month is forgotten, or both are: the database has no beginning then.
            ("UPDATE audit_archive SET state = 'archived' WHERE month = '2023-12'",
             "UPDATE audit_archive SET state = 'purged'", "seal_missing"),
            ("UPDATE audit_archive SET state = 'archived'", "UPDATE audit_archive SET state = 'purged'", "seal_missing"),
            ("UPDATE audit_archive SET key_id = 'unknown' WHERE month = '2023-11'",
             f"UPDATE audit_archive SET key_id = '{desk.signer.key_id}'", "archive_forged"),
    ):
        desk.tamper(forged)
        broken = desk.chain.verify().broken
        assert broken is not None
        assert broken.what == what
        desk.tamper(mended)
        assert desk.chain.verify().broken is None
    # More is thrown away than was archived.
    last = next(one.month.last for one in reversed(SqlArchives(desk.database).months()))
    desk.tamper("DELETE FROM audit_seal WHERE number = :number", number=last + 1)
    assert desk.chain.verify().broken is not None
    assert before


def test_security_61_a_record_put_where_everything_was_purged_is_found(purged: tuple[Desk, list[StoredRecord]]) -> None:
    desk, before = purged
    SqlArchives(desk.database).put_back([before[5]])
    broken = desk.chain.verify().broken
    assert broken is not None
    assert (broken.what, broken.record) == ("record_added", before[5].position.id)
    standing = Inspection(desk.store, desk.signer, desk.chain).record(before[5])
    assert standing.broken is not None
    assert standing.broken.what == "record_added"


def test_a_seal_that_was_archived_is_not_said_to_be_cut_off(purged: tuple[Desk, list[StoredRecord]]) -> None:
    desk, _before = purged
    months = SqlArchives(desk.database).months()
    broken = desk.chain.verify(SealHead(1, b"x" * 32)).broken
    assert broken is not None
    assert broken.what == "archived"
    assert desk.chain.verify(SealHead(months[-1].month.last, months[-1].month.hash)).broken is None
    replaced = desk.chain.verify(SealHead(months[-1].month.last, b"x" * 32)).broken
    assert replaced is not None
    assert replaced.what == "end_replaced"
    # A node whose keys folder remembers an older seal than the database still has is no conflict.
    desk.heads.chains = [desk.heads.chains[0]._replace(head=SealHead(1, b"x" * 32))]
    assert desk.chain.head_conflict() == ""
    assert desk.chain.verify().broken is None


def test_the_pages_check_what_the_database_has(purged: tuple[Desk, list[StoredRecord]]) -> None:
    desk, _before = purged
    inspection = Inspection(desk.store, desk.signer, desk.chain)
    stretch = inspection.stretch()
    assert (stretch.broken, stretch.next, stretch.archived) == (None, 0, "2023-12")
    for record in desk.records():
        assert inspection.record(record).broken is None
        assert inspection.record(record).seal is not None


def test_a_purge_that_begins_while_somebody_walks_the_chain_is_no_break(
        desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_months(desk, 6)
    real, walked = desk.store.seals, [0]

    def seals(*, after: int, limit: int) -> Any:
        found = real(after=after, limit=limit)
        walked[0] += 1
        if walked[0] == 1:
            monkeypatch.setattr(desk.store, "seals", real)
            follow(archives(desk, folder))
        return found

    monkeypatch.setattr(desk.store, "seals", seals)
    assert desk.chain.verify().broken is None
    assert states(desk)[FIRST] == "purged"


def test_a_month_comes_back_for_a_while_and_leaves_again(purged: tuple[Desk, list[StoredRecord]], folder: Path) -> None:
    desk, before = purged
    rooms = archives(desk, folder)
    assert rooms.absent() == [FIRST, later(FIRST, 1)]
    assert rooms.absent(start_of(later(FIRST, 1)), 2**53) == [later(FIRST, 1)]
    assert rooms.absent(start_of(later(FIRST, 2)), 2**53) == []
    assert rooms.restore(later(FIRST, 1), days=2, purpose="an inspection", caller=WORKER, pause=lambda _seconds: False) == EACH
    assert [one for one in desk.records() if one.event == "token.issued"] == before[EACH:]
    assert rooms.absent() == [FIRST]
    assert events_of(desk.database, "audit.restored")[0][2]["purpose"] == "an inspection"
    settled(desk)
    assert desk.chain.verify().broken is None
    standing = Inspection(desk.store, desk.signer, desk.chain).record(before[EACH + 5])
    assert (standing.broken, standing.archived) == (None, later(FIRST, 1))
    with pytest.raises(RefusedError) as refused:
        rooms.restore(later(FIRST, 1), days=2, purpose="again", caller=WORKER, pause=lambda _seconds: False)
    assert refused.value.code == "not_purged"
    assert follow(archives(desk, folder)) == 0
    desk.clock.advance(2 * 86400)
    assert follow(archives(desk, folder)) == 1
    settled(desk)
    assert [one for one in desk.records() if one.event == "token.issued"] == before[2 * EACH:]
    assert desk.chain.verify().broken is None
    for month, days, code in (("2020-01", 2, "unknown_month"), (FIRST, 0, "invalid_days"), (FIRST, 91, "invalid_days")):
        with pytest.raises(RefusedError) as refused:
            rooms.restore(month, days=days, purpose="p", caller=WORKER, pause=lambda _seconds: False)
        assert refused.value.code == code


def test_restoring_that_was_cut_off_goes_on_or_is_undone(
        purged: tuple[Desk, list[StoredRecord]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, before = purged
    monkeypatch.setattr(room, "PURGED_AT_ONCE", 3)
    fuse = Fuse()
    for length in (3, 7, 9):
        fuse.left = length
        with pytest.raises(KilledError):
            archives(desk, folder, fuse=fuse).restore(FIRST, days=1, purpose="p", caller=WORKER, pause=lambda _seconds: False)
    settled(desk)
    assert desk.chain.verify().broken is None
    assert FIRST in archives(desk, folder).absent()
    archives(desk, folder).restore(FIRST, days=1, purpose="p", caller=WORKER, pause=lambda _seconds: False)
    assert [one for one in desk.records() if one.event == "token.issued"] == [*before[:EACH], *before[2 * EACH:]]
    desk.clock.advance(86400)
    follow(archives(desk, folder))
    assert [one for one in desk.records() if one.event == "token.issued"] == before[2 * EACH:]


def test_a_tampered_archive_does_not_come_back_and_a_restored_month_stays_without_its_file(
        purged: tuple[Desk, list[StoredRecord]], folder: Path) -> None:
    desk, before = purged
    archives(desk, folder).restore(FIRST, days=1, purpose="p", caller=WORKER, pause=lambda _seconds: False)
    (folder / name_of(FIRST)).rename(folder / "aside")
    desk.clock.advance(86400)
    with pytest.raises(BrokenArchiveError, match=r"There is no audit-2023-11\.zip"):
        follow(archives(desk, folder))
    assert [one for one in desk.records() if one.event == "token.issued"] == [*before[:EACH], *before[2 * EACH:]]
    assert archives(desk, folder).missing() == [FIRST]
    rewritten(folder / name_of(later(FIRST, 1)), _in_a_record)
    with pytest.raises(BrokenArchiveError):
        archives(desk, folder).restore(later(FIRST, 1), days=1, purpose="p", caller=WORKER, pause=lambda _seconds: False)
    assert states(desk)[later(FIRST, 1)] == "purged"


def test_a_purge_lets_writers_in_between(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_months(desk, 5, each=20)
    monkeypatch.setattr(room, "PURGED_AT_ONCE", 10)
    batches = list[int]()
    original = Write.run_each

    def watched(self: Write, **parameters: Any) -> Any:
        rows = original(self, **parameters)
        if "upto_id" in parameters:
            batches.append(len(rows))
            writer = threading.Thread(target=desk.write, args=(1,))
            writer.start()
            writer.join(5)
            assert not writer.is_alive()
        return rows

    monkeypatch.setattr(Write, "run_each", watched)
    follow(archives(desk, folder))
    assert (sum(batches), max(batches)) == (20, 10)


def test_the_rule_of_months() -> None:
    """Three hot months: those before the running one; due after twenty-four more than the month itself."""
    assert (later("2026-11", -3), later("2026-01", -1), later("2026-12", 1)) == ("2026-08", "2025-12", "2027-01")
    assert month_of(start_of("2026-11")) == "2026-11"
    assert month_of(start_of("2026-11") - 1) == "2026-10"


def test_what_is_due_is_told_of_and_deleted_once(purged: tuple[Desk, list[StoredRecord]], folder: Path) -> None:
    desk, _before = purged
    rooms = archives(desk, folder)
    assert rooms.due() == []
    with pytest.raises(RefusedError, match="not due"):
        rooms.discard(FIRST, record(desk))
    desk.clock.advance(start_of(later(FIRST, 25)) - 1 - desk.clock.now())
    assert rooms.due() == []
    desk.clock.advance(1)
    assert (desk.clock.now(), [one.month.month for one in rooms.due()]) == (rooms.due_at(FIRST), [FIRST])
    rooms.discard(FIRST, record(desk))
    assert not (folder / name_of(FIRST)).exists()
    assert rooms.due() == []
    assert rooms.missing() == []
    with pytest.raises(RefusedError, match="was deleted"):
        rooms.check(FIRST)
    follow(archives(desk, folder))
    settled(desk)
    assert desk.chain.verify().broken is None


def test_a_deletion_that_was_cut_off_is_ended_by_the_worker(purged: tuple[Desk, list[StoredRecord]], folder: Path) -> None:
    desk, _before = purged
    desk.clock.advance(start_of(later(FIRST, 25)) - desk.clock.now())
    fuse = Fuse()
    rooms = archives(desk, folder, fuse=fuse)
    fuse.left = 4
    with pytest.raises(KilledError):
        rooms.discard(FIRST, record(desk))
    assert (folder / name_of(FIRST)).exists()
    assert states(desk)[FIRST] == "discarded"
    follow(archives(desk, folder))
    assert not (folder / name_of(FIRST)).exists()


def record(desk: Desk) -> Any:
    return AuditRecord(AuditEvent.AUDIT_DISCARDED, desk.clock.now(), detail={"month": FIRST})


def test_a_manifest_reads_back_and_nothing_else_does(purged: tuple[Desk, list[StoredRecord]]) -> None:
    desk, _before = purged
    kept: Kept = SqlArchives(desk.database).months()[0]
    document = kept.month.document
    assert type(kept.month).read(document) == kept.month
    for other in (b"", b"{}", b"[]", document + b" ", json.dumps(json.loads(document)).encode(),
                  document.replace(b'"audit_archive": 1', b'"audit_archive": 2')):
        with pytest.raises((ValueError, KeyError, TypeError)):
            type(kept.month).read(other)
