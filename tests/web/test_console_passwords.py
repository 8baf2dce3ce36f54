"""/admin/enrolment/: enrolment passwords are made and shown once, looked through, withdrawn; by the province alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from idp.errors import RefusedError
from idp.notices import NoticeKind
from tests.administration.office import CALLER, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console

PAGE = "/admin/enrolment/"
GOOD = {"profile": "tls_client", "hosts": "may-in.syt.haugiang.gov.vn  May-Quet.syt.haugiang.gov.vn", "days": "2"}


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("passwords") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


def made(console: Console, **fields: str) -> tuple[Any, str, str]:
    """Make a password; gives the answer, its name and the password."""
    answer = province(console).post(PAGE, PAGE, **{**GOOD, **fields})
    shown = re.findall(r'<dd class="mono">([^<]+)</dd>', answer.text)
    assert (answer.status_code, len(shown)) == (200, 2), answer.text
    return answer, shown[0], shown[1]


def test_a_password_is_shown_once_opens_what_was_written_down_and_is_recorded(console: Console) -> None:
    answer, name, password = made(console)
    assert answer.headers["Cache-Control"] == "no-store"
    leave = console.office.services.certificate_protocols.est.passwords.check(name, password)
    assert leave is not None
    assert (leave.profile, leave.hosts, leave.subject_name) == (
        "tls_client", "may-in.syt.haugiang.gov.vn may-quet.syt.haugiang.gov.vn", "may-in.syt.haugiang.gov.vn")
    assert leave.expires_at == console.office.clock.now() + 2 * 86400
    later = province(console).get(PAGE).text
    assert name in later
    assert password not in later
    created = [detail for _, _, detail in events_of(console.office.database, "enrollment_password.created")
               if detail["name"] == name]
    assert len(created) == 1
    assert created[0]["by_officer"] == console.office.services.mirror.by_uid("quantri").sub  # type: ignore[union-attr]
    assert password not in str(created)


def test_a_password_that_was_withdrawn_opens_nothing_and_one_that_was_used_is_not_withdrawn(console: Console) -> None:
    _, name, password = made(console)
    passwords = console.office.services.certificate_protocols.est.passwords
    withdrawn = province(console).post(f"{PAGE}{name}/withdraw", PAGE)
    assert f"Đã thu hồi {name}" in withdrawn.text
    assert passwords.check(name, password) is None
    assert [detail["name"] for _, _, detail in events_of(console.office.database, "enrollment_password.withdrawn")] == [name]
    assert province(console).post(f"{PAGE}{name}/withdraw", PAGE).status_code == 409
    _, used, password = made(console)
    leave = passwords.check(used, password)
    assert leave is not None
    passwords.use(leave, CALLER)
    assert "đã được dùng" in province(console).post(f"{PAGE}{used}/withdraw", PAGE).text
    assert province(console).post(f"{PAGE}est-0123456789ab/withdraw", PAGE).status_code == 404
    assert province(console).post(f"{PAGE}khong-co/withdraw", PAGE).status_code == 404


def test_what_is_withdrawn_while_it_is_in_use_opens_nothing_when_nothing_was_issued(console: Console) -> None:
    _, name, password = made(console)
    passwords = console.office.services.certificate_protocols.est.passwords
    leave = passwords.check(name, password)
    assert leave is not None
    at = passwords.use(leave, CALLER)
    for _ in range(2):
        answer = province(console).post(f"{PAGE}{name}/withdraw", PAGE)
        assert (answer.status_code, "không dùng lại được nữa" in answer.text) == (409, True)
    passwords.give_back(leave, at)
    assert passwords.check(name, password) is None
    assert len([1 for _, _, detail in events_of(console.office.database, "enrollment_password.withdrawn")
                if detail["name"] == name]) == 1
    _, other, password = made(console)
    leave = passwords.check(other, password)
    assert leave is not None
    passwords.give_back(leave, passwords.use(leave, CALLER))
    assert passwords.check(other, password) == leave, "a use that gave nothing away is undone where nobody withdrew"


def test_security_38_agencies_make_none_auditors_read_and_making_one_needs_a_fresh_sign_in(console: Console) -> None:
    _, name, _ = made(console)
    agency, auditor = console.person("quantri.coquan", "quantri-coquan"), console.person("kiemtoan", "kiemtoan")
    form = "/admin/certificates/import"
    assert agency.get(PAGE).status_code == 403
    assert PAGE not in agency.get("/admin/").text
    assert agency.post(PAGE, form, **GOOD).status_code == 403
    assert agency.post(f"{PAGE}{name}/withdraw", form).status_code == 403
    assert name in auditor.get(PAGE).text
    assert "<form method=\"post\"" not in auditor.get(PAGE).text
    browser = province(console)
    browser.get(PAGE)
    console.office.clock.advance(console.office.settings.fresh_authentication_seconds + 1)
    before = len(events_of(console.office.database, "enrollment_password.created"))
    answer = browser.post(PAGE, PAGE, **GOOD)
    assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/")
    assert len(events_of(console.office.database, "enrollment_password.created")) == before
    assert browser.post(f"{PAGE}{name}/withdraw", PAGE).status_code == 200, "what is to stop must not wait"


@pytest.mark.parametrize(("typed", "field"), [
    ({"hosts": ""}, "hosts"), ({"hosts": "không phải"}, "hosts"), ({"days": "0"}, "days"), ({"days": "31"}, "days"),
    ({"days": "²"}, "days"), ({"name": "x" * 65}, "name"), ({"officer": "khongco"}, "officer"),
    ({"profile": "officer_authentication"}, "officer"), ({"profile": "officer_signing"}, "profile"),
    ({"officer": "quantri@elsewhere.example"}, "officer")])
def test_what_is_wrong_is_said_at_its_field_and_makes_nothing(console: Console, typed: dict[str, str], field: str) -> None:
    before = len(events_of(console.office.database, "enrollment_password.created"))
    answer = province(console).post(PAGE, PAGE, **{**GOOD, **typed})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert len(events_of(console.office.database, "enrollment_password.created")) == before


def test_an_officers_password_is_for_that_officer(console: Console) -> None:
    sub = console.office.officer("canbo")
    _, name, password = made(console, profile="officer_authentication", hosts="", officer="canbo@haugiang.gov.vn")
    leave = console.office.services.certificate_protocols.est.passwords.check(name, password)
    assert leave is not None
    assert (leave.holder, leave.hosts, leave.subject_name) == (sub, "", "")


def test_security_33_nobody_makes_a_password_to_sign_in_as_themselves_and_the_officer_is_told(console: Console) -> None:
    browser, office = province(console), console.office
    before = len(events_of(office.database, "enrollment_password.created"))
    own = browser.post(PAGE, PAGE, **{**GOOD, "profile": "officer_authentication", "hosts": "", "officer": "quantri"})
    assert own.status_code == 403
    assert 'href="#officer"' in own.text
    assert len(events_of(office.database, "enrollment_password.created")) == before
    made(console, officer="quantri")  # answering for a device is no way to sign in
    sub = office.officer("duocbao")
    _, _, password = made(console, profile="officer_authentication", hosts="", officer="duocbao", days="2")
    told = office.services.notices.of(sub)
    assert [(one.kind, one.detail) for one in told] == [
        (NoticeKind.ENROLLMENT_PASSWORD_MADE, {"ends": str(office.clock.now() + 2 * 86400)})]
    assert password not in str(told)
    assert not [one for one in office.services.notices.of(office.officer("quantri", "quantri-tinh"))
                if one.kind is NoticeKind.ENROLLMENT_PASSWORD_MADE]


def test_a_password_is_used_or_withdrawn_and_never_both(console: Console) -> None:
    passwords = console.office.services.certificate_protocols.est.passwords
    for _ in range(8):
        leave, _ = passwords.create(profile="tls_client", hosts=("a.example",), seconds=60, caller=CALLER)
        gate, won = threading.Barrier(2), []

        def attempt(do: Any, gate: threading.Barrier = gate, won: list[str] = won) -> None:
            gate.wait()
            try:
                do()
                won.append("x")
            except RefusedError:
                pass

        threads = [threading.Thread(target=attempt, args=(do,)) for do in (
            lambda leave=leave: passwords.use(leave, CALLER), lambda leave=leave: passwords.withdraw(leave.name, CALLER))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
