"""An office on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .office import Office


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    office = Office(database_url)
    yield office
    office.close()
