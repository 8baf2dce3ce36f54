"""/csc/v2/ as a program sees it: the same room in other words, and nobody waits in a request."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.provider import Reply
from tests.signing.csc.house import FIRST, SECOND

from .door import ECDSA_SHA256, SHA256, Door, b64
from .test_version1 import refused


def ask(door: Door, method: str, body: Any = None, **how: Any) -> Reply:
    return door.ask(method, body, version="v2", **how)


def wish(door: Door, *digests: bytes, **changes: Any) -> dict[str, Any]:
    named = [b64(one) for one in digests or (FIRST,)]
    body = {"credentialID": door.credential, "numSignatures": len(named), "hashes": named, "hashAlgorithmOID": SHA256} | changes
    return {name: value for name, value in body.items() if value is not ...}


def signing(door: Door, sad: Any, *digests: bytes, **changes: Any) -> dict[str, Any]:
    return wish(door, *digests, **{"numSignatures": ..., "SAD": sad, "signAlgo": ECDSA_SHA256, "hashAlgorithmOID": ...} | changes)


def test_csc2_11_1_info_tells_the_truth(door: Door) -> None:
    told = ask(door, "info", token="").json
    assert (told["specs"], told["oauth2Issuer"], told["asynchronousOperationMode"]) == (
        "2.0.0.2", "https://id.haugiang.example", False)
    assert "1.2.840.113549.1.1.10" in told["signAlgorithms"]["algos"]
    assert "signatures/signDoc" not in told["methods"]
    for name in told["methods"]:
        assert ask(door, name, {}).status not in {404, 501}, name
    for name in ("signatures/signDoc", "signatures/signPolling", "credentials/getChallenge"):
        assert ask(door, name, {}).status == 501


def test_csc2_11_6_and_11_7_the_phone_is_asked_and_looked_after(door: Door) -> None:
    begun = ask(door, "credentials/authorize", wish(door, authData=[{"id": "sim"}], description="Quyết định số 12"))
    assert (begun.status, set(begun.json)) == (202, {"handle"})
    assert ask(door, "credentials/authorizeCheck", begun.json).status == 202
    assert ask(door, "credentials/authorize", wish(door, description="Quyết định số 12")).json == begun.json
    door.phones.hands()
    done = ask(door, "credentials/authorizeCheck", begun.json)
    assert (done.status, set(done.json)) == (200, {"SAD", "expiresIn"})
    signed = ask(door, "signatures/signHash", signing(door, done.json["SAD"], operationMode="S")).json["signatures"]
    door.phones.cards[door.sub].key.public_key().verify(base64.b64decode(signed[0]), FIRST, ec.ECDSA(
        utils.Prehashed(hashes.SHA256())))
    refused(ask(door, "signatures/signHash", signing(door, done.json["SAD"])), 400, "invalid_request", "SAD")
    assert door.phones.carrier.calls.count("sign") == 1


def test_csc2_both_versions_are_faces_of_one_thing(door: Door) -> None:
    handle = ask(door, "credentials/authorize", wish(door)).json
    door.phones.hands()
    sad = ask(door, "credentials/authorizeCheck", handle).json["SAD"]
    assert door.authorize().json["SAD"] == sad
    assert door.sign(sad).status == 200
    refused(ask(door, "signatures/signHash", signing(door, sad)), 400, "invalid_request", "SAD")


def test_csc2_11_7_a_handle_is_of_one_application_and_one_officer(door: Door) -> None:
    handle = ask(door, "credentials/authorize", wish(door)).json
    door.client("khac", source="file")
    for stranger in (door.tokens_for(client_id="khac", scope="service"),
                     door.tokens_for(session=door.session(door.officer("lanhdao")), scope="service")):
        refused(ask(door, "credentials/authorizeCheck", handle, token=stranger["access_token"]), 400, "invalid_request", "handle")
    for body in ({}, {"handle": 7}, {"handle": "x"}, {"handle": "a\0b"}):
        refused(ask(door, "credentials/authorizeCheck", body), 400, "invalid_request", "handle")
    door.phones.carrier.fault = (401, None)
    door.clock.advance(10)
    told = ask(door, "credentials/authorizeCheck", handle)
    refused(told, 400, "access_denied")
    assert told.json["outcome"] == "cancelled"
    assert ask(door, "credentials/authorizeCheck", handle).json == told.json


def test_csc2_11_4_and_11_5_lists_with_all_that_is_known(door: Door) -> None:
    told = ask(door, "credentials/list", {"credentialInfo": True, "certificates": "chain", "certInfo": True, "authInfo": True,
                                          "onlyValid": True, "lang": "en"}).json
    assert (told["credentialIDs"], told["onlyValid"]) == ([door.credential], True)
    (one,) = told["credentialInfos"]
    assert (one["credentialID"], one["SCAL"], one["multisign"], one["auth"]["mode"]) == (door.credential, "2", 3, "explicit")
    assert one["auth"]["objects"][0]["type"] == "ChallengeResponseOOB"
    alone = ask(door, "credentials/info", {"credentialID": door.credential, "certificates": "chain", "certInfo": True,
                                           "authInfo": True, "lang": "en"}).json
    assert {"credentialID": door.credential, **alone} == one
    assert ask(door, "credentials/list").json == {"credentialIDs": [door.credential]}
    door.phones.standings.revoked.add(door.phones.cards[door.sub].der)
    assert ask(door, "credentials/list", {"onlyValid": True}).json == {"credentialIDs": [], "onlyValid": True}
    for body in ({"userID": "x"}, {"credentialInfo": "yes"}, {"certificates": "all"}, {"onlyValid": 1}):
        refused(ask(door, "credentials/list", body), 400, "invalid_request")


def test_csc2_mistakes(door: Door) -> None:
    changes: dict[str, Any]
    for changes, words in (
            ({"hashAlgorithmOID": ...}, "hashAlgorithmOID"), ({"hashAlgorithmOID": "1.2.3"}, "hashAlgorithmOID"),
            ({"hashAlgorithmOID": "2.16.840.1.101.3.4.2.2"}, "length"), ({"hashes": ...}, "hashes"), ({"hashes": []}, "Empty"),
            ({"authData": [{"id": "PIN", "value": "1"}]}, "authData"), ({"authData": "sim"}, "authData"),
            ({"numSignatures": 9}, "too high")):
        refused(ask(door, "credentials/authorize", wish(door, **changes)), 400, "invalid_request", words)
    assert door.phones.carrier.calls == []
    sad = door.authorize().json["SAD"]
    for changes, words in (
            ({"operationMode": "A"}, "operationMode"), ({"operationMode": "X"}, "operationMode"),
            ({"response_uri": "https://x"}, "operationMode"), ({"hashes": [b64(SECOND)]}, "not authorized"),
            ({"hashAlgorithmOID": "2.16.840.1.101.3.4.2.2"}, "contradicts"),
            ({"signAlgo": "1.2.840.113549.1.1.1"}, "hashAlgorithmOID")):
        refused(ask(door, "signatures/signHash", signing(door, sad, **changes)), 400, "invalid_request", words)
    assert ask(door, "signatures/signHash", signing(door, sad)).status == 200


def test_csc2_11_9_a_second_signature(door: Door) -> None:
    sad = door.authorize(numSignatures=2).json["SAD"]
    body = wish(door, SECOND, SAD=sad, numSignatures=...)
    told = ask(door, "credentials/extendTransaction", body)
    assert told.status == 200
    assert ask(door, "signatures/signHash", signing(door, told.json["SAD"], SECOND)).status == 200
