"""A device asks, an officer approves elsewhere, the device polls (RFC 8628)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from idp.audit import Caller
from idp.authn.lockout import ThrottledError
from idp.errors import RefusedError
from idp.oauth.deferred.device_authorization import CODE_LIMITS, DeviceAuthorization
from idp.oauth.deferred.user_code import normal
from idp.oauth.requests.public_clients import DEVICE_LIMITS
from tests.fakes.client_keys import pair, proof_of
from tests.provider import CALLER, DEVICE_CODE, ISSUER, House, Reply


@pytest.fixture
def tv(house: House) -> House:
    """A house with a public client that can do nothing but this."""
    house.client("tv", token_endpoint_auth_method="none", redirect_uris=(), response_types=(), grant_types=(
        DEVICE_CODE, "refresh_token"))
    return house


def test_rfc8628_s3_2_the_answer_has_both_codes_and_where_to_type_one(tv: House) -> None:
    answer = tv.device(client_id="tv", secret=None)
    told = answer.json
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(told) == {"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}
    assert (told["verification_uri"], told["expires_in"], told["interval"]) == (f"{ISSUER}/device", 600, 5)
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert len(told["device_code"]) == 43
    assert normal(told["user_code"]) == told["user_code"].replace("-", "")
    record, = tv.audited()
    assert (record.event, record.client_id, record.source) == ("approval.asked", "tv", "198.51.100.7")
    assert told["user_code"] not in record.detail
    assert normal(told["user_code"]) not in record.detail


def test_rfc8628_s3_1_a_confidential_client_authenticates(house: House) -> None:
    assert house.device().status == 200
    assert house.device(secret="wrong").error == "invalid_client"
    assert house.device(secret=None, client_id="qlvb").error == "invalid_client"
    assert house.device(secret=None, client_id="nobody").error == "invalid_client"
    house.client(disabled=True)
    assert house.device().status == 401


def test_rfc8628_s3_1_only_a_registered_client_asks(house: House) -> None:
    house.client(grant_types=("authorization_code",))
    assert house.device().error == "unauthorized_client"


@pytest.mark.parametrize("scope", [None, "", "openid unheard", "scim", 'a"b', "đ"])
def test_rfc8628_s3_1_a_scope_that_is_missing_or_not_registered_is_invalid(house: House, scope: str | None) -> None:
    answer = house.device(scope=scope)
    assert (answer.status, answer.error) == (400, "invalid_scope")
    assert house.events() == []


def test_rfc6749_s3_2_a_parameter_twice_is_refused(house: House) -> None:
    assert house.post("/device_authorization", "client_id=tv&scope=openid&scope=openid").error == "invalid_request"
    assert house.call("GET", "/device_authorization").status == 405


def test_rfc8628_s3_5_pending_then_the_tokens_once(tv: House) -> None:
    asked = tv.device(client_id="tv", secret=None, scope="openid profile offline_access")
    pending = tv.poll(asked, client_id="tv", secret=None)
    assert (pending.status, pending.error) == (400, "authorization_pending")
    session = tv.session()
    assert tv.approve(asked, session)
    answer = tv.poll(asked, client_id="tv", secret=None)
    assert answer.status == 200
    told = answer.json
    claims = tv.id_claims(told["id_token"])
    assert (claims["aud"], claims["auth_time"], claims["acr"]) == ("tv", session.auth_time, "urn:haugiang:acr:1")
    assert "at_hash" in claims
    assert tv.userinfo(told["access_token"]).json["name"] == "Nguyễn Thị Cán Bộ"
    assert tv.refresh(told["refresh_token"], client_id="tv", secret=None).status == 200
    again = tv.poll(asked, client_id="tv", secret=None)
    assert (again.status, again.error) == (400, "invalid_grant")
    assert tv.events()[-4:] == ["sign_in", "approval.given", "token.issued", "token.refreshed"]


def test_security_15_of_twenty_polls_at_once_one_gets_tokens(tv: House) -> None:
    asked = tv.device(client_id="tv", secret=None)
    tv.approve(asked)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: tv.poll(asked, client_id="tv", secret=None), range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert {answer.error for answer in answers if answer.status == 400} == {"invalid_grant"}
    assert tv.live_refresh_tokens() == 1


def test_rfc8628_s3_5_polls_too_early_are_slowed_down_and_the_interval_grows(tv: House) -> None:
    asked = tv.device(client_id="tv", secret=None)

    def poll(after: int) -> str:
        tv.clock.advance(after)
        return tv.poll(asked, client_id="tv", secret=None).error

    assert [poll(0), poll(5), poll(3), poll(5), poll(15), poll(14)] == [
        "authorization_pending", "authorization_pending", "slow_down", "slow_down", "authorization_pending",
        "authorization_pending"]


def test_rfc8628_s3_5_a_refusal_is_told(tv: House) -> None:
    asked = tv.device(client_id="tv", secret=None)
    assert tv.approve(asked, answer="deny")
    assert tv.poll(asked, client_id="tv", secret=None).error == "access_denied"
    assert tv.poll(asked, client_id="tv", secret=None).error == "access_denied"
    assert tv.events()[-1] == "approval.refused"


@pytest.mark.parametrize("answered", [False, True])
def test_rfc8628_s3_5_after_its_time_it_is_expired(tv: House, answered: bool) -> None:
    asked = tv.device(client_id="tv", secret=None)
    if answered:
        tv.approve(asked)
    tv.clock.advance(600)
    assert tv.poll(asked, client_id="tv", secret=None).error == "expired_token"
    assert tv.approvals.by_user_code(normal(asked.json["user_code"])) is None


def test_rfc8628_s3_4_the_code_is_the_clients_that_asked(tv: House) -> None:
    asked = tv.device(client_id="tv", secret=None)
    tv.approve(asked)
    assert tv.poll(asked).error == "invalid_grant"
    assert tv.poll(asked, client_id="tv", secret=None).status == 200


def test_rfc8628_s3_4_unknown_and_missing_codes(house: House) -> None:
    assert house.token({"grant_type": DEVICE_CODE, "device_code": "x" * 43}).error == "invalid_grant"
    assert house.token({"grant_type": DEVICE_CODE}).error == "invalid_request"
    asked = house.device()
    assert house.token({"grant_type": DEVICE_CODE, "device_code": asked.json["user_code"]}).error == "invalid_grant"


def test_a_client_without_the_grant_does_not_poll(house: House) -> None:
    asked = house.device()
    house.approve(asked)
    house.client(grant_types=("authorization_code",))
    assert house.poll(asked).error == "unauthorized_client"


def test_no_refresh_token_and_no_offline_access_for_a_client_without_that_grant(house: House) -> None:
    house.client(grant_types=(DEVICE_CODE,))
    asked = house.device(scope="openid offline_access")
    house.approve(asked)
    told = house.poll(asked).json
    assert "refresh_token" not in told
    assert told["scope"] == "openid"


def test_without_openid_there_is_no_id_token(house: House) -> None:
    asked = house.device(scope="service")
    house.approve(asked)
    assert "id_token" not in house.poll(asked).json


@pytest.mark.parametrize(("lapse", "error"), [
    ("officer", "invalid_grant"), ("session", "invalid_grant"), ("group", "invalid_grant"), ("level", "invalid_grant"),
    ("client", "invalid_client"), ("revoked", "invalid_grant")])
def test_security_18_what_was_approved_gives_nothing_after(house: House, lapse: str, error: str) -> None:
    asked, session = house.device(), house.session()
    house.approve(asked, session)
    if lapse == "officer":
        house.disable()
    elif lapse == "session":
        house.sessions.end(session.sid, "logout", CALLER)
    elif lapse == "group":
        house.client(allowed_groups=frozenset({"lanhdao"}))
    elif lapse == "level":
        house.client(required_level=2)
    elif lapse == "client":
        house.client(disabled=True)
    else:
        house.deprovisioning.end_access(session.sub, "administrator", CALLER)
    assert house.poll(asked).error == error
    assert house.live_refresh_tokens() == 0


def test_offline_access_outlives_the_session_it_was_given_in(house: House) -> None:
    asked, session = house.device(scope="openid offline_access"), house.session()
    house.approve(asked, session)
    house.sessions.end(session.sid, "logout", CALLER)
    told = house.poll(asked).json
    house.clock.advance(2 * 86400)
    assert house.refresh(told["refresh_token"]).status == 200


def test_without_offline_access_the_tokens_end_with_the_session(house: House) -> None:
    asked, session = house.device(), house.session()
    house.approve(asked, session)
    told = house.poll(asked).json
    assert house.sessions.end(session.sid, "logout", CALLER) == ["qlvb"]
    assert house.refresh(told["refresh_token"]).error == "invalid_grant"
    assert not house.is_active(told["access_token"])


@pytest.mark.parametrize(("change", "code"), [
    ({"allowed_groups": frozenset({"lanhdao"})}, "access_denied"), ({"required_level": 2}, "unmet_authentication_requirements"),
    ({"scope": frozenset({"openid"})}, "invalid_scope"), ({"grant_types": ("authorization_code",)}, "unauthorized_client"),
    ({"disabled": True}, "unknown_client")])
def test_security_29_an_approval_looks_at_registration_officer_and_level_once_more(
        house: House, change: dict[str, Any], code: str) -> None:
    asked, session = house.device(), house.session()
    house.client(**change)
    with pytest.raises(RefusedError) as refusal:
        house.approve(asked, session)
    assert refusal.value.code == code
    assert "approval.given" not in house.events()


def test_an_approval_of_a_session_that_ended_asks_for_a_sign_in(house: House) -> None:
    asked, session = house.device(), house.session()
    house.sessions.end(session.sid, "logout", CALLER)
    with pytest.raises(RefusedError) as refusal:
        house.approve(asked, session)
    assert refusal.value.code == "login_required"
    assert house.poll(asked).error == "authorization_pending"


# Sender constraint


def test_rfc9449_s5_a_client_for_bound_tokens_gets_none_without_a_proof(tv: House) -> None:
    tv.client("tv", dpop_bound_access_tokens=True)
    asked = tv.device(client_id="tv", secret=None)
    tv.approve(asked)
    assert tv.poll(asked, client_id="tv", secret=None).error == "invalid_dpop_proof"
    assert tv.live_refresh_tokens() == 0


def test_rfc9449_s5_what_a_device_with_a_key_gets_is_bound_to_it(tv: House) -> None:
    key = pair("ES256")
    tv.client("tv", dpop_bound_access_tokens=True)
    asked = tv.device(client_id="tv", secret=None)
    tv.approve(asked)

    def call(form: dict[str, str | None], key: Any) -> Reply:
        proof = proof_of("POST", f"{ISSUER}/token", tv.clock.now(), key)
        return tv.post("/token", {"client_id": "tv"} | form, headers={"dpop": proof})

    told = call({"grant_type": DEVICE_CODE, "device_code": asked.json["device_code"]}, key).json
    assert told["token_type"] == "DPoP"
    assert tv.introspect(told["access_token"]).json == {"active": False}  # another client's
    refresh: dict[str, str | None] = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert call(refresh, pair("PS256")).error == "invalid_grant"
    assert call(refresh, key).status == 200


def test_rfc8705_s3_a_client_for_bound_tokens_gets_none_without_a_certificate(house: House) -> None:
    house.client(tls_client_certificate_bound_access_tokens=True)
    asked = house.device()
    house.approve(asked)
    assert house.poll(asked).error == "invalid_request"


# Guesses and floods


def typed(house: House, text: str, *, account: str = "sub-1", source: str = "198.51.100.7") -> Any:
    return house.devices.typed(text, Caller(source, "r"), account=account)


def test_rfc8628_s5_1_typed_codes_are_throttled_and_a_right_one_clears_nothing(house: House) -> None:
    asked = house.device().json["user_code"]
    for _ in range(CODE_LIMITS.pair.failures):
        assert typed(house, "BBBB-BBBB") is None
        if _ < CODE_LIMITS.pair.failures - 1:
            assert typed(house, asked) is not None
    with pytest.raises(ThrottledError):
        typed(house, asked)
    assert house.events().count("user_code.throttled") == 1
    with pytest.raises(ThrottledError):
        typed(house, "BBBB-BBBB")
    assert house.events().count("user_code.throttled") == 1
    house.clock.advance(CODE_LIMITS.pair.cost)
    assert typed(house, asked) is not None


def test_security_27_one_address_is_held_whoever_types(house: House) -> None:
    asked = house.device().json["user_code"]
    for number in range(CODE_LIMITS.source.failures):
        assert typed(house, "BBBB-BBBB", account=f"browser-{number}") is None
    with pytest.raises(ThrottledError):
        typed(house, asked, account="another")
    assert typed(house, asked, account="another", source="203.0.113.1") is not None


def test_security_27_codes_guessed_at_once_count(house: House) -> None:
    def guess(_: int) -> bool:
        try:
            typed(house, "BBBB-BBBB")
        except ThrottledError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(guess, range(40))) == CODE_LIMITS.pair.failures


def test_what_cannot_be_a_code_is_not_counted(house: House) -> None:
    for text in ["", "hello", "12345678", "\x00" * 8] * 20:
        assert typed(house, text) is None


def test_a_public_client_is_held_to_a_rate_and_a_confidential_one_is_not(tv: House) -> None:
    client = tv.registry.find("tv")
    assert client is not None
    for _ in range(DEVICE_LIMITS.pair.failures - 1):
        tv.devices_asking.count(client, CALLER)
    assert tv.device(client_id="tv", secret=None).status == 200
    for _ in range(2):
        held = tv.device(client_id="tv", secret=None)
        assert (held.status, held.error) == (429, "slow_down")
    assert 0 < int(held.headers["Retry-After"]) <= DEVICE_LIMITS.pair.cost
    assert tv.device().status == 200
    assert (tv.events().count("approval.asked"), tv.events().count("client.throttled")) == (2, 1)
    tv.clock.advance(int(held.headers["Retry-After"]))
    assert tv.device(client_id="tv", secret=None).status == 200


def test_a_code_that_is_taken_is_drawn_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["BBBBBBBB", "BBBBBBBB", "CCCCCCCC"])
    monkeypatch.setattr("idp.oauth.deferred.user_code.make", lambda: next(drawn))
    assert [house.device().json["user_code"] for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]
    monkeypatch.setattr("idp.oauth.deferred.user_code.make", lambda: "BBBBBBBB")
    assert house.device().status == 503


def test_discovery_names_the_endpoint_and_the_grant(house: House) -> None:
    told = house.call("GET", "/.well-known/openid-configuration").json
    assert told["device_authorization_endpoint"] == f"{ISSUER}/device_authorization"
    assert DEVICE_CODE in told["grant_types_supported"]
    assert "device_authorization_endpoint" not in told.get("mtls_endpoint_aliases", {})


def test_rfc8705_s5_where_certificates_are_asked_for_the_endpoint_has_an_alias(database: Any) -> None:
    told = House(database, mutual_tls=True).call("GET", "/.well-known/openid-configuration").json
    assert told["mtls_endpoint_aliases"]["device_authorization_endpoint"] == "https://mtls.id.haugiang.example/device_authorization"


def test_the_request_that_is_kept_is_what_was_asked(house: House) -> None:
    asked = house.device(scope="openid  email profile openid")
    deferred = house.approvals.by_user_code(normal(asked.json["user_code"]))
    assert deferred is not None
    assert replace(deferred, request="").source == "198.51.100.7"
    assert '"scope":["openid","email","profile"]' in deferred.request
    assert isinstance(house.devices, DeviceAuthorization)
