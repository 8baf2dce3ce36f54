"""A day of the house: each role from sign-in to sign-out, by keyboard alone and without JavaScript, on one server.

What one does is there for the next: a certificate is asked for, approved by the agency and by the province, its device reported
lost; an officer's sessions are ended and the officer reads why; a leader lets the SIM sign in and does so, with the phone in a
second window; the auditor finds all of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pyotp
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from werkzeug.serving import WSGIRequestHandler, make_server

from deploy import sample_sims
from deploy.mobile_signature.__main__ import Simulator
from deploy.ports import free_ports
from idp.directory.officer import Post
from idp.directory.unit import Unit, UnitEntry
from idp.pki.enrollment.moves import Actor
from idp.pki.enrollment.record import Search
from idp.pki.enrollment.working_days import day_of
from idp.roles import Administrator, Role
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office
from tests.fakes.directory import PASSWORD, make_officer
from tests.web.console import Console

from .chromium import chromium, wait

SEED = pyotp.random_base32()
MOST_STOPS = 90
"""So many presses of Tab at most lead to whatever is wanted on a page."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


class Keyboard:
    """Somebody without a mouse, at a browser that runs no script."""

    def __init__(self, driver: webdriver.Chrome, office: Office, address: str, phones: Simulator, phones_address: str) -> None:
        self.driver, self.office, self.address = driver, office, address
        self.phones, self.phones_address = phones, phones_address

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "main").text

    def keys(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def reach(self, css: str, *, past: bool = True, back: bool = False) -> None:
        """Press Tab until what is wanted has the focus.

        Args:
            css: What is wanted.
            past: Go past the places at the side, by the link with which every page begins.
            back: Go the other way, with Shift.
        """
        wanted = self.driver.find_element(By.CSS_SELECTOR, css)
        if past and self.driver.switch_to.active_element.tag_name == "body":
            self.keys(Keys.TAB, Keys.ENTER)
        for _ in range(MOST_STOPS):
            if self.driver.switch_to.active_element == wanted:
                return
            if back:
                ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
            else:
                self.keys(Keys.TAB)
        raise AssertionError(f"the keyboard does not reach {css}")

    def go(self, css: str, *, past: bool = True, back: bool = False) -> None:
        """Reach a link or a button, press it, and wait for another page."""
        self.reach(css, past=past, back=back)
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.keys(Keys.ENTER)
        wait(self.driver, lambda: self.driver.find_element(By.TAG_NAME, "html") != before
             and self.driver.find_elements(By.TAG_NAME, "main"), 20, css)

    def type(self, **fields: str) -> None:
        for name, text in fields.items():
            self.reach(f"#{name}")
            self.keys(text)

    def choose(self, name: str, first_letters: str) -> None:
        self.reach(f"#{name}")
        self.keys(first_letters)

    def sign_in(self, uid: str, page: str = "/admin/", *, second: bool = True) -> None:
        """Come as somebody else to a page, and prove who one is."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.get(self.address + page)
        self.type(username=uid, password=PASSWORD)
        self.go("form[action^='/login'] button[type=submit]")
        if second:
            self.office.clock.advance(30)  # six digits are taken once
            self.type(otp=pyotp.TOTP(SEED).at(self.office.clock.now()))
            self.go("main form button[type=submit]")
        assert not self.driver.find_elements(By.CSS_SELECTOR, "form[action^='/login']")

    def sign_out(self) -> None:
        """Leave by the menu under one's name."""
        self.driver.get(self.address + "/")
        self.reach(".top__user summary", past=False)
        self.keys(Keys.ENTER)
        self.go(".menu__list a[href='/logout']", past=False)
        self.go("button[value=accept]")
        assert "Bạn đã đăng xuất" in self.text
        self.driver.get(self.address + "/admin/")
        assert self.driver.find_elements(By.ID, "password"), "nobody is signed in any more"


@pytest.fixture(scope="module")
def keyboard(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyboard]:
    folder = tmp_path_factory.mktemp("journeys")
    copy(sqlite_template, folder / "idp.sqlite3")
    port, phones_port, _ = free_ports(3)
    phones = Simulator(folder / "mssp", phones_port, now=lambda: office.clock.moment().timestamp())
    (folder / "mssp.toml").write_text(sample_sims.carriers(folder / "mssp", phones_port))
    office = Office(f"sqlite:///{folder / 'idp.sqlite3'}", rates=PLENTY, issuer=f"http://localhost:{port}",
                    mssp_file=folder / "mssp.toml")
    phones.start()
    for number, (code, name) in enumerate({IT: "Sở Thông tin và Truyền thông", HOME: "Sở Nội vụ"}.items()):
        office.services.mirroring.units.note_unit(UnitEntry(f"unit-{number}", Unit(code, "", name)), now=office.clock.now())
    for uid, group, unit in (("canbo", "", IT), ("dangky", "dangky-chungthu", IT), ("quantri.coquan", "quantri-coquan", IT),
                             ("quantri", "quantri-tinh", HOME), ("thukho", "vanthu-thietbi", IT),
                             ("hotro", "hotro-nguoidung", IT), ("kiemtoan", "kiemtoan", HOME), ("chuquan", "quantri-coquan", IT),
                             ("lanhdao", "lanhdao", IT), ("thay", "", IT)):
        officer = office.directory.add(make_officer(uid, f"Nguyễn Văn {uid.capitalize()}", groups=(group,) if group else (),
                                                    posts=(Post(unit, "", "Sở", "Chuyên viên"),)))
        office.services.mirror.remember(officer, now=office.clock.now())
        if group or uid == "thay":
            office.services.totp.enrol(officer.entry_uuid, SEED)
    server = make_server("127.0.0.1", port, Console(office).app, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium(folder / "chromium", "--window-size=1280,1000", "--force-prefers-reduced-motion") as driver:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
            yield Keyboard(driver, office, f"http://localhost:{port}", phones, f"http://localhost:{phones_port}")
    finally:
        server.shutdown()
        server.server_close()
        phones.stop()
        office.close()


def _state(keyboard: Keyboard) -> str:
    [record] = keyboard.office.services.certificate_desk.moves.store.page(Search(), after="", limit=10)
    return str(record.state.value)


def test_a_registration_officer_asks_for_a_certificate(keyboard: Keyboard) -> None:
    keyboard.sign_in("dangky", "/admin/certificates/new")
    keyboard.type(q="canbo")
    keyboard.go("form.filters button[type=submit]")
    keyboard.go("a.hit[href*='holder=']")
    keyboard.type(identity_number="093080000001", birth_date="05/09/1980", identity_issued_on="01/02/2020",
                  identity_issued_by="Cuc Canh sat", phone="0912345678")
    keyboard.go("button[value=submit]")
    assert _state(keyboard) == "submitted"
    keyboard.sign_out()


def test_an_agency_administrator_approves_it(keyboard: Keyboard) -> None:
    keyboard.sign_in("quantri.coquan", "/admin/certificates/?state=submitted")
    keyboard.reach("input[name=pick]")
    keyboard.keys(Keys.SPACE)
    keyboard.go("button[name=act][value=approve]", back=True)
    assert "Xong 1 trên 1" in keyboard.text
    assert _state(keyboard) == "agency_approved"
    keyboard.sign_out()


def test_a_province_administrator_approves_and_registers_an_application(keyboard: Keyboard) -> None:
    keyboard.sign_in("quantri", "/admin/certificates/?state=agency_approved")
    keyboard.go("tbody th a")
    keyboard.go("form[action$='/approve_for_province'] button")
    assert _state(keyboard) == "province_approved"
    keyboard.driver.get(keyboard.address + "/admin/applications/new")
    keyboard.type(client_name="Khao sat", owner="So TTTT", redirect_uris="https://a.example/cb")
    keyboard.choose("owner_unit", "Sở Th")
    keyboard.go("main form button[type=submit]")
    assert len(keyboard.driver.find_element(By.ID, "secret").text) > 20
    keyboard.sign_out()


def test_the_owner_of_the_application_sees_how_far_it_is(keyboard: Keyboard) -> None:
    keyboard.driver.get(keyboard.address + "/help/vendors")
    assert "/.well-known/openid-configuration" in keyboard.text
    keyboard.sign_in("chuquan", "/admin/applications/?q=khao")
    keyboard.go("tbody th a")
    assert "Các bước" in keyboard.text
    assert "https://a.example/cb" in keyboard.text
    keyboard.sign_out()


def _handed_over(keyboard: Keyboard, serial: str) -> None:
    """Bring the certificate on its way from the province's approval into the officer's hands, past the pages."""
    office, rooms = keyboard.office, keyboard.office.services.certificate_desk
    one, three = (Actor(sub, Administrator(role=Role.PROVINCE, client_id="console", sub=sub))
                  for sub in (office.officer(uid, "quantri-tinh") for uid in ("mot", "ba")))
    [found] = rooms.moves.store.page(Search(), after="", limit=10)
    rooms.desk.send(one, found.enrollment_id, "1/X", "", CALLER)
    now, found = office.clock.now(), rooms.moves.store.find(found.enrollment_id)
    rooms.desk.issued(one, found, serial="54ab0009", issuer="CN=CA", not_before=now - 60, not_after=now + 86400 * 900,
                      certificate=b"", device_serial=serial, caller=CALLER)
    rooms.custody.receive(one, found.enrollment_id, serial, CALLER)
    rooms.custody.hand_over(one, found.enrollment_id, identity_number="093080000001", record="07/CTS", caller=CALLER)
    rooms.custody.waive(three, found.enrollment_id, "x", CALLER)


def test_a_records_clerk_reports_a_device_lost(keyboard: Keyboard) -> None:
    _handed_over(keyboard, "TK-0009")
    keyboard.sign_in("thukho", "/admin/devices/")
    keyboard.type(q="0009")
    keyboard.go("form.filters button[type=submit]")
    keyboard.go("tbody th a")
    keyboard.go("a[href$='/acts/report_loss']")
    keyboard.go("main form button[type=submit]")
    assert _state(keyboard) == "revocation_requested"
    keyboard.sign_out()


def test_the_help_desk_ends_the_sessions_of_an_officer(keyboard: Keyboard) -> None:
    keyboard.sign_in("hotro", "/admin/officers/?q=canbo")
    keyboard.go("tbody th a")
    keyboard.go("a[href$='/acts/end_access']")
    keyboard.go("main form button[type=submit]")
    keyboard.sign_out()


def test_the_help_desk_asks_for_a_temporary_pass_and_a_second_person_reads_it_out(keyboard: Keyboard) -> None:
    keyboard.sign_in("hotro", "/admin/officers/?q=lanhdao")
    keyboard.go("tbody th a")
    keyboard.go("a[href$='/acts/ask_pass']")
    keyboard.type(reason="Quen dien thoai o nha, da goi so co quan")
    keyboard.go("main form button[type=submit]")
    assert "đang chờ người thứ hai duyệt" in keyboard.text
    assert not keyboard.driver.find_elements(By.CSS_SELECTOR, "a[href$='/acts/give_pass']"), "who asks does not give"
    keyboard.sign_out()
    keyboard.sign_in("chuquan", "/admin/officers/?q=lanhdao")
    keyboard.go("tbody th a")
    keyboard.go("a[href$='/acts/give_pass']")
    assert "Quen dien thoai o nha" in keyboard.text
    keyboard.go("main form button[type=submit]")
    assert "Mã tạm, chỉ hiện lần này" in keyboard.text
    keyboard.go("a[href$='/acts/withdraw_pass']")
    keyboard.go("main form button[type=submit]")
    keyboard.sign_out()


def test_a_deputy_acts_for_the_giver_until_the_day_and_lends_nothing(keyboard: Keyboard) -> None:
    keyboard.sign_in("chuquan", "/admin/deputies/")
    keyboard.go("a[href='/admin/deputies/new']")
    keyboard.type(deputy="thay", ends_on=day_of(keyboard.office.clock.now()).strftime("%d/%m/%Y"), reason="Di hop")
    keyboard.go("main form button[type=submit]")
    keyboard.sign_out()
    keyboard.sign_in("thay", "/admin/")
    assert "làm thay Nguyễn Văn Chuquan" in keyboard.driver.find_element(By.CSS_SELECTOR, ".scope").text
    keyboard.go(".side__wide a[href='/admin/deputies/']", past=False)
    assert not keyboard.driver.find_elements(By.CSS_SELECTOR, "a[href='/admin/deputies/new']")
    keyboard.go("a[href$='/end']")
    keyboard.go("main form button[type=submit]")
    assert "không có vai trò quản trị" in keyboard.text, "whoever ended it has no role any more"
    keyboard.sign_out()


def test_an_official_reads_why_and_asks_nobody(keyboard: Keyboard) -> None:
    keyboard.sign_in("canbo", "/", second=False)
    keyboard.go("a[href='/account/notices']", past=False)
    assert keyboard.driver.find_elements(By.CSS_SELECTOR, "main .rows li")
    keyboard.go("main form button[type=submit]")
    assert not keyboard.driver.find_elements(By.CSS_SELECTOR, "main .tag--warn"), "all are read"
    keyboard.sign_out()


def _with_a_sim(keyboard: Keyboard, uid: str, number: str) -> None:
    """Bring an officer's SIM from the request to its first signature, past the pages, on the line that the province has."""
    office, phones = keyboard.office, keyboard.phones.phones
    rooms, known = office.services.mobile_signatures, office.services.mirror.by_uid(uid)
    assert rooms is not None
    assert known is not None
    office.services.certification.found("hanh-trinh", CALLER, root_key=None)
    office.services.ocsp.renew_due(CALLER)
    phones.add(next(one for one in sample_sims.described({}) if one["msisdn"] == number))
    sim = rooms.sims.ask(Actor(known.sub), known.sub, f"0{number[2:]}", rooms.sims.carriers[0], CALLER)
    phone = phones.one(number)
    assert phone is not None
    code = "".join(filter(str.isdigit, phone["messages"][0]["text"]))
    rooms.sims.verify(known.sub, sim.sim_id, code, CALLER)
    one, two = (Actor(name, Administrator(role=Role.PROVINCE, client_id="console", sub=name)) for name in ("so-1", "so-2"))
    for actor in (one, two):
        rooms.sims.approve(actor, sim.sim_id, CALLER, owner_match=True)
    sim = rooms.sims.give_card(one, sim.sim_id, sample_sims.card_of(number), CALLER)
    sim = rooms.sims.test(known.sub, sim.sim_id, CALLER)
    phones.act(number, "accept", {"pin": sample_sims.PIN})
    office.clock.advance(5)
    assert rooms.sims.advance(sim, CALLER).state.value == "active"


def _asked(keyboard: Keyboard, number: str, act: str) -> None:
    """Have the phone asked, compare what both windows show, and answer in the phone's."""
    keyboard.go("button[name=sim][value=ask]")
    driver, here = keyboard.driver, keyboard.driver.current_window_handle
    digits = "".join(one.text for one in driver.find_elements(By.CSS_SELECTOR, ".digits__d"))
    assert len(digits) == 4
    driver.switch_to.new_window("window")
    driver.get(f"{keyboard.phones_address}/phones/{number}")
    assert driver.find_element(By.CSS_SELECTOR, "[data-shown=code]").text == digits
    assert driver.find_element(By.CSS_SELECTOR, "[data-shown=text]").text.startswith("DANG NHAP ")
    driver.find_element(By.ID, "pin").send_keys(sample_sims.PIN)
    driver.find_element(By.CSS_SELECTOR, f"button[name=act][value={act}]").click()
    wait(driver, lambda: not driver.find_elements(By.ID, "pin"), 20, "the phone's answer")
    driver.close()
    driver.switch_to.window(here)
    keyboard.office.clock.advance(5)


def test_a_leader_lets_the_sim_sign_in_and_confirms_on_the_phone(keyboard: Keyboard) -> None:
    number = "84990000003"
    _with_a_sim(keyboard, "lanhdao", number)
    keyboard.sign_in("lanhdao", "/account/security/sim")
    keyboard.go("main form button[type=submit]")
    assert keyboard.driver.current_url.endswith("/account/security")
    keyboard.sign_out()

    keyboard.driver.get(keyboard.address + "/")
    keyboard.type(username="lanhdao", password=PASSWORD)
    keyboard.go("form[action^='/login'] button[type=submit]")
    keyboard.go("main a[href$='way=sim']")
    _asked(keyboard, number, "cancel")
    keyboard.go("button[name=sim][value=done]")
    assert "đã từ chối trên điện thoại" in keyboard.text
    assert "vui lòng đổi mật khẩu và báo quản trị đơn vị" in keyboard.text
    _asked(keyboard, number, "accept")
    keyboard.go("button[name=sim][value=done]")
    assert keyboard.driver.current_url == keyboard.address + "/"
    session = keyboard.office.services.sessions.find(keyboard.driver.get_cookie("sso")["value"])
    assert session is not None
    assert (session.acr, session.amr) == (3, ("pwd", "sc", "mfa"))
    keyboard.sign_out()


def test_an_auditor_finds_what_was_done_and_can_do_nothing(keyboard: Keyboard) -> None:
    keyboard.sign_in("kiemtoan", "/admin/audit/")
    keyboard.type(person="hotro")
    keyboard.go("form.filters button[type=submit]")
    assert "hotro" in keyboard.text
    keyboard.go("tbody th a")
    assert keyboard.driver.find_elements(By.CSS_SELECTOR, "dl.facts")
    places = {str(link.get_attribute("href")) for link in keyboard.driver.find_elements(By.CSS_SELECTOR, ".side__wide a")}
    assert len(places) > 15
    for place in sorted(places):
        keyboard.driver.get(place)
        assert not keyboard.driver.find_elements(By.CSS_SELECTOR, "main form[method=post]"), place
    keyboard.driver.get(keyboard.address + "/admin/officers/file")
    assert keyboard.driver.find_element(By.ID, "purpose").get_attribute("required"), "a file is for a purpose"
    keyboard.type(purpose="Kiem tra theo ke hoach nam")
    keyboard.go("main form button[type=submit]")
    assert keyboard.driver.current_url == keyboard.address + "/admin/jobs/"
    assert keyboard.driver.find_elements(By.CSS_SELECTOR, "tbody tr")
    keyboard.sign_out()
