"""Programs and people who use the product all the time, and a ledger of every answer they got."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import requests

from .product import THREADS, TIMEOUT_SECONDS, Person, Product, token

PROGRAM, RIGHT, WRONG, CONTROL = "program", "right password", "wrong password", "control"
ACCEPTED = 303
_PULSE_SECONDS = 0.05
PROGRAM_PAUSE = 0.04


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        kind: PROGRAM (nothing that needs the directory), RIGHT or WRONG (a sign-in), CONTROL (not the product).
        clear: A person would read why, and when to come again.
    """

    kind: str
    route: str
    began: float
    ended: float
    status: int
    clear: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass
class Ledger:
    """Every answer, in the order in which they came."""

    answers: list[Answer] = field(default_factory=list)

    def within(self, kind: str, began: float, ended: float) -> list[Answer]:
        """Give answers to what was asked and answered between two moments."""
        return [a for a in self.answers if a.kind == kind and a.began >= began and a.ended <= ended]

    def first(self, kind: str, status: int, since: float) -> Answer | None:
        """Give the first of its kind that was asked after a moment and answered so."""
        return min((a for a in self.answers if a.kind == kind and a.status == status and a.began >= since),
                   key=lambda a: a.ended, default=None)


def p95(answers: Sequence[Answer]) -> float:
    """Give the 95th percentile of their times, in seconds; 0 for none.

    Who waits for an answer asks nothing meanwhile, so that one long wait would hide those of many: what would have been asked
    in that time, one question after each pause, counts too, with what would have been left to wait.
    """
    times: list[float] = []
    for answer in answers:
        seconds = answer.seconds
        times.append(seconds)
        times += [seconds - turn * PROGRAM_PAUSE for turn in range(1, int(seconds / PROGRAM_PAUSE))]
    times.sort()
    return round(times[min(len(times) - 1, len(times) * 95 // 100)], 4) if times else 0.0


def at_most_doubled(before: float, during: float, control_before: float, control_during: float) -> bool:
    """Tell whether times during a fault are at most twice those before, by as much more as the control's have grown."""
    grown = control_during / control_before if control_before else 1.0
    return during <= 2 * before * max(1.0, grown)


class Load:
    """Load on one product, from entering the block to leaving it.

    Args:
        product: Running.
        officers: Who sign in: the first works in an application and the portal, the others come and go.
        password: Everybody's.
        control: URL of what is asked beside the product; "" = nothing.

    Attributes:
        stood_still: Seconds by which a thread that only sleeps had its turn too late, at most: what the machine did to anybody.
    """

    def __init__(self, product: Product, officers: Sequence[str], password: str, control: str = "") -> None:
        self._control = control
        self.ledger = Ledger()
        self.broken: list[BaseException] = []
        self.stood_still = 0.0
        self._product, self._password = product, password
        # Two come and go all the time: were their vain tries counted as guesses, they would be throttled within seconds.
        self._worker, one, another, *others = officers
        self._coming, self._guessed = itertools.cycle((one, another)), itertools.cycle(others)
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.refresh_token = ""
        self.arrived: deque[Person] = deque(maxlen=40)

    def __enter__(self) -> Load:
        give_up = time.monotonic() + 20  # the fault before may not be over yet
        while Person(self._product).sign_in(self._worker, self._password).status_code != ACCEPTED:
            assert time.monotonic() < give_up, "nobody can sign in"
            time.sleep(0.2)
        self._inside = Person(self._product)
        tokens = self._inside.tokens(self._worker, self._password)
        self._access, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        acts = [(self._programs(), PROGRAM_PAUSE), (self._programs(), PROGRAM_PAUSE), (self._refresh, 0.3), (self._portal, 0.5),
                *[(self._right, 0.3)] * THREADS, (self._wrong, 0.7)]  # more people than threads
        if self._control:
            acts.append((self._beside(), PROGRAM_PAUSE))
        for act, pause in acts:
            self._threads.append(threading.Thread(target=self._repeat, args=(act, pause), daemon=True))
        self._threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT_SECONDS)

    def lost(self) -> int:
        """Count what was acknowledged and is not there: sessions that are gone, a refresh token that is not taken."""
        gone = sum(not person.is_signed_in() for person in [self._inside, *self.arrived])
        return gone + (token(self._product, grant_type="refresh_token", refresh_token=self.refresh_token).status_code != 200)

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_PULSE_SECONDS):
            now = time.monotonic()
            self.stood_still = max(self.stood_still, now - before - _PULSE_SECONDS)
            before = now

    def _repeat(self, act: Callable[[], None], pause: float) -> None:
        try:
            while not self._over.wait(pause):
                act()
        except BaseException as err:
            self.broken.append(err)

    @contextlib.contextmanager
    def _noted(self, kind: str, route: str) -> Iterator[list[requests.Response]]:
        began, said = time.monotonic(), []
        yield said
        answer = said[0]
        clear = answer.status_code == 503 and int(answer.headers.get("Retry-After", 0)) > 0 and 'role="alert"' in answer.text
        self.ledger.answers.append(Answer(kind, route, began, time.monotonic(), answer.status_code, clear))

    def _programs(self) -> Callable[[], None]:
        session, base = requests.Session(), self._product.base
        session.trust_env = False
        auth, bearer = ("load", self._product.secret), {"Authorization": f"Bearer {self._access}"}
        asks: dict[str, Callable[[], requests.Response]] = {
            "introspect": lambda: session.post(f"{base}/introspect", data={"token": self._access}, auth=auth,
                                               timeout=TIMEOUT_SECONDS),
            "userinfo": lambda: session.get(f"{base}/userinfo", headers=bearer, timeout=TIMEOUT_SECONDS),
            "token": lambda: token(self._product, session, grant_type="client_credentials"),
            "jwks": lambda: session.get(f"{base}/jwks", timeout=TIMEOUT_SECONDS)}
        turns = itertools.cycle(asks.items())

        def act() -> None:
            route, ask = next(turns)
            with self._noted(PROGRAM, route) as said:
                said.append(ask())
            if route == "introspect":
                assert said[0].json()["active"] is True

        return act

    def _beside(self) -> Callable[[], None]:
        session = requests.Session()
        session.trust_env = False

        def act() -> None:
            with self._noted(CONTROL, CONTROL) as said:
                said.append(session.get(self._control, timeout=TIMEOUT_SECONDS))

        return act

    def _refresh(self) -> None:
        with self._noted(PROGRAM, "refresh") as said:
            said.append(token(self._product, grant_type="refresh_token", refresh_token=self.refresh_token))
        if said[0].status_code == 200:
            self.refresh_token = said[0].json()["refresh_token"]

    def _portal(self) -> None:
        with self._noted(PROGRAM, "portal") as said:
            said.append(self._inside.session.get(f"{self._product.base}/", timeout=TIMEOUT_SECONDS, allow_redirects=False))

    def _right(self) -> None:
        person = Person(self._product)
        with self._noted(RIGHT, "sign-in") as said:
            said.append(person.sign_in(next(self._coming), self._password))
        person.session.close()  # its cookies stay
        if said[0].status_code == ACCEPTED:
            self.arrived.append(person)

    def _wrong(self) -> None:
        person = Person(self._product)
        with self._noted(WRONG, "sign-in") as said:
            said.append(person.sign_in(next(self._guessed), "sai-mat-khau"))
        person.session.close()
