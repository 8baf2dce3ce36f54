"""Announcements, as the administration API tells of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....administration.operation.announcements import LATEST, LONGEST_DAYS, MEMBERS
from ....notices.announcements import LONGEST, Level, State, Where


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    at = {"type": "integer", "minimum": 0, "maximum": LATEST + LONGEST_DAYS * 86400, "description": "Seconds since the epoch."}
    text = {"type": "string", "maxLength": LONGEST}
    written: dict[str, dict[str, Any]] = {
        "level": {"type": "string", "enum": [level.value for level in Level]},
        "where": {"type": "array", "items": {"type": "string", "enum": [place.value for place in Where]}, "minItems": 1,
                  "maxItems": 2},
        "text_vi": text | {"minLength": 1, "description": "Plain text; an https address becomes a link."},
        "text_en": text | {"description": "Empty: the Vietnamese text is shown."}, "from_at": at, "until_at": at}
    shown = {"id": {"type": "string"}, "state": {"type": "string", "enum": [state.value for state in State]}, **written,
             "made_by": {"type": "string"}, "made_at": at}
    return {"Announcement": made(shown, shown),
            "WrittenAnnouncement": made(written, [name for name in MEMBERS if name not in {"text_en", "from_at"}])}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    one: dict[str, Any] = {"path": "announcement_id", "change": True, "conditional": True, "etag": True}
    return {
        "/announcements": {
            "get": operation("listAnnouncements", "What the province says to everybody, the latest to begin first.",
                             answer="AnnouncementPage", query=("cursor", "limit")),
            "post": operation("createAnnouncement", "Write an announcement; it is shown from its beginning to its end.",
                              answer="Announcement", status=201, body="WrittenAnnouncement", change=True, etag=True)},
        "/announcements/{announcement_id}": {
            "get": operation("readAnnouncement", "One announcement, with its ETag.", answer="Announcement",
                             path="announcement_id", etag=True),
            "put": operation("replaceAnnouncement", "Exchange what is written of one that is not over.", answer="Announcement",
                             body="WrittenAnnouncement", **one)},
        "/announcements/{announcement_id}/end": {
            "post": operation("endAnnouncement", "End one now, before its time.", answer="Announcement", **one)}}
