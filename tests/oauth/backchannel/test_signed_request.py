"""CIBA §7.1.1 and FAPI-CIBA §5.2.2: a request that is signed says everything itself, once, and not for long."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from idp.oauth.backchannel.request import BackchannelError
from idp.oauth.backchannel.signed_request import ALGORITHMS, SignedRequests
from idp.oauth.requests.request_object import RequestObjects
from tests.fakes.client_keys import AnyKey, FakeSeenOnce, jwks_of, keys_by_value, pair, signed
from tests.fakes.clock import FakeClock
from tests.provider import ISSUER, REGISTERED

CLIENT = replace(REGISTERED, client_id="bank", jwks=jwks_of(*(pair(alg) for alg in (*ALGORITHMS, "RS256"))),
                 backchannel_authentication_request_signing_alg="PS256")
PLAIN = replace(CLIENT, backchannel_authentication_request_signing_alg="")
ASKED = {"scope": "openid", "login_hint": "canbo"}


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        objects = RequestObjects(ISSUER, keys_by_value(self.clock), self.clock, decrypt=str)
        self.requests = SignedRequests(objects, FakeSeenOnce(), self.clock)

    def token(self, key: AnyKey | None = None, *, alg: str | None = None, header: dict[str, Any] | None = None,
              **changes: Any) -> str:
        now = self.clock.now()
        claims = {"iss": "bank", "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": "jti-1", **ASKED}
        return signed(claims | changes, key or pair("PS256"), alg=alg, **(header or {}))

    def open(self, token: str, client: Any = CLIENT, **beside: str) -> Mapping[str, str]:
        return self.requests.open({"request": token, **beside}, client)[0]

    def refusal(self, *arguments: Any, **how: Any) -> str:
        with pytest.raises(BackchannelError) as caught:
            self.open(*arguments, **how)
        said = str(caught.value.get_error_description())
        assert caught.value.error == "invalid_request"
        assert said.isascii()
        assert not set('"\\') & set(said)
        return said


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_ciba_s7_1_1_a_signed_request_gives_its_parameters(desk: Desk, alg: str) -> None:
    client = replace(CLIENT, backchannel_authentication_request_signing_alg=alg)
    assert desk.open(desk.token(pair(alg)), client) == ASKED
    assert desk.open(desk.token(pair(alg), header={"kid": None, "typ": None}, jti="2", aud=[ISSUER, "https://other.example"]),
                     client) == ASKED


@pytest.mark.parametrize("expiry", [120, "120"])
def test_ciba_s7_1_1_requested_expiry_is_a_number_or_a_text(desk: Desk, expiry: Any) -> None:
    assert desk.open(desk.token(requested_expiry=expiry))["requested_expiry"] == "120"


def test_ciba_s7_1_1_authentication_of_the_client_stands_outside(desk: Desk) -> None:
    assert desk.open(desk.token(), client_id="bank", client_assertion="a.b.c", client_assertion_type="t") == ASKED


@pytest.mark.parametrize("name", ["scope", "login_hint", "binding_message", "acr_values", "requested_expiry", "user_code"])
def test_ciba_s7_1_1_no_parameter_stands_beside_the_request(desk: Desk, name: str) -> None:
    assert "outside" in desk.refusal(desk.token(), **{name: "openid"})


@pytest.mark.parametrize("name", ["aud", "iss", "exp", "iat", "nbf", "jti"])
def test_ciba_s7_1_1_each_of_the_six_claims_is_required(desk: Desk, name: str) -> None:
    desk.refusal(desk.token(**{name: None}))


@pytest.mark.parametrize(("name", "value"), [
    ("aud", "https://other.example"), ("aud", [f"{ISSUER}/"]), ("aud", 7), ("iss", "other"), ("iss", ISSUER),
    ("jti", ""), ("jti", "x" * 256), ("jti", 7), ("exp", "soon"), ("iat", "now"), ("nbf", True),
])
def test_ciba_s7_1_1_a_claim_with_another_value_is_refused(desk: Desk, name: str, value: Any) -> None:
    desk.refusal(desk.token(**{name: value}))


@pytest.mark.parametrize(("name", "seconds"), [("exp", -11), ("iat", 11), ("nbf", 11)])
def test_ciba_s7_1_1_it_is_valid_now_within_ten_seconds(desk: Desk, name: str, seconds: int) -> None:
    now = desk.clock.now()
    desk.refusal(desk.token(**{"nbf": now - 60} | {name: now + seconds}))
    near = seconds + (2 if seconds < 0 else -2)
    assert desk.open(desk.token(**{"nbf": now - 60} | {name: now + near})) == ASKED


def test_fapi_ciba_s5_2_2_it_lives_sixty_minutes_at_most(desk: Desk) -> None:
    now = desk.clock.now()
    assert desk.open(desk.token(nbf=now - 600, exp=now + 3000)) == ASKED
    assert "60 minutes" in desk.refusal(desk.token(nbf=now - 600, exp=now + 3001, jti="2"))
    assert "60 minutes" in desk.refusal(desk.token(nbf=now + 5, exp=now + 5, jti="3"))


def test_fapi_advanced_s8_6_another_algorithm_than_the_registered_one_is_refused(desk: Desk) -> None:
    desk.refusal(desk.token(pair("ES256")))
    desk.refusal(desk.token(pair("RS256")))
    desk.refusal(desk.token(pair("RS256")), replace(CLIENT, backchannel_authentication_request_signing_alg="RS256"))


def test_ciba_s7_1_1_none_and_symmetric_algorithms_are_refused(desk: Desk) -> None:
    _, payload, _ = desk.token().split(".")
    unsigned = signed(ASKED, pair("PS256"), alg="PS256").split(".")[0]
    for header in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", unsigned):
        desk.refusal(f"{header}.{payload}.AAAA")
    desk.refusal(f"eyJhbGciOiJub25lIn0.{payload}.")


def test_ciba_s7_1_1_a_key_of_somebody_else_is_refused(desk: Desk) -> None:
    desk.refusal(desk.token(pair("PS256", 1)))
    desk.refusal(desk.token(pair("PS256", 1), header={"kid": pair("PS256").kid}))


def test_security_15_a_signed_request_counts_once(desk: Desk) -> None:
    token = desk.token()
    assert desk.open(token) == ASKED
    assert "used before" in desk.refusal(token)


def test_security_15_of_parallel_copies_one_counts(desk: Desk) -> None:
    token = desk.token()

    def once(_number: int) -> bool:
        try:
            return bool(desk.open(token))
        except BackchannelError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(once, range(16))) == 1


@pytest.mark.parametrize("value", [["openid"], {"a": 1}, 7, True])
def test_ciba_s7_1_1_parameters_are_texts(desk: Desk, value: Any) -> None:
    assert "not a text" in desk.refusal(desk.token(scope=value))


@pytest.mark.parametrize("value", [True, 1.5, [30]])
def test_ciba_s7_1_1_requested_expiry_is_no_other_json(desk: Desk, value: Any) -> None:
    assert "not a text" in desk.refusal(desk.token(requested_expiry=value))


def test_fapi_ciba_s5_2_2_who_registered_to_sign_signs_every_request(desk: Desk) -> None:
    with pytest.raises(BackchannelError):
        desk.requests.open(ASKED, CLIENT)
    assert desk.requests.open(ASKED, PLAIN, ("urn:a",)) == (ASKED, ("urn:a",))


def test_ciba_s4_who_did_not_register_to_sign_signs_none(desk: Desk) -> None:
    assert "not registered" in desk.refusal(desk.token(), PLAIN)


def test_security_11_a_client_assertion_is_no_request(desk: Desk) -> None:
    desk.refusal(desk.token(sub="bank"))
    desk.refusal(desk.token(header={"typ": "dpop+jwt"}, jti="2"))


def test_what_is_no_token_is_refused(desk: Desk) -> None:
    for text in ("x", "a.b.c", "a" * 17000, "đ.đ.đ", "e30.e30.e30"):
        desk.refusal(text)
