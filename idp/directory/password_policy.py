"""What a new password must be like, and what is wrong with one at first sight.

Source: draft-behera-ldap-password-policy-11 §4 to §6; trust-services D.8 (lengths). The directory decides; what stands here
only spares people a round trip for what is wrong at first sight, and turns answers into codes. The codes are the words
that pages and the command line look their texts up by.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .mirror import search_key
from .officer import ChangeResult


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What a page says about a new password before it is sent.

    Attributes:
        min_length: Characters (code points in NFC).
        classes: How many of lower case, upper case, digits and others must occur.
    """

    min_length: int
    classes: int = 1


def rules_for(*, security_level: int, second_factor: bool) -> PasswordRules:
    """Give the rules: 12 characters; at level 3 eight with a second factor, else 14 of four kinds (D.8)."""
    if security_level < 3:
        return PasswordRules(12)
    return PasswordRules(8) if second_factor else PasswordRules(14, classes=4)


def problem_with(new: str, *, again: str, old: str, uid: str, rules: PasswordRules, name: str = "") -> str | None:
    """Name what is wrong with a new password at first sight.

    Args:
        new: As typed.
        again: As typed the second time.
        old: The current password.
        uid: Login name; a password that holds it is too simple.
        rules: What is asked of it.
        name: Full name; a password that holds it, with or without marks and spaces, is too simple.

    Returns:
        ``mismatch``, ``too_short``, ``in_history`` (the current one), ``too_simple``, or None.
    """
    typed = unicodedata.normalize("NFC", new)
    if typed != unicodedata.normalize("NFC", again):
        return "mismatch"
    if len(typed) < rules.min_length:
        return ChangeResult.TOO_SHORT.value
    if typed == unicodedata.normalize("NFC", old):
        return ChangeResult.IN_HISTORY.value
    few = len(set(typed)) < 5 or _classes(typed) < rules.classes
    plain, own = (search_key(text).replace(" ", "") for text in (typed, name))
    if few or (len(uid) > 3 and uid.lower() in typed.lower()) or (len(own) > 5 and own in plain):
        return ChangeResult.TOO_SIMPLE.value
    return None


def _classes(text: str) -> int:
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(kind(c) for c in text) for kind in kinds)
