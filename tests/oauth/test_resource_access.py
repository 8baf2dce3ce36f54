"""Whoever uses a token at a resource of ours: every check that other paths make is made here too (security checklist 18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.database import Database
from idp.oauth.proof.dpop import Presented
from idp.oauth.proof.holder import Holders, TokenUse
from idp.oauth.tokens.access_token import TokenRefusedError
from idp.oauth.tokens.resource_access import Bearer, ResourceAccess
from tests.provider import ASSURANCE, CALLER, ISSUER, House

USE = TokenUse("bearer", Presented("", "POST", (f"{ISSUER}/x",)))


class Room(House):
    """A provider with one more resource."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.found = SqlAdministrationTokens(database, self.clock)
        self.access = ResourceAccess(self.tokens, self.found, self.registry, self.clock, ASSURANCE, Holders(self.proofs),
                                     idle_limit_seconds=3600)

    def admit(self, token: str, *, scope: str = "openid", use: TokenUse = USE, least_level: int = 0) -> Bearer:
        return self.access.admit(token, use, scope=scope, least_level=least_level)

    def refused(self, token: str, **how: Any) -> str:
        with pytest.raises(TokenRefusedError) as refusal:
            self.admit(token, **how)
        return refusal.value.code


@pytest.fixture
def house(database: Database) -> Room:
    return Room(database)


def test_an_officer_and_a_machine_are_told_apart(house: Room) -> None:
    sub = house.officer()
    found = house.admit(house.tokens_for(session=house.session(sub))["access_token"])
    assert (found.client_id, found.officer.sub if found.officer else "") == ("qlvb", sub)
    assert house.admit(house.machine(scope="service").json["access_token"], scope="service") == Bearer("qlvb", None)


def test_what_is_no_token_of_ours(house: Room) -> None:
    token = house.machine(scope="service").json["access_token"]
    assert house.refused("x" * 43) == house.refused("x" * 20_000) == house.refused("") == "invalid_token"
    assert house.refused(token, scope="time_stamp") == "insufficient_scope"
    assert house.refused(token, scope="service", use=replace(USE, scheme="dpop")) == "invalid_token"
    house.clock.advance(601)
    assert house.refused(token, scope="service") == "invalid_token"


@pytest.mark.parametrize("change", [
    lambda house: house.disable(), lambda house: house.client(disabled=True),
    lambda house: house.deprovisioning.end_access(house.officer(), "operator", CALLER)])
def test_security_18_whoever_may_act_no_more(house: Room, change: Callable[[Room], Any]) -> None:
    token = house.tokens_for()["access_token"]
    house.admit(token)
    change(house)
    assert house.refused(token) == "invalid_token"


def test_a_scope_that_the_application_lost_is_gone_at_once(house: Room) -> None:
    token = house.machine(scope="service").json["access_token"]
    house.client(scope=frozenset({"openid"}))
    assert house.refused(token, scope="service") == "insufficient_scope"


def test_rfc9470_a_level_that_is_too_low_is_said(house: Room) -> None:
    low = house.tokens_for()["access_token"]
    assert house.admit(low).officer
    assert house.refused(low, least_level=2) == "insufficient_user_authentication"
    high = house.tokens_for(session=house.session(acr=2, amr=("pwd", "otp")))["access_token"]
    assert house.admit(high, least_level=2).officer


def test_whoever_acts_for_an_officer_is_not_the_officer(house: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.tokens_for()["access_token"]
    digest = house.tokens.locate(token)
    assert digest is not None
    found = house.found.administrator_of(digest)
    assert found is not None
    monkeypatch.setattr(house.found, "administrator_of", lambda _digest: (replace(found[0], actors=("lgsp",)), found[1]))
    assert house.refused(token) == "invalid_token"
    monkeypatch.setattr(house.found, "administrator_of", lambda _digest: (replace(found[0], audience=("https://x",)), found[1]))
    assert house.refused(token) == "invalid_token"
