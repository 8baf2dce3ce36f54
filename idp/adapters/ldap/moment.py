"""What is round one officer at this moment: the agencies of the posts, and the groups, each asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ldap
from ldap.filter import filter_format

from ...directory.unit import UnitTree, from_code_2016
from .entries import UNIT_ATTRIBUTES, Attributes, group_name, officer_of, unit_of
from .groups import GROUPS, same_dn

_AT_ONCE = 50


def search_entries(connection: Any, base_dn: str, what: str, names: Sequence[str],
                   seconds: float) -> list[tuple[str, Attributes]]:
    """Search everything below the base."""
    found = connection.search_ext_s(base_dn, ldap.SCOPE_SUBTREE, what, list(names), timeout=seconds)
    return [(dn, attributes) for dn, attributes in found if dn is not None]


def groups_around(connection: Any, base_dn: str, dn: str, seconds: float) -> tuple[str, ...]:
    """Give the sorted names of the groups that hold an entry, through others too; circles end where they began."""
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [dn]
    while waiting:
        asked, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        holding = "".join(filter_format("(member=%s)", [one]) for one in asked)
        for group, _ in search_entries(connection, base_dn, f"(&{GROUPS}(|{holding}))", ("1.1",), seconds):
            if same_dn(group) not in seen:
                seen.add(same_dn(group))
                names.add(group_name(group))
                waiting.append(group)
    return tuple(sorted(names))


def tree_around(connection: Any, base_dn: str, dn: str, attributes: Attributes, seconds: float) -> UnitTree:
    """Give the agencies of an officer's posts and those above them."""
    officer, tree = officer_of(dn, attributes, UnitTree()), UnitTree()
    posts = officer.posts if officer is not None else ()
    codes = {above for post in posts for code in (post.unit_code, from_code_2016(post.unit_code)) for above in tree.chain(code)}
    if not codes:
        return tree
    named = "".join(filter_format("(vnUnitCode=%s)", [code]) for code in sorted(codes))
    found = (unit_of(entry) for _, entry in search_entries(connection, base_dn, f"(|{named})", UNIT_ATTRIBUTES, seconds))
    return UnitTree(unit for unit in found if unit is not None)
