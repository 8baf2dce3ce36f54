"""The door: limits, errors, who called, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.endpoints.sources import Sources
from idp.endpoints.wsgi import (
    MAX_BODY_BYTES,
    Dispatcher,
    EndpointRequest,
    MalformedRequestError,
    Response,
    Route,
    json,
    parse_form,
)
from idp.errors import UnavailableError
from tests.provider import SECRET, House, Reply, basic

FORM = {"content-type": "application/x-www-form-urlencoded"}
POSTS = ["/token", "/introspect", "/revoke"]


# Reading forms

def test_rfc6749_s3_2_parameters_are_read_and_empty_ones_are_absent() -> None:
    assert parse_form(b"a=1&b=&c=x+y%2B&d&e=%C4%91&=z") == {"a": "1", "c": "x y+", "e": "đ", "": "z"}
    assert parse_form(b"") == {}
    assert parse_form("a=đ".encode()) == {"a": "đ"}


def test_rfc8707_s2_a_parameter_repeats_only_where_the_endpoint_says_so() -> None:
    form = parse_form(b"resource=1&a=x&resource=&resource=2&audience=z", frozenset({"resource", "audience"}))
    assert form == {"resource": "1", "a": "x", "audience": "z"}
    assert form.repeated == {"resource": ("1", "2")}
    assert parse_form(b"resource=&resource=1", ("resource",)) == {"resource": "1"}
    for body in (b"resource=1&resource=2", b"resource=1&resource=1", b"resource=&resource="):
        with pytest.raises(MalformedRequestError):
            parse_form(body)
        with pytest.raises(MalformedRequestError):
            parse_form(body, ("audience",))


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=1&a=", b"a=&a=1", b"a=1&%61=2", b"a=\xff", b"a=%ff", b"%ff=a", b"a=\xc3\x28",
                                  b"&".join(b"p%d=1" % n for n in range(101)), b"&" * 65000])
def test_security_9_44_repeated_excessive_or_undecodable_parameters_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        parse_form(body)


@given(st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert all(value for value in parse_form(body).values())
    except MalformedRequestError as refused:
        assert refused.code == "invalid_request"  # noqa: PT017 - either outcome is right


# Limits at the endpoints

def expect_invalid(reply: Reply, status: int = 400) -> None:
    assert (reply.status, reply.error) == (status, "invalid_request")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.json["error_description"].isascii()


@pytest.mark.parametrize("path", POSTS)
def test_rfc6749_s3_2_query_strings_are_refused(house: House, path: str) -> None:
    form = b"grant_type=client_credentials"
    expect_invalid(house.call("POST", path, query="grant_type=client_credentials", body=form, headers=FORM | {
        "authorization": basic("qlvb", SECRET)}))


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", "\xff",
                                          "application/x-www-form-urlencoded; charset=utf-16",
                                          "application/x-www-form-urlencodedx"])
def test_rfc6749_s3_2_other_content_types_are_refused(house: House, content_type: str) -> None:
    expect_invalid(house.call("POST", "/token", body=b"grant_type=client_credentials", headers={
        "content-type": content_type, "authorization": basic("qlvb", SECRET)}))


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded;charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED",
                                          'application/x-www-form-urlencoded; charset="utf-8"'])
def test_the_same_type_in_other_words_is_taken(house: House, content_type: str) -> None:
    assert house.call("POST", "/token", body=b"grant_type=client_credentials", headers={
        "content-type": content_type, "authorization": basic("qlvb", SECRET)}).status == 200


def test_security_44_bodies_end_at_64_kb(house: House) -> None:
    machine = b"grant_type=client_credentials&x="
    headers = FORM | {"authorization": basic("qlvb", SECRET)}
    full = machine + b"x" * (MAX_BODY_BYTES - len(machine))
    assert house.call("POST", "/token", body=full, headers=headers).status == 200
    expect_invalid(house.call("POST", "/token", body=full + b"x", headers=headers), 413)
    expect_invalid(house.call("POST", "/token", body=full + b"x", headers=headers | {"content-length": ""}), 413)
    expect_invalid(house.call("POST", "/token", body=full, headers=headers | {"content-length": "99999999999999999999"}))
    expect_invalid(house.call("POST", "/token", body=full, headers=headers | {"content-length": "-1"}))
    assert house.call("POST", "/token", body=machine, headers=headers | {"content-length": ""}).status == 200


def test_security_44_headers_end_at_16_kb(house: House) -> None:
    expect_invalid(house.call("POST", "/token", headers=FORM | {"x-long": "x" * 16385}), 431)


@pytest.mark.parametrize("path", [*POSTS, "/userinfo", "/jwks"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_not_allowed(house: House, path: str, method: str) -> None:
    reply = house.call(method, path)
    expect_invalid(reply, 405)
    assert reply.headers["Allow"] in {"POST", "GET, POST", "GET, HEAD"}
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_rfc6749_s5_2_grant_types(house: House) -> None:
    expect_invalid(house.token({}))
    for value in ("password", "implicit", 'x"\\đ', "urn:ietf:params:oauth:grant-type:saml2-bearer"):
        reply = house.token({"grant_type": value})
        assert (reply.status, reply.error) == (400, "unsupported_grant_type")
        assert value not in reply.json["error_description"]


def test_rfc6749_s5_1_token_answers_are_not_stored(house: House) -> None:
    for reply in (house.machine(), house.machine(secret="wrong")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Pragma"] == "no-cache"
        assert reply.headers["Content-Type"] == "application/json"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in reply.headers
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_rfc6749_s5_2_failed_authentication_is_401_with_a_challenge_and_recorded(house: House) -> None:
    reply = house.machine(secret="wrong")
    assert (reply.status, reply.error) == (401, "invalid_client")
    assert reply.headers["WWW-Authenticate"].startswith('Basic realm="')
    record, = house.audited()
    assert (record.event, record.client_id, record.source) == ("client.refused", "qlvb", "198.51.100.7")
    house.machine(client_id="nobody-here")
    assert len(house.audited()) == 1


# Errors of ours

class Observed:
    """Remembers what was counted and logged."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, int]] = []
        self.lines: list[dict[str, Any]] = []

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.counted.append((endpoint, status))

    def begin(self, caller: Any) -> None:
        self.begun = caller

    def line(self, **facts: Any) -> None:
        self.lines.append(facts)


