"""How the fuzz tests attack: good requests that get inside, broken in a few places, among some that were never any good.

An ``Attack`` is drawn whole and holds no live value: places such as ``<code>`` in a case are filled when it is sent, then the
mutations are made, so that they hit live codes and tokens as well.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

Fields = list[tuple[bytes, bytes]]

NAMES = st.sampled_from([
    b"client_id", b"client_secret", b"client_assertion", b"grant_type", b"code", b"redirect_uri", b"code_verifier",
    b"code_challenge", b"code_challenge_method", b"scope", b"refresh_token", b"token", b"token_type_hint", b"response_type",
    b"response_mode", b"state", b"nonce", b"prompt", b"max_age", b"login_hint", b"ui_locales", b"id_token_hint", b"acr_values",
    b"claims", b"claims_locales", b"request", b"request_uri", b"resource", b"display", b"username", b"password", b"csrf_token",
    b"otp", b"answer", b"new_password", b"new_password_again", b"access_token", b"device_code",
    b"user_code", b"auth_req_id", b"approval", b"login_hint_token", b"binding_message", b"requested_expiry",
    b"client_notification_token", b"", b"\xff", b"\x00"])
VALUES = st.one_of(
    st.sampled_from([
        b"qlvb", b"fuzz", b"code", b"authorization_code", b"refresh_token", b"access_token", b"client_credentials", b"password",
        b"S256", b"plain", b"openid", b"openid profile offline_access", b"service", b"admin", b"none", b"login", b"consent",
        b"select_account", b"none login", b"query", b"form_post", b"fragment", b"http://localhost/cb", b"http://localhost/cb#x",
        b"//evil.example/", b"https://evil.example/", b"\x00", b"qlvb\x00", b"\xc3\x28", b"\xff\xfe", b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80", b"%", b"%zz", b"%00", b"0", b"-1", b"1", b"60", b"99999999999999999999999", b"1e9", b"NaN", b"{",
        b'{"userinfo":null}', b'{"userinfo":{"sub":{"value":"\\ud800"}}}', b"[" * 3000, b'{"a":' * 1000,
        b"eyJhbGciOiJub25lIn0..", b"a.b.c", b"a" * 5000, b"a" * 43, "Nguyễn Văn Mẫu".encode(), b"canbo\n", b"*)(uid=*",
        "đ".encode("utf-16"), b"\r\nSet-Cookie: a=b", b'"\\', "\u202e".encode(), "\U0010ffff".encode(), b" ",
        b"urn:haugiang:acr:2", b"000000", b"' OR 1=1 --"]),
    st.binary(max_size=40),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")))


POISON = (b"\x00", b"\x00", b"\x00", b"\xed\xa0\x80", b"\xff", "\ufffe".encode())


class Mutation(NamedTuple):
    """One thing that is wrong.

    Attributes:
        kind: ``drop``, ``repeat``, ``replace``, ``add``, ``cut``, ``damage``, ``append``, ``empty``, ``rename``, or ``poison``: a
            sign that PostgreSQL does not store, or that is no UTF-8, in the middle of a value that is good otherwise.
        place: Which field, counted round.
    """

    kind: str
    place: int
    name: bytes
    value: bytes


class Envelope(NamedTuple):
    """What is odd round the form; None is as it should be."""

    method: str | None
    content_type: str | None
    authorization: str | None
    cookie: str | None
    user_agent: str | None
    query: bytes


@dataclass(frozen=True)
class Attack:
    """One request.

    Attributes:
        case: The good request that it begins as: who sends it, and its fields.
        credentials: ``right``, ``wrong``, ``none``, ``twice`` or ``other way``.
        body: Sent instead of the form.
        raw: Fields are not percent-encoded.
    """

    case: Any
    mutations: Sequence[Mutation]
    credentials: str
    envelope: Envelope | None
    body: bytes | None
    raw: bool

    def fields(self, filled: Fields) -> Fields:
        """Give the fields with everything that is to be wrong about them."""
        for mutation in self.mutations:
            filled = _mutated(filled, mutation)
        return filled

    def encoded(self, filled: Fields) -> bytes:
        """Give the form."""
        if self.raw:
            return b"&".join(name + b"=" + value for name, value in self.fields(filled))
        return b"&".join(quote_from_bytes(name, safe="").encode() + b"=" + quote_from_bytes(value, safe="").encode()
                         for name, value in self.fields(filled))


def _mutated(fields: Fields, mutation: Mutation) -> Fields:
    kind, place, name, value = mutation
    if kind == "add" or not fields:
        return [*fields, (name, value)]
    at = place % len(fields)
    old_name, old = fields[at]
    middle = place % (len(old) + 1)
    poison = POISON[len(value) % len(POISON)]
    new: dict[str, Fields] = {
        "drop": [], "repeat": [fields[at], fields[at]], "replace": [(old_name, value)], "cut": [(old_name, old[:middle])],
        "damage": [(old_name, old[:middle] + (value[:1] or b"x") + old[middle + 1:])], "append": [(old_name, old + value)],
        "empty": [(old_name, b"")], "rename": [(name, old)], "poison": [(old_name, old[:middle] + poison + old[middle:])]}
    return [*fields[:at], *new[kind], *fields[at + 1:]]


KINDS = ["drop", "repeat", "replace", "replace", "add", "add", "cut", "damage", "append", "empty", "rename", "poison", "poison"]
PLACES = st.integers(0, 200)
HOW_MANY = st.sampled_from([0, 0, 0, 1, 1, 1, 1, 2, 3])
CREDENTIALS = st.sampled_from(["right"] * 12 + ["wrong", "none", "twice", "other way"])
SELDOM = st.sampled_from([False] * 9 + [True])
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
QUERIES = st.one_of(
    PAIRS.map(lambda pairs: b"&".join(name + b"=" + quote_from_bytes(value, safe="").encode() for name, value in pairs)),
    st.binary(max_size=50))
BODIES = st.one_of(
    PAIRS.map(lambda pairs: b"&".join(name + b"=" + value for name, value in pairs)),
    st.binary(max_size=200),
    st.sampled_from([b"", b"a=" + b"x" * 65536, b"x" * 65537, b"&" * 65000, b"&".join(b"a%d=1" % n for n in range(150)), b"{}",
                     b"[]", b"a=" + b"%00" * 20000]))
AUTHORIZATION = st.one_of(
    st.none(),
    st.sampled_from([
        "Basic", "Basic ", "Basic !!!!", "Basic " + "A" * 20000, "Basic /////w==", "Basic ZnV6ejpmdXp6", "Basic ZnV6eg==",
        "Basic Ojo6", "Basic cWx2YjoA", "Bearer", "Bearer \xff", "Bearer a b", "DPoP x", "Digest x"]),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=40))
ENVELOPES = st.builds(
    Envelope,
    st.sampled_from([None, None, "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"]),
    st.sampled_from([None, None, "application/x-www-form-urlencoded; charset=utf-16", "application/json", "multipart/form-data",
                     "multipart/form-data; boundary=x", "", "\xff", "text/plain"]),
    AUTHORIZATION,
    st.sampled_from([None, None, "sso=x", "sso=" + "x" * 9000, "sso=" + "x" * 17000, "browser=.", "sso=\xff; sso=a", "=;=;",
                     'sso="a', "browser=eyJpZCI6MX0.x.y"]),
    st.sampled_from([None, "a\x00b", "\xff\xfe", "x" * 300, "\x1b[2J", "=cmd|' /C calc'!A0"]),
    st.one_of(st.just(b""), QUERIES))


@st.composite
def attacks(draw: st.DrawFn, cases: Sequence[Any], *, poisoned: bool) -> Attack:
    """Draw an attack that begins as one of these good requests; most get through everything that stands before it.

    Args:
        cases: The good requests.
        poisoned: Most mutations are such that only PostgreSQL minds.
    """
    kinds = st.sampled_from(KINDS + ["poison"] * 15 * poisoned)
    return Attack(
        case=draw(st.sampled_from(cases)), credentials=draw(CREDENTIALS), raw=draw(SELDOM),
        mutations=[Mutation(draw(kinds), draw(PLACES), draw(NAMES), draw(VALUES)) for _ in range(draw(HOW_MANY))],
        envelope=draw(ENVELOPES) if draw(SELDOM) else None, body=draw(BODIES) if draw(SELDOM) else None)


class Seen(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


def call(app: Callable[..., Any], method: str, path: str, *, query: bytes = b"", body: bytes = b"",
         content_type: str = "application/x-www-form-urlencoded", authorization: str | None = None, cookie: str | None = None,
         user_agent: str | None = None) -> Seen:
    """Call the application as a server would: latin-1 strings in the environment, raw bytes in the body."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query.decode("latin-1"),
        "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)), "SERVER_NAME": "localhost", "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False}
    headers = {"HTTP_AUTHORIZATION": authorization, "HTTP_COOKIE": cookie, "HTTP_USER_AGENT": user_agent}
    environ |= {name: value for name, value in headers.items() if value is not None}
    seen: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        seen[:] = [int(status.split()[0]), dict(headers)]
        return lambda _data: None

    result = app(environ, start_response)
    try:
        content = b"".join(result)
    finally:
        getattr(result, "close", lambda: None)()
    return Seen(seen[0], seen[1], content)


