"""The mirror follows a real slapd."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

import ldap
import pytest

from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.changes import SyncreplChanges
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.dialect import Dialect
from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.directory.brake import BrakedError
from idp.directory.feed import Changes
from tests.allowance import allowed
from tests.directory_server import add_entry, add_officer, administering, change_entry, new_directory, unique
from tests.followed import Followed, follow, until

LOCK = "000001010000Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleDirectory]:
    """One for all these tests, each of which changes only what it has made."""
    with new_directory(tmp_path_factory.mktemp("followed"), cost=HashCost(memory=64, rounds=1)) as server:
        yield server


def fresh_mirror(server: SampleDirectory, request: pytest.FixtureRequest,
                 changes: Callable[[ServerList, Dialect], Changes] | None = None) -> Iterator[Followed]:
    """Follow into a database of one's own."""
    target = request.getfixturevalue("tmp_path_factory").mktemp("mirror") / "idp.sqlite3"
    shutil.copy(request.getfixturevalue("sqlite_template"), target)
    database = Database(f"sqlite:///{target}")
    made = follow(database, server, changes=changes)
    yield made
    made.directory.close()  # type: ignore[attr-defined]
    database.dispose()


@pytest.fixture(scope="module")
def mirror(server: SampleDirectory, request: pytest.FixtureRequest) -> Iterator[Followed]:
    yield from fresh_mirror(server, request)


@pytest.fixture
def followed(mirror: Followed) -> Followed:
    """Everybody is mirrored already."""
    mirror.catch_up()
    mirror.happened()
    return mirror


def delete(server: SampleDirectory, dn: str) -> None:
    with administering(server) as connection:
        connection.delete_s(dn)


def group_dn(server: SampleDirectory, name: str) -> str:
    return f"cn={name},ou=groups,{server.base_dn}"


def test_rfc4533_the_first_refresh_mirrors_everybody_and_every_agency(server: SampleDirectory, database: Database) -> None:
    followed = follow(database, server)
    followed.catch_up()
    everyone = list(followed.directory.everyone())
    assert len(everyone) > 300
    assert set(followed.kinds().values()) == {"joined"}
    for officer in everyone:
        known = followed.mirror.by_entry_uuid(officer.entry_uuid)
        assert known is not None
        assert known.officer == officer
    assert {entry.unit.code for entry in followed.units.units()} == {entry.unit.code for entry in followed.directory.units()}
    state = followed.record.state()
    assert state.cookie.startswith("rid=")
    assert state.reconciled_at > 0


def test_the_same_answer_again_writes_nothing(followed: Followed) -> None:
    before = followed.mirror.by_uid("canbo")
    followed.catch_up()
    forget_where_it_was(followed, "")
    followed.catch_up()
    assert followed.happened() == []
    assert followed.mirror.by_uid("canbo") == before


def test_each_thing_that_happens_is_heard_as_what_it_is_well_under_a_second(
    server: SampleDirectory, followed: Followed,
) -> None:
    uid = unique("moi")
    took: dict[str, float] = {}
    with followed.listening():
        time.sleep(0.3)

        def sees(word: str, **facts: object) -> None:
            def so() -> bool:
                row = next((one for one in [followed.mirror.by_uid(uid), followed.mirror.by_uid(uid + "x")] if one), None)
                return row is not None and all(
                    getattr(row, name, None) == value or getattr(row.officer, name, None) == value or
                    getattr(row.officer.main_post, name, None) == value for name, value in facts.items())
            took[word] = until(so)

        dn = add_officer(server, uid)
        sees("joined", status="active")
        change_entry(server, dn, "vnPost", "1$H30.2$Chuyên viên")
        sees("moved", unit_code="H30.2")
        change_entry(server, dn, "telephoneNumber", "0293 3999 999")
        sees("changed", phone="+842933999999")
        change_entry(server, dn, "pwdAccountLockedTime", LOCK)
        sees("disabled", status="disabled")
        change_entry(server, dn, "pwdAccountLockedTime")
        sees("returned", status="active")
        with administering(server) as connection:
            connection.rename_s(dn, f"uid={uid}x")
        dn = dn.replace(uid, uid + "x")
        sees("renamed", uid=uid + "x")
        delete(server, dn)
        took["removed"] = until(lambda: followed.mirror.by_uid(uid + "x") is None)
    kinds = [change.kind.value for change in followed.happened()]
    assert kinds == ["joined", "moved", "changed", "disabled", "returned", "renamed", "removed"]
    assert max(took.values()) < allowed(1.0), took


