"""The faults themselves, what each run found, and what is demanded of it, whatever its length."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.directory.certificates import TlsFiles, make_authority, make_server_certificate, write_private
from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from tests.allowance import allowed
from tests.directory_server import Proxy, new_directory, open_directory

from .control import control
from .lines import BACK, Lines, until
from .load import ACCEPTED, CONTROL, PROGRAM, RIGHT, WRONG, Answer, Load, at_most_doubled, p95
from .product import Product

CHEAP = HashCost(memory=64, rounds=1)
START_TLS = b"1.3.6.1.4.1.1466.20037"
NOTICED_SECONDS = 0.5
"""From the fault to a moment at which every request meets it."""
LOOKUP_SECONDS, BIND_SECONDS = 3.0, 8.0
"""What somebody waits at most who comes while the directory is away; and who had been found in it before, and waits for the
answer to a bind (five seconds) that does not come any more."""
LINE_SECONDS = 1.0
"""While a directory that was quick answers no more, people stand in line so long at most, on threads that programs need
(``idp.adapters.ldap.turns``); then half of the threads are programs' again."""
FEW_PROGRAMS, FEW_PEOPLE = 20, 2
"""More than so many have asked before a fault ends."""
_Windows = list[tuple[float, float]]
_Inject = Callable[["_Course"], _Windows]


@dataclass(frozen=True)
class Length:
    """Seconds of a run.

    Attributes:
        before: Load without the fault.
        during: The fault, or each of several.
        after: Load after it.
        period: Of a fault that comes and goes.
    """

    before: float
    during: float
    after: float
    period: float = 0.0


@dataclass
class Found:
    """What a run found; one JSON line.

    Attributes:
        duration: Seconds of the fault.
        requests: Answers in all.
        acknowledged: Sign-ins and refreshes that were answered as done.
        lost: Of the latest of them, those of which nothing is left afterwards.
        wrongly_accepted: Sign-ins with a wrong password, or while nothing could check it.
        recovery_seconds: From the end of the fault to the first sign-in that began after it.
        refusal_seconds: The longest that somebody who came when it was away waited to hear that.
        failed_programs: Answers to programs and open sessions that were not what they are on other days.
        throttled: Right passwords that were refused because of earlier tries.
        log_lines: Of the directory's servers, with ``transitions`` allowed.
        demands: What was not as it must be.
    """

    fault: str
    form: str
    duration: float = 0.0
    requests: int = 0
    acknowledged: int = 0
    lost: int = 0
    wrongly_accepted: int = 0
    recovery_seconds: float = 0.0
    refusal_seconds: float = 0.0
    refused: int = 0
    failed_programs: int = 0
    throttled: int = 0
    log_lines: int = 0
    transitions: int = 0
    p95_before: float = 0.0
    p95_during: float = 0.0
    p95_after: float = 0.0
    control_before: float = 0.0
    control_during: float = 0.0
    more: dict[str, float] = field(default_factory=dict)
    demands: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """Give it for JSON."""
        known = asdict(self)
        return {**{name: value for name, value in known.items() if name not in {"more", "demands"}}, **known["more"],
                "failed_demands": known["demands"]}

    def demand(self, what: str, holds: bool) -> None:
        """Note a demand that does not hold."""
        if not holds:
            self.demands.append(what)

    def count(self, load: Load) -> None:
        """Count what every run counts, and demand what every run demands; the load is over."""
        answers = load.ledger.answers
        self.requests = sum(answer.kind != CONTROL for answer in answers)
        self.acknowledged = sum((answer.kind, answer.status) == (RIGHT, ACCEPTED)
                                or (answer.route, answer.status) == ("refresh", 200) for answer in answers)
        self.lost = load.lost()
        self.failed_programs = sum(answer.status != 200 for answer in answers if answer.kind == PROGRAM)
        self.throttled = sum(answer.kind == RIGHT and answer.status == 429 for answer in answers)
        self.demand(f"the load went on: {load.broken}", not load.broken)
        self.demand("sessions, refresh, introspection, UserInfo and keys go on", self.failed_programs == 0)
        self.demand("nothing is lost", self.lost == 0)
        self.demand("nobody is locked because of it", self.throttled == 0)
        self.demand("only answers that say something", all(answer.status in {200, 303, 400, 429, 503} for answer in answers))


@dataclass(frozen=True)
class Rig:
    """A product and its directory.

    Attributes:
        proxy: Between the two.
        bad: Servers whose certificates must be refused.
        officers: Without a second factor.
        control: URL of the server that is asked beside the product.
    """

    server: SampleDirectory
    proxy: Proxy
    product: Product
    bad: tuple[SampleDirectory, ...]
    officers: Sequence[str]
    control: str = ""


