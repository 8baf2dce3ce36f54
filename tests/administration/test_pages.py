"""Cursors: what was given is read back, and whatever else comes is refused and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.administration.pages import InvalidParameterError, Place, cursor_of, downwards, place_of, turned

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


def shelf(things: list[int], cursor: str = "", back: str = "", limit: int = 3, *,
          down: bool = False) -> tuple[list[int], str, str]:
    """Turn a page of numbers in a row."""
    def given(after: Place | None, before: Place | None, most: int) -> list[int]:
        if before is not None:
            return [thing for thing in things if thing < before[0]][-most:]
        return [thing for thing in things if after is None or thing > after[0]][:most]

    kept, following, prev = turned(downwards(given, (501,)) if down else given, lambda thing: (thing,), (int,), cursor=cursor,
                                   back=back, limit=limit)
    return list(kept), following, prev


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, 500), max_size=20).map(sorted), st.integers(1, 6), st.booleans())
def test_a_list_is_turned_to_its_end_and_back_by_the_same_pages(things: list[int], limit: int, down: bool) -> None:
    forward = [shelf(things, limit=limit, down=down)]
    while forward[-1][1]:
        forward.append(shelf(things, cursor=forward[-1][1], limit=limit, down=down))
    wanted = things[::-1] if down else things
    assert [thing for page in forward for thing in page[0]] == wanted, "each once, and none left out"
    back = [forward[-1]]
    while back[-1][2]:
        back.append(shelf(things, back=back[-1][2], limit=limit, down=down))
    assert [page[0] for page in reversed(back)] == [page[0] for page in forward]
    assert [page[1] for page in reversed(back)] == [page[1] for page in forward]
    assert forward[0][2] == ""


def test_a_page_before_which_some_have_gone_is_the_first_one_whole() -> None:
    page = shelf([5, 6, 7, 8, 9], back=cursor_of(6))
    assert page == ([5, 6, 7], cursor_of(7), "")
    assert shelf([5, 6, 7], cursor=cursor_of(9)) == ([], "", "")


@pytest.mark.parametrize("name", ["cursor", "back"])
def test_a_place_of_another_list_turns_nothing(name: str) -> None:
    with pytest.raises(InvalidParameterError):
        shelf([1], **{name: cursor_of("a")})
