"""Lists of the console in pages: back and forward, with the filter as it is (macro ``turning`` of ``_parts/desk.html``)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import request

CURSORS = ("cursor", "back")
"""Parameters of an address that turn a page; never both."""


def asked() -> dict[str, str]:
    """Give which page was asked for, as rooms take it."""
    return {name: request.args.get(name, "") for name in CURSORS}


def turning(address: str, narrowed: Mapping[str, str], *, following: str, prev: str) -> dict[str, str]:
    """Give where a page leads: ``first``, ``prev`` and ``next``; "" where there is nothing.

    Args:
        address: Of the list.
        narrowed: How it is narrowed.
        following: Cursor of the next page.
        prev: Cursor of the page before.
    """
    def at(**cursor: str) -> str:
        query = urlencode({**narrowed, **cursor})
        return f"{address}?{query}" if query else address

    return {"first": at() if prev or any(asked().values()) else "", "prev": at(back=prev) if prev else "",
            "next": at(cursor=following) if following else ""}
