"""Rich authorization requests: what an officer allows beyond scopes, said in JSON objects of known types.

Spec: RFC 9396 §2, §3, §5, §6, §6.1, §7, §9, §10. Each type is a module of its own that says which members there are; an unknown
type, member or value is refused with ``invalid_authorization_details`` (§5). Which types an application may use its operator
registers. What was asked for is kept in one spelling, so that equal things compare equal; a token request can narrow it and never
widen it (§6.1). It is put before the officer each time, also where consent to sharing is implied (``oidc.prompts``), and only a
code leads to it: it never travels through the browser, and a machine, which has no officer, gets none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from authlib.oauth2 import OAuth2Error

from ... import json_object
from ..client import Client

PARAMETER = "authorization_details"
LONGEST = 8192
"""Characters of the parameter."""
LONGEST_KEPT = 6 * 1024
"""Characters of what is kept, in ASCII: it travels in a JWT access token, which travels in a header of 16 kB."""
DEEPEST = 5
MOST = 5
"""Objects in one request; the officer has to read them all."""

Detail = dict[str, Any]
"""One object: its ``type``, and the members of that type in the type's one spelling."""


class InvalidDetailsError(OAuth2Error):  # type: ignore[misc]
    """Authorization details are unknown, malformed, or not this application's (RFC 9396 §5); one sentence says what is wrong."""

    error = "invalid_authorization_details"


class DetailType(Protocol):
    """What one type of authorization details means."""

    def read(self, members: Mapping[str, Any]) -> Detail:
        """Check the members, without ``type``, and give them in one spelling. Raises InvalidDetailsError."""
        ...

    def covers(self, granted: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """Tell whether what is asked for is part of what was granted; both as ``read`` gave them."""
        ...


Types = Mapping[str, DetailType]
"""The types of this deployment by name."""


def read(text: str, client: Client, types: Types) -> list[Detail]:
    """Read the parameter of a request.

    Args:
        text: As received; not empty.
        client: Asks.
        types: Those that are offered here.

    Raises:
        InvalidDetailsError: with one ASCII sentence.

    Source: RFC 9396 §2, §5.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError
        value = json_object.parse(text, levels=DEEPEST)
    except ValueError:
        raise InvalidDetailsError("authorization_details is no JSON, is too long or too deep, or says something twice.") from None
    if not isinstance(value, list) or not 0 < len(value) <= MOST or not all(isinstance(detail, dict) for detail in value):
        raise InvalidDetailsError(f"authorization_details is a list of 1 to {MOST} objects.")
    found: list[Detail] = []
    for detail in value:
        name = detail.pop("type", None)
        offered = types.get(name) if isinstance(name, str) else None
        if offered is None:
            raise InvalidDetailsError("The type of authorization details is missing or not offered.")
        _check_registered(name, client)
        found.append({"type": name, **offered.read(detail)})
    if len(json.dumps(found, separators=(",", ":"))) > LONGEST_KEPT:
        raise InvalidDetailsError(f"authorization_details is longer than {LONGEST_KEPT} characters in ASCII.")
    if any(detail in found[:place] for place, detail in enumerate(found)):
        raise InvalidDetailsError("authorization_details asks for the same twice.")
    return found


def narrowed(sent: str | None, granted: Sequence[Detail], client: Client, types: Types) -> list[Detail]:
    """Decide what an access token allows beyond scopes.

    Args:
        sent: The parameter of the token request; None or "" where none came, which asks for all that was granted.
        granted: What the officer agreed to.
        client: Asks, as registered now: what an operator took back since is not given any more.
        types: Those that are offered here.

    Raises:
        InvalidDetailsError: more is asked for than was granted.

    Source: RFC 9396 §6, §6.1.
    """
    if not sent:
        for detail in granted:
            _check_registered(detail["type"], client)
        return list(granted)
    left = list(granted)
    asked = read(sent, client, types)
    for detail in asked:
        kind = types[detail["type"]]
        covering = next((one for one in left if one["type"] == detail["type"] and kind.covers(one, detail)), None)
        if covering is None:
            raise InvalidDetailsError("More is asked for in authorization_details than was agreed to.")
        left.remove(covering)
    return asked


def of_details(details: str) -> list[Detail]:
    """Give what a grant allows beyond scopes (``Grant.details``); empty for nothing."""
    return list(json.loads(details).get(PARAMETER, ())) if details else []


def spell(details: Sequence[Detail]) -> str:
    """Give details as they are stored; "" for none."""
    return json.dumps(list(details), separators=(",", ":"), ensure_ascii=False) if details else ""


def _check_registered(name: str, client: Client) -> None:
    if name not in client.authorization_details_types:
        raise InvalidDetailsError("The application is not registered for this type of authorization details.")
