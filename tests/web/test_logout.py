"""Signing out: by oneself, and by RP-Initiated Logout 1.0; named after the conformance modules where there is one."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from idp.audit import Caller
from idp.oauth.provider_request import ProviderRequest

from .site import PORTAL, QLVB, VERIFIER, Browser, Site, authorize_url, form_of, query_of

OUT = QLVB.post_logout_redirect_uris[0]


def signed_in(site: Site, client=QLVB, uid: str = "canbo") -> tuple[Browser, str]:
    browser = site.browser()
    answer = browser.sign_in(client, uid=uid)
    return browser, site.tokens(answer.headers["Location"], client)["id_token"]


def is_out(browser: Browser) -> bool:
    return "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]


def logout_url(**parameters: str) -> str:
    return "/logout?" + urlencode(parameters)


def test_oidcc_rp_initiated_logout(site: Site) -> None:
    browser, token = signed_in(site)
    answer = browser.get(logout_url(id_token_hint=token, post_logout_redirect_uri=OUT, state="s t&u"))
    assert answer.status_code == 303
    assert answer.headers["Location"] == OUT + "?state=s%20t%26u"
    assert is_out(browser)
    assert browser.sso() is None
    assert site.notices() == ["qlvb"]


def test_oidcc_rp_initiated_logout_no_state(site: Site) -> None:
    browser, token = signed_in(site)
    assert browser.get(logout_url(id_token_hint=token, post_logout_redirect_uri=OUT)).headers["Location"] == OUT
    assert is_out(browser)


def test_s2_an_expired_hint_is_accepted(site: Site) -> None:
    browser, token = signed_in(site)
    site.clock.advance(3000)
    assert browser.get(logout_url(id_token_hint=token, post_logout_redirect_uri=OUT)).headers["Location"] == OUT


@pytest.mark.parametrize("uri", ["https://evil.example/", OUT + "/", OUT + "?a=1", OUT.upper(), "javascript:alert(1)"])
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(site: Site, uri: str) -> None:
    browser, token = signed_in(site)
    page = browser.get(logout_url(id_token_hint=token, post_logout_redirect_uri=uri))
    assert page.status_code == 200
    assert "Đăng xuất khỏi mọi ứng dụng?" in page.text
    assert not is_out(browser)
    done = browser.submit(page, answer="accept")
    assert done.status_code == 200
    assert 'href="https://evil' not in done.text
    assert is_out(browser)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(site: Site) -> None:
    browser, token = signed_in(site)
    head, body, signature = token.split(".")
    page = browser.get(logout_url(id_token_hint=f"{head}.{body}.{'A' + signature[1:]}", post_logout_redirect_uri=OUT))
    assert page.status_code == 200
    assert not is_out(browser)


@pytest.mark.parametrize("hint", ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_oidcc_rp_initiated_logout_bad_id_token_hint(site: Site, hint: str) -> None:
    browser, _ = signed_in(site)
    page = browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=OUT))
    assert page.status_code == 200
    done = browser.submit(page, answer="accept")
    assert "Location" not in done.headers
    assert is_out(browser)


def test_oidcc_rp_initiated_logout_no_id_token_hint(site: Site) -> None:
    browser, _ = signed_in(site)
    page = browser.get(logout_url(client_id="qlvb", post_logout_redirect_uri=OUT, state="x"))
    assert page.status_code == 200
    done = browser.submit(page, answer="accept")
    assert done.status_code == 200
    assert f'href="{OUT}?state=x"' in done.text
    assert is_out(browser)


@pytest.mark.parametrize("parameters", [{}, {"state": "only"}])
def test_oidcc_rp_initiated_logout_no_params_and_only_state(site: Site, parameters: dict) -> None:
    browser, _ = signed_in(site)
    page = browser.get(logout_url(**parameters))
    assert "Nguyễn Văn Mẫu" in page.text
    assert not is_out(browser)
    done = browser.submit(page, answer="accept")
    assert "Bạn đã đăng xuất" in done.text
    assert "Hệ thống Quản lý văn bản" in done.text
    assert is_out(browser)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(site: Site) -> None:
    browser, token = signed_in(site)
    done = browser.get(logout_url(id_token_hint=token))
    assert "Bạn đã đăng xuất" in done.text
    assert is_out(browser)


def test_s2_by_post_from_another_site_the_request_is_stored_and_answered_by_get(site: Site) -> None:
    browser, token = signed_in(site)
    foreign = site.app.test_client()
    stored = foreign.post("/logout", data={"id_token_hint": token, "post_logout_redirect_uri": OUT, "state": "x"},
                          base_url=site.settings.issuer,
                          headers={"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"})
    assert stored.status_code == 303
    assert not is_out(browser)
    assert browser.get(stored.headers["Location"]).headers["Location"] == OUT + "?state=x"
    assert is_out(browser)


def test_an_access_token_is_no_hint(site: Site) -> None:
    site.client_store.put(replace(QLVB, access_token_format="jwt"))
    site.clock.advance(2)
    browser = site.browser()
    tokens = site.tokens(browser.sign_in().headers["Location"])
    assert tokens["access_token"].count(".") == 2
    page = browser.get(logout_url(id_token_hint=tokens["access_token"], post_logout_redirect_uri=OUT))
    assert page.status_code == 200
    assert not is_out(browser)


def test_a_hint_of_another_session_or_officer_is_a_question(site: Site) -> None:
    _, foreign = signed_in(site, uid="vanthu")
    _, older = signed_in(site)
    browser, _ = signed_in(site)
    for hint in (foreign, older):
        page = browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=OUT))
        assert "Đăng xuất khỏi mọi ứng dụng?" in page.text
        assert not is_out(browser)
    assert browser.submit(page, answer="accept").headers["Location"] == OUT
    assert is_out(browser)


def test_a_hint_for_another_client_than_client_id_is_a_question_and_never_redirects(site: Site) -> None:
    browser, token = signed_in(site)
    page = browser.get(logout_url(id_token_hint=token, client_id="cong", post_logout_redirect_uri=OUT))
    assert page.status_code == 200
    assert "Location" not in browser.submit(page, answer="accept").headers


def test_without_a_session_a_good_request_goes_back_and_a_plain_one_says_so(site: Site) -> None:
    browser, token = signed_in(site)
    browser.get(logout_url(id_token_hint=token))
    assert browser.get(logout_url(id_token_hint=token, post_logout_redirect_uri=OUT)).headers["Location"] == OUT
    assert "Bạn đã đăng xuất" in browser.get("/logout").text


def test_no_keeps_the_session_and_leads_back(site: Site) -> None:
    browser, _ = signed_in(site)
    page = browser.get(logout_url(client_id="qlvb"))
    assert browser.submit(page, answer="deny").headers["Location"] == QLVB.client_uri
    assert browser.submit(browser.get("/logout"), answer="deny").headers["Location"] == "/"
    assert browser.submit(browser.get("/logout")).headers["Location"] == "/"
    assert not is_out(browser)


def test_the_applications_that_are_told_are_named_and_the_others_are_not(site: Site) -> None:
    browser, _ = signed_in(site)
    browser.authorize(PORTAL)
    done = browser.submit(browser.get("/logout"), answer="accept")
    assert f'{QLVB.client_name}</span><span class="rows__note">{QLVB.owner}</span>' in done.text
    assert PORTAL.client_name not in done.text
    assert "session.ended" in site.events()


def test_our_own_form_needs_its_token(site: Site) -> None:
    browser, _ = signed_in(site)
    action, fields = form_of(browser.get("/logout"))
    assert browser.post(action, {"answer": "accept"}).status_code == 400
    assert browser.post("/logout", {"answer": "accept"}).headers["Location"] == "/logout"
    assert browser.post("/logout", {"answer": "accept", "csrf_token": "x"}).headers["Location"] == "/logout"
    assert not is_out(browser)
    answer = browser.post("/logout", {"answer": "accept", "csrf_token": fields["csrf_token"]})
    assert "Bạn đã đăng xuất" in answer.text
    assert is_out(browser)


def test_what_was_granted_in_the_session_dies_with_it(site: Site) -> None:
    browser = site.browser()
    online = site.tokens(browser.sign_in(scope="openid").headers["Location"])
    offline = site.tokens(browser.get(authorize_url(scope="openid offline_access")).headers["Location"])
    browser.get(logout_url(id_token_hint=online["id_token"]))

    def refresh(token: str) -> int:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        basic = "Basic " + base64.b64encode(b"qlvb:s3cret").decode()
        return site.provider.token(ProviderRequest(form, caller=Caller("192.0.2.9", "r"), authorization=basic)).status

    assert refresh(online["refresh_token"]) == 400
    assert refresh(offline["refresh_token"]) == 200


def test_a_code_that_was_not_redeemed_dies_with_the_session(site: Site) -> None:
    browser, token = signed_in(site)
    code = query_of(browser.get(authorize_url()).headers["Location"])["code"]
    browser.get(logout_url(id_token_hint=token))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": QLVB.redirect_uris[0], "code_verifier": VERIFIER}
    basic = "Basic " + base64.b64encode(b"qlvb:s3cret").decode()
    answer = site.provider.token(ProviderRequest(form, caller=Caller("192.0.2.9", "r"), authorization=basic))
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("query", ["%ff=1", "id_token_hint=%C3%28", "&".join(f"a{n}=1" for n in range(101))])
def test_what_is_no_form_encoding_gets_a_page_with_400(site: Site, query: str) -> None:
    assert site.browser().get("/logout?" + query).status_code == 400


def test_ui_locales_choose_the_language_of_the_question(site: Site) -> None:
    browser, _ = signed_in(site)
    assert '<html lang="en">' in browser.get(logout_url(ui_locales="en")).text
