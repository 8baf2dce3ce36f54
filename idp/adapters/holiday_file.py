"""Holidays as an operator writes them down: a TOML file, a table for each year (docs/operations/certificate-desk.md)."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from ..errors import ConfigurationError
from ..pki.enrollment.working_days import WorkingDays

_NAMES = {"off", "worked"}


def read(path: Path | None) -> WorkingDays:
    """Give the calendar; without a file, weekends and the holidays that are the same every year.

    Raises:
        ConfigurationError: the file is not there, or not such as the documentation says.
    """
    if path is None:
        return WorkingDays()
    try:
        years = tomllib.loads(path.read_text(encoding="utf-8"))
        days = {name: [day for table in years.values() for day in table.get(name, [])] for name in _NAMES}
        if any(type(day) is not date for listed in days.values() for day in listed) or any(
                not table.keys() <= _NAMES or any(str(day.year) != year for listed in table.values() for day in listed)
                for year, table in years.items()):
            raise ValueError("days of a year are dates of that year, under off and worked")
    except (OSError, ValueError, AttributeError, TypeError) as err:
        raise ConfigurationError(f"The table of holidays {path} cannot be read: {err}.",
                                 remedy="See docs/operations/certificate-desk.md, or leave IDP_HOLIDAYS_FILE out.") from err
    return WorkingDays(days["off"], days["worked"])
