"""Passkeys in Chromium, with its virtual authenticator (Web Authentication Level 2 §11): script, pages and rooms together."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from werkzeug.exceptions import NotFound
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from idp.adapters.sql.database import Database
from tests.fakes.directory import PASSWORD
from tests.web.site import QLVB, STRICT, Site, authorize_url

from .chromium import chromium, wait

NEW = "/account/security/passkeys/new"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


NO_LIST = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"
"""Keeps passkeys out of the list of names: the virtual authenticator picks one by itself as soon as it is asked."""


class House:
    """A running provider, a browser, and the authenticator in it."""

    def __init__(self, driver: webdriver.Chrome, database: Database) -> None:
        self.driver = driver
        self.scripts: list[dict[str, Any]] = []
        server: BaseWSGIServer = make_server("127.0.0.1", 0, lambda *call: self.site.app(*call), threaded=True,
                                             request_handler=_Quiet)
        self.issuer = f"http://localhost:{server.server_port}"
        self.site = Site(database, issuer=self.issuer)
        self.server = server
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def authenticator(self, *, verified: bool = True) -> None:
        """Plug in a fresh authenticator that knows its user, or cannot."""
        options = VirtualAuthenticatorOptions(
            protocol=VirtualAuthenticatorOptions.Protocol.CTAP2, transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
            has_resident_key=True, has_user_verification=True, is_user_consenting=True, is_user_verified=verified)
        self.driver.add_virtual_authenticator(options)

    def without_list(self) -> None:
        """Let only buttons ask for passkeys, until the test is over."""
        self.scripts.append(self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NO_LIST}))

    def open(self, path: str) -> None:
        self.driver.get(self.issuer + path)

    def wait(self, until: Callable[[], Any]) -> None:
        wait(self.driver, until, 8)

    def press(self, words: str) -> None:
        self.driver.find_element(By.XPATH, f"//button[contains(., '{words}')]").click()

    def password(self, uid: str) -> None:
        self.driver.find_element(By.ID, "username").send_keys(uid)
        self.driver.find_element(By.ID, "password").send_keys(PASSWORD)
        self.driver.find_element(By.CSS_SELECTOR, "form:has(#password) button[type=submit]").click()

    def enrol(self, uid: str, name: str) -> None:
        """Sign in on the way to the page and make a passkey."""
        self.open(NEW)
        self.password(uid)
        self.wait(lambda: self.driver.find_elements(By.ID, "name"))
        self.driver.find_element(By.ID, "name").send_keys(name)
        self.press("Tạo khóa truy cập")
        self.wait(lambda: f"Khóa truy cập “{name}”" in self.text())

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def arrived(self) -> bool:
        """Tell whether a code has left for the application (where nobody listens)."""
        return "code" in parse_qs(urlsplit(self.driver.current_url).query) or any(
            row.startswith("code.issued") for row in self.site.events())

    def said(self) -> list[str]:
        return [one.text for one in self.driver.find_elements(By.CSS_SELECTOR, "[data-says]") if one.is_displayed()]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium"), "--window-size=1280,1000") as driver:
        yield driver


@pytest.fixture
def house(driver: webdriver.Chrome, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'passkeys.sqlite3')}")
    house = House(driver, database)
    yield house
    for script in house.scripts:
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    if driver.virtual_authenticator_id:
        driver.remove_virtual_authenticator()
    driver.delete_all_cookies()
    driver.get("about:blank")
    house.server.shutdown()
    house.server.server_close()
    database.dispose()


def test_a_passkey_is_offered_in_the_list_of_names(house: House) -> None:
    house.authenticator()
    house.enrol("canbo", "Máy bàn")
    house.driver.delete_all_cookies()
    house.open(authorize_url(QLVB))
    house.wait(house.arrived)


def test_enrol_sign_in_without_a_name_and_be_refused_after_removal(house: House) -> None:
    house.authenticator()
    house.without_list()
    house.enrol("canbo", "Máy bàn")
    [kept] = house.site.passkeys.of(house.site.directory.officers["canbo"].entry_uuid)
    assert (kept.name, kept.transports) == ("Máy bàn", ("internal",))
    house.driver.delete_all_cookies()

    house.open(authorize_url(QLVB))
    assert not house.driver.find_element(By.ID, "username").get_attribute("value")
    house.press("Đăng nhập bằng khóa truy cập")
    house.wait(house.arrived)
    assert house.site.events().count("factor.accepted") == 1

    house.driver.get(house.issuer + "/account/security")
    house.driver.find_element(By.PARTIAL_LINK_TEXT, "Gỡ").click()
    house.press("Gỡ")
    house.wait(lambda: "Chưa bật xác thực hai lớp" in house.text())
    house.driver.delete_all_cookies()
    house.open(authorize_url(QLVB))
    house.press("Đăng nhập bằng khóa truy cập")
    house.wait(lambda: "Khóa truy cập này chưa dùng được để đăng nhập" in house.text())
    assert house.site.last_detail()["reason"] == "unknown"


def test_as_second_factor_after_the_password(house: House) -> None:
    house.authenticator()
    house.without_list()
    house.enrol("canbo", "Máy bàn")
    house.driver.delete_all_cookies()
    house.open(authorize_url(STRICT))
    house.password("canbo")
    house.wait(lambda: "Mật khẩu đã đúng" in house.text())
    house.press("Dùng khóa truy cập")
    house.wait(house.arrived)


def test_a_leader_without_any_factor_makes_a_passkey_on_the_way_with_a_code(house: House) -> None:
    """From outside: the password, the administrator's code, the passkey, the recovery codes, the application."""
    house.site = Site(house.site.database, issuer=house.issuer, first_factor_networks=())
    code = house.site.enrolment_code("lanhdao")
    house.authenticator()
    house.without_list()
    house.open(authorize_url(QLVB))
    house.password("lanhdao")
    house.wait(lambda: house.driver.find_elements(By.ID, "enrolment_code"))
    house.driver.find_element(By.ID, "enrolment_code").send_keys(code)
    house.press("Tiếp tục")
    house.wait(lambda: house.driver.find_elements(By.PARTIAL_LINK_TEXT, "Dùng khóa truy cập"))
    house.driver.find_element(By.PARTIAL_LINK_TEXT, "Dùng khóa truy cập").click()
    house.wait(lambda: house.driver.find_elements(By.ID, "name") and house.driver.find_element(By.ID, "name").is_displayed())
    assert "Chrome" in str(house.driver.find_element(By.ID, "name").get_attribute("value")), "a name is there already"
    house.press("Tạo khóa truy cập")
    house.wait(lambda: len(house.driver.find_elements(By.CSS_SELECTOR, "ol.codes li")) == 10)
    house.driver.find_element(By.PARTIAL_LINK_TEXT, "Tôi đã cất các mã").click()
    house.wait(house.arrived)
    assert len(house.site.passkeys.of(house.site.directory.officers["lanhdao"].entry_uuid)) == 1


