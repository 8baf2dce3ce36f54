"""Security checklist 41, 57: what an application wrote is shown whole, in the order in which it is written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.shown_text import MOST_MARKS, misleads

HIDDEN = ("\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u2800", "\u3164", "\ufe0f", "\uffa0", "\U000e0100")
"""Signs that leave no trace on the page although they are letters, marks or symbols."""


@pytest.mark.parametrize("text", ["Quyết định số 12/QĐ-UBND", "Hệ thống", "e\u0323\u0302", "1 + 1 = 2 <b>", ""])
def test_plain_vietnamese_misleads_nobody(text: str) -> None:
    assert not misleads(text)
    assert not misleads(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize("sign", [
    *HIDDEN, "\u202e", "\u2066", "\u200b", "\u200f", "\u00ad", "\ufeff", "\U000e0041", "\x00", "\n", "\x85", "\u2028", "\ud800",
    "\ue000", "\uffff"])
def test_signs_that_hide_or_turn_round_are_found(sign: str) -> None:
    assert misleads(sign)
    assert misleads(f"a{sign}b")


def test_marks_that_pile_up_over_other_lines_are_found() -> None:
    assert not misleads("a" + "\u0301" * MOST_MARKS)
    assert misleads("a" + "\u0301" * (MOST_MARKS + 1))


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert misleads(text) in {True, False}
