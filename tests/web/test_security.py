"""What every page carries: headers, cookies, tokens, limits, and words instead of a stack when something breaks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from idp.adapters.sql.database import Database
from idp.errors import ConfigurationError, UnavailableError
from idp.web import register
from idp.web.security import EXEMPT_VIEWS, local_path
from tests.fakes.directory import PASSWORD

from .site import QLVB, Site, authorize_url, form_of


@pytest.fixture
def https_site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    target = tmp_path / "https.sqlite3"
    shutil.copy(sqlite_template, target)
    database = Database(f"sqlite:///{target}")
    yield Site(database, env="production", issuer="https://login.example")
    database.dispose()


def policy_of(response) -> dict[str, list[str]]:
    parts = [part.split() for part in response.headers["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


def test_every_page_has_a_strict_policy_with_a_fresh_nonce(site: Site) -> None:
    browser = site.browser()
    pages = [browser.authorize(), browser.authorize(), browser.get("/khong-co"), browser.get("/authorize")]
    nonces = set()
    for page in pages:
        policy = policy_of(page)
        assert policy["default-src"] == ["'none'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert policy["base-uri"] == ["'none'"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        nonces.add(policy["script-src"][-1])
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in page.headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in page.headers
    assert len(nonces) == len(pages)


def test_no_page_has_inline_script_or_style(site: Site) -> None:
    for page in (site.browser().authorize(), site.browser().sign_in(response_mode="form_post"), site.browser().get("/khong-co")):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page.text)


def test_registration_s9_1_a_logo_may_be_loaded_from_the_applications_own_host_and_from_no_other(site: Site) -> None:
    for logo, shown in (("http://localhost:8001/l.png", True), ("https://elsewhere.example/l.png", False), ("", False)):
        site.client_store.put(replace(QLVB, logo_uri=logo))
        site.services.clients.reload()
        page = site.browser().authorize()
        assert ("auth__to-logo" in page.text) is shown
        assert policy_of(page)["img-src"] == ["'self'", "data:", *(["http://localhost:8001"] if shown else [])]
        assert policy_of(site.browser().get("/khong-co"))["img-src"] == ["'self'", "data:"]


def test_forms_may_lead_on_to_applications_and_other_pages_only_to_us(site: Site) -> None:
    assert "form-action" not in policy_of(site.browser().authorize())
    assert policy_of(site.browser().get("/khong-co"))["form-action"] == ["'self'"]


def test_over_https_cookies_are_secure_and_host_bound_and_hsts_is_sent(https_site: Site) -> None:
    browser = https_site.browser()
    page = browser.authorize()
    answer = browser.submit(page, username="canbo", password=PASSWORD)
    cookies = {c.split("=")[0]: c for r in (page, answer) for c in r.headers.getlist("Set-Cookie")}
    if "__Host-browser" not in cookies:
        cookies |= {c.split("=")[0]: c for c in browser.authorize(follow=False, prompt="login").headers.getlist("Set-Cookie")}
    assert "__Host-sso" in cookies
    frames = {part.strip() for part in cookies.pop("__Host-browser-state").split(";")[1:]}
    assert frames == {"Secure", "Path=/", "SameSite=None"}
    for cookie in cookies.values():
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert page.request.url.startswith("https://")


def test_the_browser_cookie_of_development_has_its_own_name(site: Site) -> None:
    browser = site.browser()
    browser.authorize()
    browser.submit(browser.authorize(), username="canbo", password=PASSWORD)
    assert browser.client.get_cookie("browser") is not None
    assert browser.client.get_cookie("sso") is not None
    assert browser.client.get_cookie("session") is None


def test_only_the_views_that_are_named_take_a_form_without_token(site: Site) -> None:
    views = {rule.endpoint: rule for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert len(set(views) - set(EXEMPT_VIEWS)) > 40
    assert set(EXEMPT_VIEWS) <= set(views)
    browser = site.browser()
    for endpoint, rule in views.items():
        if endpoint not in EXEMPT_VIEWS:
            answer = browser.post(re.sub("<any[^>]+>", "lost", re.sub("<[a-z_]+>", "x" * 43, rule.rule)), {"answer": "accept"})
            assert answer.status_code == 400, endpoint
            assert "csrf" in answer.text


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                                     {"Origin": "https://evil.example"}, {"Origin": "http://localhost:8001"}])
def test_a_form_that_another_site_sent_is_refused_even_with_a_good_token(site: Site, headers: dict) -> None:
    browser = site.browser()
    action, fields = form_of(browser.authorize())
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = browser.post(action, {**fields, "username": "canbo", "password": PASSWORD}, **sent)
    assert answer.status_code == 400
    assert browser.sso() is None


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://localhost:8000"},
                                     {"Origin": "null"}, {}])
def test_our_own_forms_pass_as_browsers_send_them(site: Site, headers: dict) -> None:
    browser = site.browser()
    action, fields = form_of(browser.authorize())
    assert browser.post(action, {**fields, "username": "canbo", "password": PASSWORD}, **headers).status_code == 303


def test_a_token_of_another_browser_is_refused(site: Site) -> None:
    mine, theirs = site.browser(), site.browser()
    action, _ = form_of(mine.authorize())
    _, stolen = form_of(theirs.authorize())
    assert mine.post(action, {**stolen, "username": "canbo", "password": PASSWORD}).status_code == 400


def test_only_our_own_host_is_answered(site: Site) -> None:
    client = site.app.test_client()
    assert client.get(authorize_url(), base_url="http://evil.example").status_code == 400
    assert client.get(authorize_url(), base_url="http://localhost").status_code == 303


def test_no_address_that_we_emit_follows_a_request_header(site: Site) -> None:
    browser = site.browser(X_Forwarded_Host="evil.example", X_Forwarded_Proto="https", Forwarded="host=evil.example")
    page = browser.authorize()
    assert "evil.example" not in page.text
    assert site.settings.issuer in browser.submit(page, username="canbo", password=PASSWORD).headers["Location"].replace(
        "%3A", ":").replace("%2F", "/")


def test_bodies_beyond_64_kb_are_refused_with_413(site: Site) -> None:
    browser = site.browser()
    action, fields = form_of(browser.authorize())
    answer = browser.post(action, {**fields, "username": "x" * 70000, "password": "x"})
    assert answer.status_code == 413
    assert "Mã tra cứu" in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/khong-co", 404), ("DELETE", "/authorize", 405),
                                                        ("PUT", "/login/x", 405), ("POST", "/", 405), ("GET", "/\ufffd%00", 404),
                                                        ("GET", "/admin/certificates/%00", 404),
                                                        ("GET", "/account/certificates/x%1b", 404)])
def test_what_is_not_there_is_a_page_with_a_code_to_read_out(site: Site, method: str, path: str, status: int) -> None:
    answer = site.app.test_client().open(path, method=method, base_url=site.settings.issuer)
    assert answer.status_code == status
    assert "Mã tra cứu" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert status != 405 or answer.headers["Allow"]


def test_error_pages_speak_english_too(site: Site) -> None:
    page = site.browser(Accept_Language="en").get("/khong-co")
    assert "Reference code" in page.text


def test_a_mistake_of_ours_shows_no_stack(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_args, **_kwargs):
        raise RuntimeError("SELECT secret FROM host db.internal")

    site.services.provider.parse_authorization = broken
    answer = site.browser().get(authorize_url())
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "Mã tra cứu" in answer.text
    assert any(record.name == "idp.web" and record.exc_info for record in caplog.records)


def test_a_database_that_does_not_answer_is_a_503_page(site: Site) -> None:
    def gone(*_args, **_kwargs):
        raise UnavailableError("gone", dependency="database", retry_after_seconds=5, debug="host db.internal")

    site.services.interactions.take_up = gone
    answer = site.browser().get("/login/" + "x" * 43)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "db.internal" not in answer.text


def test_static_files_are_kept_by_browsers_and_set_no_cookie(site: Site) -> None:
    page = site.browser().authorize()
    address = re.search(r'href="(/static/[^"]+tokens\.css)"', page.text)[1]
    answer = site.browser().get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_without_a_key_for_the_browser_cookie_nothing_starts(site: Site) -> None:
    with pytest.raises(ConfigurationError):
        register(Flask("bare", static_folder=None), site.services)


@pytest.mark.parametrize(("text", "path"), [
    ("/account/", "/account/"), ("/a?b=c", "/a?b=c"), ("//evil", "/"), ("/\\evil", "/"), ("https://evil", "/"), ("evil", "/"),
    ("/a\nb", "/"), (None, "/"), ("/" + "x" * 3000, "/"), ("http:///evil", "/"), ("/\u2028", "/\u2028"), ("///evil", "/"),
    ("http://[evil", "/"),
])
def test_an_own_path_is_a_path_and_nothing_else(text: str | None, path: str) -> None:
    assert local_path(text) == path


def test_a_page_of_the_application_is_named_where_one_is_going(site: Site) -> None:
    assert QLVB.owner in site.browser().authorize().text
