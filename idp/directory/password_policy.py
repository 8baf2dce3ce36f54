"""The dialogue about a password: what a sign-in's outcome asks for, and what is wrong with a new one.

Source: draft-behera-ldap-password-policy-11 §4 to §6; trust-services D.8 (lengths). The directory decides; what stands here
only spares people a round trip for what is wrong at first sight, and turns answers into codes. The codes are the words
that pages and the command line look their texts up by.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from .officer import BindOutcome, BindResult, ChangeResult

WARN_BEFORE_SECONDS = 14 * 86400
"""From when on an officer is reminded that the password will expire."""


class Dialogue(StrEnum):
    """What comes next after the directory's answer to a password."""

    GO_ON = "go_on"
    """Nothing to say."""
    EXPIRES_SOON = "expires_soon"
    """Signed in; the notice names the days left and leads to the change."""
    GRACE = "grace"
    """Signed in with an expired password; the change is offered at once and names the sign-ins left."""
    MUST_CHANGE = "must_change"
    """The change comes before anything else."""
    EXPIRED = "expired"
    """Right, but too late: only the agency's administrator can help."""
    REFUSED = "refused"
    """One text for unknown, wrong, locked and disabled (security checklist 23)."""


def next_step(outcome: BindOutcome) -> Dialogue:
    """Tell what comes next."""
    if outcome.result is BindResult.MUST_CHANGE:
        return Dialogue.MUST_CHANGE
    if outcome.result is BindResult.EXPIRED:
        return Dialogue.EXPIRED
    if outcome.result is not BindResult.ACCEPTED:
        return Dialogue.REFUSED
    if outcome.grace_left is not None:
        return Dialogue.GRACE
    if outcome.expires_in_seconds is not None and outcome.expires_in_seconds <= WARN_BEFORE_SECONDS:
        return Dialogue.EXPIRES_SOON
    return Dialogue.GO_ON


def days_left(expires_in_seconds: int) -> int:
    """Give the whole days that remain, at least one, as a notice says them."""
    return max(1, expires_in_seconds // 86400)


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


def problem_with(new: str, *, again: str, old: str, uid: str, rules: PasswordRules) -> str | None:
    """Name what is wrong with a new password at first sight.

    Args:
        new: As typed.
        again: As typed the second time.
        old: The current password.
        uid: Login name; a password that holds it is too simple.
        rules: What is asked of it.

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
    if few or (len(uid) > 3 and uid.lower() in typed.lower()):
        return ChangeResult.TOO_SIMPLE.value
    return None


def _classes(text: str) -> int:
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(kind(c) for c in text) for kind in kinds)
