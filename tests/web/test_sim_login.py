"""Signing in with the SIM: the officer chooses it, a form asks the phone after the password, and a form takes its answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from idp.adapters.sql.database import Database
from idp.signing.login import Logins
from idp.signing.transaction import State
from idp.web.signature_words import on_the_phone
from tests.fakes.directory import PASSWORD
from tests.signing.test_signing import House

from .site import STRICT, Browser, Site, form_of

PAGE = "/account/security/sim"
LEVEL_3 = {"acr_values": "urn:haugiang:acr:3"}


class Office(Site):
    """The pages, and an officer whose SIM can sign in and who has an authenticator app too."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, sims=True)
        self.phones = House(database, self.clock)
        self.mirror.remember(self.directory.officers["canbo"], now=self.clock.now())
        card = replace(self.phones.cards.pop("sub-1"), login=ec.generate_private_key(ec.SECP256R1()))
        self.phones.cards[self.sub("canbo")] = card
        self.phones.carrier.authenticates = True
        self.mobile_id.phones = Logins(self.phones.signing, self.phones.sims, {"mang": self.phones.carrier})
        self.enrol("canbo")

    def choose(self) -> None:
        browser = self.browser()
        browser.submit(browser.follow(browser.sign_in(STRICT)), otp=self.otp())
        assert browser.submit(browser.follow(browser.get(PAGE))).headers["Location"] == "/account/security"

    def confirm(self, *, login: bool = True) -> None:
        """Whatever the phones are asked is confirmed."""
        for name, asked in self.phones.carrier.asked.items():
            self.phones.carrier.signatures[name] = self.phones.cards[self.sub("canbo")].sign(asked.digest, login=login)
        self.clock.advance(10)

    @property
    def asked(self) -> int:
        return len(self.phones.carrier.asked)


