"""Passkeys on the pages: instead of a password, after it, and on the security page (security checklist 29-31, 34, 39)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.adapters.sql.database import Database
from idp.audit import Caller
from tests.fakes.authenticator import PRESENT, Authenticator, new_key
from tests.fakes.directory import PASSWORD
from tests.web.site import LEADERS, QLVB, STRICT, Browser, Site, query_of

NEW = "/account/security/passkeys/new"


def form_with(page: TestResponse, field: str) -> tuple[dict[str, str], str, dict[str, str]]:
    """Read the form that has a hidden field: its data attributes, where it goes, and its hidden fields."""
    for attributes, inside in re.findall(r"<form ([^>]*)>(.*?)</form>", page.text, re.DOTALL):
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside))
        if field in hidden:
            told = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', attributes)}
            return told, told["action"], hidden
    raise AssertionError((page.status_code, page.text[:1500]))


def ask(browser: Browser, page: TestResponse, field: str) -> dict[str, Any]:
    """Do what the script does first."""
    told, _, hidden = form_with(page, field)
    answer = browser.post(told["data-options"], X_CSRFToken=hidden["csrf_token"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json)


def send(browser: Browser, page: TestResponse, field: str, answer: dict[str, Any] | str, **more: str) -> TestResponse:
    """Do what the script does then."""
    _, action, hidden = form_with(page, field)
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return browser.post(action, {**hidden, field: text, **more})


def enrol(site: Site, uid: str = "canbo", **how: Any) -> Authenticator:
    """Give an officer a passkey without pages."""
    site.mirror.remember(site.directory.officers[uid], now=1)
    officer = site.mirror.by_uid(uid)
    assert officer is not None
    device = Authenticator(**how)
    answer = device.make(site.passkeys.ask_to_enrol(officer, "sid"))
    assert site.passkeys.enrol(officer, "sid", json.dumps(answer), "Máy bàn", Caller("192.0.2.1", "r")) == "enrolled"
    return device


def sign_in(site: Site, device: Authenticator, browser: Browser | None = None, client: Any = QLVB, **more: Any) -> TestResponse:
    """Come from an application and sign in with a passkey."""
    browser = browser or site.browser()
    page = browser.authorize(client, **more)
    return send(browser, page, "passkey_sign_in", device.prove(ask(browser, page, "passkey_sign_in")))


class TestInsteadOfAPassword:
    def test_it_leads_to_the_application_with_two_factors_and_true_amr(self, site: Site) -> None:
        browser = site.browser()
        answer = sign_in(site, enrol(site), browser, STRICT)
        assert answer.status_code == 303
        claims = site.id_token_claims(site.tokens(answer.headers["Location"], STRICT)["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pop", "user", "mfa"])
        assert claims["auth_time"] == site.clock.now()
        assert browser.sso()
        assert site.events()[1:3] == ["factor.accepted", "sign_in"]

    def test_officers_who_need_two_factors_are_asked_for_nothing_more(self, site: Site) -> None:
        answer = sign_in(site, enrol(site, "lanhdao"))
        assert query_of(answer.headers["Location"])["code"]

    def test_checklist_18_groups_of_the_application_hold(self, site: Site) -> None:
        assert query_of(sign_in(site, enrol(site, "lanhdao"), client=LEADERS).headers["Location"])["code"]
        refused = sign_in(site, enrol(site), client=LEADERS)
        assert "code=" not in refused.headers.get("Location", "")

    @pytest.mark.parametrize("how", ["disabled", "gone", "mirror"])
    def test_checklist_18_a_disabled_officer_gets_the_answer_of_an_unknown_passkey(self, site: Site, how: str) -> None:
        device = enrol(site)
        if how == "disabled":
            site.directory.disabled.add("canbo")
        elif how == "gone":
            site.directory.remove("canbo")
        else:
            site.mirror.remember(replace(site.directory.officers["canbo"], disabled=True), now=1)
            site.directory.down = True
        texts = []
        for key in (device, Authenticator()):
            answer = sign_in(site, key)
            assert (answer.status_code, answer.headers.get("Set-Cookie", "").startswith("sso=")) == (400, False)
            texts.append(re.sub(r'(nonce|value|action|data-options|href)="[^"]*"', "", answer.text))
        assert texts[0] == texts[1]
        assert "Khóa truy cập này chưa dùng được để đăng nhập" in texts[0]

    def test_while_the_directory_is_down_it_opens_and_a_password_does_not(self, site: Site) -> None:
        device = enrol(site)
        site.directory.down = True
        assert sign_in(site, device).status_code == 303
        assert site.browser().sign_in().status_code == 503

    def test_checklist_30_prompt_login_asks_again_and_counts(self, site: Site) -> None:
        browser, device = site.browser(), enrol(site)
        sign_in(site, device, browser)
        site.clock.advance(600)
        answer = sign_in(site, device, browser, prompt="login")
        claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
        assert claims["auth_time"] == site.clock.now()

    def test_checklist_20_another_officers_passkey_ends_the_session_that_was(self, site: Site) -> None:
        browser = site.browser()
        sign_in(site, enrol(site), browser)
        sign_in(site, enrol(site, "vanthu"), browser, prompt="login")
        assert "session.ended" in site.events()

    def test_a_passkey_after_somebody_elses_password_signs_in_its_own_officer_only(self, site: Site) -> None:
        browser, device = site.browser(), enrol(site)
        enrol(site, "lanhdao")
        page = browser.follow(browser.sign_in(uid="lanhdao"))
        other = browser.get(page.request.path + "?as=other")
        answer = send(browser, other, "passkey_sign_in", device.prove(ask(browser, other, "passkey_sign_in")))
        claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
        known = site.mirror.by_uid("canbo")
        assert known is not None
        assert (claims["sub"], claims["amr"]) == (known.sub, ["pop", "user", "mfa"])

    def test_without_user_verification_it_is_refused(self, site: Site) -> None:
        device = enrol(site)
        device.flags = PRESENT
        assert sign_in(site, device).status_code == 400

    def test_checklist_31_an_answer_counts_once_and_in_its_own_browser(self, site: Site) -> None:
        device = enrol(site, step=0)
        browser, other = site.browser(), site.browser()
        page, theirs = browser.authorize(), other.authorize()
        answer = device.prove(ask(browser, page, "passkey_sign_in"))
        ask(other, theirs, "passkey_sign_in")
        assert send(other, theirs, "passkey_sign_in", answer).status_code == 400
        assert send(browser, page, "passkey_sign_in", answer).status_code == 303
        again = browser.authorize(prompt="login")
        refused = send(browser, again, "passkey_sign_in", answer)
        assert refused.status_code == 400
        assert "mở đã lâu" in refused.text

    def test_checklist_27_wrong_answers_are_throttled_with_a_time_to_wait(self, site: Site) -> None:
        device = enrol(site)
        good, device.key = device.key, new_key()
        answers = [sign_in(site, device) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [400] * 3 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        device.key = good
        assert sign_in(site, device).status_code == 429

    @pytest.mark.parametrize("text", ["", "null", "{}", "[" * 9999, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
    def test_checklist_43_nonsense_is_refused(self, site: Site, text: str) -> None:
        browser = site.browser()
        page = browser.authorize()
        ask(browser, page, "passkey_sign_in")
        assert send(browser, page, "passkey_sign_in", text).status_code == 400

    def test_no_enumeration_what_is_asked_depends_on_nobody(self, site: Site) -> None:
        enrol(site)
        asked = []
        for hint in ("canbo", "nobody", None):
            browser = site.browser()
            options = ask(browser, browser.authorize(login_hint=hint), "passkey_sign_in")
            asked.append({**options, "challenge": ""})
        assert asked[0] == asked[1] == asked[2]
        assert asked[0]["allowCredentials"] == []

    def test_checklist_21_the_question_needs_our_form_token_and_origin(self, site: Site) -> None:
        browser = site.browser()
        told, _, hidden = form_with(browser.authorize(), "passkey_sign_in")
        assert browser.post(told["data-options"]).status_code == 400
        token = hidden["csrf_token"]
        assert browser.post(told["data-options"], X_CSRFToken=token, Sec_Fetch_Site="cross-site").status_code == 400
        assert browser.post(told["data-options"], X_CSRFToken=token, Origin="https://evil.example").status_code == 400
        assert browser.get(told["data-options"]).status_code == 405
        assert browser.post(told["data-options"], X_CSRFToken=token).status_code == 200

    def test_nothing_is_asked_in_an_interaction_that_is_over_or_another_browsers(self, site: Site) -> None:
        browser, other, device = site.browser(), site.browser(), enrol(site)
        page = browser.authorize()
        told, _, hidden = form_with(page, "passkey_sign_in")
        _, _, theirs = form_with(other.authorize(), "passkey_sign_in")
        assert other.post(told["data-options"], X_CSRFToken=theirs["csrf_token"]).status_code == 409
        send(browser, page, "passkey_sign_in", device.prove(ask(browser, page, "passkey_sign_in")))
        site.clock.advance(60)
        assert browser.post(told["data-options"], X_CSRFToken=hidden["csrf_token"]).status_code == 409
        assert browser.post("/login/nothing/passkey", X_CSRFToken=hidden["csrf_token"]).status_code == 409

    def test_where_the_issuer_is_an_address_there_are_none(self, site: Site) -> None:
        site.passkeys._party = None
        page = site.browser().authorize()
        assert "passkey" not in page.text


class TestAfterThePassword:
    def test_it_is_asked_first_and_the_app_is_the_other_way(self, site: Site) -> None:
        device = enrol(site, "lanhdao")
        site.enrol("lanhdao")
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="lanhdao"))
        assert "Mã 6 số" in page.text
        options = ask(browser, page, "passkey")
        assert (len(options["allowCredentials"]), options["userVerification"]) == (1, "preferred")
        answer = send(browser, page, "passkey", device.prove(options))
        claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "pop", "user", "mfa"])

    def test_presence_is_enough(self, site: Site) -> None:
        device = enrol(site, "lanhdao")
        device.flags = PRESENT
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="lanhdao"))
        answer = send(browser, page, "passkey", device.prove(ask(browser, page, "passkey")))
        claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
        assert claims["amr"] == ["pwd", "pop", "user", "mfa"]

    def test_another_officers_passkey_is_refused_and_why_is_recorded(self, site: Site) -> None:
        enrol(site, "lanhdao")
        device = enrol(site)
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="lanhdao"))
        assert send(browser, page, "passkey", device.prove(ask(browser, page, "passkey"))).status_code == 400
        assert site.last_detail()["reason"] == "other_officer"

    def test_a_session_is_stepped_up(self, site: Site) -> None:
        browser, device = site.browser(), enrol(site)
        browser.sign_in()
        page = browser.authorize(STRICT)
        answer = send(browser, page, "passkey", device.prove(ask(browser, page, "passkey")))
        claims = site.id_token_claims(site.tokens(answer.headers["Location"], STRICT)["id_token"])
        assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "pop", "user", "mfa"])

    def test_checklist_29_without_a_right_password_nothing_is_asked_and_no_answer_counts(self, site: Site) -> None:
        device = enrol(site, "lanhdao")
        browser = site.browser()
        page = browser.authorize()
        told, action, hidden = form_with(page, "passkey_sign_in")
        refused = browser.post(told["data-options"].replace("/passkey", "/passkey/second"), X_CSRFToken=hidden["csrf_token"])
        assert (refused.status_code, refused.json) == (409, {"error": "not_due"})
        answer = device.prove(ask(browser, page, "passkey_sign_in"))
        shown = browser.post(action, {**hidden, "passkey": json.dumps(answer)})
        assert 'name="password"' in shown.text
        assert browser.sso() is None

    def test_checklist_29_a_password_that_must_change_comes_first(self, site: Site) -> None:
        device = enrol(site, "doimatkhau")
        browser = site.browser()
        page = browser.follow(browser.sign_in(STRICT, uid="doimatkhau"))
        assert 'name="new_password"' in page.text
        action, hidden = page.request.path, dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page.text))
        assert browser.post(f"{action}/passkey/second", X_CSRFToken=hidden["csrf_token"]).status_code == 409
        shown = browser.post(action, {**hidden, "passkey": json.dumps(device.prove({"challenge": "AA"}))})
        assert 'name="new_password"' in shown.text

    def test_the_form_cannot_name_another_interaction(self, site: Site) -> None:
        device = enrol(site, "lanhdao")
        browser, other = site.browser(), site.browser()
        page, theirs = browser.follow(browser.sign_in(uid="lanhdao")), other.follow(other.sign_in(uid="lanhdao"))
        answer = device.prove(ask(other, theirs, "passkey"))
        within = theirs.request.path.rpartition("/")[2]
        assert send(browser, page, "passkey", answer, within=within).status_code == 400


class TestOnTheSecurityPage:
    def enter(self, site: Site, path: str, uid: str = "canbo") -> tuple[Browser, TestResponse]:
        browser = site.browser()
        page = browser.follow(browser.get(path))
        return browser, browser.follow(browser.submit(page, username=uid, password=PASSWORD))

    def test_enrol_sign_in_rename_and_remove(self, site: Site) -> None:
        browser, page = self.enter(site, NEW)
        device = Authenticator()
        options = ask(browser, page, "passkey")
        answer = browser.follow(send(browser, page, "passkey", device.make(options), name="Máy bàn <cơ quan>"))
        assert answer.request.path == "/account/security"
        assert "Khóa truy cập “Máy bàn &lt;cơ quan&gt;”" in answer.text
        assert site.events()[-1] == "factor.enrolled"

        session = site.browser()
        assert sign_in(site, device, session).status_code == 303
        security = session.get("/account/security")
        assert "dùng ngày" in security.text
        rename = unescape(re.findall(r'href="(/account/security/passkeys/[^"]*)"', security.text)[0])
        page = session.get(rename)
        assert 'value="Máy bàn &lt;cơ quan&gt;"' in page.text
        assert session.submit(page, name=" ").status_code == 400
        renamed = session.follow(session.submit(page, name="Máy ở nhà"))
        assert "Khóa truy cập “Máy ở nhà”" in renamed.text

        removal = unescape(re.findall(r'href="(/account/security/remove[^"]*)"', renamed.text)[0])
        removed = session.follow(session.submit(session.get(removal)))
        assert "Máy ở nhà" not in removed.text
        assert sign_in(site, device).status_code == 400

    def test_checklist_34_every_step_asks_for_a_fresh_authentication(self, site: Site) -> None:
        device = enrol(site)
        browser = site.browser()
        sign_in(site, device, browser)
        page = browser.get(NEW)
        assert page.status_code == 200
        [passkey] = site.passkeys.of(site.directory.officers["canbo"].entry_uuid)
        site.clock.advance(301)
        told, _, hidden = form_with(page, "passkey")
        stale = browser.post(told["data-options"], X_CSRFToken=hidden["csrf_token"])
        assert (stale.status_code, stale.json) == (409, {"error": "not_fresh"})
        for path in (NEW, f"/account/security/passkeys/{passkey.passkey_id}"):
            assert browser.get(path).headers["Location"].startswith("/login/")
            fields = {**hidden, "name": "Máy khác", "passkey": "{}"}
            assert browser.post(path, fields).headers["Location"].startswith("/login/")
        assert [one.name for one in site.passkeys.of(passkey.entry_uuid)] == ["Máy bàn"]

    def test_checklist_34_a_password_alone_adds_no_second_passkey(self, site: Site) -> None:
        device = enrol(site)
        browser, page = self.enter(site, NEW)
        assert "Dùng khóa truy cập" in page.text
        arrived = browser.follow(send(browser, page, "passkey", device.prove(ask(browser, page, "passkey"))))
        assert arrived.request.path == NEW

    def test_a_fresh_sign_in_with_the_passkey_leads_back_to_the_page(self, site: Site) -> None:
        device, browser = enrol(site), site.browser()
        page = browser.follow(browser.get(NEW))
        arrived = browser.follow(send(browser, page, "passkey_sign_in", device.prove(ask(browser, page, "passkey_sign_in"))))
        assert arrived.request.path == NEW

    @pytest.mark.parametrize(("how", "name", "words"), [
        ({}, " ", "Vui lòng nhập tên của khóa"), ({"flags": PRESENT}, "Máy bàn", "chưa tạo được khóa"),
        ({"origin": "https://evil.example"}, "Máy bàn", "chưa tạo được khóa")])
    def test_what_is_wrong_is_said_on_the_page(self, site: Site, how: dict[str, Any], name: str, words: str) -> None:
        browser, page = self.enter(site, NEW)
        answer = send(browser, page, "passkey", Authenticator(**how).make(ask(browser, page, "passkey")), name=name)
        assert answer.status_code == 400
        assert words in answer.text
        assert site.passkeys.of(site.directory.officers["canbo"].entry_uuid) == []

    def test_checklist_39_another_officers_passkey_is_neither_seen_nor_changed(self, site: Site) -> None:
        enrol(site, "vanthu")
        [theirs] = site.passkeys.of(site.directory.officers["vanthu"].entry_uuid)
        browser, page = self.enter(site, NEW)
        path = f"/account/security/passkeys/{theirs.passkey_id}"
        assert browser.get(path).status_code == 404
        _, _, hidden = form_with(page, "passkey")
        browser.post(path, {**hidden, "name": "Của tôi"})
        browser.post("/account/security/remove", {**hidden, "factor": "passkey", "id": theirs.passkey_id})
        assert [one.name for one in site.passkeys.of(theirs.entry_uuid)] == ["Máy bàn"]

    @pytest.mark.parametrize("id", ["\0", "a\0b", "x" * 5000])
    def test_what_is_no_identifier_is_gone_and_asks_no_store(self, database: Database, id: str) -> None:
        site = Site(database)
        device, browser = enrol(site), site.browser()
        sign_in(site, device, browser)
        _, _, hidden = form_with(browser.get(NEW), "passkey")
        for factor in ("passkey", "certificate", "otp", "recovery_codes", "\0"):
            answer = browser.post("/account/security/remove", {**hidden, "factor": factor, "id": id})
            assert (factor, answer.status_code, answer.headers.get("Location")) == (factor, 303, "/account/security")
        officer = site.mirror.by_uid("canbo")
        assert officer is not None
        assert site.passkeys.rename(officer, id, "Máy", Caller("192.0.2.7", "r")) == "gone"
        assert "factor.removed" not in site.events()
        assert len(site.passkeys.of(site.directory.officers["canbo"].entry_uuid)) == 1

    def test_a_challenge_to_enrol_is_the_sessions(self, site: Site) -> None:
        browser, page = self.enter(site, NEW)
        other, theirs = self.enter(site, NEW, "vanthu")
        made = Authenticator().make(ask(other, theirs, "passkey"))
        ask(browser, page, "passkey")
        assert send(browser, page, "passkey", made, name="Máy bàn").status_code == 400

    def test_the_last_passkey_of_an_officer_who_needs_two_factors_stays(self, site: Site) -> None:
        device, browser = enrol(site, "lanhdao"), site.browser()
        sign_in(site, device, browser)
        page = browser.get("/account/security")
        assert "cách cuối cùng không gỡ được" in page.text
        [passkey] = site.passkeys.of(site.directory.officers["lanhdao"].entry_uuid)
        _, _, hidden = form_with(browser.get(NEW), "passkey")
        answer = browser.post("/account/security/remove", {**hidden, "factor": "passkey", "id": passkey.passkey_id})
        assert answer.status_code == 409
