"""Names and passwords as people type them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.authn.password import acceptable_password, normalise_login_name, password_hint
from idp.directory.officer import BindResult

DOMAIN = "haugiang.gov.vn"


def name(text: str) -> str:
    return normalise_login_name(text, mail_domain=DOMAIN)


@pytest.mark.parametrize("typed", [
    "canbo", "CANBO", "CanBo", " canbo", "canbo ", "\tcanbo\r\n", "\u00a0canbo\u00a0", "can bo", "\u200bcanbo\ufeff",
    "can\u00adbo", "ｃａｎｂｏ", "\u202acanbo\u202c", "\u3000canbo"])
def test_a_uid_is_the_same_in_any_case_with_any_stray_space(typed: str) -> None:
    assert name(typed) == "canbo"


@pytest.mark.parametrize("typed", [
    "canbo@haugiang.gov.vn", "CanBo@HauGiang.Gov.VN", " canbo@haugiang.gov.vn ", "canbo @haugiang.gov.vn",
    "canbo＠haugiang.gov.vn", "canbo@haugiang. gov. vn", "canbo@haugiang.gov.vn."])
def test_an_official_address_is_the_same_in_any_case_with_any_stray_space(typed: str) -> None:
    assert name(typed) == "canbo@haugiang.gov.vn"


def test_the_space_that_a_telephone_adds_after_a_full_stop_is_taken_out() -> None:
    assert name("quantri. coquan") == "quantri.coquan"


def test_both_forms_of_unicode_are_one_name() -> None:
    assert name(unicodedata.normalize("NFD", "Đặng.Hằng")) == name("ĐẶNG.HẰNG") == "đặng.hằng"
    assert unicodedata.is_normalized("NFC", name(unicodedata.normalize("NFD", "Đặng.Hằng")))


@pytest.mark.parametrize("typed", ["", "   ", "\u200b", "can\0bo", "canbo\x07", "canbo\x7f", "\ud800", "a" * 255, "a" * 100_000])
def test_what_cannot_be_a_name_is_nobodys(typed: str) -> None:
    assert name(typed) == ""


@pytest.mark.parametrize("typed", ["canbo@gmail.com", "canbo@haugiang.gov.vn.evil.example", "a@b@c", "@", "*", "canbo)(uid=*"])
def test_what_is_strange_is_left_as_it_is_and_finds_nobody(typed: str) -> None:
    assert name(typed) == typed


@settings(max_examples=2000, deadline=None)
@given(st.text(max_size=300))
def test_security_25_normalising_twice_changes_nothing(typed: str) -> None:
    once = name(typed)
    assert name(once) == once
    assert len(once) <= 254
    assert not any(c.isspace() or unicodedata.category(c).startswith("C") for c in once)
    once.encode()


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="abcđêôơưạ.-_0189", min_size=1, max_size=40), st.sampled_from(["NFC", "NFD"]), st.booleans())
def test_case_form_and_spaces_never_make_another_name(uid: str, form: str, upper: bool) -> None:
    typed = unicodedata.normalize(form, uid.upper() if upper else uid)  # type: ignore[arg-type]
    assert name(f"  {typed} ") == name(uid)


@pytest.mark.parametrize("password", ["a", "HauGiang-2026!", "Mật khẩu 7", "x" * 256, "👍" * 64, " ", "\u200d"])
def test_a_password_of_a_person_is_acceptable(password: str) -> None:
    assert acceptable_password(password)


@pytest.mark.parametrize("password", [
    "", "\0", "abc\0", "abc\n", "\tabc", "a\x7f", "a\x85", "x" * 257, "ê" * 129, "\ud800", "abc\udfff", "x" * 100_000])
def test_security_24_empty_long_and_control_passwords_are_not(password: str) -> None:
    assert not acceptable_password(password)


def test_length_is_measured_in_the_form_that_is_sent() -> None:
    assert acceptable_password(unicodedata.normalize("NFD", "ệ" * 80))


@pytest.mark.parametrize("password", ["HAUGIANG-2026!", "hAUgIANG-2026!", "mATkHAU", "ABC", "AB", "QWERTY123", "hAU gIANG"])
def test_capitals_where_small_letters_belong_suggest_caps_lock(password: str) -> None:
    assert password_hint(password, result=BindResult.WRONG) == "caps_lock"


@pytest.mark.parametrize("password", [
    "HâuGiang-2026!", "Mật khẩu", unicodedata.normalize("NFD", "Mật khẩu"), "đ", "MẬT KHẨU",
    "maatj khaaur", "Maatj-Khaaur-2026", "ddawngj nhaapj", "ma65t kha63u", "d9a8ng nha65p"])
def test_vietnamese_marks_or_their_key_strokes_suggest_the_input_method(password: str) -> None:
    assert password_hint(password, result=BindResult.WRONG) == "input_method"


@pytest.mark.parametrize("password", [" HauGiang-2026!", "HauGiang-2026! ", "HAUGIANG\u00a0", "\u200bxK9-dW2-pL7", " "])
def test_white_space_at_an_end_is_said_first(password: str) -> None:
    assert password_hint(password, result=BindResult.WRONG) == "blanks"


@pytest.mark.parametrize("password", [
    "", "HauGiang-2026!", "haugiang", "12345678", "A", "a1b2c3", "correct horse battery staple", "boots", "xK9-dW2-pL7",
    "Tr0ub4dor&3", "iPhone", "McDonald", "!@#$%"])
def test_ordinary_typing_gives_no_hint(password: str) -> None:
    assert password_hint(password, result=BindResult.WRONG) is None


@pytest.mark.parametrize("result", [result for result in BindResult if result is not BindResult.WRONG])
def test_only_a_refusal_gives_a_hint(result: BindResult) -> None:
    assert password_hint("HAUGIANG", result=result) is None


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_judged_without_an_error(password: str) -> None:
    assert acceptable_password(password) in {True, False}
    assert password_hint(password, result=BindResult.WRONG) in {None, "blanks", "caps_lock", "input_method"}
