"""Who is in which group, through other groups too.

Spec: RFC 4519 §3.5 (groupOfNames). Groups may hold each other in circles.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import ldap
import ldap.dn

GROUPS: Final = "(objectClass=groupOfNames)"


@lru_cache(maxsize=65536)
def same_dn(dn: str) -> str:
    """Give one form for all ways to write a DN (RFC 4514 §2.4, case does not count); what is none as it is, in lower case."""
    folded = unicodedata.normalize("NFC", dn).casefold()
    try:
        parts = ldap.dn.str2dn(folded)
    except ldap.DECODING_ERROR:
        return folded
    return str(ldap.dn.dn2str([sorted((kind, " ".join(value.split()), flags) for kind, value, flags in part) for part in parts]))


class Groups:
    """Groups by what they hold."""

    def __init__(self) -> None:
        self._holders: dict[str, set[str]] = {}
        self._as_written: dict[str, str] = {}

    def add(self, dn: str, members: Iterable[str]) -> None:
        """Add a group."""
        group = same_dn(dn)
        self._as_written[group] = dn
        for member in members:
            self._holders.setdefault(same_dn(member), set()).add(group)

    def holding(self, dn: str, direct: Iterable[str] = ()) -> list[bytes]:
        """Give the DNs of the groups that hold an entry, through others too.

        Args:
            dn: Of the entry.
            direct: DNs of groups that are known to hold it, besides.
        """
        found: dict[str, str] = {}
        waiting = [same_dn(one) for one in direct] + list(self._holders.get(same_dn(dn), ()))
        known = self._as_written | {same_dn(one): one for one in direct}
        while waiting:
            group = waiting.pop()
            if group not in found:
                found[group] = known[group]
                waiting += self._holders.get(group, ())
        return [one.encode() for one in found.values()]