def test_without_user_verification_the_browser_gives_nothing_and_the_password_is_still_there(house: House) -> None:
    house.authenticator()
    house.without_list()
    house.enrol("canbo", "Máy bàn")
    house.driver.set_user_verified(False)
    house.driver.delete_all_cookies()
    house.open(authorize_url(QLVB))
    house.press("Đăng nhập bằng khóa truy cập")
    house.wait(lambda: house.said() == ["Khóa truy cập chưa được xác nhận. Vui lòng thử lại, hoặc chọn cách khác."])
    house.password("canbo")
    house.wait(house.arrived)
    assert "factor.accepted" not in house.site.events()


GET = """
const [options, verification, done] = arguments;
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
navigator.credentials.get({publicKey: {...options, allowCredentials: [], challenge: bytes(options.challenge),
                                       userVerification: verification}})
  .then((found) => done(found.toJSON()), (error) => done({error: String(error)}));
"""
POST = """
const [url, token, fields, done] = arguments;
fetch(url, {method: "POST", headers: {"X-CSRFToken": token}, body: new URLSearchParams({csrf_token: token, ...fields})})
  .then(async (answer) => done([answer.status, await answer.text()]), (error) => done([0, String(error)]));
"""


class Script:
    """A script of somebody's own: asks our question, answers where and how it likes."""

    def __init__(self, house: House) -> None:
        house.open(authorize_url(QLVB))
        form = house.driver.find_element(By.CSS_SELECTOR, "form[data-passkey]")
        self.house, self.action = house, form.get_attribute("action")
        self.question = house.issuer + str(form.get_dom_attribute("data-options"))
        self.token = form.find_element(By.NAME, "csrf_token").get_attribute("value")
        house.open("/static/nothing")  # a page of ours without a script

    def ask(self) -> dict[str, Any]:
        status, text = self.house.driver.execute_async_script(POST, self.question, self.token, {})
        assert status == 200, text
        return dict(json.loads(text))

    def prove(self, options: dict[str, Any], verification: str = "required") -> dict[str, Any]:
        return dict(self.house.driver.execute_async_script(GET, options, verification))

    def send(self, answer: dict[str, Any]) -> int:
        status, _ = self.house.driver.execute_async_script(POST, self.action, self.token, {"passkey_sign_in": json.dumps(answer)})
        return int(status)

    def why(self) -> str:
        detail = self.house.site.last_detail()
        return f"{detail['reason']} {detail.get('why', '')}"


def test_an_answer_that_another_origin_got_opens_nothing(house: House) -> None:
    house.authenticator()
    house.without_list()
    house.enrol("canbo", "Máy bàn")
    house.driver.delete_all_cookies()
    script = Script(house)
    options = script.ask()
    other = make_server("127.0.0.1", 0, NotFound(), threaded=True, request_handler=_Quiet)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        house.driver.get(f"http://localhost:{other.server_port}/")  # the same RP ID, another origin
        answer = script.prove(options)
        assert "signature" in answer["response"], answer
    finally:
        other.shutdown()
        other.server_close()
    house.open("/static/nothing")
    assert script.send(answer) == 400
    assert "origin" in script.why()
    assert "sign_in" not in house.site.events()[2:]


def test_an_answer_without_user_verification_opens_nothing(house: House) -> None:
    house.authenticator()
    house.without_list()
    house.enrol("canbo", "Máy bàn")
    house.driver.delete_all_cookies()
    script = Script(house)
    house.driver.set_user_verified(False)
    assert script.send(script.prove(script.ask(), "discouraged")) == 400
    assert "verif" in script.why()
    house.driver.set_user_verified(True)
    assert script.send(script.prove(script.ask())) != 400
