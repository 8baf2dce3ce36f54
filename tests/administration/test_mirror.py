"""Officers are found by those who oversee them; the brake is the province's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from idp.audit import Caller
from idp.directory.brake import BrakedError

from .office import HOME, IT, Office


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    office = Office(database_url)
    yield office
    office.close()


def uids(answer: object) -> set[str]:
    return {one["uid"] for one in answer.json["items"]}  # type: ignore[attr-defined]


def test_an_agency_finds_its_own_and_below_and_nobody_else(office: Office) -> None:
    office.officer("mot", unit=IT)
    office.officer("hai", unit=f"{IT}.3")
    office.officer("ba", unit=HOME)
    office.officer("bon", unit=f"{IT}0")
    agency = office.agency()
    assert uids(office.call("GET", "/officers?q=nguyen", agency)) == {"quantri.coquan", "mot", "hai"}
    assert uids(office.call("GET", "/officers?q=ba", agency)) == set()
    for token in (office.province(), office.auditor(), office.machine(scope="admin:read")):
        assert {"mot", "hai", "ba", "bon"} <= uids(office.call("GET", "/officers?q=nguyen", token))


def test_pages_lead_on_and_nonsense_is_refused(office: Office) -> None:
    for n in range(3):
        office.officer(f"mau{n}")
    token = office.province()
    first = office.call("GET", "/officers?q=mau&limit=2", token).json
    second = office.call("GET", f"/officers?q=mau&limit=2&cursor={first['next']}", token).json
    assert len({one["uid"] for one in first["items"] + second["items"]}) == len(first["items"]) + len(second["items"])
    for query in ("?q=", "?q=mau&cursor=x", "?q=mau&sort=uid", "?q=mau&limit=0"):
        assert office.call("GET", f"/officers{query}", token).status_code == 400, query


def brake(office: Office) -> None:
    for n in range(30):
        office.officer(f"mau{n}")
    everybody = dict(office.directory.officers)
    office.directory.officers.clear()
    with pytest.raises(BrakedError):
        office.services.mirroring.feed.reconcile(Caller("cli", "t"))
    office.directory.officers.update(everybody)


def test_the_brake_is_seen_and_released_by_the_province_and_recorded(office: Office) -> None:
    token = office.province()
    assert office.call("GET", "/directory/brake", token).json["braked"] is False
    assert office.call("POST", "/directory/brake/release", token).status_code == 409
    brake(office)
    seen = office.call("GET", "/directory/brake", office.auditor()).json
    assert (seen["braked"], seen["reason"]) == (True, "empty")
    for other in (office.agency(), office.auditor(), office.machine(), office.token("canbo"), ""):
        assert office.call("POST", "/directory/brake/release", other).status_code in {401, 403}
    assert office.call("GET", "/directory/brake", office.agency()).status_code == 403
    assert office.services.mirroring.brake.state().braked_at
    assert office.call("POST", "/directory/brake/release", office.province()).json["braked"] is False
    record = next(one for one in office.audited() if one.event == "directory.released")
    assert '"by_client":"console"' in record.detail
    assert '"by_officer"' in record.detail
