"""Who issues what: the Government's authority, or one of the province's own, by the place of its key."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from idp.administration.enrollment.issuers import GOVERNMENT, INTERNAL, Issuers, unfit
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Enrollment, Kind


def authority(name: str, key: str, kind: str = "issuing", retired_at: int | None = None) -> Any:
    return SimpleNamespace(name=name, key=key, kind=kind, retired_at=retired_at)


def issuers(*authorities: Any) -> Issuers:
    issuance: Any = SimpleNamespace(authorities=lambda: authorities)
    return Issuers(issuance)


ALL = (authority("root", "", "root"), authority("cu", "cu.pem"), authority("pilot", "pilot.pem"),
       authority("the", "pkcs11:token=ca"), authority("nghi", "nghi.pem", retired_at=1))


def request(kind: Kind = Kind.PERSON, device: DeviceKind = DeviceKind.TOKEN, key: bytes = b"der") -> Enrollment:
    return Enrollment(enrollment_id="2026-1", kind=kind, holder="s", unit_code="H30.11", unit_name="", name="", mail="",
                      device_kind=device, since=1, requester="r", request=key)


def test_those_that_issue_are_offered_the_governments_first_and_by_the_place_of_the_key() -> None:
    assert [(one.authority, one.name, one.place) for one in issuers(*ALL).all()] == [
        ("government", "", ""), ("internal", "the", "pkcs11"), ("internal", "pilot", "software"), ("internal", "cu", "software")]


def test_the_one_that_is_named_is_chosen_and_the_newest_where_none_is() -> None:
    found = issuers(*ALL)
    assert found.chosen(INTERNAL, "").name == "the"
    assert found.chosen(INTERNAL, "cu").name == "cu"
    assert found.chosen(GOVERNMENT, "").authority == GOVERNMENT


@pytest.mark.parametrize(("there", "kind", "name", "code"), [
    (ALL, INTERNAL, "nghi", "unknown_authority"), (ALL, INTERNAL, "root", "unknown_authority"),
    (ALL, GOVERNMENT, "pilot", "unknown_authority"), ((), INTERNAL, "", "no_authority"), (ALL[:1], INTERNAL, "", "no_authority")])
def test_one_that_issues_nothing_is_refused(there: tuple[Any, ...], kind: str, name: str, code: str) -> None:
    with pytest.raises(RefusedError) as err:
        issuers(*there).chosen(kind, name)
    assert err.value.code == code


@pytest.mark.parametrize(("asked", "government", "internal"), [
    (request(), "", ""), (request(key=b""), "", "no_key"), (request(device=DeviceKind.SOFTWARE), "pilot_only", ""),
    (request(device=DeviceKind.SOFTWARE, key=b""), "pilot_only", ""),
    (request(Kind.SERVICE, DeviceKind.SOFTWARE, b""), "", "no_key"),
    (request(device=DeviceKind.SIM), "", "must_go_to_government"), (request(Kind.SEAL), "", "must_go_to_government"),
    (request(Kind.SEAL, DeviceKind.HSM, b""), "", "must_go_to_government"), (request(Kind.SERVICE, DeviceKind.SOFTWARE), "", ""),
    (request(Kind.DEVICE, DeviceKind.HSM, b""), "", "no_key")])
def test_what_may_go_to_whom(asked: Enrollment, government: str, internal: str) -> None:
    assert (unfit(asked, GOVERNMENT), unfit(asked, INTERNAL)) == (government, internal)
