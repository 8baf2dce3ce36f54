"""Every grant against everything that must stop it: a table with a row a grant, a column a reason, and the error in the cell.

The flaw that identity providers publish most is a second path that forgets a check which the first path makes. So a grant is not
tested where it was written only: it has a row here, and a row without all its cells fails.

A new grant needs two things: a builder (below, "What can be redeemed") that gives an ``Asked``, and a row of ``MATRIX``. A cell
is an error, or ``Never`` with the reason why there can be no such case. ``COLUMNS`` says what happens in each column; a row may
have a way of its own for one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AccessTokenRow, RefreshTokenRow
from idp.oauth.client import SCOPES
from idp.oauth.clients.assertion_issuers import AssertionIssuer
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants import delegation, jwt_bearer, token_exchange
from idp.oauth.server import GRANT_TYPES
from idp.sessions.single_sign_on import Session
from tests.fakes.client_keys import AnyKey, assertion_of, jwks_of, pair, proof_of, signed
from tests.provider import CALLER, DEVICE_CODE, ISSUER, REDIRECT_URI, REGISTERED, SECRET, VERIFIER, House, Reply

OWN = {"qlvb": pair("ES256"), "another": pair("ES256", 1)}
"""The keys with which the two applications authenticate."""
STRANGERS = pair("ES256", 2)
"""A key that no application registered."""
PROVEN, THIEFS = pair("ES256", 3), pair("ES256", 4)
"""The key of a DPoP proof, and that of somebody who has the token but not the key."""
DAY = 86400
CIBA = GRANT_TYPE_OF[Kind.CIBA]
HRM = AssertionIssuer(issuer="https://nhansu.haugiang.example", clients=frozenset({"qlvb"}), scope=frozenset(SCOPES),
                      jwks=jwks_of(pair("ES256", 5)))
"""Whose assertions stand for a grant, and whose alone: no other application may bring them."""
ALL_GRANT_TYPES = (*GRANT_TYPES, jwt_bearer.GRANT_TYPE)


@dataclass(frozen=True)
class Asked:
    """A request that succeeds as long as nothing happens.

    Attributes:
        house: The provider.
        session: In which the officer gave what is redeemed; None without an officer.
        form: What is sent, without client authentication.
        path: Where it is sent to.
        client_id: Who asks; "" where nobody authenticates.
        key: Signs the client's assertion; None for a public client.
        assertion: The client's assertion where it is what is redeemed; made anew for each request otherwise.
        proof_key: Signs a DPoP proof; None sends none.
        token: An access token for the Authorization header.
        lifetime: Seconds after which what is redeemed has expired.
        no_retry_after: Seconds after which a repeat is no retry any more.
        then: What a replay is besides sending the request again.
    """

    house: House
    session: Session | None
    form: Mapping[str, str]
    lifetime: int
    path: str = "/token"
    client_id: str = "qlvb"
    key: AnyKey | None = field(default_factory=lambda: OWN["qlvb"])
    assertion: Mapping[str, str] = field(default_factory=dict)
    proof_key: AnyKey | None = None
    token: str = ""
    no_retry_after: int = 0
    then: Callable[[], object] | None = None

    def send(self) -> Reply:
        """Send it once."""
        who: Mapping[str, str] = {"client_id": self.client_id} if self.client_id else {}
        now, headers = self.house.clock.now(), {}
        if self.client_id and self.key:
            who = {**who, **(self.assertion or assertion_of(self.client_id, ISSUER, now, self.key))}
        if self.proof_key is not None:
            headers["dpop"] = proof_of("POST", ISSUER + self.path, now, self.proof_key, access_token=self.token or None)
        if self.token:
            headers["authorization"] = f"{'DPoP' if self.proof_key else 'Bearer'} {self.token}"
        return self.house.post(self.path, {**self.form, **who}, headers=headers)


@dataclass(frozen=True)
class Never:
    """There is no such case."""

    because: str


# Columns: what happens between the moment when something is given and the moment when it is redeemed

Way = Callable[[Asked], Asked]


def client_disabled(asked: Asked) -> Asked:
    asked.house.client(disabled=True)
    return asked


def officer_disabled(asked: Asked) -> Asked:
    asked.house.disable()
    return asked


def session_ended(asked: Asked) -> Asked:
    assert asked.session is not None
    asked.house.sessions.end(asked.session.sid, "logout", CALLER)
    return asked


def ended_by_an_operator(asked: Asked) -> Asked:
    """``flask sessions end``, which ends offline access as well."""
    assert asked.session is not None
    asked.house.deprovisioning.end_access(asked.session.sub, "administrator", CALLER)
    return asked


def wrong_client(asked: Asked) -> Asked:
    return replace(asked, client_id="another", key=asked.key and OWN["another"])


def wrong_key(asked: Asked) -> Asked:
    return replace(asked, key=STRANGERS, assertion={})


def wrong_issuers_key(asked: Asked) -> Asked:
    return replace(asked, form={**asked.form, "assertion": vouch(asked.house, STRANGERS)})


def wrong_proof_key(asked: Asked) -> Asked:
    return replace(asked, proof_key=THIEFS)


def expired(asked: Asked) -> Asked:
    asked.house.clock.advance(asked.lifetime)
    return asked


def replayed(asked: Asked) -> Asked:
    assert asked.send().status == 200
    if asked.then is not None:
        asked.then()
    asked.house.clock.advance(asked.no_retry_after)
    return asked


COLUMNS: dict[str, Way] = {
    "client disabled": client_disabled, "officer disabled": officer_disabled, "session ended": session_ended,
    "wrong client": wrong_client, "wrong key": wrong_key, "expired": expired, "replayed": replayed,
}


# What can be redeemed


def code(house: House, *, proof_key: AnyKey | None = None, **asked: str) -> Asked:
    """An authorization code of a confidential application."""
    session = house.session()
    form = {"grant_type": "authorization_code", "code": house.code(session, **asked), "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER}
    return Asked(house, session, form, lifetime=60, proof_key=proof_key)


def bound_code(house: House) -> Asked:
    """A code that was bound to a key when it was asked for (RFC 9449 §10)."""
    return code(house, proof_key=PROVEN, dpop_jkt=PROVEN.thumbprint())


def public_code(house: House) -> Asked:
    """A code of an application without a secret."""
    make_public(house)
    return replace(code(house), key=None)


def refresh_token(house: House, *, of: Callable[[House], Asked] = code, lifetime: int = DAY) -> Asked:
    """A refresh token that ends with its session."""
    redeemed = of(house)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, form={"grant_type": "refresh_token", "refresh_token": reply.json["refresh_token"]},
                   lifetime=lifetime, no_retry_after=11)


def offline_refresh_token(house: House) -> Asked:
    """A refresh token that outlives its session."""
    return refresh_token(house, of=lambda house: code(house, scope="openid offline_access"), lifetime=30 * DAY)


def public_refresh_token(house: House) -> Asked:
    """A refresh token of an application without a secret, bound to the key of its proof (RFC 9449 §5)."""
    return refresh_token(house, of=lambda house: replace(public_code(house), proof_key=PROVEN))


def machine(house: House) -> Asked:
    """Nothing is redeemed but the application's own assertion."""
    return Asked(house, None, {"grant_type": "client_credentials"}, lifetime=300,
                 assertion=assertion_of("qlvb", ISSUER, house.clock.now(), OWN["qlvb"]))


