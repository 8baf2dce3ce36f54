"""What an act changed, as its record holds it: ``changed: {member: [before, after]}``, each as short text.

A value that is long is cut, with an ellipsis at its end; lists and tables are compared as the JSON that they are. No secret goes
in here: whoever calls gives what administrators may read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 200
MOST: Final = 40


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give what differs, by member; "" stands for what is not there. A table's members are told apart by ``table.member``."""
    old, new = _flat(before), _flat(after)
    differing = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return {name: [_short(old.get(name, "")), _short(new.get(name, ""))] for name in differing[:MOST]}


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": text for inner, text in _flat(value).items()}
        else:
            flat[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return flat


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST - 1] + "…"
