"""Certificates through the pages: registering one, signing in with it alone or after the password, and what leads nowhere."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.adapters.sql.database import Database
from tests.fakes.certificates import Identity, issue, root
from tests.fakes.directory import PASSWORD

from .site import Browser, Site, form_of

ORIGIN = "https://chung-thu.haugiang.example"
MINE, THEIRS = issue("Nguyễn Văn Mẫu", root()), issue("Nguyễn Văn Mẫu", root())
ADD = "/account/security/certificate"


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database, certificate_origin=ORIGIN, officer_ca_file="unused.pem")


def show_url(page: TestResponse) -> str:
    start = page.text.index(f'href="{ORIGIN}/certificate/') + len('href="')
    return page.text[start:page.text.index('"', start)]


def show(browser: Browser, page: TestResponse, identity: Identity | None = MINE) -> str:
    """Go to where certificates are shown and give the path that leads back."""
    headers = {"X-SSL-Client-Cert": identity.escaped} if identity else {}
    answer = browser.site.app.test_client().get(show_url(page), headers=headers)
    assert answer.status_code == 303
    back = answer.headers["Location"]
    assert back.startswith(browser.site.settings.issuer + "/")
    assert "Set-Cookie" not in answer.headers
    return back.removeprefix(browser.site.settings.issuer)


def register(site: Site, identity: Identity = MINE, uid: str = "canbo") -> Browser:
    browser = site.browser()
    browser.sign_in(uid=uid)
    page = browser.get(show(browser, browser.get(ADD), identity))
    assert browser.submit(page).headers["Location"] == "/account/security"
    return browser


def certificate_page(browser: Browser) -> TestResponse:
    page = browser.authorize()
    return browser.get(form_of(page)[0].partition("?")[0] + "?way=certificate")


def test_an_officer_registers_a_certificate_and_finds_it_on_the_security_page(site: Site) -> None:
    browser = register(site)
    page = browser.get("/account/security")
    assert "Chứng thư số CN=Nguyễn Văn Mẫu,O=Hậu Giang" in page.text
    assert "factor.enrolled" in site.events()
    assert [told.kind.value for told in site.told.of(site.mirror.by_uid("canbo").sub)].count("factor.added") == 1


def test_with_it_alone_an_officer_is_in_and_the_application_learns_level_3(site: Site) -> None:
    register(site)
    browser = site.browser()
    page = browser.get(show(browser, certificate_page(browser)))
    assert "CN=Nguyễn Văn Mẫu" in page.text
    answer = browser.submit(page)
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["sc"])


def test_after_the_password_it_is_the_second_factor(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    browser.submit(browser.follow(browser.sign_in(uid="lanhdao")), otp=site.otp())
    added = browser.get(show(browser, browser.get(ADD)))
    assert browser.submit(added).headers["Location"] == "/account/security"
    other = site.browser()
    page = other.follow(other.sign_in(uid="lanhdao"))
    path = form_of(page)[0].partition("?")[0] + "?way=certificate"
    answer = other.submit(other.get(show(other, other.get(path))))
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["pwd", "sc", "mfa"])


def test_a_demand_for_level_3_shows_only_what_reaches_it(site: Site) -> None:
    register(site)
    site.enrol("canbo")
    browser = site.browser()
    page = browser.follow(browser.submit(browser.authorize(acr_values="urn:haugiang:acr:3"), username="canbo", password=PASSWORD))
    assert "Đọc chứng thư số" in page.text
    assert 'name="otp"' not in page.text
    answer = browser.submit(browser.get(show(browser, page)))
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert claims["acr"] == "urn:haugiang:acr:3"


def test_a_certificate_that_nobody_registered_opens_nothing_whatever_name_it_says(site: Site) -> None:
    register(site, MINE)
    browser = site.browser()
    answer = browser.submit(browser.get(show(browser, certificate_page(browser), THEIRS)))
    assert answer.status_code == 400
    assert "Chứng thư số này chưa mở được tài khoản nào" in answer.text
    assert browser.sso() is None


def test_a_disabled_officer_gets_the_same_answer_as_nobody(site: Site) -> None:
    register(site)
    site.directory.disabled.add("canbo")
    browser = site.browser()
    answer = browser.submit(browser.get(show(browser, certificate_page(browser))))
    assert answer.status_code == 400
    assert "Chứng thư số này chưa mở được tài khoản nào" in answer.text
    assert browser.sso() is None


def test_who_is_lured_to_show_a_certificate_opens_nothing_for_whoever_asked(site: Site) -> None:
    """The proof comes back in the browser of whoever showed it; there it fits no sign-in, and the other browser never has it."""
    register(site)
    attacker, lured = site.browser(), site.browser()
    back = show(lured, certificate_page(attacker))
    page = lured.get(back)
    assert page.status_code == 303
    assert lured.sso() is attacker.sso() is None


def test_nor_does_the_lured_ones_certificate_become_the_attackers(site: Site) -> None:
    attacker, lured = site.browser(), site.browser()
    attacker.sign_in(uid="vanthu")
    lured.sign_in(uid="canbo")
    page = lured.get(show(lured, attacker.get(ADD)))
    assert "Lần đọc chứng thư số này đã cũ hoặc đã được dùng" in page.text
    assert site.certificates.standings(site.mirror.by_uid("vanthu").officer.entry_uuid) == ()
    assert site.certificates.standings(site.mirror.by_uid("canbo").officer.entry_uuid) == ()


def test_a_proof_is_taken_once(site: Site) -> None:
    register(site)
    browser = site.browser()
    back = show(browser, certificate_page(browser))
    action, hidden = form_of(browser.get(back))
    assert browser.post(action, hidden).status_code == 303
    other = site.browser()
    place, theirs = form_of(other.authorize())
    assert other.post(place, {**theirs, "certificate_sign_in": hidden["certificate_sign_in"]}).status_code == 400
    assert other.sso() is None


@pytest.mark.parametrize(("said", "words"), [
    ("revoked", "Chứng thư số đã bị thu hồi"), ("unknown", "Chưa kiểm tra được chứng thư số còn hiệu lực hay không")])
def test_one_that_was_withdrawn_comes_back_with_the_reason_only(site: Site, said: str, words: str) -> None:
    register(site)
    site.revocation_lists.said = said  # type: ignore[assignment]
    browser = site.browser()
    back = show(browser, certificate_page(browser))
    assert "proof=" not in back
    page = browser.get(back)
    assert words in page.text
    assert 'name="certificate_sign_in"' not in page.text


@pytest.mark.parametrize(("identity", "words"), [
    (None, "Trình duyệt chưa gửi chứng thư số nào"), (issue("self"), "không do cơ quan có thẩm quyền cấp")])
def test_none_or_a_strange_one_comes_back_with_the_reason_only(site: Site, identity: Identity | None, words: str) -> None:
    browser = site.browser()
    back = show(browser, certificate_page(browser), identity)
    assert "proof=" not in back
    assert words in browser.get(back).text


def test_it_can_be_registered_once_only(site: Site) -> None:
    register(site)
    browser = site.browser()
    browser.sign_in(uid="vanthu")
    answer = browser.submit(browser.get(show(browser, browser.get(ADD))))
    assert answer.status_code == 400
    assert "đã được thêm vào một tài khoản" in answer.text


def test_registering_needs_a_fresh_authentication(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(3600 - 1)
    assert urlsplit(browser.get(ADD).headers["Location"]).path.startswith("/login/")
    hidden = form_of(browser.follow(browser.get(ADD)))[1]
    assert urlsplit(browser.post(ADD, hidden).headers["Location"]).path.startswith("/login/")


def test_certificates_are_shown_at_their_host_only_and_nothing_else_is_there(site: Site) -> None:
    browser = site.browser()
    path = urlsplit(show_url(certificate_page(browser))).path
    assert browser.get(path, **{"X-SSL-Client-Cert": MINE.escaped}).status_code == 404
    for other in ("/", "/login", "/account/security", "/authorize", "/healthz"):
        assert site.app.test_client().get(ORIGIN + other).status_code == 404, other


@pytest.mark.parametrize("ticket", ["x", "%00", quote("Đ" * 40), "a" * 3000, "..%2f..%2f"])
def test_what_is_no_ticket_leads_to_the_portal(site: Site, ticket: str) -> None:
    answer = site.app.test_client().get(f"{ORIGIN}/certificate/{ticket}", headers={"X-SSL-Client-Cert": MINE.escaped})
    assert (answer.status_code, answer.headers.get("Location")) in {(303, site.settings.issuer + "/"), (404, None)}


def test_where_certificates_are_not_asked_for_nothing_of_it_is_there(database: Database) -> None:
    site = Site(database)
    browser = site.browser()
    assert "chứng thư số" not in browser.authorize().text
    assert "Tên đăng nhập" in browser.get(form_of(browser.authorize())[0].partition("?")[0] + "?way=certificate").text
    browser.sign_in()
    assert "chứng thư số" not in browser.get("/account/security").text
    assert browser.get(ADD).status_code == 404
    assert browser.get("/certificate/x").status_code == 404