def device_code(house: House) -> Asked:
    """The code of a device whose request the officer has approved (RFC 8628)."""
    session = house.session()
    begun = Asked(house, session, {"scope": "openid profile"}, lifetime=600, path="/device_authorization")
    reply = begun.send()
    assert reply.status == 200, reply.body
    assert house.approve(reply, session)
    return replace(begun, path="/token", form={"grant_type": DEVICE_CODE, "device_code": reply.json["device_code"]})


def public_device_code(house: House) -> Asked:
    """The same of a device without a secret, which proves a key when it polls; of the request that began it nothing is asked."""
    make_public(house)
    session = house.session()
    reply = house.device(secret=None)
    assert house.approve(reply, session)
    return Asked(house, session, {"grant_type": DEVICE_CODE, "device_code": reply.json["device_code"]}, lifetime=600, key=None,
                 proof_key=PROVEN)


def backchannel(house: House) -> Asked:
    """The request of an application that named the officer, who has approved it (CIBA)."""
    for client_id in OWN:
        house.client(client_id, grant_types=(*REGISTERED.grant_types, CIBA), backchannel_token_delivery_mode="poll")
    session = house.session()
    begun = Asked(house, session, {"scope": "openid profile", "login_hint": "canbo"}, lifetime=300, path="/bc-authorize")
    reply = begun.send()
    assert reply.status == 200, reply.body
    deferred, = house.approvals.awaiting(session.sub)
    assert house.approvals.approve(deferred, session, CALLER)
    return replace(begun, path="/token", form={"grant_type": CIBA, "auth_req_id": reply.json["auth_req_id"]})


