"""An officer at a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from deploy.directory.server import SampleDirectory
from tests.browser.chromium import chromium, wait

PASSWORD = SampleDirectory.password
WAIT_SECONDS = 20


class Person:
    """Does what a person does, and looks at what a person sees."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    @property
    def url(self) -> str:
        return str(self.driver.current_url)

    @property
    def heading(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "h1").text

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def language(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "html").get_attribute("lang"))

    def open(self, url: str) -> None:
        self.driver.get(url)

    def find(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def sees(self, css: str) -> bool:
        return bool(self.driver.find_elements(By.CSS_SELECTOR, css))

    @property
    def is_asked_for_password(self) -> bool:
        return self.sees("input[name=username]:not([hidden])") and self.sees("input[name=password]")

    @property
    def name_in_application(self) -> str:
        """The officer's name as the sample application shows it; empty when it shows none."""
        found = self.driver.find_elements(By.CSS_SELECTOR, "[data-officer=name]")
        return found[0].text if found else ""

    def fill(self, **fields: str) -> None:
        """Type into fields, over what stands there."""
        for name, text in fields.items():
            field = self.find(f"input[name={name}]")
            field.clear()
            field.send_keys(text)

    def press(self, css: str = "main form button[type=submit]") -> None:
        """Press a button and wait until another page has loaded."""
        self.leave_by(lambda: self.find(css).click())

    def leave_by(self, act: Callable[[], None]) -> None:
        """Do something that leads to another page, and wait for that."""
        self.driver.execute_script("document.documentElement.dataset.before = '1'")
        act()
        self.wait(lambda: not self.driver.execute_script(
            "return document.readyState != 'complete' || document.documentElement.dataset.before == '1'"), "another page")

    def wait(self, until: Callable[[], Any], what: str) -> None:
        wait(self.driver, until, WAIT_SECONDS, what)

    def sign_in(self, uid: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in page and send it."""
        self.fill(username=uid, password=password)
        self.press()

    def back(self) -> None:
        self.leave_by(self.driver.back)

    def tab(self) -> str:
        """Open another tab and give the handle of the one that was open; ``to`` goes back."""
        before = str(self.driver.current_window_handle)
        self.driver.switch_to.new_window("tab")
        return before

    def to(self, handle: str) -> None:
        self.driver.switch_to.window(handle)

    def begin_anew(self) -> None:
        """Be somebody else at a fresh browser: one empty tab and no cookie."""
        first, *others = self.driver.window_handles
        for handle in others:
            self.to(handle)
            self.driver.close()
        self.to(first)
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.open("about:blank")


@contextlib.contextmanager
def person_at(profile: Path, *flags: str, **how: bool) -> Iterator[Person]:
    """Sit down at a browser with a profile of its own; ``how`` as ``chromium`` takes it."""
    # Without reduced motion pages scroll smoothly, and a button is still moving when it is pressed.
    with chromium(profile, "--window-size=1280,1000", "--force-prefers-reduced-motion", *flags, **how) as driver:
        driver.set_page_load_timeout(30)
        yield Person(driver)
