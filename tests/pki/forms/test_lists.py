"""Whole lists: headings wherever they stand, rows each for itself, and what is written reads back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from idp.adapters import sheets as adapter
from idp.adapters.sheets import SheetFiles
from idp.pki import forms
from idp.pki.forms import Cell, Flaw, ListError, Reading, reading, writing
from idp.pki.forms.catalogue import FORMS
from idp.pki.forms.report import of_list, sentence

TODAY = date(2026, 11, 27)
PERSONS = FORMS["mau01_ca_nhan"]
HEADINGS: Sequence[Cell] = ("STT", "Họ và tên", "Ngày sinh", "Số CMND/CCCD/Hộ chiếu; ngày cấp; nơi cấp",
                            "Địa chỉ thư điện tử công vụ",
                            "Tên cơ quan, tổ chức công tác", "Tỉnh/Thành phố", "Chức vụ", "Số điện thoại di động",
                            "Số hiệu chứng thư cũ (nếu có)", "SIM PKI")
GOOD: Sequence[Cell] = (1, "Nguyễn Văn Mẫu", "05/09/1980", "093080000001; 01/02/2016; Công an tỉnh Hậu Giang",
                        "nvmau@haugiang.gov.vn",
                        "Sở Nội vụ", "Hậu Giang", "Chuyên viên", "0912345678", "", "x")
RECORD = {"name": "Nguyễn Văn Mẫu", "birth_date": "1980-09-05", "identity_number": "093080000001",
          "identity_issued_on": "2016-02-01",
          "identity_issued_by": "Công an tỉnh Hậu Giang", "mail": "nvmau@haugiang.gov.vn", "unit_name": "Sở Nội vụ",
          "province": "Hậu Giang", "title": "Chuyên viên", "phone": "0912345678", "sim_pki": "yes"}


def read(*rows: Sequence[Cell], form: str = "mau01_ca_nhan") -> Reading:
    return reading.read(FORMS[form], rows, TODAY)


def with_(**cells: Cell) -> list[Cell]:
    """Give the good row with other cells, by the start of their heading in ASCII."""
    row = list(GOOD)
    keys = ["stt", "name", "birth", "identity", "mail", "unit", "province", "title", "phone", "old", "sim"]
    for key, value in cells.items():
        row[keys.index(key)] = value
    return row


def problems(*rows: Sequence[Cell]) -> list[tuple[int, str, str]]:
    return [(row.line, problem.flaw.value, problem.column) for row in read(HEADINGS, *rows).bad for problem in row.problems]


def refused(*rows: Sequence[Cell], form: str = "mau01_ca_nhan") -> ListError:
    with pytest.raises(ListError) as err:
        read(*rows, form=form)
    return err.value


def test_a_good_row() -> None:
    found = read(HEADINGS, GOOD)
    assert [dict(row.values) for row in found.good] == [RECORD]
    assert not found.bad


def test_headings_below_a_letterhead_in_any_order_with_the_words_that_people_use() -> None:
    found = read(("UBND TỈNH HẬU GIANG", None), ("", ""), ("DANH SÁCH CÁN BỘ, Hậu Giang, ngày 01 tháng 11 năm 2026",),
                 ("sdt", "ho ten", "CCCD", "ngay sinh", "Email cũ", "EMAIL (công vụ)", "don vi", "chuc vu"),
                 ("0912345678", "Nguyễn Văn Mẫu", "093080000001", "5/9/1980", "cu@x.vn", "nvmau@haugiang.gov.vn", "Sở Nội vụ",
                  "Chuyên viên"),
                 (None, None), ("", "Hậu Giang, ngày 27/11/2026"), ("", "", "NGƯỜI LẬP"))
    assert [row.line for row in found.good] == [5]
    assert found.headers == {"sdt": "phone", "ho ten": "name", "CCCD": "identity_number", "ngay sinh": "birth_date",
                             "Email cũ": "",
                             "EMAIL (công vụ)": "mail", "don vi": "unit_name", "chuc vu": "title"}


def test_one_bad_row_keeps_no_other_back() -> None:
    found = read(HEADINGS, with_(birth="31/02/1980"), with_(identity="093080000002", mail="khac@haugiang.gov.vn"))
    assert [row.line for row in found.good] == [3]
    assert [(row.line, [problem.flaw for problem in row.problems]) for row in found.bad] == [(2, [Flaw.NO_SUCH_DAY])]


@pytest.mark.parametrize(("cells", "flaw", "column"), [
    ({"mail": ""}, "missing", "mail"), ({"name": None}, "missing", "name"), ({"phone": "123"}, "not_a_phone", "phone"),
    ({"identity": "0930000000"}, "not_an_identity_number", "identity_number"),
    ({"identity": "093080000001; 01/01/2030"}, "in_the_future", "identity_issued_on"),
    ({"identity": "093080000001; 01/02/1970"}, "ends_before_it_begins", "identity_issued_on"),
    ({"identity": "093080000001; 01/02/2016; Hậu Giang; gì nữa"}, "not_an_identity_number", "identity_number"),
    ({"sim": "chắc vậy"}, "unknown_choice", "sim_pki"), ({"old": "xyz"}, "not_a_serial", "old_serial"),
    ({"unit": "x" * 201}, "too_long", "unit_name")])
def test_what_is_wrong_is_said_with_its_column(cells: dict[str, Cell], flaw: str, column: str) -> None:
    assert problems(with_(**cells)) == [(2, flaw, column)]


def test_the_same_person_twice_by_number_or_by_mailbox() -> None:
    assert problems(GOOD, with_(mail="khac@haugiang.gov.vn"), with_(identity="093080000009")) == [(3, "twice", ""), (4, "twice",
                                                                                                                     "")]
    again = read(HEADINGS, GOOD, with_(mail="khac@haugiang.gov.vn")).bad[0].problems[0]
    assert (again.given, sentence(again)) == ("2", "Trùng với dòng 2. Vui lòng giữ lại một dòng.")


def test_two_people_of_one_name_are_two() -> None:
    assert not problems(GOOD, with_(identity="093080000002", mail="nvmau2@haugiang.gov.vn"))


def test_lists_that_are_none() -> None:
    assert refused().code == "no_heading"
    assert refused(("một", "hai"), ("ba", "bốn")).code == "no_heading"
    assert refused(HEADINGS).code == "no_rows"
    assert refused((*HEADINGS, "CCCD"), GOOD).facts == {"heading": "Số CMND/CCCD/Hộ chiếu; ngày cấp; nơi cấp"}
    lacking = refused(tuple(heading for heading in HEADINGS if heading != "Chức vụ"), GOOD)
    assert (lacking.code, lacking.facts) == ("missing_columns", {"columns": "Chức vụ"})
    assert refused(("Tên cơ quan", "Địa chỉ", "Email"), ("Sở Nội vụ", "2 Hòa Bình", "snv@haugiang.gov.vn"),
                   form="mau02_co_quan").facts == {"columns": "Mã số thuế / Mã quan hệ ngân sách"}


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    rows = [with_(identity=f"09308000000{n}", mail=f"m{n}@haugiang.gov.vn") for n in range(3)]
    assert len(read(HEADINGS, *rows[:2]).good) == 2
    assert refused(HEADINGS, *rows).code == "too_many_rows"


def test_results_match_by_mail_or_identity_number_and_need_one_of_them() -> None:
    headings = ("Email", "CCCD", "Số hiệu chứng thư", "Ngày cấp", "Ngày hết hạn", "Số hiệu thiết bị")
    found = read(headings, ("a@haugiang.gov.vn", None, "54:01:ab", "01/11/2026", "01/11/2031", "TK-0001"),
                 (None, "093080000001", "54:01:AC", "01/11/2026", "01/11/2031", "TK-0002"),
                 (None, None, "5401ad", "01/11/2026", "01/11/2031", "TK-0003"),
                 ("b@haugiang.gov.vn", None, "5401AB", "01/11/2026", "01/11/2025", "TK-0004"), form="ket_qua_cap")
    assert [row.values["serial"] for row in found.good] == ["5401ab", "5401ac"]
    assert [[problem.flaw.value for problem in row.problems] for row in found.bad] == [["missing"], ["ends_before_it_begins",
                                                                                                     "twice"]]


def test_which_list_it_is() -> None:
    for form in FORMS.values():
        assert reading.form_of([*writing.rows(form, [], hidden=True)]) is form
        assert reading.form_of(writing.blank(form)) is form
    assert reading.form_of([("một", "hai")]) is None


def sample(name: str) -> Mapping[str, str]:
    given = {"mail": "nvmau@haugiang.gov.vn", "phone": "0912345678", "serial": "5401ab", "old_serial": "5401aa",
             "iccid": "8984048000001234567",
             "device_serial": "TK-0001", "identity_number": "093080000001", "tax_code": "6300000000", "budget_code": "1013000",
             "unit_code": "H30.11", "entry_uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "not_before": "2026-11-01",
             "not_after": "2031-11-01", "on": "2026-11-02",
             "due_on": "2026-12-01", "birth_date": "1980-09-05", "identity_issued_on": "2016-02-01",
             "certificate": "MIIB"}
    form = FORMS[name]
    if name != "mau01_ca_nhan":
        given.pop("identity_issued_on")
    record = {column.key: next(iter(column.choices), given.get(column.key, "=Nguyễn; Văn, \"Mẫu\""))
              for column in form.columns if column.key}
    return {**record, "identity_issued_by": "Công an"} if "identity_issued_by" in record else record


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", FORMS)
def test_what_is_written_reads_back_as_it_was(name: str, kind: str) -> None:
    sheets, form, record = SheetFiles(), FORMS[name], sample(name)
    rows = writing.rows(form, [record], hidden=True)
    found = reading.read(form, sheets.read(sheets.csv(rows) if kind == "csv" else sheets.xlsx(rows, form.title)), TODAY)
    assert [dict(row.values) for row in found.good] == [record], found.bad


def test_no_cell_that_is_written_is_a_formula() -> None:
    record = {**RECORD, "name": "=HYPERLINK(1)", "title": "@sum", "unit_name": "-1", "province": "+84"}
    [_, row] = writing.rows(PERSONS, [record])
    assert [cell for cell in row if cell[:1] in ("=", "+", "-", "@")] == []
    found = read(HEADINGS, with_(name="=cmd|calc", birth="x")).bad
    assert writing.report(PERSONS, found)[1][1] == "'=cmd|calc"


def test_our_own_columns_only_where_asked_for() -> None:
    assert "Mã trong danh bạ" not in writing.blank(PERSONS)[0]
    assert "Mã trong danh bạ" in writing.rows(PERSONS, [], hidden=True)[0]


def test_what_is_to_be_corrected_is_a_list_too() -> None:
    found = read(HEADINGS, with_(mail="", birth="31/02/1980"))
    assert writing.report(PERSONS, found.bad)[1:] == [
        ["2", "Nguyễn Văn Mẫu", "Ngày sinh", "31/02/1980", "Ngày này không có trong lịch."],
        ["2", "Nguyễn Văn Mẫu", "Địa chỉ thư điện tử công vụ", "", "Ô này còn trống. Vui lòng điền."]]


def test_every_flaw_and_every_refusal_has_its_sentence() -> None:
    for flaw in Flaw:
        assert sentence(forms.Problem(flaw, "", "4")).endswith(".")
    sources = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in (reading, adapter))
    codes = set(re.findall(r'ListError\("(\w+)"', sources))
    assert len(codes) >= 10
    for code in codes:
        assert of_list(ListError(code, "", columns="x", heading="x")).endswith(".")
