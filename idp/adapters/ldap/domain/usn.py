"""Changes of an Active Directory by its update sequence numbers (``directory.feed.Changes``).

Spec: MS-ADTS §3.1.1.1.9 (invocationId and USNs), MS-ADA3 (uSNChanged). Every domain controller counts for itself, so the cookie
names the controller and its number: at another one, or one that was restored from a backup, everything is read again. Unlike a
time, a number is never given twice and never late. What is no longer there is found by listing the identifiers of everything
every few minutes: the tombstones of a domain may be read by its administrators only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ldap

from ....directory.feed import Batch
from ..changes import all_entries, followed_attributes
from ..polling import PollingChanges


class UsnChanges(PollingChanges):
    """Asks one domain controller of several."""

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give changes since the cookie until ``going_on`` says no."""
        listed_at = -1e9
        while going_on():
            began = time.monotonic()
            with self._servers.listing() as connection:
                controller, newest = _standing(connection)
                since = _since(cookie, controller)
                cookie = f"usn={controller}:{newest}"
                if since is None or newest > since:
                    self._read(connection, since, cookie, take)
                if since is None:
                    listed_at = began
                elif began - listed_at >= self._listing:
                    take(Batch(present=self._present(connection), cookie=cookie))
                    listed_at = began
            if once:
                return
            while time.monotonic() - began < self._every and going_on():
                time.sleep(min(0.5, self._every))

    def _read(self, connection: Any, since: int | None, cookie: str, take: Callable[[Batch], None]) -> None:
        """Give what changed after a number, or everything.

        The number to go on from was read before: what changes meanwhile is read twice rather than not at all.
        """
        what = self._filter if since is None else f"(&{self._filter}(uSNChanged>={since + 1}))"
        entries = all_entries(connection, self._base_dn, what, followed_attributes(self._dialect), self._servers.timing.operation)
        self._hand_over(connection, entries, take, everything=since is None, cookie=cookie)


def _standing(connection: Any) -> tuple[str, int]:
    """Give the invocation of the controller's database and the newest number in it."""
    root = connection.read_rootdse_s(attrlist=["dsServiceName", "highestCommittedUSN"])
    settings = root["dsServiceName"][0].decode()
    found = connection.search_ext_s(settings, ldap.SCOPE_BASE, attrlist=["invocationId"], timeout=5)
    return found[0][1]["invocationId"][0].hex(), int(root["highestCommittedUSN"][0])


def _since(cookie: str, controller: str) -> int | None:
    """Read the number of a cookie that this controller gave; None for any other."""
    kind, _, rest = cookie.partition("=")
    name, _, number = rest.partition(":")
    return int(number) if kind == "usn" and name == controller and number.isascii() and number.isdigit() else None