def test_a_failed_sign_in_of_anybody_is_an_event_that_changes_nothing(server: SampleDirectory, followed: Followed) -> None:
    dn = add_officer(server, unique("go"))
    with followed.listening():
        until(lambda: followed.ledger.waiting()[0])
        followed.happened()
        for _ in range(2):
            connection = ldap.initialize(server.uri)
            with pytest.raises(ldap.INVALID_CREDENTIALS):
                connection.simple_bind_s(dn, "wrong")
        cookie = followed.record.state().cookie
        until(lambda: followed.record.state().cookie != cookie)
    assert followed.happened() == []


def test_what_happened_while_nobody_listened_is_heard_from_the_cookie_on(
    server: SampleDirectory, followed: Followed,
) -> None:
    staying, leaving = unique("o"), unique("di")
    add_officer(server, staying)
    dn = add_officer(server, leaving)
    followed.catch_up()
    assert followed.kinds() == {staying: "joined", leaving: "joined"}
    delete(server, dn)
    coming = unique("den")
    add_officer(server, coming)
    followed.catch_up()
    assert followed.kinds() == {leaving: "removed", coming: "joined"}
    followed.catch_up()
    assert followed.kinds() == {}


def test_rfc4533_s3_3_2_with_a_stale_cookie_who_is_not_presented_is_gone(
    server: SampleDirectory, followed: Followed,
) -> None:
    leaving = unique("di")
    dn = add_officer(server, leaving)
    followed.catch_up()
    followed.happened()
    delete(server, dn)
    coming = unique("den")
    add_officer(server, coming)
    forget_where_it_was(followed)
    followed.catch_up()
    assert followed.kinds() == {leaving: "removed", coming: "joined"}
    assert followed.record.state().cookie != STALE


STALE = "rid=000,csn=20200101000000.000000Z#000000#000#000000"


def forget_where_it_was(followed: Followed, cookie: str = STALE) -> None:
    assert followed.record.take("test", source="", now=0, until=0, heard=False)
    assert followed.record.keep("test", cookie)
    followed.record.give_back("test")


def test_a_cookie_that_is_no_cookie_leads_to_a_comparison_of_everything(
    server: SampleDirectory, followed: Followed,
) -> None:
    uid = unique("tam")
    dn = add_officer(server, uid)
    followed.catch_up()
    followed.happened()
    delete(server, dn)
    forget_where_it_was(followed, "")
    followed.catch_up()
    assert followed.kinds() == {uid: "removed"}


