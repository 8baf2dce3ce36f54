"""The mirror's rooms, as they are where nothing happens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from idp.directory.brake import FeedState


def quiet_mirroring(*, state: FeedState | None = None, source: str = "off", waiting: tuple[int, int | None] = (0, None)) -> Any:
    """Give rooms that answer and do nothing; their state may be set afterwards."""
    rooms = SimpleNamespace(now=state or FeedState(), waiting=waiting)
    rooms.feed = SimpleNamespace(source=source, round=lambda *_args, **_options: None)
    rooms.aftermath = SimpleNamespace(round=lambda *_: None)
    rooms.sponsors = SimpleNamespace(look=lambda _caller: 0)
    rooms.ended_terms = SimpleNamespace(settle=lambda: 0)
    rooms.brake = SimpleNamespace(state=lambda: rooms.now)
    rooms.ledger = SimpleNamespace(active=lambda: 0, waiting=lambda: rooms.waiting)
    return rooms
