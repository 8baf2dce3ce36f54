"""A temporary pass at the sign-in: password and pass lead to applications for its time, and to nothing that outlives it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters.sql.authn.temporary_pass import SqlTemporaryPasses
from idp.adapters.sql.tables import AuditRow, SessionRow, TemporaryPassRow
from idp.administration.people.temporary_access import TemporaryPass
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.assurance import level_reached, own_level, published, temporary_mark, temporary_until, with_factor
from idp.authn.enrolment.first_factor import TrustedNetworks
from idp.notices import Notice, NoticeKind
from tests.fakes.directory import PASSWORD

from .site import STRICT, Browser, Site

UID = "lanhdao"
HOURS = 8
CALLER = Caller("10.0.0.1", "r")


def given(site: Site, uid: str = UID, *, several: bool = False) -> str:
    """Give an officer a pass, as two persons do; gives the code."""
    site.mirror.remember(site.directory.officers[uid], now=site.clock.now())
    sub, now, store = site.sub(uid), site.clock.now(), SqlTemporaryPasses(site.database)
    name = f"{uid}-{now}"
    nobody = Notice(NoticeKind.TEMPORARY_PASS_ASKED, "", now)
    assert store.add(TemporaryPass(
        proposal_id=name, sub=sub, reason="Quên điện thoại", asked_by="a", asked_for="", asked_at=now, expires_at=now + 86400,
        hours=HOURS, several=several), AuditRecord(AuditEvent.TEMPORARY_PASS_ASKED, now), nobody)
    code, digest = site.temporary_passes.make(sub, name)
    assert store.give(name, "b", digest, now + HOURS * 3600, AuditRecord(AuditEvent.TEMPORARY_PASS_APPROVED, now), nobody)
    return code


def arrive(browser: Browser, **more: Any) -> TestResponse:
    """Sign in with the password, and go to where a pass is asked for."""
    page = browser.follow(browser.sign_in(uid=UID, **more))
    link = next(part.split('"')[0] for part in page.text.split('href="') if "way=temporary_pass" in part.split('"')[0])
    return browser.get(link.replace("&amp;", "&"))


def enter(site: Site, code: str, **more: Any) -> tuple[Browser, TestResponse]:
    browser = site.browser()
    return browser, browser.submit(arrive(browser, **more), temporary_pass=code)


@pytest.fixture
def site(site: Site) -> Site:
    """A province with an officer whose group needs two factors, and whose app is at home."""
    site.enrol(UID)
    return site


def test_marks_amount_to_two_factors_and_are_never_told() -> None:
    amr = (*with_factor(("pwd",)), temporary_mark(900))
    assert (level_reached(amr), own_level(2, amr), published(amr), temporary_until(amr)) == (2, 1, ["pwd"], 900)
    assert level_reached((temporary_mark(900),)) == 0, "a pass without the password is nothing"
    assert with_factor(amr, "otp") == ("pwd", "otp", "mfa"), "a factor that is proven takes its place"
    assert own_level(3, ("pwd", "sc", "mfa")) == 3


def test_password_and_pass_lead_to_the_application_and_the_claims_do_not_say_mfa(site: Site) -> None:
    code = given(site)
    browser, answer = enter(site, code.upper().replace("-", " "), client=STRICT)
    claims = site.id_token_claims(site.tokens(answer.headers["Location"], STRICT)["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd"])
    assert NoticeKind.TEMPORARY_PASS_USED in [one.kind for one in site.told.of(site.sub(UID))]
    assert site.events().count("temporary_pass.used") == 1
    assert browser.get("/").status_code == 200, "my applications"
    table: Any = SessionRow.__table__
    session = site.database.read(select(table.c.expires_at, table.c.amr)).one()
    assert session is not None
    assert session.expires_at == site.clock.now() + HOURS * 3600, "the session does not outlive the pass"
    row = site.database.read(select(TemporaryPassRow.__table__)).one()
    assert row is not None
    assert code.replace("-", "").encode() not in bytes(row.digest)
    assert code not in json.dumps([str(tuple(one)) for one in site.database.read(select(AuditRow.__table__)).all()])


def test_it_is_used_once_or_several_times_as_was_said(site: Site) -> None:
    code = given(site)
    enter(site, code)
    page = site.browser()
    again = page.follow(page.sign_in(uid=UID))
    assert "way=temporary_pass" not in again.text, "who has none is not offered it"
    assert page.submit(again, temporary_pass=code).status_code == 200
    assert site.events().count("temporary_pass.used") == 1
    site.clock.advance(1)
    code = given(site, several=True)
    for _ in range(3):
        assert "code=" in enter(site, code)[1].headers["Location"]


@pytest.mark.parametrize("seconds", [HOURS * 3600, HOURS * 3600 + 1])
def test_it_ends_with_its_time_and_so_does_what_it_opened(site: Site, seconds: int) -> None:
    code = given(site, several=True)
    site.clock.advance(HOURS * 3600 - 60)
    browser, answer = enter(site, code, scope="openid offline_access")
    assert "code=" in answer.headers["Location"]
    tokens = site.tokens(answer.headers["Location"])
    assert tokens
    site.clock.advance(60 + seconds - HOURS * 3600)
    late = site.browser()
    page = late.follow(late.sign_in(uid=UID))
    assert "way=temporary_pass" not in page.text
    late.submit(page, temporary_pass=code)
    assert site.events().count("temporary_pass.used") == 1
    assert browser.get("/").status_code == 303, "its session is over"


def test_wrong_codes_are_counted_and_the_right_one_waits_too(site: Site) -> None:
    code, browser = given(site), site.browser()
    page = arrive(browser)
    answers = [browser.submit(page, temporary_pass="00000-00000").status_code for _ in range(6)]
    assert (answers[0], answers[-1]) == (400, 429)
    locked = browser.submit(page, temporary_pass=code)
    assert (locked.status_code, "Retry-After" in locked.headers) == (429, True)
    assert "temporary_pass.wrong" in site.events()
    assert "temporary_pass.used" not in site.events()


@pytest.mark.parametrize("typed", ["", "x", "é" * 400, "\0", "0" * 10, "٠" * 10])
def test_what_is_no_code_is_said_to_be_wrong(site: Site, typed: str) -> None:
    given(site)
    browser = site.browser()
    assert browser.submit(arrive(browser), temporary_pass=typed).status_code in (400, 429)


def test_anothers_pass_opens_nothing(site: Site) -> None:
    site.enrol("canbo")
    theirs, mine = given(site, "canbo"), given(site)
    assert theirs != mine
    assert enter(site, theirs)[1].status_code == 400


def test_without_the_password_it_is_nothing(site: Site) -> None:
    code, browser = given(site), site.browser()
    page = browser.authorize()
    assert browser.submit(page, username=UID, password="wrong", temporary_pass=code).status_code in (200, 303, 400)
    assert browser.sso() is None
    assert browser.submit(page, temporary_pass=code).status_code in (200, 303, 400)
    assert browser.sso() is None
    assert "temporary_pass.used" not in site.events()


def test_it_changes_no_factor_while_there_is_one(site: Site) -> None:
    """Who has a factor changes it with a factor: neither the session of a pass nor a new sign-in with it is enough."""
    code = given(site, several=True)
    browser, _ = enter(site, code)
    for path in ("/account/security/app", "/account/security/passkeys/new", "/account/security/recovery-codes", "/account/data"):
        page = browser.follow(browser.get(path))
        assert 'name="otp"' in page.text or 'name="password"' in page.text, path
        if 'name="password"' in page.text:
            page = browser.follow(browser.submit(page, username=UID, password=PASSWORD))
        assert 'name="otp"' in page.text, path
        assert "way=temporary_pass" not in page.text, path
        assert browser.submit(page, temporary_pass=code).status_code == 200
    assert site.events().count("temporary_pass.used") == 1


def test_it_makes_no_device_remembered(site: Site) -> None:
    code, browser = given(site), site.browser()
    page = arrive(browser)
    assert 'name="remember"' not in page.text
    browser.submit(page, temporary_pass=code, remember="1")
    assert browser.client.get_cookie("remembered") is None


def test_an_app_proves_more_afterwards_and_the_mark_goes(site: Site) -> None:
    browser, _ = enter(site, given(site))
    page = browser.follow(browser.get("/account/security/app"))
    if 'name="password"' in page.text:
        page = browser.follow(browser.submit(page, username=UID, password=PASSWORD))
    browser.submit(page, otp=site.otp())
    table: Any = SessionRow.__table__
    assert {row.amr for row in site.database.read(select(table.c.amr).where(table.c.ended_at.is_(None))).all()} == {"pwd otp mfa"}


def test_a_new_factor_ends_it(site: Site) -> None:
    officer = site.mirror.by_uid("canbo") or (given(site, "canbo") and site.mirror.by_uid("canbo"))
    assert officer is not None
    site.recovery_codes.issue(officer, CALLER)
    assert site.temporary_passes.standing(officer.sub) is None
    row = site.database.read(select(TemporaryPassRow.__table__)).one()
    assert row is not None
    assert (row.state, row.digest) == ("ended", None)


def test_what_ends_the_access_ends_it(site: Site) -> None:
    given(site)
    site.deprovisioning.end_access(site.sub(UID), "administrator", CALLER)
    assert site.temporary_passes.standing(site.sub(UID)) is None


def test_who_has_no_factor_any_more_is_offered_it_and_it_enrols_none(site: Site) -> None:
    """From outside a first factor takes a code of an administrator, whatever pass was used; at the office it takes neither."""
    officer = site.mirror.by_uid(UID) or (given(site) and site.mirror.by_uid(UID))
    assert officer is not None
    site.services.second_factors.remove(officer, "otp", "", CALLER)
    site.deprovisioning.end_access(officer.sub, "administrator", CALLER)
    site.clock.advance(1)
    first: Any = site.services.first_factors
    first.trusted = TrustedNetworks(first.trusted.networks, frozenset())
    browser, answer = enter(site, given(site))
    assert "code=" in answer.headers["Location"]
    page = browser.follow(browser.get("/account/security/app"))
    assert 'name="enrolment_code"' in page.text
    assert 'name="begin"' not in page.text
    assert "way=temporary_pass" not in page.text
    assert browser.submit(page, begin="otp", enrolment_code="").status_code == 400
    assert not site.services.second_factors.enrolled(officer.officer.entry_uuid)
