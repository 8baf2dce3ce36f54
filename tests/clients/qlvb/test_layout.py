"""Where signatures stand: Decree 30/2020 Appendix I, in millimetres."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qlvb.layout import FILE, POINTS_PER_MM, Box, Layout, LayoutError, Name


def _table(**changes: dict[str, Any]) -> dict[str, Any]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for section, values in changes.items():
        table[section] |= values
    return table


def test_the_table_of_the_sample_is_the_decrees(layout: Layout) -> None:
    assert layout.colour("person") == (0, 0, 255)
    assert layout.colour("seal") == (255, 0, 0)
    assert layout.text_size == 10
    assert layout.text_colour == (0, 0, 0)
    assert layout.lines("person", agency="A", number="1", kind="", time="t") == []
    assert layout.last_page("person")
    assert layout.last_page("seal")
    assert not layout.last_page("attachment")


def test_ii_7_c_the_person_stands_in_the_middle_above_the_name(layout: Layout) -> None:
    box = layout.person(Name(middle=153.75, top=87.4))
    assert box.left + box.width / 2 == pytest.approx(153.75)
    assert box.bottom == pytest.approx(88.4)


def test_ii_7_c_without_a_name_it_stands_at_place_7c(layout: Layout) -> None:
    box = layout.person()
    assert box.left + box.width / 2 == pytest.approx(30 + (210 - 30 - 15) * 3 / 4)


def test_ii_8_a_the_seal_covers_a_third_of_the_person_at_the_left(layout: Layout) -> None:
    person = layout.person()
    seal = layout.seal(person)
    assert seal.right - person.left == pytest.approx(person.width / 3, abs=0.002)
    assert seal.left < person.left
    assert seal.width == seal.height == 36
    assert seal.bottom + seal.height / 2 == pytest.approx(person.bottom + person.height / 2)


def test_lines_of_the_seal_stand_below_it(layout: Layout) -> None:
    seal = layout.seal(layout.person())
    box = layout.below_the_seal(seal, 2)
    assert box.top < seal.bottom
    assert box.height == pytest.approx(2 * 12 / POINTS_PER_MM, abs=0.001)
    assert box.left >= 30


@pytest.mark.parametrize("role", ["attachment", "copy"])
def test_ii_8_b_attachments_and_copies_are_marked_at_the_top_right(layout: Layout, role: Any) -> None:
    box = layout.corner(role, 3)
    assert box.left > 210 / 2
    assert box.right == 210 - 15
    assert 297 - 20 < box.bottom < box.top < 297, "inside the upper margin, so that it covers nothing"


def test_lines_say_what_the_decree_wants(layout: Layout) -> None:
    said = {"agency": "Sở", "number": "5/QĐ", "kind": "SAO Y", "time": "t"}
    assert layout.lines("attachment", **said) == ["5/QĐ", "t"]
    assert layout.lines("copy", **said) == ["SAO Y", "Sở", "t"]


def test_time_is_that_of_viet_nam_with_its_zone(layout: Layout) -> None:
    assert layout.time(datetime(2020, 5, 5, 2, 30, 15, tzinfo=UTC)) == "05-05-2020T09:30:15+07:00"
    assert layout.time(datetime(2020, 12, 31, 20, 0, 1, tzinfo=UTC)) == "01-01-2021T03:00:01+07:00"


def test_points_are_seventy_two_to_an_inch() -> None:
    assert Box(25.4, 50.8, 25.4, 12.7).points == (72, 144, 144, 180)


@given(middle=st.floats(-500, 500), top=st.floats(-500, 900))
def test_wherever_a_name_was_found_the_picture_stays_inside_the_text(middle: float, top: float) -> None:
    layout = Layout.read()
    box = layout.person(Name(middle, top))
    assert box.left >= 30
    assert box.right <= 210 - 15 + 0.001
    assert box.bottom >= 20
    assert box.top <= 297 - 20 + 0.001


def test_i_1_only_a4_upright(layout: Layout) -> None:
    layout.on_the_page(595.276, 841.89)
    layout.on_the_page(595, 842)
    for width, height in ((841.89, 595.276), (612, 792), (0, 0)):
        with pytest.raises(LayoutError, match="A4"):
            layout.on_the_page(width, height)


@pytest.mark.parametrize(("section", "values"), [
    ("page", {"width": 216}), ("margins", {"left": 20}), ("margins", {"right": 25}), ("text", {"size": 9}),
    ("text", {"colour": [1, 0, 0]}), ("time", {"zone_hours": 8}), ("person", {"colour": [0, 0, 0]}), ("person", {"lines": ["x"]}),
    ("person", {"page": "second"}), ("person", {"width": 300}), ("seal", {"colour": [0, 0, 255]}), ("seal", {"covers": [1, 2]}),
    ("attachment", {"page": "last"}), ("copy", {"right": 120}), ("copy", {"lines": ["{unknown}"]}), ("seal", {"colour": "red"}),
])
def test_a_table_that_is_not_the_decrees_is_refused(section: str, values: dict[str, Any]) -> None:
    with pytest.raises(LayoutError):
        Layout(_table(**{section: values}))


def test_a_table_without_a_part_is_refused() -> None:
    table = _table()
    del table["seal"]["diameter"]
    del table["copy"]
    with pytest.raises(LayoutError, match="copy"):
        Layout(table)
