"""RFC 8693 §4.1: who acts for an officer, one after the other, and that every one of them still may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authn.assurance import AssurancePolicy
from idp.oauth.client import Client
from idp.oauth.grant import Grant, Standing
from idp.oauth.grants.delegation import GRANT_TYPE, act_claim, lapse_of_chain, lapse_of_target, lapse_of_token
from idp.oauth.ports import StoredAccessToken
from tests.provider import ACR_PREFIX, REGISTERED

NOW = 1_000
GRANT = Grant("g", "qlvb", "sub", "sid", "openid", False, NOW, 1, ("pwd",), "", NOW, NOW + 3600, None,
              Standing("active", frozenset({"can-bo"})))
ASSURANCE = AssurancePolicy(ACR_PREFIX, frozenset({"lanhdao"}), frozenset({"H30.9"}))
ORIGIN = REGISTERED
EXCHANGING = replace(REGISTERED, grant_types=(*REGISTERED.grant_types, GRANT_TYPE))
BUS = replace(EXCHANGING, client_id="lgsp", exchange_from=("qlvb",))
NEXT = replace(EXCHANGING, client_id="kho", exchange_from=("lgsp",))


def lapse(*changed: Client, grant: Grant = GRANT, actors: tuple[str, ...] = ("kho", "lgsp"), without: str = "") -> str:
    known = {client.client_id: client for client in (ORIGIN, BUS, NEXT, *changed)}
    known.pop(without, None)
    return lapse_of_chain(grant, actors, known.get, assurance=ASSURANCE, now=NOW)


def test_rfc8693_s4_1_the_one_who_acts_now_stands_outside() -> None:
    assert act_claim(["lgsp"]) == {"sub": "lgsp"}
    assert act_claim(["kho", "lgsp"]) == {"sub": "kho", "act": {"sub": "lgsp"}}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6))
def test_rfc8693_s4_1_the_claim_names_every_actor_once_and_in_order(actors: list[str]) -> None:
    found: list[str] = []
    claim: Any = act_claim(actors)
    while claim is not None:
        found.append(claim["sub"])
        claim = claim.get("act")
    assert found == actors


def test_a_chain_holds_as_long_as_every_link_does() -> None:
    assert lapse() == ""
    assert lapse(actors=("lgsp",)) == ""


@pytest.mark.parametrize("gone", ["qlvb", "lgsp", "kho"])
def test_security_18_one_application_that_may_not_act_ends_the_chain(gone: str) -> None:
    assert lapse(without=gone) == "client"


@pytest.mark.parametrize("changed", [
    replace(BUS, exchange_from=()), replace(NEXT, exchange_from=("qlvb",)), replace(BUS, grant_types=REGISTERED.grant_types),
    replace(NEXT, grant_types=REGISTERED.grant_types)])
def test_an_operator_who_withdraws_a_link_ends_the_chain(changed: Client) -> None:
    assert lapse(changed) == "client"


@pytest.mark.parametrize("client", [ORIGIN, BUS, NEXT])
def test_security_18_every_application_admits_the_officer_at_its_level(client: Client) -> None:
    assert lapse(replace(client, allowed_groups=frozenset({"van-thu"}))) == "officer"
    assert lapse(replace(client, required_level=2)) == "level"


@pytest.mark.parametrize(("changes", "why"), [
    ({"revoked_at": NOW}, "revoked"), ({"expires_at": NOW}, "expired"), ({"standing": Standing("disabled")}, "officer"),
    ({"standing": Standing("gone")}, "officer"), ({"standing": Standing("active", frozenset({"lanhdao"}))}, "level"),
])
def test_security_18_what_ends_the_grant_ends_the_chain(changes: dict[str, Any], why: str) -> None:
    assert lapse(grant=replace(GRANT, **changes)) == why


@pytest.mark.parametrize(("standing", "why"), [
    ({"officer_ends_at": NOW}, "officer"), ({"officer_ends_at": NOW + 1}, ""),
    ({"officer_posts": (("H30.9.1", NOW),)}, ""), ({"officer_posts": (("H30.9.1", NOW + 1),)}, "level")])
def test_security_18_what_ends_with_a_day_ends_for_every_application_of_the_chain(standing: dict[str, Any], why: str) -> None:
    grant = replace(GRANT, standing=replace(GRANT.standing, **standing))
    assert lapse(grant=grant) == why
    assert lapse_of_target(grant, "qlvb", {"qlvb": ORIGIN}.get, assurance=ASSURANCE, now=NOW) == why


@pytest.mark.parametrize(("changed", "why"), [
    ({}, ""), ({"allowed_groups": frozenset({"van-thu"})}, "officer"), ({"required_level": 2}, "level")])
def test_security_18_an_exchanged_token_is_for_applications_that_the_officer_may_use(changed: dict[str, Any], why: str) -> None:
    target = replace(REGISTERED, client_id="ho-so", **changed)
    known = {client.client_id: client for client in (ORIGIN, BUS, target)}
    token = StoredAccessToken(b"", "lgsp", "openid", ("https://api.example/", "ho-so"), NOW, NOW + 600, None, "canbo", GRANT,
                              actors=("lgsp",))
    assert lapse_of_token(token, BUS, known.get, assurance=ASSURANCE, now=NOW) == why
    del known["ho-so"]
    assert lapse_of_token(token, BUS, known.get, assurance=ASSURANCE, now=NOW) == "client"


def test_a_token_that_was_not_exchanged_asks_for_no_other_application() -> None:
    def nobody(_client_id: str) -> Client | None:
        raise AssertionError("nobody is looked for")

    token = StoredAccessToken(b"", "qlvb", "openid", (), NOW, NOW + 600, None, "canbo", GRANT)
    assert lapse_of_token(token, ORIGIN, nobody, assurance=ASSURANCE, now=NOW) == ""
    assert lapse_of_token(token, BUS, nobody, assurance=ASSURANCE, now=NOW) == "client"
    assert lapse_of_token(replace(token, grant=None), ORIGIN, nobody, assurance=ASSURANCE, now=NOW) == ""