@contextlib.contextmanager
def rig(folder: Path, database_url: str = "", **settings: object) -> Iterator[Rig]:
    """Start one, over StartTLS, with further settings of the product."""
    authority, now = make_authority(), datetime.now(UTC)
    past = {"not_before": now - timedelta(days=2), "not_after": now - timedelta(hours=1)}
    certificates = {"good": make_server_certificate(authority), "host": make_server_certificate(authority, ["ldap.example"]),
                    "old": make_server_certificate(authority, **past)}
    with contextlib.ExitStack() as stack:
        servers: list[SampleDirectory] = []
        for name, (certificate, key) in certificates.items():
            (folder / name).mkdir(parents=True)
            files = TlsFiles(folder / "ca.crt", folder / name / "server.crt", folder / name / "server.key")
            files.authority.write_bytes(authority.pem)
            files.certificate.write_bytes(certificate)
            write_private(files.key, key)
            password = servers[0].bind_password_file if servers else None
            server = new_directory(folder / name / "d", cost=CHEAP, tls=files, bind_password_file=password)
            servers.append(stack.enter_context(server))
        good, *bad = servers
        proxy = stack.enter_context(Proxy(good.port))
        (folder / "product").mkdir()
        product = stack.enter_context(Product(folder / "product", good, (proxy.uri,), database_url, **settings))
        yield Rig(good, proxy, product, tuple(bad), officers_of(good), stack.enter_context(control()))


def officers_of(server: SampleDirectory) -> list[str]:
    """Name officers who sign in with a password alone."""
    with contextlib.closing(open_directory(server)) as directory:
        return sorted(officer.uid for officer in directory.everyone()
                      if not officer.disabled and not officer.groups and officer.uid != "doimatkhau")


@dataclass(frozen=True)
class _Course:
    """A run while it runs: what the faults break, and what they wait for.

    Attributes:
        load: Going on.
        lines: Of this run.
    """

    place: Rig
    load: Load
    lines: Lines

    def away(self, take: Callable[[], object], last: Callable[[], object]) -> _Windows:
        """Take the directory away, let that last, and give from when to when it was away; it still is.

        Whatever the machine does besides, it lasts until the log has told it, and people and programs have met it.
        """
        began = time.monotonic()
        with self.lines.away():
            take()
            began = time.monotonic()
            last()
        ledger = self.load.ledger
        until(lambda: len(ledger.within(PROGRAM, began, time.monotonic())) > FEW_PROGRAMS
              and len(self.tried([(began, time.monotonic())])) > FEW_PEOPLE, 30)
        return [(began, time.monotonic())]

    def tried(self, away: _Windows) -> list[Answer]:
        """Give the sign-ins that cannot have met a directory."""
        return [answer for start, end in away for kind in (RIGHT, WRONG)
                for answer in self.load.ledger.within(kind, start + NOTICED_SECONDS, end)]


def f01(place: Rig, form: str, length: Length) -> Found:
    """The directory is down."""
    return _away("F-01", place, form, length, _stopped(length.during), transitions=2)


def f02(place: Rig, form: str, length: Length) -> Found:
    """The directory answers after 5, then after 30 seconds."""
    def slow(seconds: float) -> None:
        place.proxy.delay = seconds

    def slower() -> None:
        time.sleep(length.during)
        slow(30.0)
        time.sleep(length.during)

    return _away("F-02", place, form, length, lambda course: course.away(lambda: slow(5.0), slower), lambda: slow(0.0),
                 transitions=2, line=LINE_SECONDS)


def f03(place: Rig, form: str, length: Length) -> Found:
    """The directory comes and goes."""
    flaps = max(2, round(length.during / (2 * length.period)))

    def flapping(course: _Course) -> _Windows:
        away = []
        for number in range(flaps):
            away += _stopped(length.period)(course)
            place.server.start()
            if number < flaps - 1:
                time.sleep(length.period)
                course.lines.until(BACK)
        return away

    return _away("F-03", place, form, length, flapping, transitions=2 * flaps)


