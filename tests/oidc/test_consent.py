"""OpenID Connect Core §3.1.2.4 on both databases: what was agreed is remembered, and withdrawn with all that hangs on it."""

from __future__ import annotations

import json

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
