"""The first factor: asked for, offered until a day, and from outside never enrolled by the password alone.

Security checklist 29, 30, 33, 34; NIST SP 800-63B-4 §4.1.2.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from werkzeug.test import TestResponse

from idp.adapters.sql.authn.certificates import SqlCertificates
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.client_certificate import Registered
from idp.authn.enrolment.grace import DAY, MARK
from idp.directory.officer import Post
from idp.notices import Notice, NoticeKind
from idp.oauth.provider_request import ProviderRequest
from tests.fakes.authenticator import Authenticator
from tests.fakes.directory import PASSWORD
from tests.web.account.test_app import codes_of, secret
from tests.web.site import QLVB, STRICT, Browser, Site, authorize_url, form_of
from tests.web.test_passkeys import ask, send

INSIDE, OUTSIDE = "10.1.2.3", "203.0.113.7"
HOME, BELOW = Post("H30.12", "", "Sở Xây dựng", ""), Post("H30.11.2", "", "Phòng Hành chính", "")
WRONG = "aaaaa-aaaaa"
PATHS = ("/account/security/app", "/account/security/passkeys/new", "/account/security/certificate",
         "/account/security/recovery-codes")
"""Every page of the account that adds a factor."""


def at(site: Site, address: str) -> Browser:
    """Open a browser in a place."""
    browser = site.browser()
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


@pytest.fixture
def named(site: Site) -> Site:
    """A province that has named its network; from outside a first factor takes a code."""
    return Site(site.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",))


@pytest.fixture
def patient(site: Site) -> Site:
    """The same, where leaders are granted fourteen days."""
    return Site(site.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",), second_factor_grace_days=14)


def arrive(browser: Browser, uid: str = "lanhdao", client: Any = QLVB, **more: Any) -> TestResponse:
    """Sign in with the password, as far as the page that asks for a first factor."""
    page = browser.follow(browser.sign_in(client, uid, **more))
    assert page.request.path.endswith("/enrol"), (page.status_code, page.request.path, page.headers.get("Location"))
    return page


def press(browser: Browser, page: TestResponse, **fields: str) -> TestResponse:
    """Send a form of the page, whatever button it has."""
    return browser.submit(page, **fields)


def take_app(browser: Browser, page: TestResponse, site: Site) -> TestResponse:
    """Enrol an app from the page on."""
    page = browser.follow(press(browser, page, begin="otp"))
    return browser.submit(page, otp=pyotp.TOTP(secret(page)).at(site.clock.now()))


def go_on(browser: Browser, page: TestResponse) -> TestResponse:
    """Press the button under the recovery codes."""
    address = re.search(r'<a class="btn btn-primary" href="([^"]+)"', page.text)[1]
    return browser.follow(browser.get(address.replace("&amp;", "&")))


def refreshed(site: Site, token: str) -> tuple[int, dict[str, Any]]:
    """Use a refresh token; gives status and answer."""
    answer = site.provider.token(ProviderRequest(
        {"grant_type": "refresh_token", "refresh_token": token}, caller=Caller("192.0.2.9", "r"),
        authorization="Basic " + base64.b64encode(b"qlvb:s3cret").decode()))
    return answer.status, dict(answer.body)


class TestMust:
    def test_an_app_leads_to_the_application_with_the_level_that_was_reached(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = take_app(browser, arrive(browser), named)
        assert page.status_code == 200
        assert len(codes_of(page)) == 10
        assert page.headers["Cache-Control"] == "no-store"
        answer = go_on(browser, page)
        claims = named.id_token_claims(named.tokens(answer.headers["Location"])["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
        assert [event for event in named.events() if event in {"factor.enrolled", "sign_in"}] == [
            "factor.enrolled", "sign_in", "factor.enrolled"], "the app, the sign-in, and the recovery codes"

    def test_a_recovery_code_of_the_page_works_at_the_next_sign_in(self, named: Site) -> None:
        browser = at(named, INSIDE)
        code = codes_of(take_app(browser, arrive(browser), named))[0]
        other = at(named, OUTSIDE)
        page = other.follow(other.sign_in(uid="lanhdao"))
        page = other.get(f"{page.request.path}?way=recovery_codes")
        assert "code=" in other.submit(page, recovery_code=code).headers["Location"]

    def test_a_passkey_leads_there_too(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.get(arrive(browser).request.path + "?way=passkey")
        device = Authenticator()
        page = send(browser, page, "passkey", device.make(ask(browser, page, "passkey")), name="Máy bàn")
        assert len(codes_of(page)) == 10, page.text[:500]
        claims = named.id_token_claims(named.tokens(go_on(browser, page).headers["Location"])["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "pop", "user", "mfa"])

    def test_an_application_that_demands_two_factors_asks_for_one_too(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = take_app(browser, arrive(browser, "canbo", STRICT), named)
        assert "code=" in go_on(browser, page).headers["Location"]

    def test_a_wrong_first_code_enrols_nothing_and_may_be_tried_again(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(press(browser, arrive(browser), begin="otp"))
        wrong = browser.submit(page, otp="000000")
        assert wrong.status_code == 400
        assert browser.sso() is None
        assert secret(wrong) == secret(page)
        assert codes_of(browser.submit(wrong, otp=pyotp.TOTP(secret(page)).at(named.clock.now())))

    def test_first_codes_are_counted(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(press(browser, arrive(browser), begin="otp"))
        answers = [browser.submit(page, otp="000000") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [400] * 3 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0

    def test_no_other_form_leads_on(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = arrive(browser)
        for fields in ({}, {"later": "1"}, {"otp": ""}, {"otp": "123456"}, {"passkey": "{}", "name": "x"},
                       {"enrolment_code": ""}, {"answer": "accept"}):
            assert press(browser, page, **fields).status_code in {200, 400, 409}
            assert browser.sso() is None
            assert "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]

    def test_a_page_whose_officer_has_a_factor_by_now_leads_on(self, named: Site) -> None:
        """Two pages of one browser: each comes to its application."""
        browser = at(named, INSIDE)
        mine, theirs = arrive(browser), arrive(browser)
        theirs = browser.follow(press(browser, theirs, begin="otp"))
        seed = secret(theirs)
        mine = browser.follow(browser.get(mine.request.path + "?way=otp"))
        mine, theirs = (browser.submit(page, otp=pyotp.TOTP(seed).at(named.clock.now())) for page in (mine, theirs))
        assert codes_of(mine)
        assert "code=" in go_on(browser, mine).headers["Location"]
        page = browser.follow(theirs)
        assert 'name="otp"' in page.text, "the app that is there by now is asked for"
        named.clock.advance(30)
        assert "code=" in browser.submit(page, otp=pyotp.TOTP(seed).at(named.clock.now())).headers["Location"]

    def test_an_expired_sign_in_leads_on_to_the_application(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(press(browser, arrive(browser), begin="otp"))
        seed = secret(page)
        named.clock.advance(3601)
        late = browser.submit(page, otp=pyotp.TOTP(seed).at(named.clock.now()))
        assert late.status_code == 410
        assert QLVB.client_uri in late.text
        assert browser.get(page.request.path + "?app=qlvb").headers["Location"].startswith(QLVB.client_uri)

    def test_a_password_that_was_proven_too_long_ago_is_asked_for_again(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(press(browser, arrive(browser), begin="otp"))
        seed = secret(page)
        named.clock.advance(601)
        again = browser.follow(browser.submit(page, otp=pyotp.TOTP(seed).at(named.clock.now())))
        assert 'name="password"' in again.text
        assert not named.totp.enrolled(named.directory.officers["lanhdao"].entry_uuid)

    def test_an_old_session_that_must_step_up_signs_in_again_first(self, named: Site) -> None:
        """A browser that was left open is not enough to enrol a factor in it."""
        browser = at(named, INSIDE)
        assert "code=" in browser.sign_in().headers["Location"]
        named.clock.advance(301)
        page = browser.authorize(STRICT)
        assert 'name="password"' in page.text
        page = browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        assert page.request.path.endswith("/enrol")
        assert "code=" in go_on(browser, take_app(browser, page, named)).headers["Location"]

    def test_a_young_session_steps_up_where_it_stands(self, named: Site) -> None:
        browser = at(named, INSIDE)
        assert "code=" in browser.sign_in().headers["Location"]
        before = browser.sso()
        page = browser.authorize(STRICT)
        assert page.request.path.endswith("/enrol")
        answer = go_on(browser, take_app(browser, page, named))
        claims = named.id_token_claims(named.tokens(answer.headers["Location"], STRICT)["id_token"])
        assert claims["amr"] == ["pwd", "otp", "mfa"]
        assert browser.sso() != before


class TestFromOutside:
    def test_the_password_alone_begins_nothing_at_the_sign_in(self, named: Site) -> None:
        browser = at(named, OUTSIDE)
        page = arrive(browser)
        assert 'name="enrolment_code"' in page.text
        for fields in ({"begin": "otp"}, {"otp": "123456"}, {"passkey": "{}", "name": "x"}):
            assert press(browser, page, **fields).status_code == 403
        entry_uuid = named.directory.officers["lanhdao"].entry_uuid
        assert not named.app_begun(entry_uuid)
        assert not named.services.second_factors.enrolled(entry_uuid)

    def test_a_seed_that_was_begun_inside_is_neither_shown_nor_confirmed_outside(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(press(browser, arrive(browser), begin="otp"))
        seed = secret(page)
        browser.client.environ_base["REMOTE_ADDR"] = OUTSIDE
        assert seed[:4] + " " not in browser.get(page.request.path + "?way=otp").text
        assert browser.submit(page, otp=pyotp.TOTP(seed).at(named.clock.now())).status_code == 403
        assert not named.totp.enrolled(named.directory.officers["lanhdao"].entry_uuid)

    def test_no_passkey_is_asked_for(self, named: Site) -> None:
        browser = at(named, OUTSIDE)
        page = arrive(browser)
        _, hidden = form_of(page)
        answer = browser.post(page.request.path + "/passkey", X_CSRFToken=hidden["csrf_token"])
        assert (answer.status_code, answer.json) == (409, {"error": "not_due"})

    def test_the_account_asks_for_the_code_as_well(self, site: Site) -> None:
        """The password opened the account: its pages are a second way to a first factor, and the same rule stands before each."""
        named = Site(site.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",),
                     certificate_origin="https://chungthu.example")
        browser = at(named, OUTSIDE)
        page = browser.follow(browser.get(PATHS[0]))
        page = browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        assert page.request.path.endswith("/enrol"), page.request.path
        _, hidden = form_of(page)
        entry_uuid = named.directory.officers["canbo"].entry_uuid
        for path in PATHS:
            assert 'name="enrolment_code"' in browser.follow(browser.get(path)).text
            for form in ({}, {"otp": "123456"}, {"name": "x", "passkey": "{}"}, {"certificate": "x"}):
                answer = browser.post(path, {"csrf_token": hidden["csrf_token"], **form})
                assert (path, answer.status_code, "/enrol" in answer.headers["Location"]) == (path, 303, True)
        question = browser.post("/account/security/passkeys/question", X_CSRFToken=hidden["csrf_token"])
        assert question.status_code == 409
        assert not named.app_begun(entry_uuid)
        assert not named.services.second_factors.enrolled(entry_uuid)

    def test_inside_the_account_is_open_as_ever(self, named: Site) -> None:
        browser = at(named, INSIDE)
        page = browser.follow(browser.get("/account/security/app"))
        page = browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        page = browser.follow(browser.submit(page))
        assert browser.submit(page, otp=pyotp.TOTP(secret(page)).at(named.clock.now())).status_code == 303

    def test_who_has_a_factor_adds_another_from_anywhere_with_it(self, named: Site) -> None:
        named.enrol("canbo")
        browser = at(named, OUTSIDE)
        page = browser.follow(browser.get("/account/security/passkeys/new"))
        page = browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        assert 'name="otp"' in page.text
        assert browser.follow(browser.submit(page, otp=named.otp())).request.path == "/account/security/passkeys/new"

    @pytest.mark.parametrize("path", PATHS)
    def test_a_factor_that_is_enrolled_between_two_looks_opens_no_page(
            self, site: Site, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        """The officer enrols at home in the moment in which somebody with the password alone asks for the page."""
        named = Site(site.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",),
                     certificate_origin="https://chungthu.example")
        browser = at(named, OUTSIDE)
        page = browser.follow(browser.get("/account/security"))
        browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        entry_uuid = named.directory.officers["canbo"].entry_uuid
        factors, looks = named.services.second_factors, list[str]()
        look = factors.of

        def racing(whose: str) -> Any:
            found = look(whose)
            if not looks:
                named.totp.enrol(entry_uuid, "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ")
            looks.append(whose)
            return found

        monkeypatch.setattr(factors, "of", racing)
        answer = browser.get(path)
        assert (answer.status_code, "/login/" in answer.headers["Location"]) == (303, True)
        assert looks

    def test_a_factor_that_is_enrolled_between_two_looks_opens_no_form_of_the_sign_in(
            self, named: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        browser = at(named, OUTSIDE)
        page = arrive(browser)
        entry_uuid = named.directory.officers["lanhdao"].entry_uuid
        first, lacking = named.services.first_factors, type(named.services.first_factors).lacking

        def racing(whose: str) -> bool:
            found = lacking(first, whose)
            named.enrol("lanhdao")
            return found

        monkeypatch.setattr(first, "lacking", racing)
        assert press(browser, page, begin="otp").status_code == 403
        assert not named.app_begun(entry_uuid)

    def test_a_seed_is_the_browsers_that_began(self, named: Site) -> None:
        mine, other = at(named, INSIDE), at(named, INSIDE)
        page = mine.follow(press(mine, arrive(mine), begin="otp"))
        asked = arrive(other)
        seen = other.get(asked.request.path + "?way=otp")
        assert 'name="begin"' in seen.text
        assert 'name="otp"' not in seen.text
        code = pyotp.TOTP(secret(page)).at(named.clock.now())
        assert other.submit(asked, otp=code).status_code == 400
        assert not named.services.second_factors.enrolled(named.directory.officers["lanhdao"].entry_uuid)
        assert "code=" in go_on(mine, mine.submit(page, otp=code)).headers["Location"]

    def test_a_code_opens_the_sign_in_and_leads_to_the_application(self, named: Site) -> None:
        browser = at(named, OUTSIDE)
        code = named.enrolment_code("lanhdao").upper().replace("-", " ")
        page = browser.follow(press(browser, arrive(browser), enrolment_code=code))
        assert "code=" in go_on(browser, take_app(browser, page, named)).headers["Location"]
        assert "enrolment_code.accepted" in named.events()

    def test_a_code_opens_the_account_and_leads_back_to_it(self, named: Site) -> None:
        browser = at(named, OUTSIDE)
        page = browser.follow(browser.get("/account/security/app"))
        page = browser.follow(browser.submit(page, username="canbo", password=PASSWORD))
        page = browser.follow(press(browser, page, enrolment_code=named.enrolment_code("canbo")))
        assert go_on(browser, take_app(browser, page, named)).request.path == "/account/security/app"

    def test_a_code_opens_one_sign_in_only(self, named: Site) -> None:
        code, browser, other = named.enrolment_code("lanhdao"), at(named, OUTSIDE), at(named, OUTSIDE)
        press(browser, arrive(browser), enrolment_code=code)
        page = arrive(other)
        assert 'name="enrolment_code"' in page.text, "what another sign-in was opened with opens nothing here"
        assert press(other, page, enrolment_code=code).status_code == 400
        assert press(other, page, begin="otp").status_code == 403

    def test_a_code_is_its_officers_and_has_an_end(self, named: Site) -> None:
        mine, browser = named.enrolment_code("lanhdao"), at(named, OUTSIDE)
        page = arrive(browser, "canbo", STRICT)
        assert press(browser, page, enrolment_code=mine).status_code == 400
        leader = at(named, OUTSIDE)
        named.clock.advance(3600)
        page = arrive(leader)
        assert press(leader, page, enrolment_code=mine).status_code == 400

    def test_what_a_code_opened_closes_again(self, named: Site) -> None:
        """The password is asked for again long before; here it was, and the page is the same."""
        browser = at(named, OUTSIDE)
        page = arrive(browser)
        press(browser, page, enrolment_code=named.enrolment_code("lanhdao"))
        named.clock.advance(901)
        page = browser.get(page.request.path.removesuffix("/enrol"))
        page = browser.follow(browser.submit(page, username="lanhdao", password=PASSWORD))
        assert press(browser, page, begin="otp").status_code == 403

    def test_wrong_codes_are_counted_and_a_right_one_waits_too(self, named: Site) -> None:
        code, browser = named.enrolment_code("lanhdao"), at(named, OUTSIDE)
        page = arrive(browser)
        answers = [press(browser, page, enrolment_code=WRONG) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [400] * 3 + [429]
        assert press(browser, page, enrolment_code=code).status_code == 429
        assert "enrolment_code.refused" in named.events()

    def test_an_operator_lets_the_officer_try_codes_and_passwords_afresh_on_a_known_device_too(self, site: Site) -> None:
        named = Site(site.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",))
        browser = at(named, OUTSIDE)
        browser.follow(browser.sign_in(uid="canbo"))
        browser.post("/logout", {})
        code, page = named.enrolment_code("canbo"), arrive(browser, "canbo", STRICT)
        refused = [press(browser, page, enrolment_code=WRONG).status_code for _ in range(4)]
        login = browser.get(page.request.path.removesuffix("/enrol") + "?as=other")
        refused += [browser.submit(login, username="canbo", password="sai-mat-khau").status_code for _ in range(4)]
        assert refused == [400, 400, 400, 429] * 2
        named.services.sign_in.clear_limits("canbo", OUTSIDE, Caller("cli", ""))
        login = browser.follow(browser.submit(login, username="canbo", password=PASSWORD))
        assert browser.follow(press(browser, login, enrolment_code=code)).status_code == 200
        assert named.events().count("enrolment_code.accepted") == 1

    def test_a_province_that_named_no_network_takes_codes_only(self, site: Site) -> None:
        named = Site(site.database, first_factor_networks=())
        browser = at(named, INSIDE)
        assert 'name="enrolment_code"' in arrive(browser).text


class TestWhatMayGo:
    def test_the_sentence_names_what_demands_the_last_one(self, site: Site) -> None:
        strict = Site(site.database, networks=("tinh=10.0.0.0/8",), require_second_factor_networks=("tinh", "outside"),
                      require_second_factor_units=("H30.11",), require_second_factor_groups=("lanhdao",))
        strict.directory.officers["lanhdao"] = replace(strict.directory.officers["lanhdao"], posts=(HOME,))
        strict.directory.officers["canbo"] = replace(strict.directory.officers["canbo"], posts=(BELOW,))
        strict.directory.officers["vanthu"] = replace(strict.directory.officers["vanthu"], posts=(HOME,))
        for uid, address, who in (("lanhdao", INSIDE, "Nhóm lanhdao mà bạn là thành viên cần xác thực hai lớp"),
                                  ("canbo", INSIDE, "Cơ quan cấp trên của đơn vị Phòng Hành chính cần xác thực hai lớp"),
                                  ("vanthu", INSIDE, "Mạng tinh mà bạn đang dùng cần xác thực hai lớp"),
                                  ("vanthu", OUTSIDE, "Nơi bạn đang đăng nhập, ngoài mạng cơ quan, cần xác thực hai lớp")):
            strict.clock.advance(60)
            strict.enrol(uid)
            browser = at(strict, address)
            page = browser.follow(browser.get("/account/security"))
            page = browser.follow(browser.submit(page, username=uid, password=PASSWORD))
            page = browser.follow(browser.submit(page, otp=strict.otp()))
            assert f"{who}, nên cách cuối cùng không gỡ được." in page.text, page.text
            _, hidden = form_of(browser.get("/account/security/app"))
            refused = browser.post("/account/security/remove", {"csrf_token": hidden["csrf_token"], "factor": "otp", "id": ""})
            assert refused.status_code == 409
            assert f"{who}, và đây là cách cuối cùng." in refused.text


class TestLater:
    def test_it_leads_to_the_application_with_the_level_of_the_password(self, patient: Site) -> None:
        browser = at(patient, OUTSIDE)
        page = arrive(browser)
        assert "Còn 14 ngày" in page.text
        answer = press(browser, page, later="1")
        tokens = patient.tokens(answer.headers["Location"])
        claims = patient.id_token_claims(tokens["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:1", ["pwd"])
        assert "Còn 14 ngày" in browser.get("/").text
        assert patient.events()[:2] == ["factor.demanded", "sign_in"]

    def test_the_days_count_from_the_first_time(self, patient: Site) -> None:
        press(first := at(patient, INSIDE), arrive(first), later="1")
        patient.clock.advance(10 * DAY + 5)
        assert "Còn 4 ngày" in arrive(at(patient, INSIDE)).text

    def test_it_cannot_be_pressed_after_the_deadline(self, patient: Site) -> None:
        arrive(at(patient, INSIDE))
        patient.clock.advance(14 * DAY - 300)
        page = arrive(browser := at(patient, INSIDE))
        assert 'name="later"' in page.text
        assert "Còn 1 ngày" in page.text
        patient.clock.advance(300)
        assert press(browser, page, later="1").status_code == 409
        assert browser.sso() is None
        assert 'name="later"' not in arrive(at(patient, INSIDE)).text

    def test_a_session_made_in_that_time_ends_with_it(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        arrive(at(patient, INSIDE))
        patient.clock.advance(14 * DAY - 600)
        location = press(browser, arrive(browser, scope="openid offline_access"), later="1").headers["Location"]
        first = patient.tokens(location)["refresh_token"]

        status, body = refreshed(patient, first)
        assert status == 200
        assert "code=" in browser.authorize(follow=False).headers["Location"]
        patient.clock.advance(601)
        status, body = refreshed(patient, str(body["refresh_token"]))
        assert (status, body["error"]) == (400, "invalid_grant"), "what was granted on the password gives nothing any more"
        assert "interaction_required" in browser.get(authorize_url(prompt="none")).headers["Location"]
        assert "/login/" in browser.get("/").headers["Location"]
        assert 'name="later"' not in browser.authorize().text

    def test_it_is_offered_neither_to_administrators_nor_for_an_application_nor_for_a_network(self, patient: Site) -> None:
        assert 'name="later"' not in arrive(at(patient, INSIDE), "canbo", STRICT).text
        strict = Site(patient.database, networks=("tinh=10.0.0.0/8",), require_second_factor_networks=("outside",),
                      second_factor_grace_days=14)
        browser = at(strict, OUTSIDE)
        page = arrive(browser)
        assert 'name="later"' not in page.text
        assert press(browser, page, later="1").status_code == 409
        strict.directory.officers["canbo"] = replace(strict.directory.officers["canbo"], groups=("quantri-tinh",))
        page = arrive(browser := at(strict, INSIDE), "canbo")
        assert press(browser, page, later="1").status_code == 409
        assert browser.sso() is None

    def test_what_it_opened_does_not_open_an_application_that_demands_two(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        press(browser, arrive(browser), later="1")
        assert browser.authorize(STRICT).request.path.endswith("/enrol")

    def test_a_session_that_must_step_up_may_say_so_too(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        assert "code=" in browser.sign_in(uid="canbo").headers["Location"]
        patient.mirror.remember(replace(patient.directory.officers["canbo"], groups=("lanhdao",)), now=patient.clock.now())
        page = browser.authorize()
        assert 'name="later"' in page.text
        assert "code=" in press(browser, page, later="1").headers["Location"]

    def test_a_factor_that_was_taken_away_ends_it(self, patient: Site) -> None:
        """Whoever lost the telephone does not become an officer of whom the password is enough."""
        patient.enrol("lanhdao")
        patient.mirror.remember(patient.directory.officers["lanhdao"], now=1)
        officer = patient.mirror.by_uid("lanhdao")
        assert officer is not None
        assert patient.services.second_factors.remove(officer, "otp", "", Caller("cli", "r")) == "removed"
        page = arrive(at(patient, INSIDE))
        assert 'name="later"' not in page.text

    def test_used_up_recovery_codes_do_not_begin_it(self, patient: Site) -> None:
        patient.mirror.remember(patient.directory.officers["lanhdao"], now=1)
        officer = patient.mirror.by_uid("lanhdao")
        assert officer is not None
        for code in patient.recovery_codes.issue(officer, Caller("cli", "r")):
            patient.services.second_factors.attempt(officer, "recovery_codes", {"recovery_code": code}, Caller("cli", "r"))
        assert 'name="later"' not in arrive(at(patient, INSIDE)).text

    def test_an_expired_certificate_does_not_begin_it(self, patient: Site) -> None:
        entry_uuid, now = patient.directory.officers["lanhdao"].entry_uuid, patient.clock.now()
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, now, sub="s", detail={"factor": "certificate"})
        assert SqlCertificates(patient.database).register(
            Registered("c" * 43, entry_uuid, "CN=l", "CN=root", "01", now + 9, now), record,
            Notice(NoticeKind.FACTOR_ADDED, "s", now))
        patient.clock.advance(10)
        assert not patient.services.second_factors.enrolled(entry_uuid)
        assert 'name="later"' not in arrive(at(patient, INSIDE)).text

    @pytest.mark.parametrize("ended", ["enrolled", "removed"])
    def test_what_was_let_through_ends_with_the_first_factor_and_stays_ended_with_its_removal(
            self, patient: Site, ended: str) -> None:
        browser = at(patient, INSIDE)
        first = patient.tokens(press(browser, arrive(browser, scope="openid offline_access"), later="1").headers["Location"])
        status, body = refreshed(patient, first["refresh_token"])
        assert status == 200
        assert browser.get("/").status_code == 200
        patient.enrol("lanhdao")
        if ended == "removed":
            officer = patient.mirror.by_uid("lanhdao")
            assert officer is not None
            assert patient.services.second_factors.remove(officer, "otp", "", Caller("cli", "r")) == "removed"
            assert not patient.services.second_factors.enrolled(officer.officer.entry_uuid)
        status, body = refreshed(patient, str(body["refresh_token"]))
        assert (status, body["error"]) == (400, "invalid_grant")
        assert "interaction_required" in browser.get(authorize_url(prompt="none")).headers["Location"]
        assert "/login/" in browser.get("/").headers["Location"]
        page = browser.authorize()
        assert 'name="later"' not in page.text
        assert ('name="otp"' in page.text) is (ended == "enrolled")

    def test_another_officers_factor_ends_nothing(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        press(browser, arrive(browser), later="1")
        patient.enrol("canbo")
        assert "code=" in browser.get(authorize_url(prompt="none")).headers["Location"]

    def test_fewer_days_end_what_was_granted(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        press(browser, arrive(browser), later="1")
        none = Site(patient.database, networks=("tinh=10.0.0.0/8",), first_factor_networks=("tinh",))
        none.clock.advance(patient.clock.now() - none.clock.now())
        other = at(none, INSIDE)
        other.client = none.app.test_client()
        other.client.environ_base["REMOTE_ADDR"] = INSIDE
        other.client.set_cookie("sso", browser.sso() or "", domain="localhost")
        assert "interaction_required" in other.get(authorize_url(prompt="none")).headers["Location"]

    def test_no_mark_is_published(self, patient: Site) -> None:
        browser = at(patient, INSIDE)
        tokens = patient.tokens(press(browser, arrive(browser), later="1").headers["Location"])
        assert MARK not in json.dumps(patient.id_token_claims(tokens["id_token"]))
