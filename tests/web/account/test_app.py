"""Enrolling an authenticator app, and recovery codes: from the security page to the next sign-in with them."""

from __future__ import annotations

import re

import pyotp
import pytest

from tests.fakes.directory import PASSWORD
from tests.web.site import STRICT, Browser, Site, form_of

APP, CODES = "/account/security/app", "/account/security/recovery-codes"


def enter(site: Site, path: str, uid: str = "canbo", browser: Browser | None = None):
    browser = browser or site.browser()
    page = browser.follow(browser.get(path))
    return browser, browser.follow(browser.submit(page, username=uid, password=PASSWORD))


def secret(page) -> str:
    return re.search(r'<p class="mono mb-0"><strong>([A-Z2-7 ]+)</strong>', page.text)[1].replace(" ", "")


def enrolled(site: Site, uid: str = "canbo"):
    browser, page = enter(site, APP, uid)
    page = browser.follow(browser.submit(page))
    seed = secret(page)
    answer = browser.submit(page, otp=pyotp.TOTP(seed).at(site.clock.now()))
    return browser, browser.follow(answer), seed


def codes_of(page) -> list[str]:
    return re.findall(r"<li>([0-9a-z]{5}-[0-9a-z]{5})</li>", page.text)


def test_from_the_secret_to_the_next_sign_in(site: Site) -> None:
    browser, page, seed = enrolled(site)
    assert page.request.path == "/account/security"
    assert "Đã bật xác thực hai lớp" in page.text
    assert site.events()[-2:] == ["factor.enrolled", "sign_in"]
    site.clock.advance(30)
    other = site.browser()
    factor = other.follow(other.sign_in(STRICT))
    answer = other.submit(factor, otp=pyotp.TOTP(seed).at(site.clock.now()))
    assert answer.headers["Location"].startswith(STRICT.redirect_uris[0] + "?code=")
    assert browser.get(CODES).status_code == 200, "the app was proven in this session, so it is not asked for again"


def test_opening_the_page_makes_nothing(site: Site) -> None:
    browser, page = enter(site, APP)
    assert "<svg" not in page.text.split('<main id="main"')[1].split("</main>")[0].replace('<svg class="icon"', "")
    assert not site.app_begun(site.directory.officers["canbo"].entry_uuid)
    page = browser.follow(browser.submit(page))
    assert secret(page) == secret(browser.get(APP)), "the page may be loaded again"


def test_a_secret_is_the_browsers_that_asked_for_it(site: Site) -> None:
    mine, page = enter(site, APP)
    page = mine.follow(mine.submit(page))
    other, theirs = enter(site, APP)
    assert 'name="otp"' not in theirs.text
    code = pyotp.TOTP(secret(page)).at(site.clock.now())
    refused = other.post(APP, {**form_of(theirs)[1], "otp": code})
    assert (refused.status_code, 'name="otp"' in refused.text) == (400, False)
    assert not site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)
    assert mine.submit(page, otp=code).status_code == 303


def test_the_picture_and_the_text_hold_the_same_secret_and_no_style_or_script(site: Site) -> None:
    browser, page = enter(site, APP)
    page = browser.follow(browser.submit(page))
    picture = re.search(r'<div class="qr"[^>]*>(.*?)</div>', page.text, re.DOTALL)[1]
    assert picture.startswith("<svg")
    assert not re.search(r"style|script|class", picture)
    from idp.web.presentation import picture as drawn
    uri = pyotp.TOTP(secret(page), name="canbo", issuer=site.settings.province_name).provisioning_uri()
    assert picture == drawn(uri)
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("typed", ["", "000000", "abc", "9" * 500, "\x00"])
def test_a_wrong_first_code_enrols_nothing_and_may_be_tried_again(site: Site, typed: str) -> None:
    browser, page = enter(site, APP)
    page = browser.follow(browser.submit(page))
    seed = secret(page)
    page = browser.submit(page, otp=typed)
    assert page.status_code == 400
    assert not site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)
    assert secret(page) == seed
    assert browser.submit(page, otp=pyotp.TOTP(seed).at(site.clock.now())).status_code == 303


def test_security_27_wrong_first_codes_are_counted_and_a_right_one_takes_them_back(site: Site) -> None:
    browser, page = enter(site, APP)
    page = browser.follow(browser.submit(page))
    seed = secret(page)

    def right() -> str:
        return pyotp.TOTP(seed).at(site.clock.now())

    wrong = f"{(int(right()) + 1) % 1_000_000:06d}"
    answers = [browser.submit(page, otp=wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400] * 3 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert "Vui lòng thử lại sau 1 giây" in answers[-1].text
    assert browser.submit(page, otp=right()).status_code == 429
    assert not site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)
    site.clock.advance(int(answers[-1].headers["Retry-After"]))
    assert browser.submit(page, otp=right()).headers["Location"] == "/account/security"


def test_a_secret_left_alone_is_forgotten(site: Site) -> None:
    browser, page = enter(site, APP)
    page = browser.follow(browser.submit(page))
    seed = secret(page)
    site.clock.advance(600)
    browser, fresh = enter(site, APP, browser=browser)
    assert 'name="otp"' not in fresh.text
    answer = browser.post(APP, {**form_of(fresh)[1], "otp": pyotp.TOTP(seed).at(site.clock.now())})
    assert answer.status_code == 400
    assert not site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)


