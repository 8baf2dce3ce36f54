"""Public documents: bytes that anybody may keep and read."""

from __future__ import annotations

import json

import pytest

from idp.jose.keyset import ALGORITHMS
from tests.provider import ISSUER, House

PATHS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/trust-services", "/jwks")


@pytest.mark.parametrize("path", PATHS)
def test_security_46_47_a_document_is_cacheable_readable_by_all_and_sets_no_cookie(house: House, path: str) -> None:
    reply = house.call("GET", path, headers={"origin": "https://anywhere.example"})
    assert reply.status == 200
    assert json.loads(reply.body) is not None
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert reply.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in reply.headers
    head = house.call("HEAD", path)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(reply.body)))
    assert house.call("POST", path).status == 405


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"x", {}', "*"])
def test_rfc9110_s13_1_2_who_has_it_already_gets_304(house: House, sent: str) -> None:
    etag = house.call("GET", PATHS[0]).headers["ETag"]
    reply = house.call("GET", PATHS[0], headers={"if-none-match": sent.format(etag)})
    assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", etag)
    assert house.call("GET", PATHS[0], headers={"if-none-match": '"other"'}).status == 200


def test_rfc8414_s3_both_addresses_say_the_same(house: House) -> None:
    assert house.call("GET", PATHS[0]).body == house.call("GET", PATHS[1]).body
    assert house.call("GET", PATHS[0]).json["issuer"] == ISSUER


def test_trust_services_lists_nothing_while_nothing_is_on(house: House) -> None:
    assert house.call("GET", PATHS[2]).json == {}


def test_rfc7517_s5_the_keys_are_public_and_the_signing_ones_are_among_them(house: House) -> None:
    keys = house.call("GET", "/jwks").json["keys"]
    kids = [key["kid"] for key in keys]
    assert len(kids) == len(set(kids))
    assert {house.keys.signing(alg).kid for alg in ALGORITHMS} <= set(kids)
    for key in keys:
        assert key["kty"] in {"EC", "RSA", "OKP"}
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


def test_security_2_no_header_changes_an_address(house: House) -> None:
    plain = house.call("GET", PATHS[0]).body
    bent = house.call("GET", PATHS[0], query="x=1", headers={
        "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http",
        "forwarded": "host=evil.example"})
    assert bent.body == plain
