"""Lists of the console in pages: back and forward, with the filter as it is (macro ``turning`` of ``_parts/desk.html``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def sorting(address: str, narrowed: Iterable[tuple[str, str]], sort: str, sorts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give what the heads of columns lead to (macro ``table``), by what sorts a column, without its sign.

    Args:
        address: Of the list.
        narrowed: How it is narrowed, as pairs; a new order begins with the first page.
        sort: How the list is ordered now.
        sorts: Orders that the room knows; a column's first is what one asks for first.

    Returns:
        ``now``: ``ascending``, ``descending`` or "", as ARIA 1.2 §6.7 has it; ``url``, "" where the list has no other order.
    """
    def column(name: str) -> dict[str, str]:
        orders = [one for one in sorts if one.removeprefix("-") == name]
        to = next((one for one in orders if one != sort), "")
        query = urlencode([*((part, value) for part, value in narrowed if part != "sort"), ("sort", to)])
        return {"now": "" if sort not in orders else "descending" if sort.startswith("-") else "ascending",
                "url": f"{address}?{query}" if to else ""}

    return {name: column(name) for name in dict.fromkeys(one.removeprefix("-") for one in sorts)}
