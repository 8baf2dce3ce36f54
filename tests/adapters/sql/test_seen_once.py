"""What may come once, on both databases and in the fake."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.housekeeping import SqlHousekeeping
from idp.adapters.sql.operation.seen_once import SqlSeenOnce
from tests.contracts.seen_once import SeenOnceContract
from tests.fakes.client_keys import FakeSeenOnce


class TestSqlSeenOnce(SeenOnceContract):
    @pytest.fixture
    def seen(self, database: Database) -> SqlSeenOnce:
        return SqlSeenOnce(database)


class TestFakeSeenOnce(SeenOnceContract):
    @pytest.fixture
    def seen(self) -> FakeSeenOnce:
        return FakeSeenOnce()


def test_housekeeping_forgets_what_is_worthless_by_its_own_time(database: Database) -> None:
    seen = SqlSeenOnce(database)
    seen.take("jti", "old", now=100, expires_at=200)
    seen.take("jti", "new", now=100, expires_at=400)
    assert SqlHousekeeping(database).sweep(300) == {"seen_once": 1}
    assert not seen.take("jti", "new", now=300, expires_at=500)
