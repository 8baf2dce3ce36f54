"""RFC 7636 with S256 only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth import pkce
from tests.provider import CHALLENGE, VERIFIER, House, challenge_of, new_verifier


def test_rfc7636_appendix_b_matches() -> None:
    assert pkce.matches(VERIFIER, CHALLENGE)


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, VERIFIER + "=", VERIFIER + "\n", VERIFIER[:-1] + "đ", CHALLENGE])
def test_rfc7636_s4_6_anything_else_does_not(verifier: str) -> None:
    assert not pkce.matches(verifier, CHALLENGE)


@given(st.text(alphabet="abcXYZ019-._~", min_size=43, max_size=128))
def test_rfc7636_s4_2_every_wellformed_verifier_matches_its_own_challenge_only(verifier: str) -> None:
    assert pkce.matches(verifier, challenge_of(verifier))
    assert not pkce.matches(verifier, challenge_of(verifier + "a"))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_compared_without_an_error(verifier: str, challenge: str) -> None:
    assert pkce.matches(verifier, challenge) in {True, False}


@pytest.mark.parametrize("verifier", [None, "wrong", "a" * 43, "a" * 200, "đ" * 43])
def test_rfc7636_s4_6_a_wrong_or_missing_verifier_is_refused_and_uses_nothing_up(house: House, verifier: str | None) -> None:
    code = house.code()
    assert house.redeem(code, code_verifier=verifier).error == "invalid_grant"
    assert house.redeem(code).status == 200


def test_rfc9700_s4_8_2_a_verifier_without_a_challenge_is_refused(house: House) -> None:
    house.client(require_pkce=False)
    without = {"code_challenge": None, "code_challenge_method": None}
    assert house.redeem(house.code(**without)).error == "invalid_grant"
    assert house.redeem(house.code(**without), code_verifier=None).status == 200


def test_rfc7636_s4_6_a_client_that_was_let_off_must_still_prove_a_challenge_it_sent(house: House) -> None:
    house.client(require_pkce=False)
    code = house.code()
    assert house.redeem(code, code_verifier=None).error == "invalid_grant"
    assert house.redeem(code, code_verifier=new_verifier()).error == "invalid_grant"
    assert house.redeem(code).status == 200
