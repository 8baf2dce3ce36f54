"""Initial access tokens: who may register, and on what terms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.audit import AuditEvent
from idp.errors import RefusedError
from idp.oauth.clients.initial_access import InitialAccess, Terms
from idp.oauth.clients.registration import RegistrationPolicy
from idp.oauth.ports import digest
from idp.oauth.tokens.access_token import TokenRefusedError

from ...contracts.client_records import CALLER
from ...contracts.registrations import STRICT
from ...fakes.audit_trail import FakeAuditTrail
from ...fakes.clock import FakeClock
from ...fakes.registrations import TERMS, FakeInitialAccess


class Desk:
    def __init__(self) -> None:
        self.store, self.audit, self.clock = FakeInitialAccess(), FakeAuditTrail(), FakeClock()
        self.tokens = InitialAccess(self.store, self.audit, self.clock, RegistrationPolicy(),
                                    software_issuers={STRICT.software_issuer})

    def make(self, terms: Terms = TERMS, *, quota: int = 2, seconds: int | None = 60) -> str:
        expires = None if seconds is None else self.clock.now() + seconds
        return self.tokens.create(terms, quota=quota, expires_at=expires, caller=CALLER)[1]

    def refusal(self, value: str) -> TokenRefusedError:
        with pytest.raises(TokenRefusedError) as caught:
            self.tokens.admit(value, CALLER)
        return caught.value


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_rfc7591_s3_a_token_is_256_random_bits_known_as_a_digest_only(desk: Desk) -> None:
    values = {desk.make() for _ in range(20)}
    assert len(values) == 20
    assert all(len(value) == 43 for value in values)
    assert set(desk.store.by_digest) == {digest(value) for value in values}
    assert len({token.token_id for token in desk.tokens.tokens()}) == 20


def test_a_good_token_is_recognised_with_its_terms(desk: Desk) -> None:
    token = desk.tokens.admit(desk.make(STRICT), CALLER)
    assert (token.terms, token.quota, token.used) == (STRICT, 2, 0)
    assert desk.audit.records == []


def test_what_is_made_and_revoked_is_recorded_without_the_value(desk: Desk) -> None:
    value = desk.make()
    token_id = desk.tokens.tokens()[0].token_id
    assert desk.tokens.revoke(token_id, CALLER)
    assert not desk.tokens.revoke(token_id, CALLER)
    made, revoked = desk.store.records
    assert (made.event, made.detail) == (AuditEvent.INITIAL_ACCESS_CREATED, {"id": token_id, "owner": TERMS.owner, "quota": 2})
    assert (revoked.event, revoked.detail, revoked.source) == (AuditEvent.INITIAL_ACCESS_REVOKED, {"id": token_id}, "cli")
    assert value not in repr(desk.store.records)


def test_an_unknown_token_cannot_be_revoked(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="no such initial access token"):
        desk.tokens.revoke("unknown", CALLER)


@pytest.mark.parametrize("reason", ["revoked", "expired", "used_up"])
def test_rfc6750_s3_1_a_token_that_is_good_for_nothing_any_more_is_refused_and_recorded(desk: Desk, reason: str) -> None:
    value = desk.make()
    kept = desk.store.by_digest[digest(value)]
    if reason == "expired":
        desk.clock.advance(60)
    elif reason == "revoked":
        desk.tokens.revoke(kept.token_id, CALLER)
    else:
        desk.store.by_digest[digest(value)] = replace(kept, used=2)
    refused = desk.refusal(value)
    assert (refused.status, refused.code) == (401, "invalid_token")
    record, = desk.audit.records
    assert (record.event, record.detail) == (AuditEvent.INITIAL_ACCESS_REFUSED, {"id": kept.token_id, "reason": reason})
    assert refused.message == desk.refusal("x" * 43).message


def test_strangers_leave_no_record(desk: Desk) -> None:
    for value in ("", "x", "x" * 43, "\udcff"):
        desk.refusal(value)
    assert desk.audit.records == []


def test_a_token_without_expiry_stays(desk: Desk) -> None:
    value = desk.make(seconds=None)
    desk.clock.advance(10**9)
    assert desk.tokens.admit(value, CALLER).expires_at is None


@pytest.mark.parametrize(("members", "word"), [
    ({"owner": ""}, "owner"), ({"owner": " "}, "owner"), ({"owner": "x" * 201}, "owner"),
    ({"scope": frozenset({"admin"})}, "scope"),
    ({"grant_types": ("password",)}, "grant_types"), ({"grant_types": ()}, "grant_types"),
    ({"grant_types": ("refresh_token",)}, "refresh_token"), ({"required_acr": "urn:haugiang:acr:9"}, "required_acr"),
    ({"allowed_groups": ("a\nb",)}, "allowed_groups"), ({"consent": "never"}, "consent"),
    ({"software_issuer": "https://unknown.example"}, "software_issuer"),
])
def test_terms_are_judged_by_the_rules_for_registrations(desk: Desk, members: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        desk.make(replace(TERMS, **members))
    assert desk.store.by_digest == {}


def test_quota_and_expiry_have_sense(desk: Desk) -> None:
    for quota in (0, -1, 10_001):
        with pytest.raises(RefusedError, match="quota"):
            desk.make(quota=quota)
    for seconds in (0, -60):
        with pytest.raises(RefusedError, match="expires"):
            desk.make(seconds=seconds)


def test_security_5_public_applications_use_pkce_whatever_the_terms_say() -> None:
    lax = replace(TERMS, require_pkce=False)
    assert lax.province(public=False)["require_pkce"] is False
    assert lax.province(public=True)["require_pkce"] is True
    assert TERMS.province(public=False)["require_pkce"] is True


def test_terms_come_back_as_they_were_stored() -> None:
    for terms in (TERMS, STRICT):
        assert Terms.from_json(terms.to_json()) == terms
