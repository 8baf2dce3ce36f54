"""Who administers what: groups decide, agencies are told by their codes, the widest role counts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Post
from idp.errors import RefusedError
from idp.roles import Administrator, ForbiddenError, Lent, Right, Role, RoleGroups, check_another_person
from tests.fakes.directory import make_officer

ROOT = Path(__file__).parents[1]


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


ALL = "administer change officers.see agencies.see access.end access.stop factors.ask_reset factors.ask_pass factors.act " \
      "password.reset certificates.ask certificates.see devices.see devices.report_loss sims.see sims.report_loss role.lend"
TABLE = {
    Role.PROVINCE: f"{ALL} role.lend_for_others", Role.AGENCY: ALL,
    Role.REGISTRATION: "officers.see certificates.see certificates.ask sims.see role.lend",
    Role.CLERK: "certificates.see devices.see devices.report_loss sims.see sims.report_loss role.lend",
    Role.AUDITOR: "administer officers.see agencies.see certificates.see devices.see sims.see",
    Role.HELP_DESK: "officers.see access.end factors.ask_reset factors.ask_pass sims.see sims.report_loss role.lend",
    Role.MACHINE: "administer change officers.see agencies.see certificates.see devices.see sims.see access.end"}
READS = {"administer", "officers.see", "agencies.see", "certificates.see", "devices.see", "sims.see"}


@pytest.mark.parametrize("role", Role)
def test_a_role_has_the_rights_of_the_table_and_a_reading_token_those_that_read(role: Role) -> None:
    rights = set(TABLE[role].split())
    assert {right.value for right in Right if Administrator(role=role, client_id="c").may(right)} == rights
    reading = Administrator(role=role, client_id="c", read_only=True)
    assert {right.value for right in Right if reading.may(right)} == rights & READS


@pytest.mark.parametrize("role", Role)
def test_whoever_lacks_a_right_is_refused_by_it(role: Role) -> None:
    who = Administrator(role=role, client_id="c")
    for right in Right:
        if who.may(right):
            who.demand(right)
            continue
        with pytest.raises(ForbiddenError):
            who.demand(right)


@pytest.mark.parametrize(("group", "role"), [
    ("dangky-chungthu", Role.REGISTRATION), ("vanthu-thietbi", Role.CLERK), ("hotro-nguoidung", Role.HELP_DESK)])
def test_the_roles_of_an_agency_reach_it_and_no_further(group: str, role: Role) -> None:
    found = who(group)
    assert found is not None
    assert (found.role, found.unit, found.of_the_province, found.may_change) == (role, "H30.11", False, False)
    assert [found.oversees(unit) for unit in ("H30.11.2", "H30.12", "")] == [True, False, False]
    assert who(group, unit="H30") is None


class Lends:
    """Everybody is a deputy of one giver."""

    def __init__(self, giver: MirroredOfficer, unit: str = "") -> None:
        self.lent = Lent(giver, unit)

    def lent_to(self, sub: str) -> list[Lent]:
        return [self.lent]

    def lent_by(self, subjects: frozenset[str]) -> frozenset[str]:
        return frozenset({"d", "e"}) if self.lent.giver.sub in subjects else frozenset()


def officer(sub: str, *groups: str, unit: str = "H30.11", status: str = "active", guest: str = "") -> MirroredOfficer:
    found = replace(make_officer(sub, groups=groups, posts=(Post(unit, "", "Sở", ""),)), guest=guest)
    return MirroredOfficer(sub, found, status)  # type: ignore[arg-type]


def deputy(giver: MirroredOfficer, unit: str = "", *groups: str) -> Administrator | None:
    return RoleGroups(deputies=Lends(giver, unit)).administrator(officer("d", *groups), client_id="c", read_only=False)


GROUPS = {Role.PROVINCE: "quantri-tinh", Role.AGENCY: "quantri-coquan", Role.REGISTRATION: "dangky-chungthu",
          Role.CLERK: "vanthu-thietbi", Role.HELP_DESK: "hotro-nguoidung", Role.AUDITOR: "kiemtoan"}


@pytest.mark.parametrize("role", GROUPS)
@pytest.mark.parametrize("unit", ["", "H30.11", "H30.11.2", "H30.12", "H30"])
def test_security_38_a_deputy_never_has_a_right_or_an_agency_that_the_giver_has_not(role: Role, unit: str) -> None:
    giver = officer("g", GROUPS[role])
    own = RoleGroups().administrator(giver, client_id="c", read_only=False)
    lent = deputy(giver, unit)
    assert own is not None
    if lent is None:
        assert unit in {"H30.12", "H30"}
        return
    assert (lent.sub, lent.deputy_for, lent.role, lent.persons) == ("d", "g", role, {"d", "g"})
    assert all(own.may(right) for right in Right if lent.may(right))
    assert not lent.may(Right.LEND)
    assert not lent.may(Right.LEND_FOR_OTHERS)
    units = ("H30", "H30.11", "H30.11.2", "H30.12", "")
    assert all(own.oversees(code) for code in units if lent.oversees(code))


@pytest.mark.parametrize("giver", [
    officer("g"), officer("g", "quantri-coquan", status="disabled"), officer("g", "quantri-tinh", guest="vendor"),
    officer("g", "quantri-coquan", unit="H30"), officer("d", "quantri-tinh")])
def test_who_has_no_role_now_lends_none_and_nobody_lends_to_themselves(giver: MirroredOfficer) -> None:
    assert deputy(giver) is None


def test_whoever_has_a_role_of_their_own_has_that_one() -> None:
    found = deputy(officer("g", "quantri-tinh"), "", "hotro-nguoidung")
    assert found is not None
    assert (found.role, found.deputy_for) == (Role.HELP_DESK, "")


def test_security_38_nobody_acts_on_somebody_whose_role_reaches_further() -> None:
    agency = who("quantri-coquan")
    assert agency is not None
    below = officer("x", "quantri-coquan", unit="H30.11.2")
    assert [RoleGroups().beyond(agency, one) for one in (
        officer("x"), below, officer("x", "quantri-tinh"), officer("x", "kiemtoan"), officer("x", "quantri-coquan"))] == [
        False, False, True, True, False]
    within = replace(agency, unit="H30.11.2")
    lends = RoleGroups(deputies=Lends(officer("g", "quantri-coquan")))
    assert lends.beyond(within, officer("d", unit="H30.11.2"))
    assert RoleGroups(deputies=Lends(officer("g", "quantri-tinh"))).beyond(agency, officer("d"))
    assert not RoleGroups().beyond(replace(agency, role=Role.PROVINCE), officer("x", "quantri-tinh"))


def test_a_giver_and_all_their_deputies_are_one_side_of_an_act_and_nobody_else_is() -> None:
    giver = officer("g", GROUPS[Role.AGENCY])
    groups = RoleGroups(deputies=Lends(giver))
    own, lent, other = (groups.administrator(one, client_id="c", read_only=False) for one in (
        giver, officer("d"), officer("o", GROUPS[Role.AGENCY])))
    assert own is not None
    assert lent is not None
    assert other is not None
    assert [[who.is_behind(sub) for sub in ("g", "d", "e", "o", "")] for who in (own, lent, other)] == [
        [True, True, True, False, False], [True, True, True, False, False], [False, False, False, True, False]]
    check_another_person(other, "g", "d")
    for who, first in ((own, "d"), (lent, "e"), (other, "o")):
        with pytest.raises(RefusedError, match="Another person"):
            check_another_person(who, "", first)
    with pytest.raises(RefusedError, match="Another person"):
        check_another_person(other, "x", now=replace(own, sub="x", named_by="o"))


def test_no_other_place_decides_who_is_a_second_person() -> None:
    """What else compares those who act compares them with whom the act is about."""
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "idp").rglob("*.py")
             if re.search(r"persons\s*[&|]|[&|]\s*\w+\.persons|\.isdisjoint\(\w+\.persons", path.read_text("utf-8"))}
    assert found == {"idp/roles.py"}
