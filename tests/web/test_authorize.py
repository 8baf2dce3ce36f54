"""The authorization endpoint: OpenID Connect Core §3.1.2, RFC 6749 §4.1, RFC 9207, Form Post Response Mode."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.fakes.directory import PASSWORD

from .site import PORTAL, QLVB, Site, authorize_url, query_of


@pytest.mark.parametrize(("changes", "code"), [
    ({"client_id": "nobody"}, "unknown_client"), ({"client_id": None}, "unknown_client"),
    ({"redirect_uri": "https://evil.example/cb"}, "redirect_uri_mismatch"), ({"redirect_uri": None}, "redirect_uri_missing"),
    ({"redirect_uri": QLVB.redirect_uris[0] + "/"}, "redirect_uri_mismatch"),
    ({"redirect_uri": QLVB.redirect_uris[0] + "?x=1"}, "redirect_uri_mismatch"),
])
def test_until_client_and_redirect_uri_are_known_errors_stay_on_our_page(site: Site, changes: dict, code: str) -> None:
    answer = site.browser().get(authorize_url(**changes))
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert code in answer.text
    assert "Mã tra cứu" in answer.text
    assert 'href="https://evil' not in answer.text


@pytest.mark.parametrize(("changes", "error"), [
    ({"response_type": None}, "invalid_request"), ({"response_type": "none"}, "unsupported_response_type"),
    ({"scope": "openid unheard"}, "invalid_scope"), ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"), ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "dance"}, "invalid_request"), ({"max_age": "-1"}, "invalid_request"), ({"max_age": "x"}, "invalid_request"),
    ({"request": "e.y.j"}, "invalid_request_object"), ({"request": "e.y."}, "request_not_supported"),
     ({"request_uri": "https://a/"}, "request_uri_not_supported"),
    ({"id_token_hint": "garbage"}, "invalid_request"), ({"prompt": "none"}, "login_required"),
    ({"response_mode": "web_message"}, "invalid_request"),
])
def test_rfc9207_errors_go_to_the_application_with_state_and_iss(site: Site, changes: dict, error: str) -> None:
    answer = site.browser().get(authorize_url(**changes))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?")
    query = query_of(answer.headers["Location"])
    assert (query["error"], query["state"], query["iss"]) == (error, "st-1", site.settings.issuer)


def test_state_comes_back_byte_for_byte(site: Site) -> None:
    state = 'a b+c&d=e%f"<>đ\u2028' + "x" * 2000
    assert query_of(site.browser().sign_in(state=state).headers["Location"])["state"] == state


def test_a_repeated_parameter_is_refused(site: Site) -> None:
    answer = site.browser().get(authorize_url() + "&scope=openid")
    assert query_of(answer.headers["Location"])["error"] == "invalid_request"
    assert site.browser().get(authorize_url() + "&client_id=qlvb").status_code == 400
    assert site.browser().get(authorize_url() + "&redirect_uri=https://evil.example").status_code == 400


@pytest.mark.parametrize("query", ["%ff", "a=%C3%28", "client_id=qlvb&x=%ED%A0%80", "\xff\xfe",
                                   "&".join(f"a{n}=1" for n in range(101))])
def test_what_is_no_form_encoding_gets_a_page_with_400(site: Site, query: str) -> None:
    answer = site.browser().get("/authorize?" + query)
    assert answer.status_code == 400
    assert "Mã tra cứu" in answer.text


def test_core_s3_1_2_1_prompt_none_with_a_session_answers_at_once(site: Site) -> None:
    browser = site.browser()
    first = browser.sign_in()
    auth_time = site.id_token_claims(site.tokens(first.headers["Location"])["id_token"])["auth_time"]
    site.clock.advance(300)
    answer = browser.get(authorize_url(prompt="none"))
    assert answer.status_code == 303
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert claims["auth_time"] == auth_time


def test_core_s3_1_2_1_prompt_login_asks_again_and_moves_auth_time(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    before = browser.sso()
    site.clock.advance(300)
    page = browser.authorize(prompt="login")
    assert "Vui lòng xác nhận chính bạn" in page.text
    assert "Nguyễn Văn Mẫu" in page.text
    assert 'value="canbo"' in page.text
    answer = browser.submit(page, username="canbo", password=PASSWORD)
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert claims["auth_time"] == site.clock.now()
    assert browser.sso() != before
    assert 'name="password"' in browser.authorize(prompt="login").text


def test_core_s3_1_2_1_prompt_login_is_not_satisfied_by_a_sign_in_in_another_tab(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize(prompt="login")
    browser.sign_in(PORTAL)
    assert 'name="password"' in browser.get(page.request.path).text


def test_core_s3_1_2_1_max_age(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(100)
    assert browser.get(authorize_url(max_age="10000")).headers["Location"].startswith(QLVB.redirect_uris[0])
    page = browser.authorize(max_age="1")
    assert 'name="password"' in page.text
    assert query_of(browser.submit(page, username="canbo", password=PASSWORD).headers["Location"])["code"]
    assert query_of(browser.get(authorize_url(max_age="0", prompt="none")).headers["Location"])["error"] == "login_required"


def test_core_s3_1_2_1_default_max_age_holds_where_none_is_asked(site: Site) -> None:
    site.client_store.put(replace(QLVB, default_max_age=60))
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(61)
    assert 'name="password"' in browser.authorize().text
    assert browser.get(authorize_url(max_age="100")).headers["Location"].startswith(QLVB.redirect_uris[0])


def test_core_s3_1_2_1_id_token_hint(site: Site) -> None:
    browser = site.browser()
    token = site.tokens(browser.sign_in().headers["Location"])["id_token"]
    site.clock.advance(3000)
    assert query_of(browser.get(authorize_url(prompt="none", id_token_hint=token)).headers["Location"])["code"]
    other = site.browser()
    other.sign_in(uid="vanthu")
    refused = other.get(authorize_url(prompt="none", id_token_hint=token))
    assert query_of(refused.headers["Location"])["error"] == "login_required"
    page = other.authorize(id_token_hint=token)
    assert "Vui lòng xác nhận chính bạn" not in page.text
    wrong = other.submit(page, username="vanthu", password=PASSWORD)
    assert query_of(wrong.headers["Location"])["error"] == "login_required"
    right = other.submit(other.authorize(id_token_hint=token), username="canbo", password=PASSWORD)
    assert query_of(right.headers["Location"])["code"]


def test_core_s5_5_1_a_value_for_sub_admits_that_officer_only(site: Site) -> None:
    browser = site.browser()
    sub = site.id_token_claims(site.tokens(browser.sign_in().headers["Location"])["id_token"])["sub"]
    wish = json.dumps({"id_token": {"sub": {"value": sub}}})
    assert query_of(browser.get(authorize_url(prompt="none", claims=wish)).headers["Location"])["code"]
    other = site.browser()
    other.sign_in(uid="vanthu")
    refused = other.get(authorize_url(prompt="none", claims=wish))
    assert query_of(refused.headers["Location"])["error"] == "login_required"
    wrong = other.submit(other.authorize(claims=wish), username="vanthu", password=PASSWORD)
    assert query_of(wrong.headers["Location"])["error"] == "login_required"
    right = other.submit(other.authorize(claims=wish), username="canbo", password=PASSWORD)
    assert site.id_token_claims(site.tokens(right.headers["Location"])["id_token"])["sub"] == sub


TWO_FACTORS = '{"id_token":{"acr":{"essential":true,"values":["urn:haugiang:acr:2"]}}}'


def test_core_s5_5_1_1_an_essential_acr_leads_to_the_second_factor(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    factor = browser.follow(browser.sign_in(claims=TWO_FACTORS))
    answer = browser.submit(factor, otp=site.otp())
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert claims["acr"] == "urn:haugiang:acr:2"


def test_core_s5_5_1_1_a_session_below_an_essential_acr_steps_up(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    browser.sign_in()
    silent = browser.get(authorize_url(prompt="none", claims=TWO_FACTORS))
    assert query_of(silent.headers["Location"])["error"] == "interaction_required"
    answer = browser.submit(browser.authorize(claims=TWO_FACTORS), otp=site.otp())
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])


@pytest.mark.parametrize("value", ["urn:haugiang:acr:2", "urn:haugiang:acr:3", "urn:somebody:else"])
def test_core_s5_5_1_1_an_essential_acr_out_of_reach_is_told_to_the_application(site: Site, value: str) -> None:
    wish = json.dumps({"id_token": {"acr": {"essential": True, "values": [value]}}})
    browser = site.browser()
    for answer in (browser.sign_in(claims=wish), browser.get(authorize_url(claims=wish)),
                   browser.get(authorize_url(claims=wish, prompt="none"))):
        assert query_of(answer.headers["Location"])["error"] == "unmet_authentication_requirements"


def test_core_s5_5_1_a_wish_for_a_level_never_fails_where_nothing_may_be_asked(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    browser.sign_in()
    for wish in ({"acr_values": "urn:haugiang:acr:2"}, {"acr_values": "urn:haugiang:acr:2 urn:haugiang:acr:1"},
                 {"claims": '{"id_token":{"acr":{"essential":true,"values":["urn:haugiang:acr:2","urn:haugiang:acr:1"]}}}'}):
        answer = browser.get(authorize_url(prompt="none", **wish))
        claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
        assert claims["acr"] == "urn:haugiang:acr:1"
        assert 'name="otp"' in browser.authorize(**wish).text  # asked where one may ask


def test_core_s5_5_1_1_a_voluntary_acr_out_of_reach_is_passed_over(site: Site) -> None:
    wish = '{"id_token":{"acr":{"values":["urn:haugiang:acr:3"]}}}'
    assert query_of(site.browser().sign_in(claims=wish).headers["Location"])["code"]


def test_core_s3_1_2_1_select_account(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(prompt="select_account")
    assert "Nguyễn Văn Mẫu" in page.text
    assert query_of(browser.submit(page, answer="accept").headers["Location"])["code"]
    page = browser.follow(browser.submit(browser.authorize(prompt="select_account"), answer="other"))
    assert 'name="password"' in page.text
    answer = browser.submit(page, username="vanthu", password=PASSWORD)
    assert query_of(answer.headers["Location"])["code"]


@pytest.mark.parametrize("prompt", ["select_account consent", "consent select_account"])
def test_core_s3_1_2_1_two_questions_are_asked_one_after_the_other(site: Site, prompt: str) -> None:
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(prompt=prompt)
    assert 'value="other"' in page.text
    page = browser.follow(browser.submit(page, answer="accept"))
    assert "Chia sẻ thông tin" in page.text
    assert query_of(browser.submit(page, answer="accept").headers["Location"])["code"]


def test_core_s3_1_2_1_login_with_select_account_signs_in_once(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(prompt="login select_account")
    assert 'name="password"' in page.text
    assert query_of(browser.submit(page, username="vanthu", password=PASSWORD).headers["Location"])["code"]


def test_core_s3_1_2_1_select_account_with_a_hint_admits_the_officer_of_the_hint_only(site: Site) -> None:
    browser = site.browser()
    token = site.tokens(browser.sign_in().headers["Location"])["id_token"]
    page = browser.authorize(prompt="select_account", id_token_hint=token)
    assert query_of(browser.submit(page, answer="accept").headers["Location"])["code"]
    other = browser.follow(browser.submit(browser.authorize(prompt="select_account", id_token_hint=token), answer="other"))
    refused = browser.submit(other, username="vanthu", password=PASSWORD)
    assert query_of(refused.headers["Location"])["error"] == "login_required"


def test_core_s3_1_2_1_login_hint_fills_the_form_where_one_is_shown_and_asks_for_nothing_else(site: Site) -> None:
    browser = site.browser()
    assert 'value="vanthu@haugiang.gov.vn"' in browser.authorize(login_hint="vanthu@haugiang.gov.vn").text
    browser.sign_in()
    assert query_of(browser.get(authorize_url(login_hint="vanthu")).headers["Location"])["code"]
    assert query_of(browser.get(authorize_url(login_hint="vanthu", prompt="none")).headers["Location"])["code"]
    assert 'value="vanthu"' in browser.authorize(login_hint="vanthu", prompt="login").text
    page = browser.authorize(login_hint='"><script>', prompt="login")
    assert '"><script>' not in page.text


@pytest.mark.parametrize(("display", "policy"), [("page", "same-origin"), ("popup", "unsafe-none"), ("touch", "same-origin"),
                                                 ("wap", "same-origin"), ("cinema", "same-origin")])
def test_core_s3_1_2_1_a_popup_stays_tied_to_its_opener_and_an_unknown_display_is_a_page(site: Site, display: str,
                                                                                        policy: str) -> None:
    page = site.browser().authorize(display=display)
    assert page.status_code == 200
    assert page.headers["Cross-Origin-Opener-Policy"] == policy


def test_core_s3_1_2_1_ui_locales_go_in_their_order_and_unknown_ones_are_passed_over(site: Site) -> None:
    for asked, lang in (("en", "en"), ("fr en-GB vi", "en"), ("vi en", "vi"), ("fr de", "vi"), ("??? en", "en")):
        assert f'<html lang="{lang}"' in site.browser().authorize(ui_locales=asked).text, asked


def test_core_s3_1_2_1_a_request_by_post_from_another_site_only_stores_and_comes_back_by_get(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    form = dict(parse_qsl(urlsplit(authorize_url()).query))
    foreign = site.app.test_client()  # SameSite=Lax: no cookie travels with another site's post
    stored = foreign.post("/authorize", data=form, base_url=site.settings.issuer,
                          headers={"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"})
    assert stored.status_code == 303
    assert stored.headers["Location"].startswith("/authorize/")
    assert query_of(browser.get(stored.headers["Location"]).headers["Location"])["code"]
    again = browser.get(stored.headers["Location"])
    assert again.headers["Location"] == QLVB.client_uri


def test_a_post_is_read_from_body_and_query_and_a_repeat_across_them_is_refused(site: Site) -> None:
    form = dict(parse_qsl(urlsplit(authorize_url()).query))
    client = site.app.test_client()
    refused = client.post("/authorize?scope=openid", data=form, base_url=site.settings.issuer)
    assert query_of(refused.headers["Location"])["error"] == "invalid_request"
    assert client.post("/authorize", data="{}", content_type="application/json", base_url=site.settings.issuer).status_code == 400
    assert client.post("/authorize", data=b"a=" + b"x" * 65536, base_url=site.settings.issuer,
                       content_type="application/x-www-form-urlencoded").status_code == 413


def test_form_post_sends_the_answer_in_a_form_with_its_own_policy(site: Site) -> None:
    answer = site.browser().sign_in(response_mode="form_post", state="a<b>\"'&")
    assert answer.status_code == 200
    assert f'action="{QLVB.redirect_uris[0]}"' in answer.text
    fields = {unescape(n): unescape(v) for n, v in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', answer.text)}
    assert fields["state"] == "a<b>\"'&"
    assert fields["iss"] == site.settings.issuer
    assert fields["code"]
    assert "csrf_token" not in fields
    assert "form-action" not in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    error = site.browser().get(authorize_url(response_mode="form_post", prompt="none"))
    assert 'name="error" value="login_required"' in error.text


def test_a_client_disabled_meanwhile_gets_no_code(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    site.client_store.put(replace(QLVB, disabled=True))
    site.clock.advance(2)
    answer = browser.submit(page, username="canbo", password=PASSWORD)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_every_answer_is_a_303_and_never_stored(site: Site) -> None:
    browser = site.browser()
    for response in (browser.authorize(follow=False), browser.sign_in(), browser.authorize(follow=False)):
        assert response.status_code == 303
        assert response.headers["Cache-Control"] == "no-store"


def test_the_fast_path_stores_no_request(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    answer = browser.authorize(follow=False)
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0])


def test_unknown_parameters_and_display_do_no_harm(site: Site) -> None:
    for more in ({"extra": "foobar"}, {"display": "page"}, {"display": "popup"}, {"claims_locales": "vi"},
                 {"ui_locales": "xx-??"}):
        assert site.browser().sign_in(**more).status_code == 303


def test_a_popup_keeps_its_opener(site: Site) -> None:
    assert site.browser().authorize(display="popup").headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert site.browser().authorize().headers["Cross-Origin-Opener-Policy"] == "same-origin"
