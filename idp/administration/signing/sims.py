"""SIMs as a list, for pages and programs: page by page, in the order asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...signing.sims.ports import SimSearch, SimStore
from ...signing.sims.sim import Sim
from ..pages import Place, downwards, known_sort, turned

SORTS: Final = ("created_at", "since", "-since")
"""How SIMs are listed: as they were asked for; what has been as it is for longest first; what changed last first."""


def sims_listed(store: SimStore, search: SimSearch, *, sort: str = SORTS[0], cursor: str = "", back: str = "",
                limit: int) -> tuple[Sequence[Sim], str, str]:
    """Give a page of SIMs, and the cursors of the next page and of the page before.

    Args:
        store: Where they rest.
        search: Which are meant; that they are within an agency's reach is for the caller to have seen to.
        sort: One of ``SORTS``.
        cursor: As ``turned``, and so the others.
        back: See ``cursor``.
        limit: See ``cursor``.

    Raises:
        InvalidParameterError: an order or a cursor that is none.
    """
    def asked_for(after: Place | None, before: Place | None, most: int) -> Sequence[Sim]:
        return store.page(search, after=after[0] if after else "", before=before[0] if before else "", limit=most)

    def since(after: Place | None, before: Place | None, most: int) -> Sequence[Sim]:
        return store.page_since(search, after=after and (after[0], after[1]), before=before and (before[0], before[1]),
                                limit=most)

    if known_sort(sort, SORTS) == "created_at":
        return turned(asked_for, lambda one: (one.sim_id,), (str,), cursor=cursor, back=back, limit=limit)
    return turned(downwards(since, (2**62, "")) if sort == "-since" else since, lambda one: (one.since, one.sim_id), (int, str),
                  cursor=cursor, back=back, limit=limit)
