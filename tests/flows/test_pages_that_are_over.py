"""Several tabs, the back button, bookmarks and pages left open: each of them leads on, none ends on a dead page."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from selenium.webdriver.common.by import By

from .conftest import Place
from .deployments import Deployment


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
        person.fill(username="canbo", password="HauGiang-2026!")
        person.find("main form button[type=submit]").click()
        person.wait(lambda: person.name_in_application == "Nguyễn Văn Mẫu", "the application")
        person.find("main form button[type=submit]").click()
        person.wait(lambda: person.url.startswith(f"{deployment.qlvb}logged-out"), "signed out")
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
