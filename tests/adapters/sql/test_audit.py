"""Audit rows: written with their act, whatever characters they carry."""

from __future__ import annotations

import json

from sqlalchemy import delete, select

from idp.adapters.sql.audit import audit_insert, audit_values
from idp.adapters.sql.database import Database, insert_row, parameter
from idp.adapters.sql.tables import AuditRow, VersionRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import AuditEvent, AuditRecord


def rows(database: Database) -> list:
    return database.read(select(AuditRow.__table__).order_by(AuditRow.id)).all()


def test_a_record_is_written_with_every_column(database: Database) -> None:
    SqlAuditTrail(database).record(AuditRecord(
        AuditEvent.SIGN_IN, 1_700_000_000, sub="s", client_id="qlvb", sid="sid", source="10.0.0.1", request_id="r",
        detail={"level": 2, "amr": "pwd otp"}))
    row, = rows(database)
    assert (row.event, row.at, row.sub, row.client_id, row.sid, row.source, row.request_id, row.epoch) == (
        "sign_in", 1_700_000_000, "s", "qlvb", "sid", "10.0.0.1", "r", 1)
    assert json.loads(row.detail) == {"level": 2, "amr": "pwd otp"}
    assert int(row.xact) >= 0


def test_a_guarded_act_that_loses_writes_no_record(database: Database) -> None:
    guard = delete(VersionRow).where(VersionRow.name == parameter(VersionRow.__table__.c.name)).returning(VersionRow.value)
    act = database.write(audit_insert(), audit_insert("second_"), guard=guard)
    first = AuditRecord(AuditEvent.CONSENT_GIVEN, 1)
    second = AuditRecord(AuditEvent.SESSION_ENDED, 1)
    values = audit_values(first) | audit_values(second, "second_")
    assert act.run(name="there", **values) is None
    assert rows(database) == []
    database.write(insert_row(VersionRow)).run(name="there", value=1)
    assert act.run(name="there", **values) == (1,)
    assert {row.event for row in rows(database)} == {"consent.given", "session.ended"}


TEXTS = ["dòng\nhai", "a\x00b", "\udc80 lone", "x" * 900, "a\u2028b\x85c", "đ" * 300]


def test_security_61_no_text_breaks_the_line_or_the_write(database: Database) -> None:
    trail = SqlAuditTrail(database)
    for text in TEXTS:
        trail.record(AuditRecord(AuditEvent.SIGN_IN_REFUSED, 1, sub=text, client_id=text, sid=text, source=text,
                                 request_id=text, detail={"login_name": text}))
    for text, row in zip(TEXTS, rows(database), strict=True):
        for value in row:
            assert not isinstance(value, str) or (value.splitlines() or [""])[0] == value.rstrip("\n")
            assert "\x00" not in str(value)
        assert json.loads(row.detail)["login_name"] == text
