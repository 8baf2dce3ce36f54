"""What addresses may be registered."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from idp.oauth.redirect_uri import LOOPBACK_HOSTS, InvalidRedirectUriError, check_redirect_uri, check_web_uri, origin_of


def refusal(uri: object, *, native: bool, development: bool) -> InvalidRedirectUriError | None:
    try:
        assert check_redirect_uri(uri, native=native, development=development) == uri
    except InvalidRedirectUriError as err:
        return err
    return None


def accepted(uri: object, *, native: bool = False, development: bool = False) -> bool:
    err = refusal(uri, native=native, development=development)
    if err is not None:
        assert err.code == "invalid_redirect_uri"
        assert err.message.startswith("redirect_uris: ")
        assert err.message.isascii()
    return err is None


@pytest.mark.parametrize("uri", [
    "https://qlvb.haugiang.gov.vn/oidc/callback", "https://a.example", "https://a.example/", "https://a.example:8443/cb",
    "https://a.example/cb?x=1&y=%C3%AA",
    "https://10.1.2.3/cb", "https://[2001:db8::1]:8443/cb", "https://xn--hugiang-jx3c.vn/cb", "https://intranet/cb",
    "https://a.example/cb;v=1/$x'(y)",
    "https://A.Example/cb", "https://a.example/cb?redirect=https://b.example/", "https://a1.2b.example/cb",
])
def test_https_addresses_are_accepted_everywhere(uri: str) -> None:
    for native in (False, True):
        for development in (False, True):
            assert accepted(uri, native=native, development=development)


@pytest.mark.parametrize("uri", ["http://localhost:8001/oidc/callback", "http://127.0.0.1/cb", "http://127.0.0.1:3000/cb",
                                 "http://[::1]:3000/cb", "http://localhost"])
def test_rfc8252_s7_3_loopback_http_is_for_native_clients_and_for_development(uri: str) -> None:
    assert accepted(uri, native=True)
    assert accepted(uri, development=True)
    assert not accepted(uri)


@pytest.mark.parametrize("uri", [
    "http://a.example/cb", "http://10.1.2.3/cb", "http://localhost.evil.example/cb", "http://127.0.0.1.evil.example/",
    "http://127.0.0.2/",
    "http://0.0.0.0/cb", "http://[::]/cb", "http://[::ffff:127.0.0.1]/cb", "http://127.1/cb", "http://2130706433/cb",
    "http://0x7f.1/",
    "http://localhost@evil.example/", "http://evil.example/localhost", "http://localhost:80@evil.example/",
    "http://foo.localhost/cb",
])
def test_http_elsewhere_is_refused(uri: str) -> None:
    assert not accepted(uri, native=True, development=True)


@pytest.mark.parametrize("uri", ["vn.gov.haugiang.app:/callback", "vn.gov.haugiang.app://callback",
"com.example.app:/oauth2redirect/x?y=1",
                                 "com.example:/", "com.googleusercontent.apps.123-abc:/cb"])
def test_rfc8252_s7_1_private_use_schemes_with_a_dot_are_for_native_clients(uri: str) -> None:
    assert accepted(uri, native=True)
    assert not accepted(uri, development=True)


@pytest.mark.parametrize("uri", [
    "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://a.example/", "myapp:/cb",
    "blob:https://a.example/x",
    "about:blank", "intent://x", "ws://a.example/", "com.example.app:callback", "com.example.app:", "com.example.app:///x",
    "com.example.app://?x", "com.example.app://",
    "com.example.app://user@host/", "com.example.app://[",
    "Com.Example:/cb", "1com.example:/cb", ".com:/cb", "com..example:/cb", "com.example.:/cb",
    "view-source:https://a/",
    "javascript.alert(1):/x", "HTTPS://a.example/", "Http://localhost/",
])
def test_other_schemes_are_refused(uri: str) -> None:
    assert not accepted(uri, native=True, development=True)


@pytest.mark.parametrize("uri", [
    "https://a.example/cb#fragment", "https://a.example/cb#", "https://user@a.example/", "https://user:pass@a.example/",
    "https://@a.example/",
    "https://a.example%40evil.example/", "https://*.example/cb", "https://a.example/*", "https://a.example/cb?x=*",
    "https://a.example\\@evil.example/",
    "https:\\\\a.example/", "https:/a.example/", "https:a.example", "https://", "https:///cb", "https://?x", "//a.example/cb",
    "/cb", "cb", "",
    " https://a.example/", "https://a.example/ ", "https://a.example/\n", "https://a.exa\tmple/", "https://a.example/\x00",
    "https://a.example/a b",
    "https://a.example:0/", "https://a.example:65536/", "https://a.example:port/", "https://a.example:/", "https://a.example:-1/",
    "https://a.example:1:2/", "https://a..example/", "https://.example/", "https://-a.example/", "https://a-.example/",
    "https://a_b.example/",
    "https://[::1/", "https://::1/", "https://[zz]/", "https://[::1%25eth0]/", "https://1.2.3/", "https://1.2.3.4.5/",
    "https://01.2.3.4/",
    "https://256.1.1.1/", "https://0x7f000001/", "https://a.0x1/", "https://a.1/", "https://hậu-giang.vn/",
    "https://a.example/đ", "https://a.example/%",
    "https://a.example/%zz", "https://a.example/../cb", "https://a.example/./cb", "https://a.example/%2e%2E/cb",
    "https://a.example/cb/..",
    "https://a.example/cb?code=1", "https://a.example/cb?x=1&state=", "https://a.example/cb?iss", "https://a.example/<script>",
    'https://a.example/"', "https://a.example/`", "https://a.example/{x}", "https://a.example/|", "https://a.example/^",
    "https://" + "a" * 64 + ".example/",
    "https://a.example/" + "x" * 2000, None, 1, True, b"https://a.example/", ["https://a.example/"],
    {"uri": "https://a.example/"},
])
def test_security_3_what_parsers_may_read_differently_is_refused(uri: object) -> None:
    assert not accepted(uri, native=True, development=True)


URIS = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"(https?|com\.x|javascript):/{0,3}[ -~]{0,40}", fullmatch=True),
    st.builds("{}://{}{}{}{}".format, st.sampled_from(["https", "http", "HTTPS", "com.example", "ftp"]),
              st.sampled_from(["", "u@", "u:p@", "@", "\\"]),
              st.sampled_from(["a.example", "localhost", "127.0.0.1", "[::1]", "*.a.example", "a%2eexample", "127.1",
              "a.example.", "ª.example"]),
              st.sampled_from(["", ":80", ":", ":0", ":65536", ":8a"]),
              st.text(alphabet="/?#@\\.*%2eE aà\t\n\r\x00&=code", max_size=20)))


@settings(max_examples=1500, deadline=None)
@given(URIS, st.booleans(), st.booleans())
def test_whatever_is_registered_is_refused_or_read_alike_by_every_parser(uri: str, native: bool, development: bool) -> None:
    if not accepted(uri, native=native, development=development):
        return
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set('#*\\ "<>')
    parts = urlsplit(uri)
    assert parts.username is None
    assert parts.geturl().rstrip("?") == uri.rstrip("?")
    if parts.scheme in {"http", "https"}:
        other = parse_url(uri)
        assert (other.scheme, (other.host or "").strip("[]"), other.port, other.auth) == (parts.scheme, parts.hostname,
        parts.port, None)
        assert parts.scheme == "https" or ((native or development) and parts.hostname in LOOPBACK_HOSTS)
    else:
        assert native
        assert "." in parts.scheme


@settings(max_examples=1000, deadline=None)
@given(URIS, st.booleans())
def test_web_addresses_are_https_or_loopback_in_development(uri: str, development: bool) -> None:
    try:
        assert check_web_uri(uri, development=development, member="logo_uri") == uri
    except InvalidRedirectUriError:
        return
    parts = urlsplit(uri)
    assert parts.scheme == "https" or (development and parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    assert parts.username is None


@pytest.mark.parametrize(("uri", "origin"), [
    ("https://a.example/cb?x=https://b.example", "https://a.example"), ("https://A.Example:443/", "https://a.example"),
    ("https://a.example:80/", "https://a.example:80"), ("http://localhost:80/cb", "http://localhost"),
    ("http://127.0.0.1:8001/cb", "http://127.0.0.1:8001"), ("http://[0:0::1]:3000/cb", "http://[::1]:3000"),
    ("https://a.example", "https://a.example"), ("https://a.example?x", "https://a.example"),
    ("vn.gov.haugiang.app:/callback", ""), ("vn.gov.haugiang.app://callback", ""),
])
def test_rfc6454_s6_2_an_origin_is_written_as_browsers_write_it(uri: str, origin: str) -> None:
    assert origin_of(uri) == origin


@settings(max_examples=500, deadline=None)
@given(URIS)
def test_every_registered_web_address_has_an_origin_and_no_other_has(uri: str) -> None:
    if accepted(uri, native=True, development=True):
        assert bool(origin_of(uri)) == uri.startswith(("http://", "https://"))
