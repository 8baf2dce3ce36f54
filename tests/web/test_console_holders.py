"""The console's page of role holders: seen by whoever administers as a whole, narrowed, and taken as a file for a purpose."""

from __future__ import annotations

from idp.directory.unit import Unit, UnitEntry
from tests.administration.office import HOME, IT, Office
from tests.web.console import Console

from .test_console_deputies import name
from .test_console_officers import office as office
from .test_console_officers import text_of

LIST = "/admin/role-holders/"


def test_who_has_which_role_until_when_and_the_list_as_a_file(office: Office) -> None:
    console = Console(office)
    agency, province = console.person("qt", "quantri-coquan", unit=IT), console.person("quantri", "quantri-tinh", unit=HOME)
    deputy = office.officer("phophong", unit=IT)
    assert name(office, agency).status_code == 303
    assert LIST in text_of(agency.get("/admin/officers/"))
    office.services.mirroring.units.note_unit(UnitEntry("unit-it", Unit(IT, "", "Sở")), now=office.clock.now())
    of_agency = f"{LIST}?unit={IT}"
    assert f'href="{of_agency}"' in text_of(agency.get(f"/admin/agencies/{IT}"))
    assert f"/admin/officers/{deputy}" in text_of(agency.get(of_agency))
    page = text_of(agency.get(f"{LIST}?role=agency_administrator&state=ending&unit=x"))
    assert f"/admin/officers/{deputy}" in page
    assert "Làm thay Nguyễn Văn Mẫu" in page
    assert page.count("/admin/officers/") - page.count('href="/admin/officers/"') == 1 + page.count('action="/admin/officers/"')
    assert "Quản trị tỉnh" not in text_of(agency.get(LIST)).partition("<tbody>")[2]
    assert "Quản trị tỉnh" in text_of(province.get(LIST)).partition("<tbody>")[2]
    assert "Không ai có vai trò như vậy" in text_of(agency.get(f"{LIST}?role=auditor"))
    ask = f"{LIST}file?role=agency_administrator"
    assert "role=agency_administrator" in text_of(agency.get(ask))
    assert "Vui lòng ghi mục đích" in text_of(agency.post(f"{LIST}file", ask, purpose=" "), 422)
    file = agency.post(f"{LIST}file", ask, purpose="Rà soát", form="csv", role="agency_administrator")
    assert file.headers["Content-Disposition"] == 'attachment; filename="vai-tro.csv"'
    assert file.get_data().decode("utf-8-sig").count("Quản trị đơn vị") == 2
    assert console.person("ht", "hotro-nguoidung", unit=IT).get(LIST).status_code == 403
