"""``flask audit``: verification by exit status, export that is recorded and safe to open."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from idp.adapters.sql.database import Database
from idp.adapters.sql.trail.archives import SqlArchives
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.seals import SqlAuditReader, SqlSealStore
from idp.adapters.trail.archive_files import FileArchiveFolder
from idp.audit import AuditEvent, AuditRecord
from idp.audit.archive.archives import Archives
from idp.audit.archive.month import later, month_of, start_of
from idp.audit.chain import AuditChain, KnownHead
from idp.cli.audit import trail as audit
from idp.errors import UnavailableError

from ..fakes.clock import FakeClock
from ..fakes.seals import MemorySealHeads, MemorySealSigner

DAY = "2023-11-15"
"""The day of 1,700,000,000 in Vietnam (05:13:20)."""


class House(SimpleNamespace):
    def write(self, count: int, **members: Any) -> None:
        for number in range(count):
            self.audit.record(AuditRecord(AuditEvent.SIGN_IN, self.clock.now(), **{"sub": f"s{number}", **members}))

    def seal(self) -> None:
        while self.audit_chain.seal(limit=4).records:
            pass

    def tamper(self, sql: str) -> None:
        with self.database.durable.connect() as connection:
            connection.execute(text(sql))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    clock, heads, signer, seals = FakeClock(), MemorySealHeads(), MemorySealSigner(), SqlSealStore(database)
    (tmp_path / "archive").mkdir()
    archives = Archives(SqlArchives(database), seals, signer, lambda _digest: b"", FileArchiveFolder(tmp_path / "archive"), clock,
                        hot_months=3, keep_months=24)
    return House(database=database, clock=clock, audit=SqlAuditTrail(database), audit_reader=SqlAuditReader(database),
                 audit_chain=AuditChain(seals, signer, heads, clock), heads=heads, folder=tmp_path / "archive",
                 archived_months=SimpleNamespace(archives=archives))


def run(house: Any, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(audit.commands(lambda: house))
    return app.test_cli_runner().invoke(args=["audit", *arguments])


def test_interface_s3_verify_is_0_while_the_chain_holds(house: House) -> None:
    house.write(6)
    house.seal()
    house.write(1)
    result = run(house, "verify")
    assert (result.exit_code, result.stdout) == (
        0, "The chain holds: 6 records under 2 seals; 1 newer records wait for their seal.\n")
    known = house.heads.newest()
    assert json.loads(run(house, "verify", "--json").stdout) == {
        "holds": True, "seals": 2, "records": 6, "unsealed": 1, "oldest_unsealed_at": house.clock.now(), "broken": None,
        "purged": None,
        "chain": str(known.chain), "known": {"chain": str(known.chain), "seal": 2, "hash": known.head.hash.hex()}}


def test_interface_s3_verify_is_1_and_names_the_first_broken_record(house: House) -> None:
    house.write(6)
    house.seal()
    house.tamper("UPDATE audit SET sub = 'somebody' WHERE id = 3")
    house.tamper("DELETE FROM audit WHERE id = 5")
    result = run(house, "verify")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Record 3 was changed after it was sealed." in result.stderr
    found = run(house, "verify", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["broken"] == {"seal": 1, "record": 3, "what": "record_changed"}


@pytest.mark.parametrize(("sql", "sentence"), [
    ("DELETE FROM audit WHERE id = 2", "Record 2 is missing."),
    ("DELETE FROM audit_seal WHERE number = 1", "Seal 1 is missing."),
    ("DELETE FROM audit_seal WHERE number = 2", "The chain ends before seal 2"),
    ("UPDATE audit_seal SET sealed_at = 1 WHERE number = 2", "Seal 2 was changed."),
])
def test_each_break_has_its_sentence(house: House, sql: str, sentence: str) -> None:
    house.write(6)
    house.seal()
    house.tamper(sql)
    assert sentence in run(house, "verify").stderr


def test_security_61_another_chain_than_the_known_one_is_named_and_the_exit_status_is_1(house: House) -> None:
    house.write(6)
    house.seal()
    known: KnownHead = house.heads.newest()
    house.tamper("DELETE FROM audit_seal")
    house.tamper("UPDATE version SET value = 4711 WHERE name = 'audit_chain'")
    house.seal()
    result = run(house, "verify")
    assert result.exit_code == 1
    assert f"knows chain {known.chain} up to seal 2, the database has chain 4711" in result.stderr
    assert "audit accept-chain" in result.stderr
    found = json.loads(run(house, "verify", "--json").stdout)
    assert found["broken"] == {"seal": 2, "record": None, "what": "other_chain"}
    assert (found["holds"], found["chain"], found["known"]["chain"]) == (False, "4711", str(known.chain))


def test_another_chain_is_accepted_with_a_reason_and_on_the_record(house: House) -> None:
    house.write(6)
    house.seal()
    known: KnownHead = house.heads.newest()
    for table in ("audit_seal", "audit", "version"):
        house.tamper(f"DELETE FROM {table}")
    assert run(house, "verify").exit_code == 1
    result = run(house, "accept-chain", "--reason", "made anew for the training course")
    assert result.exit_code == 0
    assert f"Known before: chain {known.chain} up to seal 2, {known.head.hash.hex()}." in result.stdout
    house.seal()
    assert run(house, "verify").exit_code == 0
    [line] = run(house, "export", "--from", DAY, "--to", DAY, "--json").stdout.splitlines()[:1]
    assert json.loads(line)["event"] == "audit.chain_accepted"
    assert json.loads(line)["detail"]["reason"] == "made anew for the training course"


def test_accepting_answers_in_json(house: House) -> None:
    nothing = run(house, "accept-chain", "--reason", "x", "--json")
    assert json.loads(nothing.stdout) == {"accepted": False, "known": None, "before": None}
    house.write(6)
    house.seal()
    same = json.loads(run(house, "accept-chain", "--reason", "x", "--json").stdout)
    assert (same["accepted"], same["known"]["seal"], same["before"]) == (False, 2, None)
    assert "nothing to accept" in run(house, "accept-chain", "--reason", "x").stdout
    house.tamper("DELETE FROM audit_seal WHERE number = 2")
    older = json.loads(run(house, "accept-chain", "--reason", "an older copy", "--json").stdout)
    assert (older["accepted"], older["known"]["seal"], older["before"]["seal"]) == (True, 1, 2)


def test_a_chain_that_is_broken_is_not_accepted_and_said_why(house: House) -> None:
    house.write(6)
    house.seal()
    house.tamper("DELETE FROM audit_seal WHERE number = 2")
    house.tamper("DELETE FROM audit WHERE id = 2")
    result = run(house, "accept-chain", "--reason", "never mind", "--json")
    assert result.exit_code == 1
    assert "Record 2 is missing." in json.loads(result.stdout)["error"]
    assert "Nothing was accepted." in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--reason", " "), ("--reason", "x" * 201)])
def test_a_chain_is_not_accepted_without_a_reason(house: House, arguments: tuple[str, ...]) -> None:
    assert run(house, "accept-chain", *arguments).exit_code == 2


def test_a_head_from_the_log_is_checked(house: House) -> None:
    house.write(2)
    house.seal()
    last = house.audit_chain._store.last_seal()
    assert run(house, "verify", "--head", f"1:{last.hash.hex()}").exit_code == 0
    assert run(house, "verify", "--head", f"1:{'00' * 32}").exit_code == 1
    for wrong in ("1", "x:00", "0:" + "00" * 32, "1:00", "١:" + "00" * 32):
        assert run(house, "verify", "--head", wrong).exit_code == 2


def test_an_export_holds_the_days_asked_and_is_recorded_itself(house: House) -> None:
    house.write(3)
    house.clock.advance(-86400)
    house.write(1, request_id="day before")
    house.clock.advance(2 * 86400)
    house.write(1, request_id="day after")
    result = run(house, "export", "--from", DAY, "--to", DAY, "--json")
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["sub"] for record in records] == ["s0", "s1", "s2"]
    assert records[0]["time"] == "2023-11-15T05:13:20+07:00"
    assert set(records[0]) == {"id", "time", "event", "sub", "client_id", "sid", "source", "request_id", "detail"}
    exports = house.audit_reader.counts(since=0)["audit.exported"]
    assert exports == 1


def test_an_export_goes_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PAGE", 3)
    house.write(10)
    lines = run(house, "export", "--from", "2023-11-15T05:00", "--to", "2023-11-15T06:00+07:00", "--json").stdout.splitlines()
    assert [json.loads(line)["sub"] for line in lines][:10] == [f"s{number}" for number in range(10)]


@pytest.mark.parametrize("evil", ["=cmd()", "+1", "-1", "@x", "\tx"])
def test_security_41_no_cell_of_the_export_is_a_formula(house: House, evil: str) -> None:
    house.write(1, source=evil, client_id=evil, detail={"login_name": 'x","=cmd()'})
    result = run(house, "export", "--from", DAY, "--to", DAY)
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["id", "time", "event", "sub", "client_id", "sid", "source", "request_id", "detail"]
    assert len(rows[1]) == 9
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in rows[1])


def test_security_62_without_its_record_there_is_no_export(house: House) -> None:
    def refuse(_record: AuditRecord) -> None:
        raise UnavailableError("The audit trail cannot be written.", dependency="database")

    house.write(2)
    house.audit = SimpleNamespace(record=refuse)
    result = run(house, "export", "--from", DAY, "--to", DAY)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("arguments", [
    ("export",), ("export", "--from", "x", "--to", DAY), ("export", "--from", DAY, "--to", "2023-11-14"), ("nonsense",)])
def test_interface_s3_wrong_usage_is_2(house: House, arguments: tuple[str, ...]) -> None:
    assert run(house, *arguments).exit_code == 2


def with_old_months(house: House) -> str:
    """Write five months of six records each; the clock stands in the fifth. Gives the first."""
    first = month_of(house.clock.now())
    for number in range(5):
        house.clock.advance(start_of(later(first, number)) + 60 - house.clock.now() if number else 0)
        house.write(6)
        while house.audit_chain.backlog()[0]:
            house.seal()
    return first


def test_months_are_archived_verified_brought_back_and_told_of(house: House) -> None:
    month = with_old_months(house)
    assert run(house, "archive").stdout == ""
    assert json.loads(run(house, "archive", "--now", "--json").stdout)["left"] == 1
    while house.audit_chain.backlog()[0]:
        house.seal()
    assert run(house, "archive").stdout == f"{month}  seals 1 to 2, 6 records: in its file only\n"
    said = run(house, "verify", "--archives")
    assert (said.exit_code, said.stdout.splitlines()[:2]) == (0, [
        f"The archive of {month} holds: 6 records.", "6 records up to seal 2 are in archives; what follows hangs on it."])
    told = json.loads(run(house, "verify", "--archives", "--json").stdout)
    assert (told["holds"], told["purged"]["month"], told["purged"]["seal"], told["archives"]) == (True, month, 2, [month])
    file, hashed = house.folder / f"audit-{month}.zip", told["purged"]["hash"]
    assert run(house, "verify", "--file", str(file)).stdout == f"The archive of {month} holds: 6 records under seals 1 to 2.\n"
    assert run(house, "verify", "--file", str(file), "--head", f"2:{hashed}", "--json").exit_code == 0
    for head, why in ((f"2:{'0' * 64}", "not the one that is known"), (f"7:{'0' * 64}", "holds 1 to 2")):
        refused = run(house, "verify", "--file", str(file), "--head", head)
        assert (refused.exit_code, why in refused.stderr) == (1, True)
    assert "is in the archive of a month" in run(house, "verify", "--head", f"1:{'0' * 64}").stderr
    assert run(house, "restore", month, "--purpose", "Thanh tra", "--days", "2").stdout == (
        f"6 records of {month} are in the database for 2 days.\n")
    assert "brought back into the database until 2024-" in run(house, "archive").stdout
    for arguments in (("restore", month, "--purpose", " "), ("restore", month, "--purpose", "x" * 501)):
        assert run(house, *arguments).exit_code == 2
    for arguments in (("restore", month, "--purpose", "again"), ("restore", "2001-01", "--purpose", "x"),
                      ("restore", month, "--purpose", "x", "--days", "0")):
        assert run(house, *arguments).exit_code == 1, arguments


def test_a_tampered_archive_is_exit_status_1(house: House) -> None:
    month = with_old_months(house)
    run(house, "archive", "--now")
    file = house.folder / f"audit-{month}.zip"
    file.write_bytes(file.read_bytes()[:-30])
    for arguments in (("verify", "--archives"), ("verify", "--file", str(file)), ("restore", month, "--purpose", "x")):
        refused = run(house, *arguments)
        assert (refused.exit_code, bool(refused.stderr)) == (1, True), arguments


def test_without_a_folder_it_is_said_that_nothing_is_purged(house: House) -> None:
    house.archived_months.archives._folder = None
    assert "nothing is purged" in run(house, "archive").stdout


def test_a_file_is_deleted_in_the_name_of_two_administrators(house: House) -> None:
    asked: list[tuple[Any, ...]] = []
    house.settings = SimpleNamespace(ldap_mail_domain="haugiang.gov.vn")
    house.administration = SimpleNamespace(officers=SimpleNamespace(acting=lambda login, caller: (login, caller)))
    house.archived_months = SimpleNamespace(
        ask=lambda who, month, purpose, caller: asked.append(("ask", who, month, purpose, caller.source)),
        discard=lambda who, month, caller: asked.append(("discard", who, month, caller.source)))
    said = run(house, "discard", "2024-07", "--by", " PVMinhHoa ", "--purpose", "Hết thời hạn")
    assert (said.exit_code, said.stdout) == (
        0, "Another administrator of the province deletes it within a week: audit discard 2024-07 --by UID\n")
    told = json.loads(run(house, "discard", "2024-07", "--by", "ttvidu", "--json").stdout)
    assert told == {"month": "2024-07", "asked": False, "deleted": True}
    assert asked == [("ask", "pvminhhoa", "2024-07", "Hết thời hạn", "cli"), ("discard", "ttvidu", "2024-07", "cli")]
    assert run(house, "discard", "2024-07").exit_code == 2
