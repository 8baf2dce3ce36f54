"""What is wrong with a new password at first sight."""

from __future__ import annotations

import unicodedata

import pytest

from idp.directory.officer import ChangeResult
from idp.directory.password_policy import PasswordRules, problem_with, rules_for

RULES = PasswordRules(12)


@pytest.mark.parametrize(("new", "again", "problem"), [
    ("Mot-Mat-Khau-2026", "Mot-Mat-Khau-2026", None),
    ("Mật khẩu mới 2026", unicodedata.normalize("NFD", "Mật khẩu mới 2026"), None),
    ("Mot-Mat-Khau-2026", "Mot-Mat-Khau-2027", "mismatch"),
    ("ngan", "ngan", "too_short"),
    (unicodedata.normalize("NFD", "ệệệệ"), "ệệệệ", "too_short"),
    ("HauGiang-2026!", "HauGiang-2026!", "in_history"),
    ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "too_simple"),
    ("xin-CANBO-2026", "xin-CANBO-2026", "too_simple")])
def test_a_new_password_is_judged_before_the_directory_is_asked(new: str, again: str, problem: str | None) -> None:
    assert problem_with(new, again=again, old="HauGiang-2026!", uid="canbo", rules=RULES) == problem
    assert problem is None or problem == "mismatch" or problem in set(ChangeResult)


def test_tcvn14423_level_3_asks_for_eight_with_a_second_factor_and_fourteen_of_four_kinds_without() -> None:
    assert rules_for(security_level=2, second_factor=False) == PasswordRules(12)
    assert rules_for(security_level=3, second_factor=True) == PasswordRules(8)
    strict = rules_for(security_level=3, second_factor=False)
    assert strict == PasswordRules(14, classes=4)
    assert problem_with("motmatkhaudaihon", again="motmatkhaudaihon", old="", uid="canbo", rules=strict) == "too_simple"
    assert problem_with("Mot-Mat-Khau-26", again="Mot-Mat-Khau-26", old="", uid="canbo", rules=strict) is None


@pytest.mark.parametrize("new", ["nguyenvanmau-2026", "Nguyễn Văn Mẫu 2026", "2026-NGUYEN VAN MAU", "Nguye\u0302\u0303n Văn Mẫu"])
def test_a_password_that_holds_the_full_name_is_too_simple(new: str) -> None:
    for name, problem in (("Nguyễn Văn Mẫu", "too_simple"), ("Út", None), ("", None), ("Trần Văn Mẫu", None)):
        assert problem_with(new, again=new, old="", uid="canbo", name=name, rules=RULES) == problem
