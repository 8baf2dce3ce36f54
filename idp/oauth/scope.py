"""What an application asks for, as words, and what it may have.

Spec: RFC 6749 §3.3. Departs from OpenID Connect Core §3.1.2.1 (unknown scopes should be ignored): a scope that is not registered
for the application is refused with ``invalid_scope``, so that a mistake shows at once and nobody gets less than they believe.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .client import NEVER_UNASKED

OPENID = "openid"
"""Makes an authorization request one of OpenID Connect (OpenID Connect Core §3.1.2.1)."""

OFFLINE = "offline_access"
"""Asks for a family that outlives the session (OpenID Connect Core §11)."""

SERVICE, CREDENTIAL = "service", "credential"
"""Leave to use remote signing, and leave for one signing (CSC API 1.0.4.0 §8.3); never together in one request."""

_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,128}")
_MOST_WORDS = 64


def words(text: str | None) -> tuple[str, ...] | None:
    """Split a scope parameter.

    Args:
        text: As received; None and "" are no scope at all.

    Returns:
        Each scope once, in the order asked; None when the text is not made as RFC 6749 §3.3 says.
    """
    found = (text or "").split(" ")
    if len(found) > _MOST_WORDS:
        return None
    kept = tuple(dict.fromkeys(word for word in found if word))
    return kept if all(_TOKEN.fullmatch(word) for word in kept) else None


def within(asked: Collection[str], permitted: Collection[str]) -> bool:
    """Tell whether everything asked for is permitted."""
    return all(word in permitted for word in asked)


def leave_to_sign(asked: Collection[str]) -> bool:
    """Tell whether a request asks for the leave for one signing: only a browser brings it, and the officer sees what it is."""
    return CREDENTIAL in asked


def of_machines(asked: tuple[str, ...], registered: frozenset[str], of_officers: frozenset[str]) -> tuple[str, ...] | None:
    """Decide what an application gets that acts for itself (RFC 6749 §4.4).

    Args:
        asked: Scopes of the request; empty asks for the default, which is everything registered that needs no officer, but for
            what nobody gets without asking.
        registered: Scopes of the application.
        of_officers: Scopes that tell of an officer or act as one; never given without an officer.

    Returns:
        The scopes in the order asked, perhaps none; None when one of them is not for this application or needs an officer.
    """
    if not asked:
        return tuple(sorted(registered - of_officers - NEVER_UNASKED))
    return asked if within(asked, registered - of_officers) else None
