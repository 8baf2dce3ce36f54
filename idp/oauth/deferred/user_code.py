"""The code that an officer reads on one device and types on another.

Spec: RFC 8628 §6.1. Eight consonants, so that no word comes out and nothing looks like a digit: 20^8 codes, of which a handful
live at a time and a few dozen may be guessed in an hour (``device_authorization``).
"""

from __future__ import annotations

import secrets
import unicodedata

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
LONGEST_TYPED = 64

_TELEX = str.maketrans({"\N{LATIN CAPITAL LETTER D WITH STROKE}": "DD", "\N{LATIN CAPITAL LETTER U WITH HORN}": "W"})
"""What the usual Vietnamese input method makes of two letters of the alphabet while it is on: DD, and W."""


def make() -> str:
    """Draw a code in its normal form: eight letters of the alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """Give a code as it is shown: ``WDJB-MJHT``."""
    return f"{code[:4]}-{code[4:]}"


def normal(typed: str) -> str:
    """Read what an officer typed: case, spaces and punctuation do not matter, nor does an input method that was left on.

    Returns:
        Eight letters of the alphabet; "" when it is no code.
    """
    if len(typed) > LONGEST_TYPED:
        return ""
    letters = unicodedata.normalize("NFKC", typed).upper().translate(_TELEX)
    code = "".join(sign for sign in letters if sign.isalnum())
    return code if len(code) == LENGTH and all(sign in ALPHABET for sign in code) else ""
