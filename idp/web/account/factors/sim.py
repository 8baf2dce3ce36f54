"""The signing SIM on the security page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext

from ....authn.mobile_id import MobileId
from ....authn.second_factor import Standing

PAGE: Final = "/account/security/sim"


class SimPart:
    """Whichever SIM the officer has: one row."""

    factor: Final = MobileId.name

    def words(self, standing: Standing) -> dict[str, str]:
        """Name the SIM."""
        return {"name": gettext("SIM ký số"), "icon": "sim", "more": gettext("Chấp thuận trên điện thoại"), "more_url": PAGE,
                "loss": gettext("SIM sẽ không còn dùng được để đăng nhập. SIM vẫn ký văn bản như trước.")}

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Lead to the page that lets the SIM sign in; which officers see it is for ``MobileId.may_enrol`` to say."""
        return {"label": gettext("Đăng nhập bằng SIM ký số"), "url": PAGE}
