"""Every act of two persons: a giver, their deputies and whoever named one are one person, whoever of them goes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from idp.adapters.sql.directory.deputies import SqlDeputies
from idp.administration.people.deputies import LATELY_SECONDS
from tests.administration.office import IT, Office
from tests.administration.test_factors import enrol

from .test_two_persons import today

Call = Callable[..., Any]
WHY = {"reason": "Đã xem căn cước"}


def _proposed(path: str, decided: str) -> tuple[Call, Call, Call]:
    def first(office: Office, token: str, sub: str) -> Any:
        return office.call("POST", f"/officers/{sub}/{path}", token, WHY)

    def second(office: Office, token: str, sub: str, made: Any) -> Any:
        return office.call("POST", f"/{decided}/{made.json['id']}/approve", token)

    def undo(office: Office, token: str, sub: str, made: Any) -> None:
        assert office.call("POST", f"/{decided}/{made.json['id']}/refuse", token).status_code == 200

    return first, second, undo


def _stop(office: Office, token: str, sub: str) -> Any:
    return office.call("POST", f"/officers/{sub}/stop", token, WHY)


def _lift(office: Office, token: str, sub: str, made: Any = None) -> Any:
    return office.call("POST", f"/officers/{sub}/lift-stop", token, WHY)


def _lifted(office: Office, token: str, sub: str, made: Any) -> None:
    assert _lift(office, office.token("nguoikhac", "quantri-tinh"), sub).status_code == 200


def _certificate(office: Office, token: str, sub: str) -> Any:
    return office.call("POST", "/enrollments", token, {"holder": sub, "device_kind": "token", "submit": True})


def _approve(office: Office, token: str, sub: str, made: Any) -> Any:
    return office.call("POST", f"/enrollments/{made.json['id']}/acts", token, {"act": "approve"})


def _cancel(office: Office, token: str, sub: str, made: Any) -> None:
    office.call("POST", f"/enrollments/{made.json['id']}/acts", token, {"act": "cancel"})


ACTS: Final[Mapping[str, tuple[Call, Call, Call]]] = {
    "factor reset": _proposed("factor-reset", "factor-resets"), "temporary pass": _proposed("temporary-pass", "temporary-passes"),
    "stop": (_stop, _lift, _lifted), "certificate": (_certificate, _approve, _cancel)}


@pytest.mark.parametrize("act", ACTS)
def test_security_38_nobody_of_one_side_is_on_the_other(office: Office, act: str) -> None:
    first, second, undo = ACTS[act]
    agency, province = office.agency(IT), office.province()
    for uid in ("phomot", "phohai"):
        office.officer(uid, unit=IT)
    named = [office.call("POST", "/deputies", token, {"deputy": uid, "ends_on": today(office), "reason": "Đi công tác", **more})
             for token, uid, more in ((agency, "phomot", {}), (province, "phohai", {"giver": "quantri.coquan"}))]
    assert [one.status_code for one in named] == [201, 201]
    one, two = office.token("phomot", unit=IT), office.token("phohai", unit=IT)
    pairs = [(one, agency), (agency, one), (one, two), (two, one), (two, agency), (agency, two)]
    if act != "certificate":  # there the province acts at a step of its own
        pairs += [(two, province), (province, two)]
    for number, (asks, decides) in enumerate(pairs):
        sub = office.officer(f"canbo{number}", unit=IT)
        enrol(office, sub)
        made = first(office, asks, sub)
        assert made.status_code in (200, 201), made.text
        refused = second(office, decides, sub, made)
        assert (refused.status_code, refused.json["code"]) == (403, "same_person"), number
        undo(office, asks, sub, made)
    sub = office.officer("canbo", unit=IT)
    enrol(office, sub)
    made = first(office, one, sub)
    assert office.call("DELETE", f"/deputies/{named[0].json['id']}", agency).status_code == 204
    assert second(office, agency, sub, made).json["code"] == "same_person", "who asked for them is not another for having ended"
    if act in ("stop", "certificate"):
        other = office.token("quantri.hai", "quantri-coquan", unit=IT)
        assert second(office, other, sub, made).status_code == 200, "and a stranger to all of them decides"


def test_who_asks_for_the_own_certificate_asks_as_its_holder(office: Office) -> None:
    """An agency's only other administrator is the giver: their deputy's own request is decided by them all the same."""
    sub, agency = office.officer("phomot", unit=IT), office.agency(IT)
    office.call("POST", "/deputies", agency, {"deputy": "phomot", "ends_on": today(office), "reason": "Đi công tác"})
    made = _certificate(office, office.token("phomot", unit=IT), sub)
    assert _approve(office, agency, sub, made).status_code == 200


def test_those_of_lately_count_and_those_of_long_ago_do_not(each_office: Office) -> None:
    office = each_office
    agency, store = office.agency(IT), SqlDeputies(office.database, office.clock)
    deputy, giver = office.officer("phomot", unit=IT), office.services.mirror.by_uid("quantri.coquan")
    assert giver is not None
    made = office.call("POST", "/deputies", agency, {"deputy": "phomot", "ends_on": today(office), "reason": "Đi công tác"})
    assert store.lent_by(frozenset({giver.sub})) == {deputy}
    assert store.lent_by(frozenset({deputy, "x"})) == store.lent_by(frozenset()) == frozenset()
    office.clock.advance(1)
    office.call("DELETE", f"/deputies/{made.json['id']}", agency)
    office.clock.advance(LATELY_SECONDS - 1)
    assert store.lent_by(frozenset({giver.sub, "x", "y"})) == {deputy}
    office.clock.advance(1)
    assert store.lent_by(frozenset({giver.sub})) == frozenset()
