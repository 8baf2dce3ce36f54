"""Malformed input gives the specification's 4xx, never a 5xx (security checklist 43): 2,000 examples for each door.

The whole application is called through WSGI, so that raw bytes, bad UTF-8, wrong methods and 64 kB bodies arrive as a server
would hand them over.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = settings(
    max_examples=2000,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

NAMES = st.sampled_from(
    [
        b"client_id",
        b"client_secret",
        b"grant_type",
        b"code",
        b"redirect_uri",
        b"code_verifier",
        b"code_challenge",
        b"scope",
        b"code_challenge_method",
        b"refresh_token",
        b"token",
        b"token_type_hint",
        b"response_type",
        b"response_mode",
        b"state",
        b"nonce",
        b"prompt",
        b"max_age",
        b"login_hint",
        b"ui_locales",
        b"id_token_hint",
        b"acr_values",
        b"claims",
        b"request",
        b"request_uri",
        b"resource",
        b"display",
        b"username",
        b"password",
        b"csrf_token",
        b"otp",
        b"answer",
        b"",
        b"\xff",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            b"qlvb",
            b"fuzz",
            b"code",
            b"authorization_code",
            b"refresh_token",
            b"client_credentials",
            b"password",
            b"S256",
            b"plain",
            b"openid",
            b"openid profile offline_access",
            b"none",
            b"login",
            b"none login",
            b"query",
            b"form_post",
            b"fragment",
            b"jwt",
            b"form_post.jwt",
            b"id_token token",
            b"code id_token token",
            b"http://localhost/cb",
            b"http://localhost/cb#x",
            b"//evil.example/",
            b"\x00",
            b"\xc3\x28",
            b"\xff\xfe",
            b"%",
            b"%zz",
            b"-1",
            b"99999999999999999999999",
            b"1e9",
            b"NaN",
            b"{",
            b'{"userinfo":null}',
            b"eyJhbGciOiJub25lIn0..",
            b"a.b.c",
            b"a" * 5000,
            "Nguyễn Văn Mẫu".encode(),
            b"canbo\n",
            b"*)(uid=*",
            "đ".encode("utf-16"),
            b"\r\nSet-Cookie: a=b",
            b'"\\',
            "‮".encode(),
        ]
    ),
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=12)
FORMS = PAIRS.map(lambda pairs: b"&".join(name + b"=" + quote_from_bytes(value, safe="").encode() for name, value in pairs))
BODIES = st.one_of(
    FORMS,
    FORMS,
    FORMS,
    PAIRS.map(lambda pairs: b"&".join(name + b"=" + value for name, value in pairs)),
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"a=" + b"x" * 65536, b"x" * 65537, b"&" * 65000, b"&".join(b"a%d=1" % n for n in range(150)), b"{}", b"[]"]
    ),
)
TYPES = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "",
        "\xff",
        "text/plain",
    ]
)
METHODS = st.sampled_from(["POST", "POST", "POST", "GET", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
AUTHORIZATION = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "Basic",
            "Basic ",
            "Basic !!!!",
            "Basic " + "A" * 20000,
            "Basic /////w==",
            "Basic ZnV6ejpmdXp6",
            "Bearer",
            "Bearer \xff",
            "Bearer a b",
            "DPoP x",
            "Basic ZnV6eg==",
            "Basic Ojo6",
            "Digest x",
        ]
    ),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)
COOKIES = st.one_of(st.none(), st.sampled_from(["sso=x", "sso=" + "x" * 9000, "browser=.", "sso=\xff; sso=a", "=;=;", 'sso="a']))


def call(
    app: Callable[..., Any],
    method: str,
    path: str,
    query: bytes,
    body: bytes,
    content_type: str,
    authorization: str | None,
    cookie: str | None,
) -> tuple[int, dict[str, str], bytes]:
    """Call the application as a server would: latin-1 strings in the environment, raw bytes in the body."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query.decode("latin-1"),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    if cookie is not None:
        environ["HTTP_COOKIE"] = cookie
    seen: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        seen[:] = [int(status.split()[0]), dict(headers)]
        return lambda _data: None

    result = app(environ, start_response)
    try:
        content = b"".join(result)
    finally:
        getattr(result, "close", lambda: None)()
    return seen[0], seen[1], content


def assert_helpful(status: int, headers: dict[str, str], content: bytes, *, machine: bool) -> None:
    assert 200 <= status < 500, (status, content[:500])
    assert b"Traceback" not in content
    assert b"sqlalchemy" not in content.lower()
    assert "Set-Cookie" not in headers or "\n" not in headers["Set-Cookie"]
    if machine and status >= 400 and content:
        answer = json.loads(content)
        assert answer["error"]
        assert answer["error"].isascii()
        assert answer.get("error_description", "x").isascii()


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/userinfo"])
def test_line_43_programs_doors_never_break(fuzz_app: Any, path: str) -> None:
    @EXAMPLES
    @given(
        method=METHODS,
        query=st.one_of(st.just(b""), st.just(b""), FORMS, st.binary(max_size=50)),
        body=BODIES,
        content_type=TYPES,
        authorization=AUTHORIZATION,
        cookie=COOKIES,
    )
    def attempt(method: str, query: bytes, body: bytes, content_type: str, authorization: str | None, cookie: str | None) -> None:
        status, headers, content = call(fuzz_app.wsgi_app, method, path, query, body, content_type, authorization, cookie)
        assert_helpful(status, headers, content, machine=True)
        if method not in {"POST"} and path != "/userinfo":
            assert status >= 400 or method == "OPTIONS"

    attempt()


def test_line_43_authorize_never_breaks(fuzz_app: Any) -> None:
    @EXAMPLES
    @given(method=METHODS, query=st.one_of(FORMS, FORMS, st.binary(max_size=80)), body=BODIES, content_type=TYPES, cookie=COOKIES)
    def attempt(method: str, query: bytes, body: bytes, content_type: str, cookie: str | None) -> None:
        status, headers, content = call(fuzz_app.wsgi_app, method, "/authorize", query, body, content_type, None, cookie)
        assert_helpful(status, headers, content, machine=False)
        location = headers.get("Location", "")
        assert not location.startswith(("//", "http://evil", "https://evil"))

    attempt()


def test_line_43_login_never_breaks(fuzz_app: Any) -> None:
    @EXAMPLES
    @given(
        method=METHODS,
        path=st.one_of(st.just("/login/%s"), st.binary(max_size=40).map(lambda raw: "/login/" + raw.decode("latin-1"))),
        query=st.one_of(st.just(b""), FORMS),
        body=BODIES,
        content_type=TYPES,
        cookie=COOKIES,
        own_form=st.booleans(),
    )
    def attempt(method: str, path: str, query: bytes, body: bytes, content_type: str, cookie: str | None, own_form: bool) -> None:
        if "%s" in path:
            path = path % fuzz_app.extensions["fuzz_interaction"]
        if own_form:
            # The browser that began, with its form's token: what is typed gets past the door.
            cookie = fuzz_app.extensions["fuzz_cookie"]
            body = b"csrf_token=" + fuzz_app.extensions["fuzz_csrf"].encode() + b"&" + body
        status, headers, content = call(fuzz_app.wsgi_app, method, path, query, body, content_type, None, cookie)
        assert_helpful(status, headers, content, machine=False)

    attempt()
