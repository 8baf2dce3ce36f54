"""Officers written by the page: the same rows, records and changes as one by one, all or none, and nobody's change lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.tables import AuditRow, OfficerChangeRow, OfficerRow
from idp.directory.officer import Address, Officer, Post
from tests.fakes.directory import make_officer

GROUPS: Any = st.sampled_from([(), ("can-bo",), ("can-bo", "lanhdao")])
POSTS: Any = st.sampled_from([(), (Post("H30.1", "", "Sở A", "Trưởng phòng"),),
                              (Post("H30.2", "", "Sở \"B\"", "", 1_900_000_000),)])


@st.composite
def sightings(draw: st.DrawFn) -> Officer | int:
    """Give an officer as seen, or the number of one who is no longer there."""
    number = draw(st.integers(1, 6))
    if draw(st.integers(0, 4)) == 0:
        return number
    return make_officer(f"o{number}", draw(st.sampled_from(["Nguyễn Văn Mẫu", "Đỗ\tThị '\\Ý"])), number=number,
                        disabled=draw(st.booleans()), groups=draw(GROUPS), posts=draw(POSTS),
                        address=draw(st.sampled_from([Address(), Address("1 phố A", "Vị Thanh")])))


def rounds() -> Any:
    """Give pages one after the other; on each an officer stands once."""
    return st.lists(st.lists(sightings(), max_size=6, unique_by=_number), max_size=6)


def _number(sighting: Officer | int) -> int:
    return sighting if isinstance(sighting, int) else int(sighting.entry_uuid[-4:])


def _uuid(number: int) -> str:
    return make_officer("x", number=number).entry_uuid


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=rounds())
def test_a_page_writes_what_one_by_one_writes(database: Database, pages: list[list[Officer | int]]) -> None:
    mirror = SqlOfficers(database)
    kept = []
    for by_page in (False, True):
        _empty(database)
        for now, page in enumerate(pages, 1):
            seen: dict[str, Officer] = {one.entry_uuid: one for one in page if isinstance(one, Officer)}
            left = [_uuid(one) for one in page if isinstance(one, int)]
            if by_page:
                mirror.ledger.note_page(list(seen.values()), now=now, find=seen.get, source="s", request_id="r")
                mirror.ledger.remove_page(left, now=now, find=seen.get, source="s", request_id="r")
            else:
                for officer in sorted(seen.values(), key=lambda one: one.entry_uuid):
                    mirror.ledger.note(officer, now=now, look=lambda: officer, source="s", request_id="r", durable=False)  # noqa: B023
                for entry_uuid in sorted(left):
                    mirror.ledger.remove(entry_uuid, now=now, look=lambda: None, source="s", request_id="r", durable=False)
        kept.append(_everything(database))
    assert kept[0] == kept[1]


def _everything(database: Database) -> dict[str, list[Any]]:
    """Give all that was written, with the subjects, which are drawn by lot, replaced by who has them."""
    officers = database.read(select(OfficerRow.__table__).order_by(OfficerRow.entry_uuid)).all()
    names = {row.sub: row.entry_uuid for row in officers}

    def plain(rows: list[Any]) -> list[Any]:
        return sorted([{name: _renamed(value, names) for name, value in row._asdict().items() if name not in {"id", "xact"}}
                       for row in rows], key=repr)

    changes = database.read(select(OfficerChangeRow.__table__)).all()
    records = database.read(select(AuditRow.__table__)).all()
    assert len(records) == len(changes)
    return {"officers": plain(officers), "changes": plain(changes), "records": plain(records)}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    for sub, entry_uuid in names.items():
        value = value.replace(sub, entry_uuid) if isinstance(value, str) else value
    return value


def _empty(database: Database) -> None:
    with database.durable.connect() as connection:
        for table in ("audit", "officer_change", "officer"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_who_was_written_meanwhile_is_looked_at_again_and_the_rest_is_not(database: Database) -> None:
    """A sign-in writes while the page asks the directory; its newer facts stay."""
    mirror = SqlOfficers(database)
    people = {f"{n}": make_officer(f"o{n}", number=n + 1) for n in range(5)}
    mirror.ledger.note_page(list(people.values()), now=1, find=lambda _: None)
    heard = {name: replace(one, phone="+842930000077") for name, one in people.items()}
    newest = replace(people["3"], phone="+842930000009")
    asked: list[str] = []

    def find(entry_uuid: str) -> Officer | None:
        asked.append(entry_uuid)
        if entry_uuid == newest.entry_uuid:
            mirror.ledger.note(newest, now=2, look=lambda: newest)
            return newest
        return next(one for one in heard.values() if one.entry_uuid == entry_uuid)

    changes = mirror.ledger.note_page(list(heard.values()), now=3, find=find)
    assert sorted(change.after.officer.uid for change in changes if change.after) == ["o0", "o1", "o2", "o4"]
    known = mirror.by_uid("o3")
    assert known is not None
    assert known.officer.phone == newest.phone
    assert len(asked) == 6  # five, and the one that was written meanwhile once more
    assert len(mirror.ledger.pending(after=0, limit=100)) == 5 + 4 + 1


def test_a_page_that_cannot_be_written_whole_writes_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = SqlOfficers(database)
    page = [make_officer(f"o{n}", number=n + 1) for n in range(5)]
    monkeypatch.setattr("idp.adapters.sql.directory.ledger.secrets.token_urlsafe", lambda _: "the same for everybody")
    with pytest.raises(Exception, match=r"(?i)unique"):
        mirror.ledger.note_page(page, now=1, find=lambda _: None)
    assert mirror.ledger.known([one.entry_uuid for one in page]) == {}
    assert mirror.ledger.pending(after=0, limit=10) == []
    monkeypatch.undo()
    assert len(mirror.ledger.note_page(page, now=1, find=lambda _: None)) == 5


def test_of_pages_that_meet_each_change_is_written_once(database: Database) -> None:
    """Two hundred officers, eight writers, half of them from the end: no deadlock, no change twice."""
    mirror = SqlOfficers(database)
    joining = [make_officer(f"o{n}", number=n + 1) for n in range(200)]
    start = threading.Barrier(8)

    def write(number: int, page: list[Officer]) -> int:
        facts = {one.entry_uuid: one for one in page}
        start.wait()
        return len(mirror.ledger.note_page(page[::-1] if number % 2 else page, now=number, find=facts.get))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8), [joining] * 8)) == 200
        moved = [replace(one, posts=(Post("H30.77", "", "Sở Mới", ""),)) for one in joining]
        assert sum(pool.map(write, range(8), [moved] * 8)) == 200
    assert len(mirror.ledger.pending(after=0, limit=1000)) == 400
