"""Changes by asking every few seconds, for LDAP servers that do not send them (``directory.feed.Changes``).

Spec: RFC 4512 §3.4.2 (modifyTimestamp). The server's own clock is compared with itself: the cookie is the newest time seen. A
second is asked about again until it has surely passed. What is no longer there leaves no trace, so now and then the identifiers
of everything are listed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from ...directory.feed import Batch, Changes
from .changes import SYNC_CONTROL, Surroundings, SyncreplChanges, all_entries, followed_attributes, followed_filter
from .connection import ServerList
from .dialect import Attributes, Dialect

_CHANGED = "modifyTimestamp"
_PASSED_SECONDS = 2.0
_AT_ONCE = 500
_FORMATS = ("%Y%m%d%H%M%SZ", "%Y%m%d%H%M%S.0Z")


class PollingChanges:
    """Asks one server of several.

    Args:
        servers: The servers, as one.
        dialect: What kind of servers they are.
        base_dn: Base of people, units and groups.
        people_filter: What is an officer; empty = as the dialect says.
        every_seconds: Between two questions.
        listing_seconds: Between two listings of everything.
    """

    name = "polling"

    def __init__(self, servers: ServerList, dialect: Dialect, *, base_dn: str, people_filter: str = "",
                 every_seconds: float = 3.0, listing_seconds: float = 60.0) -> None:
        self._servers, self._dialect, self._base_dn = servers, dialect, base_dn
        self._filter = followed_filter(dialect, people_filter)
        self._every, self._listing = every_seconds, listing_seconds

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give changes since the cookie until ``going_on`` says no."""
        cookie = cookie if cookie[:1].isdigit() else ""  # a time; another kind of source wrote another kind
        listed_at, since, newest_at = -1e9, cookie, time.monotonic()
        while going_on():
            began = time.monotonic()
            with self._servers.listing() as connection:
                newest = self._changed(connection, since, take)
                if newest > since:
                    since, newest_at = newest, began
                elif since and began - newest_at >= _PASSED_SECONDS:
                    since = _second_after(since)
                if began - listed_at >= self._listing:
                    if cookie:
                        take(Batch(present=self._present(connection), cookie=since))
                    cookie, listed_at = since, began
            if once:
                return
            while time.monotonic() - began < self._every and going_on():
                time.sleep(min(0.5, self._every))

    def _changed(self, connection: Any, since: str, take: Callable[[Batch], None]) -> str:
        """Give what changed; without a beginning everything. Tells the newest time among it."""
        seconds = self._servers.timing.operation
        what = f"(&{self._filter}({_CHANGED}>={since}))" if since else self._filter
        names = [*followed_attributes(self._dialect), _CHANGED]
        entries = all_entries(connection, self._base_dn, what, names, seconds)
        if not entries:
            return since
        newest = max(_time_of(attributes.get(_CHANGED, ())) for _, attributes in entries)
        self._hand_over(connection, entries, take, everything=not since, cookie=newest)
        return newest

    def _hand_over(self, connection: Any, entries: list[tuple[str, Attributes]], take: Callable[[Batch], None], *,
                   everything: bool, cookie: str) -> None:
        """Give entries in batches of a size that is applied in one piece."""
        surroundings = Surroundings(connection, self._dialect, self._base_dn, self._servers.timing.operation)
        for start in range(0, len(entries), _AT_ONCE):
            rest = start + _AT_ONCE < len(entries)
            officers, units, groups_changed = surroundings.read(entries[start:start + _AT_ONCE])
            take(Batch(officers, units, (), groups_changed and not everything, refreshing=rest,
                       present=self._identifiers(entries) if everything and not rest else None,
                       complete=everything and not rest, cookie=None if rest else cookie))

    def _present(self, connection: Any) -> frozenset[str]:
        names = ("entryUUID", "objectGUID")
        return self._identifiers(all_entries(connection, self._base_dn, self._filter, names, self._servers.timing.operation))

    def _identifiers(self, entries: list[tuple[str, Attributes]]) -> frozenset[str]:
        return frozenset(self._dialect.entry_uuid(attributes) for _, attributes in entries)


class BestChanges:
    """Listens where the server sends changes, asks where it does not; found out when it begins."""

    def __init__(self, servers: ServerList, *, listening: SyncreplChanges, polling: Changes) -> None:
        self._servers = servers
        self._listening, self._polling = listening, polling
        self._chosen: Changes | None = None

    @property
    def name(self) -> str:
        """How changes are heard of; ``auto`` before the first server was asked."""
        return self._chosen.name if self._chosen is not None else "auto"

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give changes since the cookie until ``going_on`` says no. A cookie of the other kind counts as none."""
        with self._servers.listing() as connection:
            root = connection.read_rootdse_s(attrlist=["supportedControl"])
        sends = SYNC_CONTROL.encode() in root.get("supportedControl", ())
        self._chosen = self._listening if sends else self._polling
        mine = cookie.startswith("rid=") == sends
        self._chosen.follow(cookie if mine else "", take, going_on, once=once)


def _time_of(values: Sequence[bytes]) -> str:
    return values[0].decode("ascii", "replace") if values else ""


def _second_after(text: str) -> str:
    for form in _FORMATS:
        with suppress(ValueError):
            return (datetime.strptime(text, form).replace(tzinfo=UTC) + timedelta(seconds=1)).strftime(form)
    return text  # written in another way: it is asked about again
