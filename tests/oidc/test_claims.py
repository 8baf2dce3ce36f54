"""What each scope brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import NOWHERE, Address, Officer, Post
from idp.oidc.acting_post import held_of
from idp.oidc.claims import SCOPES, SUPPORTED, release
from tests.provider import REGISTERED

MAIN = Post("H30.2", "000.02.00.H30", "Sở Thông tin và Truyền thông", "Chuyên viên")
OF_MAIN = {"unit_code": "H30.2", "unit_code_2016": "000.02.00.H30", "unit_name": "Sở Thông tin và Truyền thông",
           "title": "Chuyên viên"}
SECOND = Post("H30.2.1", "000.02.01.H30", "Trung tâm Công nghệ", "")
OFFICER = MirroredOfficer("subject", Officer(
    entry_uuid="u", dn="uid=a", uid="nva", name="Nguyễn Văn A", given_name="Văn A", family_name="Nguyễn",
    mail="nva@haugiang.gov.vn", phone="+84293", posts=(MAIN, SECOND), groups=("g1", "g2"),
    attributes={"uid": "nva", "mail": "nva@haugiang.gov.vn"},
    address=Address("Số 23 đường Mẫu", "thành phố Vị Thanh", "Hậu Giang", "95000")), "active")


@pytest.mark.parametrize(("scope", "claims"), [
    ("openid", {}),
    ("profile", {"name": "Nguyễn Văn A", "given_name": "Văn A", "family_name": "Nguyễn", "preferred_username": "nva"}),
    ("email", {"email": "nva@haugiang.gov.vn", "email_verified": True}),
    ("phone", {"phone_number": "+84293", "phone_number_verified": False}),
    ("address", {"address": {"formatted": "Sở Thông tin và Truyền thông\nSố 23 đường Mẫu\nthành phố Vị Thanh\nHậu Giang 95000",
                             "street_address": "Số 23 đường Mẫu", "locality": "thành phố Vị Thanh", "region": "Hậu Giang",
                             "postal_code": "95000"}}),
    ("offline_access", {}),
    ("unit", OF_MAIN | {"posts": [
        OF_MAIN, {"unit_code": "H30.2.1", "unit_code_2016": "000.02.01.H30", "unit_name": "Trung tâm Công nghệ"}]}),
    ("groups", {"groups": ["g1", "g2"]}),
])
def test_oidc_core_s5_4_a_scope_brings_its_claims_and_no_others(scope, claims) -> None:
    found = release(OFFICER, {scope}, replace(REGISTERED, show_groups=True))
    assert found == claims
    assert set(claims) <= set(SCOPES[scope])


@pytest.mark.parametrize(("posts", "address", "claim"), [
    ((), NOWHERE, None),
    ((MAIN,), NOWHERE, {"formatted": MAIN.unit_name}),
    ((), Address(locality="Vị Thanh"), {"formatted": "Vị Thanh", "locality": "Vị Thanh"}),
    ((MAIN,), Address(region="Hậu Giang"), {"formatted": f"{MAIN.unit_name}\nHậu Giang", "region": "Hậu Giang"}),
    ((MAIN,), Address(text="Số 1\nVị Thanh"), {"formatted": f"{MAIN.unit_name}\nSố 1\nVị Thanh"}),
    ((MAIN,), Address(text=f"{MAIN.unit_name}\nSố 1", locality="Vị Thanh"),
     {"formatted": f"{MAIN.unit_name}\nSố 1", "locality": "Vị Thanh"}),
])
def test_oidc_core_s5_1_1_an_address_tells_what_the_directory_holds(posts, address, claim) -> None:
    found = release(replace(OFFICER, officer=replace(OFFICER.officer, posts=posts, address=address)), {"address"}, REGISTERED)
    assert found == ({} if claim is None else {"address": claim})


def test_groups_are_shown_to_clients_that_may_see_them_only() -> None:
    assert "groups" not in release(OFFICER, {"groups"}, REGISTERED)


def test_all_scopes_bring_all_claims_that_discovery_lists() -> None:
    everything = release(OFFICER, set(SCOPES), replace(REGISTERED, show_groups=True), held=held_of(SECOND))
    assert {"sub", *everything} == set(SUPPORTED)


def test_oidc_core_s5_3_2_empty_claims_are_left_out() -> None:
    bare = MirroredOfficer("subject", Officer(entry_uuid="u", dn="d", uid="x", name="X"), "active")
    found = release(bare, set(SCOPES), replace(REGISTERED, show_groups=True))
    assert found == {"name": "X", "preferred_username": "x"}


@pytest.mark.parametrize(("attribute", "name"), [("uid", "nva"), ("mail", "nva@haugiang.gov.vn"), ("employeeNumber", None)])
def test_preferred_username_carries_what_the_application_registered(attribute, name) -> None:
    assert release(OFFICER, {"profile"}, replace(REGISTERED, login_name_attribute=attribute)).get("preferred_username") == name
