"""The directory port on a real slapd: the contract, and what only LDAP has."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import statistics
import threading
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ldap
import pytest

from deploy.directory.configuration import SlapdOptions
from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from deploy.ports import free_port
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.entries import bounded
from idp.adapters.ldap.server import Timing
from idp.directory.officer import Address, BindResult, ChangeResult
from idp.errors import UnavailableError
from tests.contracts.directory import PASSWORD, VIETNAMESE_PASSWORD, DirectoryContract, Population
from tests.directory_server import (
    Proxy,
    add_officer,
    add_policy,
    administering,
    new_directory,
    open_directory,
    serving,
    unique,
)

SHARED = "dung.chung@haugiang.gov.vn"


@pytest.fixture(scope="module")
def population(directory_server: SampleDirectory) -> Iterator[Population]:
    stems = ("doi", "datlai", "quen", "viet", "chung", "chung")
    changing, resetting, forgetful, vietnamese, one, two = (unique(stem) for stem in stems)
    add_officer(directory_server, changing)
    add_officer(directory_server, resetting, pwdReset="TRUE")
    add_officer(directory_server, forgetful)
    add_officer(directory_server, vietnamese, VIETNAMESE_PASSWORD)
    for uid in (one, two):
        add_officer(directory_server, uid, mail=SHARED)
    down = open_directory(directory_server, uris=(f"ldap://127.0.0.1:{free_port()}",))
    account = (directory_server.reset_dn, lambda: directory_server.reset_password)
    with (contextlib.closing(open_directory(directory_server, reset_account=account)) as directory, contextlib.closing(down),
          contextlib.closing(open_directory(directory_server)) as without):
        yield Population(directory, down, changing, resetting, forgetful, without, vietnamese, (one, two))
    with administering(directory_server) as connection:
        for uid in (one, two):
            connection.delete_s(f"uid={uid},ou=H30.1,ou=H30,ou=units,{directory_server.base_dn}")


class TestLdapDirectory(DirectoryContract):
    """The fixture ``population`` is this module's."""


def test_facts_come_in_nfc_from_entries_in_nfd(ldap_directory: LdapDirectory) -> None:
    officer = ldap_directory.find_by_login("dangnfd")
    assert officer is not None
    assert (officer.name, officer.family_name, officer.given_name) == ("Đặng Thị Hằng Thử", "Đặng", "Thị Hằng Thử")
    assert unicodedata.is_normalized("NFC", officer.name)


def test_posts_carry_both_codes_and_the_agencys_name(ldap_directory: LdapDirectory) -> None:
    officer = ldap_directory.find_by_login("haichucvu")
    assert officer is not None
    assert [(p.unit_code, p.unit_code_2016, p.unit_name, p.title) for p in officer.posts] == [
        ("H30.10", "000.00.10.H30", "Sở Tài nguyên và Môi trường", "Phó Giám đốc"),
        ("H30.10.4", "000.04.10.H30", "Văn phòng Đăng ký đất đai", "Giám đốc Văn phòng")]


def test_groups_are_read_by_their_names(ldap_directory: LdapDirectory) -> None:
    groups = {uid: officer.groups for uid in ("canbo", "lanhdao", "vanthu", "quantri.coquan", "quantri", "pheduyet", "kiemtoan")
              if (officer := ldap_directory.find_by_login(uid))}
    assert groups == {"canbo": (), "lanhdao": ("lanhdao",), "vanthu": ("vanthu",), "quantri.coquan": ("quantri-coquan",),
                      "quantri": ("quantri-tinh",), "pheduyet": ("quantri-tinh",), "kiemtoan": ("kiemtoan",)}


