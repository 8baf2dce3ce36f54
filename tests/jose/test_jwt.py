"""Signing and verifying tokens; most of it is what must be refused (stack of past advisories: RFC 8725 §2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, JWKRegistry, KeySet, OctKey
from joserfc.jws import JWSRegistry

from idp.jose.jwt import MAX_TOKEN_BYTES, InvalidTokenError, header_of, sign, unverified_claims, verify
from idp.jose.keyset import ALGORITHMS, KeyRing, SigningKey

from ..contracts.key_store import CALLER
from ..fakes.clock import FakeClock
from ..fakes.key_store import FakeKeyStore
from ..fakes.sealer import FakeSealer

NOW = 1_700_000_000
CLAIMS = {"iss": "https://idp.example", "aud": "qlvb", "sub": "s-1", "iat": NOW, "exp": NOW + 300}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("ES256"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2))


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    ring = KeyRing(FakeKeyStore(), FakeSealer(), FakeClock(NOW))
    ring.ensure(CALLER)
    return ring


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def crafted(key: SigningKey, header: dict[str, Any] | bytes, payload: Any = CLAIMS) -> str:
    """A token with any header and payload at all, and a signature that is right for them."""
    text = f"{part(header)}.{part(payload)}"
    signature = JWSRegistry(algorithms=[key.alg]).get_alg(key.alg).sign(text.encode(), key.key)
    return f"{text}.{part(signature)}"


def check(ring: KeyRing, token: Any, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"algorithms": ALGORITHMS, "typ": "JWT", "issuer": "https://idp.example",
                                 "audience": "qlvb", "now": NOW, **changes}
    return verify(token, arguments.pop("keys", ring.verification()), **arguments)


def refused(ring: KeyRing, token: Any, **changes: Any) -> InvalidTokenError:
    with pytest.raises(InvalidTokenError) as caught:
        check(ring, token, **changes)
    assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    assert not isinstance(token, str) or len(token) < 20 or token[:20] not in caught.value.message + caught.value.debug
    return caught.value


def header(key: SigningKey, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in {"alg": key.alg, "kid": key.kid, "typ": "JWT", **more}.items() if value is not None}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc7515_what_was_signed_verifies_and_names_its_key_and_type(ring: KeyRing, alg: str) -> None:
    token = sign({**CLAIMS, "name": "Nguyễn Văn Bộ"}, ring.signing(alg), typ="JWT")
    assert check(ring, token) == {**CLAIMS, "name": "Nguyễn Văn Bộ"}
    first = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert first == {"alg": alg, "kid": ring.signing(alg).kid, "typ": "JWT"}


def test_an_independent_library_accepts_our_token(ring: KeyRing) -> None:
    from joserfc import jwt

    public = KeySet([JWKRegistry.import_key(key) for key in json.loads(ring.jwks())["keys"]])
    for alg in ALGORITHMS:
        token = jwt.decode(sign(CLAIMS, ring.signing(alg), typ="at+jwt"), public, algorithms=[alg])
        assert (token.claims, token.header["typ"]) == (CLAIMS, "at+jwt")


def test_a_token_signed_with_a_single_key_verifies_with_that_key(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    public = JWKRegistry.import_key(key.key.as_dict(private=False))
    assert check(ring, crafted(key, header(key, kid=None)), keys=public) == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_rfc8725_s3_2_none_is_refused_with_and_without_a_signature(ring: KeyRing, alg: str) -> None:
    key = ring.signing("ES256")
    text = f"{part({'alg': alg, 'kid': key.kid, 'typ': 'JWT'})}.{part(CLAIMS)}"
    for signature in ("", part(b"x"), crafted(key, header(key)).split(".")[2]):
        refused(ring, f"{text}.{signature}")


def test_rfc8725_s2_1_a_public_key_used_as_a_shared_secret_is_refused(ring: KeyRing) -> None:
    for alg in ALGORITHMS:
        key = ring.signing(alg)
        pem = key.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for secret in (pem, pem.strip(), json.dumps(key.key.as_dict(private=False)).encode(), b""):
            text = f"{part({'alg': 'HS256', 'kid': key.kid, 'typ': 'JWT'})}.{part(CLAIMS)}"
            refused(ring, f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}")


@pytest.mark.parametrize("algorithms", [[], ["HS256"], ["none"], ["ES256", "HS512"], ["dir"]])
def test_a_caller_cannot_ask_for_shared_secrets_or_for_no_algorithm(ring: KeyRing, algorithms: list[str]) -> None:
    with pytest.raises(ValueError, match="asymmetric"):
        check(ring, sign(CLAIMS, ring.signing("ES256"), typ="JWT"), algorithms=algorithms)


def test_rfc8725_s3_1_an_algorithm_that_the_caller_did_not_list_is_refused(ring: KeyRing) -> None:
    refused(ring, sign(CLAIMS, ring.signing("RS256"), typ="JWT"), algorithms=["ES256"])


def test_rfc8725_s3_1_a_key_is_used_with_its_own_algorithm_only(ring: KeyRing) -> None:
    ec_key, rsa_key = ring.signing("ES256"), ring.signing("RS256")
    refused(ring, crafted(ec_key, header(ec_key, kid=rsa_key.kid)))
    refused(ring, crafted(rsa_key, header(rsa_key, kid=ec_key.kid)))

    for mine, theirs in (("RS256", "PS256"), ("PS256", "RS256")):
        other = SigningKey(ring.signing(mine).kid, theirs, ring.signing(mine).key)
        refused(ring, crafted(other, header(other)), algorithms=["PS256", "RS256"])


def test_an_empty_shared_secret_verifies_nothing(ring: KeyRing) -> None:
    text = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(CLAIMS)}"
    token = f"{text}.{part(hmac.new(b'', text.encode(), hashlib.sha256).digest())}"
    refused(ring, token)
    refused(ring, token, keys=OctKey.generate_key(256))


def test_no_keys_at_all_verify_nothing(ring: KeyRing) -> None:
    refused(ring, sign(CLAIMS, ring.signing("ES256"), typ="JWT"), keys=KeySet([]))


def test_rfc8725_s3_10_keys_in_or_behind_the_header_are_refused(ring: KeyRing) -> None:
    attacker = ECKey.generate_key("P-256")
    forged = SigningKey("attacker", "ES256", attacker)
    jwk = attacker.as_dict(private=False)
    for member in ({"jwk": jwk}, {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil.example/c.pem"}, {"x5c": ["MIIB"]}):
        refused(ring, crafted(forged, header(forged, kid=None, **member)))
        refused(ring, crafted(forged, header(forged, kid=ring.signing("ES256").kid, **member)))
        refused(ring, crafted(ring.signing("ES256"), header(ring.signing("ES256"), **member)))


@pytest.mark.parametrize("member", [
    {"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}, {"b64": True}, {"zip": "DEF"},
    {"crit": ["http://example.invalid/UNDEFINED"], "http://example.invalid/UNDEFINED": True}, {"enc": "A128GCM"},
])
def test_rfc7515_s4_1_11_extensions_are_refused(ring: KeyRing, member: dict[str, Any]) -> None:
    key = ring.signing("ES256")
    refused(ring, crafted(key, header(key, **member)))


def test_a_compressed_payload_is_refused(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    bomb = zlib.compress(json.dumps({**CLAIMS, "x": "a" * 10_000_000}).encode())
    refused(ring, crafted(key, header(key, zip="DEF"), bomb))
    refused(ring, crafted(key, header(key), bomb))


def test_an_encrypted_token_is_not_ours(ring: KeyRing) -> None:
    secret = OctKey.generate_key(128)
    refused(ring, jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, json.dumps(CLAIMS), secret))


def test_huge_parts_are_refused_before_decoding(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    assert "long" in refused(ring, "a" * (MAX_TOKEN_BYTES + 1)).message
    assert "long" in refused(ring, crafted(key, header(key, note="x" * 3000))).message
    assert "long" in refused(ring, crafted(key, header(key), {**CLAIMS, "x": "y" * MAX_TOKEN_BYTES})).message
    first, second, third = crafted(key, header(key)).split(".")
    refused(ring, f"{first}.{second}.{third}{'A' * 5000}")
    refused(ring, f"{first}.{second}.{'A' * 12_000}")


def test_json_serialisation_is_refused(ring: KeyRing) -> None:
    first, second, third = sign(CLAIMS, ring.signing("ES256"), typ="JWT").split(".")
    refused(ring, json.dumps({"protected": first, "payload": second, "signature": third}))
    refused(ring, json.dumps({"payload": second, "signatures": [{"protected": first, "signature": third}]}))
    refused(ring, json.dumps({"payload": second}))


@pytest.mark.parametrize("bad", [
    "", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "a..c", "\x00.\x00.\x00", "é.é.é", "e30.e30.e30", "e30.e30.", " e30.e30.e30",
    None, 7, b"a.b.c", ["a"],
])
def test_what_is_no_compact_token_is_refused(ring: KeyRing, bad: Any) -> None:
    refused(ring, bad)


def test_signs_that_decoders_skip_are_refused(ring: KeyRing) -> None:
    token = sign(CLAIMS, ring.signing("ES256"), typ="JWT")
    for changed in (token + "=", token + "\n", token + " ", token.replace(".", ".\r\n", 1), token[:-5] + "$" + token[-5:]):
        refused(ring, changed)


@pytest.mark.parametrize("member", [
    '"x":1,"x":1', '"x":{"a":1,"a":1}', r'"x":"\ud800"', r'"\udfff":1', '"x":1e999', '"x":NaN', '"x":' + "9" * 400,
    '"x":' + '{"x":' * 20 + "1" + "}" * 20, '"x":' + "[" * 20 + "]" * 20], ids=range(9))
def test_rfc8259_s4_header_and_payload_are_read_by_the_same_rules_as_a_body(ring: KeyRing, member: str) -> None:
    """Members once, no half of a surrogate pair, numbers of a double, twenty levels; whoever signed it."""
    key = ring.signing("ES256")
    good = [json.dumps(value)[:-1] for value in (header(key), CLAIMS)]
    assert check(ring, crafted(key, header(key), (good[1] + ',"x":' + "[" * 19 + "]" * 19 + "}").encode()))
    broken = [f"{text},{member}}}".encode() for text in good]
    for token in (crafted(key, header(key), broken[1]), crafted(key, broken[0])):
        assert refused(ring, token).message == "The token is not well formed."
    with pytest.raises(InvalidTokenError):
        unverified_claims(crafted(key, header(key), broken[1]))
    with pytest.raises(InvalidTokenError):
        header_of(crafted(key, broken[0]))


def test_rfc7519_s4_a_member_that_stands_twice_is_refused(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    twice = b'{"alg":"ES256","kid":"%s","typ":"JWT","typ":"JWT"}' % key.kid.encode()
    refused(ring, crafted(key, twice))
    payload = json.dumps(CLAIMS)[:-1].encode()
    refused(ring, crafted(key, header(key), payload + b',"sub":"s-2"}'))
    refused(ring, crafted(key, header(key), payload + b',"nested":{"a":1,"a":2}}'))


@pytest.mark.parametrize("payload", [
    b"", b"[]", b"1", b'"x"', b"null", b"{", b"\xff", b'{"exp":NaN}', b'{"exp":Infinity}', b"[" * 5000, b'{"a":' * 3000,
])
def test_a_payload_that_is_no_object_is_refused(ring: KeyRing, payload: bytes) -> None:
    key = ring.signing("ES256")
    refused(ring, crafted(key, header(key), payload))


@pytest.mark.parametrize("bad", [b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 1500])
def test_a_header_that_is_no_object_is_refused(ring: KeyRing, bad: bytes) -> None:
    refused(ring, crafted(ring.signing("ES256"), bad))


@pytest.mark.parametrize("members", [
    {"alg": 1}, {"alg": None}, {"alg": ["ES256"]}, {"alg": {}}, {"kid": 1}, {"kid": ["x"]}, {"kid": ""}, {"kid": "unknown"},
    {"kid": None}, {"kid": {"a": 1}}, {"typ": 1}, {"typ": ["JWT"]}, {"typ": ""},
])
def test_header_members_of_the_wrong_kind_are_refused(ring: KeyRing, members: dict[str, Any]) -> None:
    key = ring.signing("ES256")
    refused(ring, crafted(key, header(key, **members)))


def test_an_altered_token_is_refused(ring: KeyRing) -> None:
    first, _, third = sign(CLAIMS, ring.signing("ES256"), typ="JWT").split(".")
    refused(ring, f"{first}.{part({**CLAIMS, 'sub': 's-2'})}.{third}")
    for signature in (b"", b"\x00" * 64, b"\x00" * 63, b"\xff" * 64, b"\x00" * 65, b"\x30" * 70):
        refused(ring, f"{first}.{part(CLAIMS)}.{part(signature)}")


def test_another_key_of_the_same_kind_is_refused(ring: KeyRing) -> None:
    for alg, private in (("ES256", ECKey(ec.generate_private_key(ec.SECP256R1()), None)),):
        stranger = SigningKey(ring.signing(alg).kid, alg, private)
        refused(ring, crafted(stranger, header(stranger)))


@pytest.mark.parametrize(("typ", "wanted", "accepted"), [
    ("JWT", "JWT", True), ("jwt", "JWT", True), (None, "JWT", True), ("JWT", None, True), (None, None, True),
    ("at+jwt", "at+jwt", True), ("application/at+jwt", "at+jwt", True), ("AT+JWT", "at+jwt", True),
    ("at+jwt", "JWT", False), ("at+jwt", None, False), ("logout+jwt", None, False), ("logout+jwt", "at+jwt", False),
    ("JWT", "at+jwt", False), (None, "at+jwt", False), ("at+jwt", "logout+jwt", False), ("dpop+jwt", "JWT", False),
])
def test_rfc8725_s3_11_types_are_not_interchangeable(ring: KeyRing, typ: str | None, wanted: str | None, accepted: bool) -> None:
    key = ring.signing("ES256")
    token = crafted(key, header(key, typ=typ))
    if accepted:
        assert check(ring, token, typ=wanted) == CLAIMS
    else:
        assert "type" in refused(ring, token, typ=wanted).message


@pytest.mark.parametrize("issuer", ["https://evil.example", "https://idp.example/", "", None, 1, ["https://idp.example"]])
def test_rfc8725_s3_8_another_issuer_is_refused(ring: KeyRing, issuer: Any) -> None:
    refused(ring, sign({**CLAIMS, "iss": issuer}, ring.signing("ES256"), typ="JWT"))
    refused(ring, sign({name: value for name, value in CLAIMS.items() if name != "iss"}, ring.signing("ES256"), typ="JWT"))


@pytest.mark.parametrize("audience", ["other", "", None, 1, [], ["other"], ["qlvb", 1], {"qlvb": 1}, [["qlvb"]], "qlvb other"])
def test_rfc8725_s3_9_another_audience_is_refused(ring: KeyRing, audience: Any) -> None:
    refused(ring, sign({**CLAIMS, "aud": audience}, ring.signing("ES256"), typ="JWT"))
    refused(ring, sign({name: value for name, value in CLAIMS.items() if name != "aud"}, ring.signing("ES256"), typ="JWT"))


def test_one_of_several_audiences_is_enough(ring: KeyRing) -> None:
    token = sign({**CLAIMS, "aud": ["a", "qlvb"]}, ring.signing("ES256"), typ="JWT")
    assert check(ring, token, audience=["x", "qlvb"])["sub"] == "s-1"


@pytest.mark.parametrize("times", [
    {"exp": NOW}, {"exp": NOW - 1}, {"exp": None}, {"exp": "9999999999"}, {"exp": True}, {"exp": [1]}, {"exp": 1e300},
    {"exp": -1}, {"nbf": NOW + 1}, {"nbf": "0"}, {"iat": NOW + 1}, {"iat": True}, {"iat": None},
])
def test_rfc7519_s4_1_times_are_checked(ring: KeyRing, times: dict[str, Any]) -> None:
    refused(ring, sign({**CLAIMS, **times}, ring.signing("ES256"), typ="JWT"))


def test_a_token_without_exp_is_refused(ring: KeyRing) -> None:
    refused(ring, sign({name: value for name, value in CLAIMS.items() if name != "exp"}, ring.signing("ES256"), typ="JWT"))


def test_leeway_bears_clock_differences_and_no_more(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    assert check(ring, sign({**CLAIMS, "exp": NOW - 29}, key, typ="JWT"), leeway=30)
    refused(ring, sign({**CLAIMS, "exp": NOW - 30}, key, typ="JWT"), leeway=30)
    assert check(ring, sign({**CLAIMS, "iat": NOW + 30}, key, typ="JWT"), leeway=30)
    refused(ring, sign({**CLAIMS, "iat": NOW + 31}, key, typ="JWT"), leeway=30)


def test_an_expired_hint_is_still_a_hint_but_never_from_the_future(ring: KeyRing) -> None:
    key = ring.signing("ES256")
    assert check(ring, sign({**CLAIMS, "exp": NOW - 9999}, key, typ="JWT"), allow_expired=True)
    refused(ring, sign({**CLAIMS, "exp": NOW - 9999, "iat": NOW + 60}, key, typ="JWT"), allow_expired=True)


@pytest.mark.parametrize("subject", [1, None, ["s-1"], True])
def test_rfc7519_s4_1_2_a_subject_is_a_string(ring: KeyRing, subject: Any) -> None:
    refused(ring, sign({**CLAIMS, "sub": subject}, ring.signing("ES256"), typ="JWT"))


def test_what_cannot_be_json_is_not_signed(ring: KeyRing) -> None:
    with pytest.raises(ValueError, match="JSON"):
        sign({"exp": float("nan")}, ring.signing("ES256"), typ="JWT")


def test_a_short_rsa_key_is_no_key_of_ours() -> None:
    with pytest.raises(ValueError, match="1024"):
        rsa.generate_private_key(65537, 512)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,90}", fullmatch=True))
def test_whatever_is_sent_the_answer_is_a_refusal(ring: KeyRing, token: str) -> None:
    refused(ring, token)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "zip", "x"]), JSON))
def test_whatever_header_is_signed_nothing_but_ours_is_accepted(ring: KeyRing, members: dict[str, Any]) -> None:
    refused(ring, crafted(SigningKey("x", "ES256", ECKey(ec.generate_private_key(ec.SECP256R1()), None)), members))