def test_groups_follow_the_groups_entry_also_through_other_groups(server: SampleDirectory, followed: Followed) -> None:
    uid = unique("nhom")
    dn = add_officer(server, uid)
    inner, outer = unique("trong"), unique("ngoai")
    with followed.listening():
        until(lambda: followed.mirror.by_uid(uid))

        def groups() -> tuple[str, ...]:
            known = followed.mirror.by_uid(uid)
            assert known is not None
            return known.officer.groups

        add_entry(server, group_dn(server, inner), {"objectClass": "groupOfNames", "cn": inner, "member": dn})
        until(lambda: groups() == (inner,))
        add_entry(server, group_dn(server, outer), {
            "objectClass": "groupOfNames", "cn": outer, "member": group_dn(server, inner)})
        until(lambda: groups() == tuple(sorted((inner, outer))))
        with administering(server) as connection:  # a circle
            connection.modify_s(group_dn(server, inner), [(ldap.MOD_ADD, "member", [group_dn(server, outer).encode()])])
            connection.modify_s(group_dn(server, inner), [(ldap.MOD_DELETE, "member", [dn.encode()])])
        until(lambda: groups() == ())
        with administering(server) as connection:
            connection.modify_s(group_dn(server, outer), [(ldap.MOD_ADD, "member", [dn.encode()])])
        until(lambda: groups() == tuple(sorted((inner, outer))))
        delete(server, group_dn(server, inner))
        until(lambda: groups() == (outer,))
    found = followed.directory.find(followed.mirror.by_uid(uid).officer.entry_uuid)  # type: ignore[union-attr]
    assert found is not None
    assert found.groups == (outer,)


def test_a_rename_keeps_the_groups(server: SampleDirectory, followed: Followed) -> None:
    uid = unique("doi")
    dn = add_officer(server, uid)
    with administering(server) as connection:
        connection.modify_s(group_dn(server, "vanthu"), [(ldap.MOD_ADD, "member", [dn.encode()])])
    with followed.listening():
        until(lambda: (known := followed.mirror.by_uid(uid)) and known.officer.groups == ("vanthu",))
        for number in range(20):
            with administering(server) as connection:
                connection.rename_s(dn, f"uid={uid}{number}")
            dn = dn.replace(dn.split(",")[0], f"uid={uid}{number}")
            until(lambda: followed.mirror.by_uid(f"{uid}{number}"))  # noqa: B023
    assert {change.after.officer.groups for change in followed.happened() if change.kind.value == "renamed"} == {  # type: ignore[union-attr]
        ("vanthu",)}


def test_an_agencys_new_name_reaches_its_officers(server: SampleDirectory, followed: Followed) -> None:
    unit = f"ou=H30.1,ou=H30,ou=units,{server.base_dn}"
    uid = unique("phong")
    add_officer(server, uid)
    with followed.listening():
        until(lambda: followed.mirror.by_uid(uid))
        change_entry(server, unit, "vnUnitName", "Văn phòng mới")
        until(lambda: followed.mirror.by_uid(uid).officer.main_post.unit_name == "Văn phòng mới")  # type: ignore[union-attr]
    assert {entry.unit.code: entry.unit.name for entry in followed.units.units()}["H30.1"] == "Văn phòng mới"


def test_the_listener_goes_on_after_the_server_was_killed_and_started_again(
    server: SampleDirectory, followed: Followed,
) -> None:
    with followed.listening():
        time.sleep(0.3)
        server.stop()
        until(lambda: followed.outages)
        server.start()
        uid = unique("sau")
        add_officer(server, uid)
        until(lambda: followed.mirror.by_uid(uid))
    assert followed.kinds() == {uid: "joined"}


def test_an_empty_refresh_removes_nobody(server: SampleDirectory, followed: Followed) -> None:
    """As if the service account had lost its right to read people."""
    def blind(servers: ServerList, dialect: Dialect) -> SyncreplChanges:
        return SyncreplChanges(servers, dialect, base_dn=server.base_dn, people_filter="(uid=nobody-at-all)")

    for cookie in (STALE, ""):
        forget_where_it_was(followed, cookie)
        with pytest.raises(BrakedError, match=r"none of [0-9]+ was removed"):
            follow(followed.database, server, changes=blind).catch_up()
        assert followed.happened() == []
        state = followed.record.state()
        assert (state.reason, bool(state.braked_at), state.cookie) == ("empty", True, cookie)
        followed.catch_up()  # nothing goes on while it is braked
        assert followed.record.state().cookie == cookie
        followed.brake.release(Caller("test", "test"))
    followed.catch_up()
    assert followed.record.state().cookie.startswith("rid=")
    assert followed.happened() == []
