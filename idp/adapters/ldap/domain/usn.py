"""Changes of an Active Directory by its update sequence numbers (``directory.feed.Changes``).

Spec: MS-ADTS §3.1.1.1.9 (invocationId and USNs), §3.1.1.3.4.1.14 (show deleted), §3.1.1.5.5, MS-ADA3 (uSNChanged). Every domain
controller counts for itself, so the cookie names the controller and its number: at another one, or one that was restored from a
backup, everything is read again. Unlike a time, a number is never given twice and never late.

What was deleted lies in the domain's container of deleted objects, with a new number, and is asked for with the rest where the
service account may list it: by default a domain lets its administrators only. Whether or not, the identifiers of everything are
listed now and then, which also finds what was moved out of sight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ldap
from ldap.controls import RequestControl

from ....directory.feed import Batch
from ..changes import all_entries, followed_attributes
from ..dialect import Attributes
from ..polling import PollingChanges

SHOW_DELETED = "1.2.840.113556.1.4.417"
_DELETED_OBJECTS = "18E2EA80684F11D2B9AA00C04F79F805"
"""Well-known identifier of the container (MS-ADTS §6.1.1.4.2)."""


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
        # Kept without its number: after a crash in between it is asked for again.
        if since is not None and (gone := self._deleted(connection, since)):
            take(Batch(gone=gone))
        entries = all_entries(connection, self._base_dn, what, followed_attributes(self._dialect), self._servers.timing.operation)
        self._hand_over(connection, entries, take, everything=since is None, cookie=cookie)

    def _deleted(self, connection: Any, since: int) -> tuple[str, ...]:
        """Give the identifiers of what was deleted after a number from below the base; none where that may not be read."""
        domain = connection.read_rootdse_s(attrlist=["defaultNamingContext"])["defaultNamingContext"][0].decode()
        try:
            found = all_entries(connection, f"<WKGUID={_DELETED_OBJECTS},{domain}>", f"(uSNChanged>={since + 1})",
                                ("objectGUID", "lastKnownParent"), self._servers.timing.operation,
                                also=[RequestControl(SHOW_DELETED, criticality=True)])
        except (ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS, ldap.UNAVAILABLE_CRITICAL_EXTENSION):
            return ()
        return tuple(self._dialect.entry_uuid(attributes) for _, attributes in found if self._stood_below(attributes))

    def _stood_below(self, attributes: Attributes) -> bool:
        parent = attributes.get("lastKnownParent", (b"",))[0].decode("utf-8", "replace").casefold()
        base = self._base_dn.casefold()
        return "objectGUID" in attributes and (parent == base or parent.endswith(f",{base}"))


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
