"""Files of spreadsheets, as they come from desks of thirty agencies."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters import sheets
from idp.adapters.sheets import SheetFiles
from idp.pki.forms import ListError

FILES = SheetFiles()


def code(content: bytes) -> str:
    with pytest.raises(ListError) as refused:
        FILES.read(content)
    return refused.value.code


@pytest.mark.parametrize("content", [
    "a,b,c\nĐỗ,2,\"x;y;z\"\n".encode(), "\ufeffa,b,c\r\nĐỗ,2,x;y;z\r\n".encode(), "a;b;c\nĐỗ;2;\"x;y;z\"\n".encode(),
    "a\tb\tc\nĐỗ\t2\tx;y;z\n".encode(), "a\tb\tc\nĐỗ\t2\tx;y;z\n".encode("utf-16"),
    "sep=;\r\na;b;c\r\nĐỗ;2;\"x;y;z\"\r\n".encode(),
    "a,b,c\nĐỗ,2,x;y;z\n,,\n\n".encode()])
def test_csv_however_it_was_saved(content: bytes) -> None:
    assert FILES.read(content) == [["a", "b", "c"], ["Đỗ", "2", "x;y;z"]]


def test_what_is_no_list() -> None:
    assert code(b"") == code(b" \n ") == "empty"
    assert code("Nguyễn".encode("cp1258", "replace") + b"\xe3\xff") == "encoding"
    assert code(b"\xd0\xcf\x11\xe0" + bytes(600)) == "old_format"
    assert code(b"PK\x03\x04 and nothing more") == "unreadable"
    assert code(b"a,b\0c") == "unreadable"
    assert code(b'"' + b"x" * 200_000) == "unreadable"
    assert code(b"x" * (sheets.LONGEST_FILE + 1)) == "too_large"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as parts:
        parts.writestr("readme.txt", "a zip file of something else")
    assert code(other.getvalue()) == "unreadable"


def test_a_file_that_would_unpack_to_a_hundred_megabytes() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", bytes(97 * 2**20))
    assert len(bomb.getvalue()) < sheets.LONGEST_FILE
    assert code(bomb.getvalue()) == "too_large"


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 5)
    monkeypatch.setattr(sheets, "_HEADING_LINES", 0)
    rows = [["a", "b"]] * 6
    for content in (FILES.csv(rows), FILES.xlsx(rows, "x")):
        assert code(content) == "too_many_rows"
    assert len(FILES.read(FILES.csv(rows[:5]))) == len(FILES.read(FILES.xlsx(rows[:5], "x"))) == 5


def test_xlsx_of_somebody_elses_spreadsheet() -> None:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        sheet = book.add_worksheet("Danh sách")
        sheet.write_row(2, 1, ["Họ và tên", 93080000001, 1.5, True])
        sheet.write_datetime(2, 5, date(1980, 9, 5), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_formula(2, 6, "=1+1", None, 2)
    [row] = [row for row in FILES.read(written.getvalue()) if any(row)]
    assert row[1:] == ["Họ và tên", 93080000001, 1.5, True, date(1980, 9, 5), 2]


def test_xlsx_of_ours_holds_text_only() -> None:
    rows = [["STT", "Số"], ["1", "093080000001"], ["2", "=1+1"], ["3", "https://example.vn"], ["4", "05/09/1980"]]
    content = FILES.xlsx(rows, "Mẫu 01: [danh sách] có một cái tên rất dài")
    assert FILES.read(content) == rows
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_csv_of_ours_is_quoted_with_bom_and_crlf() -> None:
    assert FILES.csv([["a", 'b"'], ["", "Đỗ"]]) == '\ufeff"a","b"""\r\n"","Đỗ"\r\n'.encode()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode),
                 st.binary(max_size=100).map(lambda rest: b"PK\x03\x04" + rest)))
def test_every_file_is_read_or_refused(content: bytes) -> None:
    try:
        rows = FILES.read(content)
    except ListError:
        return
    assert all(isinstance(row, list) for row in rows)


@given(st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=10), min_size=3,
                         max_size=3),
                min_size=1, max_size=5))
def test_csv_reads_back_as_it_was_written(rows: list[list[str]]) -> None:
    rows = [["x", *row] for row in rows]
    assert FILES.read(FILES.csv(rows)) == rows


def workbook(sheet: str) -> bytes:
    """Make the smallest workbook that has these rows."""
    made, kind = io.BytesIO(), "application/vnd.openxmlformats-officedocument.spreadsheetml"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>'))
        parts.writestr("_rels/.rels", (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>'))
        parts.writestr("xl/workbook.xml", (
            f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{office}">'
            '<sheets><sheet name="a" sheetId="1" r:id="r"/></sheets></workbook>'))
        parts.writestr("xl/_rels/workbook.xml.rels", (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'))
        parts.writestr("xl/worksheets/sheet1.xml", (
            f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData>'
            "</worksheet>"))
    return made.getvalue()


def test_security_44_a_workbook_that_asks_for_more_memory_than_there_is_ends_nothing_of_ours() -> None:
    two = '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="{1}{0}"><v>2</v></c></row>'
    assert FILES.read(workbook(two.format(2, "B"))) == [[1, ""], ["", 2]]
    assert code(workbook(two.format(1_048_576, "XFD"))) == "unreadable"
    assert code(workbook(two.format(1_048_576, "A"))) == "too_many_rows"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", "\n ".encode("utf-16")])
def test_a_file_of_a_mark_alone_is_empty(content: bytes) -> None:
    assert code(content) == "empty"


def test_security_44_one_text_in_many_cells_is_not_taken_as_often_as_it_is_named() -> None:
    long = "ế" * 32_000

    def filled(rows: int) -> bytes:
        made = io.BytesIO()
        book = xlsxwriter.Workbook(made, {"in_memory": True})
        sheet = book.add_worksheet()
        for row in range(rows):
            for column in range(60):
                sheet.write_string(row, column, long)
        book.close()
        return made.getvalue()

    [row] = FILES.read(filled(1))
    assert {len(str(cell)) for cell in row} == {4_000}
    assert code(filled(40)) == "too_large"


def test_issue_7_a_long_list_leaves_piece_by_piece_and_is_the_same_list() -> None:
    rows = [["Họ và tên", "Ghi chú"], *([f"Nguyễn Văn {n}", "x" * 200] for n in range(1200))]
    assert b"".join(FILES.long_csv(iter(rows))) == FILES.csv(rows)
    assert FILES.read(b"".join(FILES.long_xlsx(iter(rows), "can-bo"))) == FILES.read(FILES.xlsx(rows, "can-bo"))


def test_issue_7_memory_does_not_grow_with_a_list_that_leaves() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            for _ in FILES.long_csv([str(n), "x" * 500] for n in range(count)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < 2 * peak(2_000)
