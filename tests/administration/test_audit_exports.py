"""Exports of the trail: who may, what is recorded before and after, what an inspector can check, and how much memory it takes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from idp.adapters.seal_files import Es256SealSigner
from idp.administration.audit.exports import AuditExports
from idp.audit import AuditEvent, Caller
from idp.audit.seal import Position, StoredRecord
from idp.audit.search import Place, Wanted
from idp.errors import RefusedError, UnavailableError
from idp.roles import Administrator, ForbiddenError, Role
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import FakeClock

AUDITOR = Administrator(role=Role.AUDITOR, client_id="console", sub="k" * 22, read_only=True)
CALLER = Caller("192.0.2.1", "request-1", officer="k" * 22, client_id="console")
BODY = {"purpose": "Thanh tra theo kế hoạch", "legal_basis": "QĐ 12/QĐ-TTr ngày 20/11/2026", "since": 0, "before": 2**40}


class Trail:
    """So many records, the newest first, without holding them."""

    def __init__(self, count: int, detail: str = '{"acr":2}') -> None:
        self.count, self.detail = count, detail
        self.asked: list[Wanted] = []

    def page(self, wanted: Wanted, *, before: Place | None, limit: int) -> tuple[list[StoredRecord], Place | None]:
        self.asked.append(wanted)
        top = self.count if before is None else before.id - 1
        page = [StoredRecord(Position(1, 0, n), n, "sign_in", f"s{n}", "qlvb", "", "=cmd", "r", self.detail)
                for n in range(top, max(0, top - limit), -1)]
        return page, Place(page[-1].at, page[-1].position.id) if page and page[-1].position.id > 1 else None

    def find(self, record_id: int) -> StoredRecord | None:
        raise AssertionError(record_id)


class NoSeals:
    def last_seal(self) -> None:
        return None


def room(trail: Trail, told: Any = None) -> tuple[AuditExports, Any]:
    told = told or FakeAuditTrail()
    store: Any = NoSeals()
    archives: Any = SimpleNamespace(absent=lambda start, end: ["2026-05"] if start < 1_780_000_000 < end else [])
    signer = Es256SealSigner(ec.generate_private_key(ec.SECP256R1()), Path("/nonexistent"))
    return AuditExports(trail, store, signer, archives, told, FakeClock()), told


def archive(exports: AuditExports, **more: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(exports.begin(AUDITOR, BODY | more, CALLER).chunks)))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_every_record_is_in_the_file_and_the_manifest_says_what_it_is(form: str) -> None:
    exports, told = room(Trail(2500))
    found = archive(exports, form=form, keep_days=7, event="sign_in")
    content = found.read(f"records.{form}")
    manifest = json.loads(found.read("manifest.json"))
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert {row["source"] for row in rows} == {"'=cmd"}, "no spreadsheet computes it"
    else:
        rows = [json.loads(line) for line in content.splitlines()]
    assert [int(row["id"]) for row in rows] == list(range(2500, 0, -1))
    assert (manifest["records"], manifest["sha256"]) == (2500, hashlib.sha256(content).hexdigest())
    assert (manifest["purpose"], manifest["by"], manifest["narrowed"]) == (BODY["purpose"], AUDITOR.sub, {"event": "sign_in"})
    assert manifest["keep_until"] == FakeClock().now() + 7 * 86400
    before, after = (dict(record.detail) for record in told.records)
    assert (before["purpose"], before["legal_basis"], before["by_officer"]) == (
        BODY["purpose"], BODY["legal_basis"], AUDITOR.sub)
    assert (after["rows"], after["sha256"], after["export"]) == (2500, manifest["sha256"], before["export"])


def test_an_inspector_checks_the_manifest_with_openssl_and_a_changed_one_does_not_fit(tmp_path: Path) -> None:
    archive(room(Trail(3))[0]).extractall(tmp_path)

    def holds() -> bool:
        return subprocess.run(["openssl", "dgst", "-sha256", "-verify", "seal-key.pem", "-signature", "manifest.sig",
                               "manifest.json"], cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert holds()
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"records": 3', b'"records": 2'))
    assert not holds()


def test_security_62_what_cannot_be_recorded_is_not_given() -> None:
    class Broken(FakeAuditTrail):
        def record(self, record: Any) -> None:
            raise UnavailableError("no", dependency="database")

    trail = Trail(3)
    with pytest.raises(UnavailableError):
        room(trail, Broken())[0].begin(AUDITOR, BODY, CALLER)
    assert trail.asked == []


def test_it_is_recorded_before_the_first_byte_and_one_cut_short_is_no_archive() -> None:
    exports, told = room(Trail(5000))
    chunks = exports.begin(AUDITOR, BODY, CALLER).chunks
    assert [record.event for record in told.records] == [AuditEvent.AUDIT_EXPORTED]
    first = b"".join(next(chunks) for _ in range(3))
    assert not zipfile.is_zipfile(io.BytesIO(first))
    assert len(told.records) == 1


@pytest.mark.parametrize("who", [
    Administrator(role=Role.AGENCY, client_id="console", sub="a", unit="H30.11"), Administrator(role=Role.MACHINE, client_id="m"),
    Administrator(role=Role.HELP_DESK, client_id="console", sub="h", unit="H30.11"),
    Administrator(role=Role.PROVINCE, client_id="b")])
def test_security_38_only_people_of_the_province_and_auditors_export(who: Administrator) -> None:
    exports, told = room(Trail(1))
    with pytest.raises(ForbiddenError):
        exports.begin(who, BODY, CALLER)
    assert told.records == []


@pytest.mark.parametrize("wrong", [
    {"purpose": " "}, {"purpose": "x" * 501}, {"purpose": 7}, {"legal_basis": ""}, {"legal_basis": "a\x07"}, {"keep_days": 0},
    {"keep_days": 366}, {"keep_days": True}, {"form": "pdf"}, {"since": 5, "before": 5}, {"since": "0"}, {"event": "nothing"},
    {"sub": ["a"]}, {"source": "a\nb"}, {"what": 1}])
def test_what_is_missing_or_wrong_is_said_and_nothing_is_recorded(wrong: dict[str, Any]) -> None:
    exports, told = room(Trail(1))
    with pytest.raises(RefusedError) as refused:
        exports.begin(AUDITOR, BODY | wrong, CALLER)
    assert (refused.value.status, refused.value.code, told.records) == (422, "invalid_body", [])


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    exports, _told = room(Trail(40_000, detail='{"x":"' + "y" * 300 + '"}'))
    tracemalloc.start()
    size = sum(map(len, exports.begin(AUDITOR, BODY | {"form": "jsonl"}, CALLER).chunks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 100_000
    assert peak < 8 * 2**20, "20 MB of lines"
