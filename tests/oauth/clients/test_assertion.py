"""RFC 7523 §3 and security checklist 16: an application proves who it is with a JWT of its own."""

from __future__ import annotations

import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from authlib.oauth2.rfc6749 import InvalidRequestError
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from idp.errors import UnavailableError
from idp.oauth.clients import assertion
from idp.oauth.clients.assertion import TYPE, AssertionRefusedError
from tests.fakes.client_keys import SECRETS, assertion_of, client_assertions, jwks_of, pair, secret_key
from tests.fakes.clock import FakeClock
from tests.provider import ISSUER, REGISTERED, House, house

__all__ = ["house"]

CLIENT = replace(REGISTERED, client_id="bank", token_endpoint_auth_method="private_key_jwt", secret_digest=None,
                 jwks=jwks_of(*(pair(alg) for alg in assertion.ALGORITHMS)))
STRICT = replace(CLIENT, profile="fapi2")
LET_OFF = replace(CLIENT, assertion_audience="token_endpoint")


class Checker:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self._assertions = client_assertions(ISSUER, self.clock)

    def check(self, client: Any = CLIENT, key: Any = None, *, aud: Any = ISSUER, **how: Any) -> None:
        form = assertion_of("bank", aud, self.clock.now(), key, **how)
        self._assertions.check(client, form["client_assertion"])

    def refusal(self, *arguments: Any, **how: Any) -> str:
        with pytest.raises(AssertionRefusedError) as caught:
            self.check(*arguments, **how)
        assert caught.value.message.isascii()
        assert not set('"\\') & set(caught.value.message)
        return caught.value.message


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.mark.parametrize("alg", assertion.ALGORITHMS)
def test_rfc7523_s3_a_sound_assertion_proves_the_client(checker: Checker, alg: str) -> None:
    checker.check(key=pair(alg))
    checker.check(key=pair(alg), header={"kid": None})
    checker.check(key=pair(alg), header={"typ": None})


@pytest.mark.parametrize(("client", "aud", "good"), [
    (CLIENT, ISSUER, True), (CLIENT, [ISSUER], True), (STRICT, ISSUER, True), (LET_OFF, ISSUER, True),
    (LET_OFF, f"{ISSUER}/token", True), (LET_OFF, [f"{ISSUER}/token"], True),
    (CLIENT, [ISSUER, "https://other.example"], False), (CLIENT, f"{ISSUER}/token", False), (CLIENT, f"{ISSUER}/", False),
    (CLIENT, [], False), (CLIENT, None, False), (CLIENT, 1, False), (CLIENT, {"a": ISSUER}, False), (CLIENT, [[ISSUER]], False),
    (CLIENT, [ISSUER, ISSUER], False), (CLIENT, f"{ISSUER}/par", False),
    (STRICT, [ISSUER], False), (STRICT, f"{ISSUER}/token", False),
    (replace(LET_OFF, profile="fapi2"), f"{ISSUER}/token", False), (LET_OFF, f"{ISSUER}/introspect", False),
    (LET_OFF, [ISSUER, f"{ISSUER}/token"], False),
])
def test_rfc10070_the_audience_is_the_issuer_alone(checker: Checker, client: Any, aud: Any, good: bool) -> None:
    if good:
        checker.check(client, pair("ES256"), aud=aud)
    else:
        assert "aud" in checker.refusal(client, pair("ES256"), aud=aud)


@pytest.mark.parametrize(("changes", "word"), [
    ({"iss": "other"}, "iss"), ({"sub": "other"}, "iss"), ({"iss": None}, "iss"), ({"sub": None}, "iss"),
    ({"exp": None}, "expires"), ({"exp": "soon"}, "exp"), ({"exp": True}, "exp"), ({"jti": None}, "jti"), ({"jti": ""}, "jti"),
    ({"jti": 7}, "jti"), ({"jti": "x" * 256}, "jti"),
])
def test_rfc7523_s3_members_that_are_missing_or_wrong(checker: Checker, changes: dict[str, Any], word: str) -> None:
    assert word in checker.refusal(**changes)


@pytest.mark.parametrize(("name", "seconds", "good"), [
    ("exp", -9, True), ("exp", -10, False), ("exp", -300, False), ("exp", 310, True), ("exp", 311, False),
    ("nbf", 8, True), ("nbf", 10, True), ("nbf", 11, False), ("nbf", 60, False), ("iat", 10, True), ("iat", 11, False),
    ("iat", -310, True), ("iat", -311, False), ("iat", -86400, False),
])
def test_times_bear_ten_seconds_of_skew_and_five_minutes_of_life(checker: Checker, name: str, seconds: int, good: bool) -> None:
    changes = {name: checker.clock.now() + seconds}
    if good:
        checker.check(**changes)
    else:
        checker.refusal(**changes)