def test_f04_values_of_a_size_that_no_entry_needs_are_left_out(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    uid = unique("to")
    add_officer(directory_server, uid, title="x" * 9000, departmentNumber="H30.1", vnPost=[], givenName="y" * 8192)
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert (officer.main_post.title, len(officer.given_name)) == ("", 8192)
    assert officer in list(ldap_directory.everyone())
    many = bounded({"memberOf": [b"cn=x"] * 3000, "cn": [b"x"]})
    assert (len(many["memberOf"]), many["cn"]) == (2000, [b"x"])


def test_equal_names_are_two_officers(ldap_directory: LdapDirectory) -> None:
    one, two = ldap_directory.find_by_login("trungten"), ldap_directory.find_by_login("trungten2")
    assert one is not None
    assert two is not None
    assert (one.name, one.main_post) == (two.name, two.main_post)
    assert one.entry_uuid != two.entry_uuid


def test_an_officer_without_a_mailbox_signs_in_with_the_uid(ldap_directory: LdapDirectory) -> None:
    officer = ldap_directory.find_by_login("khonghopthu")
    assert officer is not None
    assert (officer.mail, "mail" in officer.attributes) == ("", False)
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def test_the_nearest_administrator_above_answers_for_a_commune(ldap_directory: LdapDirectory) -> None:
    officer = ldap_directory.find_by_login("khonghopthu")
    assert officer is not None
    assert officer.main_post.unit_code == "H30.24.52"
    contact = ldap_directory.contact(officer)
    assert contact is not None
    assert contact.phone.startswith("+84293000")


def test_an_entry_without_vn_post_has_the_post_of_the_standard_attributes(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    uid = unique("chuan")
    add_officer(directory_server, uid, vnPost=[], departmentNumber="H30.5", title="Kế toán", telephoneNumber="0293 000 0777")
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert [(p.unit_code, p.unit_code_2016, p.unit_name, p.title) for p in officer.posts] == [
        ("H30.5", "000.00.05.H30", "Sở Tài chính", "Kế toán")]
    assert officer.phone == "+842930000777"


def test_an_office_is_where_the_main_posts_agency_is(ldap_directory: LdapDirectory) -> None:
    found = {uid: officer.address for uid in ("canbo", "haichucvu", "khonghopthu")
             if (officer := ldap_directory.find_by_login(uid))}
    assert found == {
        "canbo": Address("Số 3 đường Mẫu", "thành phố Vị Thanh", "Hậu Giang"),
        "haichucvu": Address("Số 21 đường Mẫu", "thành phố Vị Thanh", "Hậu Giang"),
        "khonghopthu": Address("", "xã Lương Nghĩa, huyện Long Mỹ", "Hậu Giang")}


def test_rfc4517_s3_3_28_an_entrys_own_address_goes_before_its_agencys_and_the_home_is_not_read(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    parts, whole = unique("diachi"), unique("diachi")
    add_officer(directory_server, parts, street="Số 9 đường Khác", l="thành phố Ngã Bảy", postalCode="95000",
                homePostalAddress="Nhà riêng")
    add_officer(directory_server, whole, postalAddress="Tòa nhà A\\24B$Số 9 \\5C 10 $$Ngã Bảy")
    found = [officer.address for uid in (parts, whole) if (officer := ldap_directory.find_by_login(uid))]
    assert found == [Address("Số 9 đường Khác", "thành phố Ngã Bảy", "", "95000"),
                     Address(text="Tòa nhà A$B\nSố 9 \\ 10\nNgã Bảy")]


def test_malformed_posts_are_left_out_and_unknown_agencies_keep_their_code(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    uid = unique("hong")
    add_officer(directory_server, uid, vnPost=["x$H30.1$A", "1", "2$H30.99.9$Chuyên viên", "$$"])
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert [(p.unit_code, p.unit_code_2016, p.unit_name) for p in officer.posts] == [("H30.99.9", "000.09.99.H30", "")]


@pytest.mark.parametrize("password", ["", "\0", "HauGiang-2026!\0", "\ud800"])
def test_security_24_empty_and_unsendable_passwords_never_sign_anybody_in(
    directory_server: SampleDirectory, password: str,
) -> None:
    with Proxy(directory_server.port) as proxy, contextlib.closing(
            open_directory(directory_server, uris=(proxy.uri,))) as directory:
        officer = directory.find_by_login("canbo")
        before = proxy.connections
        assert directory.check_password(officer, password).result is BindResult.WRONG
        assert directory.change_password(officer, password, "Mot-Mat-Khau-2026") is ChangeResult.WRONG_OLD  # type: ignore[arg-type]
        assert proxy.connections == before


def test_security_23_unknown_wrong_disabled_and_locked_take_the_same_time(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    """Medians of interleaved tries differ by less than a quarter; without the decoy the difference is fifty-fold."""
    policy = add_policy(directory_server, pwdMaxFailure="3")
    add_officer(directory_server, uid := unique("khoa"), pwdPolicySubentry=policy)
    locked = ldap_directory.find_by_login(uid)
    for _ in range(3):
        ldap_directory.check_password(locked, "sai")
    assert ldap_directory.check_password(locked, PASSWORD).result is BindResult.LOCKED
    cases = {"unknown": None, "wrong": ldap_directory.find_by_login("canbo"),
             "disabled": ldap_directory.find_by_login("nghiviec"), "locked": locked}
    for _ in range(4):  # a busy machine may need another round; without the decoy no round would do
        took: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(9):
            for name, officer in cases.items():
                began = time.perf_counter()
                ldap_directory.check_password(officer, "sai-mat-khau")
                took[name].append(time.perf_counter() - began)
        middles = {name: statistics.median(values) for name, values in took.items()}
        if max(middles.values()) < 1.25 * min(middles.values()) + 0.003:
            return
    pytest.fail(f"medians differ: {middles}")


def test_a_floor_holds_refusals_back_and_lets_good_sign_ins_through(directory_server: SampleDirectory) -> None:
    with contextlib.closing(open_directory(directory_server, floor_seconds=0.3)) as directory:
        officer = directory.find_by_login("canbo")
        began = time.monotonic()
        directory.check_password(None, "sai")
        assert time.monotonic() - began >= 0.3
        took = []
        for _ in range(3):
            began = time.monotonic()
            directory.check_password(officer, PASSWORD)
            took.append(time.monotonic() - began)
        assert min(took) < 0.3


def test_a_deleted_officer_is_wrong_and_a_moved_one_is_found(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    dn = add_officer(directory_server, uid := unique("chuyen"))
    before = ldap_directory.find_by_login(uid)
    assert before is not None
    with administering(directory_server) as connection:
        connection.rename_s(dn, f"uid={uid}", f"ou=H30.2,ou=H30,ou=units,{directory_server.base_dn}")
        moved = ldap_directory.find(before.entry_uuid)
        assert moved is not None
        assert moved.dn != before.dn
        assert ldap_directory.check_password(moved, PASSWORD).result is BindResult.ACCEPTED
        connection.delete_s(moved.dn)
    assert ldap_directory.find(before.entry_uuid) is None
    assert ldap_directory.check_password(moved, PASSWORD).result is BindResult.WRONG


def test_a_dn_with_special_characters_is_bound_as_it_is(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    uid = f'k,"+=\\ý{secrets.token_hex(3)}'
    add_officer(directory_server, uid)
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def test_rfc2696_listing_goes_beyond_the_servers_size_limit(tmp_path: Path) -> None:
    limits = SlapdOptions(service_limits="size.soft=50 size.hard=50 size.prtotal=unlimited")
    with new_directory(tmp_path / "d", cost=HashCost(64, 1), options=limits) as server, contextlib.closing(
            open_directory(server)) as directory:
        with pytest.raises(ldap.SIZELIMIT_EXCEEDED), serving(server) as connection:
            connection.search_s(server.base_dn, ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)")
        everyone = list(directory.everyone())
        assert len(everyone) == 400
        assert all(post.unit_name for officer in everyone for post in officer.posts), "the tree was read to its end too"


def test_a_listing_that_breaks_off_never_looks_like_the_end(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(open_directory(own_directory, uris=(proxy.uri,))) as directory:
        everyone = directory.everyone()
        next(everyone)
        proxy.mode = "closed"
        with pytest.raises(UnavailableError):
            list(everyone)


def test_turns_at_the_directory_are_limited_and_a_full_queue_says_when_to_come_again(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), concurrency=2, queue_seconds=0.2)) as directory:
        officer = directory.find_by_login("canbo")
        proxy.delay = 1.5
        answers: list[str] = []

        def attempt() -> None:
            try:
                answers.append(directory.check_password(officer, PASSWORD).result.value)
            except UnavailableError as err:
                answers.append(f"come again in {err.retry_after_seconds} s")

        with ThreadPoolExecutor(6) as pool:
            for _ in range(6):
                pool.submit(attempt)
        assert answers == ["come again in 2 s"] * 4 + ["accepted"] * 2, "who is sent away hears it before the others are done"


def test_sixty_four_sign_ins_at_once_all_succeed(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory, concurrency=2, queue_seconds=30)) as directory:
        officer = directory.find_by_login("canbo")
        with ThreadPoolExecutor(64) as pool:
            results = list(pool.map(lambda _: directory.check_password(officer, PASSWORD).result, range(64)))
        assert set(results) == {BindResult.ACCEPTED}


def test_every_personal_connection_is_closed(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory)) as directory:
        officer = directory.find_by_login("canbo")
        before = open_sockets(own_directory.port)
        for n in range(20):
            directory.check_password(officer, PASSWORD if n % 2 else "sai")
            directory.check_password(None, "sai")
        assert open_sockets(own_directory.port) == before


def open_sockets(port: int) -> int:
    """Count this machine's established connections to a port of its own (/proc/net/tcp: address, state 01)."""
    wanted = f":{port:04X} "
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if f"{row[2]} ".endswith(wanted) and row[3] == "01")


def test_units_are_read_once_a_minute_and_survive_an_outage(own_directory: SampleDirectory) -> None:
    with contextlib.closing(open_directory(own_directory)) as directory:
        officer = directory.find_by_login("vanthu")
        assert officer is not None
        own_directory.stop()
        assert directory.contact(officer) is not None


def test_no_page_waits_for_the_name_of_the_administrator(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), timing=Timing(connect=3), concurrency=1)) as directory, (
            contextlib.closing(open_directory(own_directory))) as knowing:
        officer = knowing.find_by_login("vanthu")
        assert officer is not None
        proxy.mode = "silent"
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(directory.contact, officer)
            time.sleep(0.3)
            began = time.monotonic()
            assert list(pool.map(directory.contact, [officer] * 7)) == [None] * 7
            assert time.monotonic() - began < 2.5
            proxy.mode = "pass"
            known = first.result()
        assert known == knowing.contact(officer)
        assert directory._surroundings is not None
        directory._surroundings = dataclasses.replace(directory._surroundings, read_at=-3600)
        proxy.mode = "silent"
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(directory.contact, officer)
            time.sleep(0.3)
            began = time.monotonic()
            assert list(pool.map(directory.contact, [officer] * 7)) == [known] * 7
            assert time.monotonic() - began < 2.5
            proxy.mode = "pass"


def test_the_directory_may_be_asked_from_many_threads(directory_server: SampleDirectory) -> None:
    with contextlib.closing(open_directory(directory_server, concurrency=8, queue_seconds=30, pool_size=3,
                                           timing=Timing(connect=20))) as directory:
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                for _ in range(25):
                    assert directory.find_by_login("canbo") is not None
            except BaseException as err:
                failures.append(err)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert open_sockets(directory_server.port) <= 12
