"""/admin/tasks/: what is due first, whose it is, and the proof with which it is closed; its rules are the room's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copy

import pytest

from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.tasks import TaskKind
from idp.web.console import tasks as task_words
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.administration.test_officers import leaves, tell
from tests.audit_desk import events_of
from tests.pki.expiry.records import put

from .console import Browser, Console
from .test_console import request_of
from .test_console_devices import agency, in_use, province

LIST = "/admin/tasks/"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One office for all; each test has officers of its own."""
    target = tmp_path_factory.mktemp("tasks") / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def about(browser: Browser, uid: str, query: str = "") -> list[str]:
    """Give the pages of tasks about an officer, as the list shows them."""
    rows = re.findall(rf'<tr><th scope="row"><a href="({LIST}[^"]+)">', browser.get(LIST + query).text)
    return [row for row in rows if f"<dd>{uid}</dd>" in browser.get(row).text]


def test_open_tasks_stand_on_the_first_page_of_whose_they_are(console: Console) -> None:
    desk, mine = province(console), agency(console)

    def waits(browser: Browser) -> list[str]:
        part = browser.get("/admin/").text.partition('id="waiting"')[2].partition("</section>")[0]
        return re.findall(rf'href="{LIST}">.*?<strong>(\d+)</strong>', part, re.DOTALL)

    before = waits(desk)
    leaves(console.office, "raquan", unit=IT)
    assert waits(desk) == [str(int((before or ["0"])[0]) + len(about(desk, "raquan")))]
    assert waits(mine) == [], "after a departure the province acts"
    assert waits(console.person("kiemtoan", "kiemtoan")) == []


def test_security_38_a_departure_is_closed_by_the_province_with_a_proof_once(console: Console) -> None:
    leaves(console.office, "nghiviec", unit=IT)
    desk, mine, other = province(console), agency(console), agency(console, "khac", unit=HOME)
    first, second = about(desk, "nghiviec")
    assert sorted(about(mine, "nghiviec")) == sorted((first, second))
    assert about(other, "nghiviec") == []
    assert other.get(first).status_code == other.post(first, "/admin/certificates/import", proof="x").status_code == 404
    assert "Ai làm việc này: Quản trị tỉnh." in mine.get(first).text
    assert 'name="proof"' not in mine.get(first).text
    form = "/admin/certificates/" + request_of(console)
    auditor = console.person("kiemtoan", "kiemtoan")
    assert 'name="proof"' not in auditor.get(first).text
    assert auditor.post(first, form, proof="x").status_code == 403
    for proof in ("", " \r\n ", "a\x07b", "x" * 2001):
        refused = desk.post(first, first, proof=proof)
        assert (refused.status_code, "Vui lòng ghi ai đã làm gì" in refused.text) == (422, True), proof
    assert desk.post(first, first, proof="Thu hồi <b>\r\nsố 12/CTS").status_code == 303
    assert "Thu hồi &lt;b&gt;\nsố 12/CTS" in desk.get(first).text
    again = desk.post(first, second, proof="khác")
    assert (again.status_code, "đã xong trước đó" in again.text) == (409, True)
    assert about(desk, "nghiviec") == [second]
    assert about(desk, "nghiviec", "?state=done") == [first]
    (record,) = map(str, events_of(console.office.database, "task.completed"))
    assert first.removeprefix(LIST) in record


def test_a_task_about_a_certificate_that_stands_says_so_and_is_not_closed_by_hand(console: Console) -> None:
    number, _device = in_use(console, "canbo2")
    sub = console.office.officer("canbo2", unit=IT)
    console.office.disable("canbo2")
    tell(console.office, sub, ChangeKind.DISABLED)
    desk = province(console)
    (page,) = [page for page in about(desk, "canbo2") if f"/admin/certificates/{number}" in desk.get(page).text
               and "Còn 1 chứng thư số" in desk.get(page).text]
    assert 'name="proof"' not in desk.get(page).text
    refused = desk.post(page, "/admin/certificates/import", proof="Đã thu hồi")
    assert (refused.status_code, "Việc này tự xong khi đó" in refused.text) == (409, True)
    assert page in about(desk, "canbo2")


def test_a_task_about_a_move_opens_the_form_for_the_change_at_the_agency_of_now(console: Console) -> None:
    office, rooms = console.office, console.office.services.certificate_desk
    sub = office.officer("doiviec", unit=HOME)
    put(rooms.moves.store, IT, office.clock.now() + 400 * 86400, holder=sub, serial="abcd11")
    rooms.following.of(OfficerChange(ChangeKind.MOVED, sub, None, None, office.clock.now()))
    new = agency(console, "moi", unit=HOME)
    (page,) = about(new, "doiviec")
    (link,) = re.findall(r'href="(/admin/certificates/new[^"]+)"', new.get(page).text)
    form = new.get(unescape(link)).text
    for filled in ('value="abcd11"', 'value="change" selected', 'value="token" selected', f'value="{sub}"'):
        assert filled in form
    assert "/admin/certificates/new" not in console.person("kiemtoan", "kiemtoan").get(page).text


def test_what_is_due_first_stands_first_page_by_page(console: Console) -> None:
    leaves(console.office, "somnhat", unit=IT)
    console.office.clock.advance(86400 + 1)
    for number in range(25):
        leaves(console.office, f"nghi{number}", unit=IT)
    desk = province(console, "quantri2")
    shown = desk.get(LIST).text
    late = ["Quá hạn" in row for row in re.findall(r'<tr><th scope="row">.*?</tr>', shown, re.S)]
    assert len(late) == 50
    assert sum(late) >= 2
    assert late == sorted(late, reverse=True)
    following = re.search(r'href="([^"]+cursor=[^"]+)"', shown)
    assert following is not None
    rest = desk.get(following[1].replace("&amp;", "&")).text
    assert "Trang đầu" in rest
    assert not set(re.findall(rf'"({LIST}[^"?]+)"', shown)) & set(re.findall(rf'"({LIST}[^"?]+)"', rest)) - {LIST}
    assert desk.get(f"{LIST}?cursor=x").status_code == 400
    assert desk.get(f"{LIST}?state=none").status_code == 200
    assert desk.get(f"{LIST}khong-co").status_code == 404


def test_every_kind_of_task_has_its_words(console: Console) -> None:
    with console.app.test_request_context("/"):
        assert set(task_words._kinds()) == set(task_words._why()) == set(TaskKind)
        assert "Danh bạ" in task_words._until(TaskKind.NAME_SPONSOR, 1)
