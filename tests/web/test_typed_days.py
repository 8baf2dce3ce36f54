"""Days and hours as people type them: read to one form, and what is none is given back as it was typed."""

from __future__ import annotations

import pytest

from idp.web.console.words import said_day, typed_day, typed_moment


@pytest.mark.parametrize("typed", ["1/2/2027", "01/02/2027", " 1-2-2027 ", "1.2.2027", "1/2/27", "01022027", "2027-02-01",
                                   "1 2 2027", "1\u00a0/ 2 /2027", "\uff11\uff0f\uff12\uff0f\uff12\uff10\uff12\uff17"])
def test_a_day_is_read_however_it_is_written(typed: str) -> None:
    assert typed_day(typed) == "2027-02-01"


@pytest.mark.parametrize("typed", ["", "mai", "31/02/2027", "0/0/0000", "1/2/2", "1/2", "2027-02-31", "12/31/2027",
                                   "1/2/027", "3112027"])
def test_what_is_no_day_stays_as_it_was_typed(typed: str) -> None:
    assert typed_day(typed) == typed


@pytest.mark.parametrize("typed", ["28/11/2026 17:00", "17:00 28/11/2026", "17h 28/11/2026", "17H00 ngày 28/11/26",
                                   "17 giờ 00 phút ngày 28/11/2026", "17 gio 28/11/2026", "2026-11-28T17:00", "28/11/2026, 17h"])
def test_an_hour_of_a_day_is_read_in_either_order(typed: str) -> None:
    assert typed_moment(typed) == "2026-11-28T17:00"


@pytest.mark.parametrize("typed", ["", "28/11/2026", "17:00", "25:00 28/11/2026", "17:60 28/11/2026", "17:00 31/02/2026", "mai"])
def test_what_is_no_hour_of_a_day_stays_as_it_was_typed(typed: str) -> None:
    assert typed_moment(typed) == typed


def test_a_day_is_shown_again_as_people_write_it() -> None:
    assert (said_day("2027-02-01"), said_day("1/2/27"), said_day("")) == ("01/02/2027", "1/2/27", "")
