"""/api/v1/enrollments/expiry and /expiring: an agency sees its own, and each number is the length of its list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from idp.pki.enrollment.record import Purpose
from idp.pki.enrollment.states import State
from idp.pki.enrollment.working_days import day_of
from idp.pki.expiry.forecast import bounds, month_of
from tests.pki.expiry.records import put

from .office import HOME, IT, PLENTY, Office

DAY = 86400
PROVINCE = "H30"


def months(office: Office, later: int) -> str:
    return month_of(day_of(office.clock.now()), later)


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with certificates of two agencies, of one below, and of the province itself."""
    target = tmp_path_factory.mktemp("expiry") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    store, now = office.services.certificate_desk.moves.store, office.clock.now()
    middle = {later: (bounds(months(office, later))[0] + 10 * DAY) for later in (3, 5, 14)}
    ends = [now + 3 * DAY, now + 59 * DAY, middle[3], middle[3], middle[5], middle[14]]
    for unit in (IT, f"{IT}.2", HOME, PROVINCE):
        for number, at in enumerate(ends):
            one = put(store, unit, at)
            if number % 2:
                put(store, unit, None, replaces=one.enrollment_id, purpose=Purpose.RENEW, holder=one.holder,
                    state=State.SUBMITTED)
    put(store, IT, now - DAY)
    put(store, IT, middle[3], state=State.REVOKED)
    yield office
    office.close()


def forecast(office: Office, token: str, query: str = "") -> Any:
    answer = office.call("GET", f"/enrollments/expiry?{query}", token)
    assert answer.status_code == 200, answer.text
    return answer.json


def listed(office: Office, token: str, query: str) -> list[Any]:
    found, cursor = [], ""
    while True:
        answer = office.call("GET", f"/enrollments/expiring?limit=3&{query}{cursor and f'&cursor={cursor}'}", token)
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        cursor = answer.json["next"]
        if not cursor:
            return found


def test_every_number_is_the_length_of_the_list_behind_it(office: Office) -> None:
    token = office.province()
    told = forecast(office, token, "months=24")
    assert [one["unit_code"] for one in told["agencies"]] == [PROVINCE, IT, HOME]
    assert [one["count"] for one in told["agencies"]] == [6, 12, 6]
    assert listed(office, token, "sort=-not_after") == listed(office, token, "")[::-1] != []
    assert (told["count"], told["followed"]) == (24, 12)
    assert len(told["months"]) == 24
    for agency in told["agencies"]:
        unit = agency["unit_code"]
        for month in agency["months"]:
            rows = listed(office, token, f"unit={unit}&month={month['month']}") if month["count"] else []
            assert (len(rows), sum(bool(row["following"]) for row in rows)) == (month["count"], month["followed"]), (unit, month)
        due = listed(office, token, f"unit={unit}")
        assert (len(due), sum(bool(row["following"]) for row in due)) == (agency["due"]["count"], agency["due"]["followed"])
        assert len(listed(office, token, f"unit={unit}&followed=false")) == agency["due"]["count"] - agency["due"]["followed"]
    assert {one["days_left"] for one in listed(office, token, f"unit={HOME}")} == {3, 59}
    first_year = forecast(office, token)
    assert (len(first_year["months"]), first_year["count"]) == (12, 20)


def test_security_38_an_agency_sees_its_own_whatever_it_asks_for(office: Office) -> None:
    agency = office.agency()
    for query in ("", f"unit={HOME}", f"unit={PROVINCE}", "unit=H30.1", f"unit={IT}"):
        told = forecast(office, agency, query)
        assert [(one["unit_code"], one["count"]) for one in told["agencies"]] == [(IT, 10)], query
        assert {row["unit_code"] for row in listed(office, agency, query)} == {IT, f"{IT}.2"}, query
    assert [one["unit_code"] for one in forecast(office, agency, f"unit={IT}.2")["agencies"]] == [f"{IT}.2"]
    assert forecast(office, office.auditor())["count"] == 20
    for path in ("/enrollments/expiry", "/enrollments/expiring"):
        assert office.call("GET", path).status_code == 401
        assert office.call("GET", path, office.token("canbo")).status_code == 403


def test_renewals_are_asked_for_by_people_and_reported_row_by_row(office: Office) -> None:
    found = listed(office, office.province(), f"unit={IT}&followed=false")[0]["id"]
    for who, status in ((office.auditor(), 403), (office.machine(), 403), (office.token("canbo"), 403)):
        assert office.call("POST", "/enrollments/renewals", who, {"enrollments": [found]}).status_code == status
    assert office.call("POST", "/enrollments/renewals", office.agency(), {"enrollments": []}).status_code == 422
    answer = office.call("POST", "/enrollments/renewals", office.agency(), {"enrollments": [found, "2020-00000000"]})
    assert (answer.status_code, answer.json["done"]) == (200, 0)
    assert [one["code"] for one in answer.json["items"]] == ["unknown_officer", "unknown_enrollment"]


@pytest.mark.parametrize("query", ["month=2026-13", "month=x", "month=2026-1", "month=0001-01", "cursor=x", "followed=x",
                                   "unit=x", "months=12", "limit=0", "sort=name"])
def test_security_43_what_is_no_question_is_refused(office: Office, query: str) -> None:
    assert office.call("GET", f"/enrollments/expiring?{query}", office.province()).status_code == 400


@pytest.mark.parametrize("query", ["months=13", "months=x", "month=2026-12", "unit=x"])
def test_security_43_months_are_twelve_or_twenty_four(office: Office, query: str) -> None:
    assert office.call("GET", f"/enrollments/expiry?{query}", office.province()).status_code == 400
