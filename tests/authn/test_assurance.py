"""Levels, acr and amr (OpenID Connect Core 3.1.2.1, RFC 8176): what is demanded, what is wished, what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.authn.assurance import OUT_OF_REACH, AssurancePolicy, level_reached, missing, with_factor

PREFIX = "urn:haugiang:acr:"
ONE, TWO, THREE = (PREFIX + str(level) for level in (1, 2, 3))
POLICY = AssurancePolicy(PREFIX, frozenset({"lanhdao", "kiemtoan"}))


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
    assert POLICY.required_level(groups, client, wish, reachable=reachable) == level


@pytest.mark.parametrize(("groups", "wish", "reachable", "level"), [
    ((), (TWO,), 2, 2), ((), (THREE, TWO), 2, 2), ((), (ONE,), 1, 1), (("lanhdao",), (ONE,), 2, 2),
    ((), (TWO,), 1, OUT_OF_REACH), ((), (THREE,), 2, OUT_OF_REACH), ((), ("urn:other:2",), 2, OUT_OF_REACH),
    (("lanhdao",), (THREE,), 2, OUT_OF_REACH),
])
def test_core_s5_5_1_1_an_essential_wish_is_met_or_out_of_reach(
        groups: tuple[str, ...], wish: tuple[str, ...], reachable: int, level: int) -> None:
    assert POLICY.required_level(groups, 0, wish, essential=True, reachable=reachable) == level


@pytest.mark.parametrize(("reached", "required", "factors"), [
    (0, 1, ("pwd",)), (0, 2, ("pwd", "otp")), (1, 1, ()), (1, 2, ("otp",)), (2, 2, ()), (2, 1, ()), (2, 3, ("certificate",))])
def test_the_missing_factors_in_the_order_of_asking(reached: int, required: int, factors: tuple[str, ...]) -> None:
    assert missing(reached, required) == factors


def test_acr_values_of_others_are_no_level() -> None:
    assert [POLICY.level_of(acr) for acr in (ONE, TWO, THREE, PREFIX + "4", PREFIX, "1", "", PREFIX + "01")] == [
        1, 2, 3, None, None, None, None, None]
    assert POLICY.acr_of(2) == TWO


def test_discovery_lists_only_what_can_be_reached() -> None:
    assert POLICY.acr_values_supported() == [ONE, TWO]
    assert replace(POLICY, highest=3).acr_values_supported() == [ONE, TWO, THREE]


def test_level_3_is_demanded_where_somebody_can_reach_it_and_a_wish_where_this_officer_can() -> None:
    policy = replace(POLICY, highest=3)
    assert policy.required_level((), 3, (), reachable=2) == 3
    assert policy.required_level((), 0, (THREE, TWO), reachable=2) == 2
    assert policy.required_level((), 0, (THREE, TWO), reachable=3) == 3
    assert policy.required_level((), 0, (THREE,), essential=True, reachable=2) == OUT_OF_REACH


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
