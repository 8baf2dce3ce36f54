"""Answers leave the pages in every mode: query, fragment and form, plain or signed; and so do refusals, whoever refuses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.adapters.sql.database import Database
from idp.jose import jwt
from idp.oauth.response import FRONT_CHANNEL

from .site import LEADERS, QLVB, SURVEY, Site, authorize_url, form_of

ALL = {"response_types": ("code", *FRONT_CHANNEL), "grant_types": ("authorization_code", "refresh_token", "implicit")}
MODES = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt"]


TENANT = replace(QLVB, client_id="tenant", redirect_uris=("http://localhost:8001/oidc/callback?tenant=1",))


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    target = tmp_path_factory.mktemp("modes") / "pages.sqlite3"
    shutil.copy(sqlite_template, target)
    database = Database(f"sqlite:///{target}")
    site = Site(database, legacy_response_types=True)
    for client in (QLVB, SURVEY, LEADERS, TENANT):
        site.client_store.put(replace(client, **ALL))
    yield site
    database.dispose()


def told(site: Site, answer: TestResponse, mode: str, redirect_uri: str = QLVB.redirect_uris[0]) -> dict[str, Any]:
    """Read an answer as the application would, and only where the mode puts it."""
    encoding, _, signed = mode.partition(".")
    if encoding == "form_post":
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        action, fields = form_of(answer)
        assert action == redirect_uri
        assert "form-action" not in answer.headers["Content-Security-Policy"]
    else:
        assert answer.status_code == 303
        address, sign, fragment = answer.headers["Location"].partition("#")
        if encoding == "fragment":
            assert (address, sign) == (redirect_uri, "#")
        else:
            assert (address.startswith(redirect_uri), sign) == (True, "")
        pairs = parse_qsl(fragment) if encoding == "fragment" else parse_qsl(urlsplit(address.removeprefix(redirect_uri)).query)
        fields = dict(pairs)
        assert len(fields) == len(pairs)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    if not signed:
        return fields
    assert set(fields) == {"response"}
    claims = jwt.verify(fields["response"], site.services.keys.verification(), algorithms=["RS256"], typ="JWT",
                        issuer=site.settings.issuer, audience=None, now=site.clock.now())
    assert claims.pop("exp") == site.clock.now() + 300
    assert claims.pop("aud") in {"qlvb", "khaosat", "lanhdao", "tenant"}
    return claims


@pytest.mark.parametrize("mode", MODES)
def test_a_code_leaves_after_the_sign_in_page_and_on_the_fast_path(site: Site, mode: str) -> None:
    browser = site.browser()
    for answer in (browser.sign_in(response_mode=mode), browser.authorize(response_mode=mode, follow=False)):
        fields = told(site, answer, mode)
        assert set(fields) == {"code", "state", "iss", "session_state"}
        assert fields["state"] == "st-1"


@pytest.mark.parametrize("mode", [mode for mode in MODES if not mode.startswith("query")])
@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_tokens_leave_after_the_sign_in_page(site: Site, response_type: str, mode: str) -> None:
    fields = told(site, site.browser().sign_in(response_type=response_type, response_mode=mode), mode)
    assert {"code", "id_token", "access_token"} & set(fields) == {
        {"token": "access_token"}.get(word, word) for word in response_type.split(" ")}


@pytest.mark.parametrize(("response_type", "mode"), [("code", "query"), ("id_token", "fragment"), ("code token", "fragment")])
def test_without_a_mode_the_response_type_decides(site: Site, response_type: str, mode: str) -> None:
    assert told(site, site.browser().sign_in(response_type=response_type), mode)["iss"]
    assert told(site, site.browser().sign_in(response_type=response_type, response_mode="jwt"), f"{mode}.jwt")["iss"]


@pytest.mark.parametrize("mode", MODES)
def test_rfc6749_s4_2_2_the_redirect_uris_own_query_stays(site: Site, mode: str) -> None:
    answer = site.browser().sign_in(TENANT, response_mode=mode)
    if mode.startswith("query"):
        pairs = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        assert pairs["tenant"] == "1"
        assert ("code" in pairs) != ("response" in pairs)
    else:
        assert told(site, answer, mode, TENANT.redirect_uris[0])["code"]


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_consent_is_told_in_the_same_mode(site: Site, mode: str) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY, response_mode=mode))
    fields = told(site, browser.submit(page, answer="deny"), mode, SURVEY.redirect_uris[0])
    assert (fields["error"], fields["state"]) == ("access_denied", "st-1")


@pytest.mark.parametrize("mode", MODES)
def test_prompt_none_and_requests_that_cannot_be_read_are_told_in_the_same_mode(site: Site, mode: str) -> None:
    browser = site.browser()
    assert told(site, browser.get(authorize_url(response_mode=mode, prompt="none")), mode)["error"] == "login_required"
    assert told(site, browser.get(authorize_url(response_mode=mode, max_age="x")), mode)["error"] == "invalid_request"


def test_a_consent_given_leads_on_with_tokens(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY, response_type="id_token", scope="openid email"))
    assert "canbo@haugiang.gov.vn" in page.text
    fields = told(site, browser.submit(page, answer="accept"), "fragment", SURVEY.redirect_uris[0])
    assert site.id_token_claims(fields["id_token"])["email"] == "canbo@haugiang.gov.vn"


@pytest.mark.parametrize(("mode", "sign"), [("query", "?error="), ("fragment", "#error="), ("query.jwt", "?response="),
                                            ("fragment.jwt", "#response="), ("form_post", None), ("form_post.jwt", None)])
def test_the_page_for_an_officer_who_is_not_admitted_links_back_where_a_link_can(site: Site, mode: str, sign: str | None) -> None:
    answer = site.browser().sign_in(LEADERS, response_mode=mode)
    assert answer.status_code == 403
    links = [unescape(link) for link in re.findall(r'href="(http[^"]+)"', answer.text)]
    back = LEADERS.redirect_uris[0] + sign if sign else LEADERS.client_uri
    assert any(link.startswith(back) for link in links)


@pytest.mark.parametrize("mode", ["fragment", "form_post", "fragment.jwt", "form_post.jwt"])
def test_nothing_from_the_request_can_leave_its_place(site: Site, mode: str) -> None:
    nasty = "\"'><script>alert(1)</script>#&id_token=x\r\nSet-Cookie: a=b"
    answer = site.browser().sign_in(response_type="id_token", response_mode=mode, state=nasty)
    assert told(site, answer, mode)["state"] == nasty
    assert "<script>alert" not in answer.text
    assert "Set-Cookie: a=b" not in str(answer.headers)
