"""A guess attack on several officers from many addresses at once, over two nodes, while their owners go on working.

``python -m tests.security.guess_attack [guesses]`` runs it at full length (10,000 guesses, 50 at the same time) on SQLite and on
PostgreSQL, holds it to the same rules as the short form in the suite, and prints one line of JSON for each.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import text

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.authn.lockout import PASSWORD_LIMITS, Pause, ThrottledError
from idp.sessions.devices import Device
from tests.authn.house import Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, officer
from tests.postgresql import PostgreSQL

ATTACKED = tuple(f"officer{number}" for number in range(10))
PAUSE = Pause(1)
OFFICE = "203.0.113.7"
"""The address that the officers share with a guesser."""


@dataclass
class Course:
    """What came of an attack.

    Attributes:
        guesses: Wrong guesses that were made.
        outcomes: How many were refused after being tried, throttled, or accepted.
        tried: Guesses that reached the directory, by officer.
        tried_from: The same, by officer and address.
        honest: Outcomes of the officers' own sign-ins during the attack, each from a known device.
        rows: Audit rows about refusals.
        recorded: Refusals that these rows tell of.
    """

    guesses: int
    outcomes: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    tried_from: Counter[tuple[str, str]] = field(default_factory=Counter)
    honest: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    recorded: int = 0
    seconds: float = 0.0


def attack(database: Database, *, guesses: int, parallel: int = 50) -> Course:
    """Guess at ten officers from the office's own address and from twice as many others as there are threads.

    The clock stands still, so that what limits and pauses let through is one number; every tenth guess an officer signs in.
    """
    clock = FakeClock()
    directory = FakeDirectory([officer(uid, number=100 + number) for number, uid in enumerate(ATTACKED)])
    nodes = [Node(database, directory, clock, pause=PAUSE) for _ in range(2)]
    devices = {uid: Device(f"device of {uid}", frozenset({uid})) for uid in ATTACKED}
    course, lock = Course(guesses), threading.Lock()

    def guess(number: int) -> None:
        uid, node = ATTACKED[number % len(ATTACKED)], nodes[number % 2]
        source = OFFICE if number % 3 == 0 else f"198.51.100.{number % (2 * parallel)}"
        outcome = node.outcome(uid, f"guess {number}", source)
        honest = ""
        if number % 10 == 9:
            mine = ATTACKED[number // 10 % len(ATTACKED)]
            try:
                honest = node.sign_in.password(mine, PASSWORD, Caller(OFFICE, "honest"), device=devices[mine]).outcome
            except ThrottledError:
                honest = "throttled"
        with lock:
            course.outcomes[outcome] += 1
            course.tried[uid] += outcome == "refused"
            course.tried_from[uid, source] += outcome == "refused"
            if honest:
                course.honest[honest] += 1

    start = time.monotonic()
    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(guess, range(guesses)))
    course.seconds = round(time.monotonic() - start, 1)
    trail = SqlAuditTrail(database)
    while trail.settle(clock.now() + 60):
        pass
    with database.durable.connect() as connection:
        for (detail,) in connection.execute(text("SELECT detail FROM audit WHERE event LIKE 'sign_in.%'")):
            course.rows += 1
            course.recorded += int(json.loads(detail).get("repeated", 1))
    return course


def hold(course: Course) -> None:
    """Hold an attack to the rules: none accepted, exactly as many tried as the limits let through, none
    during a pause, every one recorded."""
    assert course.outcomes["accepted"] == 0
    assert course.tried == dict.fromkeys(ATTACKED, PASSWORD_LIMITS.account.failures)
    assert max(course.tried_from.values()) == PAUSE.free + 1
    assert course.outcomes["throttled"] == course.guesses - len(ATTACKED) * PASSWORD_LIMITS.account.failures
    assert course.honest == {"accepted": course.guesses // 10}
    assert course.recorded == course.guesses
    kinds = 3
    assert course.rows <= 2 * kinds * len(course.tried_from), "refused, paused, full: of each the first, and the others together"


def main(guesses: int) -> None:
    """Run it on both databases."""
    server = PostgreSQL().start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, url in {"sqlite": f"sqlite:///{folder}/idp.sqlite3", "postgresql": server.create()}.items():
                schema.upgrade(url)
                database = Database(url)
                course = attack(database, guesses=guesses)
                database.dispose()
                print(json.dumps({"database": name, "guesses": guesses, "parallel": 50, "seconds": course.seconds,
                                  "accepted": course.outcomes["accepted"], "tried": sum(course.tried.values()),
                                  "throttled": course.outcomes["throttled"], "honest": dict(course.honest),
                                  "audit_rows": course.rows, "recorded": course.recorded}), flush=True)
                hold(course)
    finally:
        server.remove()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
