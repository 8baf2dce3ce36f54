"""Names the acting deputy of the sample province, who has the role of an agency's administrator until a day.

By the room that names every deputy, as the giver would on the page, so that what it refuses is refused here too. A deputyship
ends by itself, after two months here; the next start then names the deputy anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

GIVER, DEPUTY, DAYS, REASON = "quantri.coquan", "uyquyen", 60, "Thay quản trị cơ quan trong thời gian đi học tập trung"
CALLED: Final = "sample"


def name(house: Any, officer: Callable[[str], str], until: Callable[[Callable[[], Any], Callable[[Any], bool]], Any]) -> None:
    """Name the deputy, unless that stands.

    Args:
        house: The rooms.
        officer: Gives an officer's subject by the login name.
        until: Asks again until an answer is good.
    """
    from idp.audit import Caller
    from idp.pki.enrollment.working_days import day_of
    from idp.roles import Administrator, Role

    room, giver = house.administration.people.deputies, officer(GIVER)
    role = until(lambda: room.role(giver), lambda found: found is not None)
    if room.of(officer(DEPUTY)):
        return
    who = Administrator(role=Role(role["role"]), unit=role["unit"] or "", client_id=CALLED, sub=giver)
    last = (day_of(house.clock.now()) + timedelta(days=DAYS)).isoformat()
    room.name(who, {"deputy": DEPUTY, "ends_on": last, "reason": REASON}, Caller(CALLED, CALLED))