def serve(endpoint, *, fallback=None, **more) -> tuple[Any, Observed]:
    observed = Observed()
    app = Dispatcher([Route("/x", "x", endpoint, ("GET",))], fallback, meter=observed, log=observed, **more)

    def call(path: str = "/x", **environ: str) -> tuple[str, dict[str, str], bytes]:
        seen: list[Any] = []
        body = b"".join(app({"REQUEST_METHOD": "GET", "PATH_INFO": path, "REMOTE_ADDR": "10.0.0.1"} | environ,
                            lambda *given: seen.append(given)))
        return seen[0][0], dict(seen[0][1]), body

    return call, observed


def test_security_43_an_unforeseen_error_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_request: EndpointRequest) -> Response:
        raise ValueError("password=hunter2 in /srv/secret")

    call, observed = serve(broken)
    status, _headers, body = call()
    assert status == "500 Internal Server Error"
    assert b"hunter2" not in body
    assert b'"server_error"' in body
    assert observed.counted == [("x", 500)]
    assert "unforeseen error in x" in caplog.text


def test_an_unavailable_database_is_503_with_a_time_to_come_back() -> None:
    def down(_request: EndpointRequest) -> Response:
        raise UnavailableError("Briefly unavailable.", dependency="database", retry_after_seconds=7, debug="host db1")

    status, headers, body = serve(down)[0]()
    assert status == "503 Service Unavailable"
    assert headers["Retry-After"] == "7"
    assert b"db1" not in body


# Who called

def caller_of(trusted: tuple[str, ...], **environ: str):
    return Sources(trusted).caller({"REMOTE_ADDR": "10.0.0.1"} | environ)


@pytest.mark.parametrize(("trusted", "peer", "header", "source"), [
    ((), "10.0.0.1", "203.0.113.9", "10.0.0.1"),
    (("10.0.0.0/8",), "10.0.0.1", "203.0.113.9", "203.0.113.9"),
    (("10.0.0.0/8",), "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    (("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
    (("10.0.0.0/8",), "10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
    (("10.0.0.0/8",), "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    (("10.0.0.0/8",), "10.0.0.1", "garbage", "10.0.0.1"),
    (("10.0.0.0/8",), "10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
    (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
    (("127.0.0.1", "::1"), "::1", "2001:DB8::1", "2001:db8::1"),
    (("127.0.0.1",), "::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ((), "::ffff:192.0.2.1", "", "192.0.2.1"),
    # What our proxy saw stands at the end, however much a caller put before it.
    (("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, " * 300 + "203.0.113.9", "203.0.113.9"),
])
def test_security_27_forwarded_addresses_count_from_our_proxies_only(trusted, peer, header, source) -> None:
    assert caller_of(trusted, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=header).source == source


def test_a_request_id_is_taken_over_from_our_proxy_only() -> None:
    assert caller_of((), HTTP_X_REQUEST_ID="from-outside").request_id != "from-outside"
    assert caller_of(("10.0.0.1",), HTTP_X_REQUEST_ID="from-the-proxy").request_id == "from-the-proxy"
    assert len(caller_of(("10.0.0.1",), HTTP_X_REQUEST_ID="a b\n").request_id) == 9
    assert caller_of(()).request_id != caller_of(()).request_id


def test_user_agents_are_cut_and_cleaned() -> None:
    assert caller_of((), HTTP_USER_AGENT="Firefox\r\nx" + "y" * 300).user_agent == "Firefoxx" + "y" * 245


# Both doors

def test_pages_get_the_caller_and_are_counted() -> None:
    seen = []

    def pages(environ, start_response):
        seen.append(environ["idp.caller"])
        start_response("303 See Other", [])
        return [b"page"]

    call, observed = serve(lambda _request: json(200, {}), fallback=pages)
    assert call("/login")[2] == b"page"
    assert seen[0].source == "10.0.0.1"
    assert observed.counted == [("pages", 303)]
    assert observed.lines[0]["caller"] is seen[0]


def test_a_line_is_written_for_each_request_without_a_secret(house: House) -> None:
    observed = Observed()
    told = House(house.database, meter=observed, log=observed)
    answer = told.machine().json
    told.machine(secret="a-wrong-secret")
    assert observed.counted == [("token", 200), ("token", 401)]
    first, second = observed.lines
    assert (first["client_id"], first["status"], first["error"], first["endpoint"], first["method"]) == (
        "qlvb", 200, "", "token", "POST")
    assert (second["status"], second["error"]) == (401, "invalid_client")
    for secret in (answer["access_token"], SECRET, "a-wrong-secret"):
        assert secret not in repr(observed.lines)
