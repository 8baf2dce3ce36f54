"""F-01 and F-02: a directory that is silent or slow holds up sign-ins only, and those for less than three seconds.

The whole application with the LDAP adapter, a real slapd behind a proxy that falls silent or slow, and as many threads as one
process of the service has. Times count from the moment at which a server would have taken the request in.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.server import Timing
from tests.allowance import allowed
from tests.contracts.directory import PASSWORD
from tests.directory_server import Proxy, open_directory
from tests.faults.runs import officers_of
from tests.postgresql import PostgreSQL
from tests.provider import basic
from tests.web.site import form_of
from tests.whole import make_app, secret_of

THREADS = 4
"""``--blocking-threads`` of deploy/systemd/idp-web.service."""
HOST = {"base_url": "http://localhost:8000"}


@dataclass
class Timed:
    """An answer and the seconds from the request to it."""

    answer: TestResponse
    seconds: float


class Service:
    """One process of the service.

    Args:
        app: The application.
        authorization: Basic header of a client.
    """

    def __init__(self, app: Flask, authorization: str) -> None:
        self.app = app
        self._headers = {"Authorization": authorization}
        self._threads = ThreadPoolExecutor(THREADS)

    def close(self) -> None:
        self._threads.shutdown()

    def take(self, work: Callable[[], TestResponse]) -> Future[Timed]:
        """Take a request in; a thread answers it when one is free."""
        began = time.monotonic()
        return self._threads.submit(lambda: Timed(work(), time.monotonic() - began))

    def program(self, number: int) -> Future[Timed]:
        """Ask for a token, or introspect one."""
        def work() -> TestResponse:
            client = self.app.test_client()
            if number % 2:
                return client.post("/introspect", data={"token": "x" * 43}, headers=self._headers, **HOST)
            return client.post("/token", data={"grant_type": "client_credentials"}, headers=self._headers, **HOST)
        return self.take(work)

    def signing_in(self, uid: str = "canbo") -> Callable[[], TestResponse]:
        """Open the sign-in page and give what sends an officer's form."""
        browser = self.app.test_client()
        action, hidden = form_of(browser.get(browser.get("/", **HOST).headers["Location"], **HOST))
        return lambda: browser.post(action, data={**hidden, "username": uid, "password": PASSWORD}, **HOST)


def p95(answers: list[Timed]) -> float:
    return sorted(timed.seconds for timed in answers)[len(answers) * 95 // 100]


def at_intervals(count: int, seconds: float) -> Iterator[int]:
    """Count at a steady pace, whatever the answers do."""
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number * seconds - time.monotonic()))
        yield number


def silent(proxy: Proxy) -> None:
    proxy.mode = "silent"


def slow(proxy: Proxy) -> None:
    proxy.delay = 5


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the URL of a database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "idp.sqlite3")
        yield tmp_path, f"sqlite:///{tmp_path / 'idp.sqlite3'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent("template_idp") as url:
        yield tmp_path, url


@pytest.mark.parametrize(("place", "fail"), [("sqlite", slow), ("postgresql", silent)], indirect=["place"])
def test_f02_a_directory_in_trouble_slows_nothing_else_and_sign_ins_hear_of_it_at_once(
        place: tuple[Path, str], own_directory: SampleDirectory, fail: Callable[[Proxy], None]) -> None:
    folder, url = place
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(own_directory.port))
        directory = stack.enter_context(contextlib.closing(open_directory(own_directory, uris=(proxy.uri,), timing=Timing())))
        app = make_app(folder, url, directory=directory)
        service = stack.enter_context(contextlib.closing(Service(app, basic("qlvb", secret_of(folder, "qlvb")))))
        inside = app.test_client()
        action, hidden = form_of(inside.get(inside.get("/", **HOST).headers["Location"], **HOST))
        entered = inside.post(action, data={**hidden, "username": "canbo", "password": PASSWORD}, **HOST)
        assert entered.status_code == 303
        # Each another officer: tries of one officer at one moment meet the pause that follows wrong guesses.
        forms = [service.signing_in(uid) for uid in officers_of(own_directory)[:60]]
        before = [service.program(number) for number in at_intervals(150, 0.02)]
        usual = p95([each.result() for each in before])

        fail(proxy)
        sign_ins = [service.take(form) for form in forms[:12]]
        programs, portal = [], []
        for number in at_intervals(400, 0.02):
            programs.append(service.program(number))
            if number % 8 == 0 and len(sign_ins) < len(forms):
                sign_ins.append(service.take(forms[len(sign_ins)]))
            if number % 50 == 10:
                portal.append(service.take(lambda: inside.get("/", **HOST)))
        answered = [each.result() for each in programs]
        refused = [each.result() for each in sign_ins]

        assert {timed.answer.status_code for timed in answered} == {200}
        assert p95(answered) <= max(2 * usual, 0.8)
        assert {timed.answer.status_code for timed in refused} == {503}
        assert all(int(timed.answer.headers["Retry-After"]) > 0 for timed in refused)
        assert all('role="alert"' in timed.answer.text for timed in refused)
        assert max(timed.seconds for timed in refused) < (limit := allowed(3))
        for page in portal:
            assert page.result().answer.status_code == 200
            assert page.result().seconds < limit

        proxy.mode, proxy.delay = "pass", 0
        give_up = time.monotonic() + 60
        while service.take(service.signing_in()).result().answer.status_code != 303:
            assert time.monotonic() < give_up
            time.sleep(0.1)
