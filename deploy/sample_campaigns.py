"""Begins the campaigns of the sample province at the first start, so that the rollout page has something to say.

They are begun as an operator begins one, once the worker has mirrored the whole directory: everybody's mailbox, which nearly all
have, and the signing SIMs of those who sign, of whom two have one. What the pages show of them is counted, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

CAMPAIGNS: Final = (
    ("Hộp thư công vụ cho mọi cán bộ", {"goal": "mailbox"}, 30),
    ("SIM ký số cho lãnh đạo và văn thư",
     {"goal": "sim", "titles": ["chủ tịch", "giám đốc", "chánh văn phòng", "trưởng phòng", "văn thư"]}, 45),
)
"""Name, what is asked for, days until the deadline."""


def begin(house: Any, until: Callable[[Callable[[], Any], Callable[[Any], bool]], Any]) -> None:
    """Begin those that are not there yet.

    Args:
        house: The rooms.
        until: Asks again until an answer is good.
    """
    from idp.administration.tasks import OPERATOR
    from idp.audit import Caller
    from idp.pki.enrollment.working_days import day_of

    until(lambda: house.mirroring.brake.state().reconciled_at, bool)
    there = {one.name for one in house.campaigns.store.all()}
    for name, asked, days in CAMPAIGNS:
        if name not in there:
            deadline = (day_of(house.clock.now()) + timedelta(days=days)).isoformat()
            house.administration.rollout.begin(OPERATOR, {**asked, "name": name, "deadline": deadline},
                                               Caller("sample", "sample"))
