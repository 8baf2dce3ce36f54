"""F-04: two servers, one of which only copies the other; the first dies, talks nonsense, or holds an entry of fifty megabytes."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.directory.configuration import Primary, SlapdOptions
from deploy.directory.server import SampleDirectory
from idp.errors import UnavailableError
from tests.allowance import allowed
from tests.directory_server import Proxy, change_entry, new_directory, open_directory

from .lines import BACK, Lines, until
from .load import ACCEPTED, PROGRAM, RIGHT, WRONG, Load, p95
from .product import Person, Product
from .runs import CHEAP, LOOKUP_SECONDS, Found, Length, officers_of

HUGE_BYTES = 50 * 2**20
_LDIF = """dn: uid=tolon,ou=H30.1,ou=H30,ou=units,{base}
objectClass: inetOrgPerson
uid: tolon
cn: To lon
sn: To
userPassword: {password}
title: {title}
"""


@dataclass(frozen=True)
class Copies:
    """A product and its two directories.

    Attributes:
        primary: Takes changes; read first, through ``proxy``.
        replica: Read when the primary is away; copied it until the copying was made to stand still.
    """

    primary: SampleDirectory
    replica: SampleDirectory
    proxy: Proxy
    product: Product
    officers: Sequence[str]


@contextlib.contextmanager
def copies(folder: Path, database_url: str = "") -> Iterator[Copies]:
    """Start one, in the clear on loopback; what is changed from then on at the primary, the huge entry first, is not copied."""
    folder.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(new_directory(folder / "primary", cost=CHEAP))
        proxy, between = (stack.enter_context(Proxy(primary.port)) for _ in range(2))
        options = SlapdOptions(replica_of=Primary(between.uri, primary.uri, primary.admin_password))
        replica = stack.enter_context(new_directory(folder / "replica", cost=CHEAP, options=options,
                                                    bind_password_file=primary.bind_password_file))
        until(lambda: _people(replica) == _people(primary) > 0, 60)
        if not _people(replica) == _people(primary) > 0:
            raise RuntimeError("the second server has not copied the first one")
        between.mode = "silent"
        stack.callback(setattr, between, "mode", "closed")
        (folder / "product").mkdir()
        with _enlarged(primary):
            product = stack.enter_context(Product(folder / "product", primary, (proxy.uri, replica.uri), database_url, tls=False,
                                                  ldap_write_uri=[proxy.uri]))
        yield Copies(primary, replica, proxy, product, officers_of(primary))


def f04(place: Copies, form: str, length: Length) -> Found:
    """The first server dies, comes back, is behind its copy's back, talks nonsense, and holds a huge entry."""
    found, product, password = Found("F-04", form, transitions=6), place.product, place.primary.password
    *officers, victim = place.officers
    lines = Lines(product.directory_lines)
    with Load(product, officers, password) as load:
        began = time.monotonic()
        found.demand("who will be disabled signs in", Person(product).sign_in(victim, password).status_code == ACCEPTED)
        time.sleep(length.before)
        broken = time.monotonic()
        found.more["failover_seconds"] = _switched(load, place.primary.stop, length.during)
        place.primary.start()
        found.recovery_seconds = _back(product)
        found.more["readmitted"] = _behind(place, victim, length.during)
        found.more["nonsense_failover_seconds"] = _switched(load, lambda: _talk(place.proxy, "garbage"), length.during)
        place.proxy.mode = "pass"
        _back(product)
        healed = time.monotonic()
        found.more |= _huge(place)
        time.sleep(length.after)
        ended = time.monotonic()
    found.count(load)
    answers = load.ledger.answers
    found.duration = round(healed - broken, 1)
    found.wrongly_accepted = sum(a.kind == WRONG and a.status == ACCEPTED for a in answers) + int(found.more["readmitted"])
    found.refused = sum(a.kind != PROGRAM and a.status == 503 for a in answers)
    found.refusal_seconds = round(max((a.seconds for a in answers if a.kind != PROGRAM and a.status == 503), default=0.0), 2)
    found.log_lines = len(lines.said())
    found.p95_before = p95(load.ledger.within(PROGRAM, began, broken))
    found.p95_during = p95(load.ledger.within(PROGRAM, broken, healed))
    found.p95_after = p95(load.ledger.within(PROGRAM, healed, ended))
    slowest = max(found.more["failover_seconds"], found.more["nonsense_failover_seconds"])
    found.demand("fail-over within five seconds", slowest < allowed(5))
    found.demand("fail-back without a restart", 0 <= found.recovery_seconds < allowed(10))
    found.demand("0 logins accepted", found.wrongly_accepted == 0)
    found.demand("nobody waits three seconds", found.refusal_seconds < allowed(LOOKUP_SECONDS))
    found.demand("memory is bounded", found.more["memory_peak_mebibytes"] - found.more["memory_before_mebibytes"] < 400)
    found.demand("a line for each transition, and every one of them happened",
                 lines.one_for_each(found.transitions, load.stood_still))
    found.demand("the huge entry was read", found.more["memory_peak_mebibytes"] > found.more["memory_before_mebibytes"] + 20)
    return found


