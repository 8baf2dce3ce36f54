"""The directory port on a real Active Directory domain controller: the contract, and what only Active Directory has."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import ldap
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.directory.certificates import write_private
from deploy.ports import free_port
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.domain.active_directory import REFUSALS, ActiveDirectory, sub_code
from idp.adapters.ldap.domain.filetime import NEVER, number, seconds_of
from idp.adapters.ldap.domain.rules import DomainRules
from idp.adapters.ldap.domain.usn import UsnChanges
from idp.adapters.ldap.server import servers_of
from idp.adapters.sql.database import Database
from idp.app.servers import ldap_people
from idp.clock import SystemClock
from idp.directory.feed import Batch
from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Address, BindResult, ChangeResult, Officer
from idp.directory.unit import UnitTree
from idp.errors import UnavailableError
from idp.settings import Settings
from tests.contracts.directory import PASSWORD, VIETNAMESE_PASSWORD, DirectoryContract, Population
from tests.directory_server import QUICK, Proxy, unique
from tests.domain_controller import (
    ADMIN_DN,
    BASE_DN,
    DISABLED,
    DOMAIN_DN,
    SERVICES_DN,
    DomainController,
    add_account,
    add_group,
    age_password,
    change_account,
    filetime,
    may_list_deleted,
    open_controller,
)
from tests.followed import Followed, until

SHARED = "dung.chung@haugiang.gov.vn"
OFFICE = f"OU=Van phong,{BASE_DN}"
NEW = "Mot-Mat-Khau-2026"
NEVER_EXPIRES = 0x10000


@pytest.fixture(scope="module")
def population(domain_controller: DomainController) -> Iterator[Population]:
    stems = ("doi", "datlai", "quen", "viet", "chung", "chung")
    changing, resetting, forgetful, vietnamese, one, two = (unique(stem) for stem in stems)
    add_account(domain_controller, changing)
    add_account(domain_controller, resetting, must_change=True)
    add_account(domain_controller, forgetful)
    add_account(domain_controller, vietnamese, VIETNAMESE_PASSWORD)
    for uid in (one, two):
        add_account(domain_controller, uid, mail=SHARED)
    down = open_controller(domain_controller, uris=(f"ldaps://127.0.0.1:{free_port()}",))
    account = (ADMIN_DN, lambda: domain_controller.admin_password)
    with (contextlib.closing(open_controller(domain_controller, reset_account=account)) as directory, contextlib.closing(down),
          contextlib.closing(open_controller(domain_controller)) as without):
        yield Population(directory, down, changing, resetting, forgetful, without, vietnamese, (one, two))


@pytest.fixture(scope="module")
def directory(domain_controller: DomainController) -> Iterator[LdapDirectory]:
    with contextlib.closing(open_controller(domain_controller)) as directory:
        yield directory


def found(directory: LdapDirectory, uid: str) -> Officer:
    officer = directory.find_by_login(uid)
    assert officer is not None
    return officer


@contextlib.contextmanager
def domain_rule(controller: DomainController, name: str, value: str) -> Iterator[None]:
    """Set a rule of the domain for a moment."""
    with controller.administering() as connection:
        before = connection.search_s(DOMAIN_DN, ldap.SCOPE_BASE, attrlist=[name])[0][1][name]
    change_account(controller, DOMAIN_DN, name, value)
    try:
        yield
    finally:
        change_account(controller, DOMAIN_DN, name, *(one.decode() for one in before))


class TestActiveDirectory(DirectoryContract):
    """The fixture ``population`` is this module's."""


def test_the_settings_of_a_deployment_lead_to_the_domain(domain_controller: DomainController, tmp_path: Path) -> None:
    password = tmp_path / "bind.password"
    write_private(password, domain_controller.bind_password.encode())
    directory, changes = ldap_people(Settings(
        env="development", ldap_kind="active_directory", ldap_uri=(domain_controller.uri,), ldap_base_dn=BASE_DN,
        ldap_bind_dn=domain_controller.service_dn, ldap_bind_password_file=password, ldap_decoy_dn=domain_controller.decoy_dn,
        ldap_ca_file=domain_controller.tls.authority), SystemClock())
    assert isinstance(directory, LdapDirectory)
    changes.follow("", lambda _: None, lambda: True, once=True)
    assert changes.name == "polling"
    with contextlib.closing(directory):
        assert directory.check_password(found(directory, "canbo"), PASSWORD).result is BindResult.ACCEPTED
        assert all(line.ok for line in directory.check())


