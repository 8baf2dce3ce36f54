"""Line 36: what was given and not used yet dies with what it hangs on, whoever takes that back.

A table of what is on its way (a code, an approved device, an approved backchannel request, tokens, tokens of an exchange) against
what an officer, an administrator or an operator takes back on purpose meanwhile. Officers whom the directory disables, sessions
that end and what expires stand in ``test_matrix``, with whose builders this is made. All of it hangs on the grant and on the
registration, so that one of them on PostgreSQL stands for the others.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from authlib.oauth2 import OAuth2Error

from idp.adapters.sql.administration import SqlGrantPages
from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.stops import SqlStops
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.administration.grants import GrantAdministration
from idp.administration.people.stops import AccessStops
from idp.audit import Caller
from idp.errors import RefusedError
from idp.oidc.consent import Consents
from idp.roles import Administrator, Role, RoleGroups
from tests.fakes.client_keys import jwks_of
from tests.provider import House
from tests.security import test_matrix as given
from tests.security.test_matrix import OWN, Asked, error_of

PROVINCE = Administrator(role=Role.PROVINCE, client_id="console", sub="province")
HERE = Caller("192.0.2.9", "r-9")
ON_ITS_WAY: dict[str, Callable[[House], Asked]] = {
    "code": given.code, "approved device": given.device_code, "approved backchannel request": given.backchannel,
    "offline refresh token": given.offline_refresh_token, "token to exchange": given.exchange, "exchanged token": given.exchanged,
    "token of two exchanges": given.exchanged_onwards, "access token": given.access_token,
    "token at introspection": given.introspected, "token of an assertion": given.vouched_at_userinfo}
EXCHANGED = ("token to exchange", "exchanged token", "token of two exchanges")


def sub_of(house: House) -> str:
    officer = house.officers.by_uid("canbo")
    assert officer is not None
    return officer.sub


def grants(house: House) -> GrantAdministration:
    return GrantAdministration(SqlGrantPages(house.database, house.clock), house.store, house.officers, house.registry,
                               house.provider.assurance, RoleGroups(), house.clock)


def consents(house: House) -> Consents:
    return Consents(SqlConsents(house.database), SqlAuditTrail(house.database), house.clock)


def officer_withdraws(house: House, origin: str) -> None:
    """As the page of the officer's applications does, of one that is not asked about."""
    assert consents(house).withdraw(sub_of(house), origin, HERE)


def officer_withdraws_consent(house: House, origin: str) -> None:
    consents(house).give(sub_of(house), origin, ("openid", "profile"), HERE)
    assert consents(house).withdraw(sub_of(house), origin, HERE)
    assert not consents(house).covers(sub_of(house), origin, ("openid",))


def grant_is_revoked(house: House, origin: str) -> None:
    shown = grants(house).listed(PROVINCE, sub=sub_of(house), client_id=origin, limit=9).items
    assert shown
    for one in shown:
        grants(house).revoke(PROVINCE, one["grant_id"], HERE)


def officers_grants_are_revoked(house: House, _origin: str) -> None:
    grants(house).revoke_all(PROVINCE, HERE, sub=sub_of(house))


def applications_grants_are_revoked(house: House, origin: str) -> None:
    grants(house).revoke_all(PROVINCE, HERE, client_id=origin)


def account_is_stopped(house: House, _origin: str) -> None:
    stops = AccessStops(SqlStops(house.database), house.officers, house.directory, None, RoleGroups(), house.clock)  # type: ignore[arg-type]
    stops.stop(PROVINCE, sub_of(house), {"reason": "mất máy tính"}, HERE)


def application_admits_others(house: House, origin: str) -> None:
    house.client(origin, allowed_groups=frozenset({"ke-toan"}))


def application_is_deleted(house: House, origin: str) -> None:
    house.client_store.drop(origin)
    house.registry.reload()


EVENTS: dict[str, Callable[[House, str], None]] = {
    one.__name__: one for one in (officer_withdraws, officer_withdraws_consent, grant_is_revoked, officers_grants_are_revoked,
                                  applications_grants_are_revoked, account_is_stopped, application_admits_others,
                                  application_is_deleted)}
DEAD = {"inactive", "invalid_client", "invalid_grant", "invalid_request", "invalid_token"}


@pytest.fixture
def house(database: Database) -> House:
    house = House(database, assertion_issuers={given.HRM.issuer: given.HRM})
    for client_id, key in OWN.items():
        house.client(client_id, token_endpoint_auth_method="private_key_jwt", jwks=jwks_of(key), secret_digest=None)
    return house


def dies(house: House, what: str, event: str) -> None:
    asked = ON_ITS_WAY[what](house)
    EVENTS[event](house, "origin" if what in EXCHANGED else "qlvb")
    before = given.given(house)
    reply = asked.send()
    assert error_of(reply) in DEAD, reply.body
    assert given.given(house) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("what", ON_ITS_WAY)
def test_line_36_what_is_on_its_way_dies_with_what_it_hangs_on(house: House, what: str, event: str) -> None:
    dies(house, what, event)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("event", EVENTS)
def test_line_36_a_refresh_token_dies_with_what_it_hangs_on(house: House, event: str) -> None:
    dies(house, "offline refresh token", event)


# A pushed request, and a request that waits for an officer's answer: no officer hangs on them yet, the application does


def another_redirect_uri(house: House) -> None:
    house.client(redirect_uris=("https://elsewhere.haugiang.example/callback",))


def without_the_scope(house: House) -> None:
    house.client(scope=frozenset({"openid"}))


def without_the_grant_type(house: House) -> None:
    house.client(grant_types=("client_credentials",), response_types=())


def disabled(house: House) -> None:
    house.client(disabled=True)


def deleted(house: House) -> None:
    application_is_deleted(house, "qlvb")


@pytest.fixture
def registered(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", [another_redirect_uri, without_the_scope, without_the_grant_type, disabled, deleted])
def test_line_36_a_pushed_request_is_checked_against_the_application_as_it_is_now(
    registered: House, change: Callable[[House], None],
) -> None:
    house = registered
    pushed = house.push(scope="openid profile")
    assert pushed.status == 201, pushed.body
    session, request = house.session(), house.opened(pushed.json["request_uri"])
    change(house)
    with pytest.raises((RefusedError, OAuth2Error)):
        house.provider.issue_code(request, session=session, caller=HERE)
    assert given.given(house) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", [without_the_scope, without_the_grant_type, disabled, deleted])
def test_line_36_a_device_that_waits_is_not_approved_for_what_its_application_may_not_any_more(
    registered: House, change: Callable[[House], None],
) -> None:
    begun, session = registered.device(scope="openid profile"), registered.session()
    change(registered)
    with pytest.raises(RefusedError):
        registered.approve(begun, session)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_line_36_a_scope_that_the_application_has_lost_brings_nothing_to_who_has_it_in_a_token(registered: House) -> None:
    house = registered
    tokens = house.tokens_for(scope="openid profile phone offline_access")
    assert house.userinfo(tokens["access_token"]).json["phone_number"]
    house.client(scope=frozenset({"openid", "profile", "offline_access"}))
    told = house.userinfo(tokens["access_token"]).json
    assert (told["name"], "phone_number" in told) == ("Nguyễn Thị Cán Bộ", False)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert house.introspect(token).json["scope"] == "openid profile offline_access"
    assert house.refresh(tokens["refresh_token"]).json["scope"] == "openid profile offline_access"
    house.client(scope=frozenset({"profile"}))
    assert house.userinfo(tokens["access_token"]).status == 403
