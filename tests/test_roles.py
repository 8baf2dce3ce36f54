"""Who administers what: groups decide, agencies are told by their codes, the widest role counts."""

from __future__ import annotations

import pytest

from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Post
from idp.roles import Administrator, Role, RoleGroups
from tests.fakes.directory import make_officer


def who(*groups: str, unit: str = "H30.11", status: str = "active", read_only: bool = False) -> Administrator | None:
    officer = make_officer(groups=groups, posts=(Post(unit, "", "Long Mỹ", ""), Post("H30.12", "", "Long Mỹ", "")))
    return RoleGroups().administrator(MirroredOfficer("s", officer, status), client_id="console",  # type: ignore[arg-type]
                                      read_only=read_only)


@pytest.mark.parametrize(("groups", "role"), [
    (("quantri-tinh",), Role.PROVINCE), (("quantri-coquan",), Role.AGENCY), (("kiemtoan",), Role.AUDITOR),
    (("kiemtoan", "quantri-coquan", "quantri-tinh"), Role.PROVINCE), (("kiemtoan", "quantri-coquan"), Role.AGENCY),
    ((), None), (("lanhdao", "QUANTRI-TINH", "quantri"), None)])
def test_the_widest_role_counts_and_most_have_none(groups: tuple[str, ...], role: Role | None) -> None:
    found = who(*groups)
    assert (found and found.role) == role


@pytest.mark.parametrize("status", ["disabled", "gone"])
def test_line_18_nobody_who_is_not_active_administers(status: str) -> None:
    assert who("quantri-tinh", status=status) is None


def test_an_agency_is_its_code_and_all_below_it_by_the_main_post_alone() -> None:
    agency = who("quantri-coquan")
    assert agency is not None
    assert [agency.oversees(unit) for unit in ("H30.11", "H30.11.2", "H30.1", "H30.111", "H30.12", "H30", "")] == [
        True, True, False, False, False, False, False]


@pytest.mark.parametrize("unit", ["H30", "", "Long Mỹ", "H30."])
def test_a_post_in_no_agency_gives_no_agency(unit: str) -> None:
    assert who("quantri-coquan", unit=unit) is None


def test_reading_tokens_and_auditors_change_nothing() -> None:
    assert [found is not None and found.may_change for found in (
        who("quantri-tinh"), who("quantri-tinh", read_only=True), who("kiemtoan"), who("quantri-coquan"))] == [
        True, False, False, True]
