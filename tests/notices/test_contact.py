"""The old contact is told when the directory has another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.outbox import SqlMail
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.mirror import MirroredOfficer, Status
from idp.directory.officer import Officer
from idp.notices import NoticeKind, Notices
from idp.notices.contact import ContactChanges
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

NOW = FakeClock().now()
BEFORE = replace(make_officer("canbo"), mail="cu@haugiang.gov.vn", phone="+84912345678")


def change(after: Officer, status: Status = "active", before: Officer | None = BEFORE) -> OfficerChange:
    return OfficerChange(ChangeKind.CHANGED, "sub-1", before and MirroredOfficer("sub-1", before, "active"),
                         MirroredOfficer("sub-1", after, status), NOW)


@pytest.mark.parametrize(("after", "told"), [
    ({"mail": "moi@haugiang.gov.vn"}, [NoticeKind.MAIL_CHANGED]), ({"mail": ""}, [NoticeKind.MAIL_CHANGED]),
    ({"phone": "+84999999999"}, [NoticeKind.PHONE_CHANGED]), ({"phone": ""}, [NoticeKind.PHONE_CHANGED]),
    ({"mail": "moi@haugiang.gov.vn", "phone": "+84999999999"}, [NoticeKind.PHONE_CHANGED, NoticeKind.MAIL_CHANGED]),
    ({"mail": "CU@haugiang.gov.vn"}, []), ({"name": "Khác"}, []), ({}, [])])
def test_security_34_the_old_address_is_told_once(database: Database, after: dict[str, str], told: list[NoticeKind]) -> None:
    store = SqlNotices(database)
    consequences = ContactChanges(Notices(store, FakeClock()))
    for _ in range(2):  # reported again after a crash
        consequences.of(change(replace(BEFORE, **after)))  # type: ignore[arg-type]
    assert [notice.kind for notice in store.of("sub-1", limit=9)] == told
    mails = SqlMail(database).claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=9, limit=9)
    assert [mail.address for mail in mails] == ["cu@haugiang.gov.vn"] * len(told)


def test_somebody_who_joins_or_is_no_longer_active_is_not_told(database: Database) -> None:
    store = SqlNotices(database)
    consequences = ContactChanges(Notices(store, FakeClock()))
    moved = replace(BEFORE, mail="moi@haugiang.gov.vn")
    consequences.of(change(moved, before=None))
    consequences.of(change(moved, "disabled"))
    consequences.of(replace(change(moved), after=None))
    consequences.of(change(moved, before=replace(BEFORE, mail="", phone=moved.phone)))
    assert store.of("sub-1", limit=9) == []