def vouch(house: House, key: AnyKey) -> str:
    """An issuer's word for an officer."""
    now = house.clock.now()
    return signed({"iss": HRM.issuer, "sub": "canbo", "aud": ISSUER, "iat": now, "exp": now + 60,
                   "jti": secrets.token_urlsafe(9)}, key)


def vouched(house: House, *, proof_key: AnyKey | None = None) -> Asked:
    """An assertion of an issuer that is trusted to vouch for officers (RFC 7523 §2.1)."""
    house.officer()
    for client_id in OWN:
        house.client(client_id, grant_types=(*REGISTERED.grant_types, jwt_bearer.GRANT_TYPE))
    form = {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": vouch(house, pair("ES256", 5))}
    return Asked(house, None, form, lifetime=70, proof_key=proof_key)


def vouched_at_userinfo(house: House) -> Asked:
    """The token that came of an assertion, at UserInfo."""
    redeemed = vouched(house, proof_key=PROVEN)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, path="/userinfo", form={}, client_id="", token=reply.json["access_token"], lifetime=600)


def vouched_introspected(house: House) -> Asked:
    """The same when its application asks about it."""
    at_userinfo = vouched_at_userinfo(house)
    return replace(at_userinfo, path="/introspect", form={"token": at_userinfo.token}, client_id="qlvb", token="",
                   proof_key=None)


def exchange(house: House, *, proof_key: AnyKey | None = None) -> Asked:
    """An access token of another application that this one may exchange; the code that gave it is what may be replayed."""
    house.client("origin")
    for client_id, names in (("qlvb", ("origin",)), ("another", ())):
        house.client(client_id, grant_types=(*REGISTERED.grant_types, delegation.GRANT_TYPE), exchange_from=names)
    session = house.session()
    form = {"grant_type": "authorization_code", "code": house.code(session, client_id="origin"), "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER}
    headers = {} if proof_key is None else {"dpop": proof_of("POST", f"{ISSUER}/token", house.clock.now(), proof_key)}
    reply = house.post("/token", form, client_id="origin", secret=SECRET, headers=headers)
    assert reply.status == 200, reply.body
    return Asked(house, session, {
        "grant_type": delegation.GRANT_TYPE, "subject_token": reply.json["access_token"],
        "subject_token_type": token_exchange.ACCESS_TOKEN}, lifetime=600, proof_key=proof_key,
        then=lambda: house.post("/token", form, client_id="origin", secret=SECRET))


def bound_exchange(house: House) -> Asked:
    """The same with a token that is bound to a key, which its holder proves."""
    return exchange(house, proof_key=PROVEN)


def exchanged(house: House) -> Asked:
    """A token that was given in exchange, when its application asks about it."""
    redeemed = exchange(house)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, path="/introspect", form={"token": reply.json["access_token"]})


def exchanged_at_userinfo(house: House) -> Asked:
    """The same at UserInfo, bound to a key as its subject token was."""
    redeemed = bound_exchange(house)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, path="/userinfo", form={}, client_id="", token=reply.json["access_token"])


def exchange_onwards(house: House) -> Asked:
    """A token that another application got in exchange, and that this one may exchange once more."""
    first = exchange(house)
    house.client("middle", grant_types=(*REGISTERED.grant_types, delegation.GRANT_TYPE), exchange_from=("origin",))
    house.client("qlvb", exchange_from=("middle",))
    reply = house.post("/token", dict(first.form), client_id="middle", secret=SECRET)
    assert reply.status == 200, reply.body
    return replace(first, form={**first.form, "subject_token": reply.json["access_token"]})


def exchanged_onwards(house: House) -> Asked:
    """The token that came of it, when its application asks about it."""
    redeemed = exchange_onwards(house)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, path="/introspect", form={"token": reply.json["access_token"]})


def acts_no_more(client_id: str, **members: object) -> Way:
    """An operator takes from one of the applications what it acts by; without members the grant type."""
    def way(asked: Asked) -> Asked:
        asked.house.client(client_id, **(members or {"grant_types": REGISTERED.grant_types}))
        return asked

    return way


