"""One seal by itself: whatever changes in records or seals, the link does not hold."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from idp.audit.seal import Position, StoredRecord, find_break, make_seal
from tests.fakes.seals import MemorySealSigner

SIGNER = MemorySealSigner()
TEXT = st.text(max_size=8)
NUMBER = st.integers(0, 2**40)
RECORD = st.builds(StoredRecord, st.builds(Position, st.integers(1, 3), NUMBER, NUMBER), NUMBER, TEXT, TEXT, TEXT, TEXT, TEXT,
                   TEXT, TEXT)
RECORDS = st.lists(RECORD, min_size=1, max_size=6, unique_by=lambda record: record.position.id).map(
    lambda found: sorted(found, key=lambda record: record.position))


@given(RECORD, RECORD)
def test_different_records_have_different_forms_and_one_line(one: StoredRecord, other: StoredRecord) -> None:
    assert (one == other) == (one.canonical() == other.canonical())
    assert b"\n" not in one.canonical()


@given(RECORDS)
def test_a_link_over_its_own_records_holds(records: list[StoredRecord]) -> None:
    first = make_seal(records, None, chain=7, signer=SIGNER, sealed_at=1)
    assert find_break(first, records, None, chain=7, signer=SIGNER) is None
    second = make_seal(records, first, chain=7, signer=SIGNER, sealed_at=2)
    assert find_break(second, records, first, chain=7, signer=SIGNER) is None


@settings(max_examples=200)
@given(RECORDS, st.data())
def test_security_61_any_change_of_the_records_breaks_it_and_is_named(records: list[StoredRecord], data: st.DataObject) -> None:
    seal = make_seal(records, None, chain=7, signer=SIGNER, sealed_at=1)
    index = data.draw(st.integers(0, len(records) - 1))
    changed, what = list(records), data.draw(st.sampled_from(["change", "delete", "add", "swap"]))
    if what == "delete":
        removed = changed.pop(index)
        expected = ("record_missing", removed.position.id)
    elif what == "add":
        added = data.draw(RECORD.filter(lambda record: all(record.position.id != known.position.id for known in records)))
        changed.insert(index, added)
        expected = ("record_added", added.position.id)
    elif what == "swap":
        changed[0], changed[-1] = changed[-1], changed[0]
        expected = ("record_changed", changed[0].position.id)
    else:
        name = data.draw(st.sampled_from([field.name for field in fields(StoredRecord) if field.name not in ("position", "at")]))
        changed[index] = replace(changed[index], **{name: getattr(changed[index], name) + "x"})
        expected = ("record_changed", changed[index].position.id)
    broken = find_break(seal, changed, None, chain=7, signer=SIGNER)
    if changed == records:
        assert broken is None
    else:
        assert broken is not None
        assert (broken.what, broken.record) == expected


@given(RECORDS)
def test_security_61_a_seal_of_another_chain_place_or_key_does_not_hold(records: list[StoredRecord]) -> None:
    seal = make_seal(records, None, chain=7, signer=SIGNER, sealed_at=1)
    for other in (replace(seal, number=2), replace(seal, sealed_at=2), replace(seal, record_count=99), replace(seal, key_id="x"),
                  replace(seal, previous_hash=b"x" * 32), replace(seal, hash=b"x" * 32), replace(seal, signature=b"x" * 64),
                  replace(seal, last=Position(9, 9, 9))):
        assert find_break(other, records, None, chain=7, signer=SIGNER) is not None
    assert find_break(seal, records, None, chain=8, signer=SIGNER) is not None
    assert find_break(seal, records, seal, chain=7, signer=SIGNER) is not None
    assert find_break(seal, records, None, chain=7, signer=MemorySealSigner()) is not None


@given(RECORDS)
def test_marks_that_were_changed_too_still_leave_the_hash(records: list[StoredRecord]) -> None:
    seal = make_seal(records, None, chain=7, signer=SIGNER, sealed_at=1)
    changed = [replace(records[0], detail="forged"), *records[1:]]
    forged = make_seal(changed, None, chain=7, signer=MemorySealSigner(), sealed_at=1)
    broken = find_break(replace(seal, record_marks=forged.record_marks), changed, None, chain=7, signer=SIGNER)
    assert (broken is None) == (changed == records)
