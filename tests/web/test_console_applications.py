"""/admin/applications/: entered, changed, examined and closed by the rules of the room; a secret is shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copy

import pytest
from flask_babel import force_locale

from idp.directory.unit import Unit, UnitEntry
from idp.oauth.clients.examination import CODES
from idp.web.console.applications.findings import said
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console

LIST, NEW = "/admin/applications/", "/admin/applications/new"
GOOD = {"client_name": "Khảo sát công vụ", "owner": "Sở TTTT", "owner_unit": IT, "redirect_uris": "https://a.example/cb\r\n\r\n",
        "grant_types": "authorization_code", "scope": "openid profile", "token_endpoint_auth_method": "client_secret_basic",
        "consent": "ask"}


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("applications") / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    for number, (code, name) in enumerate({IT: "Sở Thông tin và Truyền thông", HOME: "Sở Nội vụ"}.items()):
        office.services.mirroring.units.note_unit(UnitEntry(f"unit-{number}", Unit(code, "", name)), now=office.clock.now())
    yield Console(office)
    office.close()


def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


def agency(console: Console, uid: str = "quantri.coquan", unit: str = IT) -> Browser:
    return console.person(uid, "quantri-coquan", unit=unit)


def entered(browser: Browser, **fields: str) -> tuple[str, str]:
    """Enter an application; gives its identifier and its secret."""
    page = browser.post(NEW, NEW, **GOOD | fields)
    assert page.status_code == 200, page.text
    secret = re.search(r'id="secret">([^<]+)<', page.text)
    client = re.search(rf'href="{LIST}([^"/]+)"', page.text.partition("<main")[2])
    assert secret is not None
    assert client is not None
    return client[1], secret[1]


def etag(browser: Browser, path: str) -> str:
    found = re.search(r'name="etag" value="([^"]+)"', browser.get(path).text)
    assert found is not None
    return unescape(found[1])


def test_security_37_an_application_is_entered_and_its_secret_shown_once(console: Console) -> None:
    desk = province(console)
    client_id, secret = entered(desk)
    known = console.office.services.clients.find(client_id)
    assert known is not None
    assert (known.redirect_uris, known.owner_unit, known.check_client_secret(secret)) == (("https://a.example/cb",), IT, True)
    page = desk.get(LIST + client_id)
    assert (page.status_code, secret in page.text, "Sở Thông tin và Truyền thông" in page.text) == (200, False, True)
    assert client_id in desk.get(LIST + "?q=khao+sat").text
    assert client_id not in desk.get(LIST + "?q=khao+sat&state=disabled").text


@pytest.mark.parametrize(("fields", "member"), [
    ({"redirect_uris": "a.example"}, "redirect_uris"), ({"client_uri": "x"}, "client_uri"), ({"scope": "openid sudo"}, "scope"),
    ({"grant_types": "password"}, "grant_types"), ({"owner_unit": "Sở"}, "owner_unit"),
    ({"client_name": "a\x07b"}, "client_name"),
    ({"backchannel_logout_uri": "http://a.example/"}, "backchannel_logout_uri")])
def test_what_no_registration_may_hold_is_said_at_its_field(console: Console, fields: dict[str, str], member: str) -> None:
    desk, before = province(console), len(console.office.services.clients.all())
    page = desk.post(NEW, NEW, **GOOD | fields)
    assert 400 <= page.status_code < 500
    assert f'href="#{member}"' in page.text
    assert f'id="{member}-error"' in page.text
    assert re.search(rf'id="{member}-error"[^\n]{{,300}}Vui lòng ', page.text), "what to do, and no English"
    assert "Khảo sát công vụ" in page.text or member == "client_name", "what was typed is still there"
    assert len(console.office.services.clients.all()) == before


def test_a_change_is_made_on_what_was_read_and_leaves_the_rest(console: Console) -> None:
    desk = province(console)
    client_id, _ = entered(desk)
    path = f"{LIST}{client_id}/edit"
    seen = etag(desk, path)
    changed = desk.post(path, path, **GOOD | {"client_name": "Khảo sát 2026", "etag": seen})
    assert changed.status_code == 303, changed.text
    late = desk.post(path, path, **GOOD | {"client_name": "Khảo sát muộn", "etag": seen})
    assert (late.status_code, "Có người vừa sửa" in late.text) == (412, True)
    known = console.office.services.clients.find(client_id)
    assert known is not None
    assert known.client_name == "Khảo sát 2026"
    again = desk.post(path, path, **GOOD | {"client_name": "Khảo sát muộn", "etag": etag(desk, path), "owner_unit": ""})
    assert again.status_code == 303
    known = console.office.services.clients.find(client_id)
    assert known is not None
    assert (known.client_name, known.owner_unit) == ("Khảo sát muộn", ""), "an empty field means the default"


def test_security_38_an_agency_gives_no_more_than_it_has(console: Console) -> None:
    mine, other = agency(console), agency(console, "khac", HOME)
    refused = mine.post(NEW, NEW, **GOOD | {"scope": "openid groups"})
    assert (refused.status_code, 'id="scope-error"' in refused.text) == (403, True)
    assert mine.post(NEW, NEW, **GOOD | {"owner_unit": HOME}).status_code == 403
    assert mine.post(NEW, NEW, **GOOD | {"consent": "implied"}).status_code == 403
    client_id, _ = entered(mine)
    for path in (client_id, f"{client_id}/edit", f"{client_id}/acts/disable"):
        assert other.get(LIST + path).status_code == 404, path
        if path != client_id:
            assert other.post(LIST + path, NEW, **GOOD).status_code == 404, path
    assert other.post(f"{LIST}{client_id}/test", NEW).status_code == 404
    assert client_id not in other.get(LIST).text


def test_security_38_an_auditor_reads_and_changes_nothing(console: Console) -> None:
    client_id, _ = entered(province(console))
    auditor = console.person("kiemtoan", "kiemtoan")
    page = auditor.get(LIST + client_id)
    assert (page.status_code, "/acts/" in page.text, "/edit" in page.text) == (200, False, False)
    assert auditor.get(NEW).status_code == auditor.get(f"{LIST}{client_id}/edit").status_code == 403
    for path in (f"{LIST}{client_id}/acts/disable", f"{LIST}{client_id}/test", f"{LIST}{client_id}/edit", NEW):
        assert auditor.post(path, "/logout", **GOOD).status_code == 403, path
    assert not console.office.services.clients.find(client_id).disabled  # type: ignore[union-attr]


def test_an_application_is_closed_opened_given_a_new_secret_and_deleted(console: Console) -> None:
    desk = province(console)
    client_id, secret = entered(desk)

    def act(name: str, **more: str) -> int:
        path = f"{LIST}{client_id}/acts/{name}"
        return int(desk.post(path, path, etag=etag(desk, path), **more).status_code)

    assert act("disable") == 303
    assert console.office.services.clients.find(client_id) is None or console.office.services.clients.find(client_id).disabled  # type: ignore[union-attr]
    assert "Đã đóng" in desk.get(LIST + client_id).text
    assert act("enable") == 303
    path = f"{LIST}{client_id}/acts/secret"
    page = desk.post(path, path, etag=etag(desk, path))
    told = re.search(r'id="secret">([^<]+)<', page.text)
    known = console.office.services.clients.find(client_id)
    assert told is not None
    assert known is not None
    assert (known.check_client_secret(told[1]), known.check_client_secret(secret)) == (True, False)
    stale = desk.post(path, path, etag='"another"')
    assert (stale.status_code, "Có người vừa sửa" in stale.text) == (412, True)
    assert act("delete") == 303
    assert desk.get(LIST + client_id).status_code == 404


def test_the_way_of_an_application_is_examined_and_noted(console: Console) -> None:
    desk = province(console)
    client_id, _ = entered(desk, client_uri="https://a.example/")
    tried = desk.post(f"{LIST}{client_id}/test", LIST + client_id)
    assert (tried.status_code, "Đã kiểm tra" in tried.text) == (200, True)
    assert "Cán bộ đăng xuất ở nơi khác thì ứng dụng không hay biết." in tried.text
    assert '<span lang="en">the application is not told' in tried.text, "for the technician"
    with console.app.test_request_context(), force_locale("vi"):
        assert said().keys() == CODES
    path = f"{LIST}{client_id}/acts/old-login-off"
    empty = desk.post(path, path, etag="", note="")
    assert (empty.status_code, 'id="note-error"' in empty.text) == (422, True)
    assert desk.post(path, path, etag="", note="Sở TTTT,\r\nngày 3/12").status_code == 303
    assert "ngày 3/12" in desk.get(LIST + client_id).text
    assert len(events_of(console.office.database, "client.old_login")) == 1
    assert desk.get(f"{LIST}{client_id}/acts/old-login-off").status_code == 303
    back = f"{LIST}{client_id}/acts/old-login-on"
    assert desk.post(back, back, etag="").status_code == 303
    assert desk.get(f"{LIST}{client_id}/acts/sudo").status_code == 404


def test_an_application_from_a_file_is_shown_and_not_changed(console: Console) -> None:
    desk = province(console)
    page = desk.get(LIST + "qlvb")
    assert (page.status_code, "clients/" in page.text, "acts/disable" in page.text) == (200, True, False)
    assert desk.get(f"{LIST}qlvb/edit").status_code == 303
    refused = desk.post(f"{LIST}qlvb/acts/disable", NEW, etag="x")
    assert (refused.status_code, "chỉ sửa ở đó" in refused.text) == (409, True)
    assert desk.post(f"{LIST}qlvb/acts/old-login-off", NEW, etag="", note="tắt ngày 1/12").status_code == 303


def test_officers_of_an_application_are_counted_shown_and_lose_what_they_gave_for_a_reason(console: Console) -> None:
    office, browser = console.office, agency(console)
    client_id, _ = entered(browser)
    mine, other = office.officer("dung.thu", unit=IT), office.officer("dung.thu.khac", unit=HOME)
    for sub in (mine, other):
        office.services.consents.give(sub, client_id, ["openid"], CALLER)
    where = f"{LIST}{client_id}/officers"
    assert re.search(rf'href="{where}">1 cán bộ<', browser.get(f"{LIST}{client_id}").text)
    assert re.search(rf'href="{where}">2 cán bộ<', province(console).get(f"{LIST}{client_id}").text)
    page = browser.get(where).text
    assert f"/admin/officers/{mine}" in page
    assert other not in page
    assert f"{where}/{mine}/end" not in console.person("kt", "kiemtoan").get(where).text
    asked = f"{where}/{mine}/end"
    assert "Khảo sát công vụ" in browser.get(asked).text
    refused = browser.post(asked, asked, reason="")
    assert (refused.status_code, "Vui lòng ghi lý do" in refused.text) == (422, True)
    assert browser.post(asked, asked, reason="Không còn dùng").headers["Location"] == where
    assert "không có quyền gì" in browser.get(where).text
    page = Browser(console.app, office.services.sessions.open(mine, acr=1, amr=("pwd",), caller=CALLER)[0])
    assert "Khảo sát công vụ không còn quyền gì của bạn" in unescape(page.get("/account/notices").text)
    assert "Khảo sát công vụ" not in page.get("/account/applications").text