def test_rfc7523_s3_a_jti_counts_once_until_the_assertion_is_worthless(checker: Checker) -> None:
    checker.check(jti="one")
    assert "before" in checker.refusal(jti="one")
    checker.clock.advance(60 + 2 * assertion.SKEW_SECONDS)
    checker.check(jti="one")


def test_a_jti_of_another_client_is_another_one(checker: Checker) -> None:
    checker.check(jti="one")
    form = assertion_of("other", ISSUER, checker.clock.now(), jti="one")
    checker._assertions.check(replace(CLIENT, client_id="other"), form["client_assertion"])


def test_security_15_of_twenty_threads_one_proves(checker: Checker) -> None:
    def attempt(_: int) -> bool:
        try:
            checker.check(jti="raced")
        except AssertionRefusedError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 1


def test_what_is_refused_uses_no_jti_up(checker: Checker) -> None:
    checker.refusal(jti="one", aud="x")
    checker.check(jti="one")


@pytest.mark.parametrize("how", [
    {"key": pair("ES256", 1)}, {"key": pair("ES256", 1), "header": {"kid": "ES256-0"}}, {"header": {"kid": "unknown"}},
    {"key": pair("RS256"), "alg": "PS256"}, {"key": pair("RS256"), "alg": "RS384"}, {"header": {"zip": "DEF"}},
    {"header": {"jwk": pair("ES256", 1).as_dict(private=False)}, "key": pair("ES256", 1)},
    {"header": {"jku": "https://evil.example"}}, {"header": {"x5c": ["AA=="]}}, {"header": {"typ": "at+jwt"}},
    {"header": {"kid": 1}},
])
def test_security_10_only_the_registered_keys_and_algorithms(checker: Checker, how: dict[str, Any]) -> None:
    checker.refusal(**how)


def test_the_registered_algorithm_is_the_only_one(checker: Checker) -> None:
    only = replace(CLIENT, token_endpoint_auth_signing_alg="PS256")
    checker.check(only, pair("PS256"))
    assert "algorithm" in checker.refusal(only, pair("ES256"))


def test_fapi2_takes_no_rs256(checker: Checker) -> None:
    assert "algorithm" in checker.refusal(STRICT, pair("RS256"))
    checker.check(STRICT, pair("PS256"))


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_unsigned_and_symmetric_assertions_are_refused(checker: Checker, alg: str) -> None:
    parts = [{"alg": alg}, {"iss": "bank", "sub": "bank", "aud": ISSUER, "exp": checker.clock.now() + 60, "jti": "x"}]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    for signature in ("", "AAAA"):
        with pytest.raises(AssertionRefusedError):
            checker._assertions.check(CLIENT, f"{text}.{signature}")


