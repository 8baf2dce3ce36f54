"""Which post the officer acts in: asked on the way to an application, kept for it in this session, and asked again on demand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.audit import Caller
from idp.directory.officer import Post
from idp.oauth.provider_request import ProviderRequest
from idp.oidc.acting_post import claim_of, held_of
from tests.fakes.directory import PASSWORD

from .site import PORTAL, QLVB, STRICT, SURVEY, Browser, Site, authorize_url, form_of, query_of
from .test_approvals import ask, choose, enter
from .test_approvals import registered as registered_bank
from .test_device import asked as asked_by_device
from .test_device import confirmation, poll
from .test_device import registered as registered_device

CLERK = Post("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Chuyên viên")
ACTING = Post("H30.2", "000.02.00.H30", "Sở Thông tin và Truyền thông", "Quyền Giám đốc")
QUESTION = "Bạn đang làm việc với chức vụ nào?"
SCOPE = "openid profile post"


@pytest.fixture(autouse=True)
def two_posts(site: Site) -> None:
    holds(site, CLERK, ACTING)
    for client in (QLVB, PORTAL, SURVEY):
        site.client_store.put(replace(client, scope=client.scope | {"post"}))
    site.services.clients.reload()


def holds(site: Site, *posts: Post) -> None:
    officer = replace(site.directory.officers["canbo"], posts=posts)
    site.directory.add(officer)
    site.mirror.remember(officer, now=site.clock.now())


def press(browser: Browser, page: TestResponse, post: Post, *, follow: bool = True) -> TestResponse:
    """Press the button of a post."""
    assert QUESTION in page.text
    answer = browser.submit(page, post=held_of(post).mark)
    return browser.follow(answer) if follow else answer


def question(site: Site, browser: Browser, client: Any = QLVB, **more: Any) -> TestResponse:
    """Sign in and come to the question."""
    return browser.follow(browser.sign_in(client, **{"scope": SCOPE, **more}))


def told(site: Site, answer: TestResponse, client: Any = QLVB) -> Any:
    """Give the claim of the ID token that an answer leads to."""
    return site.id_token_claims(site.tokens(answer.headers["Location"], client)["id_token"]).get("post")


def test_several_posts_are_asked_for_and_the_chosen_one_is_told(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser)
    for words in ("Chuyên viên", "Văn phòng UBND tỉnh", "Quyền Giám đốc", "Sở Thông tin và Truyền thông"):
        assert words in page.text
    assert told(site, press(browser, page, ACTING)) == claim_of(ACTING)
    assert [site.events().count(event) for event in ("post.chosen", "code.issued")] == [1, 1]


def test_one_post_is_told_without_a_question_and_none_without_a_claim(site: Site) -> None:
    holds(site, CLERK)
    assert told(site, site.browser().sign_in(scope=SCOPE)) == claim_of(CLERK)
    holds(site)
    assert told(site, site.browser().sign_in(scope=SCOPE)) is None


def test_who_does_not_ask_for_it_is_asked_nothing(site: Site) -> None:
    assert told(site, site.browser().sign_in(scope="openid profile unit")) is None


def test_the_answer_is_kept_for_the_application_in_this_session(site: Site) -> None:
    browser = site.browser()
    press(browser, question(site, browser), ACTING)
    assert told(site, browser.get(authorize_url(scope=SCOPE, prompt="none"))) == claim_of(ACTING)
    page = browser.authorize(PORTAL, scope=SCOPE)
    assert "Lần trước bạn đã chọn chức vụ này" in page.text
    assert told(site, press(browser, page, CLERK), PORTAL) == claim_of(CLERK)
    assert told(site, browser.get(authorize_url(scope=SCOPE))) == claim_of(ACTING)
    assert QUESTION in question(site, site.browser()).text


def test_core_s3_1_2_1_without_questions_it_is_interaction_required(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    query = query_of(browser.get(authorize_url(scope=SCOPE, prompt="none")).headers["Location"])
    assert (query["error"], query["state"]) == ("interaction_required", "st-1")


def test_core_s5_5_asked_for_by_name_it_is_asked_and_told_in_its_place(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser, scope="openid", claims='{"id_token":{"post":{"essential":true}}}')
    assert told(site, press(browser, page, ACTING)) == claim_of(ACTING)


def test_core_s5_5_1_a_value_leaves_nothing_to_ask_or_nothing_to_tell(site: Site) -> None:
    for value, expected in ((claim_of(ACTING), claim_of(ACTING)), ({"unit_code": "H30.9"}, None)):
        wish = json.dumps({"id_token": {"post": {"value": value, "essential": True}}})
        assert told(site, site.browser().sign_in(scope="openid", claims=wish)) == expected


def test_core_s3_1_2_1_select_account_asks_for_account_and_post_once_each(site: Site) -> None:
    browser = site.browser()
    press(browser, question(site, browser), ACTING)
    site.clock.advance(5)
    page = browser.authorize(scope=SCOPE, prompt="select_account")
    page = browser.follow(browser.submit(page, answer="accept"))
    assert told(site, press(browser, page, CLERK)) == claim_of(CLERK)


def test_select_account_that_another_signs_in_for_asks_that_officer(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser, prompt="select_account")
    assert told(site, press(browser, page, CLERK)) == claim_of(CLERK)


def test_a_post_that_is_no_longer_held_is_asked_for_again(site: Site) -> None:
    browser = site.browser()
    press(browser, question(site, browser), ACTING)
    other = replace(ACTING, unit_code="H30.3", unit_name="Sở Tài chính")
    holds(site, CLERK, other)
    assert query_of(browser.get(authorize_url(scope=SCOPE, prompt="none")).headers["Location"])["error"] == "interaction_required"
    assert told(site, press(browser, browser.authorize(scope=SCOPE), other)) == claim_of(other)
    holds(site, CLERK)
    assert told(site, browser.get(authorize_url(scope=SCOPE, prompt="none"))) == claim_of(CLERK)


def test_a_post_that_is_lost_while_the_question_stands_open_is_not_taken(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser)
    holds(site, CLERK, replace(CLERK, title="Bí thư Chi bộ"))
    again = press(browser, page, ACTING)
    assert QUESTION in again.text
    assert "post.chosen" not in site.events()


@pytest.mark.parametrize("fields", [{}, {"post": ""}, {"post": "0" * 16}, {"post": "1"}, {"post": "é\x00"}])
def test_an_answer_that_names_no_post_asks_again(site: Site, fields: dict[str, str]) -> None:
    browser = site.browser()
    page = question(site, browser)
    assert QUESTION in browser.follow(browser.submit(page, **fields)).text
    assert "post.chosen" not in site.events()


def test_an_answer_without_token_or_for_another_session_changes_nothing(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser)
    action, fields = form_of(page)
    assert browser.post(action, {"post": held_of(ACTING).mark}).status_code == 400
    browser.submit(browser.authorize(QLVB, prompt="login"), username="vanthu", password=PASSWORD)
    browser.submit(browser.authorize(QLVB, prompt="login"), username="canbo", password=PASSWORD)
    again = browser.follow(browser.post(action, {**fields, "post": held_of(ACTING).mark}))
    assert QUESTION in again.text
    assert "post.chosen" not in site.events()


def test_another_browser_cannot_answer(site: Site) -> None:
    action, _ = form_of(question(site, site.browser()))
    stranger = site.browser()
    _, fields = form_of(question(site, stranger))
    assert stranger.post(action, {**fields, "post": held_of(ACTING).mark}).status_code == 410
    assert "post.chosen" not in site.events()


def test_consent_shows_the_post_that_was_chosen(site: Site) -> None:
    browser = site.browser()
    page = press(browser, question(site, browser, SURVEY), ACTING)
    assert "Chức vụ bạn đang dùng" in page.text
    assert "Quyền Giám đốc, Sở Thông tin và Truyền thông" in page.text
    assert told(site, browser.submit(page, answer="accept"), SURVEY) == claim_of(ACTING)


def test_the_portal_tells_what_was_chosen_and_lets_it_be_chosen_again(site: Site) -> None:
    browser = site.browser()
    press(browser, question(site, browser), ACTING)
    page = browser.get("/")
    assert "Quyền Giám đốc, Sở Thông tin và Truyền thông" in page.text
    form = re.search(r'<form method="post" action="/acting-post">(.*?)</form>', page.text, re.DOTALL)
    assert form is not None
    hidden = re.search(r'name="csrf_token" value="([^"]*)"', form[1])
    assert hidden is not None
    assert 'name="post" value="qlvb"' in form[1]
    assert browser.post("/acting-post", {"post": "qlvb"}).status_code == 400
    gone = browser.follow(browser.post("/acting-post", {"csrf_token": unescape(hidden[1]), "post": "qlvb"}))
    assert "Quyền Giám đốc" not in gone.text
    assert QUESTION in browser.authorize(scope=SCOPE).text


def test_rfc8628_s3_3_a_device_has_the_post_asked_before_it_is_approved(site: Site) -> None:
    registered_device(site, scope=frozenset({"openid", "profile", "post"}))
    device = asked_by_device(site, SCOPE)
    browser = site.browser()
    page = press(browser, confirmation(browser, device["user_code"]), ACTING)
    assert "Quyền Giám đốc, Sở Thông tin và Truyền thông" in page.text
    browser.submit(page, answer="accept")
    assert site.id_token_claims(poll(site, device)["id_token"])["post"] == claim_of(ACTING)


def test_ciba_s8_an_officer_who_is_asked_by_name_says_the_post_before_approving(site: Site) -> None:
    bank = registered_bank(site, scope=frozenset({"openid", "profile", "post"}), secret_digest=QLVB.secret_digest)
    ask(site, scope=("openid", "profile", "post"))
    browser, page = enter(site)
    page = press(browser, choose(browser, page), ACTING)
    assert "Quyền Giám đốc, Sở Thông tin và Truyền thông" in page.text
    browser.submit(page, answer="accept")
    form = {"grant_type": bank.grant_types[0], "auth_req_id": "one", "client_id": bank.client_id, "client_secret": "s3cret"}
    site.client_store.put(replace(bank, token_endpoint_auth_method="client_secret_post"))
    site.services.clients.reload()
    answer = site.provider.token(ProviderRequest(form, caller=Caller("192.0.2.9", "r")))
    assert site.id_token_claims(answer.body["id_token"])["post"] == claim_of(ACTING)


def test_security_29_the_question_is_not_walked_round(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser)
    action, hidden = form_of(page)
    interaction = page.request.path.rpartition("/")[2]
    for path in (action, f"/authorize/{interaction}", f"/login/{interaction}", f"/consent/{interaction}?ask=consent",
                 f"/consent/{interaction}?ask=select_account", f"/device/{interaction}"):
        for fields in ({}, {"answer": "accept"}, {"post": ""}, {"username": "canbo"}):
            for answer in (browser.post(path, {**hidden, **fields}), browser.get(path)):
                assert not answer.headers.get("Location", "").startswith(QLVB.redirect_uris[0])
    assert not {"code.issued", "post.chosen"} & set(site.events())


def test_security_29_it_is_asked_after_the_second_factor_and_never_instead_of_it(site: Site) -> None:
    site.enrol("canbo")
    site.client_store.put(replace(STRICT, scope=STRICT.scope | {"post"}))
    site.services.clients.reload()
    browser = site.browser()
    page = browser.follow(browser.sign_in(STRICT, scope=SCOPE))
    assert 'name="otp"' in page.text
    page = browser.follow(browser.submit(page, otp=site.otp()))
    assert told(site, press(browser, page, ACTING), STRICT) == claim_of(ACTING)


def test_another_officer_in_the_same_browser_is_asked_anew(site: Site) -> None:
    browser = site.browser()
    press(browser, question(site, browser), ACTING)
    site.directory.add(replace(site.directory.officers["vanthu"], posts=(CLERK, ACTING)))
    answer = browser.submit(browser.authorize(scope=SCOPE, prompt="login"), username="vanthu", password=PASSWORD)
    assert QUESTION in browser.follow(answer).text


def test_english_is_complete(site: Site) -> None:
    browser = site.browser()
    page = question(site, browser, ui_locales="en")
    assert "In which post are you working?" in page.text
    assert QUESTION not in page.text
