"""Passkeys on the security page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext

from ....authn.passkeys import MOST, PASSKEY
from ....authn.second_factor import Standing

PAGE: Final = "/account/security/passkeys"


class PasskeyPart:
    """Several per officer, each under its name."""

    factor: Final = PASSKEY

    def words(self, standing: Standing) -> dict[str, str]:
        """Name one as its officer does."""
        return {"name": gettext("Khóa truy cập “%(label)s”", label=standing.label), "icon": "passkey",
                "rename_url": f"{PAGE}/{standing.id}",
                "loss": gettext("Khóa này sẽ không còn dùng được để đăng nhập. Sau đó, bạn có thể xóa khóa khỏi máy của mình.")}

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Lead to the page that makes another one."""
        if sum(standing.factor == PASSKEY for standing in standings) >= MOST:
            return None
        return {"label": gettext("Thêm khóa truy cập"), "url": f"{PAGE}/new"}
