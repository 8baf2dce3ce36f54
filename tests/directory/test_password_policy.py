"""What follows from the directory's answer, and what is wrong with a new password at first sight."""

from __future__ import annotations

import unicodedata

import pytest

from idp.directory.officer import BindOutcome, BindResult, ChangeResult
from idp.directory.password_policy import Dialogue, PasswordRules, days_left, next_step, problem_with, rules_for

RULES = PasswordRules(12)


@pytest.mark.parametrize(("outcome", "step"), [
    (BindOutcome(BindResult.ACCEPTED), Dialogue.GO_ON),
    (BindOutcome(BindResult.ACCEPTED, expires_in_seconds=15 * 86400), Dialogue.GO_ON),
    (BindOutcome(BindResult.ACCEPTED, expires_in_seconds=14 * 86400), Dialogue.EXPIRES_SOON),
    (BindOutcome(BindResult.ACCEPTED, expires_in_seconds=1), Dialogue.EXPIRES_SOON),
    (BindOutcome(BindResult.ACCEPTED, grace_left=0), Dialogue.GRACE),
    (BindOutcome(BindResult.ACCEPTED, grace_left=2, expires_in_seconds=5), Dialogue.GRACE),
    (BindOutcome(BindResult.MUST_CHANGE), Dialogue.MUST_CHANGE),
    (BindOutcome(BindResult.EXPIRED), Dialogue.EXPIRED),
    *((BindOutcome(result), Dialogue.REFUSED) for result in (BindResult.WRONG, BindResult.LOCKED, BindResult.DISABLED))])
def test_each_answer_has_one_next_step(outcome: BindOutcome, step: Dialogue) -> None:
    assert next_step(outcome) is step


@pytest.mark.parametrize(("seconds", "days"), [(0, 1), (86399, 1), (86400, 1), (2 * 86400, 2), (14 * 86400, 14)])
def test_days_left_are_whole_and_at_least_one(seconds: int, days: int) -> None:
    assert days_left(seconds) == days


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
