"""The console's pages of officers and agencies: from a search to an act, for each role, and two persons for a factor."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from idp.audit import Caller
from idp.directory.officer import Post, phone_text
from idp.directory.term import end_of
from idp.directory.unit import Unit, UnitEntry
from idp.pki.enrollment.working_days import day_of
from tests.administration.office import HOME, IT, Office
from tests.administration.test_factors import enrol
from tests.audit_desk import events_of
from tests.fakes.directory import make_officer
from tests.web.console import Browser, Console

LIST = "/admin/officers/"


@pytest.fixture
def office(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    target = tmp_path / "idp.sqlite3"
    shutil.copy(sqlite_template, target)
    made = Office(f"sqlite:///{target}")
    yield made
    made.close()


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


def do(browser: Browser, sub: str, act: str, **fields: str) -> Any:
    return browser.post(f"{LIST}{sub}/acts/{act}", f"{LIST}{sub}/acts/{act}", **fields)


def test_a_help_desk_finds_an_officer_and_asks_and_an_administrator_approves(office: Office) -> None:
    console = Console(office)
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    desk, agency = console.person("hotro", "hotro-nguoidung", unit=IT), console.person("qt", "quantri-coquan", unit=IT)
    assert desk.get("/admin/").headers["Location"] == LIST
    for typed in ("canbo", "ｃａｎｂｏ", " canbo\u00a0", "\u200bcanbo", "mẫu\u00a0nguyễn", "NGUYEN MAU"):
        assert f'href="{LIST}{sub}"' in text_of(desk.get(f"{LIST}?{urlencode({'q': typed})}")), typed
    assert ("Số điện thoại phải gõ đủ" in text_of(agency.get(LIST)), "Số điện thoại phải gõ đủ" in text_of(desk.get(LIST))) == (
        True, False), "a help desk finds nobody by a telephone number"
    page = text_of(desk.get(f"{LIST}{sub}"))
    assert "acts/reset" in page
    assert "acts/approve" not in page
    assert 'id="reason-error"' in text_of(do(desk, sub, "reset", reason=" "), 422), "what is wrong is said at the field"
    assert "Vui lòng ghi lý do" in text_of(do(desk, sub, "reset", reason=" "), 422)
    assert do(desk, sub, "reset", reason="Mất điện thoại").status_code == 303
    assert "acts/approve" not in text_of(desk.get(f"{LIST}{sub}"))
    assert desk.get(f"{LIST}{sub}/acts/approve").status_code == 403
    assert office.services.second_factors.enrolled(uuid)
    seen = text_of(agency.get(f"{LIST}{sub}"))
    assert "Mất điện thoại" in seen
    assert do(agency, sub, "approve").status_code == 303
    assert not office.services.second_factors.enrolled(uuid)
    assert "acts/code" in text_of(agency.get(f"{LIST}{sub}"))
    shown = text_of(do(agency, sub, "code"))
    assert re.search(r">[A-Za-z0-9]{5}-[A-Za-z0-9]{5}<", shown)


def test_what_the_rules_refuse_for_an_officer_is_not_offered_and_the_page_says_who_does_it(office: Office) -> None:
    console = Console(office)
    above, inside = office.officer("pheduyet", "quantri-tinh", unit=IT), office.officer("canbo", unit=IT)
    for sub in (above, inside):
        enrol(office, sub)
    acts = {"hotro": {"end_access", "reset", "ask_pass"}, "qt": {"end_access", "reset", "ask_pass", "stop"}}
    for uid, group in (("hotro", "hotro-nguoidung"), ("qt", "quantri-coquan")):
        browser = console.person(uid, group, unit=IT)
        page = text_of(browser.get(f"{LIST}{above}"))
        assert (acts[uid] & set(re.findall(r"/acts/(\w+)", page)), "Quản trị tỉnh xử lý" in page) == (set(), True), uid
        for act in sorted(acts[uid]):
            assert do(browser, above, act, reason="Mất máy", hours="8").status_code == 403, act
        page = text_of(browser.get(f"{LIST}{inside}"))
        assert (acts[uid] - set(re.findall(r"/acts/(\w+)", page)), "Quản trị tỉnh xử lý" in page) == (set(), False), uid
    assert "acts/reset" in text_of(console.person("quantri", "quantri-tinh").get(f"{LIST}{above}"))


def test_who_asked_is_told_that_another_decides(office: Office) -> None:
    console = Console(office)
    sub = office.officer("canbo", unit=IT)
    enrol(office, sub)
    agency = console.person("qt", "quantri-coquan", unit=IT)
    do(agency, sub, "reset", reason="Mất máy")
    assert do(agency, sub, "reset", reason="Mất máy").headers["Location"] == f"{LIST}{sub}", "a button that was pressed twice"
    assert do(agency, sub, "ask_pass", reason="Mất máy", hours="8").status_code == 303
    assert do(agency, sub, "ask_pass", reason="Mất máy", hours="8").headers["Location"] == f"{LIST}{sub}"
    other = console.person("qt2", "quantri-coquan", unit=IT)
    assert "Đã có một đề nghị như vậy" in text_of(do(other, sub, "reset", reason="Mất máy"), 409)
    page = text_of(agency.get(f"{LIST}{sub}"))
    assert "Một quản trị khác" in page
    assert "acts/refuse" in page
    assert "hai người khác nhau" in text_of(do(agency, sub, "approve"), 403)


def test_sessions_end_at_once_and_an_application_loses_what_it_has(office: Office) -> None:
    console = Console(office)
    sub = office.officer("canbo", unit=IT)
    office.token(session=office.session(sub), client_id="qlvb", scope="openid offline_access")
    agency = console.person("qt", "quantri-coquan", unit=IT)
    page = text_of(agency.get(f"{LIST}{sub}"))
    assert "Quản lý văn bản" in page
    ask = f"{LIST}{sub}/acts/revoke?about=qlvb"
    assert "Quản lý văn bản" in text_of(agency.get(ask))
    assert "lý do" in text_of(agency.post(f"{LIST}{sub}/acts/revoke", ask, about="qlvb", reason=" "), 422)
    assert agency.post(f"{LIST}{sub}/acts/revoke", ask, about="qlvb", reason="Mất máy").status_code == 303
    assert office.call("GET", f"/grants?sub={sub}", office.province()).json["items"] == []
    assert agency.get(f"{LIST}{sub}/acts/revoke?about=khac").status_code == 404
    assert do(agency, sub, "end_access").status_code == 303
    assert office.services.sessions._store.alive(sub) == []


def test_the_timeline_says_in_words_what_the_system_did_by_itself(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    office.services.sessions.end(office.session(sub).sid, "disabled", Caller("worker", "deprovisioning"))
    page = text_of(Console(office).person("quantri", "quantri-tinh").get(f"{LIST}{sub}"))
    timeline = page[page.index('class="timeline"'):]
    assert "Máy chủ tự làm" in timeline
    assert "worker" not in timeline


def test_many_are_named_before_anything_is_done_and_each_stands_for_itself(office: Office) -> None:
    console = Console(office)
    mine, theirs = office.officer("mot", unit=IT), office.officer("ba", unit=HOME)
    agency = console.person("qt", "quantri-coquan", unit=IT)
    asked = text_of(agency.post(f"{LIST}acts", LIST, act="remind", pick=[mine, theirs]))
    assert 'name="sure"' in asked
    assert office.services.notices.of(mine) == []
    done = text_of(agency.post(f"{LIST}acts", LIST, act="remind", pick=[mine, theirs], sure="yes"))
    assert "Đã làm với 1 cán bộ." in done
    assert "Không có cán bộ này trong phạm vi của bạn." in done
    assert [told.kind.value for told in office.services.notices.of(mine)] == ["factor.wanted"]
    assert agency.post(f"{LIST}acts", LIST, act="delete", pick=[mine]).status_code == 303


def heads(page: str) -> dict[str, tuple[str, str]]:
    """Give what stands in the heads of columns that sort: how the list is sorted by it now, and where it leads."""
    found = re.findall(r'<th scope="col" class="sort"(?: aria-sort="(\w+)")?><a href="([^"]+)">([^<]+)<', page)
    return {words: (now, unescape(url)) for now, url, words in found}


def test_heads_sort_the_whole_list_and_keep_how_it_is_narrowed(office: Office) -> None:
    console = Console(office)
    subs = [office.officer(f"canbo{number:02}", unit=IT) for number in range(52)]
    office.services.mirror.signed_in(subs[0], now=office.clock.now() + 60)
    desk = console.person("qt", "quantri-coquan", unit=IT)
    asked = f"unit={IT}&state=active"
    first = desk.get(f"{LIST}?{asked}").text
    assert heads(first)["Họ và tên"] == ("ascending", f"{LIST}?{asked}&sort=-name")
    assert heads(first)["Đăng nhập lần cuối"] == ("", f"{LIST}?{asked}&sort=last_sign_in")
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = desk.get(unescape(following[1])).text
    assert heads(second) == heads(first), "a new order begins with the first page"
    down = desk.get(heads(second)["Họ và tên"][1]).text
    assert heads(down)["Họ và tên"] == ("descending", f"{LIST}?{asked}&sort=name")
    [last] = re.findall(r'href="/admin/officers/([^"/?]+)">', second.partition("<tbody>")[2])[-1:]
    assert re.findall(r'href="/admin/officers/([^"/?]+)">', down.partition("<tbody>")[2])[0] == last
    assert subs[0] not in desk.get(f"{LIST}?{asked}&sort=last_sign_in").text
    newest = desk.get(f"{LIST}?{asked}&sort=-last_sign_in").text.partition("<tbody>")[2]
    assert subs[0] in newest
    assert heads(desk.get(f"{LIST}?{asked}&sort=mail").text) == heads(first), "no order that the list knows"
    assert heads(desk.get(f"{LIST}?{asked}&q=nguyen").text) == {}, "whoever is found by words stands by name"


def test_a_list_shows_the_columns_asked_for_and_is_exported_as_it_is_shown(office: Office) -> None:
    console = Console(office)
    office.officer("mot", unit=IT)
    office.officer("ba", unit=HOME)
    agency = console.person("qt", "quantri-coquan", unit=IT)
    assert "ba@haugiang.gov.vn" not in text_of(agency.get(f"{LIST}?cols=mail"))
    assert "mot@haugiang.gov.vn" in text_of(agency.get(f"{LIST}?cols=mail"))
    assert re.search(rf'href="{LIST}file[?]sort=name&(amp;)?cols=mail"', agency.get(f"{LIST}?cols=mail").text)
    asked = text_of(agency.get(f"{LIST}file?cols=mail&q=nguyen"))
    assert 'name="q" value="nguyen"' in asked
    kept = {"cols": "mail", "q": "nguyen"}
    for purpose in ("", " "):
        assert agency.post(f"{LIST}file", f"{LIST}file", **kept, purpose=purpose).status_code == 422
    assert agency.client.post(f"{LIST}file", data=kept, headers={"Host": "localhost:8000"}).status_code == 400
    assert [one.event for one in office.audited() if one.event.startswith(("job", "officers"))] == []
    sent = agency.post(f"{LIST}file", f"{LIST}file", **kept, purpose="Đối soát", form="csv")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/admin/jobs/")
    waiting = agency.get("/admin/jobs/")
    assert waiting.headers["Refresh"] == "5"
    assert "Đang chờ" in text_of(waiting)
    job = office.services.job_work.take()
    assert job is not None
    office.services.job_work.do(job)
    done = agency.get("/admin/jobs/")
    assert "Refresh" not in done.headers
    assert "Đối soát" in text_of(done)
    file = agency.post(f"/admin/jobs/{job.job_id}/file", "/admin/jobs/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="can-bo.csv"'
    assert "mot@haugiang.gov.vn" in file.text
    assert "ba@haugiang.gov.vn" not in file.text
    assert agency.post(f"/admin/jobs/{job.job_id}/cancel", "/admin/jobs/").status_code == 409
    assert console.person("hotro", "hotro-nguoidung", unit=IT).get(f"{LIST}file").status_code == 403
    other = console.person("qt2", "quantri-coquan", unit=HOME)
    assert other.post(f"/admin/jobs/{job.job_id}/file", f"{LIST}file").status_code == 404
    province = console.person("quantri", "quantri-tinh")
    assert job.job_id not in text_of(province.get("/admin/jobs/"))
    everybody = text_of(province.get("/admin/jobs/?everybody=1"))
    assert "Đối soát" in everybody
    assert f"{job.job_id}/file" not in everybody
    assert "officers.exported" in [one.event for one in office.audited()]


def test_agencies_as_a_tree_and_one_whole(office: Office) -> None:
    console = Console(office)
    for code, called in ((IT, "Sở Thông tin"), (f"{IT}.2", "Trung tâm"), (HOME, "Sở Khác")):
        office.services.mirroring.units.note_unit(UnitEntry(f"unit-{code}", Unit(code, "", called)), now=1)
    agency = console.person("qt", "quantri-coquan", unit=IT)
    page = text_of(agency.get("/admin/agencies/"))
    assert "Trung tâm" in page
    assert "Sở Khác" not in page
    assert "Nguyễn Văn Mẫu" in text_of(agency.get(f"/admin/agencies/{IT}"))
    assert agency.get(f"/admin/agencies/{HOME}").status_code == 404


def test_a_deputy_sees_whose_scope_it_is(office: Office) -> None:
    console = Console(office)
    office.services.mirroring.units.note_unit(UnitEntry("unit", Unit(IT, "", "Sở Thông tin")), now=1)
    giver, deputy = office.agency(IT), console.person("phophong", unit=f"{IT}.2")
    assert deputy.get("/admin/").status_code == 403
    day = day_of(office.clock.now()).isoformat()
    named = office.call("POST", "/deputies", giver, {"deputy": "phophong", "ends_on": day, "reason": "Đi công tác"})
    assert named.status_code == 201, named.text
    page = text_of(deputy.get(LIST))
    assert '<span class="scope__name">Sở Thông tin</span>' in page
    assert "Quản trị đơn vị, làm thay Nguyễn Văn Mẫu" in page


def test_an_account_is_stopped_with_a_reason_and_another_lets_it_go_on_and_releases_the_factors(office: Office) -> None:
    console = Console(office)
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    agency, other = console.person("qt", "quantri-coquan", unit=IT), console.person("qt2", "quantri-coquan", unit=IT)
    assert "acts/stop" not in text_of(console.person("hotro", "hotro-nguoidung", unit=IT).get(f"{LIST}{sub}"))
    assert "Vui lòng ghi lý do" in text_of(do(agency, sub, "stop", reason=" "), 422)
    assert do(agency, sub, "stop", reason="Mất máy tính").status_code == 303
    page = text_of(agency.get(f"{LIST}{sub}"))
    assert "Mất máy tính" in page
    assert "Một quản trị khác, không phải người đã dừng" in page
    assert "acts/lift" not in page
    assert "hai người khác nhau" in text_of(do(agency, sub, "lift", reason="x"), 403)
    assert "acts/lift" in text_of(other.get(f"{LIST}{sub}"))
    assert do(other, sub, "lift", reason="Đã tìm thấy máy").status_code == 303
    office.services.mirroring.aftermath.round()
    page = text_of(other.get(f"{LIST}{sub}"))
    assert "Đang làm việc" in page
    assert "Dừng tài khoản" in page
    assert office.services.deprovisioning.frozen_until(uuid) is not None
    assert do(other, sub, "release").status_code == 303
    assert office.services.deprovisioning.frozen_until(uuid) is None


def test_the_last_day_of_an_account_and_of_a_post_is_shown_and_not_the_midnight_after_it(office: Office) -> None:
    ends_at = end_of(date(2026, 12, 31))
    sub = office.services.mirror.remember(office.directory.add(make_officer(
        "khach", guest="vendor", sponsor="uid=lanhdao", ends_at=ends_at, posts=(
            Post(HOME, "", "Sở", "Nhà thầu"), Post(IT, "", "Trung tâm", "Tổ giúp việc", ends_at=ends_at)))),
        now=office.clock.now())
    shown = text_of(Console(office).person("qt", "quantri-tinh").get(f"{LIST}{sub}"))
    assert shown.count("31/12/2026") == 2
    assert "01/01/2027" not in shown


def test_a_telephone_number_is_shown_whole_once_a_purpose_was_typed_and_the_officer_reads_it(office: Office) -> None:
    console = Console(office)
    own = console.person("canbo", unit=IT)
    known = office.services.mirror.by_uid("canbo")
    assert known is not None
    sub, phone = known.sub, phone_text(known.officer.phone)
    agency, auditor = console.person("qt", "quantri-coquan", unit=IT), console.person("kt", "kiemtoan")
    shown = text_of(agency.get(f"{LIST}{sub}"))
    assert phone not in shown
    assert known.officer.phone not in shown
    assert "acts/phone" not in text_of(console.person("hotro", "hotro-nguoidung", unit=IT).get(f"{LIST}{sub}"))
    assert "ít nhất 10 ký tự" in text_of(agency.get(f"{LIST}{sub}/acts/phone"))
    assert "từ 10 đến 300 ký tự" in text_of(do(agency, sub, "phone", reason="xem"), 422)
    for browser in (agency, auditor):
        assert phone in text_of(do(browser, sub, "phone", reason="Gọi báo lịch nhận thiết bị"))
    page = text_of(own.get("/account/readings"))
    assert page.count("Mục đích: Gọi báo lịch nhận thiết bị") == 2
    assert "Xem số điện thoại" in page


def test_a_temporary_pass_is_asked_for_given_and_withdrawn_on_the_page_of_the_officer(office: Office) -> None:
    console = Console(office)
    sub = office.officer("canbo", unit=IT)
    page = f"/admin/officers/{sub}"
    desk, agency = console.person("hotro", "hotro-nguoidung", unit=IT), console.person("qtcq", "quantri-coquan", unit=IT)
    asking = f"{page}/acts/ask_pass"
    wrong = desk.post(asking, asking, reason="Quên điện thoại", hours="99")
    assert wrong.status_code == 422
    assert "từ 1 đến 24" in wrong.text
    assert desk.post(asking, asking, reason="Quên điện thoại", hours="4", several="1").status_code == 303
    assert desk.get(f"{page}/acts/give_pass").status_code == 403
    assert "4 giờ" in agency.get(page).text
    given = agency.post(f"{page}/acts/give_pass", f"{page}/acts/give_pass")
    found = re.search(r'mono nowrap">([0-9a-z]{5}-[0-9a-z]{5})<', given.text)
    assert found is not None
    assert found[1] not in agency.get(page).text
    officer = office.services.mirror.by_sub(sub)
    assert officer is not None
    assert office.services.temporary_passes.redeem(officer, found[1], Caller("192.0.2.1", "r")).outcome == "accepted"
    assert desk.post(f"{page}/acts/withdraw_pass", f"{page}/acts/withdraw_pass").status_code == 303
    assert office.services.temporary_passes.redeem(officer, found[1], Caller("192.0.2.1", "r")).outcome == "refused"
    office.clock.advance(1)
    assert desk.post(asking, asking, reason="Quên điện thoại", hours="4", several="1").status_code == 303
    agency.post(f"{page}/acts/give_pass", f"{page}/acts/give_pass")
    mine, other = console.person("canbo", unit=IT), console.person("khac", unit=IT)
    own = "/account/security/temporary-pass"
    assert own in mine.get("/account/security").text
    assert (own in other.get("/account/security").text, other.get(own).status_code) == (False, 303)
    assert other.post(own, "/logout").status_code == 303
    assert office.services.temporary_passes.standing(sub) is not None, "nobody ends another's"
    assert mine.post(own, own).status_code == 303
    assert office.services.temporary_passes.standing(sub) is None
    assert mine.get("/account/security").status_code == 200, "it was not used, so nothing else ends"
    assert mine.post(own, "/logout").status_code == 303
    withdrawn = [detail for _, _, detail in events_of(office.database, "temporary_pass.withdrawn")]
    assert [one.get("own", False) for one in withdrawn] == [False, True]
