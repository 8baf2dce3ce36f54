"""Every list of the administration API at the size of a province: ``make bench BENCH_ARGS="--lists 100000 --records 1000000"``.

Which lists there are is read from the API's own description, and so are the orders and filters that each takes: one that is new
is measured the day it is described. Each is asked for its first page and the one behind it, in the process, without the network.
The console's pages show the same lists of the same rooms. The suite runs the same with few of everything
(tests/administration/test_lists.py).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from idp.adapters.sql import schema
from idp.administration.tasks import OPERATOR
from idp.oauth.clients.registrar import ClientFile
from idp.rollout.campaign import Campaign
from idp.web.api.openapi import document
from tests.administration.office import CALLER, FILES, ISSUER, PLENTY, Office, carriers
from tests.postgresql import PostgreSQL
from tests.rollout.world import Province

from .crowd import crowd
from .crowd import records as fill_trail
from .directory import Figure

LIST_MS: Final = 300.0
SEARCH_MS: Final = 50.0
REPORT_MS: Final = 5000.0
MEMORY_MB: Final = 100.0
_WORDS: Final = ("nguyen van mau", "mau 99", "van mau 1234", "khong co", "n", "so 7")
_WHOLE: Final = ("/campaigns", "/campaigns/{id}", "/agencies", "/enrollments/counts", "/enrollments/expiry", "/deliveries")
"""Lists that come as one."""
_VALUES: Final = 24
"""So many of what a filter knows are tried; of more every second, or every third."""


class Town:
    """A province with its administration, its applications and its trail.

    Args:
        url: An empty database.
        officers: How many officers.
        applications: How many applications.
        records: How many audit records.
    """

    def __init__(self, url: str, officers: int, applications: int, records: int) -> None:
        self.office = Office(url, rates=PLENTY, mssp_file=carriers())
        province = Province(self.office.database, officers, agencies=60)
        self.campaign = _campaign(province, officers)
        self.office.clock.advance(province.clock.now() - self.office.clock.now())
        self.office.services.registrar.apply([*map(_client, FILES), *(_client({
            "client_id": f"ung-dung-{number}", "client_name": f"Ứng dụng {number}", "scope": "openid profile",
            "redirect_uris": [f"http://localhost:8001/cb/{number}"],
            "province": {"owner": "Sở", "owner_unit": f"H30.{number % 60}"}}) for number in range(applications))], CALLER)
        self.subject = province.people[0].sub
        now, people = self.office.clock.now(), [(one.sub, one.officer.main_post.unit_code, one.officer.name)
                                                for one in province.people]
        self.token = self.office.province()
        crowd(self.office.database, people, now, by=self._sub_of("quantri"))
        fill_trail(self.office.database, [sub for sub, *_ in people], applications, records, now)
        with self.office.database.cursor(self.office.database.relaxed) as cursor:
            cursor.execute("ANALYZE")  # as the server does it by itself some time after so much was written
        self.office.services.campaign_courses.keep(self.office.clock.now())
        # What was made to fill the database is not the server's: nothing collects it while lists are measured.
        gc.collect()
        gc.freeze()

    def _sub_of(self, uid: str) -> str:
        with self.office.database.cursor(self.office.database.relaxed) as cursor:
            return str(cursor.execute(f"SELECT sub FROM officer WHERE uid = '{uid}'").fetchone()[0])

    def ask(self, path: str, **asked: str) -> Any:
        """Ask the API; gives what it says, or raises AssertionError where that is no list."""
        answer = self.office.call("GET", f"{path}{f'?{urlencode(asked)}' if asked else ''}", self.token)
        assert answer.status_code == 200, (path, asked, answer.text)
        return answer.json


def run(url: str, *, officers: int, applications: int, records: int, tries: int, ways: int = 100,
        clock: Callable[[], float] = time.perf_counter) -> Iterator[Figure]:
    """Fill a database and give the figures; p95 of the tries.

    Args:
        url: An empty database.
        officers: How many officers.
        applications: How many applications.
        records: How many audit records.
        tries: How often each list is asked.
        ways: In how many ways each filter is used at most.
        clock: What is measured, in seconds.
    """
    town = Town(url, officers, applications, records)

    def taken(act: Callable[[], object], tries: int = tries) -> float:
        times = []
        for _ in range(tries):
            began = clock()
            act()
            times.append((clock() - began) * 1000)
        return sorted(times)[int(tries * 0.95)]

    try:
        number = town.campaign.campaign_id
        yield Figure("a campaign, the first look", taken(lambda: town.ask(f"/campaigns/{number}"), 1), LIST_MS, "ms")
        for path, asked in lists(town, ways):
            name = f"{path} {urlencode(asked)}".strip()
            page = town.ask(path, **asked)  # what is compiled once is not measured
            yield Figure(name, taken(lambda path=path, asked=asked: town.ask(path, **asked)), _most(path, asked), "ms")
            if following := page.get("next") if isinstance(page, dict) else None:
                behind = asked | {"cursor": following}
                yield Figure(f"{name}, the page behind", taken(lambda path=path, behind=behind: town.ask(path, **behind)),
                             _most(path, asked), "ms")
        reports = town.office.services.administration.rollout_reports
        yield Figure("report of the day before", taken(lambda: reports.page(OPERATOR, number), 1), REPORT_MS, "ms")
        for which in ("missing", "members"):
            yield Figure(f"memory of {which} as a file", _grown(lambda which=which: _exported(town, which)), MEMORY_MB, "MB")
    finally:
        gc.unfreeze()
        town.office.close()


def lists(town: Town, ways: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Give every list with the ways in which it may be asked."""
    described = document(ISSUER)
    ids = {"/campaigns/{id}": town.campaign.campaign_id, "/officers/{sub}": town.subject, "/clients/{client_id}": "qlvb"}
    for path, operations in described["paths"].items():
        if "get" not in operations:
            continue
        known = {one["name"]: one for one in map(lambda one: _meant(described, one), [
            *operations.get("parameters", ()), *operations["get"].get("parameters", ())])}
        if "limit" not in known and path not in _WHOLE:
            continue
        for start, value in ids.items():
            path = path.replace(start, f"{start.rpartition('/')[0]}/{value}")
        assert "{" not in path, f"{path}: say of what"
        needed = {"client_id": "qlvb"} if path == "/grants" else {}
        yield path, needed
        for name, one in known.items():
            if one["in"] == "query" and name not in ("limit", "cursor", "file"):
                yield from ((path, needed | {name: value}) for value in _values(name, one.get("schema", {}))[:ways])


