"""Line 18: a disabled officer, client or group stops every path. One matrix: each reason against each path of programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.stops import SqlStops
from idp.administration.people.stops import AccessStops
from idp.directory.officer import Post
from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError
from idp.oauth.response import FRONT_CHANNEL
from idp.roles import Administrator, Role, RoleGroups
from tests.authn.house import Node
from tests.fakes.directory import FakeDirectory, make_officer
from tests.provider import ACR_PREFIX, CALLER, House

HOME = Post("H30.1", "000.01.00.H30", "Văn phòng UBND tỉnh", "Chuyên viên")
STRICT_AGENCY = Post("H30.9.1", "000.01.09.H30", "Phòng Quản lý ngân sách", "Chuyên viên")


def end_the_time(house: House) -> None:
    """Let the time of a guest end a second from now, which nobody has noted yet."""
    house.officer(guest="contractor", ends_at=house.clock.now() + 1)
    house.clock.advance(1)
    assert house.officers.ledger.active() == 1, "the mirror's row says that the guest may"


def stop(house: House) -> None:
    """Let an administrator stop the officer; then the mirror hears of the officer as the directory has them, active."""
    known = house.officers.by_uid("canbo")
    assert known is not None
    stops = AccessStops(SqlStops(house.database), house.officers, house.directory, house.officers.ledger, RoleGroups(),
                        house.clock)
    who = Administrator(role=Role.PROVINCE, client_id="console", sub="quantri")
    stops.stop(who, known.sub, {"reason": "Mất máy"}, CALLER)
    assert house.officer(phone="+84293000009") == known.sub


REASONS: dict[str, Callable[[House], object]] = {
    "officer disabled": lambda house: house.disable(),
    "officer stopped by an administrator": lambda house: stop(house),
    "officer gone": lambda house: house.disable(status="gone"),
    "a guest's time is over": lambda house: end_the_time(house),
    "client disabled": lambda house: house.client(disabled=True),
    "client for another group": lambda house: house.client(allowed_groups=frozenset({"van-thu"})),
    "client for a higher level": lambda house: house.client(required_acr=f"{ACR_PREFIX}2", required_level=2),
    "officer in a group that needs two factors": lambda house: house.officer(groups=("can-bo", "lanhdao")),
    "officer in an agency that needs two factors": lambda house: house.officer(posts=(HOME, STRICT_AGENCY)),
}
LEVEL = {"client for a higher level", "officer in a group that needs two factors", "officer in an agency that needs two factors"}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize("reason", list(REASONS))
@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_line_18_every_reason_stops_every_path(house: House, reason: str, scope: str, fmt: str) -> None:
    house.client(access_token_format=fmt)
    session = house.session()
    asked = house.asked(scope=scope)
    code = house.code(session, scope=scope)
    tokens = house.tokens_for(session=session, scope=scope)
    house.client("resource-server")

    REASONS[reason](house)

    with pytest.raises((AuthorizationError, UnsafeRequestError)):
        house.provider.issue_code(asked, session=session, caller=CALLER)
    assert house.redeem(code).error in {"invalid_grant", "invalid_client"}
    assert house.refresh(tokens["refresh_token"]).error in {"invalid_grant", "invalid_client"}
    told = house.userinfo(tokens["access_token"])
    assert told.error == ("insufficient_user_authentication" if reason in LEVEL else "invalid_token")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        told = house.introspect(token)
        assert told.status == 401 or told.json == {"active": False}


@pytest.mark.parametrize("reason", list(REASONS))
def test_line_18_every_reason_stops_what_travels_through_the_browser(database: Database, reason: str) -> None:
    house = House(database, front_channel=True)
    house.client(response_types=("code", *FRONT_CHANNEL), grant_types=("authorization_code", "refresh_token", "implicit"))
    session = house.session()
    asked = [house.asked(response_type=kind) for kind in FRONT_CHANNEL]
    told = dict(house.provider.issue_code(asked[-1], session=session, caller=CALLER).parameters)
    REASONS[reason](house)
    for request in asked:
        with pytest.raises((AuthorizationError, UnsafeRequestError)):
            house.provider.issue_code(request, session=session, caller=CALLER)
    assert house.redeem(told["code"]).error in {"invalid_grant", "invalid_client"}
    answer = house.userinfo(told["access_token"])
    assert answer.error == ("insufficient_user_authentication" if reason in LEVEL else "invalid_token")


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_line_18_an_acting_post_counts_on_every_path_until_it_ends_and_on_none_after(house: House, fmt: str) -> None:
    house.client(access_token_format=fmt)
    session = house.session()
    asked = house.asked(scope="openid offline_access")
    early, late = house.code(session), house.code(session)
    tokens = house.tokens_for(session=session, scope="openid offline_access")
    house.officer(posts=(HOME, replace(STRICT_AGENCY, ends_at=house.clock.now() + 1)))

    with pytest.raises(AuthorizationError):
        house.provider.issue_code(asked, session=session, caller=CALLER)
    assert house.redeem(early).error == house.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).error == "insufficient_user_authentication"
    assert not house.is_active(tokens["access_token"])

    house.clock.advance(1)
    assert "H30.9.1" in str(house.store.officer(session.sub)), "the mirror's row still holds the post"
    assert house.provider.issue_code(asked, session=session, caller=CALLER)
    assert house.redeem(late).status == house.userinfo(tokens["access_token"]).status == 200
    assert house.is_active(tokens["access_token"])
    assert house.refresh(tokens["refresh_token"]).status == 200


def test_line_18_a_disabled_client_gets_no_machine_token(house: House) -> None:
    house.client(disabled=True)
    assert house.machine().error == "invalid_client"


def test_line_18_what_was_stopped_goes_on_when_the_reason_is_gone(house: House) -> None:
    tokens = house.tokens_for(scope="openid offline_access")
    house.disable()
    assert house.refresh(tokens["refresh_token"]).status == 400
    house.disable(status="active")
    assert house.refresh(tokens["refresh_token"]).status == 200


def test_line_18_a_refused_sign_in_that_finds_the_officer_disabled_stops_what_was_given_before(house: House) -> None:
    directory = FakeDirectory([make_officer("canbo")])
    node = Node(house.database, directory, house.clock)
    assert node.outcome("canbo") == "accepted"
    mirrored = house.officers.by_uid("canbo")
    assert mirrored is not None
    tokens = house.tokens_for(session=house.session(mirrored.sub), scope="openid offline_access")
    directory.add(make_officer("canbo", disabled=True))
    assert node.outcome("canbo", "a guess") == "refused"
    assert house.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).error == "invalid_token"
    directory.add(make_officer("never-here", disabled=True))
    assert node.outcome("never-here") == "refused"
    assert house.officers.by_uid("never-here") is None
