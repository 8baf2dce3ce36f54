"""Devices on which an officer has signed in before, the notice about one that is new, and where the officer is signed in now.

A device is a browser that shows a random cookie of its own; the store knows its digest and whose sign-ins it has seen. Sources:
OWASP ASVS 5.0 6.3.7, security checklist 20, 27, 34, 39. A known device lifts nothing: no factor is spared. It has guess counters
of its own (``authn.lockout``), so that no stranger can make its officer wait, and its officer is not told again of it.

A cookie that nobody knows is replaced, so that nobody can hand a device to somebody else in advance. The session is opened first
and the device noted before the browser is given its cookies: whoever gets in was told of.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..authn.networks import Networks
from ..clock import Clock
from ..notices import Notice, NoticeKind
from .single_sign_on import Session, digest
from .user_agent import described

LIFETIME_SECONDS = 400 * 86400
"""How long a browser keeps the cookie after a sign-in (browsers allow no more), and we the device."""
MAILED_A_DAY = 5
"""Of one kind to one officer: what comes after stands among the notices of the pages alone, so that nobody who has a password can
fill a mailbox until the one mail that matters is overlooked (security checklist 34)."""
MINUTES_APART = 10
HISTORY = 20
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Device:
    """The device that a browser shows (``authn.lockout.KnownDevice``).

    Attributes:
        mark_text: Tells devices apart; not the cookie.
        names: Names by which officers who signed in here are counted: user name, local part of the mail address, entryUUID.
    """

    mark_text: str = ""
    names: frozenset[str] = frozenset()

    def mark(self, account: str) -> str:
        """Give what tells this device apart if it is known for an account; empty otherwise."""
        return self.mark_text if account and account in self.names else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A live session, as its officer is shown it.

    Attributes:
        since: When it began.
        last_seen_at: When it was last used, to the minute.
        source: Address at the last sign-in or step-up in it.
        user_agent: What the browser said of itself then.
    """

    sid: str
    since: int
    last_seen_at: int
    expires_at: int
    source: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class PastSignIn:
    """A sign-in of the officer's, from the audit trail."""

    at: int
    source: str
    acr: int


class DeviceStore(Protocol):
    """Where devices are kept. Every verb may raise UnavailableError(dependency="database")."""

    def names(self, device_digest: bytes) -> frozenset[str] | None:
        """Give the names of a device's officers; None for a device that nobody has signed in on."""
        ...

    def remember(self, sub: str, device_digest: bytes, now: int, notice: Notice, record: AuditRecord) -> bool:
        """Note a sign-in of an officer on a device; at the first one notice and record are written with it, all or nothing.

        The notice is mailed unless ``MAILED_A_DAY`` of its kind were written for the officer within a day, as that of ``flag``.
        Of parallel first ones exactly one gets True.
        """
        ...

    def sources(self, sub: str, since: int) -> Sequence[str]:
        """Give the addresses of an officer's sign-ins since a moment, ended sessions included."""
        ...

    def flag(self, notice: Notice, record: AuditRecord) -> None:
        """Write a notice and its record together."""
        ...

    def places(self, sub: str) -> Sequence[Place]:
        """Give an officer's sessions that were not ended, the one used last first."""
        ...

    def history(self, sub: str, *, limit: int) -> Sequence[PastSignIn]:
        """Give an officer's sign-ins, newest first, step-ups left out."""
        ...


class Devices:
    """Knows devices.

    Args:
        networks: Networks that the province has named.
    """

    def __init__(self, store: DeviceStore, networks: Networks, clock: Clock) -> None:
        self._store, self._networks, self._clock = store, networks, clock

    def known(self, cookie: str | None) -> Device:
        """Find the device of a cookie; one that nobody has signed in on is nobody's."""
        if cookie is None or not _VALUE.fullmatch(cookie):
            return Device()
        names = self._store.names(digest(cookie))
        return Device() if names is None else Device(digest(cookie).hex(), names)

    def signed_in(self, session: Session, cookie: str | None, caller: Caller) -> str:
        """Note that an officer has signed in, and tell the officer where the device is new or the place cannot be.

        Args:
            session: Just opened.
            cookie: The device cookie that the browser showed.
            caller: Who asks.

        Returns:
            The device cookie that the browser is to keep.
        """
        now = self._clock.now()
        value = cookie if cookie is not None and self.known(cookie).mark_text else secrets.token_urlsafe(32)
        words = described(caller.user_agent)
        self._store.remember(
            session.sub, digest(value), now, Notice(NoticeKind.NEW_DEVICE, session.sub, now, caller.source, words),
            _record(AuditEvent.DEVICE_NEW, session, now, caller, **words))
        here = self._networks.name_of(caller.source)
        for source in self._store.sources(session.sub, now - MINUTES_APART * 60):
            if self._networks.unrelated(source, caller.source):
                there = self._networks.name_of(source)
                self._store.flag(
                    Notice(NoticeKind.UNUSUAL_SEQUENCE, session.sub, now, caller.source, {"network": here, "other": there}),
                    _record(AuditEvent.SIGN_IN_UNUSUAL, session, now, caller, network=here, other_network=there,
                            other_source=source))
                break
        return value

    def places(self, sub: str) -> Sequence[Place]:
        """Give an officer's sessions that were not ended."""
        return self._store.places(sub)

    def history(self, sub: str) -> Sequence[PastSignIn]:
        """Give an officer's own last sign-ins."""
        return self._store.history(sub, limit=HISTORY)


def _record(event: AuditEvent, session: Session, now: int, caller: Caller, **detail: str) -> AuditRecord:
    return AuditRecord(event, now, sub=session.sub, sid=session.sid, source=caller.source, request_id=caller.request_id,
                       detail={name: value for name, value in detail.items() if value})