def origin_disabled(asked: Asked) -> Asked:
    """Of the two applications, the one that the officer signed in to."""
    asked.house.client("origin", disabled=True)
    return asked


def officers_sessions_ended(asked: Asked) -> Asked:
    """``flask sessions end`` for an officer who has no session."""
    officer = asked.house.officers.by_uid("canbo")
    assert officer is not None
    asked.house.deprovisioning.end_access(officer.sub, "administrator", CALLER)
    return asked


def access_token(house: House, *, fmt: str = "opaque") -> Asked:
    """An access token at UserInfo, bound to the key of a proof; the code that gave it is what may be replayed."""
    house.client(access_token_format=fmt)
    redeemed = replace(code(house), proof_key=PROVEN)
    reply = redeemed.send()
    assert reply.status == 200, reply.body
    return replace(redeemed, path="/userinfo", form={}, client_id="", token=reply.json["access_token"], lifetime=600,
                   then=redeemed.send)


def jwt_access_token(house: House) -> Asked:
    """The same in the form of RFC 9068."""
    return access_token(house, fmt="jwt")


def at_a_resource(house: House) -> Asked:
    """An access token at a resource of ours that asks for a scope and a session."""
    return replace(access_token(house), path="/resource")


def introspected(house: House) -> Asked:
    """An access token that its application asks about."""
    at_userinfo = access_token(house)
    return replace(at_userinfo, path="/introspect", form={"token": at_userinfo.token}, client_id="qlvb", token="",
                   proof_key=None)


def introspected_refresh_token(house: House) -> Asked:
    """A refresh token that its application asks about; using it is what may be replayed."""
    token = refresh_token(house)
    return replace(token, path="/introspect", form={"token": token.form["refresh_token"]}, then=token.send)


def device_refresh_token(house: House) -> Asked:
    """A refresh token that came of a device code."""
    return refresh_token(house, of=device_code)


def public_device_refresh_token(house: House) -> Asked:
    """The same of a device without a secret, bound to the key that it proved when it fetched its tokens."""
    return refresh_token(house, of=public_device_code)


def backchannel_refresh_token(house: House) -> Asked:
    """A refresh token that came of a backchannel request."""
    return refresh_token(house, of=backchannel)


def make_public(house: House) -> None:
    """Take their keys from the applications."""
    for client_id in OWN:
        house.client(client_id, token_endpoint_auth_method="none", jwks="",
                     grant_types=("authorization_code", "refresh_token", DEVICE_CODE))


# The table


@dataclass(frozen=True)
class Row:
    """One grant in one shape.

    Attributes:
        grant: The grant type, or the path that honours what grants gave.
        build: Makes something to redeem.
        cells: The error, by column.
        ways: Where a column happens in another way than it does for others.
    """

    grant: str
    build: Callable[[House], Asked]
    cells: Mapping[str, str | Never]
    ways: Mapping[str, Way] = field(default_factory=dict)


def cells(client: str | Never, officer: str | Never, session: str | Never, other: str | Never, key: str | Never,
          late: str | Never, again: str | Never) -> dict[str, str | Never]:
    """Write the cells of a row in the order of the columns."""
    return dict(zip(COLUMNS, (client, officer, session, other, key, late, again), strict=True))


NO_OFFICER = Never("an application acts for itself; no officer and no session is behind it")
NO_SESSION = Never("an issuer vouches for the officer, who did not sign in here: there is no session that could end")
NO_THEFT = Never("that an assertion comes twice is refused and says nothing of the token it gave: RFC 7521 revokes none")
NO_KEY = Never("a public application that sends no proof has no key; PKCE binds its code (test_line_05_pkce.py)")
BEARER = Never("whoever holds the token asks; no application authenticates here, and the proof binds it to a key")
UNBOUND = Never("a device code is not bound to a key (RFC 9449 binds the code of a browser alone); the tokens are, when fetched")
BY_PROOF = {"wrong key": wrong_proof_key}

#                              client disabled   officer disabled session ended    wrong client     wrong key
#                              expired           replayed
LINKS: dict[str, Way] = {
    "the one between disabled": acts_no_more("middle", disabled=True),
    "the one between without the grant type": acts_no_more("middle"),
    "the one between without its origin": acts_no_more("middle", exchange_from=()),
}
"""What an operator can take from the application in the middle of a chain, whose tokens others hold by now."""

