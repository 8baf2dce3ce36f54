"""Holidays as an operator writes them down."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from idp.adapters import holiday_file
from idp.errors import ConfigurationError


def test_days_off_and_days_made_up_for(tmp_path: Path) -> None:
    file = tmp_path / "holidays.toml"
    file.write_text("[2026]\noff = [2026-02-16, 2026-02-17]\nworked = [2026-02-28]\n[2027]\noff = [2027-02-08]\n")
    calendar = holiday_file.read(file)
    assert not calendar.is_working_day(date(2026, 2, 16))
    assert calendar.is_working_day(date(2026, 2, 28))
    assert not calendar.is_working_day(date(2027, 2, 8))


def test_without_a_file_the_days_that_are_the_same_every_year() -> None:
    assert not holiday_file.read(None).is_working_day(date(2026, 9, 2))
    assert holiday_file.read(None).is_working_day(date(2026, 2, 16))


@pytest.mark.parametrize("text", [
    "[2026", "[2026]\noff = [2027-01-02]", "[2026]\noff = ['2026-01-02']", "[2026]\noff = [2026-01-02T10:00:00]",
    "off = [2026-01-02]",
    "[2026]\nfree = [2026-01-02]", "[2026]\noff = 2026-01-02", "2026 = 1"])
def test_a_table_that_is_none_refuses_to_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "holidays.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"holidays\.toml"):
        holiday_file.read(file)
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        holiday_file.read(tmp_path / "none.toml")