def test_an_officer_is_found_by_user_principal_name(directory: LdapDirectory) -> None:
    assert found(directory, "canbo@hg.test") == found(directory, "canbo")


def test_the_object_guid_is_the_stable_identifier_in_its_text_form(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    dn = add_account(domain_controller, uid := unique("doiten"), parent=OFFICE)
    before = found(directory, uid)
    with domain_controller.administering() as connection:
        text = connection.search_s(f"<GUID={before.entry_uuid}>", ldap.SCOPE_BASE, attrlist=["distinguishedName"])
        assert text[0][0] == dn, "the server itself reads the text as we write it"
        connection.rename_s(dn, f"CN={uid} moi", BASE_DN)
    change_account(domain_controller, f"CN={uid} moi,{BASE_DN}", "sAMAccountName", renamed := unique("tenmoi"))
    after = directory.find(before.entry_uuid)
    assert after is not None
    assert (after.uid, after.dn) == (renamed, f"CN={uid} moi,{BASE_DN}")
    assert directory.check_password(after, PASSWORD).result is BindResult.ACCEPTED
    assert directory.check_password(before, PASSWORD).result is BindResult.WRONG, "nobody is there any more"


@settings(max_examples=50)
@given(st.uuids())
def test_every_identifier_is_found_by_its_bytes_and_read_back(guid: uuid.UUID) -> None:
    dialect = ActiveDirectory(BASE_DN, SystemClock())
    for text in (str(guid), str(guid).upper()):
        what = dialect.identified(text)
        assert what is not None
        raw = bytes.fromhex(what.removeprefix("(objectGUID=").removesuffix(")").replace("\\", ""))
        officer = dialect.officer("CN=x", {"objectGUID": [raw], "sAMAccountName": [b"X"]}, UnitTree())
        assert officer is not None
        assert officer.entry_uuid == str(guid)
    for other in (guid.hex, f"{{{guid}}}", guid.urn):
        assert dialect.identified(other) is None


@pytest.mark.parametrize("attributes", [
    {}, {"sAMAccountName": [b"x"]}, {"objectGUID": [b"x" * 16]}, {"objectGUID": [b"x"], "sAMAccountName": [b"x"]}])
def test_an_entry_without_identifier_or_name_is_no_account(attributes: dict[str, list[bytes]]) -> None:
    assert ActiveDirectory(BASE_DN, SystemClock()).officer("CN=x", attributes, UnitTree()) is None


def test_facts_come_from_the_attributes_of_a_domain(domain_controller: DomainController, directory: LdapDirectory) -> None:
    office, elsewhere = unique("vp"), unique("khac")
    add_account(domain_controller, office, parent=OFFICE, departmentNumber="H30.1", title="Chuyên viên", employeeNumber="77",
                givenName="Thị", telephoneNumber="0293 000 0777", userPrincipalName=f"{office}@hg.test")
    add_account(domain_controller, elsewhere, departmentNumber="H30.77", department="Phòng Ở Xa", streetAddress="Số 9",
                l="thành phố Ngã Bảy")
    officer, other = found(directory, office), found(directory, elsewhere)
    assert [(p.unit_code, p.unit_code_2016, p.unit_name, p.title) for p in officer.posts] == [
        ("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Chuyên viên")]
    assert (officer.family_name, officer.given_name, officer.phone) == ("Nguyễn", "Thị", "+842930000777")
    assert officer.attributes == {"uid": office, "employeeNumber": "77"}
    assert officer.address == Address("Số 3 đường Mẫu", "thành phố Vị Thanh")
    assert [(p.unit_code, p.unit_name) for p in other.posts] == [("H30.77", "Phòng Ở Xa")]
    assert other.address == Address("Số 9", "thành phố Ngã Bảy")


def test_groups_hold_whom_their_groups_hold_whether_one_is_asked_for_or_all(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    dn = add_account(domain_controller, uid := unique("long"), parent=OFFICE)
    inner = add_group(domain_controller, a := unique("trong"), dn)
    middle = add_group(domain_controller, b := unique("giua"), inner)
    outer = add_group(domain_controller, c := unique("ngoai"), middle)
    change_account(domain_controller, inner, "member", dn, outer)  # a ring
    add_group(domain_controller, unique("ngoaivung"), dn, parent=SERVICES_DN)
    expected = tuple(sorted([a, b, c]))
    assert found(directory, uid).groups == expected
    listed = {officer.uid: officer for officer in directory.everyone()}
    assert listed[uid] == found(directory, uid)
    assert listed["canbo"].groups == ()


def test_a_listing_goes_beyond_the_servers_size_limit(directory: LdapDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {officer.entry_uuid for officer in directory.everyone()}
    monkeypatch.setattr("idp.adapters.ldap.directory._PAGE", 2)
    paged = [officer.entry_uuid for officer in directory.everyone()]
    assert len(paged) == len(set(paged)) == len(whole) > 5


def test_an_account_is_out_when_disabled_or_past_its_end_and_not_when_locked_or_endless(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    dn = add_account(domain_controller, uid := unique("han"), parent=OFFICE)
    for value, out in ((filetime(time.time() - 60), True), (filetime(time.time() + 3600), False), ("0", False),
                       (str(NEVER), False)):
        change_account(domain_controller, dn, "accountExpires", value)
        officer = found(directory, uid)
        assert officer.disabled is out
        outcome = directory.check_password(officer, PASSWORD)
        assert outcome.result is (BindResult.DISABLED if out else BindResult.ACCEPTED)
    stale = found(directory, uid)
    change_account(domain_controller, dn, "accountExpires", filetime(time.time() - 60))
    assert directory.check_password(stale, PASSWORD).result is BindResult.DISABLED, "sub-code 701"
    change_account(domain_controller, dn, "accountExpires", "0")
    change_account(domain_controller, dn, "userAccountControl", str(DISABLED))
    assert directory.check_password(stale, PASSWORD).result is BindResult.DISABLED, "sub-code 533"
    assert directory.change_password(stale, PASSWORD, NEW) is ChangeResult.NOT_ALLOWED
    assert found(directory, uid).disabled


def test_guesses_lock_where_the_domain_says_so_and_a_lock_is_not_the_end(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    add_account(domain_controller, uid := unique("khoa"), parent=OFFICE)
    officer = found(directory, uid)
    with domain_rule(domain_controller, "lockoutThreshold", "3"):
        assert [directory.check_password(officer, "sai").result for _ in range(4)][::3] == [BindResult.WRONG, BindResult.LOCKED]
        assert directory.check_password(officer, PASSWORD).result is BindResult.LOCKED
        assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.NOT_ALLOWED
        assert not found(directory, uid).disabled


def test_an_expired_password_must_be_changed_and_can_be(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    dn = add_account(domain_controller, uid := unique("hethan"), parent=OFFICE)
    officer = found(directory, uid)
    assert 41 * 86400 < (directory.check_password(officer, PASSWORD).expires_in_seconds or 0) <= 42 * 86400
    age_password(domain_controller, dn, 43)
    assert directory.check_password(officer, PASSWORD).result is BindResult.MUST_CHANGE, "sub-code 532"
    assert directory.check_password(officer, "sai").result is BindResult.WRONG
    assert directory.change_password(officer, "sai", NEW) is ChangeResult.WRONG_OLD
    assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.CHANGED
    assert directory.check_password(officer, NEW).result is BindResult.ACCEPTED
    assert directory.check_password(officer, PASSWORD).result is BindResult.WRONG


def test_a_password_that_never_expires_says_no_time(domain_controller: DomainController, directory: LdapDirectory) -> None:
    add_account(domain_controller, uid := unique("vohan"), control=0x200 | NEVER_EXPIRES)
    outcome = directory.check_password(found(directory, uid), PASSWORD)
    assert (outcome.result, outcome.expires_in_seconds) == (BindResult.ACCEPTED, None)


def test_who_must_change_still_has_to_know_the_old_password_and_keep_the_rules(
    domain_controller: DomainController, directory: LdapDirectory,
) -> None:
    add_account(domain_controller, uid := unique("phaidoi"), must_change=True)
    officer = found(directory, uid)
    assert directory.check_password(officer, PASSWORD).result is BindResult.MUST_CHANGE, "sub-code 773"
    assert directory.change_password(officer, "sai", NEW) is ChangeResult.WRONG_OLD
    assert directory.change_password(officer, PASSWORD, "ngan") is ChangeResult.TOO_SHORT
    assert directory.change_password(officer, PASSWORD, PASSWORD) is ChangeResult.IN_HISTORY
    assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.CHANGED


def test_what_is_wrong_with_a_new_password_is_told(domain_controller: DomainController, directory: LdapDirectory) -> None:
    add_account(domain_controller, uid := unique("luat"))
    officer = found(directory, uid)
    assert directory.change_password(officer, PASSWORD, "toanchuthuong") is ChangeResult.TOO_SIMPLE
    with domain_rule(domain_controller, "minPwdAge", "-36000000000"):
        assert directory.change_password(officer, PASSWORD, NEW) is ChangeResult.TOO_YOUNG
    assert directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def followed(directory: LdapDirectory, database_url: str) -> Followed:
    changes = UsnChanges(directory._servers, directory._dialect, base_dn=BASE_DN, every_seconds=0.2, listing_seconds=1.0)
    return Followed(Database(database_url), directory, changes)


def test_the_mirror_hears_of_the_domain_by_its_update_sequence_numbers(
    domain_controller: DomainController, directory: LdapDirectory, tmp_path: Path, sqlite_template: Path,
) -> None:
    mirror = followed(directory, f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'idp.sqlite3')}")
    mirror.catch_up()
    assert mirror.mirror.by_uid("canbo") is not None
    mirror.happened()
    uid, name = unique("moi"), unique("nhom")

    def known() -> MirroredOfficer | None:
        return mirror.mirror.by_uid(uid)

    with mirror.listening():
        dn = add_account(domain_controller, uid, parent=OFFICE)
        until(lambda: known())
        outer = add_group(domain_controller, f"{name}2", add_group(domain_controller, name, dn))
        until(lambda: (officer := known()) and officer.officer.groups == (name, f"{name}2"))
        change_account(domain_controller, outer, "member")
        until(lambda: (officer := known()) and officer.officer.groups == (name,))
        change_account(domain_controller, dn, "userAccountControl", str(DISABLED))
        until(lambda: (officer := known()) and officer.status == "disabled")
        with domain_controller.administering() as connection:
            connection.delete_s(dn)
        until(lambda: known() is None)
    assert [change.kind.value for change in mirror.happened() if change.after is None or change.after.officer.uid == uid] == [
        "joined", "changed", "changed", "disabled", "removed"]
    mirror.database.dispose()


@pytest.fixture(scope="module")
def sees_deleted(domain_controller: DomainController) -> Iterator[LdapDirectory]:
    """The directory over another service account, which may list what was deleted, and two addresses of one controller."""
    name, password = unique("idp"), f"Aa1-{unique('x')}"
    may_list_deleted(domain_controller, account := add_account(domain_controller, name, password, parent=SERVICES_DN))
    dialect = ActiveDirectory(BASE_DN, SystemClock())
    with Proxy(int(domain_controller.uri.rsplit(":", 1)[1])) as first:
        servers = servers_of((first.tls_uri, domain_controller.uri), ca_file=domain_controller.tls.authority, development=True)
        made = LdapDirectory(
            ServerList(servers, bind_dn=account, bind_password=lambda: password, timing=QUICK, is_somebody=dialect.is_somebody),
            base_dn=BASE_DN, decoy_dn=domain_controller.decoy_dn, dialect=dialect)
        made.first = first  # type: ignore[attr-defined]
        with contextlib.closing(made):
            yield made


def test_ms_adts_s3_1_1_5_5_who_is_deleted_is_heard_of_with_the_next_question_and_those_outside_are_not(
    domain_controller: DomainController, sees_deleted: LdapDirectory, directory: LdapDirectory,
) -> None:
    stranger, officer = unique("la"), unique("xoa")
    dns = [add_account(domain_controller, stranger, parent=SERVICES_DN), add_account(domain_controller, officer, parent=OFFICE)]
    known = found(sees_deleted, officer)

    def source(opened: LdapDirectory) -> UsnChanges:
        return UsnChanges(opened._servers, opened._dialect, base_dn=BASE_DN, every_seconds=0.2, listing_seconds=3600)

    def heard(opened: LdapDirectory, cookie: str) -> list[Batch]:
        batches: list[Batch] = []
        source(opened).follow(cookie, batches.append, lambda: True, once=True)
        return batches

    cookie = str(heard(sees_deleted, "")[-1].cookie)
    with domain_controller.administering() as connection:
        for dn in dns:
            connection.delete_s(dn)
    assert [batch.gone for batch in heard(sees_deleted, cookie) if batch.gone] == [(known.entry_uuid,)]
    assert [batch.gone for batch in heard(directory, cookie) if batch.gone] == [], "this account sees none"
    assert known.entry_uuid not in (heard(directory, cookie)[-1].present or ())


def test_changes_go_on_at_another_address_while_the_first_is_closed_and_come_back_to_it(
    domain_controller: DomainController, sees_deleted: LdapDirectory, tmp_path: Path, sqlite_template: Path,
) -> None:
    first: Proxy = sees_deleted.first  # type: ignore[attr-defined]
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'idp.sqlite3')}")
    changes = UsnChanges(sees_deleted._servers, sees_deleted._dialect, base_dn=BASE_DN, every_seconds=0.2, listing_seconds=3600)
    mirror = Followed(database, sees_deleted, changes)
    mirror.catch_up()
    mirror.happened()
    uids = [unique("chuyen") for _ in range(3)]

    def states() -> list[str]:
        return [server["state"] for server in sees_deleted.health()["servers"]]  # type: ignore[attr-defined]

    with mirror.listening():
        dns = [add_account(domain_controller, uids[0], parent=OFFICE)]
        until(lambda: mirror.mirror.by_uid(uids[0]))
        assert states() == ["up", "up"]
        first.mode = "closed"
        dns.append(add_account(domain_controller, uids[1], parent=OFFICE))
        until(lambda: mirror.mirror.by_uid(uids[1]), 20)
        until(lambda: states() == ["down", "up"], 20)
        with domain_controller.administering() as connection:
            connection.delete_s(dns[0])
        until(lambda: mirror.mirror.by_uid(uids[0]) is None, 20)
        first.mode = "pass"
        until(lambda: states() == ["up", "up"], 20)
        before = first.connections
        add_account(domain_controller, uids[2], parent=OFFICE)
        until(lambda: mirror.mirror.by_uid(uids[2]), 20)
        until(lambda: first.connections > before, 20)
    kinds = [(change.after.officer.uid, change.kind.value) for change in mirror.happened() if change.after is not None]
    assert [(uid, kind) for uid, kind in kinds if uid in uids] == [
        (uids[0], "joined"), (uids[1], "joined"), (uids[0], "removed"), (uids[2], "joined")], "nothing was read all over again"
    database.dispose()


def test_at_another_controller_everything_is_read_again(directory: LdapDirectory) -> None:
    source = UsnChanges(directory._servers, directory._dialect, base_dn=BASE_DN, every_seconds=0.2, listing_seconds=60)
    heard: list[Batch] = []
    source.follow("", heard.append, lambda: True, once=True)
    cookie = heard[-1].cookie
    assert cookie is not None
    kind, number = cookie.rsplit(":", 1)
    quiet: list[Batch] = []
    source.follow(cookie, quiet.append, lambda: True, once=True)
    assert not [batch for batch in quiet if batch.complete or batch.officers], "who is gone is looked for, and nothing read again"
    for foreign in (f"usn={'00' * 16}:{number}", "20261127060748Z", "rid=001,csn=x", f"{kind}:x", kind):
        again: list[Batch] = []
        source.follow(foreign, again.append, lambda: True, once=True)
        assert (again[-1].complete, again[-1].present, again[-1].cookie) == (True, heard[-1].present, cookie)


def test_line_26_the_service_account_resets_nothing(domain_controller: DomainController) -> None:
    connection = domain_controller.connect(domain_controller.service_dn, domain_controller.bind_password)
    with contextlib.closing(_Unbinding(connection)), pytest.raises(ldap.INSUFFICIENT_ACCESS):
        connection.modify_s(f"CN=canbo,{OFFICE}", [(ldap.MOD_REPLACE, "unicodePwd", ['"Hai-Mat-Khau-2026"'.encode("utf-16-le")])])


class _Unbinding:
    def __init__(self, connection: ldap.ldapobject.LDAPObject) -> None:
        self._connection = connection

    def close(self) -> None:
        self._connection.unbind_s()


def test_line_24_no_empty_password_reaches_the_server_and_an_anonymous_success_is_none(
    domain_controller: DomainController, directory: LdapDirectory, monkeypatch: pytest.MonkeyPatch,
) -> None:
    officer = found(directory, "canbo")
    for password in ("", "\ud800"):
        assert directory.check_password(officer, password).result is BindResult.WRONG
    dialect = ActiveDirectory(BASE_DN, SystemClock())
    nobody = domain_controller.connect("", "")
    somebody = domain_controller.connect(domain_controller.service_dn, domain_controller.bind_password)
    with contextlib.closing(_Unbinding(nobody)), contextlib.closing(_Unbinding(somebody)):
        assert not dialect.is_somebody(nobody)
        assert dialect.is_somebody(somebody)
        monkeypatch.setattr(type(nobody), "simple_bind", lambda self, *_: self.search("", ldap.SCOPE_BASE))
        with pytest.raises(UnavailableError) as failure:
            dialect.bind(nobody, officer.dn, PASSWORD, 5)
    assert "anonymous" in failure.value.debug


def test_line_26_a_bind_in_the_clear_is_no_answer(domain_controller: DomainController) -> None:
    servers = open_controller(domain_controller, uris=(domain_controller.clear_uri,), clear=True)
    with contextlib.closing(servers) as directory:
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        assert not all(line.ok for line in directory.check())


def test_line_26_starttls_is_spoken_and_a_strange_certificate_refused(domain_controller: DomainController) -> None:
    with contextlib.closing(open_controller(domain_controller, uris=(domain_controller.clear_uri,))) as directory:
        assert directory.check_password(found(directory, "canbo"), PASSWORD).result is BindResult.ACCEPTED
    with Proxy(int(domain_controller.clear_uri.rpartition(":")[2])) as proxy, contextlib.closing(
            open_controller(domain_controller, uris=(proxy.uri,))) as directory:
        proxy.mode = "strip"
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        assert domain_controller.bind_password.encode() not in proxy.seen


@pytest.mark.parametrize(("code", "result"), [
    ("525", "wrong"), ("52e", "wrong"), ("530", "disabled"), ("531", "disabled"), ("532", "must_change"), ("533", "disabled"),
    ("701", "disabled"), ("773", "must_change"), ("775", "locked")])
def test_sub_codes_are_hexadecimal(code: str, result: str) -> None:
    said = f"80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {code}, v1db1"
    number = sub_code(ldap.INVALID_CREDENTIALS({"desc": "Invalid credentials", "info": said}))
    assert number == int(code, 16)
    assert REFUSALS[number].outcome.result == result


@pytest.mark.parametrize("err", [
    ldap.INVALID_CREDENTIALS(), ldap.INVALID_CREDENTIALS({}), ldap.INVALID_CREDENTIALS({"info": None}),
    ldap.INVALID_CREDENTIALS({"info": "data"}), ldap.INVALID_CREDENTIALS({"info": "data xyz"}), ldap.INVALID_CREDENTIALS("x")])
def test_a_refusal_that_says_nothing_has_no_sub_code(err: ldap.LDAPError) -> None:
    assert sub_code(err) is None


@settings(max_examples=50)
@given(st.text())
def test_any_text_has_a_sub_code_or_none(said: str) -> None:
    code = sub_code(ldap.INVALID_CREDENTIALS({"info": said}))
    assert code is None or 0 <= code < 2**32


@pytest.mark.parametrize(("value", "expected"), [(b"5", 5), (b"-5", -5), (b"", None), (b"x", None), (b"\xff", None)])
def test_numbers_that_are_none_are_no_numbers(value: bytes, expected: int | None) -> None:
    assert number({"n": [value]}, "n") == expected
    assert number({}, "n") is None


def test_a_moment_counts_from_1601() -> None:
    assert seconds_of(116444736000000000) == 0
    assert seconds_of(134402332669965140) == 1795759666


@pytest.mark.parametrize(("new", "rules", "expected"), [
    ("ngan", DomainRules(8, True, 0), ChangeResult.TOO_SHORT), ("Mot-Mat-Khau", DomainRules(8, True, 11), ChangeResult.TOO_YOUNG),
    ("motmatkhau", DomainRules(8, True, 10), ChangeResult.TOO_SIMPLE), ("motmatkhau", DomainRules(8), ChangeResult.IN_HISTORY),
    ("Mot-Mat-Khau", DomainRules(8, True, 10), ChangeResult.IN_HISTORY), ("", DomainRules(), ChangeResult.IN_HISTORY)])
def test_the_rule_that_a_password_breaks_is_named(new: str, rules: DomainRules, expected: ChangeResult) -> None:
    assert rules.broken_by(new, now=10) is expected
