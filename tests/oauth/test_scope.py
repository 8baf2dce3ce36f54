"""Scopes as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth import scope

OFFICERS = frozenset({"openid", "profile"})
REGISTERED = frozenset({"openid", "profile", "service", "report"})


@pytest.mark.parametrize(("text", "words"), [
    ("openid profile", ("openid", "profile")), ("b a b", ("b", "a")), (" a  b ", ("a", "b")), ("", ()), (None, ()),
])
def test_rfc6749_s3_3_words_in_order_each_once(text, words) -> None:
    assert scope.words(text) == words


@pytest.mark.parametrize("text", ["a\tb", 'a"b', "a\\b", "đ", "a\x00", "x" * 200, " ".join(map(str, range(80)))])
def test_rfc6749_s3_3_other_signs_and_sizes_are_malformed(text) -> None:
    assert scope.words(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = scope.words(text)
    assert found is None or all(word.isascii() and " " not in word for word in found)


@pytest.mark.parametrize(("asked", "granted"), [
    ((), ("report", "service")), (("service",), ("service",)), (("service", "report"), ("service", "report")),
    (("openid",), None), (("service", "profile"), None), (("admin",), None),
])
def test_rfc6749_s4_4_machines_get_what_needs_no_officer(asked, granted) -> None:
    assert scope.of_machines(asked, REGISTERED, OFFICERS) == granted
