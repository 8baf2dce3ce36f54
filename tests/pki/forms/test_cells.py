"""What officials type and what spreadsheets make of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.pki.forms import Cell, Flaw, cells
from idp.pki.forms.cells import CellError
from idp.spreadsheet import harmless

ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.dates())
READERS = (cells.day, cells.identity_number, cells.phone, cells.mail, cells.serial, cells.iccid, cells.device_serial,
           cells.tax_code,
           cells.unit_code, cells.entry, cells.text(40), cells.chosen({"yes": "x|có"}))


def flaw(read: Callable[[Cell], str], cell: Cell) -> Flaw:
    with pytest.raises(CellError) as refused:
        read(cell)
    return refused.value.flaw


@pytest.mark.parametrize("typed", ["05/09/1980", "5/9/1980", "05-09-1980", "5.9.1980", " 05/09/1980 ", "1980-09-05",
                                   "1980-09-05T00:00:00", date(1980, 9, 5), 29469, 29469.0, "29469"])
def test_days(typed: Cell) -> None:
    assert cells.day(typed) == "1980-09-05"


@pytest.mark.parametrize(("typed", "wrong"), [
    ("01/01/0001", Flaw.NO_SUCH_DAY), (date(9999, 12, 31), Flaw.NO_SUCH_DAY),
    ("31/02/1980", Flaw.NO_SUCH_DAY), ("13/13/1980", Flaw.NO_SUCH_DAY), ("1980", Flaw.NOT_A_DATE), ("05/09/80", Flaw.NOT_A_DATE),
    ("hôm nay", Flaw.NOT_A_DATE), (29469.5, Flaw.NOT_A_DATE), (1, Flaw.NOT_A_DATE), ("0000-01-01", Flaw.NO_SUCH_DAY),
    ("٠٥/٠٩/١٩٨٠", Flaw.NOT_A_DATE)])
def test_what_is_no_day(typed: Cell, wrong: Flaw) -> None:
    assert flaw(cells.day, typed) is wrong


@pytest.mark.parametrize(("typed", "number"), [
    ("093080000001", "093080000001"), ("093 080 000 001", "093080000001"), ("093.080.000001", "093080000001"),
    (93080000001, "093080000001"), (93080000001.0, "093080000001"), ("363000001", "363000001"), (36300001, "036300001"),
    ("b1234567", "B1234567"), ("'093080000001", "'093080000001")])
def test_identity_numbers(typed: Cell, number: str) -> None:
    if number.startswith("'"):
        # An apostrophe goes only where it keeps something from being a formula.
        assert flaw(cells.identity_number, typed) is Flaw.NOT_AN_IDENTITY_NUMBER
    else:
        assert cells.identity_number(typed) == number


@pytest.mark.parametrize("typed", ["93080000001", "0930000000", "36300001", "0930800000012", "09308000000X", "BB123456",
                                   "không có",
                                   -93080000001])
def test_a_zero_is_put_back_only_where_a_spreadsheet_dropped_it(typed: Cell) -> None:
    assert flaw(cells.identity_number, typed) is Flaw.NOT_AN_IDENTITY_NUMBER


@pytest.mark.parametrize(("typed", "number"), [
    ("0912345678", "0912345678"), ("0912 345 678", "0912345678"), ("0912.345.678", "0912345678"), ("+84 912 345 678",
                                                                                                   "0912345678"),
    ("84912345678", "0912345678"), ("0084912345678", "0912345678"), ("+84 (0)912345678", "0912345678"), (912345678, "0912345678"),
    (912345678.0, "0912345678"), ("02933878878", "02933878878"), ("'+84912345678", "0912345678")])
def test_phones(typed: Cell, number: str) -> None:
    assert cells.phone(typed) == number


@pytest.mark.parametrize("typed", ["912345678", "091234567", "09123456789", "0112345678", "0293387887", "+1 202 555 0100",
                                   "abc", 12345678])
def test_what_is_no_phone(typed: Cell) -> None:
    assert flaw(cells.phone, typed) is Flaw.NOT_A_PHONE


def test_mail_addresses_in_small_letters() -> None:
    assert cells.mail(" NVMau@HauGiang.gov.vn ") == "nvmau@haugiang.gov.vn"
    for typed in ("nvmau", "nvmau@", "nvmau@haugiang", "nv mau@haugiang.gov.vn", "a@b.vn; c@d.vn", "x" * 65 + "@haugiang.gov.vn",
                  "nvmẫu@haugiang.gov.vn", "a..b@haugiang.gov.vn", "a@-b.vn"):
        assert flaw(cells.mail, typed) is Flaw.NOT_A_MAIL


def test_serial_numbers_are_hexadecimal() -> None:
    assert cells.serial("54:01:0A FF") == "54010aff"
    assert cells.serial("0054010AFF") == "54010aff"
    assert cells.serial(1234) == "1234"
    for typed in ("xyz", "0", "f" * 41):
        assert flaw(cells.serial, typed) is Flaw.NOT_A_SERIAL


@pytest.mark.parametrize("read", [cells.serial, cells.iccid, cells.device_serial, cells.tax_code, cells.phone,
                                  cells.identity_number])
@pytest.mark.parametrize("typed", [8984048000001234567.0, 8984048000001234567, 1.5, "8.98405E+18", "8,98E18"])
def test_a_number_that_the_spreadsheet_rounded_is_refused(read: Callable[[Cell], str], typed: Cell) -> None:
    if isinstance(typed, str) and read in (cells.device_serial,):
        assert flaw(read, typed) in (Flaw.DIGITS_LOST, Flaw.NOT_A_CARD_NUMBER)
    else:
        assert flaw(read, typed) is Flaw.DIGITS_LOST


def test_cards_devices_and_codes() -> None:
    assert cells.iccid("8984 0480 0000 1234 567") == "8984048000001234567"
    assert flaw(cells.iccid, "1234048000001234567") is Flaw.NOT_A_CARD_NUMBER
    assert cells.device_serial("01-ab 2233") == "01-AB 2233"
    assert flaw(cells.device_serial, "=1") is Flaw.NOT_A_CARD_NUMBER
    assert cells.tax_code("6300000000-001") == "6300000000-001"
    assert flaw(cells.tax_code, "mst") is Flaw.NOT_A_TAX_CODE
    assert cells.unit_code("000.02.11.h30") == cells.unit_code(" H30.11.2 ") == "H30.11.2"
    assert flaw(cells.unit_code, "Long Mỹ") is Flaw.NOT_A_UNIT_CODE
    assert cells.entry("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6") == "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    assert flaw(cells.entry, "nvmau") is Flaw.NOT_AN_ENTRY


def test_texts_are_one_line_of_nfc_without_invisible_signs() -> None:
    typed = unicodedata.normalize("NFD", "Nguyễn  Văn\n Mẫu ")
    assert cells.text(40)(typed) == "Nguyễn Văn Mẫu"
    assert flaw(cells.text(40), "Nguyễn‮ Văn") is Flaw.UNREADABLE
    assert flaw(cells.text(40), "Nguyễn\0Văn") is Flaw.UNREADABLE
    assert flaw(cells.text(5), "Nguyễn") is Flaw.TOO_LONG


def test_choices_by_their_words_with_or_without_accents() -> None:
    read = cells.chosen({"yes": "Có|x", "no": "Không"})
    assert [read(typed) for typed in ("CÓ", "co", "X", "yes", True, "khong ")] == ["yes", "yes", "yes", "yes", "yes", "no"]
    assert flaw(read, "có lẽ") is Flaw.UNKNOWN_CHOICE


def test_words_without_accents() -> None:
    assert cells.folded("  Số CMND/CCCD; Đơn vị ") == "so cmnd cccd don vi"


@given(ANY)
def test_every_cell_is_taken_or_refused(cell: Cell) -> None:
    for read in READERS:
        try:
            taken = read(cell)
        except CellError:
            continue
        assert isinstance(taken, str)
        assert taken == unicodedata.normalize("NFC", taken)
        if read is not cells.day:
            assert read(taken) == taken


@given(st.text(max_size=40))
@example("\n")
@example("\uff1d1")
@example("=\u0338")
def test_what_was_kept_from_being_a_formula_reads_as_it_was(typed: str) -> None:
    if not typed.startswith("'"):
        assert cells.plain(harmless(typed)) == cells.plain(typed)


def test_an_apostrophe_within_a_text_is_of_the_text() -> None:
    assert cells.plain("a'=b") == "a'=b"
    assert cells.plain("'=b") == "=b"
