"""The chain in parts: one record under its seal, and stretches that lead back to the beginning."""

from __future__ import annotations

from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.audit import inspection
from idp.audit.inspection import Inspection, Standing
from tests.audit_desk import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    desk.write(30)
    desk.seal()
    return desk


def look(desk: Desk) -> Inspection:
    return Inspection(desk.store, desk.signer, desk.chain)


def test_each_record_stands_under_the_seal_that_covers_it(desk: Desk) -> None:
    numbers = [look(desk).record(record) for record in desk.records()]
    assert [(one.seal.number if one.seal else 0, one.broken) for one in numbers] == [(1 + n // 7, None) for n in range(30)]
    desk.write(1)
    assert look(desk).record(desk.records()[-1]) == Standing(), "it waits for its seal"


@pytest.mark.parametrize("sql", [
    "UPDATE audit SET source = '203.0.113.9' WHERE id = :id", "DELETE FROM audit WHERE id = :id",
    "UPDATE audit_seal SET hash = previous_hash WHERE number = 2", "DELETE FROM audit_seal WHERE number = 1"])
def test_security_61_a_record_whose_neighbour_or_seal_was_touched_does_not_stand(desk: Desk, sql: str) -> None:
    record = desk.records()[8]
    desk.tamper(sql, **({"id": desk.ids()[9]} if ":id" in sql else {}))
    assert look(desk).record(record).broken is not None
    assert look(desk).stretch().broken is not None


def test_a_signature_of_another_key_does_not_stand(desk: Desk) -> None:
    from tests.fakes.seals import MemorySealSigner

    found = Inspection(desk.store, MemorySealSigner(), desk.chain).stretch()
    assert found.broken is not None
    assert (found.broken.what, found.records, found.next) == ("signature_invalid", 0, 0)


def test_stretches_lead_back_to_the_first_seal_and_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound, stretches in ((("SEALS", 2), [(5, 4), (3, 2), (1, 1)]), (("RECORDS", 3), [(5, 4), (3, 3), (2, 2), (1, 1)])):
        with monkeypatch.context() as patched:
            patched.setattr(inspection, *bound)
            seen: list[Any] = []
            upto = None
            while True:
                found = look(desk).stretch(upto)
                assert found.broken is None
                seen.append(found)
                if not found.next:
                    break
                upto = found.next
        assert [(one.newest, one.oldest) for one in seen] == stretches
        assert sum(one.records for one in seen) == 30
    assert look(desk).stretch(99).newest == 5


def test_without_seals_there_is_nothing_to_check(database: Database) -> None:
    assert look(Desk(database)).stretch().newest == 0
