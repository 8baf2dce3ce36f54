"""An officer's own certificates on the pages: from the request to the loss, and what is not the officer's."""

from __future__ import annotations

import base64
import logging
import re
from io import BytesIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from idp.adapters.sql.tables import AuditRow, NoticeRow
from idp.audit import Caller
from idp.pki.enrollment.moves import Actor
from idp.pki.enrollment.states import State
from idp.roles import Administrator, Role
from tests.fakes.certificates import issue
from tests.fakes.directory import PASSWORD

from ..conftest import site as site
from ..site import SEED, Browser, Site, form_of

PAGE = "/account/certificates"
IDENTITY, BIRTH = "093080000001", "17/03/1981"
CALLER = Caller("192.0.2.7", "r")
MINE = issue("Nguyễn Văn Mẫu")
DAY = 86400


def enter(site: Site, uid: str = "canbo") -> Browser:
    browser = site.browser()
    browser.follow(browser.submit(browser.follow(browser.get(PAGE)), username=uid, password=PASSWORD))
    return browser


def ask(browser: Browser, **changes: str) -> str:
    """Ask through the page and give the number."""
    answer = browser.submit(browser.get(f"{PAGE}/new"), **{"device": "token", "identity_number": IDENTITY, "birth_date": BIRTH,
                                                           **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].rsplit("/", 1)[1])


def desk(site: Site, uid: str) -> Actor:
    """Give somebody of the province's desk, who need not be in the directory for this."""
    return Actor(uid, Administrator(role=Role.PROVINCE, client_id="console", sub=uid))


def brought(site: Site, number: str, to: State, days: int = 1000) -> None:
    """Let the desk do its part."""
    one, two = desk(site, "vanthu"), desk(site, "lanhdao")
    now = site.clock.now()

    def issued() -> None:
        found, _ = site.desk.one(one, number)
        site.desk.issued(one, found, serial="5401ab", issuer="CN=CA", not_before=now - 60, not_after=now + days * DAY,
                         certificate=MINE.certificate.public_bytes(Encoding.DER), device_serial="TK-1", caller=CALLER)

    for state, do in {
            State.AGENCY_APPROVED: lambda: site.desk.approve(one, number, CALLER),
            State.PROVINCE_APPROVED: lambda: site.desk.approve_for_province(two, number, CALLER),
            State.SENT: lambda: site.desk.send(one, number, "12/STTTT", "", CALLER),
            State.ISSUED: issued, State.READY: lambda: site.custody.receive(one, number, "TK-1", CALLER),
            State.HANDED_OVER: lambda: site.custody.hand_over(one, number, identity_number=IDENTITY, record="7", caller=CALLER),
            State.ACTIVE: lambda: site.custody.waive(two, number, "x", CALLER)}.items():
        do()
        if state is to:
            return


