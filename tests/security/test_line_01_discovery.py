"""Line 1: discovery lists every protocol endpoint, everything it lists answers, and nothing is listed that is off."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask

from tests.security.fuzzing import Seen, call


def get(app: Flask, path: str) -> Seen:
    return call(app.wsgi_app, "GET", path, content_type="")


def discovery(app: Flask) -> dict:
    client = app.test_client()
    return client.get("/.well-known/openid-configuration", headers={"Host": "localhost:8000"}).get_json()


def test_line_01_every_address_that_is_listed_answers(fuzz_app: Flask) -> None:
    document = discovery(fuzz_app)
    addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_iframe", "jwks_uri"))}
    assert addresses.keys() >= {
        "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
        "introspection_endpoint", "pushed_authorization_request_endpoint", "device_authorization_endpoint",
        "backchannel_authentication_endpoint", "revocation_endpoint", "registration_endpoint", "check_session_iframe"}
    for address in addresses.values():
        assert address.startswith(document["issuer"] + "/")
        assert get(fuzz_app, urlsplit(address).path)[0] != 404


def test_line_01_every_protocol_path_that_is_mounted_is_listed(fuzz_app: Flask) -> None:
    document = discovery(fuzz_app)
    listed = {urlsplit(value).path for value in document.values() if isinstance(value, str)}
    operations = {"/healthz", "/readyz", "/metrics"}
    # Certificates name these; programs find them in /.well-known/trust-services (tests/endpoints/test_trust_services.py).
    operations |= {"/ocsp", "/ocsp/**", "/crl", "/ca"}
    # What stands below an endpoint is told to whom it belongs (RFC 7592 §3), not to everybody.
    mounted = {path.removesuffix("/*") for path in fuzz_app.wsgi_app._routes if not path.startswith("/.well-known/")} - operations
    assert mounted <= listed


def test_line_01_lists_hold_each_value_once(fuzz_app: Flask) -> None:
    for name, value in discovery(fuzz_app).items():
        if isinstance(value, list):
            assert len(value) == len(set(value)), name


def test_line_01_paths_of_what_is_off_lead_nowhere(fuzz_app: Flask) -> None:
    for path in ("/csc/v2/info", "/scim/v2/Users", "/ocsp", "/tsa", "/.well-known/webfinger"):
        assert get(fuzz_app, path)[0] == 404
