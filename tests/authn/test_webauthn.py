"""The ceremonies (Web Authentication Level 2 §7.1, §7.2; security checklist 31): each rule refuses, and nonsense only refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.authn.webauthn import CeremonyError, Judged, NewCredential, RelyingParty, encode, read_assertion
from tests.fakes.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    ORIGIN,
    PRESENT,
    RP_ID,
    VERIFIED,
    Authenticator,
    cose,
    decoded,
    new_key,
    sign,
)

PARTY = RelyingParty(RP_ID, ORIGIN, "Hệ thống đăng nhập một lần")
CHALLENGE = b"c" * 32
HANDLE = b"h" * 32
CREATION = PARTY.creation_options(challenge=CHALLENGE, user_handle=HANDLE, login_name="canbo", name="Nguyễn Văn Mẫu", existing=())
REQUEST = PARTY.request_options(challenge=CHALLENGE, allowed=(), verification="required")


def register(answer: dict[str, Any], challenge: bytes = CHALLENGE) -> NewCredential:
    return PARTY.judge_registration(json.dumps(answer), challenge)


def assertion(device: Authenticator, answer: dict[str, Any], challenge: bytes = CHALLENGE, *, must_verify: bool = True) -> Judged:
    return PARTY.judge_assertion(read_assertion(json.dumps(answer)), challenge, cbor2.dumps(cose(device.key)),
                                 must_verify=must_verify)


def why(act: Callable[..., object], *arguments: Any, **more: Any) -> str:
    with pytest.raises(CeremonyError) as refusal:
        act(*arguments, **more)
    return str(refusal.value)


class TestOptions:
    def test_creation_asks_for_a_discoverable_passkey_with_user_verification_and_no_attestation(self) -> None:
        assert CREATION["authenticatorSelection"] == {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
        assert CREATION["attestation"] == "none"
        assert [one["alg"] for one in CREATION["pubKeyCredParams"]] == [-7, -8, -257]
        assert CREATION["rp"]["id"] == RP_ID
        assert CREATION["user"] == {"id": encode(HANDLE), "name": "canbo", "displayName": "Nguyễn Văn Mẫu"}

    def test_both_are_json(self) -> None:
        assert json.loads(json.dumps(CREATION)) == CREATION
        assert json.loads(json.dumps(REQUEST)) == REQUEST

    def test_passkeys_that_there_are_are_named_with_how_they_are_reached(self) -> None:
        known = NewCredential(b"id", b"", 0, False, ("internal", "usb"))
        named = {"type": "public-key", "id": encode(b"id"), "transports": ["internal", "usb"]}
        assert PARTY.creation_options(challenge=CHALLENGE, user_handle=HANDLE, login_name="a", name="",
                                      existing=[known])["excludeCredentials"] == [named]
        asked = PARTY.request_options(challenge=CHALLENGE, allowed=[known], verification="preferred")
        assert asked["allowCredentials"] == [named]


class TestRegistration:
    @pytest.mark.parametrize("alg", [-7, -8, -257])
    def test_s7_1_each_algorithm_that_is_offered(self, alg: int) -> None:
        device = Authenticator(key=new_key(alg))
        made = register(device.make(CREATION))
        assert (made.credential_id, made.public_key) == (device.credential_id, cbor2.dumps(cose(device.key)))
        assert (made.sign_count, made.synced, made.transports) == (0, False, ("internal",))
        assert assertion(device, device.prove(REQUEST)) == Judged(1, True, False)

    def test_level_3_s6_1_3_a_passkey_that_can_be_backed_up_is_said_to(self) -> None:
        assert register(Authenticator(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP).make(CREATION)).synced
        assert "backed up" in why(register, Authenticator(flags=PRESENT | VERIFIED | BACKED_UP).make(CREATION))

    def test_a_signature_by_the_key_itself_is_an_attestation_that_browsers_leave(self) -> None:
        device = Authenticator()
        honest = self.self_attested(device, device.key)
        assert register(honest).credential_id == device.credential_id
        assert "signature" in why(register, self.self_attested(device, new_key()))

    @staticmethod
    def self_attested(device: Authenticator, key: Any) -> dict[str, Any]:
        answer = device.make(CREATION)
        made = cbor2.loads(decoded(answer["response"]["attestationObject"]))
        told = decoded(answer["response"]["clientDataJSON"])
        made |= {"fmt": "packed", "attStmt": {"alg": -7, "sig": sign(key, made["authData"] + hashlib.sha256(told).digest())}}
        answer["response"]["attestationObject"] = encode(cbor2.dumps(made))
        return answer

    @pytest.mark.parametrize(("changed", "words"), [
        ({"origin": "https://localhost:8000"}, "origin"), ({"origin": "http://localhost:8000/"}, "origin"),
        ({"origin": "http://localhost:80000"}, "origin"), ({"origin": "http://evil.localhost:8000"}, "origin"),
        ({"type": "webauthn.get"}, "type"), ({"challenge": encode(b"d" * 32)}, "challenge"), ({"challenge": ""}, "challenge"),
        ({"crossOrigin": True}, "another site"), ({"crossOrigin": "false"}, "another site"),
        ({"topOrigin": "https://evil.example"}, "another site")])
    def test_s7_1_client_data(self, changed: dict[str, Any], words: str) -> None:
        assert words in why(register, Authenticator().make(CREATION, **changed))

    def test_s7_1_rp_id_hash(self) -> None:
        assert "RP ID" in why(register, Authenticator(rp_id="evil.example").make(CREATION))

    @pytest.mark.parametrize("flags", [PRESENT, VERIFIED, 0])
    def test_s7_1_user_present_and_verified(self, flags: int) -> None:
        assert "ser" in why(register, Authenticator(flags=flags).make(CREATION))

    def test_s7_1_the_credential_made_is_the_one_named(self) -> None:
        assert "named" in why(register, Authenticator().make(CREATION, attested_id=b"another"))

    def test_id_and_raw_id_are_one(self) -> None:
        answer = Authenticator().make(CREATION)
        assert "rawId" in why(register, {**answer, "id": encode(b"another")})
        assert "named" in why(register, {**answer, "id": encode(b"another"), "rawId": encode(b"another")})

    @pytest.mark.parametrize("fmt", ["fido-u2f", "tpm", "android-key", "android-safetynet", "apple", "compound", 7, None])
    def test_no_other_attestation_is_read(self, fmt: Any) -> None:
        assert "attestation" in why(register, Authenticator().make(CREATION, fmt=fmt))

    def test_no_certificate_is_read(self) -> None:
        for chain in ([], [b"certificate"]):
            answer = Authenticator().make(CREATION, fmt="packed", statement={"alg": -7, "sig": b"s", "x5c": chain})
            assert "attestation" in why(register, answer)

    def test_s5_8_5_a_key_of_another_algorithm_or_form_is_refused(self) -> None:
        p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
        small = cose(rsa.generate_private_key(65537, 1024))
        odd = cose(rsa.generate_private_key(3, 2048))
        good, edwards, long = cose(new_key()), cose(new_key(-8)), cose(new_key(-257))
        on_p384 = {1: 2, 3: -7, -1: 2, -2: p384.x.to_bytes(48, "big"), -3: p384.y.to_bytes(48, "big")}
        for public in (small, odd, on_p384, good | {3: -35}, good | {3: -257}, good | {-2: b"\0" * 32}, good | {-3: 5}, {}, [], 4,
                       edwards | {3: -7}, edwards | {-2: b"short"}, long | {3: -37}, long | {-1: b"\xff" * 4000}, {1: 2, 3: -7}):
            why(register, Authenticator().make(CREATION, public=public))

    def test_what_is_left_over_is_refused(self) -> None:
        why(register, Authenticator().make(CREATION, extra=b"\0"))

    def test_s4_a_credential_id_is_at_most_1023_bytes(self) -> None:
        assert register(Authenticator(credential_id=b"i" * 1023).make(CREATION)).credential_id == b"i" * 1023
        assert why(register, Authenticator(credential_id=b"i" * 1024).make(CREATION))

    def test_unknown_transports_are_left_out(self) -> None:
        answer = Authenticator().make(CREATION)
        for told, kept in ((["usb", "internal", "telepathy", 7, "usb"], ("internal", "usb")), ("usb", ()), (None, ())):
            answer["response"]["transports"] = told
            assert register(answer).transports == kept


class TestAssertion:
    @pytest.mark.parametrize(("changed", "words"), [
        ({"origin": "https://localhost:8000"}, "origin"), ({"origin": "http://localhost"}, "origin"),
        ({"origin": "http://evil.localhost:8000"}, "origin"), ({"type": "webauthn.create"}, "type"),
        ({"type": "payment.get"}, ""),
        ({"challenge": encode(b"d" * 32)}, "challenge"), ({"crossOrigin": True}, "another site"),
        ({"topOrigin": ORIGIN}, "another site")])
    def test_s7_2_client_data(self, changed: dict[str, Any], words: str) -> None:
        device = Authenticator()
        assert words in why(assertion, device, device.prove(REQUEST, **changed))

    def test_s7_2_rp_id_hash(self) -> None:
        device = Authenticator(rp_id="evil.example")
        assert "RP ID" in why(assertion, device, device.prove(REQUEST))

    def test_s7_2_user_presence_always_and_verification_where_it_must_be(self) -> None:
        device = Authenticator(flags=PRESENT)
        assert "verif" in why(assertion, device, device.prove(REQUEST))
        assert not assertion(device, device.prove(REQUEST), must_verify=False).verified
        device.flags = VERIFIED
        assert "present" in why(assertion, device, device.prove(REQUEST), must_verify=False)

    def test_s7_2_the_signature_is_over_this_and_by_this_key(self) -> None:
        device = Authenticator()
        assert "signature" in why(assertion, device, device.prove(REQUEST, key=new_key()))
        answer, other = device.prove(REQUEST), device.prove(REQUEST)
        for member in ("authenticatorData", "signature"):
            mixed = {**answer, "response": {**answer["response"], member: other["response"][member]}}
            assert why(assertion, device, mixed), member

    def test_id_and_raw_id_are_one(self) -> None:
        device = Authenticator()
        answer = device.prove(REQUEST)
        for changed in ({"id": encode(b"another")}, {"rawId": encode(b"another")}, {"id": None}, {"id": answer["id"] + "="}):
            assert "rawId" in why(assertion, device, {**answer, **changed})

    def test_base64url_has_one_spelling(self) -> None:
        device = Authenticator(credential_id=b"\xff" * 16)
        right = device.prove(REQUEST)
        assert assertion(device, right).verified
        name = right["rawId"]
        for spelt in (name + "=", name.replace("_", "/"), name + "\n", name[:-1] + "x", "", "ạ"):
            assert why(assertion, device, {**right, "id": spelt, "rawId": spelt}), spelt


class TestNonsense:
    """Whatever a stranger sends is refused; nothing else is raised."""

    @pytest.mark.parametrize("text", [
        "", "{}", "[]", "null", "{", "\0", "\ud800", "x" * 20_000, '{"id":1}', '{"type":"public-key","id":"a","id":"b"}',
        "[" * 10_000, '{"type":"public-key","id":"AA","rawId":"AA","response":[]}',
        '{"type":"password","id":"AA","rawId":"AA","response":{}}', '{"type":"public-key","id":"AA","rawId":"AA","response":{}}'])
    def test_what_is_no_answer(self, text: str) -> None:
        for read in (read_assertion, lambda text: PARTY.judge_registration(text, CHALLENGE)):
            assert why(read, text)

    @settings(max_examples=150, deadline=None)
    @given(st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=40),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
            ["fmt", "attStmt", "authData", "sig", "x5c", "alg", 1, 3, -1, -2, -3]), inner, max_size=6), max_leaves=12))
    def test_any_cbor_in_the_place_of_the_attestation_and_of_the_key(self, value: Any) -> None:
        device = Authenticator()
        answer = device.make(CREATION, public=value)
        why(register, answer)
        answer["response"]["attestationObject"] = encode(cbor2.dumps(value))
        why(register, answer)

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"]), st.data())
    def test_any_bytes_in_the_place_of_any_member(self, member: str, data: st.DataObject) -> None:
        device = Authenticator()
        answer = device.make(CREATION) if member == "attestationObject" else device.prove(REQUEST)
        whole = answer["response"][member] or "AA"
        cut = data.draw(st.integers(0, 400)) % (len(whole) + 1)
        noise = data.draw(st.binary(max_size=60))
        answer["response"][member] = whole[:cut - cut % 4] + encode(noise)
        with suppress(CeremonyError):
            register(answer) if member == "attestationObject" else assertion(device, answer)

    @settings(max_examples=100, deadline=None)
    @given(st.dictionaries(st.sampled_from(["type", "challenge", "origin", "crossOrigin", "topOrigin", "tokenBinding"]),
                           st.none() | st.booleans() | st.integers() | st.text(max_size=30)
                           | st.dictionaries(st.sampled_from(["status", "id"]), st.text(max_size=10) | st.integers())))
    def test_any_client_data(self, told: dict[str, Any]) -> None:
        device = Authenticator()
        answer = device.prove(REQUEST)
        answer["response"]["clientDataJSON"] = encode(json.dumps(told).encode())
        why(assertion, device, answer)
