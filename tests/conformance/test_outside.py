"""The suite's own instruments: what it sends goes through nginx over TLS, and its browser keeps cookies as browsers do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests
from flask import Flask, Response, request

from tests.fakes.certificates import issue

from .outside import Caller, Front, closed_afterwards
from .suite import HOST, ISSUER, MTLS, MTLS_HOST, RP, Suite

COOKIES = {
    "__Host-lax": "Path=/; Secure; SameSite=Lax", "__Host-none": "Path=/; Secure; SameSite=None", "plain": "Path=/",
    "__Host-not-secure": "Path=/", "__Host-without-path": "Secure", "__Host-of-a-folder": "Path=/set; Secure",
    "__Host-of-a-domain": f"Path=/; Secure; Domain={HOST}",
}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Front:
    """An application that sets cookies and tells which it was sent."""
    app = Flask(__name__)

    @app.get("/set")
    def give() -> Response:
        return Response(headers=[("Set-Cookie", f"{name}=x; {rest}") for name, rest in COOKIES.items()])

    @app.route("/seen", methods=["GET", "POST"])
    def seen() -> dict[str, list[str]]:
        return {"cookies": sorted(request.cookies)}

    @app.get("/away")
    def away() -> Response:
        return Response(status=302, headers={"Location": f"{RP}/"})

    return Front(app, tmp_path_factory.mktemp("front") / "nginx", host=HOST, mtls_host=MTLS_HOST)


@pytest.fixture
def browser(front: Front) -> Caller:
    browser = front.caller(cookies=True)
    browser.send("GET", f"{ISSUER}/set")
    return browser


def test_all_that_a_suite_sends_goes_through_nginx(suite: Suite) -> None:
    suite.flow()
    keys = suite.discovery["jwks_uri"].removeprefix(ISSUER)
    wanted = {f'"{line}' for line in ("GET /authorize", "POST /login/", "POST /token", f"GET {keys}")}
    until = time.monotonic() + 60  # a line is written after its answer
    while not all(line in suite.front.nginx.access_log for line in wanted):
        assert time.monotonic() < until, suite.front.nginx.access_log
        time.sleep(0.01)


def test_rfc6265bis_s4_1_3_2_a_browser_keeps_no_cookie_that_only_says_host(browser: Caller) -> None:
    kept = ["__Host-lax", "__Host-none", "plain"]
    assert [name for name in sorted(COOKIES) if browser.cookie(name)] == kept
    assert browser.send("GET", f"{ISSUER}/seen").json["cookies"] == kept


def test_rfc6265bis_s4_1_2_7_a_form_of_another_site_carries_only_cookies_that_may_be_sent_from_there(browser: Caller) -> None:
    for origin, carried in ((ISSUER, ["__Host-lax", "__Host-none", "plain"]), (RP, ["__Host-none"])):
        answer = browser.send("POST", f"{ISSUER}/seen", form={"a": "b"}, headers={"Origin": origin})
        assert answer.json["cookies"] == carried


def test_a_program_keeps_no_cookies(front: Front) -> None:
    program = front.caller()
    program.send("GET", f"{ISSUER}/set")
    assert program.send("GET", f"{ISSUER}/seen").json["cookies"] == []


def test_redirects_are_answers(browser: Caller) -> None:
    answer = browser.send("GET", f"{ISSUER}/away")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{RP}/")


def test_nobody_else_is_called_and_nothing_without_tls(browser: Caller) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        browser.send("GET", f"{RP}/")
    with pytest.raises(AssertionError):
        browser.send("GET", f"http://{HOST}/seen")
    with pytest.raises(AssertionError):
        browser.send("GET", f"https://{HOST}:8443/seen")


def test_only_the_authority_of_this_nginx_is_believed(front: Front, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(issue("another", authority=True).pem)
    stranger = front.caller()
    stranger._session.verify = str(tmp_path / "ca.pem")
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.send("GET", f"{ISSUER}/seen")


def test_an_expired_certificate_of_a_client_ends_at_nginx(front: Front) -> None:
    assert front.caller().send("GET", f"{MTLS}/token", identity=issue("expired")).status_code == 400


def test_what_was_served_ends(tmp_path: Path) -> None:
    with closed_afterwards():
        caller = Front(Flask(__name__), tmp_path / "nginx", host=HOST, mtls_host=MTLS_HOST).caller()
        assert caller.send("GET", f"{ISSUER}/").status_code == 404
    with pytest.raises(requests.exceptions.ConnectionError):
        caller.send("GET", f"{ISSUER}/")
