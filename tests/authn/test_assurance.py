"""Levels, acr and amr (OpenID Connect Core 3.1.2.1, RFC 8176): what is demanded, what is wished, what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.authn.assurance import OUT_OF_REACH, AssurancePolicy, level_reached, missing, with_factor
from idp.authn.networks import read_networks

PREFIX = "urn:haugiang:acr:"
ONE, TWO, THREE = (PREFIX + str(level) for level in (1, 2, 3))
POLICY = AssurancePolicy(PREFIX, frozenset({"lanhdao", "kiemtoan"}))
NOBODY_NOWHERE = {"units": (), "source": None}
NETWORKS = read_networks(("tinh=10.0.0.0/8", "so-noi-vu=10.1.0.0/16", "khach=10.9.0.0/16"))
FOUR = AssurancePolicy(PREFIX, frozenset({"lanhdao"}), frozenset({"H30.3"}), frozenset({"outside", "khach"}), NETWORKS)
INSIDE, OUTDOORS = "10.1.2.3", "203.0.113.7"


@pytest.mark.parametrize(("groups", "client", "wish", "reachable", "level"), [
    ((), 0, (), 2, 1),
    (("vanphong",), 0, (), 2, 1),
    (("vanphong", "lanhdao"), 0, (), 2, 2),
    (("lanhdao",), 0, (), 1, 2),
    ((), 2, (), 1, 2),
    ((), 3, (), 2, OUT_OF_REACH),
    ((), 1, (), 2, 1),
    ((), 0, (TWO,), 2, 2),
    ((), 0, (TWO,), 1, 1),
    ((), 0, (THREE, TWO, ONE), 2, 2),
    ((), 0, (ONE, TWO), 2, 1),
    ((), 0, ("urn:other:1", TWO), 2, 2),
    ((), 0, (THREE,), 2, 1),
    ((), 2, (ONE,), 2, 2),
    (("lanhdao",), 0, (ONE,), 2, 2),
])
def test_core_s3_1_2_1_the_highest_demand_holds_and_the_first_wish_that_can_be_met(
        groups: tuple[str, ...], client: int, wish: tuple[str, ...], reachable: int, level: int) -> None:
    assert POLICY.required_level(groups, client, wish, **NOBODY_NOWHERE, reachable=reachable) == level


@pytest.mark.parametrize(("groups", "wish", "reachable", "level"), [
    ((), (TWO,), 2, 2), ((), (THREE, TWO), 2, 2), ((), (ONE,), 1, 1), (("lanhdao",), (ONE,), 2, 2),
    ((), (TWO,), 1, OUT_OF_REACH), ((), (THREE,), 2, OUT_OF_REACH), ((), ("urn:other:2",), 2, OUT_OF_REACH),
    (("lanhdao",), (THREE,), 2, OUT_OF_REACH),
])
def test_core_s5_5_1_1_an_essential_wish_is_met_or_out_of_reach(
        groups: tuple[str, ...], wish: tuple[str, ...], reachable: int, level: int) -> None:
    assert POLICY.required_level(groups, 0, wish, **NOBODY_NOWHERE, essential=True, reachable=reachable) == level


@pytest.mark.parametrize(("reached", "required", "factors"), [
    (0, 1, ("pwd",)), (0, 2, ("pwd", "otp")), (1, 1, ()), (1, 2, ("otp",)), (2, 2, ()), (2, 1, ()), (2, 3, ("certificate",))])
def test_the_missing_factors_in_the_order_of_asking(reached: int, required: int, factors: tuple[str, ...]) -> None:
    assert missing(reached, required) == factors


@pytest.mark.parametrize("source", [None, INSIDE, OUTDOORS])
@pytest.mark.parametrize("units", [(), ("H30.11",), ("H30.11", "H30.3.2")])
@pytest.mark.parametrize("groups", [(), ("canbo",), ("canbo", "lanhdao")])
@pytest.mark.parametrize("client_level", [0, 1, 2, 3])
def test_the_strictest_of_application_group_agency_and_network_holds(
        client_level: int, groups: tuple[str, ...], units: tuple[str, ...], source: str | None) -> None:
    demands = [1, client_level, 2 if "lanhdao" in groups else 1, 2 if "H30.3.2" in units else 1, 2 if source == OUTDOORS else 1]
    assert FOUR.demanded(groups, client_level, units=units, source=source) == max(demands)


@pytest.mark.parametrize(("unit", "level"), [
    ("H30.3", 2), ("H30.3.2", 2), ("H30.3.2.1", 2), ("H30", 1), ("H30.30", 1), ("H30.33", 1), ("H30.1.3", 1), ("", 1)])
def test_an_agency_stands_for_all_units_below_it_and_for_none_that_only_begins_alike(unit: str, level: int) -> None:
    assert FOUR.demanded((), 0, units=(unit,), source=None) == level


@pytest.mark.parametrize(("source", "level"), [
    (None, 1), ("10.200.0.1", 1), (INSIDE, 1), ("10.9.0.1", 2), ("::ffff:10.1.2.3", 1), ("::ffff:10.9.0.1", 2), (OUTDOORS, 2),
    ("2001:db8::1", 2), ("unknown", 2), ("", 2)])
def test_the_narrowest_network_of_an_address_counts_and_what_is_no_address_is_outside(source: str | None, level: int) -> None:
    assert FOUR.demanded((), 0, units=(), source=source) == level


def test_rfc9470_s4_a_wish_for_less_takes_nothing_from_agency_and_network() -> None:
    for where in ({"units": ("H30.3",), "source": None}, {"units": (), "source": OUTDOORS}):
        assert FOUR.required_level((), 0, (ONE,), **where) == 2
    assert FOUR.required_level((), 0, (ONE,), units=("H30.4",), source=INSIDE) == 1


def test_acr_values_of_others_are_no_level() -> None:
    assert [POLICY.level_of(acr) for acr in (ONE, TWO, THREE, PREFIX + "4", PREFIX, "1", "", PREFIX + "01")] == [
        1, 2, 3, None, None, None, None, None]
    assert POLICY.acr_of(2) == TWO


def test_discovery_lists_only_what_can_be_reached() -> None:
    assert POLICY.acr_values_supported() == [ONE, TWO]
    assert replace(POLICY, highest=3).acr_values_supported() == [ONE, TWO, THREE]


def test_level_3_is_demanded_where_somebody_can_reach_it_and_a_wish_where_this_officer_can() -> None:
    policy = replace(POLICY, highest=3)
    assert policy.required_level((), 3, (), **NOBODY_NOWHERE, reachable=2) == 3
    assert policy.required_level((), 0, (THREE, TWO), **NOBODY_NOWHERE, reachable=2) == 2
    assert policy.required_level((), 0, (THREE, TWO), **NOBODY_NOWHERE, reachable=3) == 3
    assert policy.required_level((), 0, (THREE,), **NOBODY_NOWHERE, essential=True, reachable=2) == OUT_OF_REACH


def test_a_certificate_is_level_3_and_claims_no_factor_that_nobody_saw() -> None:
    assert level_reached(("sc",)) == 3
    assert with_factor((), "sc") == ("sc",)
    assert with_factor(("pwd",), "sc") == ("pwd", "sc", "mfa")


def test_rfc8176_s2_mfa_joins_with_the_second_kind_of_factor() -> None:
    assert with_factor((), "pwd") == ("pwd",)
    assert with_factor(("pwd",), "pwd") == ("pwd",)
    assert with_factor(("pwd",), "otp") == ("pwd", "otp", "mfa")
    assert with_factor(("pwd", "otp", "mfa"), "otp") == ("pwd", "otp", "mfa")
    assert with_factor(("otp",), "pwd") == ("otp", "pwd", "mfa")


def test_rfc8176_s2_a_passkey_that_verified_its_user_is_two_factors_of_its_own_and_stays_so() -> None:
    assert with_factor((), "pop", "user") == ("pop", "user")
    assert with_factor((), "pop", "user", "mfa") == ("pop", "user", "mfa")
    assert with_factor(("pwd",), "pop", "user") == ("pwd", "pop", "user", "mfa")
    assert with_factor(("pop", "user", "mfa"), "otp") == ("pop", "user", "otp", "mfa")
    assert with_factor(("otp",), "pop", "user") == ("otp", "pop", "user"), "two things that one has"
    levels = [level_reached(amr) for amr in (("pop", "user"), ("pop", "user", "mfa"), ("pwd", "pop", "user", "mfa"),
                                             ("otp", "mfa"), ("pop", "otp"), ("pwd", "user"))]
    assert levels == [0, 2, 2, 0, 0, 1]


def test_a_level_is_what_the_factors_amount_to() -> None:
    assert [level_reached(amr) for amr in ((), ("otp",), ("pwd",), ("pwd", "otp", "mfa"), ("mfa",))] == [0, 0, 1, 2, 0]
