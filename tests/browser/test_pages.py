"""Every page as people see it: 360 and 1280 px, Vietnamese and English, light and dark, under the product's policy.

WCAG 2.2 AA by axe-core, nothing wider than the window, nothing in the console, targets of 44 px, at most 150 kB.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.pages.render import LANGUAGES, SampleSite
from tests.pages.rollout_samples import longest_report
from tests.pages.samples import SAMPLES

from .chromium import axe, chromium, wait

WIDTHS = (360, 1280)
THEMES = ("light", "dark")
LIMIT_BYTES = 150_000

# Run in the page: what axe finds, how wide the page is, which targets are lower than 44 px or narrower than 24 px.
LOOK = """
const done = arguments[arguments.length - 1];
const low = [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter((e) => {
  const chosen = ["checkbox", "radio"].includes(e.type); // a press on its label ticks a box and chooses one of several
  const target = chosen && e.labels.length ? e.labels[0] : e;
  const box = target.getBoundingClientRect(), wider = getComputedStyle(e, "::after"); // .btn-sm is lower than its target
  const height = box.height - (wider.position === "absolute" ? parseFloat(wider.top) + parseFloat(wider.bottom) : 0);
  const shown = e.checkVisibility() && box.width > 1 && box.height > 1;
  const inText = e.tagName === "A" && getComputedStyle(e).display === "inline";
  return shown && !inText && (height < 43.5 || box.width < 24);
}).map((e) => e.outerHTML.slice(0, 120));
const root = document.documentElement;
const out = [...document.body.querySelectorAll("*")].filter((e) =>
  e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest("svg, .skip, .visually-hidden, .menu__name")).length;
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, {resultTypes: ["violations"], runOnly: rules})
  .then((found) => done({
    low, wide: root.scrollWidth - root.clientWidth, out, headings: document.querySelectorAll("h1").length,
    broken: [...document.images].filter((i) => !i.complete || i.naturalWidth === 0).length,
    violations: found.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join(" | ")),
  }), (error) => done({violations: [String(error)]}));
