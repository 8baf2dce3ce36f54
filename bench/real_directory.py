"""The mirror under a real slapd: ``make bench BENCH_ARGS="--officers 100000"`` (docs/performance.md, "The mirror").

The sample directory with as many more officers as are asked for, loaded by slapadd, followed by the product's own adapter: first
import, changes, a comparison that finds nothing, and sign-ins beside those of the directory as it is. Sign-ins are what the
directory and the mirror have to do with one: the entry found, the password bound, the mirror learnt.

Figures are of processor time where not said otherwise: this process, slapd and PostgreSQL together.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from deploy.directory.agencies import agency_tree
from deploy.directory.generate import CHEAP, DEMO_PASSWORD, OFFICER_CLASSES, Ldif, unit_dn
from deploy.directory.server import SampleDirectory
from deploy.ports import free_port
from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.directory.officer import BindResult
from tests.followed import Followed, follow

from .directory import FAMILY, GIVEN, MIDDLE, Figure

ME = Caller("cli", "bench")
TURN = 50
"""Sign-ins at one directory, before it is the other's turn."""


def more_officers(count: int, seed: int = 20) -> str:
    """Give officers as LDIF, beside those of the sample directory; all have its password."""
    chance, ldif = random.Random(seed), Ldif()
    rooms = [agency for agency in agency_tree() if agency.kind == "room"]
    password = CHEAP.hash(DEMO_PASSWORD, b"16 octets of it.")
    for number in range(count):
        uid, room = f"cb{number:06}", rooms[number % len(rooms)]
        family, middle, given = chance.choice(FAMILY), chance.choice(MIDDLE), chance.choice(GIVEN)
        ldif.add(f"uid={uid},{unit_dn(room.code)}", *OFFICER_CLASSES, uid=uid, cn=f"{family} {middle} {given}", sn=family,
                 displayName=f"{family} {middle} {given}", givenName=f"{middle} {given}", mail=f"{uid}@haugiang.gov.vn",
                 telephoneNumber=f"+84 293 {1000000 + number}", departmentNumber=room.code, ou=room.name, title="Chuyên viên",
                 vnPost=[f"1${room.code}$Chuyên viên"], userPassword=password,
                 entryUUID=f"00000000-0000-4000-b000-{number:012}")
    return "\n".join(["", *ldif.lines])


class Meter:
    """Processor time of this process and of programs with everything that they start."""

    def __init__(self, *programs: int) -> None:
        self._programs = programs

    def spent(self) -> float:
        """Give seconds so far."""
        total = time.process_time()
        for program in self._programs:
            root = psutil.Process(program)
            for one in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = one.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
        return total

    def of(self, act: Callable[[], object]) -> tuple[float, float]:
        """Give seconds of processor time and of the clock that something takes."""
        began, spent = time.monotonic(), self.spent()
        act()
        return self.spent() - spent, time.monotonic() - began


@contextlib.contextmanager
def directory(folder: Path, extra: int) -> Iterator[SampleDirectory]:
    """Run the sample directory with so many officers more."""
    port = free_port()
    with SampleDirectory(folder, port, tls_port=free_port(), cost=CHEAP, more=more_officers(extra) if extra else "") as server:
        yield server


def touch(server: SampleDirectory, count: int) -> None:
    """Change the telephone of so many officers in the directory, as an administrator of it does."""
    import ldap
    connection = ldap.initialize(server.uri)
    connection.simple_bind_s(server.admin_dn, server.admin_password)
    rooms = [agency for agency in agency_tree() if agency.kind == "room"]
    for number in range(count):
        connection.modify_s(f"uid=cb{number:06},{unit_dn(rooms[number % len(rooms)].code)}", [
            (ldap.MOD_REPLACE, "telephoneNumber", [f"+84 293 {2000000 + number}".encode()])])
    connection.unbind_s()


def lets_in(house: Followed, uid: str) -> bool:
    """Do what directory and mirror do at one sign-in."""
    directory: Any = house.directory
    officer = directory.find_by_login(uid)
    if officer is None or directory.check_password(officer, DEMO_PASSWORD).result is not BindResult.ACCEPTED:
        return False
    house.mirror.learn(officer, now=house.clock.now(), look=lambda: directory.find(officer.entry_uuid))
    return True


def sign_ins(houses: Sequence[tuple[Followed, Meter, Sequence[str]]], count: int) -> list[tuple[float, float]]:
    """Sign in in turn at each; give the p95 in milliseconds of the clock, and processor time of one in milliseconds, by house."""
    took: list[list[float]] = [[] for _ in houses]
    spent = [0.0 for _ in houses]
    for start in range(0, count, TURN):
        for place, (house, meter, uids) in enumerate(houses):
            before = meter.spent()
            for number in range(start, start + TURN):
                began = time.monotonic()
                assert lets_in(house, uids[number % len(uids)])
                took[place].append((time.monotonic() - began) * 1000)
            spent[place] += (meter.spent() - before) * 1000
    return [(statistics.quantiles(times, n=20)[-1], cpu / len(times)) for times, cpu in zip(took, spent, strict=True)]


def run(databases: Sequence[Database], folder: Path, officers: int, *, logins: int, postgresql: int | None) -> Iterator[Figure]:
    """Make the figures, one after the other.

    Args:
        databases: Two that are empty: for the large directory and for the small one.
        folder: For both directories.
        officers: How many more the large one has than the 400 of the sample.
        logins: How many sign-ins at each.
        postgresql: Process of the server, if the databases are its.
    """
    scale = officers / 100_000
    with directory(folder / "small", 0) as small, directory(folder / "large", officers) as large:
        meters = [Meter(server.pid, *([postgresql] if postgresql else [])) for server in (large, small)]
        houses = [follow(databases[0], large), follow(databases[1], small)]

        def figure(name: str, act: Callable[[], object], most: float) -> Iterator[Figure]:
            spent, clock = meters[0].of(act)
            yield Figure(name, spent, max(most * scale, 20.0), "s")
            yield Figure(f"{name}, by the clock", clock, float("inf"), "s")

        yield from figure("import of everybody", houses[0].catch_up, 600)
        assert houses[0].ledger.active() >= officers
        houses[0].happened()
        touch(large, officers // 20)
        yield from figure("one in twenty changed", houses[0].catch_up, 60)
        assert len(houses[0].happened()) == officers // 20
        yield from figure("a comparison that finds nothing", lambda: houses[0].feed.reconcile(ME), 600)
        assert houses[0].happened() == []
        houses[1].catch_up()
        chance = random.Random(3)
        names = [[f"cb{chance.randrange(officers):06}" for _ in range(logins)],
                 [uid for uid in _active(houses[1]) if lets_in(houses[1], uid)][:logins]]
        of_large, of_small = sign_ins(list(zip(houses, meters, names, strict=True)), logins)
        yield Figure("sign-in, p95 of the small directory", of_small[0], float("inf"), "ms")
        yield Figure("sign-in, p95", of_large[0], float("inf"), "ms")
        yield Figure("sign-in, processor time of the small directory", of_small[1], float("inf"), "ms")
        yield Figure("sign-in, processor time", of_large[1], of_small[1] * 1.2 + 0.2, "ms")
        for house in houses:
            house.directory.close()  # type: ignore[attr-defined]


def _active(house: Followed) -> list[str]:
    return [standing.dn.partition(",")[0].removeprefix("uid=") for standing in house.ledger.standings() if standing.active]
