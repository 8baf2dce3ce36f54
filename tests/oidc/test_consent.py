"""OpenID Connect Core §3.1.2.4 on both databases: what was agreed is remembered, and withdrawn with all that hangs on it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.tables import AuditRow, GrantRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.oidc.consent import Consents
from tests.fakes.clock import FakeClock

CALLER = Caller("192.0.2.1", "request-1")


@pytest.fixture
def consents(database: Database) -> Consents:
    return Consents(SqlConsents(database), SqlAuditTrail(database), FakeClock())


def test_a_consent_covers_what_was_agreed_and_not_more(consents: Consents) -> None:
    assert not consents.covers("u", "app", ["openid"])
    consents.give("u", "app", ["openid", "profile"], CALLER)
    assert consents.covers("u", "app", ["profile"])
    assert consents.covers("u", "app", ["openid", "profile"])
    assert not consents.covers("u", "app", ["openid", "email"])
    assert not consents.covers("u", "other", ["openid"])
    assert not consents.covers("v", "app", ["openid"])


def test_a_later_consent_adds_to_the_earlier_one(consents: Consents) -> None:
    consents.give("u", "app", ["openid", "profile"], CALLER)
    consents.give("u", "app", ["openid", "email"], CALLER)
    assert consents.covers("u", "app", ["openid", "profile", "email"])


def test_core_s5_5_what_is_asked_for_by_name_is_agreed_to_by_name(consents: Consents) -> None:
    consents.give("u", "app", ["openid", "profile"], CALLER, claims=["email"])
    assert consents.covers("u", "app", ["openid"], ["email"])
    assert consents.covers("u", "app", ["openid"], ["email", "name"])  # a scope that was agreed to covers its claims
    assert not consents.covers("u", "app", ["openid"], ["email_verified"])
    assert not consents.covers("u", "app", ["openid", "email"])  # and a claim does not cover its scope
    consents.give("u", "app", ["openid"], CALLER, claims=["phone_number"])
    assert consents.covers("u", "app", ["openid", "profile"], ["email", "phone_number"])


def test_claims_agreed_to_by_name_are_recorded(consents: Consents, database: Database) -> None:
    consents.give("u", "app", ["openid"], CALLER, claims=["name", "email"])
    consents.refuse("u", "app", ["openid"], CALLER, claims=["name"])
    details = [json.loads(row.detail) for row in database.read(select(AuditRow.detail).order_by(AuditRow.id)).all()]
    assert details == [{"scope": "openid", "claims": "email name"}, {"scope": "openid", "claims": "name"}]


def test_giving_is_recorded_with_its_scope(consents: Consents, database: Database) -> None:
    consents.give("u", "app", ["profile", "openid"], CALLER, sid="s")
    (record,) = database.read(select(AuditRow.__table__)).all()
    assert (record.event, record.sub, record.client_id, record.sid) == ("consent.given", "u", "app", "s")
    assert json.loads(record.detail) == {"scope": "openid profile"}


def test_withdrawing_revokes_the_grants_once(consents: Consents, database: Database) -> None:
    consents.give("u", "app", ["openid"], CALLER)
    for number, client_id in enumerate(["app", "other"]):
        database.write(insert_row(GrantRow)).run(
            grant_id=f"g{number}", client_id=client_id, sub="u", sid="s", scope="openid", offline=True, auth_time=1, acr=1,
            amr="pwd", nonce="", created_at=1, expires_at=9, revoked_at=None, revoke_reason="", details="")
    assert consents.withdraw("u", "app", CALLER)
    assert not consents.withdraw("u", "app", CALLER)
    assert not consents.covers("u", "app", ["openid"])
    grants = database.read(select(GrantRow.client_id, GrantRow.revoked_at)).all()
    assert {row.client_id: row.revoked_at is not None for row in grants} == {"app": True, "other": False}
    events = [row.event for row in database.read(select(AuditRow.event).order_by(AuditRow.id)).all()]
    assert events == ["consent.given", "consent.withdrawn"]
    consents.give("u", "app", ["openid"], CALLER)
    assert consents.covers("u", "app", ["openid"])


def test_a_refusal_is_recorded_and_nothing_is_remembered(consents: Consents, database: Database) -> None:
    consents.refuse("u", "app", ["openid"], CALLER, sid="s")
    (record,) = database.read(select(AuditRow.__table__)).all()
    assert (record.event, record.sub, record.client_id, record.sid) == ("consent.refused", "u", "app", "s")
    assert not consents.covers("u", "app", ["openid"])


def test_what_applications_have_is_what_was_agreed_to_and_what_stands(consents: Consents, database: Database) -> None:
    def grant(grant_id: str, client_id: str, **more: Any) -> None:
        database.write(insert_row(GrantRow)).run(**{
            "grant_id": grant_id, "client_id": client_id, "sub": "u", "sid": "s", "scope": "openid", "offline": True,
            "auth_time": 1, "acr": 1, "amr": "pwd", "nonce": "", "created_at": 5, "expires_at": now + 9, "revoked_at": None,
            "revoke_reason": "", "details": "", **more})

    now = FakeClock().now()
    consents.give("u", "asked", ["openid", "profile"], CALLER, claims=["email"])
    consents.give("v", "others", ["openid"], CALLER)
    grant("a", "asked", scope="openid offline_access", created_at=7)
    grant("b", "implied", scope="openid", created_at=8)
    grant("c", "implied", scope="unit", created_at=6)
    grant("d", "revoked", revoked_at=1)
    grant("e", "expired", expires_at=now)
    grant("f", "session-over", offline=False)
    found = {one.client_id: one for one in consents.accesses("u")}
    assert list(found) == ["implied", "asked"], "the last used first; no session stands, so one that needs it has nothing"
    assert (found["asked"].scope, found["asked"].claims) == ({"openid", "profile", "offline_access"}, {"email"})
    assert (found["asked"].agreed_at, found["asked"].last_at, found["asked"].offline) == (now, 7, True)
    assert (found["implied"].scope, found["implied"].agreed_at, found["implied"].last_at) == ({"openid", "unit"}, None, 8)
    assert consents.withdraw("u", "implied", CALLER)
    assert not consents.withdraw("u", "implied", CALLER)
    assert not consents.withdraw("u", "others", CALLER)
    assert [one.client_id for one in consents.accesses("u")] == ["asked"]
    assert [one.client_id for one in consents.accesses("v")] == ["others"]
