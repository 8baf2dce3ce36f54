"""The mirror under load: ``make bench BENCH_ARGS="--officers 100000"`` (docs/performance.md, "The mirror").

A directory in memory stands for the server, so that the figures are those of the mirror: import of everybody, changes heard, a
comparison that finds nothing, an empty answer, searches. Each figure is held to what it must be; the suite runs the same with
fewer officers (tests/directory/test_load.py).
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.feed import SqlFeedRecord
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.search import SqlOfficerSearch
from idp.adapters.sql.directory.units import SqlUnits
from idp.audit import Caller
from idp.clock import SystemClock
from idp.directory.brake import Brake, BrakedError, BrakeRule
from idp.directory.feed import Batch, Feed
from idp.directory.mirror import search_words
from idp.directory.officer import Officer, Post
from idp.directory.unit import UnitEntry

ME = Caller("cli", "bench")
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
MIDDLE = ("Văn", "Thị", "Hữu", "Minh", "Thanh", "Ngọc", "Quốc", "Hoàng", "Đức", "Kim")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hạnh", "Hiếu", "Hùng", "Hương", "Khoa", "Lan", "Linh", "Mai", "Nam", "Nga",
         "Phúc", "Phương", "Quân", "Sơn", "Tâm", "Thảo", "Thủy", "Trang", "Tuấn", "Yến")
QUERIES = ("nguyen", "nguyen van an", "khong co", "cb000123", "huynh ngoc yen", "0293 0000 123", "vo thi", "so 17", "ly kim chi",
           "cb001999@haugiang", "an", "n", "so", "ng v a", "z", "123", "yen huynh")
UNITS = ("", "H30.17", "H30")
REPEATS = 5
"""Of so many the least counts: what else the machine does is not the search's."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and what it must be at most."""

    name: str
    value: float
    most: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether it is as it must be."""
        return self.value <= self.most


class Crowd:
    """A directory of invented officers, which also tells of changes as a server does."""

    name = "syncrepl"

    def __init__(self, count: int, seed: int = 20) -> None:
        chance = random.Random(seed)
        self.officers = {one.entry_uuid: one for one in (self._officer(n, chance) for n in range(count))}
        self.heard: list[Batch] = []

    def _officer(self, number: int, chance: random.Random) -> Officer:
        family, middle, given = chance.choice(FAMILY), chance.choice(MIDDLE), chance.choice(GIVEN)
        uid, unit = f"cb{number:06}", f"H30.{1 + number % 300}"
        return Officer(
            entry_uuid=f"{chance.getrandbits(128):032x}", dn=f"uid={uid},ou={unit},dc=x", uid=uid,
            name=f"{family} {middle} {given}", given_name=f"{middle} {given}", family_name=family,
            mail=f"{uid}@haugiang.gov.vn", phone=f"+84293{number:07}",
            posts=(Post(unit, "", f"Sở {number % 300}", "Chuyên viên"),), groups=("can-bo",), attributes={"uid": uid})

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give everything without a cookie, else what was changed since."""
        if not cookie:
            everyone = list(self.officers.values())
            for start in range(0, len(everyone), 200):
                take(Batch(everyone[start:start + 200], refreshing=True))
            take(Batch(complete=True, present=frozenset(self.officers), cookie="1"))
        while self.heard:
            take(self.heard.pop(0))

    def change(self, count: int) -> None:
        """Let so many move, and some of them be disabled, as a server tells it."""
        for number, one in enumerate(list(self.officers.values())[:count]):
            changed = replace(one, posts=(Post("H30.999", "", "Sở Mới", "Chuyên viên"),), disabled=number % 50 == 0)
            self.officers[one.entry_uuid] = changed
            if number % 200 == 0:
                self.heard.append(Batch())
            last = self.heard[-1]
            self.heard[-1] = replace(last, officers=(*last.officers, changed), cookie="2")

    def find(self, entry_uuid: str) -> Officer | None:
        """Give an officer."""
        return self.officers.get(entry_uuid)

    def everyone(self) -> Iterator[Officer]:
        """Give everybody."""
        yield from list(self.officers.values())

    def units(self) -> tuple[UnitEntry, ...]:
        """Give no agency."""
        return ()

    def memberships(self) -> Callable[[str], tuple[str, ...]]:
        """Everybody is in one group."""
        return lambda _dn: ("can-bo",)


def run(database: Database, officers: int) -> list[Figure]:
    """Make the figures on an empty database."""
    scale = officers / 100_000
    crowd, clock, mirror = Crowd(officers), SystemClock(), SqlOfficers(database)
    ledger, record = mirror.ledger, SqlFeedRecord(database)
    brake = Brake(record, ledger, BrakeRule(), clock)
    feed = Feed(crowd, crowd, ledger, SqlUnits(database), record, brake, clock)
    figures = [Figure("import of everybody", _seconds(lambda: feed.round(once=True)), max(600 * scale, 20.0), "s")]
    assert ledger.active() == officers
    crowd.change(officers // 20)
    figures.append(Figure("one in twenty changed", _seconds(lambda: feed.round(once=True)), max(60 * scale, 20.0), "s"))
    figures.append(Figure("a comparison that finds nothing", _seconds(lambda: feed.reconcile(ME)), max(600 * scale, 20.0), "s"))
    if not database.is_sqlite:
        with database.durable.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE officer")
    search = SqlOfficerSearch(database)

    def look(query: str, unit: str) -> object:
        return search.search(search_words(query), unit=unit, after=None, limit=51)

    took = [min(_seconds(partial(look, query, unit)) for _ in range(REPEATS)) * 1000 for query in QUERIES for unit in UNITS]
    figures.append(Figure("search, p95 of all words and agencies", statistics.quantiles(took, n=20)[-1], 50, "ms"))
    active = ledger.active()
    for losses in (officers // 10, officers):
        for entry_uuid in list(crowd.officers)[:losses]:
            del crowd.officers[entry_uuid]
        try:
            feed.reconcile(ME)
        except BrakedError:
            continue
    figures.append(Figure("officers lost to a tenth missing and to an empty answer", active - ledger.active(), 0, ""))
    return figures


def _seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
