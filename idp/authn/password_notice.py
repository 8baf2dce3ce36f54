"""When an officer is told, on the way in, that the password is going to end: near its end, and once a day at most.

Source: draft-behera-ldap-password-policy-11 §6.2 (timeBeforeExpiration). A page between sign-in and application is a step that
nobody asked for, so it comes rarely and is never in the way: "later" leads on, and nothing is asked where the application
allows no questions (prompt=none never passes a sign-in page).
"""

from __future__ import annotations

from typing import Final, Protocol

from ..clock import Clock

DAY: Final = 86400


class Once(Protocol):
    """What may come once until a moment; several callers at once are told apart. May raise UnavailableError."""

    def take(self, kind: str, value: str, *, now: int, expires_at: int) -> bool:
        """Take a value; of several callers exactly one gets True until it expires."""
        ...


class PasswordNotices:
    """The rule.

    Args:
        once: Remembers who was told today, for all nodes.
        clock: Source of the time.
        days: Days before the end from which on it is spoken of; 0 for never.
    """

    def __init__(self, once: Once, clock: Clock, *, days: int) -> None:
        self._once = once
        self._clock = clock
        self._seconds = days * DAY

    def end_of(self, expires_in_seconds: int | None) -> int | None:
        """Give the moment at which a password ends, where that is near enough to be spoken of."""
        if expires_in_seconds is None or expires_in_seconds > self._seconds or not self._seconds:
            return None
        return self._clock.now() + max(0, expires_in_seconds)

    def due(self, entry_uuid: str) -> bool:
        """Tell whether to speak of it now; for the next day the answer is no."""
        now = self._clock.now()
        return self._once.take("password notice", entry_uuid, now=now, expires_at=now + DAY)

    def days_left(self, end: int) -> int:
        """Give the whole days that remain, at least one."""
        return max(1, (end - self._clock.now()) // DAY)
