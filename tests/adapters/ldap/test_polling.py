"""The mirror follows a slapd that is asked every so often."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.polling import BestChanges, PollingChanges
from tests.adapters.ldap.test_changes import LOCK, delete, fresh_mirror, group_dn, server
from tests.directory_server import add_entry, add_officer, change_entry, unique
from tests.followed import Followed, until

__all__ = ("server",)


@pytest.fixture(scope="module")
def polled(server: SampleDirectory, request: pytest.FixtureRequest) -> Iterator[Followed]:
    yield from fresh_mirror(server, request, lambda servers, dialect: PollingChanges(
        servers, dialect, base_dn=server.base_dn, every_seconds=0.2, listing_seconds=1.0))


def test_everything_is_heard_within_seconds_and_what_is_gone_at_the_next_listing(
    server: SampleDirectory, polled: Followed,
) -> None:
    polled.catch_up()
    polled.happened()
    uid, group = unique("moi"), unique("nhom")
    with polled.listening():
        dn = add_officer(server, uid)
        until(lambda: polled.mirror.by_uid(uid))
        add_entry(server, group_dn(server, group), {"objectClass": "groupOfNames", "cn": group, "member": dn})
        until(lambda: polled.mirror.by_uid(uid).officer.groups == (group,))  # type: ignore[union-attr]
        change_entry(server, dn, "pwdAccountLockedTime", LOCK)
        until(lambda: polled.mirror.by_uid(uid).status == "disabled")  # type: ignore[union-attr]
        delete(server, dn)
        until(lambda: polled.mirror.by_uid(uid) is None)
    assert [change.kind.value for change in polled.happened()] == ["joined", "changed", "disabled", "removed"]
    assert polled.record.state().cookie.endswith("Z")


def test_a_server_that_sends_changes_is_listened_to(server: SampleDirectory, polled: Followed) -> None:
    uid = unique("nghe")
    add_officer(server, uid)
    best = BestChanges(polled.changes._servers, listening=polled.listener(server), polling=polled.changes)  # type: ignore[attr-defined,arg-type]
    polled.changes, before = best, polled.changes
    polled.feed = polled.another()
    assert best.name == "auto"
    polled.catch_up()
    assert best.name == "syncrepl"
    assert polled.mirror.by_uid(uid) is not None
    assert polled.record.state().cookie.startswith("rid=")
    polled.changes = before