def state(site: Site, number: str) -> State:
    return site.desk.one(desk(site, "lanhdao"), number)[0].state


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_an_officer_asks_and_sees_the_step_and_who_acts_by_when(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = enter(site)
    assert "Bạn chưa có chứng thư số nào" in browser.get(PAGE).text
    form = browser.get(f"{PAGE}/new")
    number = ask(browser)
    page = browser.get(f"{PAGE}/{number}").text
    assert "Bước tiếp theo: Quản trị đơn vị duyệt, chậm nhất ngày" in page
    assert "Hiện bạn chưa phải làm gì" in page
    assert page.count("steps__done") == 1
    assert "0930******01" in page
    assert number in browser.get(PAGE).text
    again = browser.submit(form, device="token", identity_number=IDENTITY, birth_date=BIRTH)
    assert again.status_code == 409
    assert "đang được giải quyết" in again.text
    assert len(site.own_certificates.all(site.sub("canbo"))) == 1
    wrong = browser.submit(form, device="sim", identity_number=IDENTITY, birth_date=BIRTH)
    assert wrong.status_code == 422
    assert "Số điện thoại: Ô này còn trống. Vui lòng điền." in wrong.text
    assert '<option value="sim" selected>' in wrong.text
    assert ">Ngày sinh: " not in wrong.text
    details = [row.detail for row in site.database.read(select(AuditRow.detail)).all()]
    told = [row.detail for row in site.database.read(select(NoticeRow.detail)).all()]
    for text in (page, again.text, wrong.text, browser.get(PAGE).text, caplog.text, *details, *told):
        assert IDENTITY not in text
        assert BIRTH not in text


def test_security_51_another_officers_number_is_no_page_and_no_form(site: Site) -> None:
    owner, other = enter(site), enter(site, "vanthu")
    number = ask(owner)
    token = token_of(other.get(f"{PAGE}/new").text)
    brought(site, number, State.HANDED_OVER)
    for path in ("", "/lost", "/activate", "/renew", "/change", "/certificate.pem", "/certificate.der", "/chain.pem"):
        assert other.get(f"{PAGE}/{number}{path}").status_code == 404, path
        assert other.get(f"{PAGE}/2026-00000000{path}").status_code == 404, path
    for act in ("cancel", "submit", "confirm", "lock", "lost", "activate", "renew", "change"):
        assert other.post(f"{PAGE}/{number}/{act}", {"csrf_token": token}).status_code == 404, act
    assert state(site, number) is State.HANDED_OVER
    assert number not in other.get(PAGE).text


def test_security_21_no_form_works_without_its_token_or_without_a_session(site: Site) -> None:
    browser = enter(site)
    number = ask(browser)
    page = browser.get(f"{PAGE}/{number}")
    assert browser.post(f"{PAGE}/{number}/cancel").status_code == 400
    browser.client.delete_cookie("sso")
    assert browser.submit(page).headers["Location"].startswith("/login/")
    assert state(site, number) is State.SUBMITTED


def test_a_request_is_cancelled_before_it_was_sent_and_not_after(site: Site) -> None:
    browser = enter(site)
    number = ask(browser)
    brought(site, number, State.PROVINCE_APPROVED)
    page = browser.get(f"{PAGE}/{number}")
    assert form_of(page)[0] == f"{PAGE}/{number}/cancel"
    site.desk.send(desk(site, "vanthu"), number, "12/STTTT", "", CALLER)
    late = browser.submit(page)
    assert (late.status_code, state(site, number)) == (409, State.SENT)
    assert "đã sang bước khác" in late.text
    assert "/cancel" not in late.text
    other = ask(browser, device="sim", phone="0912345678")
    page = browser.get(f"{PAGE}/{other}")
    assert browser.submit(page).status_code == 303
    assert (browser.submit(page).status_code, state(site, other)) == (409, State.CANCELLED)


def test_the_device_is_confirmed_and_activated_by_a_test_signature_and_the_certificate_fetched(site: Site) -> None:
    browser = enter(site)
    number = ask(browser)
    brought(site, number, State.HANDED_OVER)
    page = browser.get(f"{PAGE}/{number}")
    assert form_of(page)[0] == f"{PAGE}/{number}/confirm"
    assert browser.submit(page).status_code == 303
    assert browser.submit(page).status_code == 409
    form = browser.get(f"{PAGE}/{number}/activate")
    text = re.search(r"<strong>([\w-]{43})</strong>", form.text)
    assert text is not None
    assert isinstance(MINE.key, ec.EllipticCurvePrivateKey)
    good = base64.b64encode(MINE.key.sign(text[1].encode(), ec.ECDSA(SHA256()))).decode()
    another = base64.b64encode(MINE.key.sign(b"x", ec.ECDSA(SHA256()))).decode()
    for wrong in ("", "ạ", "AAAA", good[:-8], "A" * 5000, "\x00", another):
        assert browser.submit(form, signature=wrong).status_code == 422, wrong
    assert state(site, number) is State.HANDED_OVER
    assert browser.submit(form, signature=f" {good[:40]}\n{good[40:]} ").headers["Location"] == f"{PAGE}/{number}"
    assert state(site, number) is State.ACTIVE
    assert browser.submit(form, signature=good).status_code == 409
    pem, der = (browser.get(f"{PAGE}/{number}/certificate.{kind}") for kind in ("pem", "der"))
    assert x509.load_pem_x509_certificate(pem.data) == x509.load_der_x509_certificate(der.data) == MINE.certificate
    assert x509.load_pem_x509_certificates(browser.get(f"{PAGE}/{number}/chain.pem").data)[0] == MINE.certificate
    assert "attachment" in der.headers["Content-Disposition"]


def test_a_signature_may_come_as_a_file(site: Site) -> None:
    browser = enter(site)
    number = ask(browser)
    brought(site, number, State.HANDED_OVER)
    form = browser.get(f"{PAGE}/{number}/activate")
    text = re.search(r"<strong>([\w-]{43})</strong>", form.text)
    assert text is not None
    assert isinstance(MINE.key, ec.EllipticCurvePrivateKey)
    good = MINE.key.sign(text[1].encode(), ec.ECDSA(SHA256()))
    answer = browser.client.post(
        f"{PAGE}/{number}/activate", base_url=site.settings.issuer, content_type="multipart/form-data",
        data={"csrf_token": token_of(form.text), "signature": "", "signature_file": (BytesIO(good), "a.sig")})
    assert (answer.status_code, state(site, number)) == (303, State.ACTIVE)


def test_a_loss_is_reported_afresh_blocks_at_once_and_once(site: Site) -> None:
    browser = enter(site)
    number, sub = ask(browser), site.sub("canbo")
    brought(site, number, State.ACTIVE)
    assert len(site.ending.signing(sub)) == 1
    page = browser.get(f"{PAGE}/{number}/lost")
    assert "Chứng thư số bị chặn ngay" in page.text
    site.clock.advance(site.settings.fresh_authentication_seconds + 1)
    assert browser.submit(page).headers["Location"].startswith("/login/")
    assert state(site, number) is State.ACTIVE
    asked = browser.follow(browser.get(f"{PAGE}/{number}/lost"))
    page = browser.follow(browser.submit(asked, username="canbo", password=PASSWORD))
    assert "Chứng thư số bị chặn ngay" in page.text
    assert browser.submit(page).headers["Location"] == f"{PAGE}/{number}"
    assert state(site, number) is State.REVOCATION_REQUESTED
    assert not site.ending.signing(sub)
    assert browser.submit(page).status_code == 409
    assert [entry.act for entry in site.desk.one(desk(site, "vanthu"), number)[1]].count("report_loss") == 1
    told = browser.get("/account/notices").text
    assert f'href="{PAGE}/{number}"' in told


def test_who_has_a_second_factor_reports_a_loss_with_it(site: Site) -> None:
    number = ask(enter(site))
    brought(site, number, State.ACTIVE)
    site.enrol("canbo")
    assert SEED
    browser = site.browser()
    asked = browser.submit(browser.follow(browser.get(f"{PAGE}/{number}/lost")), username="canbo", password=PASSWORD)
    second = browser.follow(asked)
    assert 'name="otp"' in second.text
    page = browser.follow(browser.submit(second, otp=site.otp()))
    assert browser.submit(page).headers["Location"] == f"{PAGE}/{number}"
    assert state(site, number) is State.REVOCATION_REQUESTED


def test_a_locked_device_and_a_renewal(site: Site) -> None:
    browser = enter(site)
    number = ask(browser)
    brought(site, number, State.ACTIVE, days=61)
    assert browser.get(f"{PAGE}/{number}/renew").headers["Location"] == f"{PAGE}/{number}"
    token = token_of(browser.get(f"{PAGE}/{number}/lost").text)
    early = browser.post(f"{PAGE}/{number}/renew", {"csrf_token": token})
    assert early.status_code == 422
    assert "60 ngày cuối" in early.text
    site.clock.advance(DAY)
    browser = enter(site)
    form = browser.get(f"{PAGE}/{number}/renew")
    answer = browser.submit(form)
    renewal = str(answer.headers["Location"]).rsplit("/", 1)[1]
    assert renewal != number
    assert "Gia hạn chứng thư số" in browser.get(f"{PAGE}/{renewal}").text
    assert browser.submit(form).status_code == 409
    page = browser.get(f"{PAGE}/{number}")
    assert form_of(page)[0] == f"{PAGE}/{number}/lock"
    assert browser.submit(page).status_code == 303
    assert state(site, number) is State.LOCKED
    assert not site.ending.signing(site.sub("canbo"))


@pytest.mark.parametrize("number", ["x", "%00", "2026-0000000'", "%F0%9F%98%80", "n" * 500])
def test_security_43_numbers_that_are_none_are_no_page(site: Site, number: str) -> None:
    assert enter(site).get(f"{PAGE}/{number}").status_code == 404
