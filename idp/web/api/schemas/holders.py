"""Who has which role, as the administration API tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.operation.files import FILES
from ....administration.people.holders import ROLES, STATES
from ....rollout.campaigns import LONGEST_NOTE

_TEXT: Final = {"type": "string"}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "role": {"type": "string", "enum": list(ROLES)},
    "holder_state": {"type": "string", "enum": list(STATES),
                     "description": "`ending`: deputies within their last 14 days; `never`: who never signed in; `left`: who "
                                    "left or was stopped, and has the role in the directory still."}}


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    holder = {**dict.fromkeys(("sub", "uid", "name", "title", "unit_code", "unit_name"), _TEXT),
              "status": {"type": "string", "enum": ["active", "disabled", "gone"]}, "role": PARAMETERS["role"],
              "unit": _TEXT_OR_NONE | {"description": "Over this agency and those below; null for the province."},
              "since": _TIME_OR_NONE | {"description": "Since when the mirror saw these groups, or a deputy was named; null "
                                                       "where that was before it was kept."},
              "deputy_for": _TEXT_OR_NONE, "deputy_for_name": _TEXT_OR_NONE,
              "named_by_name": _TEXT_OR_NONE | {"description": "Who named the deputy, where it was not the giver."},
              "ends_at": _TIME_OR_NONE, "last_sign_in_at": _TIME_OR_NONE, "has_factor": {"type": "boolean"}}
    listed = {"items": {"type": "array", "items": {"$ref": "#/components/schemas/RoleHolder"}}, "next": _TEXT_OR_NONE}
    word = {"type": "string", "minLength": 1, "maxLength": LONGEST_NOTE}
    return {
        "RoleHolder": made(holder, holder), "RoleHolderPage": made(listed, listed),
        "RoleHoldersFile": made({"purpose": word, "file": {"type": "string", "enum": list(FILES)}, "role": PARAMETERS["role"],
                                 "unit": _TEXT, "state": PARAMETERS["holder_state"]}, ("purpose",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    file = operation("writeRoleHolders", "The list as a file; who takes it and why is recorded.", body="RoleHoldersFile")
    file["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILES.values()}
    return {
        "/role-holders": {
            "get": operation("listRoleHolders", "Who has which role over which agency, deputies too, by agency.",
                             answer="RoleHolderPage", query=("role", "unit", "holder_state", "cursor", "limit"))},
        "/role-holders/file": {"post": file}}