"""
WEIGHT = """
return performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .map((e) => [e.name, e.encodedBodySize + 300]);
"""


class Screen:
    """The one browser of this module, and the sample site it looks at."""

    def __init__(self, driver: webdriver.Chrome, site: SampleSite) -> None:
        """Put axe-core into every page before the page's own scripts; this is outside the page's policy."""
        self.driver = driver
        self.site = site
        self.address = site.start()
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": axe()})

    def look(self, width: int, theme: str) -> dict[str, Any]:
        """Measure the page that is open, at a width and in a theme, without loading it again."""
        self.shape(width, theme)
        return self.driver.execute_async_script(LOOK)

    def shape(self, width: int, theme: str) -> None:
        """Set the width of the window and the theme of the system."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def open(self, lang: str, name: str) -> None:
        """Load a sample."""
        self.driver.get(f"{self.address}/{lang}/{name}")

    def wait(self, until: Callable[[], Any]) -> None:
        """Wait at most 5 s for something to become true."""
        wait(self.driver, until, 5)

    def console(self) -> list[str]:
        """Give what the browser had to complain about since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


def _combinations(*, whole: bool) -> dict[str, list[tuple[str, int, str]]]:
    """Give what each sample is looked at in.

    Args:
        whole: The first of a template in all eight ways, its other states in four that have every pair of language, width and
            theme. Otherwise half of that: every pair for the first, and for the others every language, width and theme once.
    """
    every = [(lang, width, theme) for lang in LANGUAGES for width in WIDTHS for theme in THEMES]
    pairs = [way for way in every if (LANGUAGES.index(way[0]) + WIDTHS.index(way[1]) + THEMES.index(way[2])) % 2 == 0]
    ends = [pairs[0], next(way for way in every if not set(way) & set(pairs[0]))]
    first, others = (every, pairs) if whole else (pairs, ends)
    seen: set[str] = set()
    ways = {}
    for sample in SAMPLES:
        ways[sample.name] = others if sample.template in seen else first
        seen.add(sample.template)
    return ways


WAYS = _combinations(whole=os.environ.get("EVERY_LOOK") == "1")


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    site = SampleSite()
    try:
        with chromium(tmp_path_factory.mktemp("chromium")) as driver:
            yield Screen(driver, site)
    finally:
        site.stop()


def faults(seen: dict[str, Any]) -> list[str]:
    """Give in words what ``Screen.look`` found."""
    found = list(seen["violations"])
    if seen.get("wide") or seen.get("out"):
        found.append(f"{seen['wide']} px wider than the window, {seen['out']} elements stick out")
    found += [f"small target {target}" for target in seen.get("low", ())]
    if seen.get("headings") != 1 or seen.get("broken"):
        found.append(f"{seen.get('headings')} h1, {seen.get('broken')} pictures missing")
    return found


def test_decree_30_2020_the_longest_report_is_one_sheet_with_the_place_to_sign(screen: Screen) -> None:
    sample = screen.site.samples["rollout-report"]
    screen.site.samples["longest"] = replace(sample, name="longest", context={**sample.context, **longest_report()})
    try:
        for name in ("rollout-report", "longest"):
            screen.open("vi", name)
            assert "THỦ TRƯỞNG ĐƠN VỊ" in screen.driver.page_source
            printed = screen.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
            assert len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed["data"]))) == 1, name
    finally:
        del screen.site.samples["longest"]


def test_the_check_itself_finds_planted_faults(screen: Screen) -> None:
    screen.open("vi", "sign-in")
    screen.driver.execute_script("""
      const add = (html) => document.querySelector("form").insertAdjacentHTML("beforeend", html);
      add('<input id="nameless"><h1>x</h1><a href="/" class="btn" id="small">x</a><pre id="long">' + "x".repeat(300) + '</pre>');
      document.getElementById("small").setAttribute("style", "min-height:0;height:20px;display:inline-flex");
    """)
    screen.console()
    with_style = screen.look(360, "light")
    screen.driver.execute_script("document.querySelector('h1').className = 'auth__to-label'")
    in_panel_colours = screen.look(360, "light")
    assert any("label" in violation and "#nameless" in violation for violation in with_style["violations"])
    assert with_style["wide"] > 0
    assert with_style["headings"] == 2
    assert any("color-contrast" in violation for violation in in_panel_colours["violations"])
    assert len(faults(in_panel_colours)) > len(in_panel_colours["violations"])


def test_dark_is_dark_and_light_is_light(screen: Screen) -> None:
    screen.open("vi", "portal")
    colours = {}
    for theme in THEMES:
        screen.shape(1280, theme)
        colours[theme] = screen.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colours == {"light": "rgb(242, 245, 244)", "dark": "rgb(15, 23, 24)"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_wcag22_aa_every_page_in_both_languages_themes_and_widths(screen: Screen, sample: Any) -> None:
    problems = []
    for lang in LANGUAGES:
        screen.open(lang, sample.name)
        sizes = {name: size for name, size in screen.driver.execute_script(WEIGHT)}
        assert len(sizes) >= 4
        elsewhere = [name for name in sizes if not name.startswith(screen.address)]
        assert not elsewhere, f"asked other hosts: {elsewhere}"
        assert sum(sizes.values()) < LIMIT_BYTES, f"{lang}: {sizes}"
        for way in (way for way in WAYS[sample.name] if way[0] == lang):
            problems += [f"{way}: {problem}" for problem in faults(screen.look(*way[1:]))]
        problems += [f"{lang}: {line}" for line in screen.console()]
    assert not problems, "\n".join(problems)


def test_the_button_shows_the_password_and_hides_it_before_it_is_sent(screen: Screen) -> None:
    screen.open("vi", "sign-in")
    password = screen.driver.find_element(By.ID, "password")
    button = screen.driver.find_element(By.CSS_SELECTOR, "[aria-controls=password]")
    password.send_keys("HauGiang-2026!")
    assert button.accessible_name == "Hiện mật khẩu"
    button.click()
    assert (password.get_attribute("type"), button.accessible_name) == ("text", "Ẩn mật khẩu")
    screen.driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    assert password.get_attribute("type") == "password"


def test_a_button_that_is_pressed_twice_sends_the_password_once_and_again_when_it_is_meant(screen: Screen) -> None:
    screen.open("vi", "sign-in")
    sent = screen.driver.execute_script("""
      const form = document.getElementById("password").form, sent = [];
      form.addEventListener("submit", (event) => { sent.push(!event.defaultPrevented); event.preventDefault(); });
      for (const later of [0, 1, 1999, 2000, 2001]) {
        const event = new SubmitEvent("submit", {cancelable: true});
        Object.defineProperty(event, "timeStamp", {value: later});
        form.dispatchEvent(event);
      }
      return sent;""")
    assert sent == [True, False, False, True, False]


def test_caps_lock_and_vietnamese_marks_are_pointed_out_while_typing(screen: Screen) -> None:
    screen.open("vi", "sign-in")
    typing = screen.driver.find_element(By.ID, "password-typing")
    password = screen.driver.find_element(By.ID, "password")
    assert typing.aria_role == "status"
    assert typing.text == ""
    password.send_keys("mậtkhẩu")
    assert typing.text == "Mật khẩu đang có chữ có dấu. Vui lòng kiểm tra bộ gõ tiếng Việt."
    password.clear()
    password.send_keys("matkhau")
    assert typing.text == ""
    screen.driver.execute_script("""
      document.getElementById("password").dispatchEvent(new KeyboardEvent("keydown", {key: "A", modifierCapsLock: true}))""")
    assert typing.text == "Phím Caps Lock đang bật."


def test_an_error_summary_has_the_focus_and_leads_to_the_field(screen: Screen) -> None:
    screen.open("vi", "sign-in-wrong")
    summary = screen.driver.switch_to.active_element
    assert summary.get_attribute("role") == "alert"
    summary.find_element(By.TAG_NAME, "a").send_keys(Keys.ENTER)
    field = screen.driver.switch_to.active_element
    assert field.get_attribute("id") == "password"
    assert field.get_attribute("aria-invalid") == "true"
    assert "Vui lòng nhập lại mật khẩu" in screen.driver.find_element(By.ID, "password-error").text
    assert "password-error" in field.get_attribute("aria-describedby").split()
    assert screen.driver.title.startswith("Lỗi: ")


def press(driver: webdriver.Chrome, key: str) -> None:
    """Press a key as a person does: whatever has the focus gets it, seen or not."""
    ActionChains(driver).send_keys(key).perform()


@pytest.mark.parametrize("name", ["sign-in", "second-factor", "password-must-change", "consent", "portal"])
def test_by_keyboard_alone_everything_is_reached_in_order_and_the_focus_is_seen(screen: Screen, name: str) -> None:
    screen.open("vi", name)
    screen.shape(360, "light")
    driver = screen.driver
    wanted = driver.execute_script("""
      window.stops = [...document.querySelectorAll("a, button, summary, input:not([type=hidden]):not([hidden])")]
        .filter((e) => e.checkVisibility());
      window.stops[0].focus();
      return window.stops.map((e) => e.outerHTML.slice(0, 80));""")
    assert 'class="skip"' in wanted[0]
    press(driver, Keys.TAB)
    ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    for stop in range(len(wanted)):
        focused = driver.execute_script("""
          const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
          return [window.stops.indexOf(e), style.outlineStyle, parseFloat(style.outlineWidth), box.top >= 0]""")
        assert focused == [stop, "solid", 3, True], wanted[stop]
        press(driver, Keys.TAB)


def test_the_skip_link_leads_past_the_panel(screen: Screen) -> None:
    screen.open("vi", "portal")
    screen.driver.execute_script("document.querySelector('.skip').focus()")
    press(screen.driver, Keys.ENTER)
    assert screen.driver.current_url.endswith("#main")
    assert screen.driver.find_element(By.ID, "main").tag_name == "main"


def test_form_post_goes_on_by_itself_and_carries_every_value(screen: Screen) -> None:
    screen.open("vi", "form-post")
    screen.wait(lambda: screen.site.posted)
    assert screen.site.posted[-1] == [("code", "a<b>\"'&"), ("state", "é ✓")]


def test_while_a_phone_is_asked_the_seconds_go_down_and_the_answer_opens_the_page_anew(screen: Screen) -> None:
    driver = screen.driver

    def shown() -> int:
        return int(driver.find_element(By.CSS_SELECTOR, ".ring text").get_attribute("textContent"))

    screen.open("vi", "phone-waiting")
    driver.execute_script("window.before = true; window.fetch = async () => Response.json({waiting: true, number: 1, left: 42})")
    wait(driver, lambda: shown() <= 42, 60)
    assert driver.find_element(By.CSS_SELECTOR, ".ring__left").get_attribute("stroke-dasharray").endswith(" 120")
    driver.execute_script("window.fetch = async () => Response.json({waiting: true, number: 2, left: 120})")
    wait(driver, lambda: driver.execute_script("return window.before === undefined"), 60)
    driver.execute_script("window.before = true; window.fetch = async () => Response.json({waiting: false})")
    wait(driver, lambda: driver.execute_script("return window.before === undefined"), 60)


def test_without_script_every_form_still_sends_and_shows_no_dead_control(screen: Screen) -> None:
    driver = screen.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        for name, button, sent in (("sign-in", "Đăng nhập", "username"), ("form-post", "Vào ứng dụng", "code"),
                                   ("consent", "Không đồng ý", "answer"), ("select-account", "Tài khoản khác", "answer"),
                                   ("second-factor", "Xác nhận và đăng nhập", "otp"),
                                   ("password-must-change", "Đổi mật khẩu và tiếp tục", "new_password_again")):
            screen.open("vi", name)
            shown = [found.text for found in driver.find_elements(By.TAG_NAME, "button") if found.is_displayed()]
            assert "Hiện" not in " ".join(shown)
            before = len(screen.site.posted)
            driver.find_element(By.XPATH, f"//button[starts-with(normalize-space(), '{button}')]").click()
            screen.wait(lambda count=before: len(screen.site.posted) > count)
            assert sent in dict(screen.site.posted[-1])
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_language_link_leads_to_the_same_page_in_the_other_language(screen: Screen) -> None:
    screen.open("vi", "portal")
    driver = screen.driver
    assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "vi"
    driver.find_element(By.TAG_NAME, "summary").click()
    link = driver.find_element(By.CSS_SELECTOR, "a[hreflang]")
    assert (link.text, link.get_attribute("lang")) == ("English", "en")
    link.click()
    assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert driver.find_element(By.TAG_NAME, "h1").text == "My applications"
    driver.find_element(By.TAG_NAME, "summary").click()
    assert driver.find_element(By.CSS_SELECTOR, "a[hreflang]").text == "Tiếng Việt"
    for width in WIDTHS:
        assert faults(screen.look(width, "light")) == []