def test_checklist_34_neither_the_page_nor_its_form_goes_without_a_fresh_authentication(site: Site) -> None:
    site.enrol("canbo")
    browser, _ = enter(site, "/account/security")
    _, fields = form_of(browser.get("/logout"))
    for path in (APP, CODES):
        assert browser.get(path).headers["Location"].startswith("/login/")
        for form in ({}, {"otp": site.otp()}):
            assert browser.post(path, {**fields, **form}).headers["Location"].startswith("/login/")
    assert not site.app_begun(site.directory.officers["canbo"].entry_uuid)
    assert site.recovery_codes.standings(site.directory.officers["canbo"].entry_uuid) == ()


def test_the_old_app_works_until_the_new_one_is_confirmed_and_not_after(site: Site) -> None:
    site.enrol("canbo")
    browser, page = enter(site, APP)
    page = browser.follow(browser.submit(page, otp=site.otp()))
    page = browser.follow(browser.submit(page))
    seed = secret(page)
    site.clock.advance(30)
    other = site.browser()
    assert other.submit(other.follow(other.sign_in(STRICT)), otp=site.otp()).status_code == 303
    assert browser.submit(page, otp=pyotp.TOTP(seed).at(site.clock.now())).status_code == 303
    site.clock.advance(30)
    other = site.browser()
    factor = other.follow(other.sign_in(STRICT))
    assert other.submit(factor, otp=site.otp()).status_code == 400
    assert other.submit(factor, otp=pyotp.TOTP(seed).at(site.clock.now())).status_code == 303


def test_codes_are_shown_once_and_sign_in_once(site: Site) -> None:
    browser, _, _ = enrolled(site)
    shown = browser.submit(browser.get(CODES))
    codes = codes_of(shown)
    assert len(codes) == 10
    assert shown.headers["Cache-Control"] == "no-store"
    assert codes_of(browser.get(CODES)) == []
    assert "Còn 10 trên 10" in browser.get("/account/security").text
    other = site.browser()
    factor = other.follow(other.sign_in(STRICT))
    way = re.search(r'href="([^"]*way=recovery_codes[^"]*)"', factor.text)[1].replace("&amp;", "&")
    asked = other.get(way)
    assert 'name="recovery_code"' in asked.text
    answer = other.submit(asked, recovery_code=codes[0].upper().replace("-", " "))
    claims = site.id_token_claims(site.tokens(answer.headers["Location"], STRICT)["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
    again = site.browser()
    refused = again.submit(again.follow(again.sign_in(STRICT)), recovery_code=codes[0])
    assert refused.status_code == 400
    assert "Mã này đã được dùng" in refused.text
    assert 'name="recovery_code"' in refused.text, "the way that was tried stays"
    assert again.sso() is None or site.sessions.find(again.sso()).acr == 1


def test_the_way_used_last_is_asked_first(site: Site) -> None:
    browser, _, _ = enrolled(site)
    codes = codes_of(browser.submit(browser.get(CODES)))
    site.clock.advance(60)
    other = site.browser()
    other.submit(other.follow(other.sign_in(STRICT)), recovery_code=codes[0])
    third = site.browser()
    assert 'name="recovery_code"' in third.follow(third.sign_in(STRICT)).text


def test_a_new_set_ends_the_old_one(site: Site) -> None:
    browser, _, _ = enrolled(site)
    old = codes_of(browser.submit(browser.get(CODES)))
    new = codes_of(browser.submit(browser.get(CODES)))
    other = site.browser()
    factor = other.follow(other.sign_in(STRICT))
    assert other.submit(factor, recovery_code=old[0]).status_code == 400
    assert other.submit(factor, recovery_code=new[0]).status_code == 303


def test_codes_stand_beside_a_factor_never_instead_of_one(site: Site) -> None:
    browser, page = enter(site, CODES)
    assert page.request.path == "/account/security"
    _, fields = form_of(browser.get("/logout"))
    assert browser.post(CODES, fields).headers["Location"] == "/account/security"
    assert site.recovery_codes.standings(site.directory.officers["canbo"].entry_uuid) == ()


def test_checklist_28_code_guesses_are_throttled_apart_from_the_apps(site: Site) -> None:
    browser, _, seed = enrolled(site)
    codes = codes_of(browser.submit(browser.get(CODES)))
    site.clock.advance(30)
    other = site.browser()
    factor = other.follow(other.sign_in(STRICT))
    statuses = [other.submit(factor, recovery_code="00000-00000").status_code for _ in range(8)]
    assert statuses[-1] == 429
    assert other.submit(factor, recovery_code=codes[0]).status_code == 429
    assert other.submit(factor, otp=pyotp.TOTP(seed).at(site.clock.now())).status_code == 303


def test_few_codes_left_are_said_in_the_portal(site: Site) -> None:
    browser, _, _ = enrolled(site)
    assert not re.search(r"Còn \d+ mã khôi phục", browser.get("/").text)
    codes = codes_of(browser.submit(browser.get(CODES)))
    assert not re.search(r"Còn \d+ mã khôi phục", browser.get("/").text)
    for code in codes[:7]:
        other = site.browser()
        other.submit(other.follow(other.sign_in(STRICT)), recovery_code=code)
    assert "Còn 3 mã khôi phục" in browser.get("/").text


def test_a_form_of_a_factor_that_is_not_due_finishes_nothing(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize(STRICT)
    assert 'name="password"' in browser.submit(page, recovery_code="x").text
    assert browser.sso() is None