def _people(server: SampleDirectory) -> int:
    with contextlib.closing(open_directory(server)) as directory:
        try:
            return len(list(directory.everyone()))
        except UnavailableError:
            return 0


def _talk(proxy: Proxy, mode: str) -> None:
    """Let kept connections end, so that every one meets the new mode."""
    proxy.mode = "closed"
    time.sleep(0.15)
    proxy.mode = mode


def _switched(load: Load, fail: Callable[[], None], seconds: float) -> float:
    """Take the first server away and give the seconds until somebody signs in at the other."""
    fail()
    failed = time.monotonic()
    until(lambda: load.ledger.first(RIGHT, ACCEPTED, failed) is not None, 30)
    first = load.ledger.first(RIGHT, ACCEPTED, failed)
    time.sleep(seconds)
    return round(first.ended - failed, 2) if first else 99.0


def _back(product: Product) -> float:
    """Wait until the first server is used again; gives the seconds."""
    began = time.monotonic()
    until(lambda: product.directory_lines()[-1:] != [] and BACK in product.directory_lines()[-1], 30)
    return round(time.monotonic() - began, 2)


def _behind(place: Copies, victim: str, seconds: float) -> int:
    """Disable an officer, which is not copied, take the primary away, and count how often the officer gets in."""
    password = place.primary.password
    with contextlib.closing(open_directory(place.primary)) as directory:
        officer = directory.find_by_login(victim)
    assert officer is not None
    change_entry(place.primary, officer.dn, "pwdAccountLockedTime", "000001010000Z")
    admitted = int(Person(place.product).sign_in(victim, password).status_code == ACCEPTED)  # and the mirror has heard of it
    place.primary.stop()
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        admitted += Person(place.product).sign_in(victim, password).status_code == ACCEPTED
        time.sleep(0.2)
    place.primary.start()
    _back(place.product)
    return admitted + (Person(place.product).sign_in(victim, password).status_code == ACCEPTED)


@contextlib.contextmanager
def _enlarged(server: SampleDirectory) -> Iterator[None]:
    """Stop a server while the block lasts, and give it an officer with a title of fifty megabytes."""
    server.stop()
    ldif = server.folder / "huge.ldif"
    ldif.write_text(_LDIF.format(base=server.base_dn, password=server.password, title="x" * HUGE_BYTES))
    adding = subprocess.Popen(["/usr/sbin/slapadd", "-q", "-n1", "-F", str(server.folder / "config"), "-l", str(ldif)])
    try:
        yield
    finally:
        adding.wait(120)
    assert adding.returncode == 0
    server.start()


def _huge(place: Copies) -> dict[str, float]:
    """Let four sign in at once as the officer with the huge entry, and watch the memory."""
    product, primary = place.product, place.primary
    before = peak = product.memory_mebibytes()
    statuses: list[int] = []
    people = [threading.Thread(target=lambda: statuses.append(Person(product).sign_in("tolon", primary.password).status_code))
              for _ in range(4)]
    for person in people:
        person.start()
    while any(person.is_alive() for person in people):
        peak = max(peak, product.memory_mebibytes())
        time.sleep(0.02)
    return {"memory_before_mebibytes": round(before), "memory_peak_mebibytes": round(peak),
            "memory_after_mebibytes": round(product.memory_mebibytes()),
            "huge_entry_sign_ins_answered": sum(status in {303, 400, 503} for status in statuses)}
