"""What is due for deletion: the province is told once, and two persons have it deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from idp.administration.audit.archived import WAITS_SECONDS, ArchivedMonths
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.audit.archive.month import PURGED, Kept, Month, later, start_of
from idp.audit.seal import Position
from idp.errors import RefusedError
from idp.notices import Notice, NoticeKind
from idp.roles import Administrator, ForbiddenError, Role
from tests.fakes.clock import FakeClock

CLI = Caller("cli", "r")
ONE, TWO = "a" * 22, "b" * 22


class Rooms:
    """Archives and people that live in the test."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.kept = [Kept(month=Month(month="2023-01", chain=1, first=1, last=2, place=Position(1, 0, 9), previous_hash=b"",
                                      hash=b"", records=9, sha256="ab", archived_at=1), signature=b"", key_id="", state=PURGED)]
        self.records: list[AuditRecord] = []
        self.told: list[Notice] = []
        self.deleted: list[str] = []
        self.people = {ONE: province(ONE), TWO: province(TWO)}
        room: Any = SimpleNamespace(
            due=lambda: self.kept, due_at=lambda month: start_of(later(month, 25)), months=lambda: self.kept, told=self._told,
            ask_discard=self._ask, discard=lambda month, record: (self.records.append(record), self.deleted.append(month)))
        people: Any = SimpleNamespace(of_the_province=lambda: [self.people[ONE], self.people[TWO]])
        mirror: Any = SimpleNamespace(by_sub=lambda sub: sub)
        groups: Any = SimpleNamespace(administrator=lambda officer, client_id, read_only: self.people.get(officer))
        notices: Any = SimpleNamespace(tell_once=self.told.append)
        self.room = ArchivedMonths(room, people, mirror, notices, groups, self.clock)

    def _told(self, month: str) -> None:
        self._change(told_at=self.clock.now())

    def _ask(self, month: str, *, purpose: str, by: str, record: AuditRecord) -> None:
        self.records.append(record)
        self._change(asked_by=by, asked_at=self.clock.now(), purpose=purpose)

    def _change(self, **members: Any) -> None:
        (one,) = self.kept
        self.kept = [replace(one, **members)]


def province(sub: str, **members: Any) -> Administrator:
    return Administrator(**{"role": Role.PROVINCE, "client_id": "operator", "sub": sub, **members})


def test_issue_7_the_province_is_told_once_of_what_is_due() -> None:
    rooms = Rooms()
    assert (rooms.room.tell(CLI), rooms.room.tell(CLI)) == (1, 0)
    assert [(one.kind, one.sub, one.at, dict(one.detail)) for one in rooms.told] == [
        (NoticeKind.AUDIT_ARCHIVE_DUE, sub, start_of("2025-02"), {"month": "01/2023"}) for sub in (ONE, TWO)]


def test_issue_7_one_asks_and_says_why_and_another_has_it_deleted() -> None:
    rooms = Rooms()
    with pytest.raises(RefusedError, match="Nobody has asked"):
        rooms.room.discard(rooms.people[TWO], "2023-01", CLI)
    rooms.room.ask(rooms.people[ONE], "2023-01", "  hết thời hạn\n lưu giữ ", CLI)
    with pytest.raises(RefusedError) as refused:
        rooms.room.discard(rooms.people[ONE], "2023-01", CLI)
    assert (refused.value.code, rooms.deleted) == ("same_person", [])
    rooms.room.discard(rooms.people[TWO], "2023-01", CLI)
    assert rooms.deleted == ["2023-01"]
    asked, done = rooms.records
    assert (asked.event, asked.sub, asked.detail["purpose"]) == (AuditEvent.AUDIT_DISCARD_ASKED, ONE, "hết thời hạn lưu giữ")
    assert (done.event, done.sub, json.loads(done.detail_json())) == (AuditEvent.AUDIT_DISCARDED, TWO, {
        "month": "2023-01", "purpose": "hết thời hạn lưu giữ", "asked_by": ONE, "records": 9, "sha256": "ab"})


@pytest.mark.parametrize("second", [
    province(TWO, deputy_for=ONE), province(TWO, named_by=ONE)], ids=["their deputy", "named by them"])
def test_of_one_side_nobody_is_the_second(second: Administrator) -> None:
    rooms = Rooms()
    rooms.room.ask(rooms.people[ONE], "2023-01", "why", CLI)
    with pytest.raises(RefusedError) as refused:
        rooms.room.discard(second, "2023-01", CLI)
    assert (refused.value.code, rooms.deleted) == ("same_person", [])


def test_what_was_asked_waits_a_week_and_who_asked_must_still_be_one() -> None:
    rooms = Rooms()
    rooms.room.ask(rooms.people[ONE], "2023-01", "why", CLI)
    rooms.clock.advance(WAITS_SECONDS)
    with pytest.raises(RefusedError, match="within a week"):
        rooms.room.discard(rooms.people[TWO], "2023-01", CLI)
    rooms.room.ask(rooms.people[ONE], "2023-01", "why", CLI)
    for gone in (None, Administrator(role=Role.AGENCY, client_id="", sub=ONE, unit="H30.1")):
        rooms.people[ONE] = gone  # type: ignore[assignment]
        with pytest.raises(RefusedError) as refused:
            rooms.room.discard(rooms.people[TWO], "2023-01", CLI)
        assert refused.value.code == "asker_gone"
    assert rooms.deleted == []


@pytest.mark.parametrize("who", [
    Administrator(role=role, client_id="c", sub=ONE, unit="H30.1") for role in Role if role is not Role.PROVINCE]
    + [province(""), province(ONE, read_only=True)])
def test_security_38_nobody_else_decides(who: Administrator) -> None:
    rooms = Rooms()
    rooms._change(asked_by=TWO, asked_at=rooms.clock.now(), purpose="why")
    with pytest.raises(ForbiddenError):
        rooms.room.ask(who, "2023-01", "why", CLI)
    with pytest.raises(ForbiddenError):
        rooms.room.discard(who, "2023-01", CLI)
    assert (rooms.records, rooms.deleted) == ([], [])


@pytest.mark.parametrize("purpose", ["", "  \n", "x" * 501, "a\x00b"])
def test_without_a_purpose_nothing_is_asked(purpose: str) -> None:
    rooms = Rooms()
    with pytest.raises(RefusedError) as refused:
        rooms.room.ask(rooms.people[ONE], "2023-01", purpose, CLI)
    assert (refused.value.code, rooms.records) == ("invalid_purpose", [])
