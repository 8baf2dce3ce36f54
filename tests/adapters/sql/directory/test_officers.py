"""The mirror of officers on both databases."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.directory.mirror import search_key, search_keys
from idp.directory.officer import NOWHERE, Address, Post
from tests.fakes.directory import make_officer


def test_the_subject_is_given_once_and_survives_rename_transfer_and_reorganisation(database: Database) -> None:
    mirror = SqlOfficers(database)
    before = make_officer("canbo", groups=("lanhdao",))
    sub = mirror.remember(before, now=1)
    after = dataclasses.replace(before, uid="canbo2", dn="uid=canbo2,ou=moved", name="Trần Thị Mới",
                                posts=(Post("H30.2", "000.00.02.H30", "Sở Nội vụ", "Phó Giám đốc"),))
    assert mirror.remember(after, now=2) == sub
    found = mirror.by_sub(sub)
    assert found is not None
    assert found.officer == after
    assert mirror.by_uid("canbo") is None
    assert mirror.by_uid("canbo2") == found == mirror.by_entry_uuid(before.entry_uuid)


def test_parallel_first_sign_ins_get_one_subject(database: Database) -> None:
    mirror = SqlOfficers(database)
    with ThreadPoolExecutor(12) as pool:
        subjects = set(pool.map(lambda n: mirror.remember(make_officer("canbo"), now=n), range(12)))
    assert len(subjects) == 1


def test_a_disabled_officer_is_mirrored_as_disabled(database: Database) -> None:
    mirror = SqlOfficers(database)
    sub = mirror.remember(make_officer("nghiviec", disabled=True), now=1)
    found = mirror.by_sub(sub)
    assert found is not None
    assert found.status == "disabled"


def test_a_name_that_two_officers_hold_finds_nobody(database: Database) -> None:
    mirror = SqlOfficers(database)
    mirror.remember(make_officer("canbo", entry_uuid="00000000-0000-4000-8000-000000000001"), now=1)
    mirror.remember(make_officer("canbo", entry_uuid="00000000-0000-4000-8000-000000000002"), now=1)
    assert mirror.by_uid("canbo") is None


def test_sign_ins_are_noted_first_and_last(database: Database) -> None:
    mirror = SqlOfficers(database)
    sub = mirror.remember(make_officer("canbo"), now=1)
    mirror.signed_in(sub, now=10)
    mirror.signed_in(sub, now=20)
    row = mirror._by_sub.one(sub=sub)
    assert (row.first_sign_in_at, row.last_sign_in_at) == (10, 20)


def test_groups_are_those_of_active_officers(database: Database) -> None:
    mirror = SqlOfficers(database)
    assert mirror.groups() == frozenset()
    mirror.remember(make_officer("canbo", groups=("can-bo", "van-thu")), now=1)
    mirror.remember(make_officer("lanhdao", groups=("can-bo", "lanhdao")), now=1)
    mirror.remember(make_officer("nghiviec", groups=("cuu-can-bo",), disabled=True), now=1)
    assert mirror.groups() == {"can-bo", "van-thu", "lanhdao"}


def test_an_officer_whose_facts_stand_is_not_written_again(database: Database) -> None:
    mirror = SqlOfficers(database)
    before = make_officer("canbo", groups=("lanhdao", "vanthu"))
    sub = mirror.remember(before, now=1)
    assert mirror.remember(dataclasses.replace(before), now=2) == sub
    assert mirror._by_sub.one(sub=sub).updated_at == 1
    assert mirror.remember(dataclasses.replace(before, groups=("vanthu",)), now=3) == sub
    assert mirror._by_sub.one(sub=sub).updated_at == 3


def test_remembering_keeps_the_dates_of_sign_ins(database: Database) -> None:
    mirror = SqlOfficers(database)
    officer = make_officer("canbo")
    mirror.signed_in(mirror.remember(officer, now=1), now=5)
    sub = mirror.remember(dataclasses.replace(officer, phone="+842930000999"), now=9)
    assert mirror._by_sub.one(sub=sub).last_sign_in_at == 5


def test_security_18_a_leavers_name_given_to_somebody_else_is_somebody_else(database: Database) -> None:
    mirror = SqlOfficers(database)
    leaver = mirror.remember(make_officer("canbo", entry_uuid="00000000-0000-4000-8000-000000000001"), now=1)
    joiner = mirror.remember(make_officer("canbo", entry_uuid="00000000-0000-4000-8000-000000000002"), now=2)
    assert leaver != joiner
    assert mirror.by_sub(leaver) != mirror.by_sub(joiner)


def test_posts_and_attributes_come_back_as_they_were(database: Database) -> None:
    mirror = SqlOfficers(database)
    officer = make_officer("haichucvu", posts=(
        Post("H30.10", "000.00.10.H30", "Sở Tài nguyên và Môi trường", "Phó Giám đốc"),
        Post("H30.10.4", "000.04.10.H30", "Đ", "")),
        attributes={"uid": "haichucvu", "mail": "", "employeeNumber": "HG00012"})
    found = mirror.by_sub(mirror.remember(officer, now=1))
    assert found is not None
    assert found.officer == officer


def test_an_address_comes_back_as_it_was_and_none_is_kept_as_nothing(database: Database) -> None:
    mirror = SqlOfficers(database)
    where = Address("Số 1 đường Mẫu\nPhòng 7", "thành phố Vị Thanh", "Hậu Giang", "95000", "A\nB")
    officer = make_officer("canbo", address=where)
    sub = mirror.remember(officer, now=1)
    found = mirror.by_sub(sub)
    assert found is not None
    assert found.officer == officer
    mirror.remember(dataclasses.replace(officer, address=NOWHERE), now=2)
    assert mirror._by_sub.one(sub=sub).address == ""
    found = mirror.by_sub(sub)
    assert found is not None
    assert found.officer.address == NOWHERE


def test_searches_ignore_case_accents_and_the_two_forms_of_unicode() -> None:
    assert search_key("Đặng  Thị Hằng", "HANG@haugiang.gov.vn") == "dang thi hang hang@haugiang.gov.vn"
    assert search_key("Hằng") == search_key("Hằng")
    texts = ["Đặng  Thị Hằng", "", " \u0301\u0323Hằng\n", "ÒNG ĐÀ\u00a0STRASSE ß", "\u0345", "abc", "Ệ", "𝅗𝅥 x", "İ ﬁ"]
    assert search_keys(texts) == [search_key(text) for text in texts]
    assert search_keys([]) == []
