"""Cursors: what was given is read back, and whatever else comes is refused and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.administration.pages import InvalidParameterError, cursor_of, place_of

STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@given(st.integers(0, 2**62 - 1), STORABLE)
def test_a_cursor_says_the_place_it_was_made_of(moment: int, name: str) -> None:
    assert place_of(cursor_of(moment, name), int, str) == (moment, name)


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda made: made.hex()))
def test_whatever_is_made_up_is_refused(text: str) -> None:
    try:
        place = place_of(text, int, str)
    except InvalidParameterError:
        return
    assert place is None or (isinstance(place[0], int) and isinstance(place[1], str))


@pytest.mark.parametrize("place", [
    ("a", 1), (1,), (1, "a", "b"), (-1, "a"), (2**62, "a"), (True, "a"), (1, "a\0b"), (1, "\ud800"), (1, None)])
def test_a_place_of_another_kind_is_refused(place: tuple[object, ...]) -> None:
    with pytest.raises(InvalidParameterError):
        place_of(cursor_of(*place), int, str)  # type: ignore[arg-type]
