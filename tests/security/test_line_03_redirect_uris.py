"""Checklist 3: redirect URIs match by exact string but for the port of a native client's loopback; what may be registered."""

from __future__ import annotations

import pytest

from idp.oauth.client import Client
from idp.oauth.redirect_uri import InvalidRedirectUriError, check_redirect_uri

WEB = Client(client_id="web", client_name="Web", redirect_uris=("https://a.example/cb", "http://127.0.0.1:8000/cb"))
NATIVE = Client(client_id="app", client_name="App", application_type="native", token_endpoint_auth_method="none",
                redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"))


@pytest.mark.parametrize("sent", ["https://a.example/cb/", "https://a.example/cb?", "https://a.example/cb#",
"https://a.example/CB",
                                  "https://a.example:443/cb", "https://a.example/cb%20", "http://127.0.0.1:8001/cb"])
def test_line_03_no_variation_for_web_clients(sent: str) -> None:
    assert not WEB.check_redirect_uri(sent)


def test_line_03_the_one_exception_is_the_port_of_a_loopback_literal() -> None:
    assert NATIVE.check_redirect_uri("http://127.0.0.1:51004/cb")
    assert NATIVE.check_redirect_uri("http://[::1]:51004/cb")
    assert not NATIVE.check_redirect_uri("http://localhost:51004/cb")
    assert not NATIVE.check_redirect_uri("http://127.0.0.1:51004/cb/..")


@pytest.mark.parametrize("uri", ["https://a.example/cb#x", "https://u:p@a.example/cb", "http://a.example/cb",
"https://*.a.example/cb",
                                 "https://a.example/*", "javascript:alert(1)"])
@pytest.mark.parametrize("native", [False, True])
def test_line_03_registration_refuses_fragments_userinfo_http_and_wildcards(uri: str, native: bool) -> None:
    with pytest.raises(InvalidRedirectUriError):
        check_redirect_uri(uri, native=native, development=False)
