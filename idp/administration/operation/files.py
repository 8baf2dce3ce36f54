"""Lists of people leave as files: who takes one and why is recorded before the first byte, what left after the last.

Sources: Law 91/2025 on personal data (purpose), security checklist 41, 61. As with exports of the audit trail
(``administration.audit.exports``) nothing is given where it cannot be recorded, and memory does not grow with the length.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.unit import is_unit_code
from ...errors import RefusedError
from ...pki.forms import Sheets
from ...roles import Administrator
from ...rollout.campaigns import LONGEST_NOTE, plain

FILES: Final = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""Media types of files, by the end of their names."""
Tick = Callable[[int], None]
"""Is told how many rows were read so far, now and then; whoever follows may raise, and what is written ends there."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file that has been recorded.

    Attributes:
        name: Name of the file.
        media_type: What it is.
        chunks: The file; to be read once.
        total: How many rows it will have without headings, as counted before; None where nobody counted.
    """

    name: str
    media_type: str
    chunks: Iterator[bytes]
    total: int | None = None


class ListFiles:
    """Gives lists away.

    Args:
        sheets: Writes files.
        trail: Where it is recorded.
        clock: Source of the time.
    """

    def __init__(self, sheets: Sheets, trail: AuditTrail, clock: Clock) -> None:
        self._sheets, self._trail, self._clock = sheets, trail, clock

    def begin(self, event: AuditEvent, who: Administrator, body: Mapping[str, Any], caller: Caller, *, name: str,
              about: Mapping[str, str], rows: Iterable[Sequence[str]], tick: Tick | None = None,
              total: int | None = None) -> ListFile:
        """Record that a list is taken, and give it.

        Args:
            event: What the records are.
            who: Who takes it.
            body: ``purpose`` in words, ``file`` (a kind of ``FILES``; CSV where none is named).
            caller: Who asks.
            name: Of the file, without its end.
            about: Which list, for the records.
            rows: The list, headings first; read while the file is.
            tick: Follows.
            total: How many rows, where that is known.

        Raises:
            RefusedError: no purpose, another kind (422).
            UnavailableError: it cannot be recorded; nothing is given then.
        """
        purpose, kind = asked_for(body)
        number = secrets.token_hex(8)
        told = {"export": number, **about}

        def record(**more: str | int) -> None:
            self._trail.record(AuditRecord(event, self._clock.now(), sub=who.sub, source=caller.source,
                                           request_id=caller.request_id, detail={**told, **more, **caller.by}))

        record(purpose=purpose, form=kind)

        def chunks() -> Iterator[bytes]:
            digest, count = hashlib.sha256(), _Count(rows, tick)
            for chunk in self._sheets.long_csv(count) if kind == "csv" else self._sheets.long_xlsx(count, name):
                digest.update(chunk)
                yield chunk
            record(rows=max(count.read - 1, 0), sha256=digest.hexdigest())

        return ListFile(f"{name}.{kind}", FILES[kind], chunks(), total)


class _Count:
    """Rows that are counted as they are read."""

    def __init__(self, rows: Iterable[Sequence[str]], tick: Tick | None) -> None:
        self._rows, self._tick, self.read = rows, tick, 0

    def __iter__(self) -> Iterator[Sequence[str]]:
        for row in self._rows:
            yield row
            if self._tick is not None and self.read and self.read % _AT_ONCE == 0:
                self._tick(self.read)
            self.read += 1
        if self._tick is not None:
            self._tick(max(self.read - 1, 0))


def asked_for(body: Mapping[str, Any]) -> tuple[str, str]:
    """Give purpose and kind of file. Raises RefusedError (422) for no purpose, another kind."""
    purpose, kind = plain(text_of(body, "purpose"), LONGEST_NOTE, "purpose"), text_of(body, "file") if "file" in body else "csv"
    if kind not in FILES:
        raise RefusedError(f"file: one of {', '.join(FILES)}.", code="invalid_body", status=422)
    return purpose, kind


def asked_unit(body: Mapping[str, Any]) -> str:
    """Give the agency that a list is narrowed to; "" for none. Raises RefusedError (422) for what is no agency's code."""
    unit = text_of(body, "unit")
    if unit and not is_unit_code(unit):
        raise RefusedError("unit: an agency's code, such as H30.11.", code="invalid_body", status=422)
    return unit


def check_only(body: Mapping[str, Any], *names: str) -> None:
    """Refuse a body that holds anything else. Raises RefusedError (422)."""
    if body.keys() - set(names):
        raise RefusedError(f"The body holds nothing but {', '.join(names)}.", code="invalid_body", status=422)


def text_of(body: Mapping[str, Any], name: str) -> str:
    """Give a member that is a text; "" where it is not there. Raises RefusedError (422) for what is none."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise RefusedError(f"{name}: a text.", code="invalid_body", status=422)
    return value.strip()
