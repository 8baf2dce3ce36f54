"""What agency and network demand, on the pages: a session of one place is not enough in another, and a mover is asked at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.audit import Caller
from idp.directory.officer import Post
from idp.oauth.authorization_request import AuthorizationError
from tests.fakes.directory import PASSWORD

from .site import QLVB, Browser, Site, authorize_url, form_of, query_of

INSIDE, OUTSIDE = "10.1.2.3", "203.0.113.7"
HERE = Post("H30.11.2", "000.02.11.H30", "Phòng Hành chính", "Chuyên viên")
STRICT = Post("H30.3.1", "000.01.03.H30", "Phòng Ngân sách", "Chuyên viên")


@pytest.fixture
def strict(site: Site) -> Site:
    """A province where everybody outside, and everybody of one agency, needs two factors."""
    return Site(site.database, networks=("tinh=10.0.0.0/8",), require_second_factor_networks=("outside",),
               require_second_factor_units=("H30.3",))


class Walker(Browser):
    """A browser that is carried from one network to another."""

    def __init__(self, site: Site, address: str) -> None:
        super().__init__(site, {})
        self.go(address)

    def go(self, address: str) -> None:
        """Arrive in another place."""
        self.client.environ_base["REMOTE_ADDR"] = address


def inside(site: Site) -> Walker:
    """Sign an officer in at the office, with the password alone."""
    browser = Walker(site, INSIDE)
    assert "code=" in browser.sign_in().headers["Location"]
    return browser


def move(site: Site, *posts: Post) -> None:
    """Note other posts of the officer, as the directory tells them."""
    officer = replace(site.directory.officers["canbo"], posts=posts)
    site.directory.officers["canbo"] = officer
    site.mirror.remember(officer, now=site.clock.now())


def test_rfc9470_s5_a_session_made_inside_steps_up_outside(strict: Site) -> None:
    strict.enrol("canbo")
    browser = inside(strict)
    assert "code=" in browser.authorize(follow=False).headers["Location"]
    browser.go(OUTSIDE)
    page = browser.authorize()
    assert 'name="otp"' in page.text
    answer = browser.submit(page, otp=strict.otp())
    claims = strict.id_token_claims(strict.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
    assert "code=" in browser.authorize(follow=False).headers["Location"]


def test_core_s3_1_2_6_prompt_none_from_outside_is_interaction_required(strict: Site) -> None:
    browser = inside(strict)
    browser.go(OUTSIDE)
    assert query_of(browser.authorize(prompt="none", follow=False).headers["Location"])["error"] == "interaction_required"
    browser.go(INSIDE)
    assert "code=" in browser.authorize(prompt="none", follow=False).headers["Location"]


@pytest.mark.parametrize("path", ["/", "/account/security", "/account/sessions", "/account/notices", "/approvals"])
def test_our_own_pages_ask_outside_for_what_they_did_not_ask_inside(strict: Site, path: str) -> None:
    strict.enrol("canbo")
    browser = inside(strict)
    assert browser.get(path).status_code == 200
    browser.go(OUTSIDE)
    answer = browser.get(path)
    assert (answer.status_code, "/login/" in answer.headers.get("Location", "")) == (303, True)
    page = browser.follow(answer)
    assert 'name="otp"' in page.text
    assert browser.follow(browser.submit(page, otp=strict.otp())).status_code == 200


def test_a_sign_in_outside_asks_for_both_and_who_has_no_second_one_needs_a_code_to_enrol_it(strict: Site) -> None:
    browser = Walker(strict, OUTSIDE)
    page = browser.follow(browser.sign_in())
    assert "Bạn đang ở ngoài mạng cơ quan" in page.text
    assert browser.sso() is None


def test_a_page_that_was_begun_inside_and_is_answered_outside_is_asked_as_outside(strict: Site) -> None:
    strict.enrol("canbo")
    browser = Walker(strict, INSIDE)
    action, fields = form_of(browser.authorize())
    browser.go(OUTSIDE)
    page = browser.follow(browser.post(action, {**fields, "username": "canbo", "password": PASSWORD}))
    assert 'name="otp"' in page.text
    assert browser.sso() is None


def test_the_code_itself_is_not_issued_outside_to_a_session_of_inside(strict: Site) -> None:
    """The last look, whatever page led there."""
    browser = inside(strict)
    session = strict.sessions.find(browser.sso() or "")
    assert session is not None
    asked = strict.provider.parse_authorization({name: [value] for name, value in query_of(authorize_url()).items()})
    with pytest.raises(AuthorizationError) as refusal:
        strict.provider.issue_code(asked, session=session, caller=Caller(OUTSIDE, "r"))
    assert refusal.value.code == "unmet_authentication_requirements"
    strict.provider.issue_code(asked, session=session, caller=Caller(INSIDE, "r"))


def test_the_network_is_not_asked_where_the_application_calls(strict: Site) -> None:
    """A code that was issued inside is redeemed by an application at an address of its own (here 192.0.2.9)."""
    location = inside(strict).authorize(scope="openid offline_access", follow=False).headers["Location"]
    assert strict.tokens(location)["access_token"]


def test_an_officer_who_moves_into_a_strict_agency_is_asked_at_once_and_by_any_of_the_posts(strict: Site) -> None:
    strict.enrol("canbo")
    browser = inside(strict)
    move(strict, HERE)
    assert "code=" in browser.authorize(follow=False).headers["Location"]
    move(strict, HERE, STRICT)
    assert query_of(browser.authorize(prompt="none", follow=False).headers["Location"])["error"] == "interaction_required"
    assert browser.get("/account/security").status_code == 303
    page = browser.authorize()
    assert 'name="otp"' in page.text
    assert "code=" in browser.submit(page, otp=strict.otp()).headers["Location"]


def test_who_needs_two_factors_for_the_agency_keeps_the_last_one(strict: Site) -> None:
    strict.enrol("canbo")
    browser = inside(strict)
    page = browser.follow(browser.get("/account/security/remove?factor=otp&id="))
    page = browser.follow(browser.submit(page, otp=strict.otp()))
    assert page.status_code == 200
    move(strict, STRICT)
    assert "<form" not in browser.get("/account/security/remove?factor=otp&id=").text
    refused = browser.submit(page)
    left = strict.services.second_factors.of(strict.directory.officers["canbo"].entry_uuid)
    assert (refused.status_code, len(left)) == (409, 1)


def test_without_these_settings_nobody_is_asked_for_more_anywhere(site: Site) -> None:
    browser = Walker(site, OUTSIDE)
    assert "code=" in browser.sign_in(QLVB).headers["Location"]
    move(site, STRICT)
    assert "code=" in browser.authorize(follow=False).headers["Location"]
