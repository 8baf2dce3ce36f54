"""RFC 9449: what a proof must be, and what a request that carries one gets."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from idp.oauth.proof import dpop
from idp.oauth.proof.dpop import InvalidProofError, NonceNeededError, Nonces, Presented, Proofs
from tests.fakes.client_keys import FakeSeenOnce, jwks_of, pair, proof_of, proofs
from tests.fakes.clock import FakeClock
from tests.provider import ISSUER, SECRET, House, Reply

TOKEN, USERINFO = f"{ISSUER}/token", f"{ISSUER}/userinfo"


class Checker:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.proofs = proofs(self.clock)

    def check(self, key: Any = None, *, method: str = "POST", address: str = TOKEN, access_token: str | None = None,
              proof: str | None = None, **how: Any) -> str:
        sent = proof_of("POST", TOKEN, self.clock.now(), key, **how) if proof is None else proof
        return self.proofs.thumbprint(Presented(sent, method, (address,)), access_token=access_token)

    def refusal(self, *arguments: Any, **how: Any) -> str:
        with pytest.raises(InvalidProofError) as caught:
            self.check(*arguments, **how)
        status, body, _ = caught.value()
        assert (status, body["error"]) == (400, "invalid_dpop_proof")
        assert body["error_description"].isascii()
        return str(body["error_description"])


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.mark.parametrize("alg", dpop.ALGORITHMS)
def test_rfc9449_s4_3_a_sound_proof_gives_the_thumbprint_of_its_key(checker: Checker, alg: str) -> None:
    assert checker.check(pair(alg)) == pair(alg).thumbprint()


@pytest.mark.parametrize(("htu", "good"), [
    (TOKEN, True), (f"{TOKEN}?a=b", True), (f"{TOKEN}#f", True), (TOKEN.replace("https", "HTTPS"), True),
    (TOKEN.replace("haugiang.example", "HauGiang.example:443"), True),
    (f"{TOKEN}/", False), (USERINFO, False), (TOKEN.replace("https", "http"), False), ("/token", False), ("", False),
    (None, False), (7, False), (TOKEN.replace("https://", "https://u@"), False), (TOKEN.replace(".example", ".example:x"), False),
    ("https://evil.example/token", False), (TOKEN.replace(".example", ".example:8443"), False), ("x" * 3000, False),
    ("https://[", False),
])
def test_rfc9449_s4_3_the_address_is_ours(checker: Checker, htu: Any, good: bool) -> None:
    if good:
        checker.check(htu=htu)
    else:
        assert "another request" in checker.refusal(htu=htu)


@pytest.mark.parametrize("htm", ["GET", "post", None, 1])
def test_rfc9449_s4_3_the_method_is_the_requests(checker: Checker, htm: Any) -> None:
    assert "another request" in checker.refusal(htm=htm)


@pytest.mark.parametrize(("name", "seconds", "good"), [
    ("iat", -70, True), ("iat", -71, False), ("iat", -10, True), ("iat", 10, True), ("iat", 11, False), ("iat", -3600, False),
    ("nbf", 10, True), ("nbf", 11, False), ("exp", -9, True), ("exp", -10, False), ("exp", 3600, True),
])
def test_a_proof_lives_a_minute_and_bears_ten_seconds_of_skew(checker: Checker, name: str, seconds: int, good: bool) -> None:
    if good:
        checker.check(**{name: checker.clock.now() + seconds})
    else:
        checker.refusal(**{name: checker.clock.now() + seconds})


@pytest.mark.parametrize("changes", [{"iat": None}, {"iat": "now"}, {"iat": True}, {"iat": 1e300}, {"exp": "x"}, {"jti": None},
                                     {"jti": ""}, {"jti": 1}, {"jti": "x" * 256}])
def test_rfc9449_s4_2_members_that_are_missing_or_wrong(checker: Checker, changes: dict[str, Any]) -> None:
    checker.refusal(**changes)


def test_rfc9449_s11_1_a_proof_counts_once_until_it_is_too_old(checker: Checker) -> None:
    checker.check(jti="one")
    assert "before" in checker.refusal(jti="one")
    checker.check(pair("ES256", 1), jti="one")
    checker.clock.advance(dpop.LIFE_SECONDS + 2 * dpop.SKEW_SECONDS)
    checker.check(jti="one")


def test_security_15_of_twenty_threads_one_counts(checker: Checker) -> None:
    def attempt(_: int) -> bool:
        try:
            checker.check(jti="raced")
        except InvalidProofError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 1


@pytest.mark.parametrize("how", [
    {"header": {"typ": "JWT"}}, {"header": {"typ": None}}, {"header": {"jwk": None}}, {"header": {"jwk": "x"}},
    {"header": {"jwk": pair("ES256", 1).as_dict(private=False)}}, {"header": {"jwk": pair("RS256").as_dict(private=False)}},
    {"header": {"jwk": pair("ES256").as_dict(private=True)}}, {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA"}}},
    {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}}, {"header": {"jku": "https://evil.example"}}, {"header": {"x5c": ["AA=="]}},
    {"key": pair("RS256")}, {"key": pair("RS256"), "alg": "RS384"}, {"key": RSAKey.generate_key(1024), "alg": "PS256"},
    {"key": ECKey.generate_key("P-384"), "alg": "ES384"},
])
def test_rfc9449_s4_3_the_key_is_public_and_fits_its_algorithm(checker: Checker, how: dict[str, Any]) -> None:
    checker.refusal(**how)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_unsigned_and_symmetric_proofs_are_refused(checker: Checker, alg: str) -> None:
    head = base64.urlsafe_b64encode(b'{"typ":"dpop+jwt","alg":"%s","jwk":{}}' % alg.encode()).rstrip(b"=").decode()
    checker.refusal(proof=f"{head}.e30.AAAA")


@pytest.mark.parametrize("proof", ["x", "a.b.c", "x" * 9000, "é.é.é", "a.b.c, d.e.f"])
def test_what_is_no_token_is_refused(checker: Checker, proof: str) -> None:
    checker.refusal(proof=proof)


@given(st.text(max_size=60) | st.tuples(st.binary(max_size=80), st.binary(max_size=80)).map(
    lambda parts: ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".AAAA"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    with pytest.raises(InvalidProofError):
        Checker().check(proof=text)


def test_rfc9449_s7_at_a_resource_the_proof_names_the_token(checker: Checker) -> None:
    sent = proof_of("POST", TOKEN, checker.clock.now(), access_token="the-token")
    assert "another access token" in checker.refusal(proof=sent, access_token="another")
    assert checker.check(proof=sent, access_token="the-token")
    assert "another access token" in checker.refusal(access_token="the-token")


# Nonces

def test_rfc9449_s8_a_nonce_is_good_for_its_time_and_the_next() -> None:
    clock = FakeClock()
    nonces = Nonces(b"k" * 32, clock)
    first = nonces.current()
    clock.advance(dpop.NONCE_SECONDS)
    assert nonces.good(first)
    assert nonces.current() != first
    clock.advance(dpop.NONCE_SECONDS)
    assert not nonces.good(first)
    assert not Nonces(b"x" * 32, clock).good(nonces.current())
    assert not nonces.good("đ")


def test_rfc9449_s8_where_nonces_are_asked_for_every_proof_needs_one() -> None:
    clock = FakeClock()
    strict = Proofs(FakeSeenOnce(), Nonces(b"n" * 32, clock, required=True), clock)
    for sent in (None, "old", 7):
        with pytest.raises(NonceNeededError) as caught:
            strict.thumbprint(Presented(proof_of("POST", TOKEN, clock.now(), nonce=sent), "POST", (TOKEN,)))
        status, body, headers = caught.value()
        assert (status, body["error"]) == (400, "use_dpop_nonce")
        good = dict(headers)["DPoP-Nonce"]
    assert strict.thumbprint(Presented(proof_of("POST", TOKEN, clock.now(), nonce=good), "POST", (TOKEN,)))


def test_a_wrong_nonce_is_refused_even_where_none_is_asked_for(checker: Checker) -> None:
    with pytest.raises(NonceNeededError):
        checker.check(nonce="invented")
    checker.check(nonce=checker.proofs.nonces.current())


# Over the endpoints

def at_token(house: House, form: dict[str, str | None], key: Any = None, *, client_id: str = "qlvb", secret: str | None = SECRET,
             proof: str | None = None, **how: Any) -> Reply:
    sent = proof_of("POST", TOKEN, house.clock.now(), key, **how) if proof is None else proof
    named = {"client_id": client_id} if secret is None else {}
    return house.post("/token", named | form, client_id=client_id, secret=secret, headers={"dpop": sent})


def at_userinfo(house: House, token: str, key: Any = None, *, scheme: str = "DPoP", method: str = "GET", **how: Any) -> Reply:
    sent = proof_of(method, USERINFO, house.clock.now(), key, access_token=token, **how)
    return house.call(method, "/userinfo", headers={"authorization": f"{scheme} {token}", "dpop": sent})


CODE = {"grant_type": "authorization_code", "redirect_uri": "https://qlvb.example/callback",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
MACHINE: dict[str, str | None] = {"grant_type": "client_credentials"}


def tokens_for(house: House, key: Any = None, **who: Any) -> dict[str, Any]:
    reply = at_token(house, CODE | {"code": house.code(client_id=who.get("client_id", "qlvb"))}, key, **who)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def test_rfc9449_s5_a_proof_gives_a_token_that_only_its_key_can_use(house: House) -> None:
    tokens = tokens_for(house)
    assert tokens["token_type"] == "DPoP"
    assert at_userinfo(house, tokens["access_token"]).status == 200
    assert at_userinfo(house, tokens["access_token"], method="POST").status == 200
    assert at_userinfo(house, tokens["access_token"], scheme="dPoP").status == 200
    stolen = at_userinfo(house, tokens["access_token"], pair("ES256", 1))
    assert (stolen.status, stolen.error) == (401, "invalid_dpop_proof")
    assert stolen.headers["WWW-Authenticate"].startswith('DPoP realm="userinfo", error="invalid_dpop_proof"')
    assert 'algs="ES256 PS256 EdDSA"' in stolen.headers["WWW-Authenticate"]


def test_rfc9449_s7_2_a_bound_token_is_no_bearer_token_and_the_other_way_round(house: House) -> None:
    bound = tokens_for(house)["access_token"]
    assert house.userinfo(bound).status == 401
    assert at_userinfo(house, bound, scheme="Bearer").status == 401
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert house.call("POST", "/userinfo", headers=form, body=f"access_token={bound}".encode()).status == 401
    assert house.call("GET", "/userinfo", headers={"authorization": f"DPoP {bound}"}).error == "invalid_dpop_proof"
    bearer = house.tokens_for()["access_token"]
    assert at_userinfo(house, bearer).error == "invalid_token"


def test_rfc9449_s11_1_a_proof_is_used_once_at_a_resource_too(house: House) -> None:
    token = tokens_for(house)["access_token"]
    assert at_userinfo(house, token, jti="once").status == 200
    assert at_userinfo(house, token, jti="once").error == "invalid_dpop_proof"


def test_rfc9449_s6_introspection_and_jwts_tell_the_key(house: House) -> None:
    key = pair("EdDSA")
    told = house.introspect(tokens_for(house, key)["access_token"]).json
    assert (told["cnf"], told["token_type"]) == ({"jkt": key.thumbprint()}, "DPoP")
    house.client(access_token_format="jwt")
    assert house.id_claims(tokens_for(house, key)["access_token"])["cnf"] == {"jkt": key.thumbprint()}
    assert "cnf" not in house.introspect(house.tokens_for()["access_token"]).json


def test_client_credentials_are_bound_too(house: House) -> None:
    reply = at_token(house, MACHINE)
    assert (reply.status, reply.json["token_type"]) == (200, "DPoP")
    assert house.introspect(reply.json["access_token"]).json["cnf"] == {"jkt": pair("ES256").thumbprint()}


@pytest.mark.parametrize("proof", ["x", "a.b.c", "x" * 9000, "a.b.c, a.b.c"])
def test_rfc9449_s5_a_bad_proof_is_refused_before_anything_is_used_up(house: House, proof: str) -> None:
    code = house.code()
    reply = at_token(house, CODE | {"code": code}, proof=proof)
    assert (reply.status, reply.error) == (400, "invalid_dpop_proof")
    assert at_token(house, CODE | {"code": code}).status == 200


def test_rfc9449_s5_2_a_client_registered_for_bound_tokens_gets_no_others(house: House) -> None:
    house.client(dpop_bound_access_tokens=True)
    code = house.code()
    reply = house.redeem(code)
    assert (reply.status, reply.error) == (400, "invalid_dpop_proof")
    assert house.machine().error == "invalid_dpop_proof"
    tokens = at_token(house, CODE | {"code": code}).json
    assert tokens["token_type"] == "DPoP"
    assert house.refresh(tokens["refresh_token"]).error == "invalid_dpop_proof"
    again = at_token(house, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert again.json["token_type"] == "DPoP"


def test_rfc9449_s5_a_public_clients_refresh_token_is_bound_to_the_key(house: House) -> None:
    house.client("app", token_endpoint_auth_method="none")
    tokens = tokens_for(house, client_id="app", secret=None)
    form: dict[str, str | None] = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    stolen = at_token(house, form, pair("ES256", 1), client_id="app", secret=None)
    assert (stolen.status, stolen.error) == (400, "invalid_grant")
    assert house.refresh(tokens["refresh_token"], client_id="app", secret=None).error == "invalid_grant"
    assert at_token(house, form, client_id="app", secret=None).status == 200
    assert house.events().count("token.refresh_replayed") == 0


def test_a_confidential_clients_refresh_token_is_bound_by_its_authentication(house: House) -> None:
    tokens = tokens_for(house)
    moved = at_token(house, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, pair("ES256", 1))
    assert house.introspect(moved.json["access_token"]).json["cnf"] == {"jkt": pair("ES256", 1).thumbprint()}


def test_rfc9449_s10_a_code_is_bound_to_the_key_that_was_announced(house: House) -> None:
    code = house.code(dpop_jkt=pair("ES256").thumbprint())
    for reply in (house.redeem(code), at_token(house, CODE | {"code": code}, pair("ES256", 1))):
        assert (reply.status, reply.error) == (400, "invalid_grant")
    assert at_token(house, CODE | {"code": code}).status == 200


@pytest.mark.parametrize("thumbprint", ["x", "x" * 42, "x" * 44, "=" * 43, "x" * 42 + "/"])
def test_rfc9449_s10_a_malformed_thumbprint_is_refused(house: House, thumbprint: str) -> None:
    with pytest.raises(Exception, match="dpop_jkt") as caught:
        house.asked(dpop_jkt=thumbprint)
    assert caught.value.code == "invalid_request"  # type: ignore[attr-defined]


def test_rfc9449_s8_the_nonce_travels_in_a_header(house: House) -> None:
    house.nonces.required = True
    reply = at_token(house, MACHINE)
    assert (reply.status, reply.error) == (400, "use_dpop_nonce")
    token = at_token(house, CODE | {"code": house.code()}, nonce=reply.headers["DPoP-Nonce"]).json["access_token"]
    asked = at_userinfo(house, token)
    assert (asked.status, asked.error) == (401, "use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in asked.headers["WWW-Authenticate"]
    assert at_userinfo(house, token, nonce=asked.headers["DPoP-Nonce"]).status == 200


def test_security_16_the_proof_is_no_client_authentication(house: House) -> None:
    reply = at_token(house, {"client_id": "qlvb"} | MACHINE, secret=None)
    assert (reply.status, reply.error) == (401, "invalid_client")
    house.client("bank", token_endpoint_auth_method="private_key_jwt", secret_digest=None, jwks=jwks_of(pair("ES256")))
    assert at_token(house, MACHINE, client_id="bank", secret=None).error == "invalid_client"
