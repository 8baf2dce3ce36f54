"""A server that takes changes and one that copies it (syncrepl, RFC 4533): who is asked what, and what an outage leaves."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.directory.configuration import Primary, SlapdOptions
from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.directory import LdapDirectory
from idp.directory.officer import BindResult, ChangeResult, Officer
from idp.errors import UnavailableError
from tests.contracts.directory import PASSWORD
from tests.directory_server import Proxy, change_entry, new_directory, open_directory

NEW = "Mot-Mat-Khau-2026"


@dataclass
class Pair:
    """Two servers.

    Attributes:
        primary: Takes changes.
        replica: Copies it.
        between: What the copying goes through.
    """

    primary: SampleDirectory
    replica: SampleDirectory
    between: Proxy

    def first_primary(self) -> LdapDirectory:
        """Read the primary, and the replica when it is away."""
        return open_directory(self.primary, self.replica, write_uris=(self.primary.uri,))

    def only_replica(self) -> LdapDirectory:
        """Read the replica alone."""
        return open_directory(self.replica, write_uris=(self.primary.uri,))

    def disable(self, uid: str) -> None:
        """Disable an officer at the primary."""
        with contextlib.closing(open_directory(self.primary)) as directory:
            change_entry(self.primary, found(directory, uid).dn, "pwdAccountLockedTime", "000001010000Z")


def found(directory: LdapDirectory, uid: str = "canbo") -> Officer:
    officer = directory.find_by_login(uid)
    assert officer is not None
    return officer


def signs_in(directory: LdapDirectory, password: str = PASSWORD) -> bool:
    return directory.check_password(found(directory), password).result is BindResult.ACCEPTED


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def pair(own_directory: SampleDirectory, tmp_path: Path) -> Iterator[Pair]:
    with Proxy(own_directory.port) as between:
        options = SlapdOptions(replica_of=Primary(between.uri, own_directory.uri, own_directory.admin_password))
        with new_directory(tmp_path / "replica", cost=HashCost(memory=64, rounds=1), options=options,
                           bind_password_file=own_directory.bind_password_file) as replica:
            with contextlib.closing(open_directory(replica)) as directory:
                def copied() -> bool:
                    try:
                        return len(list(directory.everyone())) == 400
                    except UnavailableError:
                        return False
                until(copied)
            yield Pair(own_directory, replica, between)


def test_f04_with_the_primary_killed_sign_ins_go_on_within_seconds_and_come_back_to_it(pair: Pair) -> None:
    with contextlib.closing(pair.first_primary()) as directory:
        officer = found(directory)
        assert signs_in(directory)
        pair.primary.stop()
        began = time.monotonic()
        until(lambda: signs_in(directory))
        assert time.monotonic() - began < 10
        assert found(directory) == officer, "the copy is the same"
        with pytest.raises(UnavailableError):
            directory.change_password(officer, PASSWORD, NEW)
        with pytest.raises(UnavailableError):
            directory.find(officer.entry_uuid)
        with pytest.raises(UnavailableError):
            list(directory.everyone())
        assert signs_in(directory), "nothing was changed by halves"
        pair.primary.start()
        until(lambda: all(server["state"] == "up" for server in directory._servers.states()))
        assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.CHANGED
        pair.replica.stop()
        assert signs_in(directory, NEW), "the primary is read again"


def test_a_password_is_changed_where_changes_are_taken_and_arrives_at_the_replica(pair: Pair) -> None:
    with contextlib.closing(pair.only_replica()) as directory:
        officer = found(directory)
        assert directory.change_password(officer, "sai", NEW) is ChangeResult.WRONG_OLD
        assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.CHANGED
        until(lambda: signs_in(directory, NEW))
        assert not signs_in(directory)


def test_f04_what_a_stale_replica_says_is_checked_where_changes_are_taken(pair: Pair) -> None:
    with contextlib.closing(pair.only_replica()) as directory:
        entry_uuid = found(directory).entry_uuid
        pair.between.mode = "silent"
        pair.disable("canbo")
        stale = found(directory)
        assert not stale.disabled, "the replica does not know yet"
        known = directory.find(entry_uuid)
        assert known is not None
        assert known.disabled, "whoever looks again learns it"
        assert [officer.disabled for officer in directory.everyone() if officer.uid == "canbo"] == [True]
        assert directory.change_password(stale, PASSWORD, NEW) is ChangeResult.NOT_ALLOWED
        pair.between.mode = "pass"
        until(lambda: found(directory).disabled)


def test_a_replica_that_refers_elsewhere_is_not_followed(pair: Pair) -> None:
    with contextlib.closing(open_directory(pair.replica)) as directory:
        with pytest.raises(UnavailableError) as failure:
            directory.change_password(found(directory), PASSWORD, NEW)
        assert "ldap_write_uri" in failure.value.debug
        assert signs_in(directory)
    with contextlib.closing(open_directory(pair.primary)) as directory:
        assert signs_in(directory), "nothing was changed"


def test_an_operator_reads_of_both_lists(pair: Pair) -> None:
    with contextlib.closing(pair.only_replica()) as directory:
        lines = directory.check()
        assert all(line.ok for line in lines)
        assert {line.name for line in lines} >= {f"server {pair.primary.uri}", f"server {pair.replica.uri}"}


def test_only_servers_that_are_read_say_whether_sign_ins_are_possible(pair: Pair) -> None:
    with contextlib.closing(pair.only_replica()) as directory:
        pair.replica.stop()
        assert directory.health()["state"] == "down"
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")


def test_a_server_of_both_lists_is_one_server_and_its_death_one_line(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    with contextlib.closing(pair.first_primary()) as directory, caplog.at_level(logging.WARNING, "idp.directory"):
        officer = found(directory)
        caplog.clear()
        pair.primary.stop()
        assert signs_in(directory)
        with pytest.raises(UnavailableError):
            directory.change_password(officer, PASSWORD, NEW)
        with pytest.raises(UnavailableError):
            directory.find(officer.entry_uuid)
        assert len(caplog.records) == 1
