"""Checklist 24: an empty password is refused before LDAP is contacted (RFC 4513 5.1.2: it would be an anonymous bind)."""

from __future__ import annotations

from idp.adapters.sql.database import Database
from tests.authn.house import Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, officer


def test_line_24_the_directory_hears_nothing(database: Database) -> None:
    directory, clock = FakeDirectory([officer("canbo")], down=True), FakeClock()
    house = Node(database, directory, clock)
    for password in ("", "\0", "a\0b", "\x1b[A", "\n", "\ud800", "ạ" * 200):
        for name in ("canbo", "nobody", ""):
            assert house.outcome(name, password) == "refused"
            clock.advance(600)
    assert directory.binds == []


def test_line_24_empty_passwords_are_throttled_like_wrong_ones(database: Database) -> None:
    house = Node(database, FakeDirectory([officer("canbo")]), FakeClock())
    assert [house.outcome("canbo", "") for _ in range(8)] == ["refused"] * 6 + ["throttled"] * 2