@pytest.fixture
def office(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    target = tmp_path / "pages.sqlite3"
    shutil.copy(sqlite_template, target)
    database = Database(f"sqlite:///{target}")
    found = Office(database)
    found.choose()
    yield found
    database.dispose()


def factor_page(browser: Browser, **more: Any) -> TestResponse:
    page = browser.follow(browser.sign_in(STRICT, **more))
    return browser.get(form_of(page)[0].partition("?")[0] + "?way=sim")


def asked_page(browser: Browser, **more: Any) -> TestResponse:
    return browser.follow(browser.submit(factor_page(browser, **more), sim="ask"))


def again(browser: Browser, page: TestResponse) -> TestResponse:
    return browser.get(form_of(page)[0].partition("?")[0] + "?way=sim")


def test_password_phone_and_the_application_learns_level_three(office: Office) -> None:
    browser = office.browser()
    page = factor_page(browser, **LEVEL_3)
    assert 'name="otp"' not in page.text, "only what reaches the level"
    assert office.asked == 0
    shown = browser.follow(browser.submit(page, sim="ask"))
    [asked] = office.phones.carrier.asked.values()
    assert asked.text.startswith("DANG NHAP Tai chinh ")
    assert f"Số đối chiếu: {', '.join(asked.text[-4:])}" in shown.text
    assert "•••\u00a0001" in shown.text
    assert '<noscript><meta http-equiv="refresh"' in shown.text
    office.confirm()
    ready = again(browser, shown)
    assert "Điện thoại của bạn đã xác nhận" in ready.text
    assert browser.sso() is None, "a look opens nothing"
    answer = browser.submit(ready)
    claims = office.id_token_claims(office.tokens(answer.headers["Location"], STRICT)["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["pwd", "sc", "mfa"])
    assert [event for event in office.events() if event.startswith("factor.")][-3:] == [
        "factor.asked", "factor.answered", "factor.accepted"]


def test_security_57_a_sim_in_doubt_is_said_and_the_password_alone_opens_nothing(office: Office) -> None:
    office.phones.sims.doubted.add(office.sub("canbo"))
    browser = office.browser()
    page = factor_page(browser)
    assert ("Tỉnh đang kiểm tra với nhà mạng" in page.text, 'value="ask"' in page.text) == (True, False)
    assert (browser.sso(), office.asked) == (None, 0)


def test_a_look_asks_no_phone_and_neither_does_a_form_before_the_password(office: Office) -> None:
    browser = office.browser()
    page = factor_page(browser)
    for _ in range(3):
        page = again(browser, page)
    assert office.asked == 0
    stranger = office.browser()
    first = stranger.authorize(STRICT)
    answer = stranger.submit(first, sim="ask")
    assert (office.asked, answer.status_code) == (0, 200)
    assert 'name="password"' in answer.text
    stranger.get(form_of(first)[0].partition("?")[0] + "?way=sim")
    assert office.asked == 0


def test_a_form_without_its_token_asks_no_phone(office: Office) -> None:
    browser = office.browser()
    action, _ = form_of(factor_page(browser))
    assert browser.post(action, {"sim": "ask"}).status_code == 400
    assert office.asked == 0


def test_it_is_not_offered_where_no_password_was_given(office: Office) -> None:
    """A session that a passkey opened, or anything else without the password, does not lead to a phone."""
    browser = office.browser()
    page = browser.follow(browser.sign_in(STRICT))
    interaction = office.services.interactions
    take_up = interaction.take_up
    interaction.take_up = lambda *given: replace(found, amr=("pop", "mfa")) if (found := take_up(*given)) else None
    shown = browser.get(form_of(page)[0].partition("?")[0] + "?way=sim")
    assert 'name="sim"' not in shown.text
    browser.submit(page, sim="ask")
    assert office.asked == 0


def test_another_browser_gets_nothing_of_it(office: Office) -> None:
    browser, thief = office.browser(), office.browser()
    page = asked_page(browser)
    office.confirm()
    theirs = factor_page(thief)
    assert 'value="ask"' in theirs.text
    for said in ("done", "ask"):
        answer = thief.submit(theirs, sim=said)
        assert thief.sso() is None, (said, answer.status_code)
    action, fields = form_of(page)
    assert thief.post(action, {**fields, "sim": "done"}).status_code in {400, 410}
    assert thief.get(action.partition("?")[0] + "/phone").json == {"waiting": False}
    assert thief.sso() is None


def test_the_script_hears_how_it_stands(office: Office) -> None:
    browser = office.browser()
    page = asked_page(browser)
    state = form_of(page)[0].partition("?")[0] + "/phone"
    office.clock.advance(5)
    assert browser.get(state).json == {"waiting": True, "number": 1, "left": 115}
    office.confirm()
    again(browser, page)
    assert browser.get(state).json == {"waiting": False}
    assert browser.get("/login/nothing/phone").json == {"waiting": False}


def test_a_second_press_and_one_too_early_ask_no_second_time(office: Office) -> None:
    browser = office.browser()
    page = asked_page(browser)
    for said in ("done", "ask", "nonsense", ""):
        page = browser.follow(browser.submit(page, sim=said))
        assert "Đang chờ bạn xác nhận" in page.text
    assert office.asked == 1
    assert browser.sso() is None


ENDS = {"cancelled": (401, 4011), "postponed": (401, 4013), "wrong_pin": (401, 4012), "timed_out": (208, 2082),
        "unreachable": (209, 2093), "pin_blocked": (402, 4021)}


@pytest.mark.parametrize("end", ENDS)
def test_whoever_did_not_confirm_is_told_why_and_may_go_another_way(office: Office, end: str) -> None:
    browser = office.browser()
    page = asked_page(browser)
    office.phones.carrier.fault = ENDS[end]
    office.clock.advance(10)
    shown = again(browser, page)
    with office.app.test_request_context():
        assert on_the_phone()[end] in shown.text
    assert ("Hỏi lại điện thoại" in shown.text) is (end != "pin_blocked")
    assert "Cách khác" in shown.text
    otp = browser.get(form_of(page)[0].partition("?")[0] + "?way=otp")
    office.clock.advance(30)
    assert browser.submit(otp, otp=office.otp()).status_code == 303


def test_what_was_signed_with_the_key_for_documents_opens_nothing(office: Office) -> None:
    browser = office.browser()
    page = asked_page(browser)
    office.confirm(login=False)
    shown = again(browser, page)
    assert "Điện thoại chưa xác nhận được việc đăng nhập" in shown.text
    browser.submit(shown, sim="done")
    assert browser.sso() is None


def test_a_confirmation_opens_one_sign_in(office: Office) -> None:
    browser = office.browser()
    page = asked_page(browser)
    office.confirm()
    ready = again(browser, page)
    assert browser.submit(ready).status_code == 303
    sso = browser.sso()
    late = browser.submit(ready)
    assert late.status_code in {303, 400, 410}
    assert browser.sso() == sso
    assert office.events().count("factor.accepted") == 2, "one of the app when it was chosen, and one of the SIM"


def test_a_session_steps_up(office: Office) -> None:
    browser = office.browser()
    office.clock.advance(30)
    browser.submit(browser.follow(browser.sign_in(STRICT)), otp=office.otp())
    page = browser.authorize(STRICT, **LEVEL_3)
    assert 'value="ask"' in page.text
    asked = browser.follow(browser.submit(page, sim="ask"))
    office.confirm()
    answer = browser.submit(again(browser, asked))
    claims = office.id_token_claims(office.tokens(answer.headers["Location"], STRICT)["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["pwd", "otp", "sc", "mfa"])


def test_a_busy_or_absent_phone_is_said_and_costs_no_guess(office: Office) -> None:
    browser = office.browser()
    office.phones.ask(sub=office.sub("canbo"))
    page = browser.submit(factor_page(browser), sim="ask")
    assert page.status_code == 409
    with office.app.test_request_context():
        assert on_the_phone()["busy"] in page.text
    office.phones.standings.away = True
    office.clock.advance(400)
    page = browser.submit(again(browser, page), sim="ask")
    assert page.status_code == 503
    assert "Cách khác" in page.text


def test_asking_without_end_is_throttled(office: Office) -> None:
    browser = office.browser()
    page = factor_page(browser)
    office.phones.carrier.fault = (208, 2082)
    for _ in range(6):
        page = browser.follow(browser.submit(page, sim="ask"))
        office.clock.advance(10)
        page = again(browser, page)
    refused = browser.submit(page, sim="ask")
    assert (refused.status_code, office.asked) == (429, 6)
    assert int(refused.headers["Retry-After"]) > 0


def test_the_security_page_shows_it_and_takes_it_away(office: Office) -> None:
    browser = office.browser()
    office.clock.advance(30)
    browser.submit(browser.follow(browser.sign_in(STRICT)), otp=office.otp())
    page = browser.get("/account/security")
    assert "SIM ký số" in page.text
    assert "Đăng nhập bằng SIM ký số" not in page.text, "it is chosen already"
    assert "Chấp thuận trên điện thoại" in browser.get(PAGE).text, "what else can be chosen of it"
    confirm = browser.follow(browser.get("/account/security/remove?factor=sim&id="))
    assert "SIM vẫn ký văn bản như trước" in confirm.text
    browser.submit(confirm)
    page = browser.get("/account/security")
    assert "Đăng nhập bằng SIM ký số" in page.text
    assert office.events()[-1] == "factor.removed"


def test_where_no_carrier_has_it_there_is_no_such_page(site: Site) -> None:
    browser = site.browser()
    site.enrol("canbo")
    browser.submit(browser.follow(browser.sign_in(STRICT)), otp=site.otp())
    assert browser.get(PAGE).status_code == 404
    assert browser.post(PAGE).status_code in {400, 404}
    assert "Đăng nhập bằng SIM ký số" not in browser.get("/account/security").text


def test_whoever_forgot_the_password_is_asked_for_no_sim(office: Office) -> None:
    officer = office.mirror.by_uid("canbo")
    assert "sim" in office.services.second_factors.ways(officer.officer.entry_uuid)
    assert "sim" not in office.forgotten.ways(officer.officer.entry_uuid)


def test_a_sign_in_is_no_signature_on_the_officers_pages(office: Office) -> None:
    browser = office.browser()
    page = asked_page(browser)
    office.confirm()
    browser.submit(again(browser, page))
    [name] = office.phones.carrier.asked
    assert office.phones.store.find(name).state is State.RELEASED  # type: ignore[union-attr]
    assert office.phones.store.of_officer(office.sub("canbo"), limit=5) == []
    assert PASSWORD not in page.text
