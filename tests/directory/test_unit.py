"""Agency codes in both forms, and the tree they make."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.directory.officer import NOWHERE, Address, Contact, Post
from idp.directory.unit import Unit, UnitTree, from_code_2016, is_unit_code, is_within, to_code_2016

CODES = st.builds(lambda province, groups: ".".join([province, *map(str, groups)]), st.sampled_from(["H30", "H38", "G01"]),
                  st.tuples(st.integers(1, 99), st.integers(1, 99), st.integers(1, 999)).flatmap(
                      lambda groups: st.integers(0, 3).map(lambda n: groups[:n])))


@pytest.mark.parametrize(("code", "code_2016"), [
    ("H30", "000.00.00.H30"), ("H30.5", "000.00.05.H30"), ("H30.5.2", "000.02.05.H30"), ("H30.2.14", "000.14.02.H30"),
    ("H30.21.7.101", "101.07.21.H30")])
def test_qcvn102_codes_are_read_from_right_to_left(code: str, code_2016: str) -> None:
    assert to_code_2016(code) == code_2016
    assert from_code_2016(code_2016) == code


@given(CODES)
def test_both_forms_tell_the_same_place(code: str) -> None:
    assert is_unit_code(code)
    assert from_code_2016(to_code_2016(code)) == code


@pytest.mark.parametrize("code", [
    "", "30", "H30.", "H30.100", "H30.1.100", "H30.1.1.1000", "H30.1.1.1.1", "H30.Z01", "h30.1", "H30..1"])
def test_codes_without_an_older_form_have_none(code: str) -> None:
    assert to_code_2016(code) == ""


@pytest.mark.parametrize("code", ["", "H30", "000.01.00.H30", "00.00.00.H30", "000.00.00.H30x", "00A.00.00.H30"])
def test_what_is_no_older_code_is_none(code: str) -> None:
    assert from_code_2016(code) == ""


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(text: str) -> None:
    to_code_2016(text)
    from_code_2016(text)
    assert not is_unit_code(text) or len(text) <= 35


def test_names_are_no_keys_two_agencies_are_called_long_my() -> None:
    tree = UnitTree([Unit("H30.23", "000.00.23.H30", "Ủy ban nhân dân thị xã Long Mỹ"),
                     Unit("H30.24", "000.00.24.H30", "Ủy ban nhân dân huyện Long Mỹ")])
    assert len(tree) == 2
    assert tree.unit("H30.23") != tree.unit("H30.24")
    assert tree.unit("000.00.24.H30") == tree.unit("H30.24")
    assert tree.unit("Long Mỹ") is None


def test_a_post_names_its_agency_and_keeps_an_assigned_older_code() -> None:
    tree = UnitTree([Unit("H30.5", "000.00.77.H30", "Sở Tài chính")])
    assert tree.post("H30.5", "Kế toán") == Post("H30.5", "000.00.77.H30", "Sở Tài chính", "Kế toán")
    assert tree.post("H30.6", "Kế toán", fallback_name="Sở Cũ") == Post("H30.6", "000.00.06.H30", "Sở Cũ", "Kế toán")


def test_a_room_is_where_its_agency_is_and_a_commune_where_it_is_itself() -> None:
    here, there = Address(locality="thành phố Vị Thanh"), Address(street="Số 7 đường Thử")
    tree = UnitTree([Unit("H30.5", "", "Sở Tài chính", "department", address=here), Unit("H30.5.1", "", "Văn phòng Sở", "room"),
                     Unit("H30.5.2", "", "Thanh tra Sở", "room", address=there),
                     Unit("H30.24", "", "Huyện", "district", address=here), Unit("H30.24.51", "", "Xã", "commune")])
    assert [tree.address(code) for code in ("H30.5", "H30.5.1", "H30.5.2", "H30.24.51", "H30.9.9", "")] == [
        here, here, there, NOWHERE, NOWHERE, NOWHERE]


def test_a_scope_holds_itself_and_what_is_below_by_whole_groups() -> None:
    assert is_within("H30.1", "H30.1")
    assert is_within("H30.1.4", "H30.1")
    assert not is_within("H30.11", "H30.1")
    assert not is_within("H30.1", "H30.1.4")
    assert not is_within("H30.1", "")


def test_the_chain_leads_up_to_the_province() -> None:
    assert list(UnitTree().chain("H30.24.52")) == ["H30.24.52", "H30.24", "H30"]
    assert list(UnitTree().chain("")) == []


def test_units_exist_from_their_first_day_to_their_last() -> None:
    unit = Unit("H30.1", "", "A", valid_from=date(2020, 2, 1), valid_to=date(2025, 6, 30))
    assert [unit.exists_on(date(*day)) for day in ((2020, 1, 31), (2020, 2, 1), (2025, 6, 30), (2025, 7, 1))] == [
        False, True, True, False]
    assert Unit("H30.1", "", "A").exists_on(date(1900, 1, 1))


@pytest.mark.parametrize(("phone", "text"), [
    ("+842930000001", "0293 000 0001"), ("+84990000007", "099 000 0007"), ("+4930123456", "+4930123456"), ("", "")])
def test_a_contacts_number_is_said_as_people_say_it(phone: str, text: str) -> None:
    assert Contact("Lê Thị Thử", phone).phone_text == text
