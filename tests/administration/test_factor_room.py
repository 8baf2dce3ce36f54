"""What an administrator's or operator's removal of factors does, in the room alone; over HTTP: ``test_factors``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from idp.administration.factors import REASON, FactorAdministration
from idp.audit import Caller
from idp.authn.second_factor import Standing
from idp.directory.mirror import MirroredOfficer, Status
from idp.directory.officer import Officer, Post
from idp.errors import RefusedError
from idp.roles import Administrator, Role
from tests.fakes.directory import make_officer

CALLER = Caller("203.0.113.7", "request-1")
POSTS = {unit: (Post(unit, "", "Sở", "Chuyên viên"),) for unit in ("H30.11", "H30.12")}
AGENCY = Administrator(role=Role.AGENCY, client_id="console", sub="sub-quantri", unit="H30.11")


@dataclass
class House:
    """An officer with an app, a passkey and codes; everything around the room writes down what it is asked."""

    mirrored: Officer = field(default_factory=lambda: make_officer("canbo", posts=POSTS["H30.11"]))
    status: Status = "active"
    now: Officer | None = None
    standings: list[Standing] = field(default_factory=lambda: [
        Standing("otp", 1), Standing("passkey", 1, id="k1"), Standing("recovery_codes", 1, left=10)])
    stays: frozenset[str] = frozenset()
    ended: list[tuple[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    @property
    def room(self) -> FactorAdministration:
        here: Any = self
        return FactorAdministration(here, here, here, here, here, here, here, here)

    @property
    def who(self) -> MirroredOfficer:
        return MirroredOfficer("sub-canbo", self.mirrored, self.status)

    # Factors

    def of(self, entry_uuid: str) -> tuple[Standing, ...]:
        return tuple(self.standings)

    def remove(self, officer: MirroredOfficer, factor: str, id: str, caller: Caller) -> None:
        self.standings = [one for one in self.standings if (one.factor, one.id) != (factor, id) or factor in self.stays]

    def enrolled(self, entry_uuid: str) -> bool:
        return bool(self.standings)

    # Officers

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        return self.who if sub == "sub-canbo" else None

    def find(self, entry_uuid: str) -> Officer | None:
        return self.now or self.mirrored

    def beyond(self, who: Administrator, officer: MirroredOfficer) -> bool:
        return False

    # Sessions and codes

    def end_all(self, sub: str, reason: str, caller: Caller) -> None:
        self.ended.append((sub, reason))

    def give(self, officer: MirroredOfficer, caller: Caller) -> Any:
        self.given.append(officer.sub)
        return type("Given", (), {"code": "1234", "expires_at": 9})


def test_what_went_is_told_and_sessions_end_once() -> None:
    house = House()
    assert house.room.by_operator(house.who, CALLER) == ["otp", "passkey", "recovery_codes"]
    assert (house.standings, house.ended) == ([], [("sub-canbo", REASON)])


def test_one_kind_goes_and_the_others_stay() -> None:
    house = House()
    assert house.room.by_operator(house.who, CALLER, factor="passkey") == ["passkey"]
    assert [one.factor for one in house.standings] == ["otp", "recovery_codes"]
    assert house.ended == [("sub-canbo", REASON)]


def test_what_did_not_go_is_not_told_and_ends_nothing() -> None:
    house = House(stays=frozenset({"otp"}))
    assert house.room.by_operator(house.who, CALLER, factor="otp") == []
    assert house.room.by_operator(house.who, CALLER, factor="certificate") == []
    assert house.ended == []
    assert house.room.by_operator(house.who, CALLER) == ["passkey", "recovery_codes"]


@pytest.mark.parametrize(("mirrored", "now"), [("H30.12", "H30.11"), ("H30.11", "H30.12"), ("H30.12", "H30.12")])
def test_security_38_the_officer_is_of_the_agency_for_the_mirror_and_for_the_directory(mirrored: str, now: str) -> None:
    officer = make_officer("canbo", posts=POSTS[mirrored])
    house = House(mirrored=officer, now=replace(officer, posts=POSTS[now]))
    with pytest.raises(RefusedError) as refused:
        house.room.remove_all(AGENCY, "sub-canbo", CALLER)
    assert refused.value.status == 404
    assert (len(house.standings), house.ended) == (3, [])


@pytest.mark.parametrize(("status", "disabled"), [("disabled", False), ("gone", False), ("active", True)])
def test_who_is_disabled_for_the_mirror_or_for_the_directory_gets_no_code(status: Status, *, disabled: bool) -> None:
    officer = make_officer("canbo", posts=POSTS["H30.11"])
    house = House(mirrored=officer, status=status, now=replace(officer, disabled=disabled), standings=[])
    with pytest.raises(RefusedError, match="disabled"):
        house.room.give_code(AGENCY, "sub-canbo", CALLER)
    assert house.given == []


def test_whoever_has_none_and_is_well_gets_one() -> None:
    house = House(standings=[])
    assert house.room.give_code(AGENCY, "sub-canbo", CALLER)["code"] == "1234"
    assert house.given == ["sub-canbo"]
