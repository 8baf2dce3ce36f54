"""Everything that is held about an officer, for that officer, in one file: JSON for programs and a page for people.

Source: Decree 13/2023/NĐ-CP, article 9 (3, 8: whoever the data are about sees them and is given them), article 14;
security checklist 39: the officer is that of the session. What is in it is the store's list of sections
(``adapters.sql.own_data``); secrets, digests and what is sealed never are. Who read the officer's data stands in it
by name, as on the page of readings. Before anything leaves it is recorded, and the officer is told: whoever has taken
over a session cannot take the data away unseen. It streams, entry by entry, so that memory does not grow with it.
"""

from __future__ import annotations

import json
import secrets
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...notices import NoticeKind, Notices
from ..audit.exports import Sink
from ..audit.readings import OwnReadings

READINGS: Final = "readings"
"""The section of who read the officer's data; it is no table's."""
_PAGE: Final = 200

Row = Mapping[str, Any]
Part = tuple[str, Iterator[Row]]
"""A section's name and its rows, which are read as they are taken."""
AsPage = Callable[[Iterator[Part]], Iterator[str]]
"""Makes a page for people of the sections."""


class OwnDataStore(Protocol):
    """What the database holds about officers. Every verb may raise UnavailableError(dependency="database")."""

    @property
    def sections(self) -> Sequence[str]:
        """Name the sections, in the order of the file."""
        ...

    def rows(self, section: str, *, sub: str, entry_uuid: str) -> Iterator[Row]:
        """Give what a section holds about an officer, some rows at a time; JSON that a column holds is read."""
        ...


@dataclass(frozen=True, slots=True)
class OwnExport:
    """A file that is made while it is sent.

    Attributes:
        name: Of the file.
        chunks: Its content, a ZIP.
    """

    name: str
    chunks: Iterator[bytes]


class OwnData:
    """Gives officers what is held about them.

    Args:
        store: What the database holds.
        readings: Who read what is personal.
        notices: Tell the officer that the file was taken.
        clock: Source of the time.
    """

    def __init__(self, store: OwnDataStore, readings: OwnReadings, notices: Notices, clock: Clock) -> None:
        self._store, self._readings, self._notices, self._clock = store, readings, notices, clock

    @property
    def sections(self) -> tuple[str, ...]:
        """Name the sections, in the order of the file."""
        return (*self._store.sections, READINGS)

    def begin(self, sub: str, entry_uuid: str, caller: Caller, *, sid: str, as_page: AsPage) -> OwnExport:
        """Record and tell that the officer takes the data, and give them.

        Args:
            sub: The officer, of the session.
            entry_uuid: The same, as factors know them.
            caller: Who asks.
            sid: The session.
            as_page: Makes the page for people.

        Raises:
            UnavailableError: it cannot be recorded; nothing is given then.
        """
        now, number = self._clock.now(), secrets.token_hex(4)
        self._notices.tell(NoticeKind.DATA_EXPORTED, sub, caller, record=AuditRecord(
            AuditEvent.PERSONAL_DATA_EXPORTED, now, sub=sub, sid=sid, source=caller.source, request_id=caller.request_id,
            detail={"export": number}))
        return OwnExport(f"du-lieu-cua-toi-{number}.zip", self._chunks(sub, entry_uuid, now, as_page))

    def _chunks(self, sub: str, entry_uuid: str, now: int, as_page: AsPage) -> Iterator[bytes]:
        sink = Sink()
        with zipfile.ZipFile(cast(Any, sink), "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in (("du-lieu.html", as_page(self._parts(sub, entry_uuid))),
                               ("du-lieu.json", _as_json(sub, now, self._parts(sub, entry_uuid)))):
                with archive.open(name, "w", force_zip64=True) as entry:
                    for part in text:
                        entry.write(part.encode())
                        yield sink.taken()
        yield sink.taken()

    def _parts(self, sub: str, entry_uuid: str) -> Iterator[Part]:
        for section in self._store.sections:
            yield section, self._store.rows(section, sub=sub, entry_uuid=entry_uuid)
        yield READINGS, self._read_by(sub)

    def _read_by(self, sub: str) -> Iterator[Row]:
        cursor = ""
        while True:
            page = self._readings.of(sub, cursor=cursor, limit=_PAGE)
            yield from page.items
            if not page.next:
                return
            cursor = page.next


def _as_json(sub: str, now: int, parts: Iterator[Part]) -> Iterator[str]:
    yield json.dumps({"sub": sub, "made_at": now})[:-1] + ', "sections": {'
    for number, (section, rows) in enumerate(parts):
        yield f"{',' if number else ''}\n{json.dumps(section)}: ["
        for place, row in enumerate(rows):
            yield f"{',' if place else ''}\n {json.dumps(row, ensure_ascii=False)}"
        yield "]"
    yield "\n}}\n"
