"""The house of these tests."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database

from .house import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)
