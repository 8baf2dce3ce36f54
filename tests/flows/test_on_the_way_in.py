"""What an officer meets on the way in: second factor, names, tabs, pages that are over, consent, languages.

One module for all of them, because what takes time is starting the product.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyotp
import pytest
from selenium.webdriver.common.by import By

from deploy.sample_province import TOTP_SEEDS
from tests.receivers import Receivers

from .conftest import Place
from .deployments import Deployment
from .person import PASSWORD, Person

CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()

# Who signs in how


def test_an_administrator_gives_a_one_time_code_and_nothing_opens_before(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in("quantri")
    assert person.heading == "Xác thực lớp thứ hai"
    code = person.find("input[name=otp]")
    assert (code.get_attribute("autocomplete"), code.get_attribute("inputmode")) == ("one-time-code", "numeric")
    page = person.url
    person.open(deployment.portal)
    assert not person.name_in_application
    person.open(page)
    due = pyotp.TOTP(TOTP_SEEDS["quantri"])
    person.fill(otp=f"{(int(due.now()) + 1) % 1_000_000:06}")
    person.press()
    assert "Mã 6 số chưa đúng" in person.text
    person.fill(otp=due.now())
    person.press()
    assert person.url == deployment.qlvb
    assert person.find("[data-officer=acr]").text == "urn:haugiang:acr:2"
    person.open(deployment.portal)
    assert person.find("[data-officer=acr]").text == "urn:haugiang:acr:2"


@pytest.mark.parametrize("name", ["canbo@haugiang.gov.vn", "CANBO", "  canbo  ", "  CanBo@HauGiang.gov.VN "])
def test_official_mail_capitals_and_stray_spaces_are_the_same_name(here: Place, name: str) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in(name)
    assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")


def test_a_password_typed_with_caps_lock_gets_a_hint_and_nobody_in(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in("canbo", PASSWORD.swapcase())
    assert "Caps Lock đang bật" in person.text
    person.sign_in("canbo")
    assert person.url == deployment.qlvb


# Several tabs, the back button, bookmarks and pages left open: each of them leads on, none ends on a dead page

def forget_open_pages(deployment: Deployment) -> None:
    """Do what housekeeping does with sign-ins that nobody finished within their hour."""
    with closing(sqlite3.connect(deployment.database_url.removeprefix("sqlite:///"), timeout=20)) as connection:
        connection.execute("DELETE FROM interaction")
        connection.commit()


def test_two_tabs_both_succeed(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    first = person.tab()
    person.open(deployment.portal)
    person.sign_in("canbo")
    assert person.url == deployment.portal
    second = person.tab()
    person.open(deployment.qlvb)
    assert person.url == deployment.qlvb
    person.to(first)
    assert person.is_asked_for_password
    person.sign_in("canbo")
    assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")
    person.to(second)
    person.open(deployment.portal)
    assert person.name_in_application == "Nguyễn Văn Mẫu"


def test_two_tabs_of_one_application_both_succeed(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    first = person.tab()
    person.open(deployment.qlvb)
    for _ in range(2):
        person.sign_in("canbo")
        assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")
        person.to(first)


def test_the_back_button_leads_on_to_the_application(here: Place) -> None:
    deployment, person = here
    person.open(deployment.portal)
    page = person.url
    person.sign_in("canbo")
    person.driver.back()
    person.wait(lambda: person.name_in_application, "the application again")
    assert person.url == deployment.portal
    person.open(page)
    assert (person.url, person.name_in_application) == (deployment.portal, "Nguyễn Văn Mẫu")


def test_a_bookmarked_sign_in_page_leads_to_the_application_it_was_for(here: Place) -> None:
    deployment, person = here
    person.open(deployment.portal)
    bookmark = person.url
    person.begin_anew()  # another day, another browser
    person.open(bookmark)
    assert person.url != bookmark
    assert person.is_asked_for_password
    assert "Cổng thông tin điện tử" in person.text
    person.sign_in("canbo")
    assert (person.url, person.name_in_application) == (deployment.portal, "Nguyễn Văn Mẫu")


def test_the_bare_sign_in_page_leads_to_the_portal(here: Place) -> None:
    deployment, person = here
    person.open(f"{deployment.issuer}/login")
    person.sign_in("canbo")
    assert (person.url, person.heading) == (f"{deployment.issuer}/", "Ứng dụng của tôi")


def test_a_sign_in_page_left_open_too_long_leads_on_to_the_application(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    forget_open_pages(deployment)
    person.sign_in("canbo")
    assert person.heading == "Trang đăng nhập đã hết hạn"
    person.leave_by(lambda: person.driver.find_element(By.CSS_SELECTOR, "main a.btn-primary").click())
    assert "Hệ thống Quản lý văn bản" in person.text
    person.sign_in("canbo")
    assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")


def test_everything_works_without_scripts(here: Place) -> None:
    deployment, person = here
    person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.open(deployment.qlvb)
        person.fill(username="canbo", password=PASSWORD)
        person.find("main form button[type=submit]").click()
        person.wait(lambda: person.name_in_application == "Nguyễn Văn Mẫu", "the application")
        person.find("main form button[type=submit]").click()
        person.wait(lambda: person.url.startswith(f"{deployment.qlvb}logged-out"), "signed out")
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# An application that is not the province's own: what it learns is asked about once, and its officers may read English

class Survey:
    """An application that is registered on the command line, and is asked for consent by default."""

    def __init__(self, deployment: Deployment, receivers: Receivers) -> None:
        self._issuer = deployment.issuer
        self.callback = receivers.url("/status-200/callback", host="localhost")
        registered = deployment.register({
            "client_name": "Khảo sát công vụ", "redirect_uris": [self.callback], "scope": "openid profile email phone",
            "token_endpoint_auth_method": "none", "province": {"owner": "Sở Nội vụ", "consent": "ask"}})
        self.client_id = registered["client_id"]

    def url(self, **changes: str) -> str:
        given = {"client_id": self.client_id, "redirect_uri": self.callback, "response_type": "code", "scope": "openid profile",
                 "state": "st", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return f"{self._issuer}/authorize?{urlencode({**given, **changes})}"

    def answer(self, person: Person) -> dict[str, str]:
        """Give what arrived at the callback."""
        assert person.url.startswith(self.callback), person.text
        return dict(parse_qsl(urlsplit(person.url).query))


@pytest.fixture(scope="module")
def survey(small: Place) -> Iterator[Survey]:
    receivers = Receivers()
    try:
        yield Survey(small[0], receivers)
    finally:
        receivers.stop()


def test_consent_is_asked_once_and_remembered(here: Place, survey: Survey) -> None:
    deployment, person = here
    person.open(survey.url())
    person.sign_in("canbo")
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"
    assert {"Khảo sát công vụ", "Sở Nội vụ", "Nguyễn Văn Mẫu"} <= set(person.text.splitlines())
    person.press("button[value=accept]")
    assert survey.answer(person).keys() == {"code", "state", "iss", "session_state"}

    person.open(survey.url(state="again"))
    assert survey.answer(person)["state"] == "again"
    person.open(survey.url(scope="openid profile email"))  # more than was agreed to
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"
    person.begin_anew()
    person.open(survey.url())
    person.sign_in("canbo")
    assert survey.answer(person)["iss"] == deployment.issuer


def test_refusing_consent_tells_the_application_access_denied_and_is_asked_again(here: Place, survey: Survey) -> None:
    deployment, person = here
    person.open(survey.url(scope="openid phone"))
    person.sign_in("vanthu")
    person.press("button[value=deny]")
    answer = survey.answer(person)
    assert {name: answer[name] for name in ("error", "state", "iss")} == {
        "error": "access_denied", "state": "st", "iss": deployment.issuer}
    assert "code" not in answer
    person.open(survey.url(scope="openid phone"))
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"


def test_ui_locales_makes_every_page_english(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url(ui_locales="fr en-GB vi", scope="openid email"))
    assert (person.language, person.heading) == ("en", "Sign in")
    person.sign_in("vanthu", "Sai-mat-khau-2026!")
    assert person.language == "en"
    assert "The user name or the password is not right" in person.text
    person.sign_in("vanthu")
    assert (person.language, person.heading) == ("en", "Share information with this application?")
    person.press("button[value=accept]")
    assert survey.answer(person)["code"]


def test_without_ui_locales_the_browser_decides_and_the_officer_may_choose(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url())
    assert (person.language, person.heading) == ("vi", "Đăng nhập")
    person.leave_by(lambda: person.find("a[hreflang=en]").click())
    assert (person.language, person.heading) == ("en", "Sign in")
    person.sign_in("kiemtoan")
    assert person.language == "en"


def test_form_post_arrives_in_a_browser_under_the_content_security_policy(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url(response_mode="form_post", prompt="none"))
    # The script presses the button; nothing stands in the address.
    person.wait(lambda: person.url == survey.callback, "the callback")
