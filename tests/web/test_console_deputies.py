"""The console's pages of deputies: one named, seen by both until the day, and ended early."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idp.pki.enrollment.working_days import day_of
from tests.administration.office import HOME, IT, Office
from tests.web.console import Browser, Console

from .test_console_officers import office as office
from .test_console_officers import text_of

LIST = "/admin/deputies/"


def name(office: Office, browser: Browser, **fields: Any) -> Any:
    today = day_of(office.clock.now()).strftime("%d/%m/%Y")
    return browser.post(f"{LIST}new", "/logout", **{"deputy": "phophong", "ends_on": today, "reason": "Đi họp", **fields})


def test_named_seen_by_both_and_ended(office: Office) -> None:
    console = Console(office)
    giver, deputy = console.person("qt", "quantri-coquan", unit=IT), console.person("phophong", unit=IT)
    assert "Hiện không ai làm thay ai" in text_of(giver.get(LIST))
    assert deputy.get(LIST).status_code == 403
    assert name(office, giver).status_code == 303
    page = text_of(giver.get(LIST))
    assert "Đi họp" in page
    assert "Thôi làm thay" in page
    assert LIST in text_of(deputy.get("/admin/officers/"))
    seen = text_of(deputy.get(LIST))
    assert f'href="{LIST}new"' not in seen
    assert name(office, deputy, deputy="qt").status_code == 403
    own = text_of(deputy.get("/account/profile"))
    assert "Bạn làm thay Nguyễn Văn Mẫu, đến hết ngày" in own
    assert "Quản trị đơn vị" in own
    assert "làm thay bạn, đến hết ngày" in text_of(giver.get("/account/profile"))
    end = re.findall(rf'href="({LIST}[^"]+/end)"', seen)[0]
    assert "mất quyền ngay lập tức" in text_of(deputy.get(end))
    stranger = console.person("xa", "quantri-coquan", unit=HOME)
    assert (stranger.get(end).status_code, stranger.post(end, "/logout").status_code) == (404, 404)
    assert "Đi họp" not in text_of(stranger.get(LIST))
    assert deputy.post(end, end).status_code == 303
    assert deputy.get(LIST).status_code == 403
    assert "Việc quản trị của tôi" not in text_of(deputy.get("/account/profile"))
    assert giver.post(end, "/logout").status_code == 303, "what is over is over"


@pytest.mark.parametrize("group", ["hotro-nguoidung", "dangky-chungthu", "vanthu-thietbi", "quantri-tinh"])
def test_whoever_has_a_role_names_a_deputy_and_the_deputy_sees_it(office: Office, group: str) -> None:
    console = Console(office)
    giver, deputy = console.person("qt", group, unit=IT), console.person("phophong", unit=IT)
    assert name(office, giver, unit="").status_code == 303
    assert "Đi họp" in text_of(deputy.get(LIST))
    assert deputy.get("/admin/").status_code in (200, 303)


def test_what_is_wrong_is_said_and_what_was_typed_stays(office: Office) -> None:
    console = Console(office)
    giver = console.person("qt", "quantri-coquan", unit=IT)
    office.officer("phophong", unit=HOME)
    office.officer("gan", unit=IT)
    for fields, said, at, status in (
            ({"deputy": "khong.co"}, "Không có tên đăng nhập này", "deputy", 422), ({}, "nằm ngoài phạm vi", "deputy", 409),
            ({"reason": " "}, "Vui lòng ghi người làm thay", "reason", 422),
            ({"deputy": "gan", "unit": HOME}, "nằm ngoài phạm vi", "unit", 409),
            ({"deputy": "gan", "ends_on": "mai"}, "Ngày cuối phải từ hôm nay", "ends_on", 422)):
        page = text_of(name(office, giver, **fields), status)
        assert said in page, fields
        assert (f'href="#{at}"' in page, re.findall(r'id="(\w+)-error"', page)) == (True, [at]), fields
        assert 'value="phophong"' in page or "deputy" in fields
    assert name(office, giver, giver="ai.do").status_code == 422
    assert name(office, console.person("kt", "kiemtoan")).status_code == 403
    assert f'href="{LIST}new"' not in text_of(console.person("kt2", "kiemtoan").get(LIST))


def test_to_name_somebody_a_sign_in_of_a_few_minutes_ago_is_needed(office: Office) -> None:
    console = Console(office)
    giver = console.person("qt", "quantri-coquan", unit=IT)
    office.officer("phophong", unit=IT)
    for _ in range(3):
        office.clock.advance(600)
        assert giver.get(LIST).status_code == 200
    assert giver.get(f"{LIST}new").status_code == 303
    assert name(office, giver).status_code in (303, 400)
    assert office.services.administration.people.deputies.of("") == []