def assert_helpful(seen: Seen, *, machine: bool) -> None:
    """Whatever was sent, the answer is one that the specification has, and shows nothing of ours."""
    status, headers, content = seen
    assert 200 <= status < 500, (status, content[:500])
    assert b"Traceback" not in content
    assert b"sqlalchemy" not in content.lower()
    assert b"psycopg" not in content.lower()
    assert not any("\n" in value or "\r" in value for value in headers.values())
    assert not seen.location.startswith(("//", "http://evil", "https://evil"))
    if machine and status >= 400 and content:
        answer = json.loads(content)
        assert answer["error"]
        for text in (answer["error"], answer.get("error_description", "x")):
            assert text.isascii()
            assert text.isprintable()


FEW = 1000
"""Below so many attacks a share says little: of what is common (4 of a hundred) one kind at most is missing."""


def assert_reached(kinds: Counter[str], **least: float) -> None:
    """Hold the mix: about so many of a hundred answers are of each kind, or the fuzz has become shallow.

    What is drawn is drawn by chance, in whole families at once: a fourth of the share is enough.
    """
    total = kinds.total()
    if total < FEW:
        assert len([kind for kind, share in least.items() if share >= 4 and not kinds[kind]]) <= 1, kinds.most_common()
        return
    wanted = {kind: max(1, share * total / 400) for kind, share in least.items()}
    assert {kind: kinds[kind] for kind, count in wanted.items() if kinds[kind] < count} == {}, kinds.most_common()
