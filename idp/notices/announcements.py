"""Announcements: what the province says to everybody on the sign-in page or in the portal, from a moment until another.

Source: security checklist 41. Text is plain; an ``https`` address in it becomes a link, and nothing else does. The sign-in page
is the busiest there is, so each process keeps a copy that is checked against a version counter at most once a second, as clients
and keys are; what begins or ends by time needs no look at all.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from ..clock import Clock
from ..errors import UnavailableError

LONGEST: Final = 1000
"""Characters of a text."""
MOST_SHOWN: Final = 5
"""Announcements on one page; warnings come first, then what began last."""
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_AFTER: Final = ".,;:!?)]'"
"""What ends a sentence rather than an address."""


class Level(StrEnum):
    """How it is shown."""

    INFO = "info"
    WARNING = "warning"


class Where(StrEnum):
    """On which pages it stands."""

    SIGN_IN = "sign_in"
    PORTAL = "portal"


class State(StrEnum):
    """Where an announcement is in time."""

    FUTURE = "future"
    PRESENT = "present"
    PAST = "past"


class Piece(NamedTuple):
    """A part of a line of text; ``url`` is "" where it is no link."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Something that the province says.

    Attributes:
        text_en: "" where there is none: then the Vietnamese one is shown.
        where: One page or both.
        from_at: First second in which it is shown, since the epoch.
        until_at: First second in which it is no more; ending it early moves this.
        revision: Rises with every change.
        made_by: Subject; "" for the command line or a machine.
    """

    announcement_id: str
    level: Level
    where: frozenset[Where]
    text_vi: str
    text_en: str
    from_at: int
    until_at: int
    revision: int
    made_by: str
    made_at: int

    def state(self, now: int) -> State:
        """Tell where it is in time. One that was ended before it began is past."""
        if self.until_at <= max(now, self.from_at):
            return State.PAST
        return State.FUTURE if now < self.from_at else State.PRESENT

    @property
    def etag(self) -> str:
        """A strong tag, without quotes, that every change alters."""
        return hashlib.sha256(f"{self.announcement_id} {self.revision}".encode()).hexdigest()[:32]

    def text(self, language: str) -> str:
        """Give the text in a language, ``vi`` or ``en``."""
        return self.text_en or self.text_vi if language == "en" else self.text_vi


class AnnouncementBoard(Protocol):
    """What is not over yet. Every verb may raise UnavailableError(dependency="database")."""

    def version(self) -> int:
        """Give a number that every change raises."""
        ...

    def not_over(self, now: int) -> Sequence[Announcement]:
        """Give those that are shown now or later."""
        ...


class Announcements:
    """What pages show.

    Args:
        board: Where announcements are kept.
        clock: Source of the time.
    """

    def __init__(self, board: AnnouncementBoard, clock: Clock) -> None:
        self._board, self._clock = board, clock
        self._lock = threading.Lock()
        self._copy: tuple[Announcement, ...] = ()
        self._version, self._checked_at = -1, -1

    def shown(self, where: Where) -> tuple[Announcement, ...]:
        """Give what stands on a page now, ``MOST_SHOWN`` at most. While the database does not answer, what was last seen."""
        now = self._clock.now()
        self._look(now)
        current = [one for one in self._copy if where in one.where and one.state(now) is State.PRESENT]
        current.sort(key=lambda one: (one.level is not Level.WARNING, -one.from_at, one.announcement_id))
        return tuple(current[:MOST_SHOWN])

    def _look(self, now: int) -> None:
        """Look at the version if this second has not done so, in one thread; load when it changed."""
        if now == self._checked_at or not self._lock.acquire(blocking=False):
            return
        try:
            self._checked_at = now
            # The version is read first: what is newer than it is loaded once more at the next look, never missed.
            version = self._board.version()
            if version != self._version:
                self._copy, self._version = tuple(self._board.not_over(now)), version
        except UnavailableError:
            return
        finally:
            self._lock.release()


def normalized(text: str) -> str:
    """Give a text as it is kept: NFC, lines without blanks at their ends, no more than one empty line in a row."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def pieces(text: str) -> tuple[tuple[Piece, ...], ...]:
    """Part a text into lines, and each line into words and links.

    A link is an ``https`` address with a host and nothing before it: ``https://bank.example@evil.example`` reads as another place
    than it leads to, and stays text.
    """
    return tuple(_line(line) for line in text.split("\n"))


def _line(line: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    end = 0
    for match in _ADDRESS.finditer(line):
        address = match[0].rstrip(_AFTER)
        if not _is_safe(address):
            continue
        if match.start() > end:
            found.append(Piece(line[end:match.start()]))
        found.append(Piece(address, address))
        end = match.start() + len(address)
    return (*found, Piece(line[end:])) if end < len(line) else tuple(found)


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return "@" not in parts.netloc and "." in (parts.hostname or "") and parts.port is not False
    except ValueError:
        return False
