"""RFC 6749 §2.3 and §3.2.1: one method, the registered one."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from authlib.oauth2.rfc6749 import InvalidRequestError
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.client import secret_digest
from idp.oauth.client_authentication import CONFIDENTIAL, ClientRefusedError, authenticate
from tests.fakes.client_keys import checks
from tests.fakes.clock import FakeClock
from tests.provider import ISSUER, REGISTERED, SECRET, basic

CLIENTS = {
    "qlvb": REGISTERED,
    "post": replace(REGISTERED, client_id="post", token_endpoint_auth_method="client_secret_post"),
    "public": replace(REGISTERED, client_id="public", token_endpoint_auth_method="none", secret_digest=None),
    "a b:c%đ": replace(REGISTERED, client_id="a b:c%đ", secret_digest=secret_digest("s+ecret:%41 đ")),
}


def ask(form: dict[str, str], authorization: str = "", **more):
    return authenticate(form, authorization, CLIENTS.get, checks=checks(ISSUER, FakeClock()), **more)


def raw(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(("form", "authorization", "client_id", "method"), [
    ({}, basic("qlvb", SECRET), "qlvb", "client_secret_basic"),
    ({}, basic("qlvb", SECRET).replace("Basic", "bAsIc"), "qlvb", "client_secret_basic"),
    ({"client_id": "qlvb"}, basic("qlvb", SECRET), "qlvb", "client_secret_basic"),
    ({"client_id": "post", "client_secret": SECRET}, "", "post", "client_secret_post"),
    ({"client_id": "public"}, "", "public", "none"),
    ({}, raw(b"a+b%3Ac%25%C4%91:s%2Becret%3A%2541%20%C4%91"), "a b:c%đ", "client_secret_basic"),
])
def test_rfc6749_s2_3_the_registered_method_is_taken(form, authorization, client_id, method) -> None:
    client, used = ask(form, authorization)
    assert (client.client_id, used) == (client_id, method)


@pytest.mark.parametrize(("form", "authorization"), [
    ({"client_id": "qlvb", "client_secret": SECRET}, basic("qlvb", SECRET)),
    ({"client_id": "post", "client_secret": SECRET}, basic("post", SECRET)),
    ({"client_id": "post"}, basic("qlvb", SECRET)),
    ({"client_assertion_type": "x"}, basic("qlvb", SECRET)),
])
def test_rfc6749_s2_3_two_methods_at_once_are_refused(form, authorization) -> None:
    with pytest.raises(InvalidRequestError):
        ask(form, authorization)


@pytest.mark.parametrize(("form", "authorization", "known"), [
    ({}, "", ""),
    ({"client_id": "stranger"}, "", ""),
    ({}, basic("stranger", SECRET), ""),
    ({}, basic("qlvb", "wrong"), "qlvb"),
    ({}, basic("qlvb", ""), "qlvb"),
    ({"client_id": "qlvb"}, "", "qlvb"),
    ({"client_id": "qlvb", "client_secret": SECRET}, "", "qlvb"),
    ({}, basic("post", SECRET), "post"),
    ({"client_id": "post", "client_secret": "wrong"}, "", "post"),
    ({"client_id": "public", "client_secret": "anything"}, "", "public"),
    ({}, basic("public", ""), "public"),
    ({"client_assertion": "a.b.c", "client_assertion_type": "x"}, "", ""),
    ({}, "Bearer abc", ""),
    ({}, "Basic", ""),
    ({}, "Basic !!!!", ""),
    ({}, "Basic " + "A" * 5, ""),
    ({}, raw(b"no-colon"), ""),
    ({}, raw(b"\xff\xfe:x"), ""),
    ({}, raw(b"%ff:x"), ""),
    ({}, "Basic \xff\xfe", ""),
    ({}, basic("qlvb", SECRET).replace("Basic ", "Basic"), ""),
])
def test_rfc6749_s5_2_anything_else_is_401_with_a_challenge(form, authorization, known) -> None:
    with pytest.raises(ClientRefusedError) as caught:
        ask(form, authorization)
    status, body, headers = caught.value()
    assert status == 401
    assert body["error"] == "invalid_client"
    assert dict(headers)["WWW-Authenticate"].startswith("Basic realm=")
    assert caught.value.client_id == known


def test_a_public_client_is_refused_where_authentication_is_needed() -> None:
    with pytest.raises(ClientRefusedError):
        ask({"client_id": "public"}, methods=CONFIDENTIAL)


@given(st.binary(max_size=60))
def test_any_header_is_read_without_an_error(content: bytes) -> None:
    for authorization in (content.decode("latin-1"), raw(content)):
        with pytest.raises((ClientRefusedError, InvalidRequestError)):
            ask({"client_secret": "x"} if len(content) % 2 else {}, authorization or "Basic")
