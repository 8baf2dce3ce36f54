"""Devices on which an officer is not asked for the second factor again, until a set end.

Sources: RFC 8176 §1 (amr says what was used), NIST SP 800-63B-4 §5 (a session secret is no authenticator);
security checklist 20, 29, 33.
A remembered device proves nothing. It spares what is demanded of officers for their groups and agencies, administrators excepted
(``authn.assurance.AssurancePolicy.demanded``); the level stays that of the password, so that whoever asks for two factors (an
application, its request, a network, a page that changes factors) gets two. docs/divergences.md says why.

The right to it is a cookie of its own, 256 random bits, of which the store knows the digest. It counts for one officer, in the
browser whose device cookie it was made beside, after that officer's right password; it is replaced at each use and its end stays.
One that was replaced before, and comes again, is a copy: then neither counts any more. Whatever is told of as a change of the
password or of factors ends it in the same transaction (``notices.ENDS_REMEMBERED``), as does whatever takes the access away.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..notices import Notice, NoticeKind
from .single_sign_on import Session, digest
from .user_agent import described

DAY = 86400
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class RememberedDevice:
    """One device of an officer's.

    Attributes:
        device_digest: Of the browser's device cookie.
        created_at: When the officer proved the second factor there.
        expires_at: When it is asked for again, whatever happens.
        browser: What the browser said of itself then; empty where nothing was understood.
        system: Likewise.
    """

    sub: str
    device_digest: bytes
    created_at: int
    expires_at: int
    browser: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a browser is to keep: the new value of its cookie, and until when (seconds since the epoch)."""

    cookie: str
    expires_at: int


class RememberedStore(Protocol):
    """Where they are kept. Every verb may raise UnavailableError(dependency="database")."""

    def keep(self, device: RememberedDevice, sid: str, token_digest: bytes, notice: Notice, record: AuditRecord) -> bool:
        """Remember a device in place of what was remembered of it, with notice and record.

        One act that holds the session: False, and nothing kept, when it has ended.
        """
        ...

    def renew(self, sub: str, device_digest: bytes, old: bytes, new: bytes, *, now: int, made_after: int) -> int | None:
        """Replace the token of a device that is not over and was made after a moment; give its end.

        One atomic statement: of several callers with the same old token exactly one gets an end.
        """
        ...

    def of(self, sub: str, now: int) -> Sequence[RememberedDevice]:
        """Give an officer's devices that are not over, the newest first."""
        ...

    def forget(self, sub: str, device_digest: bytes, record: AuditRecord) -> bool:
        """End one, with the record; False, and nothing written, where there is none."""
        ...


class RememberedDevices:
    """The rule.

    Args:
        days: How long a device is remembered; 0 remembers none, and honours none that was.
    """

    def __init__(self, store: RememberedStore, clock: Clock, *, days: int) -> None:
        self._store, self._clock, self.days = store, clock, days

    def keep(self, session: Session, device_cookie: str, caller: Caller) -> Kept | None:
        """Remember the browser in which an officer has just proven the second factor.

        Args:
            session: Just opened.
            device_cookie: Which the browser is given with it.
            caller: Who asks.

        Returns:
            The cookie; None where nothing is remembered, or the session has ended meanwhile.
        """
        if not self.days:
            return None
        now, value, words = self._clock.now(), secrets.token_urlsafe(32), described(caller.user_agent)
        device = RememberedDevice(session.sub, digest(device_cookie), now, now + self.days * DAY, words["browser"][:64],
                                  words["system"][:64])
        record = AuditRecord(
            AuditEvent.DEVICE_REMEMBERED, now, sub=session.sub, sid=session.sid, source=caller.source,
            request_id=caller.request_id, detail={"expires_at": device.expires_at})
        notice = Notice(NoticeKind.DEVICE_REMEMBERED, session.sub, now, caller.source, {**words, "days": str(self.days)})
        kept = self._store.keep(device, session.sid, digest(value), notice, record)
        return Kept(value, device.expires_at) if kept else None

    def recall(self, sub: str, device_cookie: str | None, cookie: str | None, caller: Caller) -> Kept | None:
        """Use what a browser was given, after the officer's right password; it gets another value in its place.

        Args:
            sub: Whose password was right.
            device_cookie: The browser's device cookie.
            cookie: What it was given.
            caller: Who asks.

        Returns:
            None where the second factor has to be asked for.
        """
        if not self.days or not device_cookie or not cookie or not _VALUE.fullmatch(cookie):
            return None
        now, value = self._clock.now(), secrets.token_urlsafe(32)
        expires_at = self._store.renew(sub, digest(device_cookie), digest(cookie), digest(value), now=now,
                                       made_after=now - self.days * DAY)
        if expires_at is not None:
            return Kept(value, expires_at)
        self._forget(sub, digest(device_cookie), "copy", caller)
        return None

    def of(self, sub: str) -> Sequence[RememberedDevice]:
        """Give an officer's remembered devices."""
        return self._store.of(sub, self._clock.now()) if self.days else ()

    def forget(self, sub: str, name: str, caller: Caller) -> bool:
        """Ask for the second factor again on one device, from the next sign-in on.

        Args:
            sub: The officer.
            name: ``name_of`` one of the officer's own devices; another's names nothing.
            caller: Who asks.
        """
        return any(self._forget(sub, device.device_digest, "officer", caller)
                   for device in self._store.of(sub, 0) if name_of(device) == name)

    def forget_all(self, sub: str, caller: Caller) -> int:
        """Ask for it again on all; gives on how many it was not asked for."""
        return sum(self._forget(sub, device.device_digest, "everywhere", caller) for device in self._store.of(sub, 0))

    def _forget(self, sub: str, device_digest: bytes, reason: str, caller: Caller) -> bool:
        return self._store.forget(sub, device_digest, AuditRecord(
            AuditEvent.DEVICE_FORGOTTEN, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
            detail={"reason": reason}))


def name_of(device: RememberedDevice) -> str:
    """Name a device in a form; no secret, and of no use elsewhere."""
    return device.device_digest.hex()