def f05(place: Rig, form: str, length: Length) -> Found:
    """A certificate of another host, an expired one, and a StartTLS that somebody takes away."""
    clear = bytearray()

    def strange() -> None:
        time.sleep(length.during)
        _elsewhere(place.proxy, place.bad[1].port, "pass")
        time.sleep(length.during)
        del place.proxy.seen[:]
        _elsewhere(place.proxy, place.server.port, "strip")
        time.sleep(length.during)
        until(lambda: START_TLS in place.proxy.seen, 15)

    def inject(course: _Course) -> _Windows:
        away = course.away(lambda: _elsewhere(place.proxy, place.bad[0].port, "pass"), strange)
        clear.extend(place.proxy.seen)
        return away

    def well() -> None:
        _elsewhere(place.proxy, place.server.port, "pass")

    found = _away("F-05", place, form, length, inject, well, transitions=2)
    found.demand("StartTLS was asked for", START_TLS in clear)
    found.demand("nothing was sent in the clear", not any(
        secret.encode() in clear for secret in (place.server.password, place.server.bind_password, "sai-mat-khau")))
    found.demand("the log says what to look at", "trusting" in " ".join(place.product.directory_lines()[-2:]))
    return found


def _stopped(seconds: float) -> _Inject:
    return lambda course: course.away(course.place.server.stop, lambda: time.sleep(seconds))


def _elsewhere(proxy: Proxy, port: int, mode: str) -> None:
    """Let connections end and new ones lead elsewhere."""
    proxy.mode = "closed"
    time.sleep(0.15)
    proxy.target_port, proxy.mode = port, mode


def _away(fault: str, place: Rig, form: str, length: Length, inject: _Inject, heal: Callable[[], object] | None = None, *,
          transitions: int, line: float = 0.0) -> Found:
    """Run a fault during which nobody's password can be checked, and demand what holds for each of them.

    Args:
        fault: Its name.
        place: Where.
        form: ``full`` or ``short``.
        length: How long.
        inject: Takes the directory away, and gives from when to when it was away.
        heal: Brings it back; None = starts the server.
        transitions: How many that makes.
        line: Seconds of its beginning in which times of others are not held to anything.
    """
    found = Found(fault, form, transitions=transitions)
    with Load(place.product, place.officers, place.server.password, place.control) as load:
        course = _Course(place, load, Lines(place.product.directory_lines))
        began = time.monotonic()
        time.sleep(length.before)
        broken = time.monotonic()
        away = inject(course)
        healing = time.monotonic()
        (heal or place.server.start)()
        healed = time.monotonic()
        time.sleep(length.after)
        until(lambda: load.ledger.first(RIGHT, ACCEPTED, healed) is not None, 30)
        course.lines.until(BACK)
        ended = time.monotonic()
    ledger = load.ledger
    programs, held = ledger.within(PROGRAM, broken, healing), away[0][0] + line if line else broken
    tried = course.tried(away)
    first = ledger.first(RIGHT, ACCEPTED, healed)
    found.duration = round(healing - broken, 1)
    found.count(load)
    found.wrongly_accepted = sum(answer.kind == WRONG and answer.status == ACCEPTED for answer in ledger.answers) + sum(
        answer.kind == RIGHT and answer.status == ACCEPTED for answer in tried)
    found.recovery_seconds = round(first.ended - healed, 2) if first else -1.0
    refused = [answer for answer in ledger.answers if answer.kind != PROGRAM and answer.status == 503]
    found.refused = len(refused)
    found.refusal_seconds = round(max((answer.seconds for answer in refused if answer.began >= away[0][0]), default=0.0), 2)
    waited = max((answer.seconds for answer in refused), default=0.0)
    found.log_lines = len(course.lines.said())
    found.p95_before, found.p95_during = p95(ledger.within(PROGRAM, began, broken)), p95(_since(held, programs))
    found.p95_after = p95(ledger.within(PROGRAM, healed, ended))
    found.control_before, found.control_during = p95(ledger.within(CONTROL, began, broken)), p95(
        _since(held, ledger.within(CONTROL, broken, healing)))
    found.demand("programs and people both asked meanwhile", len(programs) > FEW_PROGRAMS and len(tried) > FEW_PEOPLE)
    found.demand("0 logins accepted", found.wrongly_accepted == 0)
    found.demand("every sign-in meanwhile is refused clearly", all(
        (answer.status == 503 and answer.clear) or (answer.kind == WRONG and answer.status == 429) for answer in tried))
    found.demand("nobody waits three seconds", found.refusal_seconds < allowed(LOOKUP_SECONDS) and waited < allowed(BIND_SECONDS))
    found.demand("recovery within ten seconds", 0 <= found.recovery_seconds < allowed(10))
    found.demand("a line for each transition", course.lines.one_for_each(transitions, load.stood_still))
    found.demand("times of others at most double", at_most_doubled(
        found.p95_before, found.p95_during, found.control_before, found.control_during))
    return found


def _since(moment: float, answers: Sequence[Answer]) -> list[Answer]:
    """Give those that came after a moment, with what was left to wait of those that were asked before."""
    return [replace(answer, began=max(answer.began, moment)) for answer in answers if answer.ended > moment]
