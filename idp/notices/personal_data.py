"""The notice about personal data: the province's text with its version, shown once to each officer, and who has read which.

Source: Decree 13/2023/NĐ-CP, article 13 (before processing the person is told what is processed, why, how, by whom and how long,
and of their rights; a public authority processes for its tasks without asking for consent, article 17, and so this is a notice
and no question). A text belongs to its version for ever: whoever changes it gives it another, and every officer is shown that one
again, at the next sign-in or page. Without a text there is no notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock

LONGEST_VERSION: Final = 32


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text.

    Attributes:
        heading: In one line.
        paragraphs: Plain text.
    """

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonalDataText:
    """What officers are told.

    Attributes:
        version: As the province counts.
        since: From which day it holds.
        sections: By language; ``vi`` always.
    """

    version: str
    since: date
    sections: Mapping[str, tuple[Section, ...]]

    def in_language(self, language: str) -> tuple[str, tuple[Section, ...]]:
        """Give the language that it is given in, the wanted one where there is that, and the text."""
        found = language if language in self.sections else "vi"
        return found, self.sections[found]


@dataclass(frozen=True, slots=True)
class Reading:
    """That an officer has read a version; ``read_at`` in seconds since the epoch."""

    version: str
    read_at: int


class ReadingStore(Protocol):
    """Who has read what. Every verb may raise UnavailableError(dependency="database")."""

    def has_read(self, sub: str, version: str) -> bool:
        """Tell whether an officer has read a version."""
        ...

    def read(self, sub: str, reading: Reading, record: AuditRecord) -> bool:
        """Keep, durably and with its record, that an officer has read a version; False, and nothing written, if they had."""
        ...

    def of(self, sub: str) -> Sequence[Reading]:
        """Give what an officer has read, the last first."""
        ...


class PersonalDataNotice:
    """Knows whether an officer has to be shown the notice.

    Args:
        text: The province's, as of now; None where it has none.
        store: Who has read what.
        clock: Source of the time.
    """

    def __init__(self, text: PersonalDataText | None, store: ReadingStore, clock: Clock) -> None:
        self.text = text
        self._store, self._clock = store, clock

    def unread(self, sub: str) -> bool:
        """Tell whether there is a notice whose present version an officer has not read."""
        return self.text is not None and not self._store.has_read(sub, self.text.version)

    def read(self, sub: str, version: str, caller: Caller, *, sid: str) -> bool:
        """Note that an officer has read a version; twice is once.

        Returns:
            False where that is not the present one: another was put in its place while the page stood open.
        """
        if self.text is None or version != self.text.version:
            return False
        now = self._clock.now()
        self._store.read(sub, Reading(version, now), AuditRecord(
            AuditEvent.PERSONAL_DATA_NOTICE_READ, now, sub=sub, sid=sid, source=caller.source, request_id=caller.request_id,
            detail={"version": version}))
        return True

    def of(self, sub: str) -> Sequence[Reading]:
        """Give what an officer has read, the last first."""
        return self._store.of(sub)
