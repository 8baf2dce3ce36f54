"""Passwords that an administrator makes for an officer who has none: shown once, good for one day, and only for being changed.

Sources: OWASP ASVS 5.0 6.4.1 (made at random, short-lived, never a long-term password), security checklist 33, trust-services
D.8 (change at the first sign-in). The directory marks such a password as one to be changed; how long it is good, and that it
is good for nothing else, is remembered here as well, so that it holds with directories that know no such mark. What is kept is
the digest of officer and password: whatever password the officer has later, or another tool sets, is not concerned.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
_DIGITS: Final = "23456789"
_GROUPS, _GROUP_LENGTH = 4, 4


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """A password as it is told, once.

    Attributes:
        expires_at: From when on it opens nothing.
    """

    password: str
    expires_at: int


class OneTimePasswordStore(Protocol):
    """Where they are remembered. Every verb may raise UnavailableError(dependency="database")."""

    def keep(self, digest: bytes, entry_uuid: str, expires_at: int, record: AuditRecord) -> None:
        """Remember one, durably and together with the record; earlier ones of the officer stay known for what they are."""
        ...

    def expiry_of(self, digest: bytes) -> int | None:
        """Tell until when one is good; None for any other password."""
        ...

    def forget(self, entry_uuid: str) -> None:
        """Forget all of an officer, who has a password of their own now."""
        ...


class OneTimePasswords:
    """Makes and recognises them.

    Args:
        store: Where they are remembered.
        clock: Source of the time.
        lifetime_seconds: How long one is good.
    """

    def __init__(self, store: OneTimePasswordStore, clock: Clock, *, lifetime_seconds: int) -> None:
        self._store = store
        self._clock = clock
        self._lifetime = lifetime_seconds

    def make(self, entry_uuid: str, *, sub: str, caller: Caller) -> OneTimePassword:
        """Make one and remember it, before it is set anywhere; PASSWORD_RESET is recorded with it."""
        password, now = made(), self._clock.now()
        until = now + self._lifetime
        self._store.keep(digest_of(entry_uuid, password), entry_uuid, until, AuditRecord(
            AuditEvent.PASSWORD_RESET, now, sub=sub, source=caller.source, request_id=caller.request_id,
            detail={"expires_at": until, **caller.by}))
        return OneTimePassword(password, until)

    def standing(self, entry_uuid: str, password: str) -> Literal["", "good", "over"]:
        """Tell what a password of an officer is: one-time and good, one-time and too old, or ("") neither."""
        until = self._store.expiry_of(digest_of(entry_uuid, password))
        if until is None:
            return ""
        return "good" if self._clock.now() < until else "over"

    def changed(self, entry_uuid: str) -> None:
        """Note that the officer has a password of their own now."""
        self._store.forget(entry_uuid)


def made() -> str:
    """Make a password that can be read out on the telephone: four groups of four, a capital first, 70 bits at least.

    No letter or digit looks like another. It holds letters of both sizes, a digit and hyphens, for any directory's rules.
    """
    while True:
        groups = ["".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)]
        text = "-".join(groups)
        if text[0] in _LETTERS and any(c in _DIGITS for c in text) and len(set(text)) > 5:
            return text[0].upper() + text[1:]


def digest_of(entry_uuid: str, password: str) -> bytes:
    """Give what is kept of it: SHA-256 is enough for what was made at random."""
    text = f"{entry_uuid}\0{unicodedata.normalize('NFC', password)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
