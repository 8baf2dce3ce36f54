"""Who is in which group, through other groups too.

Spec: RFC 4519 §3.5 (groupOfNames). What counts is the groups' own ``member``: ``memberOf`` on an entry is written behind it by
the server, tells of direct groups only, and is missing on many servers. Groups may hold each other in circles.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import ldap
import ldap.dn

from .entries import group_name

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

    def __init__(self, holders: Mapping[str, Iterable[str]] | None = None) -> None:
        """Take, for the DN of each entry that is in a group, the DNs of those groups; both in one form."""
        self._holders = {dn: set(groups) for dn, groups in (holders or {}).items()}
        self._names: dict[str, str] = {}

    def add(self, dn: str, members: Iterable[str]) -> None:
        """Add a group."""
        group = same_dn(dn)
        self._names[group] = group_name(dn)
        for member in members:
            self._holders.setdefault(same_dn(member), set()).add(group)

    def held_by(self, member: str, groups: Iterable[str]) -> None:
        """Add that an entry is in groups."""
        for dn in groups:
            self.add(dn, (member,))

    def names(self, dn: str, direct: Iterable[str] = ()) -> tuple[str, ...]:
        """Give the sorted names of the groups that hold an entry, through others too.

        Args:
            dn: Of the entry.
            direct: DNs of groups that are known to hold it, besides.
        """
        names: set[str] = set()
        seen: set[str] = set()
        for one in direct:
            self._names.setdefault(same_dn(one), group_name(one))
        waiting = [same_dn(one) for one in direct] + list(self._holders.get(same_dn(dn), ()))
        while waiting:
            group = waiting.pop()
            if group not in seen:
                seen.add(group)
                names.add(self._names[group])
                waiting += self._holders.get(group, ())
        return tuple(sorted(names))
