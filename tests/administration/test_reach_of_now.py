"""Lists of an agency's administrator are right at the second at which a post ends, whether or not a worker has written it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.officer import Post
from idp.directory.term import as_of
from tests.fakes.directory import make_officer

from .office import HOME, IT, Office

SECONDS = 100


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    office = Office(database_url)
    yield office
    office.close()


def acting(office: Office, uid: str, first: str, then: str = "") -> str:
    """Add an officer whose main post ends after SECONDS, with a task and a grant of this officer; gives the subject."""
    posts = (Post(first, "", "Sở", "Quyền Giám đốc", office.clock.now() + SECONDS),
             *((Post(then, "", "Sở", "Chuyên viên"),) if then else ()))
    officer = office.directory.add(make_officer(uid, posts=posts))
    sub = office.services.mirror.remember(officer, now=office.clock.now())
    office.services.deprovisioning.of(OfficerChange(
        ChangeKind.DISABLED, sub, None, office.services.mirror.by_sub(sub), office.clock.now()))
    office.clock.advance(1)
    office.token(client_id="qlvb", scope="openid", session=office.session(sub))
    return sub


def lists(office: Office, token: str) -> list[set[str]]:
    """Who is found by a search, by grants and by tasks; page by page."""
    def uids(path: str) -> set[str]:
        found: set[str] = set()
        cursor = ""
        while True:
            page: Any = office.call("GET", f"{path}limit=1{cursor}", token).json
            found |= {one["uid"] for one in page["items"]}
            if page["next"] is None:
                return found - {"quantri.coquan"}
            cursor = f"&cursor={page['next']}"

    return [uids("/officers?q=nguyen&"), uids("/grants?client_id=qlvb&"), uids("/tasks?")]


def singles(office: Office, token: str, sub: str, machine: str) -> list[int]:
    """What single things of an officer are answered with."""
    grant = office.call("GET", f"/grants?sub={sub}", machine).json["items"][0]["grant_id"]
    task = next(one["id"] for one in office.call("GET", "/tasks?limit=100", machine).json["items"] if one["sub"] == sub)
    return [office.call("GET", path, token).status_code for path in (f"/grants/{grant}", f"/tasks/{task}")]


def test_line_38_whose_post_has_ended_is_out_of_reach_at_that_second_and_within_anothers(office: Office) -> None:
    mover = acting(office, "an", IT, HOME)
    stays = acting(office, "binh", f"{IT}.2", f"{IT}.3")
    acting(office, "chi", IT)
    acting(office, "dung", HOME, f"{IT}.4")
    it, home, machine = office.agency(IT), office.token("quantri.nha", "quantri-coquan", unit=HOME), office.machine()
    before = [lists(office, token) for token in (it, home)]
    assert before == [[{"an", "binh", "chi"}] * 3, [{"quantri.nha", "dung"}, {"dung"}, {"dung"}]]
    assert [singles(office, token, mover, machine) for token in (it, home)] == [[200, 200], [404, 404]]
    office.clock.advance(SECONDS)
    after = [lists(office, token) for token in (it, home)]
    assert after == [[{"binh", "dung"}] * 3, [{"quantri.nha", "an"}, {"an"}, {"an"}]]
    assert [singles(office, token, mover, machine) for token in (it, home)] == [[404, 404], [200, 200]]
    assert singles(office, it, stays, machine) == [200, 200]
    assert lists(office, machine)[1] == {"an", "binh", "chi", "dung"}
    for officer in list(office.directory.officers.values()):  # as a directory reads itself
        office.directory.add(as_of(officer, office.clock.now()))
    assert office.services.mirroring.ended_terms.settle() == 4
    assert [lists(office, token) for token in (it, home)] == after


def test_a_grant_tells_the_agency_of_now(office: Office) -> None:
    sub = acting(office, "an", IT, HOME)
    machine = office.machine()

    def told() -> str:
        return str(office.call("GET", f"/grants?sub={sub}", machine).json["items"][0]["unit_code"])

    assert told() == IT
    office.clock.advance(SECONDS)
    assert told() == HOME
