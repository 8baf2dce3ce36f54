"""What a SIM shows: a short text without accents, in the letters that every card knows.

Spec: 3GPP TS 23.038 §6.2.1 (the default alphabet of phones; no Vietnamese letters). Accents are folded rather than sent as UCS-2,
which halves the length and which older cards do not show; the full Vietnamese text stands in the browser. What is sent is kept
exactly as sent, since it is what the officer saw.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST: Final = 110
"""Characters that a service takes for display."""
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà")
_SEPARATE: Final = str.maketrans({"đ": "d", "Đ": "D", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})
CUT: Final = "..."
"""Stands where a text was cut."""


def sim_text(text: str, code: str, *, longest: int = LONGEST) -> str:
    """Give a text and the verification code, ``<text> <code>``, in the default alphabet, at most ``longest`` characters.

    The text is cut where there is no room, the code never; letters that no phone has become ``?``, white space one blank.

    Raises:
        ValueError: there is no room for the code.
    """
    room = longest - len(code) - 1
    if room < len(CUT):
        raise ValueError("no room for the code")
    short = folded(text)
    if len(short) > room:
        short = short[:room - len(CUT)].rstrip() + CUT
    return f"{short} {code}".lstrip()


def folded(text: str) -> str:
    """Give a text without accents, in one line, in the default alphabet."""
    letters = unicodedata.normalize("NFD", " ".join(text.split()).translate(_SEPARATE))
    kept = (letter for letter in letters if not unicodedata.combining(letter))
    return "".join(letter if letter in _BASIC and letter not in "\r\n" else "?" for letter in kept)
