"""Consent: asked where the registration says so, remembered, never given by a press that was not meant for it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from sqlalchemy import literal_column, select

from idp.adapters.sql.tables import AuditRow
from idp.directory.officer import Address
from idp.oauth.client import Client
from tests.fakes.directory import PASSWORD

from .site import QLVB, SURVEY, Site, authorize_url, form_of, query_of


def consent_page(site: Site, browser, **more):
    return browser.follow(browser.sign_in(SURVEY, **more))


def test_core_s3_1_2_4_the_officer_sees_what_is_shared_and_agrees_once(site: Site) -> None:
    browser = site.browser()
    page = consent_page(site, browser, scope="openid profile email unit")
    assert "Nguyễn Văn Mẫu" in page.text
    assert "canbo@haugiang.gov.vn" in page.text
    assert "số điện thoại" in page.text
    answer = browser.submit(page, answer="accept")
    assert query_of(answer.headers["Location"])["code"]
    assert browser.get(authorize_url(SURVEY, prompt="none")).headers["Location"].startswith(SURVEY.redirect_uris[0] + "?code=")
    assert browser.get(authorize_url(SURVEY, scope="openid email")).headers["Location"].startswith(SURVEY.redirect_uris[0])
    assert site.events().count("consent.given") == 1


def test_the_office_address_is_shown_on_one_line(site: Site) -> None:
    site.client_store.put(replace(SURVEY, scope=SURVEY.scope | {"address"}))
    site.directory.add(replace(site.directory.officers["canbo"], address=Address("Số 1 đường Mẫu", "thành phố Vị Thanh")))
    page = consent_page(site, site.browser(), scope="openid address")
    assert "Địa chỉ nơi làm việc" in page.text
    assert "Văn phòng UBND tỉnh, Số 1 đường Mẫu, thành phố Vị Thanh" in page.text


def test_more_than_was_agreed_is_asked_again(site: Site) -> None:
    browser = site.browser()
    browser.submit(consent_page(site, browser, scope="openid profile"), answer="accept")
    refused = browser.get(authorize_url(SURVEY, scope="openid profile email", prompt="none"))
    assert query_of(refused.headers["Location"])["error"] == "consent_required"
    assert 'value="accept"' in browser.authorize(SURVEY, scope="openid profile email").text


def test_core_s5_5_claims_asked_for_by_name_are_shown_agreed_to_and_remembered(site: Site) -> None:
    wish = '{"userinfo":{"email":{"essential":true},"phone_number":null},"id_token":{"unit_name":null}}'
    browser = site.browser()
    page = consent_page(site, browser, scope="openid", claims=wish)
    assert "canbo@haugiang.gov.vn" in page.text
    assert "Văn phòng UBND tỉnh" in page.text
    assert "Họ và tên" not in page.text
    assert "số điện thoại" in page.text  # the registration holds no scope phone, so it is not shared and the page says so
    assert query_of(browser.submit(page, answer="accept").headers["Location"])["code"]
    assert query_of(browser.get(authorize_url(SURVEY, scope="openid", claims=wish, prompt="none")).headers["Location"])["code"]
    more = browser.get(authorize_url(SURVEY, scope="openid", claims='{"userinfo":{"name":null}}', prompt="none"))
    assert query_of(more.headers["Location"])["error"] == "consent_required"
    scope = browser.get(authorize_url(SURVEY, scope="openid email", prompt="none"))
    assert query_of(scope.headers["Location"])["error"] == "consent_required"


def test_rfc6749_s4_1_2_1_refusing_is_access_denied_and_not_remembered(site: Site) -> None:
    browser = site.browser()
    answer = browser.submit(consent_page(site, browser), answer="deny")
    query = query_of(answer.headers["Location"])
    assert (query["error"], query["state"], query["iss"]) == ("access_denied", "st-1", site.settings.issuer)
    assert "consent.refused" in site.events()
    assert 'value="accept"' in browser.authorize(SURVEY).text


def test_prompt_consent_asks_although_it_was_given(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(prompt="consent")
    assert 'value="accept"' in page.text
    assert query_of(browser.submit(page, answer="accept").headers["Location"])["code"]


def test_the_provinces_own_applications_do_not_ask(site: Site) -> None:
    assert query_of(site.browser().sign_in(QLVB).headers["Location"])["code"]


def test_an_answer_to_one_question_never_answers_the_next(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(SURVEY, prompt="select_account")
    action, fields = form_of(page)
    first = browser.post(action, {**fields, "answer": "accept"})
    second = browser.post(action, {**fields, "answer": "accept"})
    for response in (first, second):
        assert "Chia sẻ thông tin" in browser.follow(response).text
    assert "consent.given" not in site.events()


def test_an_answer_counts_for_the_officer_who_saw_the_question(site: Site) -> None:
    browser = site.browser()
    page = consent_page(site, browser)
    other_tab = browser.authorize(QLVB, prompt="login")
    browser.submit(other_tab, username="vanthu", password=PASSWORD)
    again = browser.follow(browser.submit(page, answer="accept"))
    assert "Lê Thị Thử" in again.text
    assert "consent.given" not in site.events()


def test_an_answer_without_token_changes_nothing(site: Site) -> None:
    browser = site.browser()
    page = consent_page(site, browser)
    action, _ = form_of(page)
    answer = browser.post(action, {"answer": "accept"})
    assert answer.status_code == 400
    assert "Mã tra cứu" in answer.text
    assert "consent.given" not in site.events()


def test_an_empty_or_strange_answer_asks_again(site: Site) -> None:
    browser = site.browser()
    page = consent_page(site, browser)
    for said in ("", "yes", "other"):
        answer = browser.submit(page, **({"answer": said} if said else {}))
        if said == "other":  # only select_account knows it; here it is not a yes
            assert query_of(answer.headers["Location"])["error"] == "access_denied"
        else:
            assert 'value="accept"' in browser.follow(answer).text


def test_a_consent_page_that_is_over_leads_on(site: Site) -> None:
    browser = site.browser()
    page = consent_page(site, browser)
    action, _ = form_of(page)
    browser.submit(page, answer="accept")
    assert browser.get(action).headers["Location"] == SURVEY.client_uri
    site.clock.advance(20)
    assert browser.submit(page, answer="accept").status_code == 410
    assert site.browser().get("/consent/" + "x" * 43 + "?app=khaosat").headers["Location"] == SURVEY.client_uri


# Authorization details

DOCUMENT = {"hash": base64.b64encode(hashlib.sha256(b"x").digest()).decode(), "label": "Quyết định số 12/QĐ-UBND <b>"}
DETAILS = json.dumps([{"type": "urn:haugiang:authorization:signing", "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
                       "documentDigests": [DOCUMENT], "credentialID": "chung-thu-1"}])


@pytest.fixture
def signing(site: Site) -> Site:
    """Both kinds of application may ask for signatures."""
    for client in (QLVB, SURVEY):
        site.client_store.put(replace(client, authorization_details_types=("urn:haugiang:authorization:signing",)))
    return site


@pytest.mark.parametrize("client", [QLVB, SURVEY])
def test_rfc9396_s3_the_officer_sees_each_time_what_is_to_be_signed(signing: Site, client: Client) -> None:
    browser = signing.browser()
    page = browser.follow(browser.sign_in(client, scope="openid email", authorization_details=DETAILS))
    for _ in range(2):
        assert "Quyết định số 12/QĐ-UBND &lt;b&gt;" in page.text
        assert hashlib.sha256(b"x").hexdigest() in page.text
        assert "SHA-256" in page.text
        assert "chung-thu-1" in page.text
        assert ("canbo@haugiang.gov.vn" in page.text) is (client is SURVEY)
        told = signing.tokens(browser.submit(page, answer="accept").headers["Location"], client)
        assert told["authorization_details"][0]["documentDigests"] == [DOCUMENT]
        page = browser.authorize(client, scope="openid email", authorization_details=DETAILS)
    assert query_of(browser.get(authorize_url(client, scope="openid email")).headers["Location"])["code"]


def test_rfc9396_s3_nothing_goes_without_a_question(signing: Site) -> None:
    browser = signing.browser()
    browser.sign_in(QLVB)
    answer = browser.get(authorize_url(QLVB, authorization_details=DETAILS, prompt="none"))
    assert query_of(answer.headers["Location"])["error"] == "consent_required"
    page = browser.authorize(QLVB, authorization_details=DETAILS)
    answer = browser.submit(page, answer="deny")
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    assert "code.issued" not in signing.events()[signing.events().index("consent.refused"):]


def test_the_audit_trail_recognises_what_was_agreed_to(signing: Site) -> None:
    browser = signing.browser()
    told = signing.tokens(browser.submit(browser.follow(browser.sign_in(QLVB, authorization_details=DETAILS)),
                                         answer="accept").headers["Location"])
    row, = signing.database.read(select(AuditRow.detail).where(AuditRow.event == literal_column("'consent.given'"))).all()
    spelt = json.dumps(told["authorization_details"], separators=(",", ":"), ensure_ascii=False)
    assert json.loads(row.detail)["authorization_details_sha256"] == hashlib.sha256(spelt.encode()).hexdigest()