def _values(name: str, schema: dict[str, Any]) -> Sequence[str]:
    if "enum" in schema:
        step = -(-len(schema["enum"]) // _VALUES)
        return [str(one) for one in schema["enum"][::step]]
    return {"q": _WORDS, "unit": ("H30.7",), "event": ("sign_in",)}.get(name, ())


def _meant(described: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in one:
        return dict(described["components"]["parameters"][one["$ref"].rpartition("/")[2]])
    return one


def _most(path: str, asked: dict[str, str]) -> float:
    return SEARCH_MS if path == "/officers" and "q" in asked else LIST_MS


def _campaign(province: Province, officers: int) -> Campaign:
    """Begin a campaign for everybody, and let the desk work for a week."""
    campaign = province.begin(groups=())
    for _ in range(7):
        province._to(9)
        for _ in range(5):
            province._desk(max(1, officers // 60))
        province._to(32)
    province.campaigns.follow()
    province._to(9)
    return campaign


def _client(members: dict[str, Any]) -> ClientFile:
    return ClientFile(members["client_id"], members)


def _exported(town: Town, which: str) -> int:
    given = town.office.services.administration.campaign_files.file(
        OPERATOR, which, town.campaign.campaign_id, {"purpose": "Đo bộ nhớ"}, CALLER)
    return sum(map(len, given.chunks))


def _grown(act: Callable[[], object]) -> float:
    """Tell how many MB of memory an act takes beyond the process as it is before."""
    gc.collect()
    with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:
        reset.write("5")  # the highest of all times begins anew
    before = _status("VmRSS")
    act()
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measure(officers: int, records: int) -> bool:
    """Make and print all figures on PostgreSQL, and tell whether each holds."""
    good = True
    server = PostgreSQL(durable=True).start()
    try:
        url = server.create()
        schema.upgrade(url)
        for figure in run(url, officers=officers, applications=500, records=records, tries=12):
            good = good and figure.holds
            print(f"{figure.name:<66} {figure.value:>9.2f} {figure.unit:<2} at most {figure.most:g}"
                  f"{'' if figure.holds else '  NO'}", flush=True)
    finally:
        server.stop()
    return good
