"""Several servers as one: fail-over, fail-back, black holes, and TLS that is refused rather than left out."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ldap
import pytest
from ldap.ldapobject import SimpleLDAPObject

from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from deploy.ports import free_port
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.server import Server, Timing
from idp.directory.officer import BindResult
from idp.errors import UnavailableError
from tests.contracts.directory import PASSWORD
from tests.directory_server import QUICK, Proxy, change_entry, new_directory, open_directory

CHEAP = HashCost(memory=64, rounds=1)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that comes by itself."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.02)


def states(directory: LdapDirectory) -> list[str]:
    servers = directory.health()["servers"]
    assert isinstance(servers, list)
    return [server["state"] for server in servers]


def signs_in(directory: LdapDirectory) -> bool:
    officer = directory.find_by_login("canbo")
    return directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


@pytest.fixture
def pair(own_directory: SampleDirectory, tmp_path: Path) -> Iterator[tuple[SampleDirectory, SampleDirectory]]:
    """Two servers that hold the same, like a primary and its replica."""
    with new_directory(tmp_path / "second", cost=CHEAP, bind_password_file=own_directory.bind_password_file) as second:
        yield own_directory, second


def test_the_first_server_is_used_while_it_is_well(pair: tuple[SampleDirectory, SampleDirectory]) -> None:
    first, second = pair
    with Proxy(second.port) as unused, contextlib.closing(open_directory(first, uris=(first.uri, unused.uri))) as directory:
        assert signs_in(directory)
        assert unused.connections == 0


def test_f04_a_stopped_first_server_is_replaced_at_once_and_preferred_again_later(
    pair: tuple[SampleDirectory, SampleDirectory], caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = pair
    with contextlib.closing(open_directory(first, second)) as directory:
        assert signs_in(directory)
        first.stop()
        with caplog.at_level(logging.WARNING, "idp.directory"):
            began = time.monotonic()
            assert signs_in(directory)
            assert time.monotonic() - began < 5
            assert states(directory) == ["down", "up"]
            for _ in range(5):
                assert signs_in(directory)
            first.start()
            until(lambda: states(directory) == ["up", "up"])
        second.stop()
        assert signs_in(directory), "the first one is used again"
        assert states(directory) == ["up", "up"], "the second one was not even asked"
    assert [record.getMessage()[:len(first.uri) + 17] for record in caplog.records] == [f"directory server {first.uri}"] * 2


def test_a_restarted_server_is_not_taken_for_a_dead_one(
    own_directory: SampleDirectory, caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "idp.directory"), contextlib.closing(open_directory(own_directory)) as directory:
        assert signs_in(directory)
        own_directory.stop()
        own_directory.start()
        assert signs_in(directory)
    assert caplog.records == []


def test_f01_with_every_server_gone_callers_are_told_at_once_and_served_when_one_is_back(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory)) as directory:
        officer = directory.find_by_login("canbo")
        own_directory.stop()
        began = time.monotonic()
        with pytest.raises(UnavailableError) as failure:
            directory.find_by_login("canbo")
        assert time.monotonic() - began < 3
        assert failure.value.retry_after_seconds > 0
        assert "127.0.0.1" not in failure.value.message
        began = time.monotonic()
        for _ in range(50):
            with pytest.raises(UnavailableError):
                directory.check_password(officer, PASSWORD)
        assert time.monotonic() - began < 5, "while the breaker is open nobody waits"
        own_directory.start()
        until(lambda: states(directory) == ["up"])
        assert signs_in(directory)


@pytest.mark.parametrize("transport", ["clear", "starttls", "tls"])
def test_f02_a_black_hole_costs_the_first_caller_less_than_three_seconds(own_directory: SampleDirectory, transport: str) -> None:
    """With the default time-outs, whether the server is silent from the start or falls silent later.

    A busy machine may need another try; what waits longer by itself does so each time.
    """
    def seconds_of_two(silent_from_start: bool) -> list[float]:
        target = own_directory.tls_port if transport == "tls" else own_directory.port
        ca_file = None if transport == "clear" else own_directory.ca_file
        took = []
        with Proxy(target) as proxy, contextlib.closing(open_directory(
                own_directory, uris=(proxy.tls_uri if transport == "tls" else proxy.uri,), ca_file=ca_file,
                timing=Timing())) as directory:
            if not silent_from_start:
                assert signs_in(directory)
            proxy.mode = "silent"
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(UnavailableError):
                    directory.find_by_login("canbo")
                took.append(time.monotonic() - began)
        return took

    for silent_from_start in (True, False):
        assert any(first < 3 and second < 1 for first, second in (seconds_of_two(silent_from_start) for _ in range(4)))


def test_f04_a_black_hole_as_the_first_server_delays_one_sign_in_only(pair: tuple[SampleDirectory, SampleDirectory]) -> None:
    first, second = pair
    with Proxy(first.port) as proxy, contextlib.closing(
            open_directory(first, uris=(proxy.uri, second.uri), timing=Timing(retry=0.2))) as directory:
        assert signs_in(directory)
        proxy.mode = "silent"
        began = time.monotonic()
        assert signs_in(directory)
        first_took = time.monotonic() - began
        began = time.monotonic()
        assert all(signs_in(directory) for _ in range(5))
        assert time.monotonic() - began < 2 * first_took, "five that were delayed would take five times as long"
        proxy.mode = "pass"
        until(lambda: states(directory) == ["up", "up"])


def test_f02_a_slow_server_is_cut_off_and_left_out(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(open_directory(own_directory, uris=(proxy.uri,))) as directory:
        assert signs_in(directory)
        proxy.delay = 5
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        assert time.monotonic() - began < 4.5
        proxy.delay = 0
        until(lambda: states(directory) == ["up"])


def test_f02_a_bind_is_cut_at_the_operation_time_out(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), timing=Timing(connect=1, operation=1.5, retry=0.2))) as directory:
        officer = directory.find_by_login("canbo")
        proxy.delay = 4
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            directory.check_password(officer, PASSWORD)
        assert 1 < time.monotonic() - began < 3.8


def test_f03_a_flapping_server_never_accepts_a_wrong_password_and_logs_transitions_only(
    own_directory: SampleDirectory, caplog: pytest.LogCaptureFixture,
) -> None:
    results: set[str] = set()
    with caplog.at_level(logging.WARNING, "idp.directory"), contextlib.closing(open_directory(own_directory)) as directory:
        officer = directory.find_by_login("canbo")

        def attempt() -> str:
            try:
                return directory.check_password(officer, "sai-mat-khau").result.value
            except UnavailableError:
                return "unavailable"

        for _ in range(3):
            own_directory.stop()
            results |= {attempt() for _ in range(10)}
            own_directory.start()
            until(lambda: attempt() != "unavailable")
            results |= {attempt() for _ in range(5)}
    assert results == {"wrong", "unavailable"}
    assert len(caplog.records) == 6


@pytest.mark.parametrize("way", ["fresh", "listing", "following"])
def test_f02_a_call_from_before_a_servers_return_does_not_take_it_away_again(
    directory_server: SampleDirectory, caplog: pytest.LogCaptureFixture, way: str,
) -> None:
    servers = ServerList([Server(directory_server.uri)], bind_dn=directory_server.service_dn,
                         bind_password=lambda: directory_server.bind_password, timing=QUICK, is_somebody=lambda _: True)
    began, returned = threading.Event(), threading.Event()

    def waits_long(*_: object) -> None:
        began.set()
        assert returned.wait(60)
        raise ldap.TIMEOUT

    def late() -> None:
        if way == "fresh":
            servers.fresh(waits_long)
        elif way == "listing":
            with servers.listing() as connection:
                waits_long(connection)
        else:
            with servers.following(SimpleLDAPObject) as (connection, _):
                waits_long(connection)

    def ends(_connection: object, _seconds: float) -> None:
        raise ldap.SERVER_DOWN

    with caplog.at_level(logging.WARNING, "idp.directory"), contextlib.closing(servers), ThreadPoolExecutor(1) as pool:
        first = pool.submit(late)
        try:
            assert began.wait(60)
            with pytest.raises(UnavailableError):
                servers.fresh(ends)
            assert not servers.answers()
            until(lambda: servers.answers() and len(caplog.records) == 2)
        finally:
            returned.set()
        assert isinstance(first.exception(60), UnavailableError)
        assert servers.answers()
        with pytest.raises(UnavailableError):
            servers.fresh(ends)
        assert not servers.answers(), "a call of now does"
        assert ["answers again" in record.message for record in caplog.records] == [False, True, False]


def test_a_rotated_service_password_needs_no_restart(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory, timing=Timing(retry=0.2, max_age=0))) as directory:
        assert signs_in(directory)
        change_entry(own_directory, own_directory.service_dn, "userPassword", "mot-bi-mat-moi-cua-dich-vu")
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        own_directory.bind_password_file.write_text("mot-bi-mat-moi-cua-dich-vu\n")
        until(lambda: states(directory) == ["up"])
        assert signs_in(directory)


def test_kept_connections_are_checked_after_lying_still(own_directory: SampleDirectory) -> None:
    timing = Timing(connect=1, check_after=0.1, retry=0.2)
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), timing=timing)) as directory:
        assert signs_in(directory)
        proxy.mode = "closed"
        time.sleep(0.2)
        proxy.mode = "pass"
        assert signs_in(directory)
        assert states(directory) == ["up"]


def test_the_pool_never_holds_more_connections_than_it_may(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(open_directory(
            own_directory, uris=(proxy.uri,), pool_size=2, concurrency=16, queue_seconds=30,
            timing=Timing(connect=20))) as directory:
        with ThreadPoolExecutor(16) as pool:
            assert all(officer is not None for officer in pool.map(lambda _: directory.find_by_login("canbo"), range(200)))
        assert proxy.connections <= 2


def test_a_missing_decoy_is_reported(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory)) as directory:
        directory._decoy_dn = f"uid=khongco,{own_directory.base_dn}"
        bad = [line for line in directory.check() if not line.ok]
        assert {line.name.rpartition(": ")[2] for line in bad} == {"decoy"}
        assert all(line.remedy for line in bad)


def test_closing_ends_the_probe_of_a_dead_server() -> None:
    before = set(threading.enumerate())
    servers = ServerList([Server(f"ldap://127.0.0.1:{free_port()}")], bind_dn="cn=x", bind_password=lambda: "x", timing=QUICK,
                         is_somebody=lambda _: True)
    with pytest.raises(UnavailableError):
        servers.lookup(lambda connection, _: connection.whoami_s())
    assert {thread.name for thread in set(threading.enumerate()) - before} == {"directory-probe"}
    servers.close()
    assert set(threading.enumerate()) == before
