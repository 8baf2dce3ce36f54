"""Officers and the mirror they stand in, for administrators: looked for; and the brake of the directory's feed, released.

An agency's administrator finds the officers of that agency and below it, and nobody else's (security checklist 38); the brake is
the province's, because whom it holds back belongs to every agency.
"""

from __future__ import annotations

from typing import Any

from ..audit import Caller
from ..directory.brake import Brake, FeedState
from ..directory.mirror import Found, OfficerSearch, search_words
from ..roles import Administrator, ForbiddenError, Right, Role
from .pages import InvalidParameterError, Page
from .people import masked


class MirrorAdministration:
    """Finds officers, and answers for the brake.

    Args:
        search: Where they are looked for.
        brake: What stops mass losses.
    """

    def __init__(self, search: OfficerSearch, brake: Brake) -> None:
        self._search = search
        self._brake = brake

    def listed(self, who: Administrator, *, q: str = "", limit: int) -> Page:
        """Give the first officers in whose name, login name, mail, agency or title every word stands, by name.

        Raises:
            InvalidParameterError: nothing is looked for.
            ForbiddenError: a role that has nothing to do with officers.
        """
        who.demand(Right.SEE_OFFICERS)
        words = search_words(q)
        if not words:
            raise InvalidParameterError("q: words to look for must be given.")
        return Page([_shown(one) for one in self._search.search(words, unit=who.unit, after=None, limit=limit)])

    def brake(self, who: Administrator) -> dict[str, Any]:
        """Give the state of the feed and its brake. Raises ForbiddenError for an agency."""
        _of_the_province(who)
        return _state(self._brake.state())

    def release(self, who: Administrator, caller: Caller) -> dict[str, Any]:
        """Let through the losses that were reported, and give the state after it. A person has to have looked.

        Raises:
            ForbiddenError: whoever asks is no administrator of the province; a machine neither.
            RefusedError: nothing is stopped (409).
        """
        if who.role is not Role.PROVINCE:
            raise ForbiddenError("An administrator of the province has to look, and to release the brake.")
        self._brake.release(caller)
        return _state(self._brake.state())


def _shown(found: Found) -> dict[str, Any]:
    officer, post = found.officer.officer, found.officer.officer.main_post
    return {"sub": found.officer.sub, "uid": officer.uid, "name": officer.name, "mail": officer.mail,
            "phone": masked.phone(officer.phone),
            "unit_code": post.unit_code, "unit_name": post.unit_name, "title": post.title, "status": found.officer.status}


def _state(state: FeedState) -> dict[str, Any]:
    braked = bool(state.braked_at)
    return {"braked": braked, "braked_at": state.braked_at or None, "reason": state.reason or None,
            "losses": state.losses if braked else 0, "active": state.active if braked else 0,
            "source": state.source, "heard_at": state.heard_at or None, "reconciled_at": state.reconciled_at or None}


def _of_the_province(who: Administrator) -> None:
    if not who.of_the_province:
        raise ForbiddenError("The mirror of the directory is the province's.")
