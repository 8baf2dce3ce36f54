"""/csc/v1/ as a program sees it: who may, what is answered, and what every mistake is told."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from tests.fakes.directory import PASSWORD
from tests.provider import CALLER, SECRET, Reply
from tests.signing.csc.house import FIRST, SECOND

from .door import Door, b64


def refused(reply: Reply, status: int, error: str, words: str = "") -> None:
    assert (reply.status, reply.json["error"]) == (status, error), reply.body
    assert reply.headers["Content-Type"] == "application/json"
    assert words in reply.json["error_description"]
    assert reply.json["error_description"].isascii()


def test_csc_11_1_info_needs_nobody(door: Door) -> None:
    told = door.ask("info", token="").json
    assert (told["specs"], told["region"], told["lang"]) == ("1.0.4.0", "VN", "vi-VN")
    assert told["authType"] == ["oauth2code", "oauth2client", "basic"]
    assert told["oauth2"] == "https://id.haugiang.example/csc/"
    assert set(told["methods"]) == {
        "info", "auth/login", "auth/revoke", "credentials/list", "credentials/info", "credentials/authorize",
        "credentials/extendTransaction", "signatures/signHash"}
    assert door.ask("info", {"lang": "en-GB"}, token="").json["lang"] == "en-US"
    assert door.call("POST", "/csc/v1/info").status == 200
    refused(door.ask("info", {"lang": 7}, token=""), 400, "invalid_request", "lang")


def test_csc_10_1_what_is_not_there(door: Door) -> None:
    assert door.ask("credentials/sendOTP", {}).status == 501
    assert door.ask("nothing", {}).status == 404
    assert door.ask("signatures/timestamp", {}).status == 404
    assert door.call("GET", "/csc/v1/info").status == 405


def test_csc_11_4_an_officer_has_one_credential(door: Door) -> None:
    assert door.ask("credentials/list", {"maxResults": 5, "clientData": "x"}).json == {"credentialIDs": [door.credential]}
    refused(door.ask("credentials/list", {"userID": "canbo"}), 400, "invalid_request", "userID")
    refused(door.ask("credentials/list", {"pageToken": "x"}), 400, "invalid_request", "pageToken")
    refused(door.ask("credentials/list", {"maxResults": True}), 400, "invalid_request", "maxResults")
    other = door.tokens_for(session=door.session(door.officer("khac")), scope="service")["access_token"]
    assert door.ask("credentials/list", {}, token=other).json == {"credentialIDs": []}


def test_csc_11_5_what_a_credential_is(door: Door) -> None:
    told = door.ask("credentials/info", {"credentialID": door.credential, "certificates": "chain", "certInfo": True,
                                         "authInfo": True}).json
    assert told["key"] == {"status": "enabled", "algo": ["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4"],
                           "len": 256, "curve": "1.2.840.10045.3.1.7"}
    assert (told["authMode"], told["SCAL"], told["multisign"]) == ("implicit", "2", 3)
    assert (told["PIN"], told["OTP"]) == ({"presence": "false"}, {"presence": "false"})
    assert told["cert"]["serialNumber"] == "7"
    assert told["cert"]["validFrom"] == "20230101000000Z"
    assert told["cert"]["subjectDN"] == "CN=Nguyễn Văn Mẫu"
    assert x509.Certificate.load(base64.b64decode(told["cert"]["certificates"][0])).serial_number == 7
    short = door.ask("credentials/info", {"credentialID": door.credential, "certificates": "none"}).json
    assert short["cert"] == {"status": "valid"}
    door.phones.standings.revoked.add(door.phones.cards[door.sub].der)
    revoked = door.ask("credentials/info", {"credentialID": door.credential}).json
    assert (revoked["key"]["status"], revoked["cert"]["status"]) == ("disabled", "revoked")


_TEST_CSC_11_5_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "credentialID"), ({"credentialID": 7}, "credentialID"), ({"credentialID": ""}, "credentialID"),
    ({"credentialID": "x" * 2000}, "Invalid parameter credentialID"),
    ({"credentialID": "sim-x"}, "Invalid parameter credentialID"),
    ({"certificates": "all"}, "certificates"), ({"certificates": ["chain"]}, "certificates"), ({"certInfo": "yes"}, "certInfo"),
    ({"authInfo": 1}, "authInfo")]


def test_csc_11_5_mistakes(door: Door) -> None:
    for body, words in _TEST_CSC_11_5_MISTAKES:
        whole = body if "credentialID" in body or not body else {"credentialID": door.credential, **body}
        refused(door.ask("credentials/info", whole), 400, "invalid_request", words)


def test_csc_11_6_and_11_9_from_the_hash_to_the_signature(door: Door) -> None:
    told = door.authorize(description="Quyết định số 12", clientData="anything").json
    assert set(told) == {"SAD", "expiresIn"}
    assert 0 < told["expiresIn"] <= 300
    signed = door.sign(told["SAD"]).json
    door.phones.cards[door.sub].key.public_key().verify(base64.b64decode(signed["signatures"][0]), FIRST, ec.ECDSA(
        utils.Prehashed(SHA256())))
    refused(door.sign(told["SAD"]), 400, "invalid_request", "Invalid parameter SAD")
    (one,) = door.phones.store.of_officer(door.sub, limit=5)
    assert (one.document, one.subject, one.client_id, one.unit_code) == ("Quyết định số 12", "Quyết định số 12", "qlvb", "H30.1")
    assert (one.sid != "", one.acr, one.amr) == (True, "urn:haugiang:acr:1", "pwd")


def test_security_57_the_phone_shows_what_is_signed(door: Door) -> None:
    shown = base64.b64encode(b'{"dtbd": "QD 12", "language": "vi"}').decode()
    for changes, document, subject in (
            ({}, f"Quản lý văn bản {FIRST.hex()[:8]}", "Quản lý văn bản"), ({"clientData": shown}, "QD 12", "QD 12"),
            ({"clientData": shown, "description": "Quyết định số 12"}, "QD 12", "Quyết định số 12"),
            ({"clientData": b64(b"[]"), "description": "Số 12"}, "Số 12", "Số 12")):
        assert door.authorize(**changes).status == 200
        one = door.phones.store.of_officer(door.sub, limit=1)[0]
        assert (one.document, one.subject) == (document, subject)
        assert door.sign(door.authorize(**changes).json["SAD"]).status == 200
    door.authorize(FIRST, SECOND, description="Số 12")
    assert [one.document for one in door.phones.store.of_officer(door.sub, limit=2)] == ["Số 12 (2/2)", "Số 12 (1/2)"]


_TEST_CSC_11_6_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"credentialID": ...}, "credentialID"), ({"credentialID": "sim-x"}, "Invalid parameter credentialID"),
    ({"numSignatures": ...}, "integer parameter numSignatures"), ({"numSignatures": "1"}, "numSignatures"),
    ({"numSignatures": True}, "numSignatures"), ({"numSignatures": 1.0}, "numSignatures"),
    ({"numSignatures": 0}, "Invalid value for parameter numSignatures"),
    ({"numSignatures": 4}, "Numbers of signatures is too high"),
    ({"hash": ...}, "array parameter hash"), ({"hash": b64(FIRST)}, "array parameter hash"), ({"hash": []}, "Empty hash array"),
    ({"hash": [7]}, "Base64"), ({"hash": ["!!"]}, "Base64"), ({"hash": [b64(FIRST).rstrip("=")]}, "Base64"),
    ({"hash": [b64(FIRST) + "\n"]}, "Base64"), ({"hash": [b64(FIRST[:31])]}, "Invalid digest value length"),
    ({"hash": [b64(FIRST), b64(FIRST[:20])], "numSignatures": 2}, "Invalid digest value length"),
    ({"hash": [b64(FIRST), b64(FIRST)], "numSignatures": 2}, "twice"),
    ({"hash": [b64(FIRST), b64(SECOND)], "numSignatures": 1}, "Numbers of signatures is too high"),
    ({"hash": [b64(FIRST)] * 21, "numSignatures": 21}, "Invalid parameter hash"),
    ({"PIN": "123456"}, "PIN"), ({"OTP": "1"}, "OTP"), ({"description": "x" * 501}, "description"),
    ({"description": 7}, "description"),
    ({"description": "Số 12\u202e"}, "description"), ({"clientData": 7}, "clientData"),
    ({"clientData": "x" * 5000}, "clientData")]


def test_csc_11_6_mistakes(door: Door) -> None:
    for changes, words in _TEST_CSC_11_6_MISTAKES:
        refused(door.authorize(**changes), 400, "invalid_request", words)
        assert door.phones.carrier.calls == []


_TEST_CSC_11_9_MISTAKES_USE_NOTHING_UP: list[tuple[dict[str, Any], str]] = [
    ({"SAD": ...}, "string parameter SAD"), ({"SAD": 7}, "string parameter SAD"), ({"SAD": "x"}, "Invalid parameter SAD"),
    ({"credentialID": ...}, "credentialID"), ({"credentialID": "sim-x"}, "Invalid parameter credentialID"),
    ({"hash": ...}, "array parameter hash"), ({"hash": []}, "Empty hash array"),
    ({"hash": [b64(SECOND)]}, "not authorized by the SAD"),
    ({"hash": [b64(FIRST), b64(SECOND)]}, "not authorized by the SAD"), ({"hash": ["?"]}, "Base64"),
    ({"hashAlgo": "2.16.840.1.101.3.4.2.2"}, "contradicts"), ({"hashAlgo": "1.3.14.3.2.26"}, "Invalid parameter hashAlgo"),
    ({"signAlgo": ...}, "string parameter signAlgo"), ({"signAlgo": "1.2.3"}, "Invalid parameter signAlgo"),
    ({"signAlgo": "1.2.840.113549.1.1.11"}, "ECDSA"), ({"signAlgo": "1.2.840.113549.1.1.1", "hashAlgo": ...}, "hashAlgo"),
    ({"signAlgoParams": "AAAA"}, "signAlgoParams"),
    ({"signAlgo": "1.2.840.113549.1.1.10", "signAlgoParams": "AAAA"}, "signAlgoParams")]


def test_csc_11_9_mistakes_use_nothing_up(door: Door) -> None:
    for changes, words in _TEST_CSC_11_9_MISTAKES_USE_NOTHING_UP:
        sad = door.authorize().json["SAD"]
        refused(door.sign(sad, **changes), 400, "invalid_request", words)
        assert door.sign(sad, hashAlgo=...).status == 200


def test_security_59_the_sad_of_another(door: Door) -> None:
    sad = door.authorize().json["SAD"]
    door.client("khac", source="file")
    stranger = door.tokens_for(client_id="khac", scope="service")["access_token"]
    refused(door.sign(sad, token=stranger), 400, "invalid_request", "Invalid parameter SAD")
    sub = door.officer("lanhdao")
    door.card(sub)
    colleague = door.tokens_for(session=door.session(sub), scope="service")["access_token"]
    refused(door.sign(sad, token=colleague), 400, "invalid_request", "Invalid parameter SAD")
    refused(door.authorize(token=colleague), 400, "invalid_request", "Invalid parameter credentialID")
    refused(door.sign(sad, credentialID=door.phones.credential(sub)), 400, "invalid_request", "Invalid parameter credentialID")
    assert door.sign(sad).status == 200


def test_csc_11_7_a_second_signature_of_one_authorization(door: Door) -> None:
    sad = door.authorize(numSignatures=2).json["SAD"]
    assert door.sign(sad).status == 200
    body = {"credentialID": door.credential, "SAD": sad, "hash": [b64(SECOND)]}
    told = door.ask("credentials/extendTransaction", body).json
    assert door.sign(told["SAD"], SECOND).status == 200
    refused(door.ask("credentials/extendTransaction", body | {"hash": [b64(FIRST)]}), 400, "invalid_request", "SAD")
    refused(door.ask("credentials/extendTransaction", body | {"SAD": ""}), 400, "invalid_request", "SAD")
    refused(door.ask("credentials/extendTransaction", body | {"SAD": told["SAD"], "hash": [b64(FIRST)]}), 400, "invalid_request",
            "Numbers of signatures")


def test_rfc6750_nobody_without_a_token_of_the_scope(door: Door) -> None:
    for method in ("credentials/list", "credentials/info", "credentials/authorize", "credentials/extendTransaction",
                   "signatures/signHash"):
        _needs_a_token(door, method)
        machine = door.machine(scope="service").json["access_token"]
        refused(door.ask(method, {}, token=machine), 401, "invalid_token", "officer")
    _needs_a_token(door, "auth/revoke")


def _needs_a_token(door: Door, method: str) -> None:
    missing = door.ask(method, {}, token="")
    refused(missing, 401, "invalid_token")
    assert missing.headers["WWW-Authenticate"] == 'Bearer realm="csc"'
    refused(door.ask(method, {}, token="x" * 43), 401, "invalid_token")
    plain = door.tokens_for(scope="openid profile")["access_token"]
    refused(door.ask(method, {}, token=plain), 403, "insufficient_scope")
    assert door.call("POST", f"/csc/v1/{method}", query=f"access_token={door.service}", body=b"{}",
                     headers={"content-type": "application/json"}).status == 400


@pytest.mark.parametrize("change", [
    lambda door: door.disable(), lambda door: door.client(disabled=True), lambda door: door.client(scope=frozenset({"openid"})),
    lambda door: door.clock.advance(700), lambda door: door.client(allowed_groups=frozenset({"khac"})),
    lambda door: door.deprovisioning.end_access(door.sub, "operator", CALLER)])
def test_security_18_whoever_may_act_no_more_gets_no_signature(door: Door, change: Callable[[Door], Any]) -> None:
    sad = door.authorize().json["SAD"]
    change(door)
    assert door.sign(sad).status in {401, 403}
    assert door.authorize(SECOND).status in {401, 403}


def basic(name: str, secret: str) -> str:
    return "Basic " + b64(f"{name}:{secret}".encode())


def test_csc_11_2_an_application_logs_in_for_itself_and_signs_nothing(door: Door) -> None:
    told = door.ask("auth/login", {"rememberMe": True}, token="", authorization=basic("qlvb", SECRET)).json
    assert set(told) == {"access_token", "expires_in"}
    for method, body in (("credentials/list", {}), ("credentials/list", {"userID": "canbo"}),
                         ("credentials/info", {"credentialID": door.credential}), ("signatures/signHash", {})):
        refused(door.ask(method, body, token=told["access_token"]), 401, "invalid_token", "officer")
    refused(door.authorize(token=told["access_token"]), 401, "invalid_token", "officer")
    assert door.ask("auth/revoke", {"token": told["access_token"]}, token=told["access_token"]).status == 204
    refused(door.ask("auth/revoke", {"token": "x"}, token=told["access_token"]), 401, "invalid_token")


def test_security_8_no_password_of_an_officer_opens_anything(door: Door) -> None:
    for name, secret in (("canbo", PASSWORD), ("canbo", ""), ("qlvb", "wrong"), ("qlvb", PASSWORD), ("nobody", SECRET)):
        refused(door.ask("auth/login", token="", authorization=basic(name, secret)), 400, "authentication_error")
    refused(door.ask("auth/login", {"refresh_token": "x"}, token="", authorization=basic("qlvb", SECRET)), 400, "invalid_request")
    refused(door.ask("auth/login", {"rememberMe": "yes"}, token="", authorization=basic("qlvb", SECRET)), 400, "invalid_request")
    for header in ({}, {"authorization": "Bearer x"}, {"authorization": "Digest x"}):
        missing = door.ask("auth/login", token="", **header)
        refused(missing, 401, "invalid_request")
        assert missing.headers["WWW-Authenticate"] == 'Basic realm="csc"'
    door.client(disabled=True)
    refused(door.ask("auth/login", token="", authorization=basic("qlvb", SECRET)), 400, "authentication_error")


def test_csc_11_3_a_token_is_given_back(door: Door) -> None:
    other = door.tokens_for(scope="service")
    assert door.ask("auth/revoke", {"token": other["access_token"], "token_type_hint": "access_token"}).status == 204
    refused(door.ask("credentials/list", {}, token=other["access_token"]), 401, "invalid_token")
    door.client("khac", source="file")
    stranger = door.tokens_for(client_id="khac", scope="service")["access_token"]
    assert door.ask("auth/revoke", {"token": stranger}).status == 204
    assert door.ask("credentials/list", {}, token=stranger).status == 200
    assert door.ask("auth/revoke", {"token": "x"}).status == 204
    refused(door.ask("auth/revoke", {}), 400, "invalid_request", "token")
    refused(door.ask("auth/revoke", {"token": "x", "token_type_hint": "cookie"}), 400, "invalid_request", "token_type_hint")
    assert door.ask("auth/revoke", {"token": door.service}).status == 204
    refused(door.ask("credentials/list", {}), 401, "invalid_token")


def test_what_the_phone_said_is_told_in_a_word(door: Door) -> None:
    door.phones.carrier.fault = (401, None)
    door.phones.waits = [lambda: door.clock.advance(10)]
    reply = door.authorize()
    refused(reply, 400, "access_denied", "refused on the phone")
    assert reply.json["outcome"] == "cancelled"


def test_security_27_one_officer_is_not_asked_without_end(door: Door) -> None:
    replies = [door.authorize(numSignatures=3, credentialID="sim-x").status for _ in range(61)]
    assert replies == [400] * 60 + [429]
    assert int(door.authorize().headers["Retry-After"]) > 0


def test_a_card_that_is_busy_and_a_house_that_is_full(door: Door) -> None:
    door.phones.csc.begin(door.phones.who(sub=door.sub, client_id="khac"), door.phones.wish(sub=door.sub), CALLER)
    busy = door.authorize()
    refused(busy, 429, "temporarily_unavailable")
    assert int(busy.headers["Retry-After"]) > 0
    with door.phones.waiting.place(), door.phones.waiting.place(), door.phones.waiting.place(), door.phones.waiting.place():
        full = door.authorize(SECOND)
    refused(full, 503, "temporarily_unavailable")
    assert full.headers["Retry-After"] == "5"


def test_rfc8259_a_body_is_one_object(door: Door) -> None:
    for body in (b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'{"credentialID": NaN}'):
        for method in ("credentials/authorize", "signatures/signHash", "credentials/info"):
            refused(door.ask(method, body), 400, "invalid_request")
    refused(door.ask("credentials/info", b"{}", kind="text/plain"), 400, "invalid_request")
    assert door.ask("credentials/info", b" " * 70_000).status == 413


_ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3)
                        | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=5)


@given(st.dictionaries(st.sampled_from(["credentialID", "numSignatures", "hash", "SAD", "signAlgo", "hashAlgo", "signAlgoParams",
                                        "description", "clientData", "certificates", "token", "userID"]), _ANY, max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_sent_the_answer_is_json_and_no_failure(door: Door, body: dict[str, Any]) -> None:
    for method in ("credentials/list", "credentials/info", "credentials/authorize", "credentials/extendTransaction",
                   "signatures/signHash"):
        reply = door.ask(method, body)
        assert (reply.status < 500, bool(reply.json)) == (True, True)


def test_csc_11_10_time_stamps_in_json(sqlite: Database, tmp_path: Path) -> None:
    door = Door(sqlite, tmp_path, stamps=True)
    assert "signatures/timestamp" in door.ask("info").json["methods"]
    body: dict[str, Any] = {"hash": b64(FIRST), "hashAlgo": "2.16.840.1.101.3.4.2.1", "nonce": "0A1f"}
    token = cms.ContentInfo.load(base64.b64decode(door.ask("signatures/timestamp", body).json["timestamp"]))
    said = token["content"]["encap_content_info"]["content"].parsed.native
    assert (said["message_imprint"]["hashed_message"], said["nonce"]) == (FIRST, 0x0A1F)
    assert len(token["content"]["certificates"]) >= 1
    for changes, words in (({"hash": ""}, "hash"), ({"hash": b64(FIRST[:9])}, "length"), ({"hash": "?"}, "Base64"),
                           ({"hashAlgo": "1.2.3"}, "hashAlgo"), ({"hashAlgo": None}, "hashAlgo"), ({"nonce": "xyz"}, "nonce"),
                           ({"nonce": "0" * 65}, "nonce")):
        refused(door.ask("signatures/timestamp", body | changes), 400, "invalid_request", words)
    refused(door.ask("signatures/timestamp", body, token=""), 401, "invalid_token")
    own = door.ask("auth/login", token="", authorization=basic("qlvb", SECRET)).json["access_token"]
    assert door.ask("signatures/timestamp", body, token=own).status == 200
