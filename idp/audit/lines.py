"""Records as lines of a file: JSON, one object a line, or CSV whose cells no spreadsheet takes for a formula.

Sources: RFC 4180 (CSV), RFC 8259 (JSON), security checklist 41 (cells that begin with = + - @). Times are written in Vietnam's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..spreadsheet import harmless
from .seal import StoredRecord

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
COLUMNS: Final = ("id", "time", "event", "sub", "client_id", "sid", "source", "request_id", "detail")


def members(record: StoredRecord) -> dict[str, Any]:
    """Give a record by column; ``detail`` as the JSON text that it is."""
    return {"id": record.position.id, "time": datetime.fromtimestamp(record.at, ZONE).isoformat(), "event": record.event,
            "sub": record.sub, "client_id": record.client_id, "sid": record.sid, "source": record.source,
            "request_id": record.request_id, "detail": record.detail}


def json_lines(records: Iterable[StoredRecord]) -> str:
    """Write records as JSON, one object a line."""
    return "".join(json.dumps({**members(record), "detail": json.loads(record.detail)}, ensure_ascii=False) + "\n"
                   for record in records)


def csv_head() -> str:
    """Write the first line of CSV."""
    return _csv([COLUMNS])


def csv_lines(records: Iterable[StoredRecord]) -> str:
    """Write records as lines of CSV."""
    return _csv([harmless(str(value)) for value in members(record).values()] for record in records)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
