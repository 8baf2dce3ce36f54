"""The sample applications against a fake provider (the real one: tests/browser)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from tests.fakes.provider import FakeProvider

CLIENTS = Path(__file__).parents[2] / "clients"
sys.path.insert(0, str(CLIENTS))

from sample_application.application import Configuration, create_application  # noqa: E402


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    provider = FakeProvider().start()
    yield provider
    provider.stop()


@pytest.fixture
def app(provider: FakeProvider) -> Flask:
    return create_application(
        Configuration(provider.issuer, "qlvb", "secret", "http://localhost:8001", (("Cổng thông tin", "http://localhost:8002/"),)),
        name="Hệ thống Quản lý văn bản", owner="Văn phòng UBND tỉnh", page="news.html",
        pages=CLIENTS / "cong-thong-tin" / "templates")


def _signed_in(app: Flask, provider: FakeProvider) -> FlaskClient:
    browser = app.test_client()
    answer = browser.get(provider.answer(browser.get("/oidc/login").location))
    assert answer.location == "/"
    return browser


def _notice(app: Flask, token: str) -> int:
    return app.test_client().post("/oidc/backchannel-logout", data={"logout_token": token}).status_code


def _is_in(browser: FlaskClient) -> bool:
    return browser.get("/").status_code == 200


def test_first_page_leads_to_the_provider_with_pkce_state_and_nonce(app: Flask, provider: FakeProvider) -> None:
    browser = app.test_client()
    assert browser.get("/").location == "/oidc/login"
    asked = parse_qs(urlsplit(browser.get("/oidc/login").location).query)
    assert asked["redirect_uri"] == ["http://localhost:8001/oidc/callback"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)


def test_officer_is_shown_with_unit_title_and_level(app: Flask, provider: FakeProvider) -> None:
    page = _signed_in(app, provider).get("/").text
    for text in ("Nguyễn Văn Bộ", "Chuyên viên", "Văn phòng", "Hai lớp", "urn:haugiang:acr:2", "http://localhost:8002/"):
        assert text in page


def test_identifier_of_the_session_changes_at_sign_in(app: Flask, provider: FakeProvider) -> None:
    browser = app.test_client()
    location = browser.get("/oidc/login").location
    before = browser.get_cookie("qlvb_session")
    browser.get(provider.answer(location))
    after = browser.get_cookie("qlvb_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    other = app.test_client()
    other.set_cookie("qlvb_session", before.value)
    assert not _is_in(other)


def test_rfc9207_answer_of_another_issuer_is_refused(app: Flask, provider: FakeProvider) -> None:
    for wrong in ("https://elsewhere.example", ""):
        browser = app.test_client()
        answer = browser.get(provider.answer(browser.get("/oidc/login").location, iss=wrong))
        assert answer.status_code == 400
        assert "Đăng nhập lại" in answer.text
        assert not _is_in(browser)


def test_answer_that_nobody_asked_for_is_refused(app: Flask, provider: FakeProvider) -> None:
    location = app.test_client().get("/oidc/login").location
    assert app.test_client().get(provider.answer(location)).status_code == 400


def test_userinfo_of_somebody_else_is_refused(app: Flask, provider: FakeProvider) -> None:
    provider.details["sub"] = "s-2"
    browser = app.test_client()
    assert browser.get(provider.answer(browser.get("/oidc/login").location)).status_code == 400
    assert not _is_in(browser)


def test_second_of_two_tabs_ends_on_the_first_page(app: Flask, provider: FakeProvider) -> None:
    browser = app.test_client()
    first, second = browser.get("/oidc/login").location, browser.get("/oidc/login").location
    assert browser.get(provider.answer(first)).location == "/"
    assert browser.get(provider.answer(second)).location == "/"
    answer = browser.get(provider.answer(second))
    assert answer.location == "/"


def test_denied_consent_is_explained(app: Flask, provider: FakeProvider) -> None:
    browser = app.test_client()
    answer = browser.get(provider.answer(browser.get("/oidc/login").location, error="access_denied", code=""))
    assert answer.status_code == 400
    assert "chưa cho phép" in answer.text


def test_provider_that_does_not_answer_is_said_so(app: Flask, provider: FakeProvider) -> None:
    provider.stop()
    answer = app.test_client().get("/oidc/login")
    assert answer.status_code == 503
    assert "chưa trả lời" in answer.text


def test_oidc_core_s4_sign_in_for_another_issuer_is_refused(app: Flask, provider: FakeProvider) -> None:
    assert app.test_client().get("/oidc/login?iss=https://elsewhere.example").status_code == 400
    answer = app.test_client().get("/oidc/login", query_string={"iss": provider.issuer, "login_hint": "canbo"})
    assert parse_qs(urlsplit(answer.location).query)["login_hint"] == ["canbo"]


def test_logout_ends_the_session_and_asks_the_provider(app: Flask, provider: FakeProvider) -> None:
    browser = _signed_in(app, provider)
    assert browser.post("/logout", data={"form_token": "wrong"}).status_code == 400
    assert _is_in(browser)
    found = re.search(r'name="form_token" value="([^"]+)"', browser.get("/").text)
    assert found is not None
    answer = browser.post("/logout", data={"form_token": found[1]})
    asked = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(f"{provider.issuer}/logout?")
    assert asked["post_logout_redirect_uri"] == ["http://localhost:8001/logged-out"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert not _is_in(browser)


def test_logout_by_get_is_not_possible(app: Flask, provider: FakeProvider) -> None:
    assert _signed_in(app, provider).get("/logout").status_code == 405


def test_backchannel_s2_6_logout_token_ends_the_session_of_its_sid(app: Flask, provider: FakeProvider) -> None:
    browser = _signed_in(app, provider)
    provider.claims["sid"] = "sid-2"
    other = _signed_in(app, provider)
    assert _notice(app, provider.logout_token("qlvb")) == 200
    assert not _is_in(browser)
    assert _is_in(other)
    assert _notice(app, provider.logout_token("qlvb", sid=None)) == 200
    assert not _is_in(other)


def test_backchannel_s2_6_every_fault_of_a_logout_token_is_refused(app: Flask, provider: FakeProvider) -> None:
    browser = _signed_in(app, provider)
    changes = [{"iss": "https://elsewhere.example"}, {"aud": "cong-thong-tin"}, {"iat": None}, {"iat": 1}, {"exp": 1},
               {"exp": None}, {"events": {}}, {"events": None}, {"nonce": "n"}, {"jti": None}, {"sub": None, "sid": None},
               {"sid": 7}, {"iat": 99999999999}]
    for change in changes:
        assert _notice(app, provider.logout_token("qlvb", **change)) == 400, change
    stranger = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    good = {"iss": provider.issuer, "aud": "qlvb", "sid": "sid-1"}
    assert _notice(app, provider.sign(good, typ="logout+jwt", key=stranger)) == 400
    assert _notice(app, provider.sign(good, typ="at+jwt")) == 400
    for text in ("", "a.b.c", "é.é.é", "eyJhbGciOiJub25lIn0.e30.", "x" * 9000):
        assert _notice(app, text) == 400
    assert _is_in(browser)


def test_backchannel_s2_6_logout_token_works_once(app: Flask, provider: FakeProvider) -> None:
    token = provider.logout_token("qlvb")
    assert _notice(app, token) == 200
    assert _notice(app, token) == 400


def test_backchannel_keys_are_fetched_anew_after_a_rotation(app: Flask, provider: FakeProvider) -> None:
    browser = _signed_in(app, provider)
    provider.key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    assert _notice(app, provider.logout_token("qlvb")) == 200
    assert not _is_in(browser)


def test_pages_are_not_cached_framed_or_scripted(app: Flask, provider: FakeProvider) -> None:
    answer = _signed_in(app, provider).get("/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["qlvb", "cong-thong-tin"])
def test_both_applications_start_from_their_folder(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("made-for-this-test\n")
    monkeypatch.setenv("CLIENT_SECRET_FILE", str(secret))
    scope: dict[str, object] = {"__file__": str(CLIENTS / name / "app.py"), "__name__": "app"}
    exec(compile((CLIENTS / name / "app.py").read_text(), name, "exec"), scope)
    started = scope["app"]
    assert isinstance(started, Flask)
    assert started.test_client().get("/healthz").text == "ok\n"
    assert "Bạn đã đăng xuất" in started.test_client().get("/logged-out").text