@pytest.mark.parametrize(("form", "error"), [
    ({"client_assertion": "a.b.c"}, InvalidRequestError), ({"client_assertion_type": TYPE}, InvalidRequestError),
    ({"client_assertion": "a.b.c", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
     AssertionRefusedError),
    ({"client_assertion": "a.b.c", "client_assertion_type": TYPE}, AssertionRefusedError),
    ({**assertion_of("bank", ISSUER, 0, sub=None)}, AssertionRefusedError),
    ({**assertion_of("bank", ISSUER, 0, sub=1)}, AssertionRefusedError),
    ({**assertion_of("bank", ISSUER, 0), "client_id": "other"}, InvalidRequestError),
])
def test_rfc7521_s4_2_the_form(form: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        assertion.names(form)


def test_the_form_names_the_client() -> None:
    assert assertion.names({}) is None
    assert assertion.names({"client_id": "x", "client_secret": "y"}) is None
    assert assertion.names(assertion_of("bank", ISSUER, 0) | {"client_id": "bank"}) == "bank"


@given(st.text(max_size=80)
       | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=") + ".e30.AA"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    with pytest.raises(AssertionRefusedError):
        assertion.names({"client_assertion": text, "client_assertion_type": TYPE})


# Signed with the secret

SECRET = "s" * 43
SIGNING = SECRETS.give(replace(CLIENT, token_endpoint_auth_method="client_secret_jwt", jwks=""), SECRET)
HMAC = secret_key(SECRET)


def test_oidc_core_s9_a_secret_proves_the_client_without_being_sent(checker: Checker) -> None:
    checker.check(SIGNING, HMAC)
    checker.check(SIGNING, HMAC, header={"kid": "whatever"})
    checker.check(replace(SIGNING, token_endpoint_auth_signing_alg="HS256"), HMAC)


@pytest.mark.parametrize("secret", ["t" * 43, "s" * 42, "s" * 44])
def test_another_secret_proves_nothing(checker: Checker, secret: str) -> None:
    assert "not signed with the secret" in checker.refusal(SIGNING, secret_key(secret))


def mac(checker: Checker, secret: bytes, alg: str, **header: Any) -> str:
    """An assertion as no honest library would make it: the MAC of any bytes, under any name."""
    claims = {"iss": "bank", "sub": "bank", "aud": ISSUER, "exp": checker.clock.now() + 60, "jti": "x"}
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": alg, **header}, claims))
    text = b".".join(parts)
    made = hmac.digest(secret, text, {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256"))
    return f"{text.decode()}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


@pytest.mark.parametrize("alg", ["HS384", "HS512", "HS1", "none", "ES256"])
def test_rfc7518_s3_2_only_the_hash_that_the_secret_is_long_enough_for(checker: Checker, alg: str) -> None:
    with pytest.raises(AssertionRefusedError, match="algorithm"):
        checker._assertions.check(SIGNING, mac(checker, SECRET.encode(), alg))
    checker._assertions.check(SIGNING, mac(checker, SECRET.encode(), "HS256"))


def test_rfc8725_s3_1_a_public_key_is_never_a_secret(checker: Checker) -> None:
    key = pair("RS256")
    texts = [key.as_pem(private=False), key.as_der(private=False), json.dumps(key.as_dict(private=False)).encode(),
             CLIENT.jwks.encode(), b""]
    for text in texts:
        for client in (CLIENT, replace(CLIENT, jwks=jwks_of(key)), replace(CLIENT, token_endpoint_auth_signing_alg="RS256"),
                       replace(CLIENT, token_endpoint_auth_signing_alg="HS256"), SIGNING):
            for header in ({}, {"kid": key.kid}):
                with pytest.raises(AssertionRefusedError, match="secret" if client is SIGNING else "algorithm"):
                    checker._assertions.check(client, mac(checker, text, "HS256", **header))


@pytest.mark.parametrize("alg", assertion.ALGORITHMS)
def test_rfc8725_s3_1_keys_prove_nothing_for_a_client_that_signs_with_its_secret(checker: Checker, alg: str) -> None:
    for client in (SIGNING, replace(SIGNING, jwks=CLIENT.jwks), replace(SIGNING, token_endpoint_auth_signing_alg=alg)):
        assert "algorithm" in checker.refusal(client, pair(alg))


def test_a_secret_proves_nothing_for_a_client_with_keys(checker: Checker) -> None:
    for client in (replace(CLIENT, sealed_secret=SIGNING.sealed_secret, secret_digest=SIGNING.secret_digest),
                   replace(CLIENT, sealed_secret=SIGNING.sealed_secret, token_endpoint_auth_signing_alg="HS256")):
        assert "algorithm" in checker.refusal(client, HMAC)


def test_fapi2_knows_no_secrets(checker: Checker) -> None:
    assert "algorithm" in checker.refusal(replace(SIGNING, profile="fapi2"), HMAC)


def test_without_a_sealed_copy_nothing_is_proven(checker: Checker) -> None:
    assert "new secret" in checker.refusal(replace(SIGNING, sealed_secret=None), HMAC)
    empty = OctKey.generate_key(256)
    assert "new secret" in checker.refusal(replace(SIGNING, sealed_secret=None), empty, alg="HS256")


def test_a_copy_that_does_not_open_is_an_outage_of_this_client_alone(checker: Checker) -> None:
    with pytest.raises(UnavailableError):
        checker.check(replace(SIGNING, sealed_secret=SECRETS.give(replace(SIGNING, client_id="x"), SECRET).sealed_secret), HMAC)
    checker.check()


def test_a_new_secret_is_seen_at_once_and_the_old_one_is_worthless(checker: Checker) -> None:
    checker.check(SIGNING, HMAC)
    rotated = SECRETS.give(SIGNING, "n" * 43)
    checker.check(rotated, secret_key("n" * 43))
    assert "not signed with the secret" in checker.refusal(rotated, HMAC)


@pytest.mark.parametrize("changes", [
    {"aud": f"{ISSUER}/token"}, {"iss": "other"}, {"exp": None}, {"exp": 311}, {"exp": -10}, {"jti": None}, {"nbf": 60},
    {"iat": 11}, {"iat": -311},
])
def test_rfc7523_s3_the_same_rules_hold(checker: Checker, changes: dict[str, Any]) -> None:
    moved = {name: checker.clock.now() + value if isinstance(value, int) else value for name, value in changes.items()}
    checker.refusal(SIGNING, HMAC, **moved)
    checker.check(SIGNING, HMAC, jti="one")
    assert "before" in checker.refusal(SIGNING, HMAC, jti="one")


def test_security_15_of_twenty_threads_one_proves_with_its_secret(checker: Checker) -> None:
    def attempt(_: int) -> bool:
        try:
            checker.check(SIGNING, HMAC, jti="raced")
        except AssertionRefusedError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 1


# Over the endpoints

FORMS: dict[str, dict[str, str]] = {
    "/token": {"grant_type": "client_credentials"}, "/introspect": {"token": "x" * 43}, "/revoke": {"token": "x" * 43}}


def register(house: House, **more: Any) -> None:
    house.client("bank", token_endpoint_auth_method="private_key_jwt", secret_digest=None, **({"jwks": CLIENT.jwks} | more))


@pytest.mark.parametrize("path", FORMS)
def test_security_16_at_every_endpoint(house: House, path: str) -> None:
    register(house)
    form = FORMS[path] | assertion_of("bank", ISSUER, house.clock.now())
    assert house.post(path, form).status == 200
    again = house.post(path, form)
    assert (again.status, again.error) == (401, "invalid_client")
    assert "WWW-Authenticate" in again.headers


@pytest.mark.parametrize("path", FORMS)
def test_security_16_not_beside_another_method_and_not_instead_of_it(house: House, path: str) -> None:
    register(house)
    proof = assertion_of("bank", ISSUER, house.clock.now())
    assert house.post(path, FORMS[path] | proof | {"client_id": "bank", "client_secret": "x"}).error == "invalid_request"
    assert house.post(path, FORMS[path] | proof, client_id="bank", secret="x").error == "invalid_request"
    assert house.post(path, FORMS[path] | {"client_id": "bank"}).error == "invalid_client"
    assert house.post(path, FORMS[path] | {"client_id": "bank", "client_secret": "x"}).error == "invalid_client"
    house.client("secretive", jwks=CLIENT.jwks)
    assert house.post(path, FORMS[path] | assertion_of("secretive", ISSUER, house.clock.now())).error == "invalid_client"


@pytest.mark.parametrize("path", FORMS)
def test_oidc_core_s9_with_a_secret_at_every_endpoint_and_never_the_secret_itself(house: House, path: str) -> None:
    house.client_store.put(SIGNING)
    house.registry.reload()
    form = FORMS[path] | assertion_of("bank", ISSUER, house.clock.now(), HMAC)
    assert house.post(path, form).status == 200
    assert house.post(path, form).error == "invalid_client"
    assert house.post(path, FORMS[path], client_id="bank", secret=SECRET).error == "invalid_client"
    assert house.post(path, FORMS[path] | {"client_id": "bank", "client_secret": SECRET}).error == "invalid_client"
    assert house.post(path, FORMS[path] | {"client_id": "bank"}).error == "invalid_client"
    both = FORMS[path] | assertion_of("bank", ISSUER, house.clock.now(), HMAC) | {"client_id": "bank", "client_secret": SECRET}
    assert house.post(path, both).error == "invalid_request"
    for method in ("client_secret_basic", "client_secret_post", "tls_client_auth", "none"):
        house.client("bank", token_endpoint_auth_method=method, sealed_secret=SIGNING.sealed_secret)
        proof = assertion_of("bank", ISSUER, house.clock.now(), HMAC)
        assert house.post(path, FORMS[path] | proof).error == "invalid_client"


def test_keys_at_an_address_and_what_happens_without_them(house: House) -> None:
    register(house, jwks="", jwks_uri="https://bank.example/jwks")
    form = FORMS["/token"] | assertion_of("bank", ISSUER, house.clock.now())
    away = house.post("/token", form)
    assert (away.status, away.error) == (503, "temporarily_unavailable")
    house.documents["https://bank.example/jwks"] = jwks_of(pair("ES256")).encode()
    house.clock.advance(15)
    assert house.post("/token", form).status == 200


def test_a_refusal_is_audited_with_the_client_that_was_named(house: House) -> None:
    register(house)
    house.post("/token", FORMS["/token"] | assertion_of("bank", "elsewhere", house.clock.now()))
    assert [(row.event, row.client_id) for row in house.audited()] == [("client.refused", "bank")]


def test_a_code_is_redeemed_with_an_assertion(house: House) -> None:
    register(house)
    code = house.code(client_id="bank")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLIENT.redirect_uris[0],
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    assert house.post("/token", form | assertion_of("bank", ISSUER, house.clock.now())).status == 200
