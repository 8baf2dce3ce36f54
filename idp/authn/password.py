"""What people type as a name and a password, before the directory is asked.

Spec: RFC 8265 in spirit (one normal form everywhere), security checklist lines 24 and 25. The rules look at the typed text
only: a hint never tells whether a password was nearly right.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

from ..directory.officer import BindResult

MAX_PASSWORD_BYTES: Final = 256
MAX_LOGIN_NAME: Final = 254

_INVISIBLE: Final = {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f"}

Hint = Literal["caps_lock", "input_method"]


def normalise_login_name(text: str, *, mail_domain: str) -> str:
    """Give the one form of a login name that is used everywhere.

    Args:
        text: As typed: uid or official mail, any case, stray spaces, NFC or NFD.
        mail_domain: Domain of official mail; a doubled or missing-dot domain is not guessed.

    Returns:
        Lower-case NFC text without white space round it, or an empty string for what cannot be a name: control characters,
        white space inside, more than 254 characters. A mail address keeps its domain.
    """
    cleaned = "".join(c for c in unicodedata.normalize("NFKC", text[: 4 * MAX_LOGIN_NAME]) if c not in _INVISIBLE).strip()
    if len(cleaned) > MAX_LOGIN_NAME or any(c.isspace() or unicodedata.category(c).startswith("C") for c in cleaned):
        return ""
    name = unicodedata.normalize("NFC", cleaned.casefold())
    local, at, domain = name.rpartition("@")
    if at and domain.rstrip(".") == mail_domain.casefold():
        return f"{local}@{mail_domain.casefold()}"
    return name


def acceptable_password(password: str) -> bool:
    """Tell whether a password may be shown to a directory at all.

    An empty one would be an anonymous bind (RFC 4513 §5.1.2); control characters and more than 256 bytes are nobody's password.
    """
    return (0 < len(password.encode("utf-8", "replace")) <= MAX_PASSWORD_BYTES
            and not any(unicodedata.category(c) in {"Cc", "Cs"} for c in password))


def password_hint(password: str, *, result: BindResult) -> Hint | None:
    """Say what the typing suggests after a refusal: letters with Vietnamese marks, or no lower-case letter at all.

    Args:
        password: As typed.
        result: Only WRONG gives a hint.
    """
    if result is not BindResult.WRONG:
        return None
    letters = [c for c in unicodedata.normalize("NFC", password) if c.isalpha()]
    if any(not c.isascii() for c in letters):
        return "input_method"
    if len(letters) >= 2 and all(c.isupper() for c in letters):
        return "caps_lock"
    return None
