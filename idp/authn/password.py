"""What people type as a name and a password, before the directory is asked.

Spec: RFC 8265 in spirit (one normal form everywhere), security checklist lines 24 and 25. The rules look at the typed text
only: a hint never tells whether a password was nearly right, and it is the same for a name that nobody has.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from ..directory.officer import BindResult

MAX_PASSWORD_BYTES: Final = 256
MAX_LOGIN_NAME: Final = 254

Hint = Literal["blanks", "caps_lock", "input_method"]

_RUN = re.compile(r"[A-Za-z]+")
_CAPITALISED = re.compile(r"[a-z]*(?:[A-Z][a-z]+)*\Z")
_TELEX = re.compile(r"(?:dd|[bcdghklmnpqrstvx]{0,3})[aeiouyw]{1,4}(?:ch|ng|nh|[cmnpt])?[sfrxj]\Z")
_TELEX_MARK = re.compile(r"aa|ee|oo|[aou]w|dd")
_VNI = re.compile(r"[aeiouy][1-8]{1,2}[a-z]|d9[a-z]")


def normalise_login_name(text: str, *, mail_domain: str) -> str:
    """Give the one form of a login name that is used everywhere.

    Args:
        text: As typed: uid or official mail, any case, NFC or NFD, with stray spaces, also the invisible ones that come with
            a copied address and the one that telephones add after a full stop.
        mail_domain: Domain of official mail; another domain is left as it is, and finds nobody.

    Returns:
        Lower-case NFC text without white space, or an empty string for what cannot be a name: control characters, more than
        254 characters. A mail address keeps its domain. The result of a result is the same.
    """
    kept = "".join(c for c in _folded(text[:4 * MAX_LOGIN_NAME]) if not c.isspace() and unicodedata.category(c) != "Cf")
    name = _folded(kept)
    local, at, domain = name.rpartition("@")
    if at and domain.rstrip(".") == mail_domain.casefold():
        name = f"{local}@{mail_domain.casefold()}"
    if len(name) > MAX_LOGIN_NAME or any(unicodedata.category(c).startswith("C") for c in name) or _folded(name) != name:
        return ""
    return name


def _folded(text: str) -> str:
    """Give the compatibility form without case, so that a full-width @ is an @ (Unicode §3.13, toNFKC_Casefold in spirit)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def acceptable_password(password: str) -> bool:
    """Tell whether a password may be shown to a directory at all.

    An empty one would be an anonymous bind (RFC 4513 §5.1.2); control characters and more than 256 bytes are nobody's password.
    """
    return (0 < len(unicodedata.normalize("NFC", password).encode("utf-8", "replace")) <= MAX_PASSWORD_BYTES
            and not any(unicodedata.category(c) in {"Cc", "Cs"} for c in password))


def password_hint(password: str, *, result: BindResult) -> Hint | None:
    """Say what the typing suggests after a refusal.

    Args:
        password: As typed.
        result: Only WRONG gives a hint.

    Returns:
        ``blanks`` for white space at an end, as a pasted password has it; ``input_method`` for letters with Vietnamese marks, or
        the key strokes that would have made such (Telex, VNI); ``caps_lock`` for capitals where usual writing has small letters;
        None otherwise.
    """
    if result is not BindResult.WRONG:
        return None
    typed = unicodedata.normalize("NFC", password[:MAX_PASSWORD_BYTES])
    if typed and any(c.isspace() or unicodedata.category(c) == "Cf" for c in (typed[0], typed[-1])):
        return "blanks"
    if any(c.isalpha() and not c.isascii() for c in typed):
        return "input_method"
    runs = _RUN.findall(typed)
    capitals = sum(c.isupper() for run in runs for c in run)
    small = sum(c.islower() for run in runs for c in run)
    if capitals >= 2 and capitals > small and all(_CAPITALISED.match(run.swapcase()) for run in runs):
        return "caps_lock"
    syllables = [run for run in map(str.lower, runs) if _TELEX.match(run) and _TELEX_MARK.search(run)]
    if len(syllables) >= 2 or len(_VNI.findall(typed.lower())) >= 2:
        return "input_method"
    return None
