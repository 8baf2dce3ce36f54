"""Line 22: sign-in, consent and their kin cannot be framed, run no inline script and are kept by nobody."""

from __future__ import annotations

import re

import pytest

from idp.adapters.sql.database import Database
from tests.web.site import SURVEY, Site


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def test_line_22_every_page(site: Site) -> None:
    site.enrol("lanhdao")
    signed_in = site.browser()
    factor, change, consent = site.browser(), site.browser(), site.browser()
    pages = {
        "sign_in": site.browser().authorize(),
        "second_factor": factor.follow(factor.sign_in(uid="lanhdao")),
        "change_password": change.follow(change.sign_in(uid="doimatkhau")),
        "consent": consent.follow(consent.sign_in(SURVEY)),
        "select_account": (signed_in.sign_in(), signed_in.authorize(prompt="select_account"))[1],
        "portal": signed_in.get("/"), "logout": signed_in.get("/logout"),
        "form_post": signed_in.authorize(response_mode="form_post"),
        "error": signed_in.get("/authorize"), "missing": signed_in.get("/x"),
        "done": signed_in.submit(signed_in.get("/logout"), answer="accept"),
    }
    nonces = set()
    for name, page in pages.items():
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, name
        assert page.headers["X-Frame-Options"] == "DENY", name
        assert page.headers["Cache-Control"] == "no-store", name
        assert "unsafe-inline" not in policy, name
        assert "unsafe-eval" not in policy, name
        assert "default-src 'none'" in policy, name
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page.text), name
        nonces.add(re.search(r"script-src 'self' 'nonce-([^']+)'", policy)[1])
    assert len(nonces) == len(pages)


def test_line_22_the_session_management_frame_is_the_one_page_that_others_may_frame_and_holds_nothing(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    frame = browser.get("/check-session")
    assert frame.status_code == 200
    assert "X-Frame-Options" not in frame.headers
    assert "frame-ancestors https: " in frame.headers["Content-Security-Policy"]
    assert not re.search(r"<(?:a|form|button|input|iframe|img)\b", frame.text)
    for other in (browser.get("/check-session/x"), browser.post("/check-session"), browser.get("/static/x/check-session.html")):
        assert other.status_code in {404, 405}
        assert "frame-ancestors 'none'" in other.headers.get("Content-Security-Policy", "frame-ancestors 'none'")


def test_line_46_redirects_are_kept_by_nobody_either(site: Site) -> None:
    browser = site.browser()
    for answer in (browser.authorize(follow=False), browser.sign_in(), browser.authorize(follow=False)):
        assert answer.status_code == 303
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
