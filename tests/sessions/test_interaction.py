"""Interactions on both databases: one browser each, nothing proven is carried over, nothing lives for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.interactions import SqlInteractions
from idp.directory.officer import Officer
from idp.sessions.interaction import Interactions
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def interactions(database: Database, clock: FakeClock) -> Interactions:
    for entry_uuid in ("uuid", "one", "two"):
        SqlOfficers(database).remember(Officer(entry_uuid, f"uid={entry_uuid}", entry_uuid, "Cán Bộ"), now=1)
    return Interactions(SqlInteractions(database), clock, 3600)


def test_what_was_stored_is_found(interactions: Interactions) -> None:
    begun = interactions.begin_authorization("qlvb", '{"state":"đ"}')
    assert len(begun.id) >= 43
    found = interactions.take_up(begun.id, "browser")
    assert found is not None
    assert (found.kind, found.client_id, found.request, found.return_to) == ("authorize", "qlvb", '{"state":"đ"}', "/")
    assert interactions.begin_page("/account/").return_to == "/account/"


@pytest.mark.parametrize("identifier", ["", "x", "x" * 43, "x" * 5000, "đ" * 43, "\x00" * 43])
def test_an_unknown_identifier_finds_nothing(interactions: Interactions, identifier: str) -> None:
    assert interactions.take_up(identifier, "browser") is None


def test_it_belongs_to_the_browser_that_came_first(interactions: Interactions) -> None:
    begun = interactions.begin_page("/")
    assert interactions.take_up(begun.id, "one") is not None
    assert interactions.take_up(begun.id, "two") is None
    assert interactions.take_up(begun.id, "one") is not None


def test_of_many_browsers_at_once_one_gets_it(interactions: Interactions) -> None:
    begun = interactions.begin_page("/")
    barrier = threading.Barrier(12)

    def take_up(number: int) -> bool:
        barrier.wait()
        return interactions.take_up(begun.id, f"browser {number}") is not None

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(take_up, range(12))) == 1


def test_it_expires(interactions: Interactions, clock: FakeClock) -> None:
    begun = interactions.begin_page("/")
    taken = interactions.take_up(begun.id, "browser")
    assert taken is not None
    clock.advance(3600)
    assert interactions.take_up(begun.id, "browser") is None
    assert interactions.prove(taken, "uuid", ("pwd",), must_change=False) is None


def test_a_proven_password_waits_ten_minutes(interactions: Interactions, clock: FakeClock) -> None:
    taken = interactions.take_up(interactions.begin_page("/").id, "browser")
    assert taken is not None
    assert interactions.proven_officer(taken) == ""
    proven = interactions.prove(taken, "uuid", ("pwd",), must_change=True)
    assert proven is not None
    assert proven.must_change_password
    assert interactions.proven_officer(proven) == "uuid"
    clock.advance(601)
    assert interactions.proven_officer(proven) == ""


def test_not_me_forgets_what_was_proven(interactions: Interactions) -> None:
    taken = interactions.take_up(interactions.begin_page("/").id, "browser")
    assert taken is not None
    proven = interactions.prove(taken, "uuid", ("pwd",), must_change=False)
    assert proven is not None
    interactions.forget(proven)
    again = interactions.take_up(taken.id, "browser")
    assert again is not None
    assert (again.entry_uuid, again.amr, again.proven_at) == ("", (), None)


def test_a_changed_password_counts_for_the_officer_who_changed_it_only(interactions: Interactions) -> None:
    taken = interactions.take_up(interactions.begin_page("/").id, "browser")
    assert taken is not None
    proven = interactions.prove(taken, "one", ("pwd",), must_change=True)
    assert proven is not None
    interactions.prove(taken, "two", ("pwd",), must_change=True)
    assert interactions.password_changed(proven) is None
    again = interactions.take_up(taken.id, "browser")
    assert again is not None
    assert again.must_change_password


def test_the_answer_leaves_once_and_a_second_press_is_the_same_act(interactions: Interactions, clock: FakeClock) -> None:
    taken = interactions.take_up(interactions.begin_authorization("qlvb", "{}").id, "browser")
    assert taken is not None
    assert interactions.finish(taken)
    assert not interactions.finish(taken)
    done = interactions.take_up(taken.id, "browser")
    assert done is not None
    assert interactions.is_open(done)
    assert interactions.amend(done, "[]") is None
    clock.advance(16)
    assert not interactions.is_open(done)
