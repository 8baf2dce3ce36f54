"""The parameter ``claims``: which claims an application asks for by name.

Spec: OpenID Connect Core §5.5, §5.5.1. Read here into one spelling; what it means is told in ``oidc.claims_request``.
"""

from __future__ import annotations

import json
from typing import Any

from ... import json_object


def read(text: str, *, longest: int) -> str:
    """Give the claims asked for as compact JSON; "" for none. Members that are not understood are left out (§5.5).

    Args:
        text: As received.
        longest: Characters of what is given.

    Raises:
        ValueError: it is no such object, or too long.
    """
    asked = json_object.parse(text)
    if not isinstance(asked, dict):
        raise ValueError
    found = {part: _named(asked[part]) for part in ("userinfo", "id_token") if asked.get(part) is not None}
    stored = json.dumps({part: names for part, names in found.items() if names}, separators=(",", ":"), allow_nan=False)
    if len(stored) > longest:
        raise ValueError
    return "" if stored == "{}" else stored


def _named(members: Any) -> dict[str, dict[str, Any]]:
    """Read the claims that one member asks for: null, or an object (§5.5.1); ValueError for anything else."""
    if not isinstance(members, dict):
        raise ValueError
    named: dict[str, dict[str, Any]] = {}
    for name, wish in members.items():
        said = {} if wish is None else wish
        if not isinstance(said, dict) or not isinstance(said.get("essential", False), bool):
            raise ValueError
        values = [said["value"]] if "value" in said else said.get("values", [])
        if not isinstance(values, list) or ("value" in said and "values" in said):
            raise ValueError
        named[name] = ({"essential": True} if said.get("essential") else {}) | ({"values": values} if values else {})
    return named
