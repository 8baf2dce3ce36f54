"""RFC 9126: an application pushes its request, and the browser brings a reference that counts once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuthorizationCodeRow, GrantRow, PushedRequestRow
from idp.authn.lockout import Limits, Rule
from idp.oauth import response
from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError
from idp.oauth.requests.pushed_authorization import LONGEST_OF_PUBLIC, PREFIX, PushedRequest, fault_of
from idp.sessions.single_sign_on import Session
from tests.fakes.client_keys import assertion_of, jwks_of, pair, proof_of
from tests.provider import CALLER, ISSUER, MTLS, REDIRECT_URI, SECRET, House, Reply, basic


def count(house: House, row: Any) -> int:
    found = house.database.read(select(func.count().label("n")).select_from(row.__table__)).one()
    return int(found.n) if found else 0


def pushed(house: House, **changes: Any) -> str:
    reply = house.push(**changes)
    assert reply.status == 201, reply.body
    return str(reply.json["request_uri"])


def unsafe(house: House, request_uri: str, client_id: str = "qlvb", **more: str) -> str:
    with pytest.raises(UnsafeRequestError) as caught:
        house.opened(request_uri, client_id, **more)
    return caught.value.code


def code_for(house: House, request_uri: str, session: Session) -> str:
    answer = house.provider.issue_code(house.opened(request_uri), session=session, caller=CALLER)
    return dict(answer.parameters)["code"]


# The endpoint

def test_rfc9126_s2_2_the_answer_is_a_reference_and_its_life(house: House) -> None:
    reply = house.push()
    assert reply.status == 201
    assert set(reply.json) == {"request_uri", "expires_in"}
    assert reply.json["request_uri"].startswith(PREFIX)
    assert len(reply.json["request_uri"]) == len(PREFIX) + 43
    assert reply.json["expires_in"] == 60
    assert reply.headers["Cache-Control"] == "no-store"


def test_rfc9126_s2_what_was_pushed_is_what_is_asked(house: House) -> None:
    changes = {"prompt": "login", "claims": '{"userinfo":{"email":null}}', "acr_values": "urn:haugiang:acr:2"}
    asked = house.opened(pushed(house, **changes))
    assert replace(asked, pushed="") == house.asked(**changes)
    assert (asked.state, asked.prompt, asked.redirect_uri) == ("xyz", ("login",), REDIRECT_URI)
    assert len(asked.pushed) == 64


def test_the_reference_stands_nowhere(house: House) -> None:
    request_uri = pushed(house)
    row = house.database.read(select(PushedRequestRow.__table__)).one()
    assert request_uri.removeprefix(PREFIX) not in str(row)


def test_rfc9126_s2_1_a_client_that_authenticates_need_not_repeat_its_name(house: House) -> None:
    form = house.parameters(client_id=None)
    assert house.post("/par", form, client_id="qlvb", secret=SECRET).status == 201


@pytest.mark.parametrize("secret", ["wrong", None])
def test_rfc9126_s2_1_the_client_authenticates_as_it_is_registered(house: House, secret: str | None) -> None:
    reply = house.push(secret=secret)
    assert (reply.status, reply.error) == (401, "invalid_client")
    assert count(house, PushedRequestRow) == 0
    [row] = house.audited()
    assert (row.event, row.client_id) == ("client.refused", "qlvb")
    assert '"endpoint":"pushed_authorization"' in row.detail


def test_refusals_are_noted_once_a_minute(house: House) -> None:
    for _ in range(3):
        house.push(secret="wrong")
    assert house.events() == ["client.refused"]
    house.clock.advance(61)
    house.push(secret="wrong")
    assert house.events() == ["client.refused"] * 2


def test_rfc9126_s2_1_another_clients_request_cannot_be_pushed(house: House) -> None:
    house.client("other")
    reply = house.post("/par", house.parameters(client_id="other"), client_id="qlvb", secret=SECRET)
    assert (reply.status, reply.error) == (400, "invalid_request")


def test_a_public_client_pushes_with_its_name_alone(house: House) -> None:
    house.client("phone", token_endpoint_auth_method="none", grant_types=("authorization_code",))
    assert house.push(client_id="phone", secret=None).status == 201


def test_a_disabled_client_pushes_and_opens_nothing(house: House) -> None:
    request_uri = pushed(house)
    house.client(disabled=True)
    assert house.push().error == "invalid_client"
    assert unsafe(house, request_uri) == "unknown_client"


def test_private_key_jwt_at_the_endpoint_and_the_assertion_counts_once(house: House) -> None:
    house.client("signs", token_endpoint_auth_method="private_key_jwt", jwks=jwks_of(pair("ES256")), secret_digest=None)
    proof = assertion_of("signs", ISSUER, house.clock.now())
    assert house.push(client_id="signs", secret=None, **proof).status == 201
    assert house.push(client_id="signs", secret=None, **proof).error == "invalid_client"


def test_rfc9126_s2_1_a_request_uri_cannot_be_pushed(house: House) -> None:
    reply = house.push(request_uri=pushed(house))
    assert (reply.status, reply.error) == (400, "invalid_request")
    assert count(house, PushedRequestRow) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_rfc9126_s2_3_only_post(house: House, method: str) -> None:
    reply = house.call(method, "/par", headers={"authorization": basic("qlvb", SECRET)})
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(("changes", "error"), [
    ({"redirect_uri": None}, "invalid_request"), ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
    ({"response_type": None}, "invalid_request"), ({"response_type": "token"}, "unsupported_response_type"),
    ({"scope": "openid unheard"}, "invalid_scope"), ({"scope": None}, "invalid_scope"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"), ({"max_age": "-1"}, "invalid_request"), ({"claims": "{"}, "invalid_request"),
    ({"id_token_hint": "x.y.z"}, "invalid_request"), ({"dpop_jkt": "short"}, "invalid_request"),
    ({"response_mode": "unheard"}, "invalid_request"), ({"registration": "{}"}, "registration_not_supported"),
])
def test_rfc9126_s2_1_the_same_checks_as_at_the_authorization_endpoint(house: House, changes: dict[str, Any], error: str) -> None:
    reply = house.push(**changes)
    assert (reply.status, reply.error) == (400, error)
    assert reply.json["error_description"]
    assert "evil" not in reply.body.decode()
    assert count(house, PushedRequestRow) == 0


def test_a_parameter_that_is_sent_twice_is_refused(house: House) -> None:
    body = "&".join(["client_id=qlvb", "state=a", "state=b"])
    assert house.post("/par", body, client_id="qlvb", secret=SECRET).error == "invalid_request"


def test_rfc9449_s10_1_a_thumbprint_is_pushed_without_a_proof(house: House) -> None:
    jkt = "j" * 43
    assert house.opened(pushed(house, dpop_jkt=jkt)).dpop_jkt == jkt
    assert house.opened(pushed(house)).dpop_jkt == ""


# The reference

def test_rfc9126_s4_the_front_channel_adds_nothing(house: House) -> None:
    request_uri = pushed(house, state=None, nonce=None)
    asked = house.opened(request_uri, state="outside", nonce="outside", scope="openid email", prompt="none",
                         redirect_uri="https://evil.example/", response_mode="form_post", request="e.y.j")
    assert (asked.state, asked.nonce, asked.prompt, asked.response_mode) == (None, "", (), "query")
    assert (asked.scope, asked.redirect_uri) == (("openid", "profile"), REDIRECT_URI)


def test_rfc9126_s2_2_bound_to_its_client(house: House) -> None:
    house.client("other")
    assert unsafe(house, pushed(house), "other") == "invalid_request_uri"


def test_rfc9126_s4_over_after_its_life(house: House) -> None:
    request_uri = pushed(house)
    house.clock.advance(59)
    house.opened(request_uri)
    house.clock.advance(1)
    assert unsafe(house, request_uri) == "invalid_request_uri"


def test_a_page_that_was_reached_in_time_leads_to_a_code_later(house: House) -> None:
    asked = house.opened(pushed(house))
    house.clock.advance(1800)
    answer = house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    assert "code" in dict(answer.parameters)


@pytest.mark.parametrize("request_uri", [PREFIX, PREFIX + "x" * 43, PREFIX + "đ", PREFIX + "\x00" * 9000])
def test_an_unknown_reference_leads_nowhere(house: House, request_uri: str) -> None:
    assert unsafe(house, request_uri) == "invalid_request_uri"


def test_an_address_is_not_a_reference(house: House) -> None:
    with pytest.raises(AuthorizationError) as caught:
        house.asked(request_uri="https://evil.example/request")
    assert caught.value.code == "request_uri_not_supported"


def test_the_client_has_to_be_named_once(house: House) -> None:
    request_uri = pushed(house)
    for parameters, code in (({"request_uri": [request_uri]}, "unknown_client"),
                             ({"request_uri": [request_uri], "client_id": ["qlvb", "qlvb"]}, "repeated_parameter"),
                             ({"request_uri": [request_uri] * 2, "client_id": ["qlvb"]}, "repeated_parameter")):
        with pytest.raises(UnsafeRequestError) as caught:
            house.provider.parse_authorization(parameters)
        assert caught.value.code == code


def test_a_redirect_uri_that_was_withdrawn_since_is_not_answered_to(house: House) -> None:
    request_uri = pushed(house)
    house.client(redirect_uris=("https://qlvb.example/elsewhere",))
    assert unsafe(house, request_uri) == "redirect_uri_mismatch"


def test_rfc9126_s7_3_used_when_something_is_issued_and_not_when_it_is_opened(house: House) -> None:
    request_uri = pushed(house)
    session = house.session()
    for _ in range(3):
        house.opened(request_uri)
    assert house.redeem(code_for(house, request_uri, session)).status == 200
    assert unsafe(house, request_uri) == "invalid_request_uri"


def test_rfc9126_s7_3_a_second_page_of_one_request_gets_no_second_code(house: House) -> None:
    request_uri = pushed(house)
    session = house.session()
    first, second = house.opened(request_uri), house.opened(request_uri)
    house.provider.issue_code(first, session=session, caller=CALLER)
    with pytest.raises(AuthorizationError) as caught:
        house.provider.issue_code(second, session=session, caller=CALLER)
    assert (caught.value.code, caught.value.redirect_uri) == ("invalid_request_uri", REDIRECT_URI)
    assert count(house, GrantRow) == count(house, AuthorizationCodeRow) == 1
    assert house.events().count("code.issued") == 1


def test_an_ended_session_does_not_use_it_up(house: House) -> None:
    request_uri = pushed(house)
    session = house.session()
    house.sessions.end(session.sid, "logout", CALLER)
    with pytest.raises(AuthorizationError) as caught:
        code_for(house, request_uri, session)
    assert caught.value.code == "login_required"
    assert code_for(house, request_uri, house.session())


def test_a_request_that_was_swept_away_gives_nothing(house: House) -> None:
    asked = house.opened(pushed(house))
    table: Any = PushedRequestRow.__table__
    house.database.write(table.delete()).run()
    with pytest.raises(AuthorizationError):
        house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    assert count(house, GrantRow) == 0


@pytest.mark.parametrize("one_session", [True, False])
def test_security_15_one_pushed_request_and_sixteen_threads_have_one_winner(house: House, one_session: bool) -> None:
    request_uri = pushed(house)
    shared = house.session()
    sessions = [shared if one_session else house.session(house.officer(f"canbo{number}")) for number in range(16)]
    asked = house.opened(request_uri)

    def issue(session: Session) -> str:
        try:
            house.provider.issue_code(asked, session=session, caller=CALLER)
        except AuthorizationError as refusal:
            return refusal.code
        return "code"

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(issue, sessions))
    assert answers == ["code"] + ["invalid_request_uri"] * 15
    assert count(house, GrantRow) == count(house, AuthorizationCodeRow) == 1


@pytest.mark.parametrize("response_type", response.FRONT_CHANNEL)
def test_types_with_tokens_in_the_browser_use_it_up_as_well(database: Database, response_type: str) -> None:
    house = House(database, front_channel=True)
    house.client(response_types=(response_type,), grant_types=("implicit", "authorization_code"))
    request_uri = pushed(house, response_type=response_type)
    asked, session = house.opened(request_uri), house.session()
    house.provider.issue_code(asked, session=session, caller=CALLER)
    with pytest.raises(AuthorizationError) as caught:
        house.provider.issue_code(asked, session=session, caller=CALLER)
    assert caught.value.code == "invalid_request_uri"


def test_the_audit_says_that_a_request_was_pushed(house: House) -> None:
    code_for(house, pushed(house), house.session())
    house.code()
    details = [row.detail for row in house.audited() if row.event == "code.issued"]
    assert ['"pushed":true' in detail for detail in details] == [True, False]


@pytest.mark.parametrize(("known", "client_id", "now", "fault"), [
    (None, "a", 0, "unknown"), (PushedRequest(b"", "a", "", 60), "a", 59, ""),
    (PushedRequest(b"", "a", "", 60), "b", 0, "client"),
    (PushedRequest(b"", "a", "", 60), "a", 60, "expired"), (PushedRequest(b"", "a", "", 60, 1), "a", 2, "used")])
def test_what_is_wrong_with_a_reference(known: PushedRequest | None, client_id: str, now: int, fault: str) -> None:
    assert fault_of(known, client_id, now=now) == fault


# DPoP

@pytest.mark.parametrize("address", [f"{ISSUER}/par", f"{MTLS}/par"])
def test_rfc9449_s10_1_a_proof_at_the_endpoint_binds_the_code(house: House, address: str) -> None:
    proof = proof_of("POST", address, house.clock.now(), pair("ES256", 0))
    code = code_for(house, pushed(house, headers={"dpop": proof}), house.session())
    assert house.redeem(code).error == "invalid_grant"

    def redeem(number: int) -> Any:
        form: dict[str, str | None] = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI,
                                       "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
        header = proof_of("POST", f"{ISSUER}/token", house.clock.now(), pair("ES256", number))
        return house.post("/token", form, client_id="qlvb", secret=SECRET, headers={"dpop": header})

    assert redeem(1).error == "invalid_grant"
    assert redeem(0).status == 200


def test_rfc9449_s10_1_a_proof_of_another_key_than_dpop_jkt_is_refused(house: House) -> None:
    proof = proof_of("POST", f"{ISSUER}/par", house.clock.now(), pair("ES256", 1))
    reply = house.push(dpop_jkt=pair("ES256").thumbprint(), headers={"dpop": proof})
    assert (reply.status, reply.error) == (400, "invalid_request")
    proof = proof_of("POST", f"{ISSUER}/par", house.clock.now())
    assert house.push(dpop_jkt=pair("ES256").thumbprint(), headers={"dpop": proof}).status == 201


@pytest.mark.parametrize("proof", ["rubbish", "for the token endpoint", "twice"])
def test_rfc9449_s4_3_a_bad_proof_is_refused(house: House, proof: str) -> None:
    made = {"for the token endpoint": proof_of("POST", f"{ISSUER}/token", house.clock.now()),
            "twice": proof_of("POST", f"{ISSUER}/par", house.clock.now())}.get(proof, proof)
    if proof == "twice":
        house.push(headers={"dpop": made})
    assert house.push(headers={"dpop": made}).error == "invalid_dpop_proof"


def test_rfc9449_s8_a_nonce_is_asked_for_where_one_is_needed(house: House) -> None:
    house.nonces.required = True
    reply = house.push(headers={"dpop": proof_of("POST", f"{ISSUER}/par", house.clock.now())})
    assert (reply.status, reply.error) == (400, "use_dpop_nonce")
    proof = proof_of("POST", f"{ISSUER}/par", house.clock.now(), nonce=reply.headers["DPoP-Nonce"])
    assert house.push(headers={"dpop": proof}).status == 201


# Where nothing else is taken

def test_rfc9126_s6_a_client_that_must_push_cannot_send_its_request_by_the_browser(house: House) -> None:
    house.client(require_pushed_authorization_requests=True)
    with pytest.raises(AuthorizationError) as caught:
        house.asked()
    assert (caught.value.code, caught.value.redirect_uri) == ("invalid_request", REDIRECT_URI)
    assert house.opened(pushed(house))


def test_rfc9126_s5_a_deployment_may_ask_it_of_all(database: Database) -> None:
    house = House(database, require_pushed_requests=True)
    with pytest.raises(AuthorizationError) as caught:
        house.asked()
    assert caught.value.code == "invalid_request"
    assert house.opened(pushed(house))
    assert house.call("GET", "/.well-known/openid-configuration").json["require_pushed_authorization_requests"] is True


# Clients that anybody can play

FEW = Limits(pair=Rule(6), account=Rule(20), source=Rule(12))


def crowded(database: Database) -> House:
    house = House(database, push_limits=FEW)
    for client_id in ("app", "app-2", "app-3"):
        house.client(client_id, token_endpoint_auth_method="none", grant_types=("authorization_code",))
    return house


def push_from(house: House, peer: str = "198.51.100.7", client_id: str = "app") -> Reply:
    form = urlencode(house.parameters(client_id=client_id)).encode()
    return house.call("POST", "/par", body=form, headers={"content-type": "application/x-www-form-urlencoded"}, peer=peer)


def test_rfc9126_s2_3_a_public_client_is_held_to_a_rate_at_one_address(database: Database) -> None:
    house = crowded(database)
    assert [push_from(house).status for _ in range(FEW.pair.failures + 2)] == [201] * FEW.pair.failures + [429] * 2
    held = push_from(house)
    assert (held.error, int(held.headers["Retry-After"])) == ("temporarily_unavailable", FEW.pair.cost)
    assert count(house, PushedRequestRow) == FEW.pair.failures
    assert push_from(house, "203.0.113.9").status == push_from(house, client_id="app-2").status == 201
    house.clock.advance(FEW.pair.cost)
    assert push_from(house).status == 201


def test_rfc9126_s2_3_so_are_an_address_and_a_client(database: Database) -> None:
    house = crowded(database)
    names = ("app", "app-2", "app-3")
    assert [push_from(house, client_id=name).status for name in names for _ in range(5)] == [201] * 12 + [429] * 3
    statuses = [push_from(house, f"203.0.113.{number}", "app-2").status for number in range(FEW.account.failures)]
    assert statuses == [201] * (FEW.account.failures - 5) + [429] * 5


def test_security_44_one_that_authenticates_is_not_counted(database: Database) -> None:
    house = crowded(database)
    assert {house.push().status for _ in range(FEW.source.failures + 1)} == {201}


def test_security_61_that_a_limit_was_met_is_told_once_a_minute(database: Database) -> None:
    house = crowded(database)
    for _ in range(FEW.pair.failures + 5):
        push_from(house)
    noted, = (row for row in house.audited() if row.event == "client.throttled")
    assert (noted.client_id, json.loads(noted.detail)) == ("app", {"endpoint": "pushed_authorization", "limit": "pair"})


def test_security_15_of_twenty_pushes_at_once_no_more_pass_than_may(database: Database) -> None:
    house = crowded(database)
    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(reply.status for reply in pool.map(lambda _: push_from(house), range(40)))
    assert statuses == [201] * FEW.pair.failures + [429] * (40 - FEW.pair.failures)
    assert count(house, PushedRequestRow) == FEW.pair.failures


def test_five_hundred_officers_behind_one_address_meet_no_limit(house: House) -> None:
    client = house.client("app", token_endpoint_auth_method="none", grant_types=("authorization_code",))
    with ThreadPoolExecutor(8) as pool:
        for counted, each in ((house.pushing, 3), (house.devices_asking, 1)):
            for done in [pool.submit(counted.count, client, CALLER) for _ in range(500 * each)]:
                done.result()


def test_rfc9126_s2_3_what_a_public_client_pushes_is_as_short_as_an_address(house: House) -> None:
    house.client("app", token_endpoint_auth_method="none", grant_types=("authorization_code",))
    long = {"state": "s" * 8192}
    assert house.push(**long).status == 201
    reply = house.push(client_id="app", secret=None, **long)
    assert (reply.status, reply.error, count(house, PushedRequestRow)) == (413, "invalid_request", 1)
    room = LONGEST_OF_PUBLIC - len(house.asked(client_id="app", state="s").to_json()) + 1
    assert [house.push(client_id="app", secret=None, state="s" * length).status for length in (room, room + 1)] == [201, 413]