MATRIX: dict[str, Row] = {
    "code": Row("authorization_code", code, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant")),
    "code bound to a key": Row("authorization_code", bound_code, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_grant",
        "invalid_grant", "invalid_grant"), BY_PROOF),
    "code of a public application": Row("authorization_code", public_code, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", NO_KEY,
        "invalid_grant", "invalid_grant")),
    "refresh token": Row("refresh_token", refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant")),
    "refresh token with offline_access": Row("refresh_token", offline_refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant"), {"session ended": ended_by_an_operator}),
    "refresh token of a public application": Row("refresh_token", public_refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_grant",
        "invalid_grant", "invalid_grant"), BY_PROOF),
    "client credentials": Row("client_credentials", machine, cells(
        "invalid_client", NO_OFFICER, NO_OFFICER, "invalid_request", "invalid_client",
        "invalid_client", "invalid_client")),
    "device code": Row(DEVICE_CODE, device_code, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "expired_token", "invalid_grant")),
    "device code of a public application": Row(DEVICE_CODE, public_device_code, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", UNBOUND,
        "expired_token", "invalid_grant")),
    "refresh token of a device": Row("refresh_token", device_refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant")),
    "refresh token of a public application's device": Row("refresh_token", public_device_refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_grant",
        "invalid_grant", "invalid_grant"), BY_PROOF),
    "backchannel request": Row(CIBA, backchannel, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "expired_token", "invalid_grant")),
    "refresh token of a backchannel request": Row("refresh_token", backchannel_refresh_token, cells(
        "invalid_client", "invalid_grant", "invalid_grant", "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant")),
    "assertion of a trusted issuer": Row(jwt_bearer.GRANT_TYPE, vouched, cells(
        "invalid_client", "invalid_grant", NO_SESSION, "invalid_grant", "invalid_client",
        "invalid_grant", "invalid_grant")),
    "assertion that its issuer did not sign": Row(jwt_bearer.GRANT_TYPE, vouched, cells(
        "invalid_client", "invalid_grant", NO_SESSION, "invalid_grant", "invalid_grant",
        "invalid_grant", "invalid_grant"), {"wrong key": wrong_issuers_key}),
    "token exchange": Row(delegation.GRANT_TYPE, exchange, cells(
        "invalid_client", "invalid_request", "invalid_request", "invalid_request", "invalid_client",
        "invalid_request", "invalid_request")),
    "token exchange from an application that is disabled": Row(delegation.GRANT_TYPE, exchange, cells(
        "invalid_request", "invalid_request", "invalid_request", "invalid_request", "invalid_client",
        "invalid_request", "invalid_request"), {"client disabled": origin_disabled}),
    "exchange of a token bound to a key": Row(delegation.GRANT_TYPE, bound_exchange, cells(
        "invalid_client", "invalid_request", "invalid_request", "invalid_request", "invalid_request",
        "invalid_request", "invalid_request"), BY_PROOF),
    "exchanged token at introspection": Row("introspection", exchanged, cells(
        "inactive", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive"), {"client disabled": origin_disabled}),
    "exchanged token that its own disabled application asks about": Row("introspection", exchanged, cells(
        "invalid_client", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive")),
    "exchanged token at UserInfo": Row("userinfo", exchanged_at_userinfo, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), BY_PROOF),
    "exchanged token of a disabled origin at UserInfo": Row("userinfo", exchanged_at_userinfo, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), {"client disabled": origin_disabled, **BY_PROOF}),
    "exchanged token whose application has lost the grant type, at introspection": Row("introspection", exchanged, cells(
        "inactive", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive"), {"client disabled": acts_no_more("qlvb")}),
    "exchanged token whose application has lost the grant type, at UserInfo": Row("userinfo", exchanged_at_userinfo, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), {"client disabled": acts_no_more("qlvb"), **BY_PROOF}),
    "exchanged token whose application may not exchange that any more, at UserInfo": Row("userinfo", exchanged_at_userinfo, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), {"client disabled": acts_no_more("qlvb", exchange_from=()), **BY_PROOF}),
    **{f"exchange of a token that came of an exchange, {what}": Row(delegation.GRANT_TYPE, exchange_onwards, cells(
        "invalid_request", "invalid_request", "invalid_request", "invalid_request", "invalid_client",
        "invalid_request", "invalid_request"), {"client disabled": way}) for what, way in LINKS.items()},
    **{f"token that was exchanged twice, at introspection, {what}": Row("introspection", exchanged_onwards, cells(
        "inactive", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive"), {"client disabled": way}) for what, way in LINKS.items()},
    "token of an assertion at UserInfo": Row("userinfo", vouched_at_userinfo, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", NO_THEFT), {"session ended": officers_sessions_ended, **BY_PROOF}),
    "token of an assertion at introspection": Row("introspection", vouched_introspected, cells(
        "invalid_client", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", NO_THEFT), {"session ended": officers_sessions_ended}),
    "access token at UserInfo": Row("userinfo", access_token, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), BY_PROOF),
    "access token at a resource of ours": Row("resource", at_a_resource, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), BY_PROOF),
    "JWT access token at UserInfo": Row("userinfo", jwt_access_token, cells(
        "invalid_token", "invalid_token", "invalid_token", BEARER, "invalid_dpop_proof",
        "invalid_token", "invalid_token"), BY_PROOF),
    "access token at introspection": Row("introspection", introspected, cells(
        "invalid_client", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive")),
    "refresh token at introspection": Row("introspection", introspected_refresh_token, cells(
        "invalid_client", "inactive", "inactive", "inactive", "invalid_client",
        "inactive", "inactive")),
}

STATUS = {"invalid_client": 401, "invalid_request": 400, "invalid_grant": 400, "expired_token": 400,
          "invalid_token": 401, "invalid_dpop_proof": 401, "inactive": 200}
"""RFC 6749 §5.2, RFC 8628 §3.5, RFC 7521 §4.2 (``client_id`` beside an assertion is that of the assertion), RFC 6750 §3.1,
RFC 9449 §7.1, RFC 7662 §2.2."""
CASES = [(name, column) for name, row in MATRIX.items() for column, cell in row.cells.items() if not isinstance(cell, Never)]


@pytest.fixture
def house(database: Database) -> House:
    """A provider with two applications that authenticate with a key each."""
    house = House(database, assertion_issuers={HRM.issuer: HRM})
    for client_id, key in OWN.items():
        house.client(client_id, token_endpoint_auth_method="private_key_jwt", jwks=jwks_of(key), secret_digest=None)
    return house


def given(house: House) -> int:
    """Count the tokens that there are, revoked ones too."""
    tables = (AccessTokenRow.__table__, RefreshTokenRow.__table__)
    return sum(len(house.database.read(select(table.c.digest)).all()) for table in tables)


def error_of(reply: Reply) -> str:
    """Give the error of an answer; "" where it is none."""
    if reply.status == 200:
        return "inactive" if reply.json == {"active": False} else ""
    return reply.error


@pytest.mark.parametrize("name", MATRIX)
def test_the_matrix_has_a_request_that_is_granted_as_long_as_nothing_happens(house: House, name: str) -> None:
    assert error_of(MATRIX[name].build(house).send()) == ""


@pytest.mark.parametrize(("name", "column"), CASES)
def test_the_matrix_every_reason_stops_every_grant_with_the_specifications_error(house: House, name: str, column: str) -> None:
    row = MATRIX[name]
    asked = (row.ways.get(column) or COLUMNS[column])(row.build(house))
    before = given(house)
    reply = asked.send()
    cell = row.cells[column]
    assert isinstance(cell, str)
    assert (error_of(reply), reply.status) == (cell, STATUS[cell]), reply.body
    assert given(house) == before
    assert b"_token\":" not in reply.body


def test_the_matrix_has_no_gaps() -> None:
    assert {row.grant for row in MATRIX.values()} == {*ALL_GRANT_TYPES, "userinfo", "introspection", "resource"}
    for name, row in MATRIX.items():
        assert list(row.cells) == list(COLUMNS), name
        empty = [column for column, cell in row.cells.items() if not (cell.because if isinstance(cell, Never) else cell)]
        assert empty == [], name
        assert set(row.ways) <= {column for column, cell in row.cells.items() if isinstance(cell, str)}, name
    for grant in ALL_GRANT_TYPES:  # what may never be in one shape of a grant is tested in another, officers and sessions aside
        tested = {column for name, column in CASES if MATRIX[name].grant == grant}
        assert set(COLUMNS) - tested <= {"officer disabled", "session ended"}, grant
