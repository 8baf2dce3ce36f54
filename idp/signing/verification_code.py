"""The four digits on both screens: whoever compares them knows that phone and browser speak of the same document.

Spec: none; the usual code of SIM signing in Europe: the first six bits of the hash and its last seven, as four decimal digits.
It is made from the hash that is stored, never from one that a browser sends (security checklist 57).
"""

from __future__ import annotations


def verification_code(digest: bytes) -> str:
    """Give ``0000`` to ``8191`` for a hash of at least 20 octets.

    Raises:
        ValueError: it is shorter than any hash in use.
    """
    if len(digest) < 20:
        raise ValueError("not a hash")
    return f"{(digest[0] & 0xFC) << 5 | digest[-1] & 0x7F:04d}"
