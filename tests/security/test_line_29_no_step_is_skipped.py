"""Line 29: no step of a login can be skipped, restarted into a weaker flow, or finished by an empty post."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.client import Client
from tests.fakes.directory import PASSWORD
from tests.provider import CALLER, House
from tests.web.site import QLVB, STRICT, SURVEY, Browser, Site, authorize_url, form_of, query_of

EVERYTHING = {"answer": "accept", "otp": "000000", "username": "", "password": "", "new_password": "", "new_password_again": ""}


@pytest.fixture
def site(database: Database) -> Site:
    site = Site(database)
    site.enrol("lanhdao")
    site.enrol("canbo")
    return site


def got_in(site: Site, browser: Browser, client: Client = QLVB) -> bool:
    """Tell whether the application would get a code now, or the browser has a session."""
    silent = browser.get(authorize_url(client, prompt="none")).headers["Location"]
    return "code" in query_of(silent)


@pytest.mark.parametrize("uid", ["lanhdao", "doimatkhau"])
def test_line_29_with_the_password_alone_nothing_else_opens(site: Site, uid: str) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid=uid))
    action, hidden = form_of(page)
    interaction = page.request.path.rpartition("/")[2]
    for path in (action, f"/login/{interaction}", f"/consent/{interaction}?ask=consent", f"/authorize/{interaction}",
                 f"/logout/{interaction}"):
        for fields in ({}, {"answer": "accept"}, {"otp": ""}, {"otp": "000000"}, {"new_password": "", "new_password_again": ""},
                       {"password": ""}, {"username": ""}, EVERYTHING):
            browser.post(path, {**hidden, **fields})
            browser.get(path)
            assert browser.sso() is None
            assert not got_in(site, browser)


def test_line_29_an_empty_post_finishes_no_step(site: Site) -> None:
    for uid in ("canbo", "lanhdao", "doimatkhau"):
        browser = site.browser()
        page = browser.authorize() if uid == "canbo" else browser.follow(browser.sign_in(uid=uid))
        action, hidden = form_of(page)
        browser.post(action, hidden)
        browser.post(action, {})
        assert browser.sso() is None


def test_line_29_another_officers_factor_does_not_finish_this_ones_login(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    action, hidden = form_of(page)
    weaker = browser.post(action, {**hidden, "username": "vanthu", "password": PASSWORD})
    claims = site.id_token_claims(site.tokens(weaker.headers["Location"])["id_token"])
    assert claims["sub"] == site.mirror.by_uid("vanthu").sub
    assert claims["amr"] == ["pwd"]


def test_line_29_a_restart_never_carries_a_proof_over(site: Site) -> None:
    browser = site.browser()
    first = browser.follow(browser.sign_in(uid="lanhdao"))
    assert 'name="otp"' in first.text
    second = browser.authorize(state="another")
    assert 'name="password"' in second.text
    action, hidden = form_of(second)
    assert 'name="password"' in browser.post(action, {**hidden, "otp": site.otp()}).text
    assert browser.sso() is None


def test_line_29_a_proof_is_used_once(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY, uid="lanhdao"))
    action, hidden = form_of(page)
    browser.submit(page, otp=site.otp())
    browser.client.delete_cookie("sso", domain="localhost")
    site.clock.advance(30)
    answer = browser.post(action, {**hidden, "otp": site.otp()})
    assert 'name="password"' in answer.text
    assert browser.sso() is None


def test_line_29_an_interaction_is_worthless_in_another_browser(site: Site) -> None:
    browser, thief = site.browser(), site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    action, hidden = form_of(page)
    form_of(thief.authorize())
    assert thief.get(action).headers["Location"] == QLVB.client_uri
    assert thief.post(action, {**hidden, "otp": site.otp()}).status_code == 410
    assert thief.sso() is None


def test_line_29_the_level_is_rechecked_when_the_code_is_issued(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY))
    assert 'value="accept"' in page.text
    site.client_store.put(replace(SURVEY, required_acr=STRICT.required_acr, required_level=2))
    site.clock.advance(2)
    answer = browser.submit(page, answer="accept")
    assert 'name="otp"' in browser.follow(answer).text


def test_line_29_a_group_that_came_later_raises_the_level_of_a_running_session(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    officer = next(o for o in site.directory.officers.values() if o.uid == "canbo")
    site.mirror.remember(replace(officer, groups=("lanhdao",)), now=site.clock.now())
    assert query_of(browser.get(authorize_url(prompt="none")).headers["Location"])["error"] == "interaction_required"
    assert 'name="otp"' in browser.authorize().text


def test_line_29_what_one_factor_gave_counts_for_nothing_once_policy_asks_for_two(database: Database) -> None:
    house = House(database)
    sub = house.officer()
    weak, strong = house.session(sub), house.session(sub, acr=2, amr=("pwd", "otp", "mfa"))
    asked, late = house.asked(), house.code(weak)
    before = house.tokens_for(session=weak, scope="openid offline_access")
    kept = house.tokens_for(session=strong, scope="openid offline_access")

    house.officer(groups=("can-bo", "lanhdao"))

    with pytest.raises(AuthorizationError) as refusal:
        house.provider.issue_code(asked, session=weak, caller=CALLER)
    assert refusal.value.code == "unmet_authentication_requirements"
    assert house.redeem(late).error == "invalid_grant"
    assert house.refresh(before["refresh_token"]).error == "invalid_grant"
    assert house.userinfo(before["access_token"]).error == "insufficient_user_authentication"
    assert house.introspect(before["access_token"]).json == house.introspect(before["refresh_token"]).json == {"active": False}

    assert house.redeem(house.code(strong)).status == 200
    assert house.userinfo(kept["access_token"]).status == 200
    assert house.introspect(kept["access_token"]).json["active"]
    assert house.introspect(kept["refresh_token"]).json["active"]
    assert house.refresh(kept["refresh_token"]).status == 200


def test_line_18_a_disabled_officer_is_out_of_every_page_at_once(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    pending = browser.authorize(prompt="select_account")
    officer = next(o for o in site.directory.officers.values() if o.uid == "canbo")
    site.mirror.remember(replace(officer, disabled=True), now=site.clock.now())
    assert not got_in(site, browser)
    assert "code=" not in browser.submit(pending, answer="accept").headers.get("Location", "")
    assert 'name="password"' in browser.follow(browser.get("/")).text
    half = site.browser()
    site.mirror.remember(officer, now=site.clock.now())
    page = half.follow(half.sign_in(STRICT))
    site.mirror.remember(replace(officer, disabled=True), now=site.clock.now())
    assert 'name="password"' in half.submit(page, otp=site.otp()).text
    assert half.sso() is None
