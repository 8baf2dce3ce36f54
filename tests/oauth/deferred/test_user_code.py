"""What an officer types (RFC 8628 §6.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.deferred import user_code


def test_rfc8628_s6_1_a_code_is_eight_of_twenty_consonants_and_no_two_are_alike() -> None:
    codes = {user_code.make() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 8 and set(code) <= set("BCDFGHJKLMNPQRSTVWXZ") for code in codes)


@pytest.mark.parametrize("typed", [
    "WDJB-MJHT", "wdjb-mjht", "WDJBMJHT", " wdjb mjht ", "WDJB\u2013MJHT", "w.d.j.b/m_j_h_t", "ＷＤＪＢ－ＭＪＨＴ", "Ưdjb-mjht",
    "ưdjbmjht"])
def test_rfc8628_s6_1_case_and_punctuation_do_not_matter_nor_an_input_method_left_on(typed: str) -> None:
    assert user_code.normal(typed) == "WDJBMJHT"


def test_an_input_method_makes_one_letter_of_two() -> None:
    assert user_code.normal("Đbc-fghj") == user_code.normal("ddbc-fghj") == "DDBCFGHJ"


@pytest.mark.parametrize("typed", ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH0", "WDJB-MJHé", "W" * 65, "\x00",
                                   "٣" * 8])
def test_anything_else_is_no_code(typed: str) -> None:
    assert user_code.normal(typed) == ""


@given(st.text(max_size=80))
def test_whatever_is_typed_gives_a_code_or_nothing(typed: str) -> None:
    code = user_code.normal(typed)
    assert not code or (len(code) == 8 and set(code) <= set(user_code.ALPHABET))


@given(st.text(alphabet=user_code.ALPHABET, min_size=8, max_size=8))
def test_what_is_shown_is_what_is_read(code: str) -> None:
    assert user_code.normal(user_code.shown(code)) == code
