"""What the province says to everybody: when it is shown, which of it are links, and how often the database is asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from idp.adapters.sql.announcements import SqlAnnouncements
from idp.adapters.sql.database import Database
from idp.audit import AuditEvent, AuditRecord
from idp.errors import UnavailableError
from idp.notices.announcements import MOST_SHOWN, Announcement, Announcements, Level, State, Where, normalized, pieces
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()
ONE = Announcement(announcement_id="a1", level=Level.INFO, where=frozenset({Where.SIGN_IN}), text_vi="Bảo trì", text_en="",
                   from_at=NOW, until_at=NOW + 600, revision=1, made_by="sub-1", made_at=NOW)


class Board:
    """Announcements in memory that count how often they are asked."""

    def __init__(self, *kept: Announcement) -> None:
        self.kept, self.looks, self.loads, self.number, self.away = list(kept), 0, 0, 1, False

    def version(self) -> int:
        if self.away:
            raise UnavailableError("away", dependency="database")
        self.looks += 1
        return self.number

    def not_over(self, now: int) -> Sequence[Announcement]:
        self.loads += 1
        return [one for one in self.kept if one.until_at > now]


@pytest.mark.parametrize(("from_at", "until_at", "state"), [
    (10, 20, State.FUTURE), (5, 20, State.PRESENT), (0, 5, State.PAST), (9, 4, State.PAST), (5, 6, State.PRESENT)])
def test_an_announcement_begins_and_ends_to_the_second(from_at: int, until_at: int, state: State) -> None:
    assert replace(ONE, from_at=from_at, until_at=until_at).state(5) is state


def test_a_page_asks_the_database_at_most_once_a_second_and_loads_only_what_changed() -> None:
    clock, board = FakeClock(), Board(ONE, replace(ONE, announcement_id="a2", from_at=NOW + 5))
    rooms = Announcements(board, clock)
    for _ in range(50):
        assert [one.announcement_id for one in rooms.shown(Where.SIGN_IN)] == ["a1"]
    assert (board.looks, board.loads) == (1, 1)
    clock.advance(5)
    assert [one.announcement_id for one in rooms.shown(Where.SIGN_IN)] == ["a2", "a1"], "it began, and nothing was loaded for it"
    assert (board.looks, board.loads) == (2, 1)
    assert rooms.shown(Where.PORTAL) == ()
    board.kept.append(replace(ONE, announcement_id="a3", level=Level.WARNING))
    board.number += 1
    assert len(rooms.shown(Where.SIGN_IN)) == 2, "not in the same second"
    clock.advance(1)
    assert [one.announcement_id for one in rooms.shown(Where.SIGN_IN)] == ["a3", "a2", "a1"], "warnings come first"
    clock.advance(600)
    assert rooms.shown(Where.SIGN_IN) == ()


def test_a_database_that_is_away_takes_no_page_with_it() -> None:
    clock, board = FakeClock(), Board(ONE)
    board.away = True
    rooms = Announcements(board, clock)
    assert rooms.shown(Where.SIGN_IN) == ()
    board.away = False
    clock.advance(1)
    assert rooms.shown(Where.SIGN_IN) == (ONE,)
    board.away = True
    clock.advance(1)
    assert rooms.shown(Where.SIGN_IN) == (ONE,)


def test_a_page_shows_a_few_at_most() -> None:
    many = [replace(ONE, announcement_id=f"a{number}") for number in range(20)]
    assert len(Announcements(Board(*many), FakeClock()).shown(Where.SIGN_IN)) == MOST_SHOWN


@pytest.mark.parametrize(("text", "links"), [
    ("Xem https://haugiang.gov.vn/bao-tri.", ["https://haugiang.gov.vn/bao-tri"]),
    ("(https://a.gov.vn), https://b.gov.vn/x?y=1&z=2!", ["https://a.gov.vn", "https://b.gov.vn/x?y=1&z=2"]),
    ("http://a.gov.vn javascript:alert(1) data:text/html,x //a.gov.vn", []),
    ("https://haugiang.gov.vn@evil.example/ https://localhost/x https://[::1/ https://a.b:99999/", []),
    ("HTTPS://a.gov.vn", []), ("https://đ.vn", []), ('https://a.gov.vn"onclick="x', ["https://a.gov.vn"])])
def test_security_41_only_plain_https_addresses_become_links(text: str, links: list[str]) -> None:
    (line,) = pieces(text)
    assert [piece.url for piece in line if piece.url] == links
    assert "".join(piece.text for piece in line) == text, "nothing of the text is lost"


def test_a_text_is_kept_in_one_form() -> None:
    assert normalized("  Bảo trì \r\n\r\n\r\n\r\nMai  ") == "Bảo trì\n\nMai"
    assert pieces("a\nb") == ((("a", ""),), (("b", ""),))


RECORD = AuditRecord(AuditEvent.ANNOUNCEMENT_CHANGED, NOW)


def test_a_change_is_made_once_raises_the_version_and_is_read_back(database: Database) -> None:
    store = SqlAnnouncements(database)
    before = store.version()
    english = replace(ONE, text_en="Maintenance", where=frozenset(Where), level=Level.WARNING)
    assert [store.add(english, RECORD) for _ in range(2)] == [True, False]
    assert (store.find("a1"), store.find("a2"), store.version()) == (english, None, before + 1)
    wanted = [replace(english, revision=2, text_vi=f"Lần {number}") for number in range(4)]
    won: list[Announcement] = []

    def change(one: Announcement) -> None:
        if store.change(english, one, RECORD):
            won.append(one)

    threads = [threading.Thread(target=change, args=[one]) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), store.find("a1"), store.version()) == (1, won[0], before + 2)


def test_lists_go_on_where_they_stopped_and_the_copy_leaves_out_what_is_over(database: Database) -> None:
    store = SqlAnnouncements(database)
    for number in range(5):
        store.add(replace(ONE, announcement_id=f"a{number}", from_at=NOW + number // 2, until_at=NOW + 10 * number), RECORD)
    first = store.listed(after=None, limit=3)
    rest = store.listed(after=(first[-1].from_at, first[-1].announcement_id), limit=9)
    assert [one.announcement_id for one in (*first, *rest)] == ["a4", "a2", "a3", "a0", "a1"]
    assert {one.announcement_id for one in store.not_over(NOW + 15)} == {"a2", "a3", "a4"}
