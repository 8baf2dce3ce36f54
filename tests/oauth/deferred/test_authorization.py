"""What the token endpoint says of an authorization that is waited for (RFC 8628 §3.5, CIBA §11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authn.assurance import AssurancePolicy
from idp.oauth.client import Client
from idp.oauth.deferred.authorization import TOLERANCE_SECONDS, Deferred, Kind, State, fault_of, is_too_early
from idp.oauth.grant import Grant, Standing

NOW = 1_000
CLIENT = Client(client_id="may-in", client_name="Máy in")
STANDING = Standing("active", session_ended=False, session_last_seen_at=NOW, session_expires_at=NOW + 3600)
GRANT = Grant("g", "may-in", "sub-1", "sid-1", "openid", False, NOW, 1, ("pwd",), "", NOW, NOW + 3600, None, STANDING)
PENDING = Deferred(b"d" * 32, Kind.DEVICE, "may-in", "{}", NOW, NOW + 600, 5)
BY_NAME = replace(PENDING, sub="sub-1", asked_status="active")
APPROVED = replace(PENDING, state=State.APPROVED, grant=GRANT)


def fault(deferred: Deferred, **changes: Any) -> str:
    facts = {"kind": Kind.DEVICE, "assurance": AssurancePolicy("urn:x:"), "now": NOW, "idle_limit_seconds": 3600} | changes
    return fault_of(deferred, changes.pop("client", CLIENT), **{k: v for k, v in facts.items() if k != "client"})


@pytest.mark.parametrize(("deferred", "expected"), [
    (PENDING, "authorization_pending"),
    (BY_NAME, "authorization_pending"),
    (replace(BY_NAME, asked_ends_at=NOW + 1), "authorization_pending"),
    (replace(BY_NAME, asked_ends_at=NOW), "access_denied"),
    (replace(BY_NAME, asked_status="disabled"), "access_denied"),
    (replace(BY_NAME, asked_status="gone"), "access_denied"),
    (replace(BY_NAME, asked_status=""), "access_denied"),
    (APPROVED, ""),
    (replace(PENDING, state=State.DENIED), "access_denied"),
    (replace(APPROVED, state=State.USED), "invalid_grant"),
    (replace(APPROVED, grant=None), "access_denied"),
    (replace(APPROVED, grant=replace(GRANT, revoked_at=NOW)), "invalid_grant"),
    (replace(APPROVED, grant=replace(GRANT, standing=replace(STANDING, officer_status="disabled"))), "invalid_grant"),
    (replace(APPROVED, grant=replace(GRANT, standing=replace(STANDING, session_ended=True))), "invalid_grant"),
    (replace(APPROVED, grant=replace(GRANT, offline=True, standing=replace(STANDING, session_ended=True))), ""),
])
def test_rfc8628_s3_5_each_state_has_its_answer(deferred: Deferred, expected: str) -> None:
    assert fault(deferred) == expected


@pytest.mark.parametrize("deferred", [PENDING, APPROVED, replace(PENDING, state=State.DENIED)])
def test_rfc8628_s3_5_after_its_time_it_is_expired_whatever_was_answered(deferred: Deferred) -> None:
    assert fault(deferred, now=NOW + 599) != "expired_token"
    assert fault(deferred, now=NOW + 600) == "expired_token"


@pytest.mark.parametrize("deferred", [PENDING, APPROVED])
def test_another_clients_and_the_other_kinds_secret_is_known_to_nobody(deferred: Deferred) -> None:
    assert fault(deferred, client=replace(CLIENT, client_id="khac")) == "invalid_grant"
    assert fault(deferred, kind=Kind.CIBA) == "invalid_grant"


def test_security_18_a_level_or_a_group_that_is_demanded_since_closes_it() -> None:
    assert fault(APPROVED, client=replace(CLIENT, required_level=2)) == "invalid_grant"
    assert fault(APPROVED, client=replace(CLIENT, allowed_groups=frozenset({"lanhdao"}))) == "invalid_grant"


def test_only_the_officer_who_is_asked_may_answer_and_only_in_time() -> None:
    assert PENDING.open_to("anybody", NOW)
    asked = replace(PENDING, sub="sub-1")
    assert asked.open_to("sub-1", NOW)
    assert not asked.open_to("sub-2", NOW)
    assert not asked.open_to("sub-1", NOW + 600)
    assert not replace(PENDING, state=State.DENIED).open_to("anybody", NOW)


@given(last=st.integers(0, 10**9), interval=st.integers(5, 600), later=st.integers(0, 1200))
def test_rfc8628_s3_5_a_poll_is_early_until_the_interval_is_over(last: int, interval: int, later: int) -> None:
    assert is_too_early(last, interval, last + later) == (later < interval - TOLERANCE_SECONDS)
    assert not is_too_early(None, interval, last)
